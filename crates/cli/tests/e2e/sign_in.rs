//! Signing in at MCP servers at an address, as people do it: in a browser here, in one elsewhere, once.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use q_testkit::mcp_address::McpAddress;
use q_testkit::mcp_sign_in::browse;
use q_testkit::server::Script;
use serde_json::json;

use crate::remote_mcp::with_far;
use crate::tools::{Workshop, call, until};
use crate::world::Q;

/// What the browser is sent to after the person signed in at `address`.
fn signed_in_at(address: &str) -> String {
    browse(address).unwrap().1.unwrap()
}

/// Signs in as a person does whose browser is started by hand.
fn sign_in(shop: &Workshop, more: &[&str]) {
    let words = [&["mcp", "login", "far", "--no-browser"], more].concat();
    let mut login = shop.world.start(&words);
    let location = signed_in_at(&login.line());
    assert_eq!(browse(&location).unwrap().0, 200);
    login.finish().succeeded().said("signed in at far").told("far has you sign in at 127.0.0.1:");
}

/// Every file of that home with something of a token in it.
fn files_with_tokens(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            found.extend(files_with_tokens(&path));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            if bytes.windows(9).any(|part| part == b"t-canary-") {
                found.push(path);
            }
        }
    }
    found
}

/// A turn in which the model calls a tool of that server, and what it was told.
fn turn(shop: &Workshop, prompt: &str) -> String {
    shop.rounds(prompt, vec![call("far__say", &json!({})), Script::new().say("Done.").done()]);
    shop.world.q(&["send", "api", prompt]).succeeded();
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    let last = shop.world.server.requests().len() - 1;
    shop.told(last).pop().unwrap()
}

fn begun(mode: &str) -> (Workshop, McpAddress) {
    let (shop, far) = with_far(mode, "");
    let directory = shop.directory.display().to_string();
    shop.world.q(&["new", "-d", "api", "--cwd", &directory]).succeeded();
    (shop, far)
}

#[test]
fn a_person_signs_in_once_and_the_tokens_are_in_one_file_alone() {
    let (shop, far) = begun("signs in");
    shop.world.q(&["mcp", "check", "far"]).exited(1).told("q mcp login far");
    sign_in(&shop, &[]);
    shop.world.q(&["mcp", "check", "far"]).succeeded().said("signed in");
    shop.world.q(&["mcp", "list"]).succeeded().said("; signed in)");
    let kept = shop.world.home.directory("XDG_STATE_HOME").join("q/mcp/sign-ins/far.json");
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    shop.world.q(&["mcp", "list"]).succeeded().said("sign-in cannot be read: q mcp login far)");
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(turn(&shop, "first").contains("in session-"));
    far.expire();
    assert!(turn(&shop, "second").contains("in session-"), "it is renewed by itself");
    assert_eq!(far.renewed(), 1);
    assert_eq!(files_with_tokens(shop.world.home.path()), std::slice::from_ref(&kept));
    far.revoke();
    let told = turn(&shop, "third");
    assert!(
        told.contains("did not run: its sign-in is over (") && told.contains("q mcp login far"),
        "{told}"
    );
    shop.world.q(&["send", "api", "fourth"]).succeeded();
    shop.wait("api").succeeded();
    shop.world.q(&["show", "api"]).succeeded().said("MCP server far: its sign-in is over: q mcp login far");
    shop.world.q(&["mcp", "list"]).succeeded().said("; needs a sign-in: q mcp login far)");
    let listed = shop.world.q(&["mcp", "list", "--json"]).succeeded().json();
    assert_eq!(listed[0]["sign_in"]["over"], true);
    assert_eq!(files_with_tokens(shop.world.home.path()), Vec::<PathBuf>::new());
    sign_in(&shop, &["--scope", "admin"]);
    assert!(turn(&shop, "fifth").contains("in session-"));
    assert_eq!(files_with_tokens(shop.world.home.path()), std::slice::from_ref(&kept));
    shop.world.q(&["mcp", "logout", "far"]).succeeded().said("signed out at far");
    assert!(!kept.exists());
    shop.world.q(&["mcp", "logout", "far"]).succeeded().said("nobody was signed in at far");
    sign_in(&shop, &[]);
    let tokens = fs::read(&kept).unwrap();
    shop.world.q(&["mcp", "remove", "far"]).succeeded();
    assert!(!kept.exists());
    // Somebody took the table out with an editor.
    fs::write(&kept, tokens).unwrap();
    shop.world.q(&["mcp", "logout", "far"]).succeeded().said("signed out at far");
    assert!(!kept.exists());
    shop.world.q(&["mcp", "logout", "far"]).exited(2).told("there is no server far");
}

#[test]
fn a_browser_elsewhere_is_followed_by_a_pasted_address() {
    let (shop, _far) = begun("signs in");
    for (is_wrong, code) in [(true, 1), (false, 0)] {
        let mut command: Command = shop.world.home.command(Path::new(Q));
        command.args(["mcp", "login", "far", "--paste"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut login = command.spawn().unwrap();
        let mut stdin = login.stdin.take().unwrap();
        let mut login = crate::run::Run::of(login);
        let location = signed_in_at(&login.line());
        assert!(browse(&location).is_err(), "nobody listens here");
        let pasted = if is_wrong { location.replace("state=", "state=x") } else { location };
        writeln!(stdin, " {pasted} ").unwrap();
        let ended = login.finish().exited(code);
        assert_eq!(ended.err.contains("is not for this sign-in"), is_wrong, "{ended:?}");
    }
    shop.world.q(&["mcp", "check", "far"]).succeeded();
}

#[test]
fn a_browser_is_started_where_there_is_a_terminal_and_only_with_what_browsers_open() {
    let (mut shop, _far) = begun("signs in");
    let directory = shop.directory.clone();
    let (browser, opened) = (directory.join("browser"), directory.join("opened"));
    let script =
        format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}.new' && mv '{0}.new' '{0}'\n", opened.display());
    fs::write(&browser, script).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    shop.world.home.set("BROWSER", &browser.display().to_string());
    let terminal = shop.world.terminal(&["mcp", "login", "far"]);
    let address = until("a browser", || fs::read_to_string(&opened).ok());
    assert_eq!(address.lines().count(), 1, "{address}");
    terminal.wait_text("far has you sign in at 127.0.0.1:");
    assert_eq!(browse(&signed_in_at(&address)).unwrap().0, 200);
    terminal.wait_text("signed in at far");
    // Without one the address is printed and nothing is started.
    fs::remove_file(&opened).unwrap();
    sign_in_quietly(&shop);
    assert!(!opened.exists());
    let (other, _odd) = with_far("signs in: script", "");
    other.world.q(&["mcp", "login", "far"]).exited(1).told("names a place for browsers that is not asked");
}

/// The same in pipes, without a word about browsers.
fn sign_in_quietly(shop: &Workshop) {
    let mut login = shop.world.start(&["mcp", "login", "far"]);
    assert_eq!(browse(&signed_in_at(&login.line())).unwrap().0, 200);
    login.finish().succeeded();
}

#[test]
fn who_cannot_sign_in_is_told_what_is_in_the_way() {
    let (shop, _far) = with_far("signs in", "key_env = \"FAR_KEY\"\n[mcp.near]\ncommand = [\"true\"]");
    shop.world.q(&["mcp", "login", "far"]).exited(1).told("FAR_KEY, which key_env names, is not set");
    let (off, _far) = with_far("signs in", "key_env = \"FAR_KEY\"\nenabled = false");
    off.world.q(&["mcp", "login", "far"]).exited(1).told("FAR_KEY, which key_env names, is not set");
    shop.world.q(&["mcp", "login", "near"]).exited(2).told("nobody signs in at one");
    shop.world.q(&["mcp", "login", "fra"]).exited(2).told("did you mean `far`?");
    shop.world.refuses_configurations([
        ("[mcp.a]\ncommand = [\"x\"]\nclient_id = \"q\"".to_owned(), "nobody signs in at a program"),
        ("[mcp.a]\nurl = \"https://x.test\"\nclient_id = \"a b\"".to_owned(), "a client_id that can be none"),
    ]);
}
