//! Slash commands and keys of the whole screen.

use q_testkit::clock;
use q_testkit::server::Script;

use crate::screen::{CTRL_C, CTRL_D, CTRL_PAGE_DOWN, CTRL_PAGE_UP, ESCAPE, Person as _, alt, leader};
use crate::world::{World, conversation, turns};

#[test]
fn every_way_to_switch_leads_there() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    let mut terminal = world.open_at("api");
    for (typed, there) in [
        (alt('2'), "plan"),
        (alt('3'), "docs"),
        (CTRL_PAGE_DOWN.to_owned(), "api"),
        (CTRL_PAGE_UP.to_owned(), "docs"),
        (leader("\t"), "api"),
        (leader("2"), "plan"),
        (leader("]"), "docs"),
        (leader("["), "plan"),
        ("/switch docs\r".to_owned(), "docs"),
        ("/switch 1\r".to_owned(), "api"),
        ("/switch pl\r".to_owned(), "plan"),
        ("/next\r".to_owned(), "docs"),
        ("/prev\r".to_owned(), "plan"),
        ("/last\r".to_owned(), "docs"),
        (format!("{}api\r", leader("l")), "api"),
        (format!("{}docs\r", alt('s')), "docs"),
    ] {
        terminal.send(&typed);
        terminal.wait_prompt(there);
    }
}

#[test]
fn sessions_are_renamed_and_closed_by_command_and_key() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    let mut terminal = world.open_at("api");
    terminal.send_line("/rename handler");
    terminal.wait_prompt("handler");
    terminal.send(leader("r"));
    terminal.wait_text("Enter renames");
    terminal.send("-2\r");
    terminal.wait_prompt("handler-2");
    terminal.wait_bar("1 handler-2");

    terminal.send_line("/close plan");
    terminal.wait_for("no plan in the bar", |screen| !screen.contents().contains("2 plan"));
    terminal.wait_bar("3 docs");
    terminal.send(leader("w"));
    terminal.wait_prompt("docs");
    terminal.wait_bar("1 of 10");
    assert_eq!(world.session("plan")["presence"], "closed");
    assert_eq!(world.session("handler-2")["presence"], "closed");
}

#[test]
fn closing_what_works_asks_first() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("dig", "Digging.", "never", "");
    let mut terminal = world.open_at("api");
    terminal.enter("dig", "Digging.");
    terminal.enter("/close", "api is still working.");
    terminal.decline("still working");
    world.wait_for_streams(1);
    terminal.send(leader("w"));
    terminal.wait_text("api is still working.");
    terminal.send("y");
    terminal.wait_bar("0 of 10");
    world.wait_for_streams(0);
    world.q(&["show", "api"]).succeeded();
}

#[test]
fn help_is_there_by_command_and_key() {
    let world = World::new();
    let mut terminal = world.open();
    terminal.wait_text("Welcome to q");
    for asked in ["/help\r".to_owned(), leader("?"), "\x1bOP".to_owned()] {
        terminal.send(&asked);
        terminal.wait_text("Esc leaves");
        terminal.wait_text("Sessions");
        terminal.send(ESCAPE);
        terminal.wait_no_text("Esc leaves");
    }
    terminal.enter("/help rename", "/rename NAME");
}

#[test]
fn every_way_to_leave_leaves_in_good_order() {
    let world = World::new().with_sessions(&["api"]);
    for way in ["/quit\r".to_owned(), "/detach\r".to_owned(), CTRL_D.to_owned(), leader("d")] {
        let mut terminal = world.open_at("api");
        terminal.send(&way);
        assert_eq!(terminal.wait_exit().exit_code(), 0, "{way:?}");
        let said = terminal.screen_text();
        assert!(said.contains("`q` brings your sessions back"), "{way:?}: {said}");
    }
    assert!(world.home.host_pid().is_some(), "the host goes on");
}

#[test]
fn typing_in_a_burst_arrives_whole_also_while_the_window_changes() {
    let world = World::new().with_sessions(&["api", "plan"]);
    world.server.on("word", Script::new().say("Read it all.").done());
    let mut terminal = world.open_at("api");
    let burst = format!("{} the end", "word ".repeat(1000));
    terminal.send(&burst);
    terminal.wait_text("the end");
    terminal.send("\r");
    terminal.wait_text("Read it all.");
    assert_eq!(world.server.requests()[0].last_user_text(), burst);
    for round in 0..100 {
        terminal.resize(24, 80 + round % 2);
        terminal.send(alt(if round % 2 == 0 { '2' } else { '1' }));
        terminal.wait_bar(if round % 2 == 0 { "[2 plan]" } else { "[1 api]" });
    }
}

/// Prints how long the way from the key to the words on the screen took; only the deadlines of waiting are checked,
/// since a busy machine is slow in its own right.
#[test]
#[expect(clippy::print_stderr, reason = "a figure for people")]
fn ctrl_c_gives_the_prompt_back_and_hangs_up() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("dig", "Digging on and on.", "never", "");
    let mut terminal = world.open_at("api");
    terminal.enter("dig", "Digging on and on.");
    world.wait_for_streams(1);

    let pressed = clock::now();
    terminal.send(CTRL_C);
    let told = terminal.wait_text("interrupted here");
    world.wait_for_streams(0);
    eprintln!("from Ctrl+C to the screen that says so: {:?}", told.duration_since(pressed));

    terminal.wait_prompt("api");
    assert!(terminal.screen_text().contains("Digging on and on."), "what came is kept");
    terminal.enter("go on", "echo: go on");
}

#[test]
fn prompts_wait_in_sight_while_an_answer_is_on_its_way() {
    let world = World::new().with_sessions(&["api"]);
    world.gated("first", "One", "first", " is done.");
    let mut terminal = world.open_at("api");
    terminal.enter_each(&[("first", "One"), ("second", "queued 1: second"), ("third", "queued 2: third")]);
    terminal.wait_bar("(2)");
    terminal.enter("fourth", "queued 3: fourth");
    terminal.enter_away("/unqueue 3", "queued 3");
    terminal.wait_typed("api", "fourth");
    world.wait_for_requests(1);

    world.server.open("first");
    terminal.wait_text("echo: third");
    terminal.wait_no_text("queued");
    let history = ["first", "One is done.", "second", "echo: second", "third"];
    assert_eq!(conversation(&world.request("third")), turns(&history));
}

#[test]
fn a_long_answer_goes_on_in_the_background_and_is_marked_where_you_left() {
    let world = World::new().with_sessions(&["long", "other"]);
    let script = Script::new().say("line 1\n\n").wait_for("go");
    let script = (2..=9).fold(script, |script, line| script.say(&format!("line {line}\n\n")));
    world.server.on("tell", script.done());
    let mut terminal = world.open_at("long");
    terminal.enter("tell", "line 1");
    terminal.press_to(alt('2'), "other");
    terminal.enter("meanwhile", "echo: meanwhile");
    world.server.open("go");
    terminal.wait_bar(" 1 long +");

    terminal.send(leader("\t"));
    terminal.wait_prompt("long");
    terminal.wait_text("line 9");
    let rows: Vec<usize> =
        ["line 1", "── new ", "line 2", "line 9"].map(|text| terminal.row_with(text)).into();
    assert!(rows.is_sorted(), "{rows:?}\n{}", terminal.screen_text());
    terminal.wait_bar("[1 long]");
    assert_eq!(world.session("long")["unread"], 0);
}

#[test]
fn the_inbox_key_goes_to_what_waits() {
    let world = World::new().with_sessions(&["api", "plan", "docs"]);
    let mut terminal = world.open_at("api");
    world.q(&["send", "docs", "hello"]).succeeded();
    world.q(&["wait", "docs"]).succeeded();
    terminal.wait_bar("3 docs +");
    terminal.send(leader("a"));
    terminal.wait_prompt("docs");
    terminal.wait_text("echo: hello");
    terminal.wait_bar("[3 docs]");
    terminal.send(alt('a'));
    terminal.wait_text("nothing");
}

#[test]
fn a_draft_stays_with_its_session_and_survives_leaving() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    terminal.type_at("api", "half a thought");
    terminal.press_to(alt('2'), "plan");
    terminal.send(alt('1'));
    terminal.wait_typed("api", "half a thought");
    terminal.send(leader("d"));
    terminal.wait_detached();
    world.q(&["host", "stop"]).succeeded();
    let terminal = world.open();
    terminal.wait_typed("api", "half a thought");
}

#[test]
fn what_is_typed_before_the_first_session_is_there_is_not_lost() {
    let world = World::new();
    let mut terminal = world.open();
    terminal.wait_text("ask something to begin");
    // As an unbracketed paste brings it: at once, faster than any host.
    terminal.send("first\rsecond\rand half a");
    terminal.wait_text("echo: first");
    terminal.wait_text("echo: second");
    let typed = |screen: &vt100::Screen| {
        let last = screen.contents().trim_end().lines().last().map(str::to_owned);
        last.is_some_and(|last| last.starts_with('[') && last.ends_with("] > and half a"))
    };
    terminal.wait_for("what was typed as the draft", typed);
    assert_eq!(world.q(&["ls", "--all", "--json"]).json().as_array().map(Vec::len), Some(1));
}

#[test]
fn an_empty_screen_names_who_will_answer() {
    let mut world = World::new();
    world.open().wait_text("openai·scripted answers.");
    world.q_reading(&["--plain"], "").succeeded().told("openai·scripted answers.");
    world.home.set("OPENAI_BASE_URL", "");
    world.home.set("OPENAI_MODEL", "");
    world.open().wait_text("The built-in guide answers");
}
