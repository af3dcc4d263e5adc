//! Consent for several calls at once: all of a tool that were shown, all that wait in a session, and a yes in advance.

use q_testkit::server::Script;
use serde_json::json;

use crate::screen::Person as _;
use crate::tools::{Workshop, call, says_while, until};

/// A session whose model asks for three commands and a file at once.
fn four_at_once() -> Workshop {
    let shop = Workshop::with_tools();
    let mut asks = Script::new();
    for name in ["one", "two", "three"] {
        asks = asks.call("run", &json!({ "argv": ["touch", name] }).to_string());
    }
    asks = asks.call("write", &json!({ "path": "four", "content": "4" }).to_string());
    shop.rounds("do it", vec![asks.done(), Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    until("four calls that wait", || {
        (shop.world.q(&["inbox"]).succeeded().out.matches("may ").count() == 4).then_some(())
    });
    shop
}

#[test]
fn one_line_allows_all_of_a_tool_and_nothing_else() {
    let shop = four_at_once();
    let mut terminal = shop.world.terminal(&["attach", "api"]);
    terminal.wait_text("A all 3 of run");
    // By its number: what is typed once more than needed is for nothing else then.
    says_while(&mut terminal, "/approve 1 all", || !shop.has("one"));
    until("all of it", || (shop.has("two") && shop.has("three")).then_some(()));
    assert!(!shop.has("four"), "it is of another tool");
    terminal.wait_text("4 y once");
    terminal.type_at("api", "/deny all not that one");
    terminal.send("\r");
    terminal.wait_text("Done.");
    assert!(!shop.has("four"));
    assert!(shop.told(1).iter().any(|told| told.contains("not that one")), "{:?}", shop.told(1));
}

#[test]
fn the_shell_allows_all_that_waits_in_one_session_and_prints_each() {
    let shop = four_at_once();
    shop.world
        .q(&["approve", "api", "--all", "--tool", "edit"])
        .exited(1)
        .told("no call of edit waits in `api`");
    let said = shop.world.q(&["approve", "api", "--all", "--tool", "run"]).succeeded();
    for name in ["touch one", "touch two", "touch three"] {
        assert!(said.err.contains(name), "{name}: {}", said.err);
    }
    assert!(!said.err.contains("four"), "{}", said.err);
    let begins = format!("api (in {}) asks: ", shop.directory.display());
    assert_eq!(said.err.matches(&begins).count(), 3, "where is said before what: {}", said.err);
    let id = shop.waiting()["id"].as_str().unwrap().to_owned();
    let way = format!("q: it waits for you: q approve api {id}, or q deny api {id}");
    shop.world.q(&["show", "api"]).succeeded().told("may four be written").told(&way);
    shop.wait("api").exited(6).told(&way);
    shop.world.q(&["deny", "api", "--all"]).succeeded().told("four");
    shop.wait("api").succeeded();
    assert!(shop.has("one") && shop.has("two") && shop.has("three") && !shop.has("four"));
}

#[test]
fn a_yes_in_advance_is_for_the_tools_that_it_names_and_ends_with_the_command() {
    let shop = Workshop::with_tools();
    let edit = json!({ "path": "a.txt", "edits": [{ "old": "two", "new": "three" }] });
    let secret = json!({ "path": "deploy.pem", "content": "x" });
    let both = Script::new()
        .call("read", r#"{"path":"a.txt"}"#)
        .call("write", &secret.to_string())
        .call("write", &json!({ "path": "b.txt", "content": "new" }).to_string())
        .done();
    shop.rounds("do it", vec![both, call("edit", &edit), Script::new().say("Done.").done()]);
    shop.world.q(&["chat", "--yes-to", "exec", "hello"]).exited(2).told("the tools are read, list, search");
    let pem = ["permissions", "add", "deny", "write", "--everywhere", "--path", "**/*.pem"];
    shop.world.q(&pem).succeeded();
    let chat = ["chat", "--new", "api", "--yes-to", "edit,write", "do it"];
    let said = shop.world.start_in(&shop.directory, &chat).finish().succeeded();
    assert_eq!(said.out, "Done.\n");
    for text in ["allowed by --yes-to: may b.txt be written", "allowed by --yes-to: may a.txt be changed"] {
        assert!(said.err.contains(text), "{text:?}: {}", said.err);
    }
    assert!(!said.err.contains("it waits for you") && !said.err.contains("deploy"), "{}", said.err);
    assert!(shop.has("b.txt") && !shop.has("deploy.pem"), "what a rule denies is not allowed");
    assert_eq!(shop.file("a.txt"), "one\nthree\n");
    // Nothing of it is left: the next turn asks.
    shop.rounds(
        "again",
        vec![call("write", &json!({ "path": "c.txt", "content": "" })), Script::new().say("Done.").done()],
    );
    shop.world.q(&["send", "api", "again"]).succeeded();
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    assert!(!shop.has("c.txt"));
}
