//! AWS's single sign-on: what its tools leave in files is found, told, and brought; the portal lends the keys.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::world::World;

const CONFIG: &str = "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.test/start\n\
                      [profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n";
/// The name of the file is the SHA-1 digest of `corp`.
const TOKEN: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

/// A portal that lends keys, and the model beside it; gives its address.
fn portal_and_model() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = BufReader::new(client.unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while client.read_line(&mut line).unwrap() > 2 {
                head.push_str(&std::mem::take(&mut line));
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            client.read_exact(&mut body).unwrap();
            let is_signed =
                head.contains("Credential=ASIA/") && head.contains("x-amz-security-token: lent-canary");
            let (status, said) = if head.contains("x-amz-sso_bearer_token: aoa-canary") {
                (
                    "200 OK",
                    r#"{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"lent-canary","expiration":4102444800000}}"#,
                )
            } else if is_signed {
                (
                    "200 OK",
                    r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello."}]}},"stopReason":"end_turn"}"#,
                )
            } else {
                ("401 No", "{}")
            };
            let reply = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{said}"
            );
            client.get_mut().write_all(reply.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn whoever_is_signed_in_to_aws_is_answered_and_whoever_is_not_is_told() {
    let address = portal_and_model();
    let mut world = World::unnamed();
    world.home.set("AWS_PROFILE", "work");
    world.home.set("AWS_ENDPOINT_URL_SSO", &address);
    world
        .home
        .configure(&format!("agent = \"b\"\n[agents.b]\nprovider = \"bedrock\"\nbase_url = \"{address}\"\n"));
    let aws = world.home.directory("HOME").join(".aws");
    let cache = aws.join("sso/cache");
    fs::create_dir_all(&cache).unwrap();
    fs::write(aws.join("config"), CONFIG.replace("sso_role_name", "x")).unwrap();
    world.q(&["agents"]).succeeded().said("has no sso_role_name");
    fs::write(aws.join("config"), CONFIG).unwrap();
    world
        .q(&["agents", "check", "b"])
        .exited(1)
        .told("nobody is signed in")
        .told("aws sso login --profile work");
    let file = cache.join(TOKEN);
    let token = |until: &str| {
        fs::write(&file, format!(r#"{{"accessToken":"aoa-canary","expiresAt":"{until}"}}"#)).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    };
    token("2020-01-01T00:00:00Z");
    world.q(&["agents"]).succeeded().said("is over since 2020-01-01T00:00:00Z");
    token("2100-01-01T00:00:00Z");
    let listed = world.q(&["agents"]).succeeded();
    assert!(listed.out.contains("key from AWS's sign-in of profile work"), "{listed:?}");
    assert!(!format!("{listed:?}").contains("canary"), "{listed:?}");
    world.q(&["agents", "check", "b"]).succeeded().said("Hello.");
    assert_eq!(world.q(&["chat", "hello"]).succeeded().out, "Hello.\n");
    world.q(&["host", "stop"]).succeeded();
    for place in ["XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        let found = std::process::Command::new("grep")
            .args(["-r", "-l", "-e", "aoa-canary", "-e", "lent-canary"])
            .arg(world.home.directory(place))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "what is secret stands in a file");
    }
}
