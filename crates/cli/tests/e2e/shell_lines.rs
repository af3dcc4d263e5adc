//! Lines that a person has the shell run: shown as they go, kept, told to the model or not, never run again.

use q_testkit::process::kill9;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::tools::{Workshop, until};

/// A session that works in a directory with one file, in a terminal.
fn at_a_prompt() -> (Workshop, Terminal) {
    let shop = Workshop::new("");
    let directory = shop.directory.display().to_string();
    shop.world.q(&["new", "-d", "one", "--cwd", &directory]).succeeded();
    let terminal = shop.world.attach("one");
    (shop, terminal)
}

#[test]
fn a_line_for_the_shell_runs_where_the_session_works_and_the_model_hears_of_it_or_not() {
    let (shop, mut terminal) = at_a_prompt();
    terminal.send_line("!cat a.txt; echo $((20+3)) >made; echo key=$OPENAI_API_KEY.");
    terminal.wait_text("key=.");
    assert_eq!(shop.file("made"), "23\n");
    terminal.send_line("!!echo hid$((1+1))den");
    terminal.wait_text("hid2den");
    // A prompt that only looks like one.
    shop.world.server.once("!literal", Script::new().say("I see").done());
    terminal.send_line("\\!literal");
    terminal.wait_text("I see");
    let requests = shop.world.server.requests();
    assert_eq!(requests.len(), 1, "the shell asks no model");
    let told = requests[0].body["messages"].to_string();
    for said in ["by themselves: \\\"cat a.txt;", "done; it put out:]", "| two", "| key=.", "!literal"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!told.contains("hid2den") && !told.contains("!!echo"), "{told}");
    let shown = shop.world.q(&["show", "one", "--json"]).succeeded().json();
    let roles: Vec<&str> =
        shown["entries"].as_array().unwrap().iter().filter_map(|entry| entry["role"].as_str()).collect();
    assert_eq!(roles.iter().filter(|role| **role == "shell").count(), 2, "{roles:?}");
    // What is exported and read again is no prompt either.
    let file = shop.directory.join("one.json").display().to_string();
    shop.world.q(&["export", "one", "-o", &file]).succeeded();
    shop.world.q(&["import", &file, "--name", "two"]).succeeded();
    shop.world.q(&["show", "two"]).succeeded().said("!cat a.txt").said("hid2den");
}

#[test]
fn a_line_for_the_shell_ends_with_an_interrupt_and_is_not_run_again_after_a_crash() {
    let (shop, mut terminal) = at_a_prompt();
    terminal.send_line("!echo >>runs; echo be$((1+1))gun; sleep 600");
    terminal.wait_text("be2gun");
    shop.world.q(&["interrupt", "one"]).succeeded();
    terminal.wait_text("cut short");
    terminal.send_line("!echo >>runs; echo ag$((1+1))ain; sleep 600");
    terminal.wait_text("ag2ain");
    kill9(shop.world.home.host_pid().unwrap());
    let shown = until("that nobody knows how far it came", || {
        let shown = shop.world.q(&["show", "one"]).succeeded().out;
        (shown.matches("cut short").count() == 2).then_some(shown)
    });
    assert!(shown.contains("ag2ain"), "{shown}");
    assert_eq!(shop.file("runs"), "\n\n", "each ran once");
}
