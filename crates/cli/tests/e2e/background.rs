//! Commands in the background of a session: seen and ended by the person, and over with the session and its host.

use std::fs;

use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::tools::{Workshop, call, is_alive, until};

/// A session in whose background a command goes on that does not end by itself, and the process id of that.
fn goes_on() -> (Workshop, String) {
    goes_on_within("")
}

/// The same, with such limits.
fn goes_on_within(limits: &str) -> (Workshop, String) {
    let shop = Workshop::new(&format!("tools = true\n{limits}"));
    let line = "echo $$ >pid.part; mv pid.part pid; trap '' TERM; while :; do sleep 1; done";
    let served = call("run", &json!({ "shell": line, "background": true }));
    shop.rounds("do it", vec![served, Script::new().say("It runs.").done()]);
    shop.begin("api", "do it");
    shop.approve_shown("api", &["in a shell and ", "in the background?", "it goes on until"]);
    shop.wait("api").succeeded();
    let pid = shop.file("pid");
    assert!(is_alive(&pid), "the turn is over, and it goes on");
    (shop, pid)
}

fn processes(shop: &Workshop) -> Value {
    shop.world.q(&["processes", "api", "--json"]).succeeded().json()
}

#[test]
fn what_goes_on_in_the_background_outlives_an_interrupt_and_ends_when_the_person_says_so() {
    let (shop, pid) = goes_on();
    let all = processes(&shop);
    let number = all[0]["number"].to_string();
    assert_eq!((all.as_array().map(Vec::len), &all[0]["ended"]), (Some(1), &Value::Null));
    let shown = shop.world.q(&["processes", "api"]).succeeded().out;
    assert!(shown.starts_with(&format!("{number}  /bin/sh -c ")) && shown.contains("(runs, "), "{shown}");
    shop.world.q(&["ls"]).succeeded().said("1 in the background");
    assert_eq!(shop.world.session("api")["background"], 1);
    shop.world.server.on("wait", Script::new().silence());
    shop.world.q(&["send", "api", "wait"]).succeeded();
    until("a turn", || (shop.world.server.requests().len() == 3).then_some(()));
    shop.world.q(&["interrupt", "api"]).succeeded();
    shop.wait("api").exited(130);
    assert!(is_alive(&pid), "an interrupt is for the turn");
    let refused = shop.world.q(&["processes", "api", "--kill", "999"]).exited(1);
    assert!(refused.err.contains("there is no process 999"), "{}", refused.err);
    let ended = shop.world.q(&["processes", "api", "--kill", &number]).succeeded().out;
    assert!(ended.contains("(ended, it was stopped, "), "{ended}");
    until("its end", || (!is_alive(&pid)).then_some(()));
    let again = shop.world.q(&["processes", "api", "--kill", &number]).exited(1).err;
    assert!(again.contains(&format!("process {number} had ended already")), "{again}");
    // The model hears of it, once, and so does whoever reads the session.
    for prompt in ["and now", "and then"] {
        shop.world.server.on(prompt, Script::new().say("I see.").done());
        shop.world.q(&["chat", "-s", "api", prompt]).succeeded();
    }
    let told = format!("process {number} has ended: it was stopped (");
    let count = |request: usize| shop.told(request).iter().filter(|said| said.starts_with(&told)).count();
    let last = shop.world.server.requests().len() - 1;
    assert_eq!((count(last - 1), count(last)), (1, 1), "{:?}", shop.told(last));
    assert!(shop.world.q(&["show", "api"]).succeeded().out.contains(&told));
}

#[test]
fn what_goes_on_in_the_background_is_seen_and_makes_room_last() {
    let (shop, pid) = goes_on_within("[limits]\nlive_sessions = 2");
    let mut screen = shop.world.attach("api");
    screen.wait_text("api &1");
    screen.wait_text("1 in the background: /processes");
    screen.send_line("/processes");
    screen.wait_text("/kill-process NUMBER ends one");
    drop(screen);
    shop.world.q(&["new", "one", "-d"]).succeeded();
    shop.world.q(&["new", "two", "-d"]).succeeded().told("one hibernates now to make room; its history");
    assert!(is_alive(&pid));
    shop.world.q(&["pin", "two"]).succeeded();
    let told = "api hibernates now to make room, which ends 1 command in its background";
    shop.world.q(&["new", "three", "-d"]).succeeded().told(told);
    until("its end", || (!is_alive(&pid)).then_some(()));
    assert_eq!(shop.world.session("api")["background"], 0);
}

#[test]
fn what_goes_on_in_the_background_ends_with_its_session() {
    let (shop, pid) = goes_on();
    shop.world.q(&["close", "api"]).succeeded();
    until("its end", || (!is_alive(&pid)).then_some(()));
    shop.world.q(&["reopen", "api"]).succeeded();
    assert_eq!(processes(&shop), json!([]));
    assert_eq!(shop.world.session("api")["background"], 0);
    // Whoever asks next is told that it is gone.
    shop.world.server.on("and now", Script::new().say("I see.").done());
    shop.world.q(&["chat", "-s", "api", "and now"]).succeeded();
    let last = shop.world.server.requests().len() - 1;
    let told = shop.told(last);
    assert!(
        told.last().is_some_and(|said| said.starts_with("no process runs in the background")),
        "{told:?}"
    );
}

#[test]
fn what_goes_on_in_the_background_ends_with_a_host_that_is_killed() {
    let (shop, pid) = goes_on();
    kill9(shop.world.home.host_pid().unwrap());
    until("its end", || (!is_alive(&pid)).then_some(()));
    assert!(fs::exists(shop.directory.join("pid")).unwrap());
}
