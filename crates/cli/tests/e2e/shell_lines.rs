//! Lines that a person has the shell run: shown as they go, kept, told to the model or not, never run again.

use q_testkit::process::kill9;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::screen::CTRL_C;
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

#[test]
fn an_answer_that_was_interrupted_is_gone_on_with_behind_a_line_for_the_shell() {
    let (shop, mut terminal) = at_a_prompt();
    shop.world.server.once("why", Script::new().say("Because of").silence());
    terminal.send_line("why?");
    terminal.wait_text("Because of");
    terminal.send(CTRL_C);
    terminal.wait_text("interrupted here");
    terminal.send_line("!echo be$((1+1))tween");
    terminal.wait_text("be$((1+1))tween: done, 1 line");
    shop.world.server.on("by themselves", Script::new().say(" the wind.").done());
    terminal.send_line("/continue");
    terminal.wait_text("the wind.");
    let requests = shop.world.server.requests();
    let messages = requests[1].body["messages"].as_array().unwrap();
    let said: Vec<String> = messages.iter().map(|message| message["content"].to_string()).collect();
    let [.., asked, half, between] = said.as_slice() else { panic!("{said:?}") };
    assert!(asked.contains("why?") && half.contains("Because of"), "{said:?}");
    let told = between.find("| be2tween").unwrap();
    assert!(between[told..].contains("Go on exactly where you stopped."), "{between}");
    let refused = shop.world.q(&["continue", "one"]).exited(1);
    assert!(refused.err.contains("nothing to go on with"), "{refused:?}");
}

#[test]
fn line_by_line_one_that_was_typed_runs_and_none_that_came_with_others() {
    let mut shop = Workshop::new("");
    shop.world.home.set("TERM", "dumb");
    let directory = shop.directory.display().to_string();
    shop.world.q(&["new", "-d", "one", "--cwd", &directory]).succeeded();
    let mut terminal = shop.world.terminal(&["attach", "one"]);
    terminal.wait_text("[one] >");
    terminal.send_line("!echo ty$((1+1))ped");
    terminal.wait_text("ty2ped");
    // As one who pastes a block does: all of it at once.
    terminal.send("!touch first\rand then\r!touch last\r");
    shop.world.wait_for_requests(3);
    let asked = shop.world.server.requests();
    for (request, said) in asked.iter().zip(["!touch first", "and then", "!touch last"]) {
        assert!(request.last_user_text().ends_with(said), "{:?}", request.last_user_text());
    }
    terminal.wait_text("echo: !touch last");
    for file in ["first", "last"] {
        assert!(!shop.directory.join(file).exists(), "{file}");
    }
    let said = shop.world.q_reading(&["attach", "one"], "!touch piped\n").succeeded();
    assert!(said.out.contains("echo: !touch piped"), "{said:?}");
    assert!(!shop.directory.join("piped").exists());
}
