//! Rules for calls: what runs without a question, what does not, where that is kept, and how it is taken back.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::screen::Person as _;
use crate::tools::{Workshop, call, until};

/// The rules, as the shell lists them.
fn listed(shop: &Workshop) -> Vec<Value> {
    shop.world.q(&["permissions", "--json"]).succeeded().json().as_array().unwrap().clone()
}

fn touch(names: &[&str]) -> Script {
    let argv: Vec<&str> = [&["touch"], names].concat();
    call("run", &json!({ "argv": argv }))
}

#[test]
fn a_rule_of_a_directory_lets_such_commands_run_until_it_is_removed() {
    let shop = Workshop::with_tools();
    let here = shop.directory.display().to_string();
    shop.rounds(
        "do it",
        vec![
            touch(&["made", "more"]),
            touch(&["madeup"]),
            touch(&["made", "later"]),
            Script::new().say("Done.").done(),
        ],
    );
    let added = ["permissions", "add", "allow", "run", "--here", &here, "--argv", "touch", "made"];
    shop.world.q(&added).succeeded().said("allow run: touch made … (in ");
    let state = shop.world.home.directory("XDG_STATE_HOME").join("q/permissions.toml");
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&state).unwrap().contains("argv = [\"touch\", \"made\"]"));
    shop.begin("api", "do it");
    // The first ran by the rule; the second is another word.
    let asked = shop.waiting();
    assert!(shop.has("more") && !shop.has("madeup"));
    assert_eq!(asked["always"], "allow run: exactly touch madeup");
    let rules = listed(&shop);
    let [rule] = rules.as_slice() else { unreachable!("one rule, and not {rules:?}") };
    assert_eq!((&rule["scope"], &rule["directory"]), (&json!("directory"), &json!(here)));
    shop.world
        .q(&["permissions", "remove", rule["id"].as_str().unwrap()])
        .succeeded()
        .said("removed: allow run");
    assert_eq!(listed(&shop), Vec::<Value>::new());
    shop.answer("deny", "api");
    let asked = shop.answer("approve", "api");
    assert!(asked["input"].as_str().unwrap().contains("later"), "the rule counts no longer");
    shop.wait("api").succeeded();
    assert!(shop.has("later") && !shop.has("madeup"));
}

#[test]
fn always_is_for_what_was_shown_and_outlives_the_host_in_its_session() {
    let shop = Workshop::with_tools();
    shop.rounds("do it", vec![touch(&["made"]), touch(&["made"]), Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    let asked = shop.waiting();
    let id = asked["id"].as_str().unwrap();
    shop.world.q(&["inbox"]).succeeded().said("    always: allow run: exactly touch made");
    shop.world
        .q(&["approve", "--always", "api", id])
        .succeeded()
        .told("such calls are not asked about again")
        .told("the rule: allow run: exactly touch made");
    shop.wait("api").succeeded();
    shop.world.q(&["host", "stop", "--force"]).succeeded();
    shop.rounds(
        "and again",
        vec![touch(&["made"]), touch(&["made", "other"]), Script::new().say("Done.").done()],
    );
    shop.world.q(&["send", "api", "and again"]).succeeded();
    let asked = shop.waiting();
    assert!(asked["input"].as_str().unwrap().contains("other"), "more than was shown: {asked}");
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    assert_eq!((&listed(&shop)[0]["scope"], &listed(&shop)[0]["exactly"]), (&json!("session"), &json!(true)));
    // Another session has not got it.
    shop.rounds("elsewhere", vec![touch(&["made"]), Script::new().say("Done.").done()]);
    shop.begin("web", "elsewhere");
    shop.answer("deny", "web");
    shop.wait("web").succeeded();
}

#[test]
fn a_path_is_denied_however_it_is_written() {
    let shop = Workshop::with_tools();
    fs::create_dir(shop.directory.join("secret")).unwrap();
    fs::write(shop.directory.join("secret/a"), "hidden").unwrap();
    symlink("secret", shop.directory.join("open")).unwrap();
    shop.world.q(&["permissions", "add", "deny", "read", "--everywhere", "--path", "secret/**"]).succeeded();
    shop.world.q(&["permissions", "add", "allow", "search", "--everywhere"]).succeeded();
    shop.world
        .q(&["permissions", "add", "deny", "search", "--everywhere", "--path", "secret/**"])
        .succeeded();
    let whole = shop.directory.join("secret/a").display().to_string();
    let read = |path: &str| json!({ "path": path }).to_string();
    let all = Script::new()
        .call("read", &read("secret/a"))
        .call("read", &read("./x/../secret//a"))
        .call("read", &read(&whole))
        .call("read", &read("open/a"))
        .call("search", r#"{"pattern":"hidden"}"#)
        .call("read", &read("a.txt"))
        .done();
    shop.rounds("do it", vec![all, Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    shop.wait("api").succeeded();
    let told = shop.told(1);
    for place in [0, 1, 2, 4] {
        assert!(told[place].contains("a rule of the person's denies this"), "{told:?}");
    }
    // No link is followed, so there is no other way to it.
    assert!(told[3].contains("link") && told[5].contains("one"), "{told:?}");
    assert!(!told.concat().contains("hidden"), "{told:?}");
}

#[test]
fn what_denies_reading_hides_the_lines_and_is_for_a_tool_that_there_is() {
    let shop = Workshop::with_tools();
    fs::create_dir(shop.directory.join("secret")).unwrap();
    fs::write(shop.directory.join("secret/a"), "hidden").unwrap();
    let add = |effect: &str, tool: &str| {
        shop.world.q(&["permissions", "add", effect, tool, "--everywhere", "--path", "secret/**"])
    };
    add("deny", "raed").exited(2).told("there is no tool `raed`").told("did you mean `read`?");
    add("deny", "files__read").succeeded();
    add("deny", "read").succeeded();
    let all = Script::new()
        .call("search", r#"{"pattern":"hidden"}"#)
        .call("search", r#"{"pattern":"hidden","path":"secret"}"#)
        .call("list", r#"{"path":"secret"}"#)
        .call("list", r#"{"path":"."}"#)
        .done();
    shop.rounds("do it", vec![all, Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    shop.wait("api").succeeded();
    let told = shop.told(1);
    let is_denied = |told: &String| told.contains("a rule of the person's denies this");
    assert_eq!(told.iter().map(is_denied).collect::<Vec<_>>(), [true, true, true, false], "{told:?}");
    assert!(!told.concat().contains("hidden"), "{told:?}");
    assert!(told[0].starts_with("It did not run, and nobody was asked.\n"), "{told:?}");
    let again = Script::new().call("list", r#"{"path":"secret"}"#).done();
    shop.rounds("again", vec![again, Script::new().say("Done.").done()]);
    let denied = "q: a call of list did not run: a rule of the person's denies this";
    shop.world.q(&["chat", "-s", "api", "again"]).succeeded().told(denied);
}

#[test]
fn a_file_of_rules_that_is_wrong_allows_nothing_and_denies_nothing() {
    let shop = Workshop::with_tools();
    let here = shop.directory.display().to_string();
    let state = shop.world.home.directory("XDG_STATE_HOME").join("q/permissions.toml");
    shop.world.q(&["permissions", "add", "allow", "run", "--here", &here]).succeeded();
    shop.world.q(&["permissions", "add", "deny", "read", "--here", &here]).succeeded();
    let good = fs::read_to_string(&state).unwrap();
    fs::write(&state, format!("{good}\n[[rule]]\neffect = \"perhaps\"\n")).unwrap();
    let line = good.lines().count() + 3;
    shop.world.q(&["permissions"]).exited(2).told(&format!("line {line}: an effect is allow, ask or deny"));
    shop.rounds(
        "do it",
        vec![call("read", &json!({ "path": "a.txt" })), touch(&["made"]), Script::new().say("Done.").done()],
    );
    shop.begin("api", "do it");
    assert_eq!(shop.answer("approve", "api")["tool"], "read");
    let asked = until("the command asks", || {
        let asked = shop.waiting();
        (asked["tool"] == "run").then_some(asked)
    });
    assert_eq!(asked["always"], Value::Null, "a rule asks each time");
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    assert!(!shop.has("made"));
    // Nor does a project bring any.
    fs::write(shop.directory.join("permissions.toml"), &good).unwrap();
    fs::remove_file(&state).unwrap();
    assert_eq!(listed(&shop), Vec::<Value>::new());
}

/// A session with two rules, one of its own and one for all.
fn two_rules() -> Workshop {
    let shop = Workshop::with_tools();
    shop.world.q(&["new", "-d", "api", "--cwd", &shop.directory.display().to_string()]).succeeded();
    shop.world
        .q(&["permissions", "add", "allow", "run", "--session", "api", "--argv", "cargo", "test"])
        .succeeded();
    shop.world.q(&["permissions", "add", "deny", "edit", "--everywhere", "--path", "docs/**"]).succeeded();
    shop
}

#[test]
fn the_screen_lists_rules_and_removes_them_after_a_question() {
    let shop = two_rules();
    let mut terminal = shop.world.terminal(&["attach", "api"]);
    for line in ["allow run: cargo test … (in session api)", "deny edit: docs/** (everywhere)"] {
        terminal.type_at("api", "/permissions");
        terminal.send("\r");
        terminal.wait_text(line);
        // A no keeps it.
        terminal.send("d");
        terminal.wait_text("remove this rule?");
        terminal.send("n");
        terminal.wait_no_text("remove this rule?");
        terminal.send("d");
        terminal.wait_text("remove this rule?");
        terminal.send("y");
        terminal.wait_no_text("remove this rule?");
        until("it is gone", || {
            (!shop.world.q(&["permissions"]).succeeded().out.contains(line)).then_some(())
        });
    }
    terminal.type_at("api", "/permissions");
    terminal.send("\r");
    terminal.wait_text("no rules: what changes or runs something asks");
}

#[test]
fn line_by_line_rules_are_listed_with_their_ids() {
    let shop = two_rules();
    let mut terminal = shop.world.terminal(&["--plain", "attach", "api"]);
    terminal.send_line("/permissions");
    terminal.wait_text("deny edit: docs/** (everywhere)");
    terminal.wait_text("allow run: cargo test … (in session api)");
    let rules = listed(&shop);
    terminal.wait_text(rules[0]["id"].as_str().unwrap());
    shop.world.q(&["permissions", "remove", "00000000"]).exited(1).told("there is no rule 00000000");
    shop.world.q(&["permissions", "add", "allow", "run"]).exited(2).told("where does it count?");
    shop.world
        .q(&["permissions", "add", "allow", "read", "--everywhere", "--path", "../etc/*"])
        .exited(2)
        .told("beneath the session's directory");
}
