//! What an answer rests on, as its provider says it: kept with the session, shown by every frontend, sent to no model.

use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde_json::{Value, json};

use crate::world::{World, conversation, turns};

/// An answer with two pages behind it, one of which has a hostile title.
fn answer() -> Script {
    let page = |url: &str, title: &str| json!({ "type": "url_citation", "url_citation": { "url": url, "title": title } });
    let annotations =
        json!([page("https://a.test/b?c", "A page"), page("https://evil.test/", "\u{1b}]0;x\u{7}\u{202e}y")]);
    let frames = [
        json!({ "choices": [{ "index": 0, "delta": { "content": "because", "annotations": annotations } }] }),
        json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }),
    ];
    Script::new().raw(frames.map(|frame| format!("data: {frame}\n\n")).concat()).raw("data: [DONE]\n\n")
}

fn sources(world: &World, session: &str) -> Value {
    let shown = world.q(&["show", session, "--json"]).succeeded().json();
    let entries = shown["entries"].as_array().unwrap();
    entries
        .iter()
        .find(|entry| entry["role"] == "sources")
        .map_or(Value::Null, |entry| entry["sources"].clone())
}

#[test]
fn sources_are_kept_with_their_answer_and_shown_everywhere() {
    let world = World::new();
    world.server.on("why", answer());
    let said = world.q(&["chat", "--new", "api", "why?"]).succeeded();
    assert_eq!(said.out, "because\n", "what was asked for is the answer");
    said.told("1 A page (a.test)").told("(evil.test)");
    let kept = json!([
        { "title": "A page", "place": "https://a.test/b?c", "quote": "" },
        { "title": "\u{1b}]0;x\u{7}\u{202e}y", "place": "https://evil.test/", "quote": "" },
    ]);
    assert_eq!(sources(&world, "api"), kept);
    assert!(kill9(world.home.host_pid().unwrap()));
    assert_eq!(sources(&world, "api"), kept, "after the host died");
    for (verb, text) in [
        (vec!["show", "api"], "from 1. A page\n"),
        (vec!["export", "api", "--format", "md"], "Sources:"),
        (vec!["export", "api", "--format", "html"], "https://a.test/b?c"),
    ] {
        let shown = world.q(&verb).succeeded().out;
        assert!(shown.contains(text) && shown.contains("https://a.test/b?c"), "{verb:?}: {shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{verb:?}: {shown}");
    }
    let written = world.q(&["export", "api"]).succeeded().out;
    let said = world.q_reading(&["import", "-", "--name", "copy"], written).succeeded();
    assert_eq!(said.err, "", "no field of it is foreign");
    world.q(&["fork", "api", "left"]).succeeded();
    for session in ["copy", "left"] {
        assert_eq!(sources(&world, session), kept, "{session}");
        let asked = format!("and in {session}?");
        world.q(&["chat", "-s", session, &asked]).succeeded();
        let sent = turns(&["why?", "because", &asked]);
        assert_eq!(conversation(&world.request(&asked)), sent, "a model gets none of it");
    }
    let told = world.q(&["chat", "-s", "api", "--json", "why?"]).succeeded().json();
    assert_eq!((&told["answer"], &told["sources"]), (&json!("because"), &kept));
    let terminal = world.attach("api");
    terminal.wait_text("1 A page (a.test)");
    terminal.wait_text("where they are: `q show SESSION --entry ");
}
