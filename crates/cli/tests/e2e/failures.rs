//! What fails: it is marked, not sent again, told in every list, and needs the person until they act. Also what a long
//! history leaves out of a request.

use std::fmt::Write as _;

use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::world::{World, conversation, turns};

/// A server that refuses whatever mentions what it does not like.
fn refusing() -> World {
    let world = World::new();
    world.server.on("bad", Script::new().status(400, r#"{"error":{"message":"not this"}}"#));
    world
}

/// The same, with the talk `api`: a first prompt that was answered, then twice one that was refused.
fn refused_twice(first: &str, refused: &str) -> World {
    let world = refusing();
    world.q(&["chat", "--new", "api", first]).succeeded();
    for _ in 0..2 {
        world.q(&["chat", "-s", "api", refused]).exited(1);
    }
    world
}

/// The entries of a session, as `q show --json` has them.
fn entries(world: &World, name: &str) -> Vec<Value> {
    world.q(&["show", name, "--json"]).succeeded().json()["entries"].as_array().unwrap().clone()
}

#[test]
fn a_prompt_that_was_refused_is_marked_and_goes_out_again_by_a_retry_alone() {
    let world = refused_twice("first", "something bad");
    world.q(&["chat", "-s", "api", "something else"]).succeeded();
    let sent = turns(&["first", "echo: first", "something else"]);
    assert_eq!(conversation(&world.request("something else")), sent);
    let marked: Vec<Value> = entries(&world, "api").iter().map(|entry| entry["answered"].clone()).collect();
    let (no, failed) = (json!(null), json!(false));
    assert_eq!(marked, [&no, &no, &failed, &no, &failed, &no, &no, &no].map(Clone::clone));
    let shown = world.q(&["show", "api"]).succeeded().out;
    assert_eq!(shown.matches("> something bad\n(not answered)\n").count(), 2, "{shown}");
    for (format, mark) in
        [("md", "not answered)\n"), ("html", "You (not answered)"), ("json", r#""answered":false"#)]
    {
        let written = world.q(&["export", "api", "--format", format]).succeeded().out;
        assert_eq!(written.matches(mark).count(), 2, "{format}: {written}");
    }
    // What comes in again is as it was, and what goes out of it too.
    let written = world.q(&["export", "api"]).succeeded().out;
    let said = world.q_reading(&["import", "-", "--name", "copy"], written).succeeded();
    assert_eq!(said.err, "", "no field of it is foreign");
    world.q(&["fork", "copy", "left"]).succeeded();
    for name in ["copy", "left"] {
        let asked = format!("and in {name}?");
        world.q(&["chat", "-s", name, &asked]).succeeded();
        let sent = turns(&["first", "echo: first", "something else", "echo: something else", &asked]);
        assert_eq!(conversation(&world.request(&asked)), sent);
    }
    // A retry asks the prompt itself, once.
    world.q(&["chat", "-s", "api", "the last bad one"]).exited(1);
    world.server.on("the last", Script::new().say("now it is good").done());
    world.q(&["retry", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    let last = world.server.requests().into_iter().next_back().unwrap();
    let sent = turns(&["first", "echo: first", "something else", "echo: something else", "the last bad one"]);
    assert_eq!(conversation(&last), sent);
}

#[test]
fn a_failure_stands_in_every_list_until_somebody_acts() {
    let world = refused_twice("first words", "bad");
    let session = world.session("api");
    assert_eq!(
        (&session["needs"], &session["failures"], &session["unread"]),
        (&json!("failure"), &json!(2), &json!(0))
    );
    assert!(session["error"].as_str().unwrap().contains("not this"), "{session}");
    for args in [&["ls"][..], &["ls", "--waiting"], &["ls", "--verbose"], &["inbox"]] {
        let listed = world.q(args).succeeded().out;
        assert!(listed.contains("2 times: ") && listed.contains("not this"), "{args:?}: {listed}");
        assert!(!listed.contains("first words"), "an older answer is not the last word: {listed}");
    }
    let inbox = world.q(&["inbox", "--json"]).succeeded().json();
    assert_eq!(
        (&inbox[0]["needs"], &inbox[0]["name"], &inbox[0]["id"]),
        (&json!("failure"), &json!("api"), &json!(null))
    );
    let plain = world.q_reading(&["attach", "api"], "/sessions\n/inbox\n/attend\n/quit\n");
    for line in ["(failed 2 times: ", "-  api ", "nothing else needs you"] {
        assert!(plain.out.contains(line) || plain.err.contains(line), "{line}: {plain:?}");
    }
    world.q(&["chat", "-s", "api", "good"]).succeeded();
    assert_eq!(world.session("api")["needs"], json!(null));
    world.q(&["inbox"]).succeeded().told("nothing needs you");
    assert_eq!(world.q(&["inbox", "--json"]).succeeded().json(), json!([]));
}

/// Who waits sees until when, in every frontend, and may stop it: nothing is asked then.
#[test]
fn the_wait_to_ask_again_is_seen_and_can_be_stopped() {
    let world = World::new();
    world.server.once("slowly", Script::new().status(529, "busy").retry_after(1));
    let said = world.q(&["chat", "--new", "api", "slowly"]).succeeded();
    assert_eq!(said.out, "echo: slowly\n");
    assert!(said.err.contains("asks again after 1 s (2 of 6): the server is overloaded"), "{said:?}");
    world.server.on("long", Script::new().status(529, "busy").retry_after(19));
    let mut terminal = world.attach("api");
    terminal.send_line("long");
    terminal.wait_text("(2 of 6): the server is overloaded · Ctrl+C stops");
    terminal.wait_text("asks again in 17 s");
    let session = world.session("api");
    assert_eq!((&session["activity"], &session["retrying"]["attempt"]), (&json!("working"), &json!(2)));
    assert_eq!(session["retrying"]["failure"], json!("overloaded"));
    let listed = world.q(&["ls"]).succeeded().out;
    assert!(listed.contains("asks again after 19 s (2 of 6)"), "{listed}");
    let asked = world.server.requests().len();
    terminal.send("\x03");
    terminal.wait_text("interrupted here");
    terminal.wait_no_text("asks again in");
    assert_eq!(world.session("api")["retrying"], json!(null));
    assert_eq!(world.server.requests().len(), asked, "nothing is asked any more");
}

/// An answer that ended at the length limit goes on in a turn of its own, which stands there as what it is and not as a prompt.
#[test]
fn an_answer_that_stopped_is_gone_on_with() {
    let world = World::new();
    let half = r#"data: {"choices":[{"index":0,"delta":{"content":"one two "},"finish_reason":"length"}]}"#;
    world.server.on("count", Script::new().raw(format!("{half}\n\ndata: [DONE]\n\n")));
    let failed = world.q(&["chat", "--new", "api", "count"]).exited(1);
    assert!(failed.err.contains("`q continue api` goes on where it stopped"), "{failed:?}");
    world.server.on("Go on exactly", Script::new().say("three").done());
    world.q(&["continue", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    let sent = turns(&["count", "one two ", "Go on exactly where you stopped."]);
    assert_eq!(conversation(&world.request("Go on exactly")), sent);
    let roles: Vec<Value> = entries(&world, "api").iter().map(|entry| entry["role"].clone()).collect();
    assert_eq!(json!(roles), json!(["user", "assistant", "failed", "continued", "assistant"]));
    let refused = world.q(&["continue", "api"]).exited(1);
    assert!(refused.err.contains("nothing to go on with"), "{refused:?}");
    let written = world.q(&["export", "api"]).succeeded().out;
    let said = world.q_reading(&["import", "-", "--name", "copy"], written).succeeded();
    assert_eq!(said.err, "", "no field of it is foreign");
    assert_eq!(entries(&world, "copy").len(), 5);
    let mut terminal = world.attach("api");
    terminal.wait_text("goes on from there");
    terminal.send_line("/continue");
    terminal.wait_text("nothing to go on with");
}

#[test]
fn a_fork_is_told_by_the_name_of_its_parent_and_what_it_took_over() {
    let world = World::new();
    world.q(&["chat", "--new", "api", "first"]).succeeded();
    world.q(&["fork", "api", "left"]).succeeded();
    let listed = world.q(&["ls", "--verbose"]).succeeded().out;
    assert!(listed.contains("fork of api with 2 entries of it"), "{listed}");
    assert_eq!(world.session("left")["inherited"], 2);
}

#[test]
fn what_a_long_history_leaves_out_is_said_once_and_counted_always() {
    let world = World::new();
    let mut file = String::from(
        r#"{"format":"q-session","version":1,"name":"long","agent":"openai","model":"scripted","entries":["#,
    );
    let count = 1000;
    for no in 1..=count {
        let role = if no % 2 == 1 { "user" } else { "assistant" };
        let comma = if no == count { "]}" } else { "," };
        writeln!(file, r#"{{"no":{no},"at_ms":0,"role":"{role}","text":"{}"}}{comma}"#, "x".repeat(1000))
            .unwrap();
    }
    world.q_reading(&["import", "-"], file).succeeded();
    for (asked, entries_so_far) in [("one more", count + 1), ("and another", count + 4)] {
        world.q(&["chat", "-s", "long", asked]).succeeded();
        let shown = world.q(&["show", "long", "--json"]).succeeded().json();
        let sent = &shown["session"]["sent"];
        let figures = ["entries", "left_out"].map(|field| sent[field].as_u64().unwrap());
        assert_eq!(figures.iter().sum::<u64>(), entries_so_far, "{sent}");
        assert!(figures[0] > 300 && figures[1] > 500, "{sent}");
        let said = shown["entries"].as_array().unwrap().iter().filter(|entry| entry["role"] == "left_out");
        assert_eq!(said.count(), 1);
    }
    let shown = world.q(&["show", "long", "--tail", "5"]).succeeded().out;
    assert_eq!(shown.matches("longer than what is sent at once").count(), 1, "{shown}");
    let short = World::new();
    short.q(&["chat", "--new", "api", "first"]).succeeded();
    assert_eq!(short.q(&["show", "api", "--json"]).succeeded().json()["session"]["sent"], json!(null));
}
