//! Models that use tools: what they read, change and run in a session's directory, with consent, and what of it survives.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use q_testkit::clock;
use q_testkit::process::kill9;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;
use q_tools::Sandbox;
use serde_json::{Value, json};

use crate::run::Outcome;
use crate::screen::Person as _;
use crate::world::World;
pub(crate) use crate::world::until;

/// When an answer is given again: longer than a call has to be seen before a line about it is begun, with room for a slow frame.
const ANSWER_AGAIN: Duration = Duration::from_millis(700);

/// A world whose model may use tools, and a directory with one file for a session to work in.
pub(crate) struct Workshop {
    pub(crate) world: World,
    pub(crate) directory: PathBuf,
}

impl Workshop {
    pub(crate) fn new(configuration: &str) -> Self {
        let world = World::new();
        let config = format!(
            "agent = \"hands\"\n[agents.hands]\nbase_url = \"{}\"\nmodel = \"m\"\n{configuration}\n",
            world.server.base_url()
        );
        world.home.configure(&config);
        let directory = fs::canonicalize(world.home.path()).unwrap().join("project");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("a.txt"), "one\ntwo\n").unwrap();
        Self { world, directory }
    }

    pub(crate) fn with_tools() -> Self {
        Self::new("tools = true")
    }

    /// A session at work in that directory, on a prompt.
    pub(crate) fn begin(&self, name: &str, prompt: &str) {
        let directory = self.directory.display().to_string();
        self.world.q(&["new", "-d", name, "--cwd", &directory]).succeeded();
        self.world.q(&["send", name, prompt]).succeeded();
    }

    /// Waits until `q inbox` asks whether something may run, in all of these words, and permits it.
    pub(crate) fn approve_shown(&self, name: &str, words: &[&str]) {
        let shown = until("the question", || {
            let shown = self.world.q(&["inbox"]).succeeded().out;
            shown.contains("may this run").then_some(shown)
        });
        assert!(words.iter().all(|words| shown.contains(words)), "{shown}");
        self.answer("approve", name);
    }

    /// Waits for the only call that waits, and gives its line of `q inbox --json`.
    pub(crate) fn waiting(&self) -> Value {
        until("a call that waits", || {
            let inbox = self.world.q(&["inbox", "--json"]).succeeded().json();
            let calls: Vec<Value> =
                inbox.as_array()?.iter().filter(|item| item["wants"] == "consent").cloned().collect();
            let [one] = calls.as_slice() else { return None };
            Some(one.clone())
        })
    }

    pub(crate) fn answer(&self, verb: &str, name: &str) -> Value {
        let waiting = self.waiting();
        self.world.q(&[verb, name, waiting["id"].as_str().unwrap()]).succeeded();
        waiting
    }

    pub(crate) fn wait(&self, name: &str) -> Outcome {
        self.world.q(&["wait", name, "--timeout", "20"])
    }

    pub(crate) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.directory.join(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.directory.join(name).exists()
    }

    /// What tools said, in the order the model was told, in the request of that number.
    pub(crate) fn told(&self, request: usize) -> Vec<String> {
        let body = self.world.server.requests()[request].body.clone();
        let messages = body["messages"].as_array().unwrap().clone();
        let of_tools = messages.into_iter().filter(|message| message["role"] == "tool");
        of_tools.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    }

    /// Answers these prompts by these scripts, one after the other.
    pub(crate) fn rounds(&self, prompt: &str, scripts: Vec<Script>) {
        // Later rules go before earlier ones.
        for script in scripts.into_iter().rev() {
            self.world.server.once(prompt, script);
        }
    }
}

/// Types a line again and again while it is needed, since an answer counts only once what is asked could be read for a while: slower
/// than that, or no line would ever be begun late enough.
#[track_caller]
pub(crate) fn says_while(terminal: &mut Terminal, line: &str, mut is_needed: impl FnMut() -> bool) {
    let mut due = clock::now();
    until(&format!("a {line} that counts"), || {
        if !is_needed() {
            return Some(());
        }
        if clock::now() >= due {
            terminal.send_line(line);
            due = clock::now() + ANSWER_AGAIN;
        }
        None
    });
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Script {
    Script::new().call(tool, &arguments.to_string()).done()
}

#[test]
fn a_model_reads_freely_and_changes_and_runs_with_consent() {
    let shop = Workshop::with_tools();
    let edit = json!({ "path": "a.txt", "edits": [{ "old": "two", "new": "three" }] });
    let run = json!({ "argv": ["cp", "a.txt", "b c.txt"] });
    shop.rounds(
        "do it",
        vec![
            Script::new().say("I look.").call("read", r#"{"path":"a.txt"}"#).done(),
            call("edit", &edit),
            call("run", &run),
            Script::new().say("It is done.").done(),
        ],
    );
    shop.begin("api", "do it");
    let asked = shop.waiting();
    assert_eq!(
        (asked["tool"].as_str(), asked["input"].as_str()),
        (Some("edit"), Some(edit.to_string().as_str()))
    );
    assert_eq!(asked["directory"], shop.directory.display().to_string());
    let shown = shop.world.q(&["inbox"]).succeeded().out;
    assert!(
        shown.contains("may a.txt be changed?") && shown.contains("- two") && shown.contains("+ three"),
        "{shown}"
    );
    assert_eq!(shop.file("a.txt"), "one\ntwo\n", "nothing is changed before");
    shop.answer("approve", "api");
    until("the next call", || {
        let shown = shop.world.q(&["inbox"]).succeeded().out;
        let without = if Sandbox::is_supported() { " without a sandbox" } else { "" };
        shown.contains(&format!("may this run{without}? cp a.txt 'b c.txt'")).then_some(())
    });
    assert_eq!((shop.file("a.txt"), shop.has("b c.txt")), ("one\nthree\n".into(), false));
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    assert_eq!(shop.file("b c.txt"), "one\nthree\n");
    assert_eq!(shop.told(1), ["     1\tone\n     2\ttwo\n"]);
    assert_eq!(shop.told(3).len(), 3);
    let requests = shop.world.server.requests();
    assert_eq!(requests.len(), 4);
    let names: Vec<&str> = requests[0].body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["function"]["name"].as_str())
        .collect();
    let sandboxed = Sandbox::is_supported().then_some("run_sandboxed");
    let expected: Vec<&str> = ["read", "list", "search", "write", "edit"]
        .into_iter()
        .chain(sandboxed)
        .chain(["run", "fetch", "processes", "output", "stop", "todo"])
        .collect();
    assert_eq!(names, expected);
    // What a later turn is told is what was done, and the answer is the last one.
    shop.world.server.on("and now", Script::new().say("Nothing.").done());
    shop.world.q(&["chat", "-s", "api", "and now"]).succeeded().said("Nothing.");
    assert_eq!(shop.told(4).len(), 3);
}

#[test]
fn without_leave_in_the_configuration_no_tool_is_offered() {
    let shop = Workshop::new("");
    shop.world.server.on("do it", call("run", &json!({ "argv": ["touch", "made"] })));
    shop.begin("api", "do it");
    shop.wait("api").exited(1);
    assert_eq!(shop.world.server.requests()[0].body.get("tools"), None);
    assert!(!shop.has("made"));
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("wants a tool"), "{shown}");
}

#[test]
fn what_is_denied_does_not_run_and_the_model_hears_why() {
    let shop = Workshop::with_tools();
    shop.rounds(
        "do it",
        vec![call("run", &json!({ "argv": ["touch", "made"] })), Script::new().say("As you wish.").done()],
    );
    shop.begin("api", "do it");
    let id = shop.waiting()["id"].as_str().unwrap().to_owned();
    shop.world.q(&["deny", "api", &id, "--", "use", "make"]).succeeded();
    shop.wait("api").succeeded();
    assert!(!shop.has("made"));
    assert_eq!(shop.told(1), ["The person did not allow it; it did not run.\nuse make"]);
    // An answer that was given is given once, and for nothing else.
    shop.world.q(&["approve", "api", &id]).exited(1);
    assert!(!shop.has("made"));
}

#[test]
fn chat_says_that_it_waits_and_how_to_answer() {
    let shop = Workshop::with_tools();
    let line = json!({ "shell": "echo out >made\u{202e}; echo \u{1b}[2K" });
    shop.rounds("do it", vec![call("run", &line), Script::new().say("Done.").done()]);
    let directory = shop.directory.clone();
    let chat = shop.world.start_in(&directory, &["chat", "--new", "api", "do it"]);
    let asked = shop.answer("approve", "api");
    let said = chat.finish().succeeded();
    assert_eq!(said.out, "Done.\n");
    let id = asked["id"].as_str().unwrap();
    let without = if Sandbox::is_supported() { " and without a sandbox" } else { "" };
    for text in [
        &format!("may this run in a shell{without}? echo out >made<U+202E>; echo <U+001B>[2K"),
        "U+202E",
        &format!("q approve api {id}"),
        &format!("q deny api {id}"),
        &directory.display().to_string(),
    ] {
        assert!(said.err.contains(text), "{text:?}: {}", said.err);
    }
    assert!(!said.err.contains('\u{1b}') && !said.err.contains('\u{202e}'), "{}", said.err);
}

/// A command that says which process it is, and goes on until it is ended.
fn endless() -> Value {
    json!({ "shell": "echo goes on; echo $$ >pid.part; mv pid.part pid; trap '' TERM; while :; do sleep 1; done" })
}

pub(crate) fn is_alive(pid: &str) -> bool {
    rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap())
        .is_ok()
}

/// A turn that runs a command without an end, and the process id of that.
fn runs_for_ever() -> (Workshop, String) {
    let shop = Workshop::with_tools();
    shop.rounds("do it", vec![call("run", &endless())]);
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    let pid = until("a command that runs", || fs::read_to_string(shop.directory.join("pid")).ok());
    (shop, pid)
}

#[test]
fn an_interrupt_ends_the_command_and_all_it_started() {
    let (shop, pid) = runs_for_ever();
    assert!(is_alive(&pid));
    shop.world.q(&["interrupt", "api"]).succeeded();
    until("its end", || (!is_alive(&pid)).then_some(()));
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("cut short; what it did until then is not known"), "{shown}");
    assert_eq!(shop.world.server.requests().len(), 1, "it is not asked again by itself");
    // What it had put out by then is known.
    shop.world.server.on("go on", Script::new().say("I see.").done());
    shop.world.q(&["chat", "-s", "api", "go on"]).succeeded();
    let interrupted = "It was interrupted: what it did is not known.\nUntil then it put out:\ngoes on\n";
    assert_eq!(shop.told(1), [interrupted]);
}

#[test]
fn a_call_that_ran_when_the_host_died_is_unknown_and_never_runs_again() {
    let shop = Workshop::with_tools();
    let line = json!({ "shell": "echo run >>runs; while [ ! -e stop ]; do sleep 0.1; done" });
    shop.rounds("do it", vec![call("run", &line)]);
    shop.begin("api", "do it");
    let asked = shop.answer("approve", "api");
    until("a command that runs", || shop.has("runs").then_some(()));
    kill9(shop.world.home.host_pid().unwrap());
    fs::write(shop.directory.join("stop"), "").unwrap();
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("cut short; what it did until then is not known"), "{shown}");
    assert_eq!(
        shop.world
            .q(&["inbox", "--json"])
            .succeeded()
            .json()
            .as_array()
            .map(|all| all.iter().filter(|item| item["wants"] == "consent").count()),
        Some(0)
    );
    // Neither the old consent nor another prompt runs it once more; the model is told.
    shop.world.q(&["approve", "api", asked["id"].as_str().unwrap()]).exited(1);
    shop.world.server.on("go on", Script::new().say("I see.").done());
    shop.world.q(&["chat", "-s", "api", "go on"]).succeeded();
    assert_eq!(shop.told(1), ["It was interrupted: what it did is not known."]);
    assert_eq!(shop.file("runs"), "run\n");
}

#[test]
fn calls_of_one_answer_are_told_together_and_those_that_change_something_keep_their_order() {
    let shop = Workshop::with_tools();
    let both = Script::new()
        .call("write", &json!({ "path": "b.txt", "content": "new\n" }).to_string())
        .call("edit", &json!({ "path": "b.txt", "edits": [{ "old": "new", "new": "newer" }] }).to_string())
        .call("read", r#"{"path":"b.txt"}"#)
        .call("read", r#"{"path":"../../etc/passwd"}"#)
        .call("read", r#"{"path":"a.txt","path":"b.txt"}"#)
        .done();
    shop.rounds("do it", vec![both, Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    let calls = until("two calls that wait", || {
        let inbox = shop.world.q(&["inbox", "--json"]).succeeded().json();
        let calls = inbox.as_array()?.clone();
        (calls.iter().filter(|call| call["wants"] == "consent").count() >= 2).then_some(calls)
    });
    // The last first: it waits for what stands before it all the same.
    for call in calls.iter().rev().filter(|call| call["wants"] == "consent") {
        shop.world.q(&["approve", "api", call["id"].as_str().unwrap()]).succeeded();
    }
    let ended = shop.wait("api");
    ended.succeeded();
    assert_eq!(shop.file("b.txt"), "newer\n");
    let told = shop.told(1);
    assert_eq!(told[..3], ["b.txt is made (4 bytes)\n", "b.txt: 1 piece replaced\n", "     1\tnewer\n"]);
    assert!(
        told[3].contains("outside of the session's directory") && told[4].contains("cannot be used"),
        "{told:?}"
    );
}

#[test]
fn a_host_that_is_stopped_ends_commands_first() {
    let (shop, pid) = runs_for_ever();
    shop.world.q(&["host", "stop", "--force"]).succeeded();
    until("its end", || (!is_alive(&pid)).then_some(()));
}

/// How much of its window a session takes, in tokens.
fn window(shop: &Workshop, name: &str) -> u64 {
    let session = shop.world.session(name);
    session["window"]["tokens"].as_u64().unwrap_or_else(|| panic!("{session}"))
}

#[test]
fn a_file_larger_than_the_window_leaves_room_and_is_summarised_with_all_that_was_said() {
    let shop = Workshop::new("tools = true\ncontext_window = 8000\nstream_options = false");
    fs::write(shop.directory.join("long.txt"), "a line of a long file\n".repeat(3_000)).unwrap();
    let read = json!({ "path": "long.txt" });
    shop.rounds("first wish", vec![call("read", &read), Script::new().say("I read it.").done()]);
    shop.begin("api", "first wish");
    shop.wait("api").succeeded();
    let (told, taken) = (shop.told(1), window(&shop, "api"));
    assert!(told[0].contains("bytes are left out here: the conversation has no room"), "{}", told[0].len());
    assert!((3_000..7_200).contains(&taken), "{taken} of 8000");
    // What fails takes nothing away of what the next request holds, and adds nothing.
    shop.world.server.on("in vain", Script::new().status(400, r#"{"error":{"message":"no"}}"#));
    shop.world.q(&["chat", "-s", "api", "in vain"]).exited(1);
    assert_eq!(window(&shop, "api"), taken);
    shop.rounds("second wish", vec![call("read", &read), Script::new().say("Again.").done()]);
    shop.world.q(&["send", "api", "second wish"]).succeeded();
    shop.wait("api").succeeded();
    let asked = "Summarise the conversation above";
    shop.world.server.on(asked, Script::new().say("He read a long file, twice.").done());
    shop.world.q(&["compact", "api"]).succeeded();
    shop.wait("api");
    let request = shop.world.request(asked).body.to_string();
    for said in
        ["first wish", "[called read]", "a line of a long file", "I read it.", "second wish", "Again."]
    {
        assert!(request.contains(said), "{said} is not summarised: {request}");
    }
    assert!(request.len() < 8000 * 4 && !request.contains("in vain"), "{}", request.len());
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("He read a long file, twice.") && !shown.contains("did not fit"), "{shown}");
    // System prompt and tools are in the next request as well.
    let left = window(&shop, "api");
    assert!((800..2_000).contains(&left), "{left} of 8000");
}

#[test]
fn a_conversation_of_which_nothing_is_sent_is_not_summarised() {
    let shop = Workshop::with_tools();
    shop.world.server.on("in vain", Script::new().status(400, r#"{"error":{"message":"no"}}"#));
    shop.begin("api", "in vain");
    shop.wait("api").exited(1);
    shop.world.q(&["compact", "api"]).succeeded();
    shop.wait("api");
    shop.world.q(&["show", "api"]).succeeded().said("not compacted").said("there is nothing to summarise");
    assert_eq!(shop.world.server.requests().len(), 1, "nobody is asked to summarise nothing");
}

#[test]
fn a_turn_that_q_pauses_between_calls_is_gone_on_with() {
    let shop = Workshop::new("tools = true\ncontext_window = 2000\nstream_options = false");
    fs::write(shop.directory.join("long.txt"), "a line of a long file\n".repeat(3_000)).unwrap();
    shop.world.server.on("read on", call("read", &json!({ "path": "long.txt" })));
    shop.begin("api", "read on");
    shop.wait("api").exited(1);
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("q paused the turn: the model's window is full"), "{shown}");
    shop.world.server.on("Summarise the conversation above", Script::new().say("It reads a file.").done());
    shop.world.q(&["compact", "api"]).succeeded();
    shop.wait("api");
    shop.world.server.on("Go on exactly where you stopped", Script::new().say("There I am.").done());
    shop.world.q(&["continue", "api"]).succeeded();
    shop.wait("api").succeeded();
    shop.world.q(&["show", "api"]).succeeded().said("There I am.");
}

/// A session whose model asks for two commands, one after the other, on 24 × 80 before a person who looks.
fn two_that_ask(args: &[&str]) -> (Workshop, Terminal) {
    let shop = Workshop::with_tools();
    shop.rounds(
        "do it",
        vec![
            call("run", &json!({ "argv": ["touch", "first"] })),
            call("run", &json!({ "argv": ["touch", "second"] })),
            Script::new().say("Done.").done(),
        ],
    );
    shop.begin("api", "do it");
    shop.waiting();
    let terminal = shop.world.terminal(args);
    terminal.wait_text("y once · a always exactly this here");
    (shop, terminal)
}

/// The first call is told no elsewhere.
fn denied_elsewhere(shop: &Workshop, terminal: &Terminal) {
    shop.answer("deny", "api");
    terminal.wait_text("touch second");
}

/// Says yes to the call that waits.
fn says_yes(shop: &Workshop, terminal: &mut Terminal) {
    says_while(terminal, "y", || shop.world.q(&["inbox", "--json"]).succeeded().out.contains("consent"));
    until("the second file", || shop.has("second").then_some(()));
}

/// Types an answer to the first call, and sends it when another one waits.
fn lands_on_no_other_call(args: &[&str], types: impl FnOnce(&mut Terminal)) {
    let (shop, mut terminal) = two_that_ask(args);
    types(&mut terminal);
    denied_elsewhere(&shop, &terminal);
    terminal.send("\r");
    terminal.wait_text("another call waits now");
    assert!(!shop.has("first") && !shop.has("second"));
    says_yes(&shop, &mut terminal);
    assert!(!shop.has("first"));
}

#[test]
fn an_answer_typed_for_one_call_never_lands_on_another() {
    lands_on_no_other_call(&["attach", "api"], |terminal| terminal.type_at("api", "/approve"));
}

#[test]
fn an_answer_typed_for_one_call_never_lands_on_another_line_by_line() {
    lands_on_no_other_call(&["--plain", "attach", "api"], |terminal| terminal.send("/approve"));
}

#[test]
fn the_shell_needs_no_name_where_one_call_waits_and_lists_several() {
    let shop = Workshop::with_tools();
    let two = Script::new()
        .call("run", r#"{"argv":["touch","one"]}"#)
        .call("run", r#"{"argv":["touch","two"]}"#)
        .done();
    shop.rounds("do it", vec![two, Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    let ids = until("two calls that wait", || {
        let inbox = shop.world.q(&["inbox", "--json"]).succeeded().json();
        let ids = inbox.as_array()?.iter().filter_map(|call| call["id"].as_str().map(str::to_owned));
        let ids: Vec<String> = ids.collect();
        (ids.len() == 2).then_some(ids)
    });
    let told = shop.world.q(&["approve", "api"]);
    told.exited(2).told(&ids[0]).told(&ids[1]).told("touch one").told("touch two");
    // Calls that change something keep their order, whichever is answered first.
    let allowed = shop.world.q(&["approve", "api", &ids[1]]).succeeded();
    allowed.told("it runs once what was asked before it is answered");
    assert!(!shop.has("two"));
    // Nobody at this end has seen it: it must be named, but its session need not be.
    shop.world.q(&["deny"]).exited(2).told(&ids[0]);
    let denied = shop.world.q(&["deny", "api", &ids[0]]).succeeded();
    assert!(!denied.err.contains("it runs once"), "{denied:?}");
    shop.wait("api").succeeded();
    assert!(!shop.has("one") && shop.has("two"));
}
