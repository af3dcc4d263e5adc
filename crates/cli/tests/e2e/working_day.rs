//! A working day: six sessions mend six files of a repository at once, their model asks for forty calls, somebody answers from the
//! inbox, and the host is killed three times at bad moments. What came of it is exactly what was allowed, each call once.
//!
//! Who ran is told by the commands themselves: each appends its number to a log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use q_testkit::process::kill9;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;
use serde_json::{Value, json};

use crate::screen::Person as _;
use crate::tools::{Workshop, call, until};

/// The sessions, and the files that they mend.
const NAMES: [&str; 6] = ["adds", "folds", "joins", "sorts", "trims", "turns"];
/// The one whose command runs when the host dies for the second time.
const HELD: &str = "turns";
/// What each file says: at first, after a repair that was none, and at the end.
const SAYS: [&str; 3] = ["broken", "nearly", "right"];
/// Calls that the plan of the day has, beside those that were lost and asked for anew.
const PLANNED: usize = 40;

/// What is done on a day, and what of it is counted.
struct Day {
    shop: Workshop,
    log: PathBuf,
    /// The number of the last command.
    last: u32,
    /// Calls of the plan that the model has asked for.
    planned: usize,
    approvals: usize,
    killed: usize,
}

impl Day {
    fn begin() -> Self {
        let shop = Workshop::with_tools();
        let log = shop.world.home.path().join("ran.log");
        for name in NAMES {
            fs::write(shop.directory.join(name), format!("{name} is {}\n", SAYS[0])).unwrap();
        }
        // A pipe holds a command up until somebody writes into it.
        let check = format!(
            "#!/bin/sh\necho \"$1 $2\" >>'{}'\n[ ! -p \"hold.$1\" ] || cat \"hold.$1\"\ngrep -qx \"$1 is right\" \"$1\"\n",
            log.display()
        );
        fs::write(shop.directory.join("check"), check).unwrap();
        let day = Self { shop, log, last: 0, planned: 0, approvals: 0, killed: 0 };
        day.git(&["init", "--quiet"]);
        day.git(&["add", "."]);
        day.git(&["-c", "user.name=q", "-c", "user.email=q@localhost", "commit", "--quiet", "-m", "broken"]);
        day
    }

    fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(args).current_dir(&self.shop.directory).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.env("GIT_CONFIG_SYSTEM", "/dev/null").output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The model's next command is to test the file: a call with a number that no other has.
    fn check(&mut self, name: &str) -> Script {
        self.last += 1;
        call("run", &json!({ "argv": ["sh", "check", name, self.last.to_string()] }))
    }

    /// What the model answers in that session next, in this order, whatever it was to answer before.
    fn will(&self, name: &str, scripts: Vec<Script>) {
        self.shop.rounds(&prompt(name), scripts);
    }

    /// The calls that wait for consent, by their session: the number of each, and its arguments.
    fn waiting(&self) -> BTreeMap<String, (String, Value)> {
        let inbox = self.shop.world.q(&["inbox", "--json"]).succeeded().json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let calls = inbox.as_array().unwrap().iter().filter(|item| item["wants"] == "consent");
        calls
            .map(|call| {
                let input = serde_json::from_str(call["input"].as_str().unwrap()).unwrap();
                (text(&call["name"]), (text(&call["id"]), input))
            })
            .collect()
    }

    /// Waits until exactly these sessions ask, for something of which that holds.
    fn until_all_ask(&self, names: &[&str], what: impl Fn(&Value) -> bool) -> BTreeMap<String, (String, Value)> {
        let deadline = q_testkit::clock::now() + crate::world::PATIENCE;
        loop {
            let waiting = self.waiting();
            if waiting.keys().eq(names) && waiting.values().all(|(_, input)| what(input)) { return waiting; }
            if q_testkit::clock::now() > deadline {
                println!("{waiting:?}");
                for name in NAMES { println!("{}", self.shop.world.q(&["show", name]).out); }
                panic!("no");
            }
        }
    }

    /// Allows what waits in that session, by its number.
    fn approve(&mut self, name: &str, id: &str) {
        self.shop.world.q(&["approve", name, id]).succeeded();
        self.approvals += 1;
    }

    fn approve_all(&mut self, waiting: &BTreeMap<String, (String, Value)>) {
        for (name, (id, _)) in waiting {
            self.approve(name, id);
        }
    }

    /// The host dies. Nothing that waited can be allowed any more, and nothing runs by itself.
    fn kill(&mut self, waiting: &BTreeMap<String, (String, Value)>) {
        let ran = self.ran();
        kill9(self.shop.world.home.host_pid().unwrap());
        self.killed += 1;
        for (name, (id, _)) in waiting {
            self.shop.world.q(&["approve", name, id]).exited(1);
        }
        assert_eq!((self.waiting().len(), self.ran()), (0, ran));
    }

    /// What the commands wrote: who they were for, and their numbers.
    fn ran(&self) -> Vec<(String, u32)> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let line = |line: &str| {
            let (name, number) = line.split_once(' ').unwrap();
            (name.to_owned(), number.parse().unwrap())
        };
        log.lines().map(line).collect()
    }

    /// Each call of a session: what it was given, and what came of it.
    fn calls(&self, name: &str) -> Vec<(Value, Option<String>)> {
        let shown = self.shop.world.q(&["show", name, "--json"]).succeeded().json();
        let entries = shown["entries"].as_array().unwrap().clone();
        let outcome = |no: &Value| {
            let result = entries.iter().find(|entry| entry["kind"] == "result" && entry["of"] == *no)?;
            result["outcome"].as_str().map(str::to_owned)
        };
        let calls = entries.iter().filter(|entry| entry["kind"] == "call");
        calls
            .map(|call| (serde_json::from_str(call["text"].as_str().unwrap()).unwrap(), outcome(&call["no"])))
            .collect()
    }

    /// What came of the last call of a session.
    fn last_outcome(&self, name: &str) -> Option<String> {
        self.calls(name).pop().and_then(|(_, outcome)| outcome)
    }

    fn says(&self, name: &str, word: usize) -> bool {
        self.shop.file(name) == format!("{name} is {}\n", SAYS[word])
    }
}

fn prompt(name: &str) -> String {
    format!("mend {name}!")
}

fn edit(name: &str, from: usize) -> Script {
    let edits = json!([{ "old": SAYS[from], "new": SAYS[from + 1] }]);
    call("edit", &json!({ "path": name, "edits": edits }))
}

fn is_run(input: &Value) -> bool {
    input.get("argv").is_some()
}

fn is_edit(input: &Value) -> bool {
    input.get("edits").is_some()
}

#[test]
fn probe() {
    let mut day = Day::begin();
    for name in NAMES {
        let check = day.check(name);
        day.will(name, vec![call("read", &json!({ "path": name })), check]);
        day.shop.begin(name, &prompt(name));
    }
    let waiting = day.until_all_ask(&NAMES, is_run);
    for name in NAMES {
        day.will(name, vec![edit(name, 0)]);
    }
    day.approve_all(&waiting);
    let waiting = day.until_all_ask(&NAMES, is_edit);
    day.kill(&waiting);
    println!("{}", day.shop.world.q(&["show", "adds", "--json"]).succeeded().out);
    day.will("adds", vec![edit("adds", 0)]);
    let o = day.shop.world.q(&["retry", "adds"]);
    println!("{o:?}");
    let waiting = day.until_all_ask(&["adds"], is_edit);
    day.approve_all(&waiting);
    println!("{}", day.shop.world.q(&["wait", "adds"]).out);
    println!("{}", day.shop.world.q(&["show", "adds"]).out);
    let r = day.shop.world.server.requests();
    println!("{:#}", r.last().unwrap().body["messages"]);
    day.shop.rounds("Go on", vec![edit("folds", 0)]);
    let o = day.shop.world.q(&["continue", "folds"]);
    println!("{o:?}");
    day.until_all_ask(&["folds"], is_edit);
    let r = day.shop.world.server.requests();
    println!("{:#}", r.last().unwrap().body["messages"]);
}
