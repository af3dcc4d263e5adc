//! Commands for scripts: answers on standard output, all else on standard error, exit codes, `--json`.

use q_testkit::server::Script;
use rustix::process::Signal;
use serde_json::json;

use crate::screen::{CTRL_D, Person as _, alt};
use crate::world::{World, conversation, eventually, turns};

#[test]
fn chat_answers_on_standard_output_alone() {
    let world = World::new();
    let said = world.q(&["chat", "why", "is", "it", "slow?"]).succeeded();
    assert_eq!((said.out.as_str(), said.err.as_str()), ("echo: why is it slow?\n", ""));
    for from_input in [&["chat"][..], &["chat", "-"]] {
        let said = world.q_reading(from_input, "from a\npipe\n").succeeded();
        assert!(said.out.starts_with("echo: from a\npipe"), "{said:?}");
        assert_eq!(said.err, "");
    }
}

#[test]
fn a_passing_chat_takes_no_place_and_keeps_its_history() {
    let world = World::new();
    world.q(&["chat", "tell about whales"]).succeeded();
    let listed = world.q(&["ls", "--json"]).succeeded().json();
    assert_eq!(listed, json!([]), "archived when it was answered");
    let kept = world.q(&["ls", "--all", "--json"]).succeeded().json();
    assert_eq!((&kept[0]["name"], &kept[0]["presence"]), (&json!("whales"), &json!("closed")));
    let shown = world.q(&["show", "whales"]).succeeded();
    assert_eq!(shown.out, "> tell about whales\necho: tell about whales\n\n");
    world.q(&["chat", "--agent", "guide", &"x".repeat(100)]).succeeded();
    assert_eq!(world.q(&["ls", "--json"]).succeeded().json(), json!([]));
}

#[test]
fn chat_goes_on_in_a_session_and_opens_named_ones() {
    let world = World::new();
    world.q(&["chat", "--new", "api", "first"]).succeeded();
    let said = world.q(&["chat", "-s", "api", "--json", "second"]).succeeded().json();
    assert_eq!(said["session"]["name"], "api");
    assert_eq!(said["answer"], "echo: second");
    assert_eq!(said["outcome"], "done");
    assert_eq!(said["failure"], json!(null));
    let history = turns(&["first", "echo: first", "second"]);
    assert_eq!(conversation(&world.request("second")), history);
    assert_eq!(world.request("second").body["model"], "scripted");
    // What was printed is read.
    assert_eq!(world.session("api")["unread"], 0);
}

#[test]
fn a_script_runs_three_sessions_at_once_and_collects_their_answers() {
    let world = World::new();
    for (name, prompt) in [("one", "work on one"), ("two", "work on two"), ("three", "work on three")] {
        world.gated(prompt, "Begun ", "all", &format!("{name}, ended {name}."));
        let made = world.q(&["new", "-d", "--json", name, "--", prompt]).succeeded().json();
        assert_eq!(made["name"], name);
        assert!(made["prompt"].is_u64(), "{made}");
    }
    world.wait_for_streams(3);
    assert_eq!(world.session("two")["activity"], "working");
    world.q(&["wait", "one", "--timeout", "0"]).exited(1).told("the work goes on");
    // A second prompt waits its turn.
    let queued = world.q(&["send", "two", "and then?"]).succeeded();
    assert!(queued.out.trim().parse::<u64>().is_ok(), "{queued:?}");
    assert_eq!(world.session("two")["queued"], 1);

    world.server.open("all");
    world.q(&["wait", "one", "two", "three"]).succeeded();
    for (name, last) in
        [("one", "Begun one, ended one."), ("two", "echo: and then?"), ("three", "Begun three, ended three.")]
    {
        let shown = world.q(&["show", "--json", name]).succeeded().json();
        let entries = shown["entries"].as_array().unwrap();
        assert_eq!(entries.last().unwrap()["text"], last);
        assert_eq!(entries.last().unwrap()["role"], "assistant");
        assert_eq!(shown["older"], false);
    }
    let history = turns(&["work on two", "Begun two, ended two.", "and then?"]);
    assert_eq!(conversation(&world.request("and then?")), history);
    let newest = world.q(&["show", "two", "--tail", "1"]).succeeded();
    assert_eq!(newest.out.trim_end(), "echo: and then?");
    world.q(&["wait", "--any", "one", "two"]).succeeded();
}

#[test]
fn sessions_are_listed_renamed_and_closed() {
    let world = World::new().with_sessions(&["api", "plan"]);
    world.q(&["rename", "api", "handler"]).succeeded();
    world.q(&["close", "plan"]).succeeded().told("q show plan");
    let open = world.q(&["ls"]).succeeded();
    assert!(open.out.contains("handler") && !open.out.contains("plan"), "{open:?}");
    let all = world.q(&["ls", "--all"]).succeeded();
    assert!(all.out.contains("plan"), "{all:?}");
    let rows = world.q(&["ls", "--json"]).succeeded().json();
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert_eq!(rows[0]["slot"], 1);
    // A closed session is still to be read, and its name and slot are free again.
    world.q(&["show", "plan"]).succeeded();
    world.q(&["new", "-d", "plan"]).succeeded();
    assert_eq!(world.q(&["ls", "--json"]).json()[1]["slot"], 2);
    world.server.on("fail", Script::new().status(500, "no").retry_after(0));
    world.q(&["send", "plan", "fail"]).succeeded();
    world.q(&["wait", "plan"]).exited(1);
    let waiting = world.q(&["ls", "--waiting", "--json"]).succeeded().json();
    assert_eq!(waiting.as_array().map(Vec::len), Some(1));
    assert_eq!(waiting[0]["failure"], "server_error");
}

/// What is printed of a turn that failed says of its session what the list says: it stopped, and why.
#[test]
fn a_failed_turn_and_its_session_are_told_as_one() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("fail", Script::new().status(401, r#"{"error":{"message":"bad key"}}"#));
    world.server.on("half", Script::new().say("Ha").cut());
    for (prompt, failure) in [("fail", "wrong_key"), ("half", "cut")] {
        let told = world.q(&["chat", "-s", "api", "--json", prompt]).exited(1).json();
        assert_eq!(told["outcome"], "failed", "{told}");
        assert_eq!(told["session"]["failure"], failure, "{told}");
        assert_eq!(told["session"]["activity"], "failed", "{told}");
    }
}

#[test]
fn each_end_has_its_exit_code() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("fail", Script::new().status(401, r#"{"error":{"message":"bad key"}}"#));
    world.server.on("dig", Script::new().say("Digging.").silence());
    for (args, code, told) in [
        (&["chat", "hello"][..], 0, ""),
        (&["chat", "-s", "api", "fail"], 1, "the server rejects the key"),
        (&["retry", "api"], 0, ""),
        (&["wait", "api"], 1, ""),
        (&["interrupt", "api"], 1, "nothing runs"),
        (&["chat"], 2, "an empty prompt is not sent"),
        (&["chat", "-s", "api", "--new", "other", "x"], 2, "cannot be used with"),
        (&["nonsense"], 2, "there is no command `q nonsense`"),
        (&["new", "-d", "1st"], 2, "must begin with a letter"),
        (&["new", "-d", "--kind", "debugging"], 2, "debugging"),
        (&["new", "-d", "--agent", "opnai"], 2, "did you mean `openai`"),
        (&["new", "-d", "--cwd", "/nowhere"], 2, "/nowhere"),
        (&["show", "nobody"], 3, "there is no session `nobody`"),
        (&["show", "apu"], 3, "did you mean `api`"),
        (&["chat", "-s", "nobody", "x"], 3, "there is no session `nobody`"),
        (&["send", "nobody", "x"], 3, "there is no session `nobody`"),
        (&["new", "-d", "api"], 1, "taken by session 1; try `api-2`"),
    ] {
        world.q(args).exited(code).told(told);
    }
    world.q(&["send", "api", "dig"]).succeeded();
    world.wait_for_streams(1);
    world.q(&["close", "api"]).exited(1).told("--force");
    world.q(&["interrupt", "api"]).succeeded();
    world.q(&["wait", "api"]).exited(130);
    world.q(&["send", "api", "dig"]).succeeded();
    world.q(&["close", "--force", "api"]).succeeded();
    world.wait_for_streams(0);
}

#[test]
fn sessions_open_in_the_terminal_they_are_asked_for_in() {
    let world = World::new().with_sessions(&["api"]);
    let terminal = world.terminal(&["new", "plan", "--kind", "planning", "--", "plan the move"]);
    terminal.wait_prompt("plan");
    terminal.wait_text("echo: plan the move");
    assert_eq!(world.session("plan")["kind"], "planning");
    world.terminal(&["attach", "pl"]).wait_prompt("plan");
    world.terminal(&["attach", "1"]).wait_prompt("api");
    let astray = world.terminal(&["attach", "plam"]);
    assert_eq!(astray.wait_exit().exit_code(), 3);
    assert!(astray.screen_text().contains("did you mean `plan`?"), "{}", astray.screen_text());
    assert!(!astray.raw().contains(&0x1b), "the screen was never taken");
}

#[test]
fn a_prompt_behind_a_turn_that_fails_still_waits_and_says_so() {
    let world = World::new().with_sessions(&["api"]);
    world.server.once("dig", Script::new().say("Digging.").wait_for("dig").cut());
    world.q(&["send", "api", "dig"]).succeeded();
    world.wait_for_streams(1);
    let chat = world.start(&["chat", "-s", "api", "and then?"]);
    eventually("the prompt waits", || world.session("api")["queued"] == 1);
    world.server.open("dig");
    let said = chat.finish().exited(1).told("waits");
    assert_eq!(said.out, "");
    assert_eq!(world.session("api")["queued"], 1);
    world.q(&["retry", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    assert!(world.q(&["show", "api"]).out.trim_end().ends_with("echo: and then?"));
}

#[test]
fn the_eleventh_live_session_has_a_place_unless_none_of_the_others_can_hibernate() {
    let names: Vec<String> = (1..=10).map(|number| format!("s{number}")).collect();
    let world = World::new().with_sessions(&names.iter().map(String::as_str).collect::<Vec<_>>());
    world.q(&["new", "-d", "one-more"]).succeeded().told("s1 hibernates now to make room");
    assert_eq!(world.session("s1")["presence"], "hibernated");
    assert_eq!(world.session("one-more")["slot"], 11);
    for name in names.iter().map(String::as_str).skip(1).chain(["one-more"]) {
        world.q(&["pin", name]).succeeded();
    }
    world.q(&["new", "-d", "too-many"]).exited(4).told("limits.live_sessions");
    world.q(&["chat", "too many"]).exited(4).told("q close NAME");
    world.q(&["close", "s5"]).succeeded();
    world.q(&["new", "-d", "too-many"]).succeeded();
    assert_eq!(world.session("too-many")["slot"], 5);
}

#[test]
fn a_signal_interrupts_the_turn_and_keeps_what_came() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("dig", Script::new().say("Digging on.").silence());
    let chat = world.start(&["chat", "-s", "api", "dig"]);
    world.wait_for_streams(1);
    eventually("the text is kept", || world.q(&["show", "api"]).out.contains("Digging on."));
    chat.signal(Signal::INT);
    let said = chat.finish().exited(130).told("the text so far is kept");
    assert_eq!(said.out, "Digging on.\n");
    world.wait_for_streams(0);
    assert_eq!(world.session("api")["activity"], "interrupted");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("dig", "Digging.", "dig", " Found it.");
    let mut chat = world.start(&["chat", "-s", "api", "dig"]);
    world.wait_for_streams(1);
    chat.stop_reading();
    world.server.open("dig");
    let said = chat.finish().succeeded();
    assert_eq!(said.err, "");
    assert!(world.q(&["show", "api"]).out.contains("Digging. Found it."));
}

#[test]
fn figures_count_sessions_turns_and_switches() {
    let world = World::new().with_sessions(&["api", "plan"]);
    world.q(&["chat", "-s", "api", "hello"]).succeeded();
    let mut terminal = world.open();
    for (key, name) in [('2', "plan"), ('1', "api"), ('2', "plan")] {
        terminal.send(alt(key));
        terminal.wait_prompt(name);
    }
    eventually("three switches are counted", || {
        world.q(&["stats", "--json"]).json()["switches"]["count"] == 3
    });
    let figures = world.q(&["stats", "--json"]).succeeded().json();
    assert_eq!(figures["sessions_created"], 2);
    assert_eq!(figures["turns"], 1);
    assert!(figures["switches"]["p95_us"].as_u64() >= figures["switches"]["p50_us"].as_u64());
    let table = world.q(&["stats"]).succeeded().out;
    assert!(table.contains("switches    3 (p50 "), "{table}");
    assert!(table.contains("2 live, 2 created"), "{table}");
}

#[test]
fn the_host_tells_how_it_is_and_stops_when_told() {
    let world = World::new();
    let status = world.q(&["host", "status", "--json"]).exited(5).json();
    assert_eq!(status, json!({"running": false}));
    world.q(&["host", "stop"]).succeeded().told("no host runs");
    let world = world.with_sessions(&["api"]);
    let status = world.q(&["host", "status", "--json"]).succeeded().json();
    assert_eq!((&status["running"], &status["live"]), (&json!(true), &json!(1)));
    world.q(&["host", "status"]).succeeded().said("1 of 10 sessions live").said("0 attached");
    let mut terminal = world.open_at("api");
    world.q(&["host", "status"]).succeeded().said("1 attached");
    terminal.send(CTRL_D);
    terminal.wait_exit();
    let logs = world.q(&["host", "logs"]).succeeded().out;
    assert!(logs.starts_with(world.home.path().to_str().unwrap()), "{logs}");
    world.q(&["host", "stop"]).succeeded().told("sessions are kept");
    world.q(&["host", "status"]).exited(5);
    assert_eq!(world.session("api")["presence"], "live");
}

#[test]
fn stopping_the_host_interrupts_what_runs_and_asks_nothing_again() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("dig", Script::new().say("Digging on.").silence());
    world.q(&["send", "api", "dig"]).succeeded();
    world.wait_for_streams(1);
    eventually("the text is kept", || world.q(&["show", "api"]).out.contains("Digging on."));
    world.q(&["host", "stop"]).succeeded();
    world.wait_for_streams(0);
    let shown = world.q(&["show", "api"]).succeeded().out;
    assert!(
        shown.contains("Digging on.") && shown.contains("interrupted here (the host was stopped)"),
        "{shown}"
    );
    assert_eq!(world.server.requests().len(), 1);
    world.q(&["retry", "api"]).succeeded();
    world.wait_for_requests(2);
}

#[test]
fn the_guide_answers_where_nothing_is_configured_and_it_is_named() {
    let world = World::unnamed();
    let said =
        world.q(&["chat", "--agent", "guide", "--json", "how do I switch sessions?"]).succeeded().json();
    assert_eq!(said["session"]["agent"], "guide");
    assert!(said["answer"].as_str().unwrap().contains("/switch"), "{said}");
    assert_eq!(world.server.requests().len(), 0);
    let agents = world.q(&["agents", "--json"]).succeeded().json();
    assert_eq!(agents.as_array().map(Vec::len), Some(1));
}

#[test]
fn keys_are_sent_to_the_agent_and_shown_nowhere() {
    let mut world = World::new();
    world.home.set("OPENAI_API_KEY", "sk-very-secret");
    world.home.set("Q_LOG", "trace");
    world.q(&["chat", "--new", "api", "hello"]).succeeded();
    assert_eq!(world.request("hello").authorization.as_deref(), Some("Bearer sk-very-secret"));
    for args in [&["agents"][..], &["agents", "--json"], &["ls", "--json"], &["host", "status"]] {
        let said = world.q(args).succeeded();
        assert!(!said.out.contains("secret") && !said.err.contains("secret"), "{said:?}");
    }
    world.q(&["host", "stop"]).succeeded();
    for file in files_under(world.home.path()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let found = bytes.windows(11).any(|window| window == b"very-secret");
        assert!(!found, "the key stands in {}", file.display());
    }
}

/// What stands in a log may be sent to whoever helps: nobody's words, and no key, whoever said it.
#[test]
fn no_filter_brings_keys_or_words_into_the_log() {
    for filter in ["trace", "info", "hyper=trace,rustls=trace", "q=trace"] {
        let mut world = World::new();
        world.home.set("OPENAI_API_KEY", "sk-canary-key");
        world.home.set("Q_LOG", filter);
        world.server.on("canary-prompt", Script::new().say("canary-reply").done());
        let body = r#"{"error":{"message":"canary-body: no such key: sk-canary-key"}}"#;
        world.server.on("canary-refused", Script::new().status(401, body));
        world
            .server
            .on("canary-cut", Script::new().say("canary-reply").raw("canary-body sk-canary-key\n\n").cut());
        world.q(&["chat", "canary-prompt"]).succeeded().said("canary-reply");
        world.q(&["chat", "canary-refused"]).exited(1);
        world.q(&["chat", "canary-cut"]).exited(1);
        world.q(&["host", "stop"]).succeeded();
        let logs = world.q(&["host", "logs"]).succeeded().out;
        let files = files_under(logs.trim().as_ref());
        let logged: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
        let text = String::from_utf8_lossy(&logged);
        assert!(text.contains("turn") || filter.starts_with("hyper"), "{filter}: q's own lines: {text}");
        for canary in ["canary-key", "canary-prompt", "canary-reply", "canary-body"] {
            assert!(!text.contains(canary), "{filter}: {canary}: {text}");
        }
    }
}

fn files_under(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files.extend(files_under(&entry.path())),
            kind if kind.is_file() => files.push(entry.path()),
            _socket_or_link => {}
        }
    }
    files
}

#[test]
fn help_is_a_command_too() {
    let world = World::new();
    for (command, option) in [
        (&["help", "chat"][..], &["chat", "--help"][..]),
        (&["help", "host", "status"], &["host", "status", "--help"]),
    ] {
        let helped = world.q(command).succeeded();
        assert!(helped.out.contains("Usage: q"), "{helped:?}");
        assert_eq!(helped.out, world.q(option).succeeded().out);
    }
    world.q(&["help", "nonsense"]).exited(2).told("nonsense");
}

/// Who reads JSON gets it, also where nothing could be read to ask with.
#[test]
fn a_broken_configuration_is_an_object_too() {
    let world = World::new();
    let config = world.home.directory("XDG_CONFIG_HOME").join("q");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), "agent = [\n").unwrap();
    let refused = world.q(&["chat", "--json", "hello"]).exited(2);
    let said: serde_json::Value = serde_json::from_str(&refused.out).unwrap();
    assert_eq!(said["outcome"], "refused", "{said}");
    assert!(said["failure"].as_str().unwrap().contains("config.toml"), "{said}");
}

/// Words that a thought divides are words: nothing stands between them that nobody said.
#[test]
fn an_answer_has_no_blank_line_around_a_thought() {
    let world = World::new();
    let piece = |delta: &str| format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
    let said = [r#"{"content":"Hel"}"#, r#"{"reasoning":"hm"}"#, r#"{"content":"lo"}"#].map(piece).concat();
    world.server.on("think", Script::new().raw(said).done());
    assert_eq!(world.q(&["chat", "think"]).succeeded().out, "Hello\n");
    let said = world.q(&["chat", "--json", "think"]).succeeded().out;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["answer"], "Hello");
}

#[test]
fn what_is_too_long_for_the_wire_is_refused_with_its_limit() {
    let world = World::new().with_sessions(&["one"]);
    let text = "x".repeat(17 << 20);
    world.q_reading(&["send", "one", "-"], text).exited(4).told("too long to be sent").told("16777216");
    assert_eq!(world.session("one")["entries"], 0);
}

/// A script whose environment lost its model must not take pages of the manual for an answer.
#[test]
fn scripts_without_a_model_stop_and_say_what_is_missing() {
    let mut world = World::unnamed();
    let config = world.home.directory("XDG_CONFIG_HOME").join("q/config.toml").display().to_string();
    for args in [
        &["chat", "hello"][..],
        &["chat", "--json", "hello"],
        &["chat", "--new", "api", "hello"],
        &["new", "-d", "api"],
        &["new", "-d", "api", "--", "hello"],
        &["new", "api", "--", "hello"],
    ] {
        let refused = world.q(args).exited(1).told("no model is configured here").told("OPENAI_API_KEY");
        let refused = refused.told(&config).told("q chat --agent guide");
        if args.contains(&"--json") {
            assert_eq!(refused.json()["outcome"], "refused", "{refused:?}");
        } else {
            assert_eq!(refused.out, "", "{refused:?}");
        }
    }
    world.q_reading(&[], "hello\n").exited(1).said("no model is configured here");
    assert_eq!(world.q(&["ls", "--all", "--json"]).succeeded().json(), json!([]), "nothing was made for it");

    // Who names the guide gets it, and a session keeps who answers in it; that is said where it was not asked for.
    world.q(&["new", "-d", "help", "--agent", "guide"]).succeeded();
    let said = world.q(&["chat", "-s", "help", "how do I switch sessions?"]).succeeded().said("/switch");
    said.told("the guide answers in help");
    world.q(&["send", "help", "how do I switch?"]).succeeded().told("the guide answers in help");
    world.home.set("Q_AGENT", "guide");
    let said = world.q(&["chat", "how do I switch sessions?"]).succeeded().said("/switch");
    assert_eq!(said.err, "");
    world.home.set("Q_AGENT", "");
    // In front of a person it is the welcome.
    let mut terminal = world.open_at("help");
    terminal.send_line("/new");
    terminal.wait_bar("2 ");
    terminal.enter("how do I switch sessions?", "/switch");
}

#[test]
fn standard_input_is_added_to_the_words() {
    let world = World::new().with_sessions(&["api"]);
    let asked = |text: &str| world.request(text).last_user_text().to_owned();
    world.q_reading(&["chat", "explain", "this"], "X = 1\n").succeeded();
    assert_eq!(asked("explain"), "explain this\n\nX = 1\n");
    world.q_reading(&["send", "api", "review"], "Y = 2").succeeded();
    world.q(&["wait", "api"]).succeeded();
    assert_eq!(asked("review"), "review\n\nY = 2");
    world.q_reading(&["new", "-d", "new", "--", "look"], "Z = 3").succeeded();
    world.q(&["wait", "new"]).succeeded();
    assert_eq!(asked("look"), "look\n\nZ = 3");
    for (prompt, input) in [("alone", ""), ("blank", " \n\n")] {
        world.q_reading(&["chat", prompt], input).succeeded();
        assert_eq!(asked(prompt), prompt);
    }
    world.q_reading(&["chat", "-"], "dash").succeeded();
    assert_eq!(asked("dash"), "dash");
    world
        .q_reading(&["chat", "words"], b"caf\xe9".to_vec())
        .exited(2)
        .told("byte 3 is the first that is not");
    let long = "x".repeat((16 << 20) + 1);
    world.q_reading(&["chat", "words"], long).exited(4).told("too long to be sent").told("16777216");
    // A terminal is nobody's text.
    let terminal = world.terminal(&["chat", "at a terminal"]);
    terminal.wait_text("echo: at a terminal");
    terminal.wait_exit();
    assert_eq!(asked("at a terminal"), "at a terminal");
}

/// Nobody may ever write into what a script inherited: it is said what is waited for.
#[test]
fn a_pipe_that_nobody_ends_is_told() {
    let world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = world.home.command(std::path::Path::new(env!("CARGO_BIN_EXE_q")));
    command.args(["chat", "hello"]).stdin(reader).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.take().unwrap()), &mut told)
        .unwrap();
    assert!(told.contains("reading standard input") && told.contains("< /dev/null"), "{told}");
    drop((writer, command));
    let said = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "echo: hello\n");
}

#[test]
fn line_ends_and_marks_of_all_systems_are_read_alike_at_every_door() {
    let world = World::new().with_sessions(&["api"]);
    let windows = "\u{feff}one\r\ntwo\rthree";
    let meant = "one\ntwo\nthree";
    let last = |world: &World| world.server.requests().last().unwrap().last_user_text().to_owned();
    world.q_reading(&["chat"], windows).succeeded();
    assert_eq!(last(&world), meant, "standard input alone");
    world.q_reading(&["chat", windows], windows).succeeded();
    assert_eq!(last(&world), format!("{meant}\n\n{meant}"), "words and standard input");
    world.q(&["send", "api", windows]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    assert_eq!(last(&world), meant, "words");
    world.q_reading(&["attach", "api"], "\u{feff}a line\r\n").succeeded();
    assert_eq!(last(&world), "a line", "plain mode");
    let mut terminal = world.attach("api");
    terminal.send(crate::screen::pasted(&format!("{windows} pasted")));
    terminal.wait_text("three pasted");
    terminal.send("\r");
    eventually("it is asked", || last(&world).ends_with("pasted"));
    assert_eq!(last(&world), format!("{meant} pasted"), "a paste");
    let entries = json!([{ "no": 1, "role": "user", "text": windows }, { "no": 2, "role": "assistant", "text": windows }]);
    let document = json!({ "format": "q-session", "version": 1, "name": "file", "agent": "openai", "entries": entries,
        "system_prompt": windows, "draft": windows, "queue": [windows] });
    world.q_reading(&["import", "-"], format!("\u{feff}{document}\r\n")).succeeded();
    let exported = world.q(&["export", "file"]).succeeded().json();
    assert_eq!((&exported["system_prompt"], &exported["draft"]), (&json!(meant), &json!(meant)), "an import");
    assert_eq!((&exported["queue"], &exported["entries"][0]["text"]), (&json!([meant]), &json!(meant)));
    assert_eq!(exported["entries"][1]["text"], windows, "what an agent said stays as it is");
    world.home.configure("\u{feff}[kinds.docs]\r\nsystem_prompt = \"write\"\r\n");
    world.q(&["new", "-d", "docs", "--kind", "docs"]).succeeded();
}

#[test]
fn a_tag_that_no_session_has_is_told() {
    let world = World::new().with_sessions(&["api", "old"]);
    world
        .q(&["ls", "--tag", "nosuch"])
        .succeeded()
        .told("no session has the tag `nosuch`")
        .told("q tag SESSION");
    world.q(&["tag", "api", "+work"]).succeeded();
    world.q(&["tag", "old", "+past"]).succeeded();
    world.q(&["close", "old"]).succeeded();
    world.q(&["ls", "--tag", "wrok"]).succeeded().told("did you mean `work`?");
    world.q(&["ls", "--tag", "past"]).succeeded().told("only closed sessions").told("q ls --all --tag past");
    world
        .q(&["ls", "--tag", "work", "--waiting"])
        .succeeded()
        .told("no session with the tag `work` needs you");
    world.q(&["ls", "--waiting"]).succeeded().told("nothing needs you");
    let listed = world.q(&["ls", "--json", "--tag", "nosuch"]).succeeded().told("no session has the tag");
    assert_eq!(listed.json(), json!([]));
    world.q(&["ls", "--tag", "work"]).succeeded().said("api");
}

#[test]
fn commands_of_other_programs_suggest_what_is_meant() {
    let world = World::new();
    for (typed, meant) in [
        ("switch", "q attach SESSION"),
        ("list", "q ls"),
        ("kill", "q interrupt SESSION"),
        ("kill", "q close SESSION"),
        ("provider", "q agents"), // `model` is a command itself
        ("search", "q show SESSION"),
        ("rm", "q delete SESSION"),
        ("sned", "q send"),
        ("/sessions", "q ls"),
        ("xyzzy", "q --help"),
        ("xyzzy", "q attach xyzzy"),
    ] {
        let refused =
            world.q(&[typed, "api"]).exited(2).told(&format!("there is no command `q {typed}`")).told(meant);
        assert_eq!(refused.out, "");
    }
    world.q(&["host", "stauts"]).exited(2).told("there is no command `q host stauts`").told("q host status");
    world.q(&["help", "sned"]).exited(2).told("did you mean").told("send");
}
