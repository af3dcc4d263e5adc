//! Servers and agents that nobody here wrote, where `cargo xtask agents` says that they are: a session uses the reference servers of the
//! Model Context Protocol, and each agent over ACP is asked for a word, or what it wants first is said.

use std::fs;
use std::path::{Path, PathBuf};

use q_testkit::process::is_alive;
use q_testkit::server::Script;
use serde_json::json;

use crate::tools::{Workshop, call, until};

/// What `cargo xtask agents` says in that variable; nothing where somebody else runs these tests.
#[expect(clippy::disallowed_methods, reason = "the harness says by it what is installed")]
fn told(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// The program of a reference server.
fn program(place: &Path, name: &str) -> String {
    let file = place.join("node_modules/@modelcontextprotocol").join(format!("server-{name}/dist/index.js"));
    assert!(file.is_file(), "{} is not there", file.display());
    file.display().to_string()
}

/// A session calls a tool of each server with consent, and both end with it.
fn uses_both(place: &Path) {
    let shop = Workshop::with_tools();
    let directory = shop.directory.display().to_string();
    for (name, rest) in [("everything", None), ("filesystem", Some(directory.as_str()))] {
        let program = program(place, name);
        let words = ["mcp", "add", name, "--", "node", &program].into_iter().chain(rest);
        shop.world.q(&words.collect::<Vec<_>>()).succeeded();
        shop.world.q(&["mcp", "check", name]).succeeded();
    }
    let path = shop.directory.join("made.txt").display().to_string();
    shop.rounds(
        "use them",
        vec![
            call("everything__echo", &json!({ "message": "is anybody there" })),
            call("filesystem__write_file", &json!({ "path": path, "content": "made\n" })),
            Script::new().say("Both did.").done(),
        ],
    );
    shop.begin("api", "use them");
    assert_eq!(shop.answer("approve", "api")["tool"], "everything__echo");
    until("the other server's call", || {
        let asks = shop.waiting()["tool"] == "filesystem__write_file";
        asks.then_some(())
    });
    assert!(!shop.has("made.txt"), "nothing is written before");
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    assert_eq!(shop.file("made.txt"), "made\n");
    assert!(shop.told(1)[0].contains("is anybody there"), "{:?}", shop.told(1));
    let children = processes_in(&shop.world.home.path().display().to_string());
    shop.world.q(&["close", "api"]).succeeded();
    until("the end of both", || children.iter().all(|pid| !is_alive(*pid)).then_some(()));
}

/// Processes of `node` that were given a path of this home.
fn processes_in(home: &str) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_one = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|words| words.starts_with("node\0") && words.contains(home))
    };
    numbers.filter(is_one).collect()
}

#[test]
#[ignore = "wants servers from the npm registry: cargo xtask agents"]
#[allow(clippy::print_stdout, reason = "`cargo xtask agents` passes on what was counted")]
fn servers_of_the_reference_are_used_with_consent() {
    let Some(place) = told("Q_REFERENCE_SERVERS").map(PathBuf::from) else { return };
    uses_both(&place);
    println!("server everything, server filesystem: 1 turn, 2 calls, 2 approvals, 0 faults, 0 failures");
}

#[test]
#[ignore = "wants agents that are installed: cargo xtask agents"]
#[allow(clippy::print_stdout, reason = "`cargo xtask agents` passes on what was counted")]
fn agents_that_are_installed_say_a_word_or_what_they_want_first() {
    let Some(names) = told("Q_REFERENCE_AGENTS") else { return };
    for name in names.split(' ') {
        let shop = Workshop::new("");
        shop.world.home.configure(&format!("agent = \"it\"\n[agents.it]\nacp = {name:?}\n"));
        let checked = shop.world.q(&["agents", "check", "it"]);
        let said = match checked.code {
            Some(0) => "answers".to_owned(),
            // In a home of its own nobody is logged in.
            Some(1) => checked.err.lines().last().unwrap_or_default().to_owned(),
            _ => panic!("{name}: {checked:?}"),
        };
        assert!(!said.is_empty(), "{name}: {checked:?}");
        println!("agent {name}: {said}; 0 failures");
    }
}
