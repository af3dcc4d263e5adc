//! Hostile words in everything that others may have chosen, through every command there is: a terminal that reads what
//! comes out is never controlled, and data stays exact.

use std::fs;

use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::run::Outcome;
use crate::world::World;

/// Title, clipboard, device control, erasing, styles, their C1 forms, bell, delete, and what hides or reorders.
const HOSTILE: &str = "A\u{1b}]0;pwned\u{7}B\u{1b}]52;c;cA==\u{1b}\\C\u{1b}P1$r0m\u{1b}\\D\u{1b}[31mE\u{9b}31mF\u{9d}0;x\u{9c}\
     G\u{90}1$r\u{9c}H\u{1b}[2J\u{1b}c\u{8}\u{7f}I\u{202e}J\u{2066}\u{200f}\u{61c}K\u{2028}\u{2029}L\u{e0041}M\r\rN\u{85}O";

/// What hides or reorders, where controls are refused.
const HIDDEN: &str = "A\u{202e}J\u{2066}\u{200f}\u{61c}K\u{2028}\u{2029}L\u{e0041}M\u{feff}N";

/// A terminal that notes what it is told to do.
#[derive(Default)]
struct Told(Vec<String>);

impl vte::Perform for Told {
    fn print(&mut self, c: char) {
        let hides = matches!(c, '\u{7f}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
        if hides || c.is_control() {
            self.0.push(format!("print {c:?}"));
        }
    }

    fn execute(&mut self, byte: u8) {
        if !matches!(byte, b'\n' | b'\t') {
            self.0.push(format!("execute {byte:#x}"));
        }
    }

    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.0.push(format!("device control {action}"));
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        self.0.push(format!("system command {params:?}"));
    }

    fn csi_dispatch(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.0.push(format!("control {action}"));
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, byte: u8) {
        self.0.push(format!("escape {byte:#x}"));
    }
}

/// What a terminal would be told to do by these bytes.
fn told(bytes: &[u8]) -> Vec<String> {
    let mut told = Told::default();
    vte::Parser::new().advance(&mut told, bytes);
    told.0
}

/// Checks all that came out; gives it back.
#[track_caller]
fn harmless(outcome: Outcome) -> Outcome {
    for said in [&outcome.out, &outcome.err] {
        let told = told(said.as_bytes());
        assert!(told.is_empty(), "{told:?}: {outcome:?}");
    }
    assert!(matches!(outcome.code, Some(0..100)), "a crash: {outcome:?}");
    outcome
}

/// A file of a session that says hostile things wherever it may.
fn document(name: &str) -> Value {
    let entry = |no: u64, role: &str, more: Value| {
        let mut entry = json!({ "no": no, "at_ms": no, "role": role, "text": HOSTILE });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    json!({
        "format": "q-session", "version": 1, "name": name, "kind": "development", "system_prompt": HOSTILE, "agent": HIDDEN,
        "model": HIDDEN, "directory": HIDDEN, HOSTILE: HOSTILE, "queue": [HOSTILE, HOSTILE], "draft": HOSTILE,
        "running": false, "tags": ["work"],
        "entries": [
            entry(1, "user", json!({})),
            entry(2, "thinking", json!({})),
            entry(3, "call", json!({ "call": 1, "tool": HOSTILE, "wants": "nothing" })),
            entry(4, "result", json!({ "of": 3, "outcome": "done" })),
            entry(5, "assistant", json!({ HOSTILE: HOSTILE })),
            entry(6, "failed", json!({ "failure": "rejected" })),
        ],
    })
}

/// A person's home in which everybody else is hostile.
struct Hostile {
    world: World,
    file: String,
}

impl Hostile {
    fn new() -> Self {
        let world = World::new();
        let quoted = json!(HOSTILE).to_string().replace('\u{7f}', "\\u007f").replace('\u{85}', "\\u0085");
        world.home.configure(&format!(
            "[agents.{quoted}]\nbase_url = {quoted}\nmodel = {quoted}\n\
             [agents.keyless]\nbase_url = {quoted}\nkey_env = {quoted}\n\
             [agents.filed]\nbase_url = {quoted}\nkey_file = {quoted}\n\
             [kinds.writing]\nsystem_prompt = {quoted}\n"
        ));
        let body = json!({ "error": { "message": HOSTILE } }).to_string();
        world.server.on("refused", Script::new().status(400, &body));
        world.server.on(
            "page",
            Script::new()
                .status(502, &format!("<html><title>{HOSTILE}</title>{HOSTILE}</html>"))
                .retry_after(0),
        );
        world.server.on("said", Script::new().say(HOSTILE).done());
        let file = world.home.path().join("hostile.json").display().to_string();
        fs::write(&file, document("made").to_string()).unwrap();
        let hostile = Self { world, file };
        hostile.q(&["import", &hostile.file]).succeeded();
        for (name, prompt, code) in [("said", "said", 0), ("refused", "refused", 1), ("page", "page", 1)] {
            hostile.q(&["chat", "--new", name, &format!("{prompt} {HOSTILE}")]).exited(code);
        }
        for name in ["a-closed", "b-closed", "c-thrown", "d-thrown", "e-open", "f-open"] {
            hostile
                .q(&["new", "-d", name, "--kind", "writing", "--model", HOSTILE, "--", HOSTILE])
                .succeeded();
            hostile.q(&["wait", name]).succeeded();
        }
        for (verb, name) in
            [("close", "a-closed"), ("close", "b-closed"), ("delete", "c-thrown"), ("delete", "d-thrown")]
        {
            hostile.q(&[verb, name]).succeeded();
        }
        hostile
    }

    #[track_caller]
    fn q(&self, args: &[&str]) -> Outcome {
        harmless(self.world.q(args))
    }

    #[track_caller]
    fn q_reading(&self, args: &[&str], input: &str) -> Outcome {
        harmless(self.world.q_reading(args, input))
    }

    /// What each command is tried with, beside words that mean nothing; a new command needs a line here.
    fn tries(&self, verb: &str) -> Vec<Vec<&str>> {
        match verb {
            "attach" => vec![vec!["made"], vec!["refused"]],
            "chat" => vec![
                vec!["said"],
                vec!["refused"],
                vec!["page"],
                vec!["--json", "said", HOSTILE],
                vec!["--json", "page"],
                vec!["--new", HOSTILE, "said"],
                vec!["--agent", HOSTILE, "said"],
                vec!["--agent", "keyless", "said"],
                vec!["--agent", "filed", "said"],
                vec!["-s", "made", HOSTILE],
            ],
            "new" => vec![
                vec!["-d", "--json", "--", HOSTILE],
                vec!["-d", "x", "--kind", HOSTILE],
                vec!["-d", "y", "--tag", HOSTILE],
                vec!["-d", "z", "--cwd", HOSTILE],
                vec!["-d", "w", "--agent", HOSTILE],
            ],
            "ls" => vec![
                vec![],
                vec!["--all", "--verbose"],
                vec!["--waiting"],
                vec!["--all", "--json"],
                vec!["--tag", HOSTILE],
                vec!["--tag", "nosuch"],
            ],
            "acp" => {
                vec![vec![], vec!["--agent", HOSTILE], vec!["--kind", HOSTILE], vec!["--model", HOSTILE]]
            }
            "send" | "rename" => vec![vec!["made", HOSTILE]],
            "wait" => vec![vec!["said"], vec!["refused"], vec!["--timeout", HOSTILE, "said"]],
            "show" => vec![
                vec!["made"],
                vec!["made", "--json"],
                vec!["made", "--numbers"],
                vec!["made", "--tail", "3"],
                vec!["refused"],
                vec!["page"],
                vec!["page", "--json"],
                vec!["said"],
                vec!["made", "--tail", HOSTILE],
            ],
            "close" => vec![vec!["e-open"], vec![HOSTILE, "--force"]],
            "reopen" => vec![vec!["b-closed"]],
            "delete" => vec![vec!["a-closed"], vec!["b-closed", "--now", "--force"]],
            "restore" => vec![vec!["c-thrown"]],
            "cleanup" => vec![
                vec!["--closed", "--dry-run"],
                vec!["--closed", "--dry-run", "--json"],
                vec!["--trash", "--dry-run"],
                vec!["--older-than", HOSTILE],
                vec!["--closed", "--yes"],
            ],
            "compact" => vec![vec!["made"], vec!["made", "undo"], vec!["made", HOSTILE]],
            "set" => vec![
                vec!["made"],
                vec!["made", "model", HOSTILE],
                vec!["made", "temperature", HOSTILE],
                vec!["made", HOSTILE],
            ],
            "agents models" => vec![vec!["guide"], vec![HOSTILE]],
            "usage" => vec![vec![], vec!["made"], vec!["--json"]],
            "tag" => vec![vec!["made", "+work"], vec!["made", HOSTILE], vec!["made"]],
            "pin" | "unpin" | "unread" | "read" | "retry" | "continue" | "interrupt" => {
                vec![vec!["refused"], vec!["made"]]
            }
            _ => self.tries_of_others(verb),
        }
    }

    /// Those of waiting prompts and calls, of files, and of the host.
    fn tries_of_others(&self, verb: &str) -> Vec<Vec<&str>> {
        let file = self.file.as_str();
        match verb {
            "queue" => vec![vec!["made"], vec!["made", "--json"], vec!["said"]],
            "unqueue" | "now" => vec![vec!["made", "99"], vec!["made", HOSTILE], vec!["made", "1"]],
            "edit" => vec![vec!["made", "99", HOSTILE], vec!["made", HOSTILE, HOSTILE]],
            "move" => vec![vec!["made", "99", "1"], vec!["made", HOSTILE, HOSTILE]],
            "steer" | "answer" => vec![vec!["made", HOSTILE], vec!["said", HOSTILE]],
            "inbox" | "stats" | "agents" | "doctor" | "host status" | "model list" | "keys list" => {
                vec![vec![], vec!["--json"]]
            }
            "agents check" => vec![
                vec!["guide"],
                vec![HOSTILE],
                vec![HOSTILE, "--json"],
                vec!["openai", "--model", HOSTILE],
            ],
            // `q-local` may be beside this `q` or not; no model of any name here is fetched.
            "model pull" | "model use" | "model rm" => vec![vec![HOSTILE], vec!["nosuch"], vec!["./nosuch"]],
            "setup" => vec![
                vec![],
                vec!["--provider", HOSTILE],
                vec!["--provider", "server", "--base-url", HOSTILE, "--yes"],
                vec!["--provider", "openai", "--name", HOSTILE],
                vec!["--provider", "openai", "--model", HOSTILE, "--key-env", HOSTILE],
            ],
            "approve" => vec![vec!["made"], vec!["made", HOSTILE], vec!["made", "--all", "--tool", HOSTILE]],
            "deny" => vec![vec!["made", "--", HOSTILE], vec!["made", HOSTILE], vec!["made", "--all"]],
            "mcp add" => vec![vec![HOSTILE, "--", HOSTILE], vec!["fine", "--", "/nowhere", HOSTILE]],
            "undo" | "redo" => {
                vec![vec!["made"], vec!["made", "--yes"], vec![HOSTILE], vec!["made", "--json"]]
            }
            "trust" => vec![vec!["--list"], vec!["--list", "--json"], vec![HOSTILE]],
            "untrust" | "hooks accept" => vec![vec![], vec![HOSTILE]],
            "processes" => {
                vec![vec!["made"], vec!["made", "--json"], vec!["made", "--kill", "7"], vec![HOSTILE]]
            }
            "context" | "diff" => vec![vec!["made"], vec!["made", "--json"], vec![HOSTILE]],
            "fork" => vec![
                vec!["made", "branch"],
                vec!["made", "--json"],
                vec!["made", HOSTILE],
                vec!["made", "--at", HOSTILE],
            ],
            "export" => vec![
                vec!["made"],
                vec!["made", "--format", "md"],
                vec!["made", "--format", "html"],
                vec!["made", "--format", HOSTILE],
                vec!["page", "--format", "md"],
                vec!["made", "-o", HOSTILE],
            ],
            "import" => vec![vec![file, "--json"], vec![file, "--name", HOSTILE]],
            "replay" => vec![vec![file]],
            "permissions" | "permissions list" | "mcp list" | "hooks list" => vec![vec![], vec!["--json"]],
            "hooks" | "hooks check" => vec![vec![HOSTILE], vec!["turn.ended"]],
            "permissions add" => vec![
                vec!["deny", HOSTILE, "--everywhere"],
                vec!["deny", "edit", "--everywhere", "--path", HOSTILE],
                vec!["allow", "run", "--session", "made", "--argv", "cargo", HOSTILE],
                vec!["allow", "run", "--here", HOSTILE],
            ],
            // What it writes without words is q's own, and controls the terminal: that is what it is for.
            "fix-terminal" => vec![vec![HOSTILE]],
            "permissions remove" | "mcp" | "mcp check" | "mcp remove" | "mcp login" | "mcp logout" => {
                vec![vec![HOSTILE]]
            }
            "host" | "host logs" | "model" | "keys" => vec![vec![]],
            "host restart" => vec![vec![], vec!["--wait"], vec!["--now"]],
            "host stop" => vec![vec![], vec![]],
            // Not tried: the one would stay, the others are of a process, and the last runs whatever it is told.
            "host run" | "host probe" | "host command" => vec![],
            "help" => vec![vec![], vec!["chat"], vec!["host"]],
            other => panic!("how is `q {other}` tried with hostile words? It needs a line here"),
        }
    }
}

#[test]
fn the_terminal_of_this_test_notes_what_it_is_told() {
    for (bytes, count) in [
        ("plain — naïve 日本語\n\t✓", 0),
        ("\u{1b}[31m", 1),
        ("\u{9b}31m", 1),
        ("\u{1b}]0;x\u{7}", 1),
        ("\u{1b}c", 1),
        ("\u{7}", 1),
        ("\u{7f}", 1),
        ("\u{202e}", 1),
        ("\r", 1),
    ] {
        assert_eq!(told(bytes.as_bytes()).len(), count, "{bytes:?}: {:?}", told(bytes.as_bytes()));
    }
}

#[test]
fn no_command_lets_anybody_control_the_terminal() {
    let hostile = Hostile::new();
    let mut verbs = q_cli::verbs();
    // What ends the host comes last.
    verbs.sort_by_key(|verb| verb.first().is_some_and(|first| first == "host"));
    assert!(verbs.len() > 40, "{verbs:?}");
    for verb in &verbs {
        let path: Vec<&str> = verb.iter().map(String::as_str).collect();
        let option = format!("--{HOSTILE}");
        let mut tries = hostile.tries(&path.join(" "));
        tries.extend([vec![option.as_str()], vec![HOSTILE, option.as_str()], vec![HOSTILE; 5]]);
        if !matches!(path[..], ["host", "run" | "stop" | "restart"]) {
            tries.push(vec![HOSTILE]);
        }
        for words in tries {
            hostile.q(&[&path[..], &words].concat());
        }
    }
    for words in [&[HOSTILE][..], &["--plain", HOSTILE], &["host", HOSTILE], &["help", HOSTILE]] {
        hostile.q(words).exited(2).told("A<U+001B>]0;pwned");
    }
}

#[test]
fn what_is_said_inside_plain_mode_controls_nothing() {
    let hostile = Hostile::new();
    let line = HOSTILE.replace('\r', "");
    let lines = [
        "/sessions",
        "/queue",
        "/inbox",
        "/help",
        "/list",
        "/tag +work",
        "/pin",
        "/last",
        "/switch page",
        "/retry",
        "/continue",
        "/compact",
        "/compact undo",
        "/usage",
        "/switch made",
    ];
    let hostile_ones = [
        "/", "/switch ", "/new ", "/rename ", "/help ", "/edit 1 ", "/tag ", "/reopen ", "/steer ",
        "/answer ", "/fork ", "",
    ];
    let script: Vec<String> = lines
        .iter()
        .map(|line| (*line).to_owned())
        .chain(hostile_ones.iter().map(|command| format!("{command}{line}")))
        .collect();
    let input = script.join("\n") + "\n";
    for args in [&[][..], &["attach", "made"], &["attach", "refused"], &["new", "inside"]] {
        let said = hostile.q_reading(args, &input);
        assert!(said.out.contains("<U+001B>"), "{said:?}");
    }
}

#[test]
fn hostile_files_and_configurations_are_told_harmlessly() {
    let hostile = Hostile::new();
    for (field, value) in [
        ("name", json!(HOSTILE)),
        ("kind", json!(HOSTILE)),
        ("tags", json!([HOSTILE])),
        ("policy", json!(HOSTILE)),
        ("name_origin", json!(HOSTILE)),
        ("entries", json!([{ "no": 1, "role": HOSTILE, "text": HOSTILE }])),
        ("entries", json!([{ "no": 1, "role": "failed", "failure": HOSTILE }])),
        ("format", json!(HOSTILE)),
        ("pinned", json!(HOSTILE)),
        ("agent", json!(HOSTILE)),
        ("model", json!(HOSTILE)),
        ("directory", json!(HOSTILE)),
    ] {
        let mut document = document("other");
        document[field] = value;
        for args in [&["import", "-"][..], &["import", "-", "--json"]] {
            hostile.q_reading(args, &document.to_string());
        }
    }
    hostile.q_reading(&["import", "-"], HOSTILE).exited(1);
    hostile.q(&["ls", "--all", "--verbose"]).succeeded();
    hostile.q(&["ls", "--all", "--json"]).succeeded();
    for config in [
        format!("[kinds.\"{}\"]\n", "\\u001b[2J\\u009b31m\\u202e"),
        "[\"\\u001b[2J\\u009b31m\"]\n".to_owned(),
        "agent = \"\\u001b[2J\\u009b31m\"\n".to_owned(),
        format!("{}\n", HOSTILE.replace('\r', "")),
    ] {
        hostile.world.home.configure(&config);
        hostile.q(&["ls"]).exited(2);
    }
}

#[test]
fn json_is_escaped_and_exact() {
    let hostile = Hostile::new();
    let shown = hostile.q(&["show", "made", "--json"]).succeeded();
    assert!(shown.out.contains("\\u009b31m") && shown.out.contains("\\u202e"), "{shown:?}");
    let meant = HOSTILE.replace('\r', "\n");
    let shown = shown.json();
    assert_eq!(shown["session"]["model"], HIDDEN);
    assert_eq!(shown["entries"][0]["text"], meant, "a person's words have the line ends of every door");
    assert_eq!(shown["entries"][4]["text"], HOSTILE, "an agent's words stay as they came");
    let exported = hostile.q(&["export", "made"]).succeeded().out;
    hostile.q_reading(&["import", "-", "--name", "again"], &exported).succeeded();
    let again = hostile.q(&["export", "again"]).succeeded().out;
    let first_lines = |text: &str| text.split_once("\"entries\"").map(|(_, rest)| rest.to_owned());
    assert_eq!(first_lines(&again), first_lines(&exported));
    let document: Value = serde_json::from_str(&again).unwrap();
    for field in ["system_prompt", "agent", "model", "directory", "draft"] {
        let expected = if matches!(field, "system_prompt" | "draft") { meant.as_str() } else { HIDDEN };
        assert_eq!(document[field], expected, "{field}");
    }
    assert_eq!(document["queue"], json!([meant, meant]));
}
