//! A working day: six sessions mend six files of a repository at once, their model asks for forty calls, somebody answers from the
//! inbox, and the host is killed three times at bad moments. What came of it is exactly what was allowed, each call once.
//!
//! Who ran is told by the commands themselves: each appends its number to a log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use q_testkit::process::{is_alive, kill9};
use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::tools::{Workshop, call, says_while, until};

/// The sessions, and the files that they mend.
const NAMES: [&str; 6] = ["adds", "folds", "joins", "sorts", "trims", "turns"];
/// The one whose command runs when the host dies for the second time.
const HELD: &str = "turns";
/// What each file says: at first, after a repair that was none, and at the end.
const SAYS: [&str; 3] = ["broken", "nearly", "right"];
/// Calls of a day on which nothing goes wrong.
const PLANNED: usize = 40;
/// What a model hears that is to go on with an answer.
const GO_ON: &str = "Go on exactly where you stopped";

/// A call that waits: its number for answers, and its arguments.
struct Asked {
    id: String,
    input: Value,
}

/// Calls that wait, one a session at most.
type Waiting = BTreeMap<String, Asked>;

/// What is done on a day, and what of it is counted.
struct Day {
    shop: Workshop,
    log: PathBuf,
    /// The number of the last command.
    last: u32,
    planned: usize,
    approvals: usize,
    killed: usize,
}

impl Day {
    fn begin() -> Self {
        let shop = Workshop::new("tools = true\n[limits]\nagent_calls = 8");
        let log = shop.world.home.path().join("ran.log");
        for name in NAMES {
            fs::write(shop.directory.join(name), says(name, 0)).unwrap();
        }
        // A pipe holds a command up until somebody writes into it.
        let check = format!(
            "echo \"$1 $2\" >>'{}'\n[ ! -p \"hold.$1\" ] || cat \"hold.$1\"\ngrep -qx \"$1 is right\" \"$1\"\n",
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

    /// The model's next command tests the file: a call with a number that no other has.
    fn check(&mut self, name: &str) -> Script {
        self.last += 1;
        let arguments = json!({ "argv": ["sh", "check", name, self.last.to_string()] });
        Script::new().say("I test it.").call("run", &arguments.to_string()).done()
    }

    /// What the model answers in that session next, in this order, whatever else it was to answer.
    fn will(&self, name: &str, scripts: impl IntoIterator<Item = Script>) {
        self.shop.rounds(&prompt(name), scripts.into_iter().collect());
    }

    fn waiting(&self) -> Waiting {
        let inbox = self.shop.world.q(&["inbox", "--json"]).succeeded().json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let calls = inbox.as_array().unwrap().iter().filter(|item| item["wants"] == "consent");
        let asked = |call: &Value| Asked {
            id: text(&call["id"]),
            input: serde_json::from_str(call["input"].as_str().unwrap()).unwrap(),
        };
        calls.map(|call| (text(&call["name"]), asked(call))).collect()
    }

    /// Waits until exactly these sessions ask, for something of that kind.
    #[track_caller]
    fn until_asked(&self, names: &[&str], kind: &str) -> Waiting {
        until(&format!("{kind} of {names:?}"), || {
            let waiting = self.waiting();
            let is_it = waiting.keys().eq(names) && waiting.values().all(|asked| asked.is(kind));
            is_it.then_some(waiting)
        })
    }

    /// Allows what waits, each by its number.
    fn approve(&mut self, waiting: &Waiting) {
        for (name, asked) in waiting {
            self.shop.world.q(&["approve", name, &asked.id]).succeeded();
        }
        self.approvals += waiting.len();
    }

    /// The host dies. What waited can be allowed no more, nothing runs by itself, and no model is asked.
    fn kill(&mut self, waiting: &Waiting) {
        let host = self.shop.world.home.host_pid().unwrap();
        kill9(host);
        self.killed += 1;
        until("its end", || (!is_alive(host)).then_some(()));
        // What it had asked by then, the server has heard once it knows that nobody listens.
        self.shop.world.wait_for_streams(0);
        let asked = self.shop.world.server.requests().len();
        for (name, call) in waiting {
            self.shop.world.q(&["approve", name, &call.id]).exited(1);
        }
        assert_eq!((self.waiting().len(), self.shop.world.server.requests().len()), (0, asked));
    }

    /// The person says that it is to be asked again.
    fn retry(&self, name: &str) {
        self.shop.world.q(&["retry", name]).succeeded();
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
        let entries = shown["entries"].as_array().unwrap();
        let outcome = |no: &Value| {
            let result = entries.iter().find(|entry| entry["role"] == "result" && entry["of"] == *no)?;
            result["outcome"].as_str().map(str::to_owned)
        };
        let calls = entries.iter().filter(|entry| entry["role"] == "call");
        let given = |call: &Value| serde_json::from_str(call["text"].as_str().unwrap()).unwrap();
        calls.map(|call| (given(call), outcome(&call["no"]))).collect()
    }

    fn last_outcome(&self, name: &str) -> String {
        self.calls(name).pop().and_then(|(_, outcome)| outcome).unwrap_or_default()
    }

    /// Each file says that now.
    fn all_say(&self, word: usize) {
        for name in NAMES {
            assert_eq!(self.shop.file(name), says(name, word));
        }
    }

    /// Sessions read their files and test them, which fails, and want to mend them. The first two looked at in a terminal.
    fn morning(&mut self) -> Waiting {
        for name in NAMES {
            let check = self.check(name);
            self.will(name, [call("read", &json!({ "path": name })), check]);
            self.shop.begin(name, &prompt(name));
        }
        let mut waiting = self.until_asked(&NAMES, "argv");
        for (place, name) in NAMES.into_iter().enumerate() {
            // Four look at the test as well.
            let look = (place < 4).then(|| call("read", &json!({ "path": "check" })));
            self.will(name, look.into_iter().chain([mend(name, 0)]));
        }
        self.planned += 3 * NAMES.len() + 4;
        self.approve_in_terminal(NAMES[0]);
        waiting.remove(NAMES[0]);
        self.approve(&waiting);
        self.until_asked(&NAMES, "edits")
    }

    /// One is allowed where it is shown.
    fn approve_in_terminal(&mut self, name: &str) {
        let mut terminal = self.shop.world.terminal(&["attach", name]);
        terminal.wait_text("y once");
        says_while(&mut terminal, "y", || self.waiting().get(name).is_some_and(|asked| asked.is("argv")));
        self.approvals += 1;
    }

    /// The host dies while six changes wait: none is made. The model asks anew, once somebody has it asked.
    fn dies_while_all_wait(&mut self, waiting: &Waiting) -> Waiting {
        let ran = self.ran();
        self.kill(waiting);
        assert_eq!(self.ran(), ran);
        self.all_say(0);
        for name in NAMES {
            assert_eq!(self.last_outcome(name), "never ran");
            self.will(name, [mend(name, 0)]);
            self.retry(name);
        }
        let waiting = self.until_asked(&NAMES, "edits");
        for name in NAMES {
            let check = self.check(name);
            self.will(name, [check]);
        }
        self.planned += NAMES.len();
        self.approve(&waiting);
        self.until_asked(&NAMES, "argv")
    }

    /// The host dies while one command runs and five changes wait. What the command did is not known, and it does not run again:
    /// the model goes on, and has the file tested by a call of its own.
    fn dies_while_one_runs(&mut self, waiting: &Waiting) -> Waiting {
        let pipe = self.shop.directory.join(format!("hold.{HELD}"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let others: Vec<&str> = NAMES.into_iter().filter(|name| *name != HELD).collect();
        for name in &others {
            self.will(name, [mend(name, 1)]);
        }
        self.planned += NAMES.len();
        let held = (HELD.to_owned(), self.last);
        self.approve(waiting);
        let waiting = self.until_asked(&others, "edits");
        until("a command that runs", || self.ran().contains(&held).then_some(()));
        let ran = self.ran();
        self.kill(&waiting);
        assert_eq!(self.ran(), ran);
        fs::remove_file(&pipe).unwrap();
        let shown = self.shop.world.q(&["show", HELD]).succeeded().out;
        assert!(shown.contains("cut short; what it did until then is not known"), "{shown}");
        assert_eq!(self.last_outcome(HELD), "cut short");
        let check = self.check(HELD);
        self.shop.rounds(GO_ON, vec![check, mend(HELD, 1)]);
        self.shop.world.q(&["continue", HELD]).succeeded();
        let again = self.until_asked(&[HELD], "argv");
        self.approve(&again);
        self.until_asked(&[HELD], "edits");
        for name in others {
            self.will(name, [mend(name, 1)]);
            self.retry(name);
        }
        let waiting = self.until_asked(&NAMES, "edits");
        self.all_say(1);
        for name in NAMES {
            let check = self.check(name);
            if name == HELD { self.shop.rounds(GO_ON, vec![check]) } else { self.will(name, [check]) }
        }
        self.planned += NAMES.len();
        self.approve(&waiting);
        self.until_asked(&NAMES, "argv")
    }

    /// The host dies as soon as the last of six commands is allowed: some have run, some have not, of some nobody knows. Whatever is
    /// not told to have ended is done again, by calls of the model's own.
    fn dies_when_all_may_run(&mut self, waiting: &Waiting) {
        for name in NAMES {
            let prompt = if name == HELD { GO_ON.to_owned() } else { prompt(name) };
            self.shop.rounds(&prompt, vec![Script::new().say("It is right.").done()]);
        }
        self.approve(waiting);
        self.kill(&Waiting::new());
        self.all_say(2);
        for name in NAMES {
            let session = self.shop.world.session(name);
            let ended = self.last_outcome(name);
            assert!(["done", "never ran", "cut short"].contains(&ended.as_str()), "{name}: {ended}");
            if session["activity"] != "interrupted" {
                continue;
            }
            let check = (ended != "done").then(|| self.check(name));
            let runs = check.is_some();
            self.will(name, check.into_iter().chain([Script::new().say("It is right.").done()]));
            self.retry(name);
            if runs {
                let again = self.until_asked(&[name], "argv");
                self.approve(&again);
            }
            self.shop.wait(name).succeeded();
        }
    }

    /// Every command ran at most once, and those that are told to have run did.
    fn every_call_ran_once(&self) -> usize {
        let ran = self.ran();
        let once: BTreeSet<_> = ran.iter().cloned().collect();
        assert_eq!(once.len(), ran.len(), "twice: {ran:?}");
        let mut told = BTreeSet::new();
        let mut count = 0;
        for name in NAMES {
            for (input, outcome) in self.calls(name) {
                count += 1;
                let Some(argv) = input["argv"].as_array() else { continue };
                let call = (name.to_owned(), argv[3].as_str().unwrap().parse().unwrap());
                assert_eq!(argv[2], name, "it was asked for in another session");
                let has_run = once.contains(&call);
                match outcome.as_deref() {
                    Some("done" | "failed") => assert!(has_run, "{call:?}"),
                    Some("cut short") => {}
                    _ => assert!(!has_run, "{call:?}: {outcome:?}"),
                }
                assert!(told.insert(call.clone()), "two calls are {call:?}");
            }
        }
        assert!(once.is_subset(&told), "ran, and nobody asked: {once:?}; asked: {told:?}");
        count
    }
}

impl Asked {
    /// Whether its arguments have that member.
    fn is(&self, kind: &str) -> bool {
        self.input.get(kind).is_some()
    }
}

fn prompt(name: &str) -> String {
    format!("mend {name}!")
}

fn says(name: &str, word: usize) -> String {
    format!("{name} is {}\n", SAYS[word])
}

fn mend(name: &str, from: usize) -> Script {
    let edits = json!([{ "old": SAYS[from], "new": SAYS[from + 1] }]);
    call("edit", &json!({ "path": name, "edits": edits }))
}

#[test]
#[allow(clippy::print_stdout, reason = "`cargo xtask agents` passes on what was counted")]
fn six_sessions_mend_a_repository_and_the_host_dies_three_times() {
    let mut day = Day::begin();
    let waiting = day.morning();
    let waiting = day.dies_while_all_wait(&waiting);
    let waiting = day.dies_while_one_runs(&waiting);
    day.dies_when_all_may_run(&waiting);
    let calls = day.every_call_ran_once();
    assert_eq!((day.planned, day.waiting().len()), (PLANNED, 0));
    day.all_say(2);
    let changed = NAMES.map(|name| format!(" M {name}"));
    assert_eq!(day.git(&["status", "--porcelain"]).lines().collect::<Vec<_>>(), changed);
    let turns: u64 =
        NAMES.iter().map(|name| day.shop.world.session(name)["turns"].as_u64().unwrap_or(0)).sum();
    println!(
        "working day: {turns} turns, {calls} calls, {} approvals, {} faults, 0 failures",
        day.approvals, day.killed
    );
}
