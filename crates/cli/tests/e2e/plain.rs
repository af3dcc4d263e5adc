//! Line by line: the same abilities where no cursor can be moved, and for scripts that pipe lines in.

use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::run::Outcome;
use crate::screen::Person as _;
use crate::world::{World, conversation, eventually, turns};

/// `q` in a terminal that can do nothing.
fn open(world: &mut World) -> Terminal {
    world.home.set("TERM", "dumb");
    world.open()
}

/// Waits until the last line is that prompt.
fn wait_asked(terminal: &Terminal, name: &str) {
    let prompt = format!("[{name}] >");
    terminal.wait_for(&format!("the prompt {prompt:?}"), |screen| {
        screen.contents().trim_end().ends_with(&prompt)
    });
}

fn without_escapes(said: Outcome) -> Outcome {
    assert!(!said.out.contains('\x1b') && !said.err.contains('\x1b'), "{said:?}");
    said
}

#[test]
fn every_command_works_on_a_terminal_that_can_do_nothing() {
    let mut world = World::new();
    let mut terminal = open(&mut world);
    terminal.wait_text("Type a question and press Enter.");
    terminal.send_line("/new debug api");
    wait_asked(&terminal, "api");
    world.server.on("hello", Script::new().say("Hello.\nAnd more.\n").done());
    terminal.enter("hello", "[api] Hello.");
    terminal.wait_text("And more.");
    wait_asked(&terminal, "api");
    terminal.send_line("/new plan");
    wait_asked(&terminal, "plan");
    terminal.enter("/switch api", "* now in api (debug, idle)");
    wait_asked(&terminal, "api");
    terminal.enter("/rename handler", "* api is called handler now");
    wait_asked(&terminal, "handler");
    terminal.enter("/sessions", "> 1 handler (idle");
    terminal.wait_text("  2 plan (idle");
    terminal.enter("/close plan", "* plan was closed");
    terminal.enter("/swich x", "did you mean /switch?");
    terminal.enter("/help rename", "/rename NAME");
    wait_asked(&terminal, "handler");
    terminal.send_line("/quit");
    assert_eq!(terminal.wait_exit().exit_code(), 0);
    assert!(!terminal.raw().contains(&0x1b), "{}", terminal.raw().escape_ascii());
}

#[test]
fn the_end_of_a_background_answer_is_told_on_a_line_of_its_own() {
    let mut world = World::new().with_sessions(&["api", "plan", "docs"]);
    world.gated("dig", "Digging.", "dig", " Found it.");
    world.server.on("fail", Script::new().status(500, "no").retry_after(0));
    let mut terminal = open(&mut world);
    wait_asked(&terminal, "api");
    terminal.send_line("dig");
    world.wait_for_streams(1);
    terminal.enter("/switch plan", "* now in plan");
    // An answer on the same connection: the host knows by now where this client looks.
    terminal.enter("/rename plans", "* plan is called plans now");
    world.server.open("dig");
    terminal.wait_text("* api: answered (");
    world.q(&["send", "docs", "fail"]).succeeded();
    terminal.wait_text("* docs: failed: the server failed");
    terminal.enter("/switch api", "[api] Digging. Found it.");
    assert!(!terminal.raw().contains(&0x1b));
}

#[test]
fn ctrl_c_interrupts_and_at_rest_leaves() {
    let mut world = World::new().with_sessions(&["api"]);
    world.server.on("dig", Script::new().say("Digging.\n").silence());
    let mut terminal = open(&mut world);
    wait_asked(&terminal, "api");
    terminal.enter("dig", "[api] Digging.");
    terminal.send("\x03");
    terminal.wait_text("interrupted here");
    world.wait_for_streams(0);
    wait_asked(&terminal, "api");
    terminal.send("\x03");
    assert_eq!(terminal.wait_exit().exit_code(), 130);
}

#[test]
fn piped_lines_get_their_answers_and_then_it_ends() {
    let world = World::new();
    let said = without_escapes(world.q_reading(&[], "first question\n").succeeded());
    assert!(said.out.contains("echo: first question"), "{said:?}");

    let script =
        "/new debug api\nhello\n/new plan\nplan it\n/sessions\n/rename plan-b\n/close! api\n/help\n/quit\n";
    let said = without_escapes(world.q_reading(&[], script).succeeded());
    for text in [
        "* now in api (debug",
        "* now in plan (",
        "> 3 plan (",
        "* plan is called plan-b now",
        "* api was closed",
    ] {
        assert!(said.out.contains(text), "{text:?} in {said:#?}");
    }
    assert_eq!(world.session("plan-b")["presence"], "live");
    let asked = || world.server.requests().iter().any(|seen| seen.last_user_text() == "plan it");
    eventually("the prompt that went on after the end", asked);
    assert_eq!(conversation(&world.request("plan it")), turns(&["plan it"]));
}

#[test]
fn a_pipe_without_a_last_line_feed_and_a_queue_are_answered_to_the_end() {
    let world = World::new();
    world.gated("first", "One", "first", " is done.");
    let run = {
        let mut command = world.home.command(std::path::Path::new(env!("CARGO_BIN_EXE_q")));
        crate::run::Run::start(command.arg("--plain"), Some(b"first\nsecond".to_vec()))
    };
    world.wait_for_streams(1);
    world.server.open("first");
    let said = without_escapes(run.finish().succeeded());
    assert!(said.out.contains("One is done."), "{said:#?}");
    assert!(said.out.contains("echo: second"), "{said:#?}");
}

#[test]
fn how_a_pipe_ended_is_its_exit_code() {
    let world = World::new();
    world.server.on("fail", Script::new().status(500, "no").retry_after(0));
    let said = without_escapes(world.q_reading(&[], "fail\n").exited(1));
    assert!(said.out.contains("the server failed") && said.out.contains("/retry"), "{said:?}");
}

#[test]
fn bytes_that_are_no_text_are_told_and_the_rest_is_sent() {
    let world = World::new();
    let said =
        without_escapes(world.q_reading(&[], b"\xff\xfe no text\ngood question\n".to_vec()).succeeded());
    assert!(said.out.contains("* that line is not UTF-8 text and was not sent"), "{said:?}");
    assert!(said.out.contains("echo: good question"), "{said:?}");
    assert_eq!(world.server.requests().len(), 1);
}
