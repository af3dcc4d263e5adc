//! Agents that others wrote, in sessions: what they ask waits in the inbox and at the terminal, an interrupt cancels them, and they find
//! their conversation again.

use q_testkit::process::{is_alive, kill9};
use q_testkit::program_double::ProgramDouble;

use crate::screen::Person as _;
use crate::tools::{Workshop, says_while, until};

/// A workshop whose sessions are an agent's.
fn with_agent(mode: &str) -> (Workshop, ProgramDouble) {
    let shop = Workshop::new("");
    let double = ProgramDouble::acp(shop.world.home.path());
    let (name, value) = double.variable();
    shop.world.home.configure(&format!(
        "agent = \"other\"\n[agents.other]\nacp = {:?}\nenvironment = {{ {name} = {value:?} }}\n\
         [agents.missing]\nacp = \"kiro\"\n",
        double.command(mode)
    ));
    (shop, double)
}

fn has_heard(double: &ProgramDouble, part: &str) -> bool {
    double.heard().iter().any(|line| line.contains(part))
}

#[test]
fn what_an_agent_asks_waits_while_nobody_is_there_and_is_answered_from_a_shell() {
    let (shop, double) = with_agent("asks");
    shop.begin("api", "do it");
    let asked = shop.waiting();
    assert_eq!(asked["tool"], "agent_execute");
    assert_eq!(asked["input"], r#"{"title":"Make the change","input":{"command":"touch made"}}"#);
    assert!(!has_heard(&double, "\"optionId\""), "nobody has answered yet");
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("it is done") && shown.contains("result: done"), "{shown}");
    shop.world.q(&["send", "api", "again"]).succeeded();
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    shop.world.q(&["show", "api"]).succeeded().said("then not").said("denied");
    assert_eq!(double.processes().len(), 1, "one process for all turns");
}

#[test]
fn a_yes_at_the_terminal_allows_and_ctrl_c_cancels() {
    let (shop, double) = with_agent("asks");
    shop.begin("api", "do it");
    shop.waiting();
    let mut terminal = shop.world.terminal(&["attach", "api"]);
    terminal.wait_text("y once");
    says_while(&mut terminal, "/approve 1", || !has_heard(&double, "\"optionId\":\"yes\""));
    terminal.wait_text("it is done");
    terminal.wait_prompt("api");
    terminal.type_at("api", "once more");
    terminal.send("\r");
    shop.waiting();
    shop.world.q(&["interrupt", "api"]).succeeded();
    until("the word of it", || has_heard(&double, "session/cancel").then_some(()));
    assert!(has_heard(&double, r#""id":"p1","result":{"outcome":{"outcome":"cancelled"}}"#));
    terminal.wait_text("interrupted here");
}

#[test]
fn an_agent_goes_with_its_host_and_finds_its_conversation_again() {
    let (shop, double) = with_agent("plain");
    shop.begin("api", "one");
    shop.wait("api").succeeded();
    let [process] = double.processes()[..] else { panic!("one process") };
    kill9(shop.world.home.host_pid().unwrap());
    until("the end of the agent", || (!is_alive(process)).then_some(()));
    shop.world.q(&["send", "api", "two"]).succeeded();
    shop.wait("api").succeeded();
    assert!(has_heard(&double, "session/load"));
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert_eq!((shown.matches("hello").count(), shown.contains("again")), (2, false), "{shown}");
    assert_eq!(double.heard().iter().filter(|line| line.contains("\"text\":\"one\"")).count(), 1);
    shop.world.q(&["close", "api"]).succeeded();
    until("the end of all", || double.processes().iter().all(|pid| !is_alive(*pid)).then_some(()));
}

#[test]
fn what_is_missing_is_said_in_a_sentence() {
    let (shop, _double) = with_agent("wants-login");
    shop.world.q(&["agents"]).succeeded().said("kiro-cli acp");
    shop.world
        .q(&["agents", "check", "missing"])
        .exited(1)
        .told("kiro-cli is not on PATH; install it: curl -fsSL https://cli.kiro.dev/install | bash");
    shop.world
        .q(&["agents", "check", "other"])
        .exited(1)
        .told("nobody is logged in with the agent")
        .told("it names Log in: Run agent login in a terminal");
    let (shop, _double) = with_agent("dies");
    shop.begin("api", "do it");
    shop.wait("api");
    shop.world.q(&["show", "api"]).succeeded().said("half of").said("the disk is on fire");
}

#[test]
fn an_agents_modes_and_commands_are_listed_chosen_and_sent_as_they_are_typed() {
    let (shop, double) = with_agent("modes");
    shop.world
        .q(&["agents", "check", "other"])
        .succeeded()
        .said("code (now), plan")
        .said("small (now), large")
        .said("/init, /compact");
    shop.begin("api", "one");
    shop.wait("api").succeeded();
    let mut terminal = shop.world.terminal(&["attach", "api"]);
    terminal.wait_prompt("api");
    terminal.send("/mode\r");
    terminal.wait_text("* code");
    terminal.send("\u{1b}");
    terminal.wait_no_text("Esc leaves");
    terminal.send("/mode plan\r");
    terminal.wait_prompt("api");
    terminal.send("/model\r");
    terminal.wait_text("large");
    terminal.send("\u{1b}");
    terminal.wait_no_text("Esc leaves");
    terminal.send("/model large\r");
    terminal.wait_prompt("api");
    terminal.send("/init here\r");
    terminal.wait_text("my own /init here");
    assert!(has_heard(&double, "\"modeId\":\"plan\"") && has_heard(&double, "\"modelId\":\"large\""));
    assert_eq!(shop.world.session("api")["model"], "large");
    terminal.wait_prompt("api");
    terminal.send("//compact\r");
    terminal.wait_text("my own /compact");
    terminal.wait_prompt("api");
    terminal.send("/nothing\r");
    terminal.wait_text("Up brings it back");
    let set = shop.world.q(&["set", "api", "mode"]).succeeded().out;
    assert!(set.contains("plan"), "{set}");
}

#[test]
fn a_command_of_an_agent_waits_for_leave_and_is_followed_to_its_end() {
    let (shop, _double) = with_agent("terminal");
    shop.begin("api", "do it");
    let asked = shop.waiting();
    assert_eq!(asked["tool"], "run");
    assert_eq!(asked["input"], r#"{"argv":["sh","-c","echo out; echo $MADE; exit 3"]}"#);
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    shop.world.q(&["show", "api"]).succeeded().said("exit code 3").said("exitCode:3");
}
