//! Tools of MCP servers in sessions: offered, asked about, carried out beneath the supervising process, gone with the host.

use std::fs;

use q_testkit::process::{is_alive, kill9};
use q_testkit::program_double::ProgramDouble;
use q_testkit::server::Script;
use serde_json::json;

use crate::tools::{Workshop, call, until};

/// A workshop whose model has a server `s` beside its tools.
fn with_server(mode: &str) -> (Workshop, ProgramDouble) {
    let shop = Workshop::with_tools();
    let double = ProgramDouble::mcp(shop.world.home.path());
    let words: Vec<String> = double.command(mode).iter().map(|word| format!("{word:?}")).collect();
    let (name, value) = double.variable();
    shop.world.home.configure(&format!(
        "agent = \"hands\"\n[agents.hands]\nbase_url = \"{}\"\nmodel = \"m\"\ntools = true\n\
         [mcp.s]\ncommand = [{}]\nenvironment = {{ {name} = {value:?}, TOKEN = \"t\" }}\n",
        shop.world.server.base_url(),
        words.join(", ")
    ));
    (shop, double)
}

fn offered(shop: &Workshop, request: usize) -> Vec<String> {
    let tools = shop.world.server.requests()[request].body["tools"].clone();
    let names = tools.as_array().unwrap().iter().filter_map(|tool| tool["function"]["name"].as_str());
    names.filter(|name| name.contains("__")).map(str::to_owned).collect()
}

fn say() -> Script {
    call("s__say", &json!({ "text": "x" }))
}

fn done() -> Script {
    Script::new().say("Done.").done()
}

/// A session that called it once, and was answered so.
fn answered(mode: &str, verb: &str) -> (Workshop, ProgramDouble) {
    let (shop, double) = with_server(mode);
    shop.rounds("do it", vec![say(), done()]);
    shop.begin("api", "do it");
    shop.answer(verb, "api");
    shop.wait("api").succeeded();
    (shop, double)
}

/// A call under way that never ends by itself, and the process of its server.
fn under_way() -> (Workshop, ProgramDouble, u32) {
    let (shop, double) = with_server("silent");
    shop.rounds("do it", vec![say(), done()]);
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    until("the call", || (double.calls() == 1).then_some(()));
    let [process] = double.processes()[..] else { panic!("one process") };
    (shop, double, process)
}

#[test]
fn a_servers_tool_runs_with_consent_and_ends_with_its_session() {
    let (shop, double) = with_server("plain");
    shop.rounds("do it", vec![say(), done()]);
    shop.rounds("again", vec![say(), done()]);
    shop.begin("api", "do it");
    let asked = shop.waiting();
    assert_eq!((asked["tool"].as_str(), asked["input"].as_str()), (Some("s__say"), Some("{\"text\":\"x\"}")));
    assert_eq!(double.calls(), 0, "whatever the server claims of its tool, nothing runs unasked");
    assert_eq!(offered(&shop, 0), ["s__old", "s__say"]);
    shop.world.q(&["approve", "api", asked["id"].as_str().unwrap(), "--always"]).succeeded();
    shop.wait("api").succeeded();
    let [process] = double.processes()[..] else { panic!("one process") };
    let told = shop.told(1);
    assert!(
        told[0].starts_with(&format!("pid {process} in /"))
            && told[0].ends_with("/mcp/s.d, token t, key none"),
        "not in the session's directory: {told:?}"
    );
    // *Always* is a rule of the session for this tool.
    shop.world.q(&["send", "api", "again"]).succeeded();
    shop.wait("api").succeeded();
    assert_eq!((double.calls(), double.processes().len()), (2, 1));
    shop.world.q(&["close", "api"]).succeeded();
    until("the end of the server", || (!is_alive(process)).then_some(()));
}

#[test]
fn a_call_that_is_denied_reaches_no_server() {
    let (_shop, double) = answered("plain", "deny");
    assert_eq!(double.calls(), 0);
}

#[test]
fn a_server_ends_with_a_host_that_is_killed() {
    let (shop, double, process) = under_way();
    kill9(shop.world.home.host_pid().unwrap());
    until("the end of the server", || (!is_alive(process)).then_some(()));
    // The next host does not call again.
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("cut short"), "{shown}");
    assert_eq!(double.calls(), 1);
}

#[test]
fn an_interrupt_cancels_a_call_and_ends_what_goes_on() {
    let (shop, double, process) = under_way();
    shop.world.q(&["interrupt", "api"]).succeeded();
    until("the word of it", || {
        double.heard().iter().any(|line| line.contains("notifications/cancelled")).then_some(())
    });
    until("the end of the server", || (!is_alive(process)).then_some(()));
}

#[test]
fn tools_that_changed_are_told_and_offered_once_they_are_accepted() {
    let (shop, _double) = with_server("changes");
    shop.rounds("do it", vec![say(), say(), done()]);
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    // What is known to have changed is nothing to ask about.
    shop.wait("api").succeeded();
    let told = shop.told(2);
    assert!(
        told[1].contains("has changed this tool since the person accepted it, so it did not run"),
        "{told:?}"
    );
    shop.world.server.on("what now", done());
    shop.world.q(&["send", "api", "what now"]).succeeded();
    shop.wait("api").succeeded();
    assert_eq!(offered(&shop, 3), Vec::<String>::new());
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("MCP server s: its tools have changed"), "{shown}");
    shop.world
        .q(&["mcp", "check", "s"])
        .exited(1)
        .said("~ tool say")
        .said("-   Says it.")
        .said("+   Says it louder.");
    shop.world.q(&["mcp", "check", "s", "--accept"]).succeeded();
    shop.world.q(&["mcp", "check", "s"]).succeeded().said("s__new");
    shop.world.server.on("and now", done());
    shop.world.q(&["send", "api", "and now"]).succeeded();
    shop.wait("api").succeeded();
    assert_eq!(offered(&shop, 4), ["s__new", "s__say"]);
}

#[test]
fn a_call_whose_server_dies_is_cut_short_and_not_failed() {
    let (shop, double) = answered("dies", "approve");
    let told = shop.told(1);
    assert!(told[0].starts_with("It was interrupted: what it did is not known."), "{told:?}");
    assert!(told[0].contains("the disk is on fire"), "{told:?}");
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("cut short"), "{shown}");
    assert_eq!(double.calls(), 1);
}

#[test]
fn a_server_that_is_removed_is_gone_from_open_sessions_with_its_rules_and_one_that_is_added_is_there() {
    let (shop, double) = with_server("plain");
    shop.rounds("do it", vec![say(), done()]);
    shop.begin("api", "do it");
    shop.world.q(&["approve", "api", shop.waiting()["id"].as_str().unwrap(), "--always"]).succeeded();
    shop.wait("api").succeeded();
    shop.world.q(&["permissions", "add", "allow", "s__old", "--everywhere"]).succeeded();
    let [process] = double.processes()[..] else { panic!("one process") };
    let removed = shop.world.q(&["mcp", "remove", "s"]).succeeded().out;
    assert!(
        removed.contains("removed: allow s__old") && removed.contains("removed: allow s__say"),
        "{removed}"
    );
    assert_eq!(shop.world.q(&["permissions", "--json"]).succeeded().json(), json!([]));
    shop.rounds("once more", vec![say(), done()]);
    shop.world.q(&["send", "api", "once more"]).succeeded();
    shop.wait("api").succeeded();
    assert_eq!(offered(&shop, 2), Vec::<String>::new());
    assert!(shop.told(3)[1].contains("there is no tool `s__say`"), "{:?}", shop.told(3));
    assert_eq!((double.processes().as_slice(), double.calls()), ([process].as_slice(), 1));
    assert!(!is_alive(process));
    // And the other way: the open session has what is added.
    let (name, value) = double.variable();
    let variable = format!("{name}={value}");
    let command = double.command("plain");
    let mut words = vec!["mcp", "add", "late", "--env", &variable, "--"];
    words.extend(command.iter().map(String::as_str));
    shop.world.q(&words).succeeded().said("from their next prompt on");
    shop.world.server.on("and now", done());
    shop.world.q(&["send", "api", "and now"]).succeeded();
    shop.wait("api").succeeded();
    assert_eq!(offered(&shop, 4), ["late__old", "late__say"]);
    let context = shop.world.q(&["context", "api"]).succeeded().out;
    assert!(context.contains("tools of late (2)"), "{context}");
}

#[test]
fn a_project_names_servers_that_wait_for_trust_and_for_their_acceptance() {
    let shop = Workshop::with_tools();
    let double = ProgramDouble::mcp(shop.world.home.path());
    let (name, value) = double.variable();
    let [program, arguments @ ..] = &double.command("plain")[..] else { panic!("no program") };
    let table = json!({ "command": program, "args": arguments, "env": { name: value, "TOKEN": "t" } });
    let file = json!({ "mcpServers": { "s": table } });
    fs::write(shop.directory.join(".mcp.json"), file.to_string()).unwrap();
    shop.world.server.on("hello", done());
    shop.begin("api", "hello");
    shop.wait("api").succeeded();
    let there = |words: &[&str]| shop.world.start_in(&shop.directory, words).finish();
    there(&["mcp", "list"]).succeeded().told(".mcp.json is not read: this directory is not trusted");
    let directory = shop.directory.display().to_string();
    shop.world.q(&["trust", &directory]).succeeded();
    shop.world.q(&["send", "api", "hello again"]).succeeded().told("q: MCP server s is not used");
    shop.wait("api").succeeded();
    assert_eq!((offered(&shop, 0).len(), offered(&shop, 1).len(), double.processes().len()), (0, 0, 0));
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("not started before you accept it"), "{shown}");
    there(&["mcp", "list"]).succeeded().said("you have not accepted it: q mcp check s; of ");
    there(&["mcp", "check", "s"])
        .exited(1)
        .said(".mcp.json has it started as")
        .told("nothing of it is offered");
    there(&["mcp", "remove", "s"]).exited(2).told(".mcp.json names s");
    there(&["mcp", "check", "s", "--accept"]).succeeded();
    shop.rounds("use it", vec![say(), done()]);
    shop.world.q(&["send", "api", "use it"]).succeeded();
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    assert_eq!(offered(&shop, 2), ["s__old", "s__say"]);
    assert!(shop.told(3)[0].contains(&format!("in {directory}, token t")), "{:?}", shop.told(3));
    // Another command in the file is another program, which nobody accepted; by a variable it may be one as well.
    for (request, (was, is)) in (4..).zip([("plain", "fails"), (r#""TOKEN":"t""#, r#""TOKEN":"u""#)]) {
        fs::write(shop.directory.join(".mcp.json"), file.to_string().replace(was, is)).unwrap();
        shop.world.q(&["send", "api", "hello once more"]).succeeded().told("its command is not the one");
        shop.wait("api").succeeded();
        assert_eq!(offered(&shop, request), Vec::<String>::new(), "{is}");
    }
}

#[test]
fn servers_are_added_listed_and_removed_and_remarks_stay() {
    let shop = Workshop::with_tools();
    let double = ProgramDouble::mcp(shop.world.home.path());
    let file = shop.world.home.directory("XDG_CONFIG_HOME").join("q/config.toml");
    let before = format!("# mine\n{}", fs::read_to_string(&file).unwrap());
    fs::write(&file, &before).unwrap();
    let (name, value) = double.variable();
    let variable = format!("{name}={value}");
    let command = double.command("plain");
    let mut words = vec!["mcp", "add", "s", "--env", &variable, "--"];
    words.extend(command.iter().map(String::as_str));
    shop.world.q(&words).succeeded();
    shop.world.q(&words).exited(2).told("there is a server s already");
    shop.world.q(&["mcp", "add", "a__b", "--", "x"]).exited(2).told("is no name of a server");
    shop.world.q(&["mcp", "add", "b", "--", "./x"]).exited(2).told("name all of its program's path");
    shop.world.q(&["mcp", "list"]).succeeded().said("not started yet");
    shop.world.q(&["mcp", "check", "s"]).succeeded().said("s is double 1, with 2 tools");
    let listed = shop.world.q(&["mcp", "list", "--json"]).succeeded().json();
    assert_eq!((listed[0]["name"].as_str(), listed[0]["accepted"].as_u64()), (Some("s"), Some(2)));
    let [process] = double.processes()[..] else { panic!("one process") };
    assert!(!is_alive(process), "it is ended again");
    shop.world.q(&["mcp", "remove", "t"]).exited(2).told("there is no server t");
    shop.world.q(&["mcp", "remove", "s"]).succeeded();
    assert_eq!(fs::read_to_string(&file).unwrap().trim_end(), before.trim_end());
    assert_eq!(shop.world.q(&["mcp", "list", "--json"]).succeeded().json(), json!([]));
    fs::write(&file, format!("{before}[mcp.s]\ncommand = []\n")).unwrap();
    shop.world.q(&["mcp", "list"]).exited(2).told("[mcp.s] names no program");
}

/// A call under way whose server asks the person something, by the id of that question.
fn asked(shop: &Workshop) -> String {
    shop.rounds("do it", vec![say(), done()]);
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    question(shop, "")
}

/// The question that waits, which says this.
fn question(shop: &Workshop, part: &str) -> String {
    until("a question", || {
        let inbox = shop.world.q(&["inbox", "--json"]).succeeded().json();
        let asks = |item: &&serde_json::Value| {
            item["wants"] == "words" && item["input"].as_str().is_some_and(|input| input.contains(part))
        };
        let item = inbox.as_array()?.iter().find(asks)?.clone();
        assert_eq!(item["tool"].as_str(), Some("s__asks"), "{item}");
        Some(item["id"].as_str()?.to_owned())
    })
}

#[test]
fn a_question_of_a_server_is_answered_by_the_person_or_declined() {
    let (shop, double) = with_server("wants");
    asked(&shop);
    assert_eq!(shop.world.session("api")["activity"].as_str(), Some("needs_input"));
    shop.world.q(&["answer", "api", "Ann old"]).succeeded();
    // What it does not ask for is asked again, and why.
    question(&shop, "age is a whole number");
    shop.world.q(&["answer", "api", "age=41 Ann"]).succeeded();
    shop.wait("api").succeeded();
    assert_eq!(shop.told(1), ["you are Ann, 41", "Ann old", "age=41 Ann"]);
    assert_eq!(double.calls(), 1);
    let (shop, _double) = with_server("wants");
    let id = asked(&shop);
    shop.world.q(&["deny", "api", &id]).succeeded();
    shop.wait("api").succeeded();
    assert!(shop.told(1)[0].starts_with("you declined"), "{:?}", shop.told(1));
    // One that is gone waits for no answer, and the turn for none either.
    let (shop, double) = with_server("wants");
    asked(&shop);
    assert!(double.processes().into_iter().all(kill9));
    let waits = || shop.world.session("api")["activity"].as_str() == Some("needs_input");
    until("the question's end", || (!waits()).then_some(()));
    shop.wait("api").succeeded();
    let shown = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(shown.contains("the server does not wait for an answer any more"), "{shown}");
    assert!(shown.contains("ended while this ran"), "{shown}");
}
