//! Files that a prompt names: read by who typed it, sent as text, shown as a line.

use std::fs;

use q_testkit::server::Script;
use serde_json::json;

use crate::world::{World, conversation, turns};

const MAIN: &str = "fn main() {\n    println!(\"```\");\n}\n";
/// How it stands behind a prompt.
const QUOTED: &str =
    "\n\nFile src/main.rs (3 lines, 35 B):\n````\nfn main() {\n    println!(\"```\");\n}\n````";

/// A world in whose directory is a file, and which answers whoever asks to `explain`.
fn world() -> World {
    let world = World::new();
    let directory = world.home.directory("HOME");
    fs::create_dir(directory.join("src")).unwrap();
    fs::write(directory.join("src/main.rs"), MAIN).unwrap();
    fs::write(directory.join("picture.bin"), [0x7f, 0x45, 0x4c, 0x46, 0, 0xff]).unwrap();
    world.server.on("explain", Script::new().say("It prints.").done());
    world
}

fn last_prompt(world: &World) -> String {
    world.server.requests().last().map(|seen| seen.last_user_text().to_owned()).unwrap_or_default()
}

#[test]
fn a_named_file_goes_to_the_model_with_the_prompt() {
    let world = world();
    let prompt = "explain @src/main.rs, please";
    let said = world.q(&["chat", "--new", "api", prompt]).succeeded();
    assert_eq!((said.out.as_str(), said.err.as_str()), ("It prints.\n", "+ src/main.rs (3 lines, 35 B)\n"));
    assert_eq!(last_prompt(&world), format!("{prompt}{QUOTED}"));
    // What is kept is what was sent, whatever becomes of the file, and each reader of it has all of it.
    fs::remove_file(world.home.directory("HOME").join("src/main.rs")).unwrap();
    let kept = world.q(&["show", "api", "--json"]).succeeded().json();
    assert_eq!(kept["entries"][0]["text"], json!(format!("{prompt}{QUOTED}")));
    world.q(&["fork", "api", "other"]).succeeded();
    world.q(&["chat", "-s", "other", "go on"]).succeeded();
    let history = turns(&[&format!("{prompt}{QUOTED}"), "It prints.", "go on"]);
    assert_eq!(conversation(&world.request("go on")), history);
    assert!(world.q(&["export", "api", "--format", "md"]).succeeded().out.contains("println!"));
}

#[test]
fn what_is_piped_names_nothing_and_what_is_not_there_is_not_sent() {
    let world = world();
    world.q_reading(&["chat", "explain"], "@src/main.rs").succeeded();
    assert_eq!(last_prompt(&world), "explain\n\n@src/main.rs");
    world.q_reading(&["chat"], "explain @src/main.rs").succeeded();
    assert_eq!(last_prompt(&world), "explain @src/main.rs");
    for prompt in ["explain to me@src/main.rs", "explain @bob", "explain \\@types/node"] {
        world.q(&["chat", prompt]).succeeded();
        assert_eq!(last_prompt(&world), prompt);
    }
    let asked = world.server.requests().len();
    for (prompt, told) in [
        ("explain @src/man.rs", "@src/man.rs: there is no such file; nothing was sent"),
        ("explain @src/", "@src/: that is a directory"),
        ("explain @picture.bin", "@picture.bin: it is no text"),
        ("explain @/dev/zero", "@/dev/zero: that is no regular file"),
    ] {
        world.q(&["chat", prompt]).exited(2).told(told).told("--no-files");
        world.q(&["new", "-d", "none", "--", prompt]).exited(2).told(told);
    }
    assert_eq!(world.q(&["ls", "--all", "--json"]).succeeded().json().as_array().map(Vec::len), Some(5));
    assert_eq!(world.server.requests().len(), asked);
    world.q(&["chat", "--no-files", "explain @src/man.rs and @src/main.rs"]).succeeded();
    assert_eq!(last_prompt(&world), "explain @src/man.rs and @src/main.rs");
}

#[test]
fn names_begin_where_the_session_works() {
    let world = world();
    let directory = world.home.directory("HOME").join("src");
    world.q(&["new", "-d", "deep", "--cwd", &directory.to_string_lossy()]).succeeded();
    world.q(&["send", "deep", "explain @main.rs"]).succeeded().told("+ main.rs (3 lines, 35 B)");
    world.q(&["wait", "deep"]).succeeded();
    assert_eq!(last_prompt(&world), format!("explain @main.rs{}", QUOTED.replace("src/", "")));
}

#[test]
fn the_screen_shows_a_line_and_completes_names() {
    let world = world().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    terminal.send("explain @sr\t");
    terminal.wait_text("explain @src/");
    terminal.send("\t");
    terminal.wait_text("explain @src/main.rs");
    terminal.send("\r");
    terminal.wait_text("It prints.");
    terminal.wait_text("+ src/main.rs (3 lines, 35 B)");
    assert!(!terminal.screen_text().contains("println"), "{}", terminal.screen_text());
    assert_eq!(last_prompt(&world), format!("explain @src/main.rs{QUOTED}"));
    // What is not there comes back; sent again, it is meant.
    terminal.send("explain @src/man.rs\r");
    terminal.wait_text("@src/man.rs: there is no such file (Enter again sends it without)");
    terminal.wait_text("> explain @src/man.rs");
    assert_eq!(world.server.requests().len(), 1);
    terminal.send("\r");
    world.wait_for_requests(2);
    assert_eq!(last_prompt(&world), "explain @src/man.rs");
}

#[test]
fn a_prompt_that_waits_is_taken_back_with_its_files_and_sent_with_them_once() {
    let world = world().with_sessions(&["api"]);
    world.begin_first("api");
    world.q(&["send", "api", "explain @src/main.rs"]).succeeded();
    assert!(
        world
            .q(&["queue", "api"])
            .succeeded()
            .out
            .ends_with("explain @src/main.rs + src/main.rs (3 lines, 35 B)\n")
    );
    let mut terminal = world.open_at("api");
    terminal.wait_text("queued 1: explain @src/main.rs + src/main.rs (3 lines, 35 B)");
    terminal.send("/unqueue\r");
    terminal.wait_no_text("queued 1");
    terminal.wait_text("File src/main.rs");
    terminal.send("\r");
    terminal.wait_text("queued 1: explain @src/main.rs + src/main.rs (3 lines, 35 B)");
    world.server.open("first");
    world.wait_for_requests(2);
    assert_eq!(last_prompt(&world), format!("explain @src/main.rs{QUOTED}"));
}

#[test]
fn lines_are_read_alike() {
    let world = world();
    let said =
        world.q_reading(&["--plain"], "explain @src/main.rs\nexplain @src/man.rs\nexplain @src/man.rs\n");
    assert!(said.out.contains("+ src/main.rs (3 lines, 35 B)"), "{said:?}");
    assert!(!said.out.contains("println"), "{said:?}");
    assert!(
        said.out.contains("not sent: explain @src/man.rs; the same line again sends it without"),
        "{said:?}"
    );
    world.wait_for_requests(2);
    assert_eq!(last_prompt(&world), "explain @src/man.rs");
}
