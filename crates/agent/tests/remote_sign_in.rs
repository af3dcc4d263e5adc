//! Signing in at MCP servers at an address: what is found out, what is sent where, what is refused, and what becomes of tokens.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use q_agent::http::ServerHttp;
use q_agent::{NetworkEnvironment, ToolSettings};
use q_mcp::http::HttpClient as _;
use q_mcp::{
    CallListener, McpSpec, PinnedTools, RemoteServer, ServedEnding, ServedReply, ServingMeans,
    SessionServers, SignIn, SignInState, SignInWish,
};
use q_testkit::mcp_address::{Heard, McpAddress};
use q_testkit::mcp_sign_in::browse;
use q_tools::sha256;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const REDIRECT: &str = "http://127.0.0.1:9/callback";

struct Bench {
    _root: TempDir,
    far: McpAddress,
    spec: McpSpec,
    pinned: PinnedTools,
}

fn http() -> Arc<ServerHttp> {
    Arc::new(ServerHttp { network: NetworkEnvironment::default() })
}

impl Bench {
    fn new(mode: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let far = McpAddress::start(mode);
        let remote =
            RemoteServer { url: far.url(), headers: BTreeMap::from([("X-Team".into(), "a".into())]) };
        let spec = McpSpec {
            remote: Some(remote),
            timeout: Duration::from_secs(20),
            ..McpSpec::new("s", Vec::new())
        };
        let pinned = PinnedTools { directory: root.path().join("mcp") };
        Self { _root: root, far, spec, pinned }
    }

    /// A sign-in with that scope, up to where the person is asked.
    async fn begin(&self, scope: Option<&str>, client_id: Option<&str>) -> Result<SignIn, String> {
        let server = self.spec.remote.as_ref().unwrap();
        let wish = SignInWish { server, kept_as: "s", client_id, scope, redirect: REDIRECT };
        SignIn::begin(http(), self.pinned.sign_ins(), wish).await
    }

    /// All of it, by a person who signs in at once.
    async fn sign_in(&self) -> Result<(), String> {
        let sign_in = self.begin(None, None).await?;
        let (status, location) = browse(&sign_in.address()).unwrap();
        let location = location.unwrap();
        assert!(status == 302 && location.starts_with(REDIRECT), "{location}");
        sign_in.finish(location.split_once('?').unwrap().1).await
    }

    fn file(&self) -> PathBuf {
        self.pinned.directory.join("sign-ins/s.json")
    }

    fn state(&self) -> Option<SignInState> {
        self.pinned.sign_ins().state("s", &self.far.url())
    }

    async fn session(&self) -> SessionServers {
        session_of(&self.spec, &self.pinned).await
    }

    /// A session that was offered its only tool.
    async fn offered(&self) -> SessionServers {
        let session = self.session().await;
        let offered = session.offer().await;
        assert_eq!(offered.0.len(), 1, "{offered:?}");
        session
    }

    /// Has the file say that it is time for another token.
    fn make_due(&self) {
        let mut kept: serde_json::Value = serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap();
        kept["renew_at"] = 1.into();
        fs::write(self.file(), kept.to_string()).unwrap();
    }
}

async fn session_of(spec: &McpSpec, pinned: &PinnedTools) -> SessionServers {
    let means = ServingMeans::new(ToolSettings::default(), Some(http()));
    let session = SessionServers::new(means);
    session.become_these(std::slice::from_ref(spec), pinned).await;
    session
}

async fn call(session: &SessionServers) -> ServedReply {
    let listener = CallListener { progress: mpsc::channel(8).0, questions: mpsc::channel(1).0 };
    session.call("s__say", "{}", &listener).await
}

#[tokio::test]
async fn who_signed_in_is_let_in_and_what_was_asked_for_is_bound_to_that_server() {
    let bench = Bench::new("signs in");
    let (tools, notices) = bench.session().await.offer().await;
    assert!(tools.is_empty() && notices[0].contains("q mcp login s, or name a key by"), "{notices:?}");
    let sign_in = bench.begin(None, None).await.unwrap();
    let address = sign_in.address();
    let resource = format!("resource={}", bench.far.url().replace(':', "%3A").replace('/', "%2F"));
    for said in
        ["code_challenge_method=S256", "scope=tools%20offline_access", "client_id=client-1", &resource]
    {
        assert!(address.contains(said), "{said}: {address}");
    }
    assert_eq!(sign_in.hosts().1, None, "tokens are where the browser goes");
    let location = browse(&address).unwrap().1.unwrap();
    sign_in.finish(location.split_once('?').unwrap().1).await.unwrap();
    let heard = bench.far.heard();
    let asked = heard.iter().find(|heard| heard.asked == "POST /token").unwrap().text.clone();
    let verifier = asked.split('&').find_map(|pair| pair.strip_prefix("code_verifier=")).unwrap();
    assert!(verifier.len() >= 43 && asked.contains(&resource), "{asked}");
    let proof = sha256(verifier.as_bytes());
    assert_eq!(decoded(&bench.far.challenge()), proof, "the proof is the digest of what was sent in the end");
    let session = bench.offered().await;
    assert_eq!(call(&session).await.ending, ServedEnding::Done);
    let team = |heard: &Heard| heard.header("x-team").is_some();
    assert!(bench.far.heard().iter().filter(|heard| heard.asked == "POST /mcp").all(team));
    assert_eq!(bench.state(), Some(SignInState::Renewed));
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = bench.file().parent().unwrap().to_path_buf();
    assert_eq!((mode(&bench.file()), mode(&directory)), (0o600, 0o700));
    // What others may read is believed no longer.
    fs::set_permissions(bench.file(), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = call(&session).await;
    assert!(
        refused.text.contains("others may read it: q mcp login s")
            && refused.ending == ServedEnding::NeverRan,
        "{refused:?}"
    );
}

/// Base64 without padding, in the alphabet of addresses.
fn decoded(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.chars() {
        bits = bits << 6 | u32::try_from(alphabet.find(letter).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

#[tokio::test]
async fn what_a_server_says_that_cannot_be_trusted_is_refused_and_nothing_is_kept() {
    for (mode, told) in [
        ("signs in: no S256", "does not say that it knows PKCE with S256"),
        ("signs in: other issuer", "says that it is another"),
        ("signs in: other resource", "what it says of itself is another server's"),
        ("signs in: script", "names a place for browsers that is not asked: the address must begin with"),
        ("signs in: other client", "a place for browsers that says itself what is to be asked there"),
        ("signs in: file", "names a place for browsers that is not asked: the address must begin with"),
        ("signs in: lines", "names a place for browsers that is not asked: the address must have"),
        ("signs in: plain http", "tokens.test is not reached by https"),
        ("signs in: endless", "it says more than"),
        ("signs in: redirects", "it answers with status 302"),
        ("signs in: no registration", "lets nobody register by themselves"),
        ("signs in: wrong state", "is not for this sign-in"),
        ("signs in: wrong iss", "is of another server than was asked"),
        ("signs in: no iss", "does not say whose it is"),
        ("signs in: denies", "says access_denied (no [2J way)"),
        ("signs in: bad token", "what it gives can be no token"),
        ("plain", "it lets q in without a sign-in, and 127.0.0.1:"),
    ] {
        let bench = Bench::new(mode);
        let why = bench.sign_in().await.unwrap_err();
        assert!(why.contains(told), "{mode}: {why}");
        assert!(!why.contains(char::is_control) && why.len() < 1000, "{mode}: {why:?}");
        assert!(!bench.file().exists(), "{mode}");
        if told.contains("sign-in") || told.contains("iss") {
            assert!(!bench.far.heard().iter().any(|heard| heard.asked == "POST /token"), "{mode}");
        }
    }
    // Where nobody registers by themselves, somebody did so by hand.
    let known = Bench::new("signs in: no registration");
    assert!(known.begin(None, Some("by-hand")).await.unwrap().address().contains("client_id=by-hand"));
    Bench::new("signs in: openid").sign_in().await.unwrap();
    // Before there were documents of servers they signed people in themselves, by a name with a slash or without.
    Bench::new("signs in: older").sign_in().await.unwrap();
    let many = Bench::new("signs in: many scopes").begin(None, None).await.unwrap();
    assert!(many.scope().unwrap().len() > 1 << 10);
    let why = Bench::new("signs in: endless scopes").begin(None, None).await.unwrap_err();
    assert!(why.contains("the scopes that it names can be none") && why.contains("--scope"), "{why}");
}

#[tokio::test]
async fn what_the_world_names_does_not_lead_into_ones_own_network() {
    let http = http();
    let world = "https://mcp.example.com/mcp";
    for (url, named_by, may_lead) in [
        ("https://auth.example.org/token", world, true),
        ("https://mcp.example.com/token", world, true),
        ("https://127.0.0.1/token", world, false),
        ("http://localhost/token", world, false),
        ("https://169.254.169.254/latest", world, false),
        ("https://10.0.0.1/token", world, false),
        ("https://[::1]/token", world, false),
        ("https://router.lan/token", world, false),
        ("http://127.0.0.1:1/token", "http://127.0.0.1:2/mcp", true),
        ("https://sso.corp/token", "https://mcp.corp/mcp", true),
    ] {
        assert_eq!(http.may_lead_to(url, named_by).is_ok(), may_lead, "{url} at the word of {named_by}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_once_after_a_refusal_and_by_one_alone() {
    let bench = Bench::new("signs in");
    bench.sign_in().await.unwrap();
    let session = bench.offered().await;
    bench.far.expire();
    assert_eq!(call(&session).await.ending, ServedEnding::Done, "a refusal is behind a renewal");
    assert_eq!((bench.far.renewed(), bench.far.count("tools/call")), (1, 2));
    bench.make_due();
    assert_eq!(call(&session).await.ending, ServedEnding::Done);
    assert_eq!((bench.far.renewed(), bench.far.count("tools/call")), (2, 3), "nobody was refused");
    // Each renewal makes what renewed before useless: who is slower takes what the other has got.
    bench.far.expire();
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let other = bench.session().await;
        other.offer().await;
        calls.spawn(async move { call(&other).await.ending });
    }
    assert_eq!(calls.join_all().await, [ServedEnding::Done; 4]);
    assert_eq!(bench.far.renewed(), 3);
    let told = bench.far.heard();
    let sent =
        told.iter().filter(|heard| heard.asked != "POST /mcp").map(|heard| heard.header("authorization"));
    assert!(sent.flatten().all(|token| token.starts_with("Bearer at-")), "only the server is sent tokens");
}

#[tokio::test]
async fn what_cannot_be_renewed_is_told_with_the_way_out_and_sent_no_more() {
    for (mode, why) in
        [("signs in", "it says invalid_grant (gone [2J)"), ("signs in: no renewal", "nothing renews it")]
    {
        let bench = Bench::new(mode);
        bench.sign_in().await.unwrap();
        let session = bench.offered().await;
        bench.far.revoke();
        let reply = call(&session).await;
        assert_eq!(reply.ending, ServedEnding::NeverRan, "{reply:?}");
        for told in [why, "q mcp login s"] {
            assert!(reply.text.contains(told), "{reply:?}");
        }
        assert_eq!(bench.state(), Some(SignInState::Over));
        let kept = fs::read_to_string(bench.file()).unwrap();
        assert!(!kept.contains("canary") && !reply.text.contains("canary"), "{kept} {reply:?}");
        let (_, notices) = session.offer().await;
        assert!(
            notices.iter().any(|notice| notice.contains("its sign-in is over: q mcp login s")),
            "{notices:?}"
        );
        let asked = bench.far.heard().len();
        assert_eq!(call(&session).await.ending, ServedEnding::NeverRan);
        assert!(bench.far.heard()[asked..].iter().all(|heard| heard.header("authorization").is_none()));
        bench.sign_in().await.unwrap();
        assert_eq!(call(&session).await.ending, ServedEnding::Done);
    }
}

#[tokio::test]
async fn an_end_waits_for_a_renewal_that_is_under_way() {
    let bench = Bench::new("signs in: held renewal");
    bench.sign_in().await.unwrap();
    let session = bench.offered().await;
    bench.make_due();
    let is_asked = |heard: &Heard| heard.text.contains("grant_type=refresh_token");
    let asked = async {
        while !bench.far.heard().iter().any(is_asked) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        reply = call(&session) => panic!("nobody renews it yet: {reply:?}"),
        () = asked => {}
    }
    tokio::join!(session.end(), async { bench.far.release() });
    assert!(fs::read_to_string(bench.file()).unwrap().contains("rt-canary-2"), "it is kept by then");
}

#[tokio::test]
async fn who_has_to_sign_in_is_told_so_each_time_and_waits_for_nothing_behind_it() {
    let bench = Bench::new("signs in");
    bench.sign_in().await.unwrap();
    bench.offered().await.end().await;
    bench.far.revoke();
    let session = bench.session().await;
    session.offer().await;
    // A server that fails so often is not started again for more than the four seconds that a call waits.
    for _ in 0..8 {
        let reply = call(&session).await;
        assert!(reply.text.contains("q mcp login s") && !reply.text.contains("in a row"), "{reply:?}");
    }
    bench.sign_in().await.unwrap();
    assert_eq!(call(&session).await.ending, ServedEnding::Done);
}

#[tokio::test]
async fn a_token_that_nothing_renews_outlives_one_refusal_that_may_be_a_gateways() {
    let bench = Bench::new("signs in: no renewal, gateway");
    bench.sign_in().await.unwrap();
    let session = bench.offered().await;
    bench.far.expire();
    let first = call(&session).await;
    assert!(first.text.contains("(401): q mcp login s"), "{first:?}");
    assert!(matches!(bench.state(), Some(SignInState::Until(Some(_)))), "{:?}", bench.state());
    let second = call(&session).await;
    assert!(second.text.contains("its sign-in is over (nothing renews it): q mcp login s"), "{second:?}");
    assert_eq!(bench.state(), Some(SignInState::Over));
}

#[tokio::test]
async fn a_token_goes_to_the_address_that_it_is_for_and_to_no_other() {
    let bench = Bench::new("signs in");
    bench.sign_in().await.unwrap();
    let other = McpAddress::start("signs in");
    for url in
        [other.url(), format!("{}?a=b", bench.far.url()), bench.far.url().replace("127.0.0.1", "localhost")]
    {
        let mut spec = bench.spec.clone();
        spec.remote.as_mut().unwrap().url.clone_from(&url);
        let before = bench.far.heard().len();
        let session = session_of(&spec, &bench.pinned).await;
        let (tools, notices) = session.offer().await;
        assert!(tools.is_empty() && notices[0].contains("(401)"), "{url}: {notices:?}");
        let heard = [&other.heard()[..], &bench.far.heard()[before..]].concat();
        assert!(
            !heard.is_empty() && heard.iter().all(|heard| heard.header("authorization").is_none()),
            "{url}"
        );
        assert_eq!(bench.pinned.sign_ins().state("s", &url), None);
    }
    // A key of the table goes before any sign-in.
    let mut keyed = bench.spec.clone();
    keyed.remote.as_mut().unwrap().headers.insert("authorization".into(), "Bearer sk-own".into());
    let before = bench.far.heard().len();
    let session = session_of(&keyed, &bench.pinned).await;
    let (_, notices) = session.offer().await;
    assert!(notices[0].contains("it wants to know who asks (401): name a key by key_env"), "{notices:?}");
    assert!(
        bench.far.heard()[before..]
            .iter()
            .all(|heard| heard.header("authorization") == Some("Bearer sk-own"))
    );
}

#[tokio::test]
async fn more_than_was_signed_in_for_is_asked_for_beside_it() {
    let bench = Bench::new("signs in: more");
    bench.sign_in().await.unwrap();
    let session = bench.offered().await;
    let reply = call(&session).await;
    assert_eq!(reply.ending, ServedEnding::Failed);
    assert!(reply.text.contains("q mcp login s --scope \"tools admin\""), "{reply:?}");
    let again = bench.begin(Some("admin"), None).await.unwrap();
    assert_eq!(again.scope(), Some("admin tools offline_access"), "what it was for before stays");
    assert!(bench.begin(Some("a\"b"), None).await.is_err());
}
