//! Files of a project: nothing of them before its directory is trusted, all of them afterwards, and what changed is said.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use q_testkit::clock;
use q_testkit::server::Script;

use crate::screen::Person as _;
use crate::tools::{Workshop, until};
use crate::world::World;

/// A world with an agent, and a repository with files for agents, at work in a directory beneath its top.
fn project(configuration: &str) -> (World, PathBuf) {
    let Workshop { world, directory: top } = Workshop::new(configuration);
    for (path, text) in [
        (".git/HEAD", ""),
        ("AGENTS.md", "Speak of herons.\n"),
        (".amazonq/rules/a.md", "Rule of the owls.\n"),
        ("src/CLAUDE.md", "Mind the finches.\n"),
    ] {
        fs::create_dir_all(top.join(path).parent().unwrap()).unwrap();
        fs::write(top.join(path), text).unwrap();
    }
    for prompt in ["one", "two", "three", "four"] {
        world.server.on(prompt, Script::new().say("Fine.").done());
    }
    (world, top)
}

fn begin(world: &World, directory: &std::path::Path) {
    world.q(&["new", "-d", "api", "--cwd", &directory.display().to_string()]).succeeded();
}

/// What the model was told of its task with that prompt.
fn told(world: &World, prompt: &str) -> String {
    world.q(&["send", "api", prompt]).succeeded();
    world.q(&["wait", "api", "--timeout", "20"]).succeeded();
    let messages = world.request(prompt).body["messages"].clone();
    messages
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "system")
        .map(ToString::to_string)
        .collect()
}

#[test]
fn files_of_a_project_go_along_once_its_directory_is_trusted_and_what_changes_is_said() {
    let (world, top) = project("");
    begin(&world, &top.join("src"));
    let before = told(&world, "one");
    assert!(
        !before.contains("herons") && !before.contains("owls") && !before.contains("finches"),
        "{before}"
    );
    let shown = world.q(&["show", "api"]).succeeded().out;
    let withheld = "AGENTS.md, .amazonq/rules, src/CLAUDE.md not sent: this directory is not trusted; q trust changes that";
    assert!(shown.contains(withheld), "{shown}");
    let top_name = top.display().to_string();
    world.q(&["trust", &top_name]).succeeded().told("is trusted: its files for agents go along");
    let trusted = told(&world, "two");
    let places: Vec<usize> =
        ["herons", "owls", "finches"].iter().map(|word| trusted.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{trusted}");
    assert!(trusted.contains("give no permission") && trusted.contains("src/CLAUDE.md"), "{trusted}");
    let shown = world.q(&["show", "api"]).succeeded().out;
    let along = "project files go along from here on: AGENTS.md (17 B), .amazonq/rules/a.md (18 B), src/CLAUDE.md (18 B)";
    assert!(shown.contains(along), "{shown}");
    // As they were: nothing is said again.
    let said = |world: &World| world.q(&["show", "api"]).succeeded().out.matches("go along").count();
    assert!(told(&world, "three").contains("herons"));
    assert_eq!(said(&world), 1);
    fs::write(top.join("AGENTS.md"), "Speak of storks.\n").unwrap();
    assert!(told(&world, "four").contains("storks"));
    assert_eq!(said(&world), 2);
    world.q(&["untrust", &top_name]).succeeded();
    world.q(&["trust", "--list"]).succeeded().told("no directory is trusted");
}

#[test]
fn only_directories_of_projects_are_trusted_and_an_agent_may_want_none_of_it() {
    let (world, top) = project("project_files = false");
    let home = world.home.path().display().to_string();
    for wide in ["/", &home] {
        world.q(&["trust", wide]).exited(2).told("not trusted as a whole").told("q trust DIR");
    }
    world.q(&["trust", &top.join("AGENTS.md").display().to_string()]).exited(2).told("no directory");
    world.q(&["untrust", &top.display().to_string()]).exited(1).told("is not trusted");
    world.q(&["trust", &top.display().to_string()]).succeeded();
    let src = top.join("src").display().to_string();
    world.q(&["untrust", &src]).exited(1).told("is trusted with").told("q untrust");
    let list = world.q(&["trust", "--list", "--json"]).succeeded().json();
    assert_eq!(list[0]["directory"], top.display().to_string());
    begin(&world, &top);
    assert!(!told(&world, "one").contains("herons"));
    assert!(!world.q(&["show", "api"]).succeeded().out.contains("AGENTS.md"));
}

#[test]
fn the_screen_asks_once_and_a_yes_counts_only_when_it_was_read() {
    let (world, top) = project("");
    begin(&world, &top);
    let mut terminal = world.attach("api");
    terminal.wait_text("y trusts");
    let seen = clock::now();
    until("it could be read", || (clock::now() >= seen + Duration::from_millis(400)).then_some(()));
    terminal.send("y\r");
    terminal.wait_no_text("y trusts");
    assert!(world.q(&["trust", "--list"]).succeeded().out.contains("project"));
    terminal.type_at("api", "one");
    terminal.send("\r");
    terminal.wait_text("Fine.");
    terminal.wait_text("project files go along");
    assert!(world.request("one").body.to_string().contains("herons"));
    let lines = world.q_reading(&["attach", "api"], "/trust\n/quit\n").succeeded();
    assert!(lines.out.contains("is trusted already") && !lines.out.contains("not sent"), "{}", lines.out);
}
