//! Writing prompts in a real terminal: the list that follows what is typed, the search, and another editor.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::screen::Person as _;
use crate::world::{World, eventually};

#[test]
fn files_anywhere_beneath_are_offered_and_what_git_ignores_is_not() {
    let world = World::new().with_sessions(&["api"]);
    let directory = world.home.directory("HOME");
    for name in ["deep/er/needle.rs", "ignored/needle.o", "needless.txt"] {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::write(directory.join(".gitignore"), "ignored\n").unwrap();
    let mut terminal = world.open_at("api");
    terminal.send("see @needl");
    terminal.wait_text("@needless.txt");
    terminal.wait_text("@deep/er/needle.rs");
    assert!(!terminal.screen_text().contains("needle.o"), "{}", terminal.screen_text());
    // Esc and what follows at once are one chord, so that the list is seen to go first.
    terminal.send("\x1b");
    terminal.wait_no_text("@deep");
    terminal.send("\t");
    terminal.wait_text("@deep");
    terminal.send("er\t");
    terminal.wait_typed("api", "see @deep/er/needle.rs");
}

#[test]
fn earlier_prompts_are_searched_here_and_everywhere_and_nothing_is_sent() {
    let world = World::new().with_sessions(&["api", "plan"]);
    let mut terminal = world.open_at("api");
    terminal.enter("tell me of apples", "echo: tell me of apples");
    terminal.enter("tell me of pears", "echo: tell me of pears");
    terminal.switch("plan");
    // Where nothing was sent the key renames.
    terminal.send("\x12");
    terminal.wait_text("┌ rename");
    terminal.send("\x1b");
    terminal.wait_no_text("┌ rename");
    terminal.send("apple\x12");
    terminal.wait_text("no prompt fits");
    terminal.send("\x12");
    terminal.wait_text("[api] tell me of apples");
    terminal.send("\r");
    terminal.wait_typed("plan", "tell me of apples");
    assert_eq!(world.server.requests().len(), 2);
    terminal.press_to("\x1b1", "api");
    terminal.send("\x12");
    terminal.wait_text("┌ prompts sent before");
    terminal.send("\x1b");
    terminal.wait_prompt("api");
}

/// A home whose editor is that script, which finds the draft at `$1`.
fn world_with_editor(script: &str) -> World {
    let mut world = World::new();
    let path = world.home.path().join("editor.sh");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    // It comes with an argument in front of the file's name.
    world.home.set("EDITOR", &format!("{} --", path.display()));
    world.with_sessions(&["api"])
}

/// The drafts that are in files.
fn drafts(world: &World) -> Vec<String> {
    let state = world.home.directory("XDG_STATE_HOME").join("q");
    let names = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with("draft-")).collect()
}

#[test]
fn another_editor_has_the_terminal_and_what_it_leaves_is_not_sent() {
    let world = world_with_editor(
        "stat -c %a \"$2\" >mode; echo the editor reads; read -r line; echo \"$line, as it was told\" >>\"$2\"",
    );
    let mut terminal = world.open_at("api");
    terminal.send("begun \x07");
    terminal.wait_text("the editor reads");
    assert_eq!(drafts(&world).len(), 1);
    // Each letter is the editor's: the screen of q, which would take some, reads none meanwhile. What the host says goes on.
    world.q(&["new", "-d", "other"]).succeeded();
    terminal.send("all of these letters\r");
    terminal.wait_typed("api", "begun all of these letters, as it was told");
    terminal.wait_bar("other");
    let mode = world.home.directory("HOME").join("mode");
    assert_eq!((fs::read_to_string(mode).unwrap().as_str(), drafts(&world)), ("600\n", Vec::new()));
    assert_eq!(world.server.requests().len(), 0, "it was sent");
    terminal.send("\r");
    terminal.wait_text("echo: begun all of these letters");
}

#[test]
fn an_editor_that_fails_loses_nothing() {
    let world = world_with_editor("echo written all the same >\"$2\"; exit 3");
    let mut terminal = world.open_at("api");
    terminal.send("precious\x07");
    terminal.wait_text("and what was typed stays");
    terminal.wait_typed("api", "precious");
    eventually("the file that it wrote stays", || drafts(&world).len() == 1);
    let without = World::new().with_sessions(&["api"]);
    let mut terminal = without.open_at("api");
    terminal.send("precious\x07");
    terminal.wait_text("set VISUAL or EDITOR");
    terminal.wait_typed("api", "precious");
}

#[test]
fn what_an_editor_wrote_for_a_session_that_was_closed_meanwhile_stays_in_its_file() {
    let world = world_with_editor("echo the editor reads; read -r line; echo \"$line\" >\"$2\"");
    world.q(&["new", "-d", "other"]).succeeded();
    let mut terminal = world.open_at("api");
    terminal.send("begun \x07");
    terminal.wait_text("the editor reads");
    world.q(&["close", "api"]).succeeded();
    terminal.send("all of it\r");
    terminal.wait_text("closed elsewhere; it is in");
    terminal.wait_prompt("other");
    let [file] = drafts(&world).try_into().unwrap();
    let state = world.home.directory("XDG_STATE_HOME").join("q");
    assert_eq!(fs::read_to_string(state.join(file)).unwrap(), "all of it\n");
}

#[test]
fn what_was_typed_ahead_of_another_editor_is_not_lost() {
    let world = world_with_editor("echo the editor reads; read -r line; printf %s \"$line\" >\"$2\"");
    let mut terminal = world.open_at("api");
    // At once, so that all of it is read before the editor is there. What would send it sends nothing.
    terminal.send("begun\x07 and\rmore");
    terminal.wait_text("the editor reads");
    terminal.send("edited,\r");
    terminal.wait_text("edited, and");
    terminal.wait_for("the second row of it", |screen| screen.contents().trim_end().ends_with("more"));
    assert_eq!(world.server.requests().len(), 0, "it was sent");
}
