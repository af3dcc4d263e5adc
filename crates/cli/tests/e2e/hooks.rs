//! Hooks: commands that are told what happens in sessions, within bounds, and that nothing waits for.

use std::fs;
use std::path::{Path, PathBuf};

use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::tools::{Workshop, call, is_alive, until};

/// A table of the configuration for a line of the shell.
fn hook(event: &str, line: &str, seconds: u64) -> String {
    format!(
        "[[hooks]]\nevent = \"{event}\"\ncommand = [\"/bin/sh\", \"-c\", {line:?}]\ntimeout_seconds = {seconds}\n"
    )
}

/// A workshop with these tables behind its own, and a model that answers any prompt in the list.
fn with(tables: &str) -> Workshop {
    let shop = Workshop::new(&format!("tools = true\n{tables}"));
    for prompt in ["one", "two", "three", "four", "five"] {
        shop.world.server.on(prompt, Script::new().say("Fine.\n").say("All of it.").done());
    }
    shop
}

/// Where the person's own hooks run as long as the session's directory is not trusted.
fn at_home(shop: &Workshop, name: &str) -> PathBuf {
    shop.world.home.directory("HOME").join(name)
}

/// What was written there, once there are so many whole lines.
fn lines(path: &Path, count: usize) -> Vec<String> {
    until("what a hook was told", || {
        let text = fs::read_to_string(path).unwrap_or_default();
        (text.matches('\n').count() >= count).then(|| text.lines().map(str::to_owned).collect())
    })
}

fn told(path: &Path, count: usize) -> Vec<Value> {
    lines(path, count).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_hook_is_told_what_happened_and_gets_no_key() {
    let events =
        ["session.created", "session.closed", "turn.began", "turn.ended", "turn.failed", "needs.you"];
    let events = events.map(|event| hook(event, &format!("cat >>{event}; env >env; pwd >pwd"), 20)).concat();
    let shop = with(&format!("{events}{}", hook("approval.waiting", "cat >>asked", 20)));
    shop.begin("api", "one");
    shop.wait("api").succeeded();
    let ended = told(&at_home(&shop, "turn.ended"), 1);
    let directory = shop.directory.display().to_string();
    for (field, value) in [
        ("version", json!(1)),
        ("event", json!("turn.ended")),
        ("name", json!("api")),
        ("directory", json!(directory)),
        ("agent", json!("hands")),
        ("model", json!("m")),
        ("turn", json!(1)),
        ("outcome", json!("done")),
        ("failure", Value::Null),
        ("needs", Value::Null),
        ("answer", json!("Fine.\nAll of it.")),
    ] {
        assert_eq!(ended[0][field], value, "{field}: {}", ended[0]);
    }
    assert_eq!(ended[0]["session"], shop.world.session("api")["id"]);
    assert_eq!(told(&at_home(&shop, "session.created"), 1)[0]["turn"], Value::Null);
    assert_eq!(told(&at_home(&shop, "turn.began"), 1)[0]["answer"], "");
    // A call that waits, and one that a rule denies, which nobody needs to see.
    for (tool, argv) in [("run", ["touch", "denied"]), ("run", ["touch", "made"])] {
        let (asks, ends) = (call(tool, &json!({ "argv": argv })), Script::new().say("Well.").done());
        shop.rounds(argv[1], vec![asks, ends]);
    }
    let rule = ["permissions", "add", "deny", "run", "--everywhere", "--argv", "touch", "denied"];
    shop.world.q(&rule).succeeded();
    shop.world.q(&["chat", "-s", "api", "denied"]).succeeded();
    shop.world.q(&["send", "api", "made"]).succeeded();
    let asked = told(&at_home(&shop, "asked"), 1);
    assert_eq!(
        (asked.len(), &asked[0]["tool"], &asked[0]["turn"], &asked[0]["needs"]),
        (1, &json!("run"), &json!(3), &json!("answer"))
    );
    assert_eq!(told(&at_home(&shop, "needs.you"), 1)[0]["event"], "needs.you");
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    shop.world.server.on("broken", Script::new().status(400, "no such thing"));
    shop.world.q(&["send", "api", "broken"]).succeeded();
    let failed = told(&at_home(&shop, "turn.failed"), 1);
    assert_eq!((&failed[0]["outcome"], &failed[0]["failure"]), (&json!("failed"), &json!("rejected")));
    shop.world.q(&["close", "api"]).succeeded();
    told(&at_home(&shop, "session.closed"), 1);
    let home = fs::canonicalize(shop.world.home.directory("HOME")).unwrap();
    assert_eq!(lines(&at_home(&shop, "pwd"), 1), [home.display().to_string()], "nobody trusts the directory");
    let known = [
        "PATH",
        "HOME",
        "LANG",
        "TZ",
        "TERM",
        "PAGER",
        "GIT_PAGER",
        "GIT_TERMINAL_PROMPT",
        "Q_COMMAND",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "XDG_RUNTIME_DIR",
    ];
    for line in lines(&at_home(&shop, "env"), 3) {
        let name = line.split('=').next().unwrap();
        assert!(known.contains(&name), "{line}");
    }
}

#[test]
fn a_hook_that_is_hostile_ends_and_keeps_nobody() {
    let shop = with(
        &[
            hook("turn.ended", "echo $$ >>pids; trap '' TERM; while :; do sleep 60; done", 1),
            hook("turn.ended", "exec <&-; cat /dev/zero", 1),
            hook("turn.ended", "setsid sh -c 'echo $$ >>pids; trap \"\" TERM; sleep 600' & sleep 0.3", 5),
            "[[hooks]]\nevent = \"turn.ended\"\ncommand = [\"/nowhere/at/all\"]\n".to_owned(),
            // More than it may, and no more than any machine has room for beside other tests.
            hook("turn.ended", "echo $$ >>pids; for n in $(seq 120); do sleep 600 & done; wait", 20),
            "[limits]\ncommand_processes = 40\n".to_owned(),
            hook("turn.ended", "cat >>well", 20),
        ]
        .concat(),
    );
    shop.begin("api", "one");
    shop.wait("api").succeeded();
    // They are behind one another: while those of the first turn end, others go on.
    shop.world.q(&["chat", "-s", "api", "two"]).succeeded().said("All of it.");
    assert_eq!(told(&at_home(&shop, "well"), 2).len(), 2);
    let failed = until("what did not go well", || {
        let listed = shop.world.q(&["hooks", "list"]).succeeded();
        listed.err.contains("8 hooks did not end well").then_some(listed.err)
    });
    assert!(failed.contains("q host logs"), "{failed}");
    let pids = lines(&at_home(&shop, "pids"), 6);
    until("their end", || (!pids.iter().any(|pid| is_alive(pid))).then_some(()));
    let log = fs::read_to_string(PathBuf::from(shop.world.q(&["host", "logs"]).succeeded().out.trim()));
    if let Ok(log) = log {
        assert!(!log.contains("All of it"), "no text of a session is logged");
    }
    let checked = shop.world.q(&["hooks", "check", "turn.ended"]).exited(1).out;
    assert!(checked.contains("/nowhere/at/all: failed\nexit code 127"), "{checked}");
    let sample = told(&at_home(&shop, "well"), 3);
    assert_eq!((&sample[2]["name"], &sample[2]["event"]), (&json!("sample"), &json!("turn.ended")));
    shop.world.q(&["hooks", "check", "turn.endde"]).exited(2).told("there is no event turn.endde");
}

#[test]
fn a_projects_hooks_run_once_exactly_they_were_accepted() {
    let shop = with(&hook("turn.ended", "cat >>$HOME/own", 20));
    let file = shop.directory.join(".q/hooks.toml");
    fs::create_dir(shop.directory.join(".q")).unwrap();
    let text = hook("turn.ended", "cat >>project; env >env", 20);
    fs::write(&file, &text).unwrap();
    let directory = shop.directory.display().to_string();
    let own = at_home(&shop, "own");
    shop.begin("api", "one");
    lines(&own, 1);
    shop.world.q(&["trust", &directory]).succeeded();
    let q = |args: &[&str]| shop.world.start_in(&shop.directory, args).finish();
    q(&["hooks", "list"]).succeeded().said("not accepted, so it does not run");
    shop.world.q(&["chat", "-s", "api", "two"]).succeeded();
    lines(&own, 2);
    q(&["hooks", "check", "turn.ended"]).succeeded().told("not accepted, so it was not run");
    // Nobody can be asked here, so nothing is accepted.
    q(&["hooks", "accept"]).exited(2).told("q hooks accept --yes");
    q(&["hooks", "list"]).succeeded().said("not accepted, so it does not run");
    q(&["hooks", "accept", "--yes"]).succeeded().said("cat >>project");
    shop.world.q(&["chat", "-s", "api", "three"]).succeeded();
    let project = shop.directory.join("project");
    assert_eq!(told(&project, 1)[0]["turn"], 3);
    fs::write(&file, text.replace("project", "others")).unwrap();
    shop.world.q(&["chat", "-s", "api", "four"]).succeeded();
    lines(&own, 5);
    fs::write(&file, &text).unwrap();
    shop.world.q(&["chat", "-s", "api", "five"]).succeeded();
    let turns: Vec<Value> = told(&project, 2).iter().map(|told| told["turn"].clone()).collect();
    assert_eq!(turns, [json!(3), json!(5)]);
    assert!(!shop.has("others"), "its bytes were others");
    let variables = lines(&shop.directory.join("env"), 3);
    assert!(!variables.iter().any(|line| line.starts_with("XDG_RUNTIME_DIR")), "{variables:?}");
}

#[test]
fn what_is_wrong_with_a_hook_is_named() {
    let shop = with("");
    let wrong = |line: &str| format!("[[hooks]]\n{line}\n");
    shop.world.refuses_configurations([
        (wrong("event = \"turn.endet\"\ncommand = [\"x\"]"), "did you mean `turn.ended`?"),
        (wrong("event = \"turn.ended\"\ncommand = []"), "names no program"),
        (wrong("event = \"turn.ended\"\ncommand = [\"./x\"]"), "name all of it"),
        (wrong("event = \"turn.ended\"\ncommand = [\"x\\u0000\"]"), "zero byte"),
        (wrong("event = \"turn.ended\"\ncommand = [\"x\"]\ntimeout_seconds = 0"), "from 1 to 600"),
        (wrong("event = \"turn.ended\"\ncommand = [\"x\"]\ntimeout = 3"), "unknown field `timeout`"),
    ]);
}
