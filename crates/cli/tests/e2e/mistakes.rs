//! Bad input and a hostile world: each gets a clear line with a way out, and nothing typed is lost.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::{io, thread};

use q_testkit::process::is_alive;
use q_testkit::server::Script;

use crate::run::Run;
use crate::screen::{Person as _, UP, leader, pasted};
use crate::world::World;

#[test]
fn what_is_mistyped_says_why_and_is_one_key_away() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    for (typed, told) in [
        ("/swich plan", "did you mean /switch?"),
        ("/frobnicate", "/help lists the commands"),
        ("/switch plam", "did you mean plan?"),
        ("/switch 9", "/sessions lists them"),
        ("/rename", "/rename NAME"),
        ("/rename two words", "try two-words"),
        ("/rename 1st", "must begin with a letter"),
        ("/rename plan", "taken by session 2; try `plan-2`"),
        ("/new plan", "taken by session 2; try `plan-2`"),
        ("/new debgu", "did you mean /new debug?"),
        ("/export", "in a shell: q export SESSION"),
        ("/steer that way", "nothing runs here"),
        ("/help frobnicate", "nothing in the help mentions"),
        ("/close nobody", "/sessions lists them"),
        ("/unqueue", "no prompt waits here"),
        ("/retry", "nothing to retry"),
    ] {
        terminal.send_line(typed);
        terminal.wait_text(told);
        terminal.wait_prompt("api");
        terminal.send(UP);
        terminal.wait_typed("api", typed);
        terminal.send("\x15");
        terminal.wait_prompt("api");
    }
    assert_eq!(world.server.requests().len(), 0, "no command reaches the agent");
    // A path is a prompt once it says that it is one.
    terminal.enter("//etc/hosts is wrong", "echo: /etc/hosts is wrong");
}

#[test]
fn an_empty_name_is_refused_where_it_is_typed() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    terminal.send(leader("r"));
    terminal.wait_text("Enter renames");
    terminal.send("\x15\r");
    terminal.wait_text("it is empty");
    terminal.wait_text("Enter renames");
    terminal.send("ok\r");
    terminal.wait_prompt("ok");
    world.q(&["new", "-d", ""]).exited(2).told("it is empty");
    world.q(&["rename", "ok", ""]).exited(2).told("it is empty");
}

#[test]
fn a_session_for_which_none_can_hibernate_is_refused_with_the_way_out() {
    let names: Vec<String> = (1..=10).map(|number| format!("s{number}")).collect();
    let world = World::new().with_sessions(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for name in &names {
        world.q(&["pin", name]).succeeded();
    }
    let mut terminal = world.open_at("s1");
    terminal.wait_bar("10 of 10");
    terminal.enter("/new one-more", "10 sessions are live");
    terminal.wait_text("/close NAME");
    terminal.wait_prompt("s1");
    terminal.send_line("/close s9");
    terminal.wait_bar("9 of 10");
    terminal.make("one-more");
    terminal.wait_bar("10 of 10");
}

#[test]
fn an_unreachable_agent_can_be_asked_again_once_it_is_there() {
    let mut world = World::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.home.set("OPENAI_BASE_URL", &format!("http://{closed}/v1"));
    let world = world.with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    terminal.enter("anybody there?", "no agent reachable");
    terminal.wait_text("then /retry");
    terminal.wait_bar("[1 api ✗");
    forward(closed, &world.server.base_url());
    terminal.enter("/retry", "echo: anybody there?");
    terminal.wait_bar("[1 api]");
}

/// Lets the server be reached at another address too.
fn forward(from: SocketAddr, base_url: &str) {
    let to: SocketAddr = base_url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap();
    let listener = TcpListener::bind(from).unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(to).unwrap());
            let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (mut from_client, mut to_server) = (client, server);
            thread::spawn(move || io::copy(&mut from_client, &mut to_server));
            thread::spawn(move || io::copy(&mut from_server, &mut to_client));
        }
    });
}

#[test]
fn what_the_server_refuses_is_told_by_its_remedy() {
    let world = World::new().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    for (prompt, status, body, told) in [
        (
            "wrong key",
            401,
            r#"{"error":{"message":"Incorrect API key"}}"#,
            ["rejects the key", "set it where"],
        ),
        (
            "no model",
            404,
            r#"{"error":{"message":"model not found"}}"#,
            ["does not know this model", "/model NAME"],
        ),
        ("too fast", 429, r#"{"error":{"message":"slow down"}}"#, ["asks to slow down", "wait a little"]),
        ("broken", 500, "oops", ["the server failed", "/retry asks again"]),
    ] {
        // What may pass is asked again by itself, five times.
        let times = if status == 429 || status == 500 { 6 } else { 1 };
        for _ in 0..times {
            world.server.once(prompt, Script::new().status(status, body).header("retry-after", "0"));
        }
        terminal.send_line(prompt);
        for text in told {
            terminal.wait_for(&format!("{text:?}"), |screen| joined(&screen.contents()).contains(text));
        }
        terminal.wait_bar("[1 api ✗");
        terminal.send_line("/retry");
        terminal.wait_text(&format!("echo: {prompt}"));
        terminal.wait_bar("[1 api]");
    }
}

/// The words of a screen, whatever rows they were wrapped into.
fn joined(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_cut_answer_is_kept_and_marked() {
    let world = World::new().with_sessions(&["api"]);
    world.server.once("dig", Script::new().say("Digging as far as").cut());
    let mut terminal = world.open_at("api");
    terminal.enter("dig", "Digging as far as");
    terminal.wait_text("the answer was cut off");
    terminal.wait_text("/retry asks again");
    terminal.enter("/retry", "echo: dig");
    assert!(terminal.screen_text().contains("Digging as far as"), "what came stays");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let world = World::new();
    let agent = format!(
        "agent = \"slow\"\n[agents.slow]\nbase_url = \"{}\"\nmodel = \"scripted\"\nidle_timeout = 1\n",
        world.server.base_url()
    );
    world.home.configure(&agent);
    world.server.on("dig", Script::new().say("Digging.").silence());
    let said = world.q(&["chat", "dig"]).exited(1).told("the server fell silent").told("q retry");
    assert_eq!(said.out, "Digging.\n");
    world.wait_for_streams(0);
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_line() {
    let world = World::new();
    world.home.configure("agent = \"openai\"\n[limits]\nstore_bytes = 1000000\nlive_session = 3\n");
    for args in [&[][..], &["chat", "hello"], &["ls"], &["host", "status"]] {
        world
            .q(args)
            .exited(2)
            .told("line 4")
            .told("did you mean `live_sessions`?")
            .told("Q_CONFIG=/dev/null");
    }
    let terminal = world.open();
    assert_eq!(terminal.wait_exit().exit_code(), 2);
    assert!(terminal.screen_text().contains("did you mean `live_sessions`?"));
    assert!(!terminal.raw().contains(&0x1b), "the screen was never taken");
}

#[test]
fn a_mistake_in_one_agent_costs_that_agent_alone() {
    let world = World::unnamed();
    let works = format!("[agents.works]\nbase_url = \"{}\"\nmodel = \"m\"\n", world.server.base_url());
    world.home.configure(&format!(
        "[agents.cloud]\nprovider = \"azure\"\n[agents.far]\nbase_url = \"127.0.0.1:1/v1\"\n\
         [agents.local]\nbase_url = \"http://127.0.0.1:1/v1\"\nmodle = \"m\"\n{works}"
    ));
    let listed = world.q(&["agents"]).succeeded();
    for line in [
        "  cloud        (config)  cannot be asked: it needs a base_url: where azure is, only you know",
        "  far          (config)  cannot be asked: base_url is not an address",
        "  local        (config)  cannot be asked: line 7: unknown field `modle`",
        "* works        http://127.0.0.1",
    ] {
        assert!(listed.out.lines().any(|listed| listed.starts_with(line)), "{line}: {listed:?}");
    }
    let shape = world.q(&["agents", "--json"]).succeeded().json();
    let why = |name: &str| {
        let found = shape.as_array().unwrap().iter().find(|agent| agent["name"] == name);
        found.unwrap()["unusable"].as_str().unwrap_or_default().to_owned()
    };
    assert!(why("far").contains("it must begin with http://") && why("works").is_empty(), "{shape}");
    world.q(&["ls"]).succeeded();
    assert_eq!(world.q(&["chat", "hello"]).succeeded().out, "echo: hello\n", "the first that can be asked");
    world.q(&["chat", "--agent", "local", "hello"]).exited(2).told("line 7").told("did you mean `model`?");
    world.q(&["chat", "--agent", "far", "hello"]).exited(2).told("it must begin with http://");
    // One that is named is not passed over for another.
    world.home.configure(&format!("agent = \"cloud\"\n[agents.cloud]\nprovider = \"azure\"\n{works}"));
    let listed = world.q(&["agents"]).succeeded();
    assert!(!listed.out.contains('*'), "{listed:?}");
    assert!(listed.err.contains("cloud is to answer in new sessions, and cannot be asked"), "{listed:?}");
    let said = world.q(&["chat", "--json", "hello"]).exited(2).told("it needs a base_url").json();
    assert_eq!(
        (&said["outcome"], &said["session"]),
        (&serde_json::json!("refused"), &serde_json::Value::Null)
    );
    assert!(said["failure"].as_str().unwrap().contains("it needs a base_url"), "{said}");
    assert_eq!(world.server.requests().len(), 1);
}

#[test]
fn what_can_be_no_key_is_told_and_nothing_is_asked_with_it() {
    let mut world = World::unnamed();
    let empty = world.home.directory("HOME").join("empty");
    fs::write(&empty, "\n").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();
    let (server, empty) = (world.server.base_url(), empty.display().to_string());
    world.home.configure(&format!(
        "[agents.file]\nbase_url = \"{server}\"\nmodel = \"m\"\nkey_file = \"{empty}\"\n\
         [agents.blank]\nbase_url = \"{server}\"\nmodel = \"m\"\nkey_env = \"BLANK_KEY\"\n\
         [agents.odd]\nprovider = \"anthropic\"\nbase_url = \"{server}\"\n"
    ));
    world.home.set("BLANK_KEY", "  ");
    world.home.set("ANTHROPIC_API_KEY", "sk-\u{e9}canary");
    for (agent, why) in [
        ("file", format!("{empty} holds no key: it is empty")),
        ("blank", "BLANK_KEY holds no key: it is empty".to_owned()),
        ("odd", "ANTHROPIC_API_KEY holds no key: there are blanks in it, or characters".to_owned()),
    ] {
        let listed = world.q(&["agents"]).succeeded();
        assert!(listed.out.contains(&format!("cannot be asked: {why}")), "{listed:?}");
        let said = world.q(&["chat", "--agent", agent, "hello"]).exited(1).told(&why);
        assert!(!said.err.contains("canary"), "{}", said.err);
    }
    assert!(world.server.requests().is_empty());
}

#[test]
fn a_store_in_other_hands_is_left_alone() {
    let world = World::new().with_sessions(&["api"]);
    world.q(&["host", "stop"]).succeeded();
    let store = world.home.directory("XDG_DATA_HOME").join("q/store");
    let lock = File::options().write(true).open(store.join("lock")).expect("fjall's lock file");
    lock.lock().unwrap();
    world.q(&["ls"]).exited(5).told("another process").told("uses the store").told("XDG_RUNTIME_DIR");
    drop(lock);
    world.q(&["show", "api"]).succeeded();
}

#[test]
fn a_host_that_holds_its_lock_and_hears_nothing_is_told() {
    let world = World::new().with_sessions(&["api"]);
    world.q(&["host", "stop"]).succeeded();
    let runtime = world.home.directory("XDG_RUNTIME_DIR").join("q");
    let lock = fs::read_dir(&runtime).unwrap().flatten().map(|entry| entry.path());
    let lock = lock.into_iter().find(|path| path.extension().is_some_and(|end| end == "host")).unwrap();
    let held = File::options().write(true).open(lock).unwrap();
    held.lock().unwrap();
    world.q(&["ls"]).exited(5).told("a host runs but does not answer");
    drop(held);
    world.q(&["ls"]).succeeded();
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named() {
    let mut world = World::new();
    let file = world.home.path().join("a-file");
    fs::write(&file, "mine").unwrap();
    for directory in ["/proc/q-data".to_owned(), file.display().to_string(), format!("{}/q", file.display())]
    {
        world.home.set("Q_DATA_DIR", &directory);
        world.q(&["chat", "hello"]).exited(5).told(&directory).told("Q_DATA_DIR");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(world.server.requests().len(), 0);
}

#[test]
fn foreign_files_where_the_store_would_be_are_left_alone() {
    let world = World::new();
    let store = world.home.directory("XDG_DATA_HOME").join("q/store");
    fs::create_dir_all(&store).unwrap();
    fs::write(store.join("thesis.txt"), "years of work").unwrap();
    world.q(&["ls"]).exited(5).told("is not a store of q and is left alone").told("move it away");
    assert_eq!(fs::read_to_string(store.join("thesis.txt")).unwrap(), "years of work");
    assert_eq!(fs::read_dir(&store).unwrap().count(), 1);
}

#[test]
fn a_runtime_directory_that_is_a_link_is_refused() {
    let mut world = World::new();
    let elsewhere = world.home.path().join("elsewhere");
    let link = world.home.path().join("link");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    world.home.set("Q_RUNTIME_DIR", &link.display().to_string());
    world.q(&["ls"]).exited(5).told("not a directory of yours alone").told("Q_RUNTIME_DIR");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn a_megabyte_is_pasted_and_sent_whole() {
    let world = World::new().with_sessions(&["api"]);
    world.server.on("line 0", Script::new().say("Read it all.").done());
    let lines: Vec<String> = (0..16_384).map(|line| format!("line {line:06} {}", "x".repeat(52))).collect();
    let text = lines.join("\n");
    assert!(text.len() > 1 << 20);
    let mut terminal = world.open_at("api");
    // Terminals paste carriage returns.
    terminal.send(pasted(&text.replace('\n', "\r")));
    terminal.wait_text("[paste, 16384 lines]");
    terminal.send("\r");
    terminal.wait_text("Read it all.");
    assert!(world.server.requests()[0].last_user_text() == text, "the server saw something else");
}

#[test]
fn a_prompt_beyond_the_limit_is_refused_and_kept() {
    let world = World::new();
    world.home.configure("[limits]\nprompt_bytes = 1000\n");
    let world = world.with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    terminal.send(pasted(&format!("{} the end", "words ".repeat(200))));
    terminal.wait_text("[paste, 1 KB]");
    terminal.send("\r");
    terminal.wait_text("the most allowed is 1000");
    terminal.wait_text("the end");
    assert_eq!(world.server.requests().len(), 0);
    terminal.wait_text("what you type is not saved");
    terminal.send("\x18d");
    terminal.wait_text("not saved: words words");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    world.q_reading(&["chat", "-s", "api"], "x".repeat(1001)).exited(4).told("limits.prompt_bytes");
}

#[test]
fn bytes_that_are_no_text_are_not_sent() {
    let world = World::new();
    let said = world.q_reading(&["chat"], b"caf\xe9".to_vec()).exited(2);
    said.told("byte 3 is the first that is not").told("iconv");
    world.q_reading(&["chat"], Vec::new()).exited(2).told("an empty prompt is not sent");
    world.q(&["new", "-d", "api", "--", " "]).exited(2).told("an empty prompt is not sent");
    assert_eq!(world.server.requests().len(), 0);
    assert_eq!(
        world.q(&["ls", "--all", "--json"]).json(),
        serde_json::json!([]),
        "no session is left behind"
    );
}

#[test]
fn a_mended_key_counts_from_the_next_attempt_on() {
    let mut world = World::new();
    world.home.set("OPENAI_API_KEY", "wrong");
    let mut world = world.with_sessions(&["api"]);
    world.server.once("hello", Script::new().status(401, r#"{"error":{"message":"Incorrect API key"}}"#));
    world.q(&["chat", "-s", "api", "hello"]).exited(1).told("`q agents` says").told("then `q retry api`");
    world.home.set("OPENAI_API_KEY", "right");
    world.q(&["retry", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    let keys: Vec<_> = world.server.requests().into_iter().filter_map(|seen| seen.authorization).collect();
    assert_eq!(keys, ["Bearer wrong", "Bearer right"]);
}

#[test]
fn a_session_whose_agent_is_gone_says_so() {
    let mut world = World::new().with_sessions(&["api"]);
    world.q(&["host", "stop"]).succeeded();
    world.home.set("OPENAI_BASE_URL", "");
    let said = world.q(&["chat", "-s", "api", "hello"]).exited(1);
    said.told("this session's agent is not configured here").told("q retry");
    world.home.set("OPENAI_BASE_URL", &world.server.base_url());
    world.q(&["retry", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    assert!(world.q(&["show", "api"]).out.contains("echo: hello"));
}

/// A shell without the variable that names the place of the socket: cron, su.
#[test]
#[cfg(target_os = "linux")]
fn a_host_whose_socket_is_at_another_place_is_named_with_the_ways_to_it() {
    let mut world = World::new().with_sessions(&["api"]);
    let host = world.home.host_pid().unwrap();
    let here = world.home.directory("XDG_RUNTIME_DIR");
    let elsewhere = world.home.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    world.home.set("XDG_RUNTIME_DIR", elsewhere.to_str().unwrap());
    let who = format!("another process ({host}) uses the store");
    let way_out = "`q host stop`";
    for args in [&["ls"][..], &["host", "restart"]] {
        world.q(args).exited(5).told(&who).told("XDG_RUNTIME_DIR").told(way_out);
    }
    world.q(&["host", "status"]).exited(5).said(&who).said("XDG_RUNTIME_DIR").said(way_out);
    let in_use = format!("in use: a host has it open (process {host})");
    world.q(&["doctor"]).succeeded().said(&in_use).said("XDG_RUNTIME_DIR").said(way_out);

    world.home.set("XDG_RUNTIME_DIR", here.to_str().unwrap());
    world.q(&["doctor"]).succeeded().said(&in_use).said("`q host stop`");
    world.q(&["ls"]).succeeded().said("api");
    world.home.set("XDG_RUNTIME_DIR", elsewhere.to_str().unwrap());
    world.q(&["host", "stop"]).succeeded().told("the host has stopped");
    assert!(!is_alive(host));
    assert_eq!(world.q(&["doctor", "--json"]).succeeded().json()["closed"], true);
    world.q(&["ls"]).succeeded().said("api");
}

#[test]
fn a_home_that_depends_on_where_one_is_is_refused() {
    let world = World::new();
    let home = world.home.directory("HOME");
    let q = |home: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_q"));
        command.env_clear().env("HOME", home).env("XDG_RUNTIME_DIR", world.home.directory("XDG_RUNTIME_DIR"));
        Run::start(command.current_dir("/").args(["agents"]), None).finish()
    };
    q(&home).succeeded();
    let relative = home.strip_prefix("/").unwrap();
    q(relative).exited(2).told("HOME is not an absolute path").told("Q_DATA_DIR");
}

#[test]
fn a_key_that_is_not_set_is_named_with_its_agent_and_the_file() {
    let mut world = World::unnamed();
    let url = world.server.base_url();
    world.home.configure(&format!(
        "agent = \"work\"\n[agents.work]\nbase_url = \"{url}\"\nkey_env = \"WORK_KEY\"\n\
         [agents.within]\nbase_url = \"http://me:s3cret@127.0.0.1:1/v1?api-key=h1dden\"\nmodel = \"m\"\n\
         [agents.filed]\nbase_url = \"{url}\"\nkey_file = \"~/nowhere\"\n[agents.other]\nbase_url = \"{url}\"\nmodel = \"m\"\n"
    ));
    let config = world.home.directory("XDG_CONFIG_HOME").join("q/config.toml").display().to_string();
    for args in [&["chat", "hello"][..], &["new", "-d", "api"], &["chat", "--agent", "work", "hello"]] {
        world.q(args).exited(1).told("agent `work`").told("WORK_KEY").told(&config).told("export WORK_KEY=");
    }
    world
        .q(&["chat", "--agent", "filed", "hello"])
        .exited(1)
        .told("agent `filed`")
        .told("~/nowhere")
        .told("key_file");
    assert_eq!(world.server.requests().len(), 0, "nobody else is asked instead");
    // What asks nobody works, and others answer.
    world.q(&["ls"]).succeeded();
    world.q(&["chat", "--agent", "other", "hello"]).succeeded().said("echo: hello");
    let listed = world.q(&["agents", "--json"]).succeeded().json();
    let told = format!("{listed}{}", world.q(&["agents"]).succeeded().out);
    assert!(!told.contains("s3cret") && !told.contains("h1dden"), "an address shows a key: {told}");
    let unusable = |name: &str| {
        let agent = listed.as_array().unwrap().iter().find(|agent| agent["name"] == name).unwrap().clone();
        agent["unusable"].as_str().unwrap_or_default().to_owned()
    };
    assert!(unusable("work").contains("WORK_KEY") && unusable("filed").contains("~/nowhere"), "{listed}");
    assert_eq!(unusable("other"), "");
    world.q(&["agents"]).succeeded().said("cannot be asked: WORK_KEY");
    let mut terminal = world.open();
    terminal.wait_text("q");
    terminal.enter("hello", "WORK_KEY");
    world.home.set("WORK_KEY", "sk-set");
    world.q(&["chat", "hello"]).succeeded().said("echo: hello");
    assert_eq!(world.server.requests().last().unwrap().authorization.as_deref(), Some("Bearer sk-set"));
    // A session that was made with it is told the same, once no host has the key any more.
    world.q(&["new", "made", "-d"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    world.home.set("WORK_KEY", "");
    world.q(&["chat", "-s", "made", "hello"]).exited(1).told("WORK_KEY").told("agent `work`");
}

#[test]
fn paths_of_the_configuration_mean_the_same_wherever_q_starts() {
    let world = World::unnamed();
    let url = world.server.base_url();
    world.home.configure(&format!(
        "[agents.home]\nbase_url = \"{url}\"\nkey_file = \"~/keys/a\"\n[agents.beside]\nbase_url = \"{url}\"\nkey_file = \"b.key\"\n"
    ));
    let keys = world.home.directory("HOME").join("keys");
    fs::create_dir(&keys).unwrap();
    fs::write(keys.join("a"), "\u{feff}sk-home\r\n").unwrap();
    let beside = world.home.directory("XDG_CONFIG_HOME").join("q/b.key");
    fs::write(&beside, "sk-beside\n").unwrap();
    // What others may read holds no key.
    world.q(&["chat", "--agent", "home", "hello"]).exited(1).told("others may read it").told("chmod 600");
    for file in [&keys.join("a"), &beside] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    for (agent, key) in [("home", "Bearer sk-home"), ("beside", "Bearer sk-beside")] {
        world.q(&["chat", "--agent", agent, "hello"]).succeeded();
        assert_eq!(world.server.requests().last().unwrap().authorization.as_deref(), Some(key));
    }
}
