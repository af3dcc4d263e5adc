//! What servers say, through the real host: nothing incomplete is a success, and no server holds up anybody else.

use q_testkit::server::Script;

use crate::world::{World, eventually};

const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":REASON}]}\n\n";

fn finish(reason: &str) -> String {
    FINISH.replace("REASON", reason)
}

#[test]
fn what_is_no_whole_answer_is_no_success() {
    let world = World::new();
    for (reason, code, says) in [
        ("\"length\"", "length_limit", "length limit"),
        ("\"content_filter\"", "filtered", "filter"),
        ("\"tool_calls\"", "wants_tool", "tool"),
        ("\"refusal\"", "refused", "refuses"),
        ("\"error\"", "server_error", "`error`"),
        ("\"zebra\"", "cut", "`zebra`"),
        ("null", "cut", "without a finish reason"),
    ] {
        world.server.on("ends", Script::new().say("half").raw(finish(reason)));
        let said = world.q(&["chat", "--json", "ends"]).exited(1);
        let told = said.json();
        assert_eq!((&told["answer"], &told["outcome"]), (&"half".into(), &"failed".into()), "{told}");
        assert!(told["failure"].to_string().contains(says), "{reason}: {told}");
        let kept = world.q(&["ls", "--all", "--json"]).succeeded().json();
        assert!(
            kept.as_array().unwrap().iter().any(|session| session["failure"] == code),
            "{reason}: {kept}"
        );
    }
    world.server.on("nothing", Script::new().done());
    world.q(&["chat", "nothing"]).exited(1).told("empty");
}

/// A count that no request and no answer of these bytes can have would spend budgets and fill windows that nobody used.
#[test]
fn tokens_are_counted_exactly_as_far_as_bytes_can_be_that_many() {
    let world = World::new().with_sessions(&["big"]);
    let usage = |input: u64, output: u64| {
        format!(
            "data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output}}}}}\n\n"
        )
    };
    for (prompt, input, output) in [("count", 1234, 60_000), ("lie", 4_294_967_295, 4_294_967_296)] {
        world.server.on(prompt, Script::new().say("all").raw(finish("\"stop\"") + &usage(input, output)));
        world.q(&["chat", "-s", "big", prompt]).succeeded();
        let session = world.session("big");
        assert_eq!(
            (&session["tokens_in"], &session["tokens_out"]),
            (&1234.into(), &60_000.into()),
            "{session}"
        );
        assert_eq!(session["tokens_guessed"].as_u64() > Some(0), prompt == "lie", "{session}");
    }
}

#[test]
fn a_line_without_an_end_fails_its_own_turn_and_holds_up_nobody() {
    let names = ["one", "two", "three", "four"];
    let world = World::new().with_sessions(&names);
    let line = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}", "x".repeat(20 << 20));
    world.server.on("long", Script::new().say("half").raw(line).whole().silence());
    for name in names {
        world.q(&["send", name, "long"]).succeeded();
    }
    assert_eq!(world.q(&["chat", "short"]).succeeded().out, "echo: short\n");
    for name in names {
        eventually("the turn failed", || world.session(name)["failure"] == "cut");
        world.q(&["show", name]).succeeded().said("half");
    }
}
