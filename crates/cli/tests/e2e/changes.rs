//! Changes of files taken back and made again: shown first, refused where another hand was there, through restarts.

use std::fs;

use q_testkit::process::kill9;
use q_testkit::server::Script;
use serde_json::json;

use crate::tools::{Workshop, call, until};

/// A session whose model has edited `a.txt` and made `new.txt`, each with leave.
fn changed() -> Workshop {
    let shop = Workshop::with_tools();
    let edit = json!({ "path": "a.txt", "edits": [{ "old": "two", "new": "zwei" }] });
    let write = json!({ "path": "new.txt", "content": "made\n" });
    shop.rounds(
        "change",
        vec![call("edit", &edit), call("write", &write), Script::new().say("changed").done()],
    );
    shop.begin("one", "change");
    shop.answer("approve", "one");
    shop.answer("approve", "one");
    shop.wait("one").succeeded();
    assert_eq!((shop.file("a.txt").as_str(), shop.has("new.txt")), ("one\nzwei\n", true));
    shop
}

#[test]
fn what_tools_changed_is_undone_made_again_and_told_to_the_model() {
    let shop = changed();
    let q = |args: &[&str]| shop.world.q(args);
    q(&["diff", "one"]).succeeded().said("-two\n+zwei").said("made new.txt");
    // Shown, and nothing done by that.
    q(&["undo", "one", "--dry-run"])
        .succeeded()
        .said("-zwei\n+two")
        .said("removed new.txt")
        .said("commands")
        .told("only shown: nothing was changed");
    q(&["undo", "one"]).exited(2).told("--yes");
    assert_eq!((shop.file("a.txt").as_str(), shop.has("new.txt")), ("one\nzwei\n", true));
    let undone = q(&["undo", "one", "--yes", "--json"]).succeeded().json();
    assert_eq!(undone["done"], true, "{undone}");
    assert_eq!((shop.file("a.txt").as_str(), shop.has("new.txt")), ("one\ntwo\n", false));
    q(&["undo", "one", "--yes"]).succeeded().told("nothing to undo");
    q(&["show", "one"]).succeeded().said("undone what was changed in a.txt, new.txt");
    q(&["diff", "one"]).succeeded().told("no file is otherwise");
    // A host that dies has forgotten nothing of it.
    kill9(shop.world.home.host_pid().unwrap());
    q(&["redo", "one", "--yes"]).succeeded().said("-two\n+zwei");
    assert_eq!((shop.file("a.txt").as_str(), shop.file("new.txt").as_str()), ("one\nzwei\n", "made\n"));
    q(&["redo", "one", "--yes"]).succeeded().told("nothing to redo");
    q(&["undo", "one", "--yes"]).succeeded().told("undone: turn ");
    // The model hears it all with the next prompt.
    shop.world.server.once("go on", Script::new().say("well").done());
    q(&["send", "one", "go on"]).succeeded();
    shop.wait("one").succeeded();
    let requests = shop.world.server.requests();
    let told = requests.last().unwrap().body["messages"].to_string();
    for said in ["undo your changes, in \\\"a.txt", "again that were undone", "Read them again"] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

#[test]
fn what_another_hand_changed_since_is_left_alone_with_all_others() {
    let shop = changed();
    fs::write(shop.directory.join("new.txt"), "mine\n").unwrap();
    let q = |args: &[&str]| shop.world.q(args);
    q(&["undo", "one", "--yes"]).exited(1).said("\nnew.txt was changed by another hand since: left alone\n");
    assert_eq!((shop.file("a.txt").as_str(), shop.file("new.txt").as_str()), ("one\nzwei\n", "mine\n"));
    // A link in its place is not followed.
    fs::remove_file(shop.directory.join("new.txt")).unwrap();
    std::os::unix::fs::symlink("a.txt", shop.directory.join("new.txt")).unwrap();
    q(&["undo", "one", "--yes"]).exited(1).said("it is a link");
    fs::remove_file(shop.directory.join("new.txt")).unwrap();
    fs::write(shop.directory.join("new.txt"), "made\n").unwrap();
    q(&["undo", "one", "--yes"]).succeeded();
    assert_eq!((shop.file("a.txt").as_str(), shop.has("new.txt")), ("one\ntwo\n", false));
}

#[test]
fn a_page_shows_what_would_be_undone_and_y_does_it() {
    let shop = changed();
    let mut terminal = shop.world.open_at("one");
    terminal.send_line("/undo");
    terminal.wait_text("y undoes it");
    terminal.wait_text("-zwei");
    terminal.send("\u{1b}");
    terminal.wait_no_text("y undoes it");
    assert_eq!(shop.file("a.txt"), "one\nzwei\n");
    terminal.send_line("/undo");
    terminal.wait_text("y undoes it");
    terminal.send("y");
    terminal.wait_text("undone what was changed in a.txt, new.txt");
    until("the file as it was", || (shop.file("a.txt") == "one\ntwo\n").then_some(()));
    terminal.send_line("/redo yes");
    terminal.wait_text("made again what was undone in a.txt, new.txt");
    terminal.send_line("/diff");
    terminal.wait_text("made new.txt");
}

#[test]
fn two_sessions_that_change_one_file_are_told() {
    let shop = changed();
    let edit = json!({ "path": "a.txt", "edits": [{ "old": "one", "new": "eins" }] });
    shop.rounds("likewise", vec![call("edit", &edit), Script::new().say("too").done()]);
    shop.begin("two", "likewise");
    shop.answer("approve", "two");
    shop.wait("two").succeeded();
    let told = shop.told(shop.world.server.requests().len() - 1);
    let other =
        told.iter().find_map(|told| told.split_once("(session ")?.1.split_once(" changed it before)"));
    let other = other.map(|(other, _)| other).expect("the other session is told");
    // By what the person can look at it.
    assert!(shop.world.session("one")["id"].as_str().unwrap().starts_with(other), "{other}");
    shop.world.q(&["show", other]).succeeded();
    shop.world
        .q(&["undo", "one", "--yes"])
        .exited(1)
        .said("a.txt was changed by another hand since (session");
}
