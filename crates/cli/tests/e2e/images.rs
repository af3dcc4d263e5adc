//! Images that a prompt names: known by their bytes, kept with the prompt, shown to the model exactly as they are, and named
//! everywhere else.

use std::fs;
use std::path::Path;

use q_testkit::process::kill9;
use q_testkit::server::Script;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::screen::Person as _;
use crate::world::{World, eventually};

/// A whole picture of 64 × 48 pixels, as far as its headers say, and its bytes in base64.
fn png(width: u32) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| {
        [&u32::try_from(body.len()).unwrap().to_be_bytes(), name, body, b"crc!"].concat()
    };
    let header = [&width.to_be_bytes()[..], &48_u32.to_be_bytes(), b"\x08\x02\0\0\0"].concat();
    let pixels: Vec<u8> = (0..=u8::MAX).cycle().take(3_001).collect();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &pixels), &chunk(b"IEND", b"")]
        .concat()
}

/// As the tests say it, not as q does.
fn base64(bytes: &[u8]) -> String {
    let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1)));
    let bits: Vec<usize> = bits.collect();
    let digit = |six: &[usize]| (0..6).fold(0, |sum, at| sum * 2 + six.get(at).copied().unwrap_or(0));
    let mut text: String = bits.chunks(6).map(|six| digits[digit(six)]).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// A world in whose directory are pictures, one of them under the name of a text.
fn world() -> World {
    let world = World::new();
    let directory = world.home.directory("HOME");
    fs::write(directory.join("shot.png"), png(64)).unwrap();
    fs::write(directory.join("notes.txt"), png(65)).unwrap();
    world.server.on("look", Script::new().say("A gradient.").done());
    world
}

fn address(width: u32) -> String {
    format!("data:image/png;base64,{}", base64(&png(width)))
}

/// What the person's message that says this is made of, in the newest request.
fn content(world: &World, text: &str) -> Value {
    let newest = world.server.requests().pop().unwrap();
    let messages = newest.body["messages"].as_array().unwrap().clone();
    let found = messages.into_iter().find(|message| message["content"].to_string().contains(text));
    found.unwrap()["content"].clone()
}

fn with_image(width: u32, text: &str) -> Value {
    json!([
        { "type": "image_url", "image_url": { "url": address(width) } },
        { "type": "text", "text": text },
    ])
}

#[test]
fn a_named_image_goes_to_the_model_byte_for_byte_and_stays_with_its_prompt() {
    let world = world();
    let said = world.q(&["chat", "--new", "api", "look at @shot.png"]).succeeded();
    assert_eq!(said.err, "+ shot.png (image, 64×48, 3 KB)\n");
    assert_eq!(content(&world, "look"), with_image(64, "look at @shot.png"));
    // What is kept is what was sent, whatever becomes of the file.
    fs::remove_file(world.home.directory("HOME").join("shot.png")).unwrap();
    world.q(&["host", "stop"]).succeeded();
    world.q(&["chat", "-s", "api", "go on"]).succeeded();
    assert_eq!(content(&world, "look"), with_image(64, "look at @shot.png"));
    world.q(&["fork", "api", "other"]).succeeded();
    world.q(&["chat", "-s", "other", "and here?"]).succeeded();
    assert_eq!(content(&world, "look"), with_image(64, "look at @shot.png"), "a fork has it too");
    // People are told of it, and nobody is shown its bytes.
    let line = "[image shot.png, 64×48, 3 KB]";
    let bytes = &base64(&png(64))[..40];
    for arguments in
        [&["show", "api"][..], &["export", "api", "--format", "md"], &["export", "api", "--format", "html"]]
    {
        let told = world.q(arguments).succeeded().out;
        assert!(told.contains("64×48, 3 KB") && !told.contains(bytes), "{arguments:?}: {told}");
    }
    assert!(world.q(&["show", "api"]).succeeded().out.contains(line));
    let known = json!([{ "name": "shot.png", "kind": "png", "width": 64, "height": 48, "bytes": 3058 }]);
    let shown = world.q(&["show", "api", "--json"]).succeeded().json();
    assert_eq!(shown["entries"][0]["images"], known);
    // A document names it. Who imports that has the name, and the model is told that there was one.
    let document = world.q(&["export", "api"]).succeeded().out;
    assert!(document.contains("shot.png") && !document.contains(bytes), "{document}");
    let path = world.home.directory("HOME").join("api.json");
    fs::write(&path, document).unwrap();
    world.q(&["import", &path.to_string_lossy(), "--name", "copy"]).succeeded();
    let shown = world.q(&["show", "copy", "--json"]).succeeded().json();
    assert_eq!(shown["entries"][0]["images"], known);
    world.q(&["chat", "-s", "copy", "still there?"]).succeeded();
    let told = content(&world, "look").to_string();
    assert!(told.contains("[image shot.png, 64×48: not kept here]") && !told.contains("image_url"), "{told}");
}

#[test]
fn an_image_is_known_by_its_bytes_and_what_is_none_is_not_sent() {
    let world = world();
    let directory = world.home.directory("HOME");
    world.q(&["chat", "look at @notes.txt"]).succeeded();
    assert_eq!(content(&world, "look"), with_image(65, "look at @notes.txt"));
    fs::write(directory.join("cut.png"), &png(64)[..200]).unwrap();
    fs::write(directory.join("lies.png"), [&b"\x89PNG\r\n\x1a\n"[..], &[b'x'; 90]].concat()).unwrap();
    fs::write(directory.join("huge.png"), png(10_000)).unwrap();
    fs::write(directory.join("large.png"), [png(64), vec![0; 4_000_000]].concat()).unwrap();
    fs::create_dir(directory.join("dir.png")).unwrap();
    mknodat(CWD, directory.join("pipe.png"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    for count in 0..9 {
        fs::write(directory.join(format!("{count}.png")), png(64 + count)).unwrap();
    }
    let asked = world.server.requests().len();
    for (prompt, told) in [
        (
            "look at @./cut.png",
            "@./cut.png: it begins as a png image and is none, or is cut off; nothing was sent",
        ),
        ("look at @lies.png", "@lies.png: it begins as a png image and is none, or is cut off"),
        ("look at @huge.png", "@huge.png: it has 10000×48 pixels, and 8000 a side is the most"),
        ("look at @large.png", "@large.png: the image has 4.0 MB, and 3.9 MB is the most that one may have"),
        ("look at @./dir.png", "@./dir.png: that is a directory"),
        ("look at @./pipe.png", "@./pipe.png: that is no regular file"),
        (
            "look at @0.png @1.png @2.png @3.png @4.png @5.png @6.png @7.png @8.png",
            "@8.png: 8 images are the most that one prompt may have",
        ),
    ] {
        world.q(&["chat", prompt]).exited(2).told(told).told("--no-files");
    }
    assert_eq!(world.server.requests().len(), asked);
    world.q(&["chat", "--no-files", "look at @shot.png"]).succeeded();
    assert_eq!(content(&world, "look"), json!("look at @shot.png"));
    world.q_reading(&["chat", "look"], "@shot.png").succeeded();
    assert_eq!(content(&world, "look"), json!("look\n\n@shot.png"), "what is piped names nothing");
}

#[test]
fn the_screen_and_lines_say_what_goes_along() {
    let world = world().with_sessions(&["api"]);
    let mut terminal = world.open_at("api");
    let no_such_file = "@./gone.png: there is no such file (Enter again sends it without)";
    terminal.enter("look at @./gone.png", no_such_file);
    terminal.enter("\u{15}look at @shot.png", "A gradient.");
    terminal.wait_text("[image shot.png, 64×48, 3 KB]");
    assert_eq!(content(&world, "look"), with_image(64, "look at @shot.png"));
    let said = world.q_reading(&["--plain"], "look at @shot.png\n");
    assert!(said.out.contains("[image shot.png, 64×48, 3 KB]"), "{said:?}");
    assert_eq!(content(&world, "look"), with_image(64, "look at @shot.png"));
}

#[test]
fn what_waits_keeps_its_image_through_an_edit_and_a_kill() {
    let world = world().with_sessions(&["api"]);
    world.begin_first("api");
    let number = world.q(&["send", "api", "look at @shot.png"]).succeeded().out;
    world.q(&["edit", "api", number.trim(), "look closely"]).succeeded();
    fs::remove_file(world.home.directory("HOME").join("shot.png")).unwrap();
    kill9(world.home.host_pid().unwrap());
    world.server.open("first");
    world.q(&["now", "api", number.trim()]).succeeded();
    world.q(&["wait", "api"]);
    assert_eq!(content(&world, "look closely"), with_image(64, "look closely"));
}

#[test]
fn a_model_that_takes_none_is_told_apart_and_nothing_is_lost() {
    let world = world();
    let refusal =
        r#"{"error":{"message":"Invalid content type. image_url is only supported by certain models."}}"#;
    world.server.once("look", Script::new().status(400, refusal));
    world
        .q(&["chat", "--new", "api", "look at @shot.png"])
        .exited(1)
        .told("the model takes no images")
        .told("sets one that takes images");
    assert_eq!(world.session("api")["failure"], json!("no_images"));
    // What nothing answered is not sent with later prompts; asked again, it has its image.
    world.q(&["set", "api", "model", "other"]).succeeded();
    world.q(&["retry", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    assert_eq!(content(&world, "look"), with_image(64, "look at @shot.png"));
}

#[test]
fn a_summary_is_made_without_images_and_the_guide_says_that_it_sees_none() {
    let world = world();
    world.server.on("Summarise the conversation above", Script::new().say("A gradient was seen.").done());
    let long = "lorem ipsum ".repeat(60);
    world.server.on("look", Script::new().say(&long).done());
    world.q(&["chat", "--new", "api", "look at @shot.png"]).succeeded();
    world.q(&["compact", "api"]).succeeded();
    world.q(&["wait", "api"]).succeeded();
    let asked = world.request("Summarise the conversation above").body.to_string();
    assert!(asked.contains("[image shot.png, 64×48: not shown]"), "{asked}");
    assert!(!asked.contains("image_url"), "{asked}");
    let said = world.q(&["chat", "--agent", "guide", "what is on this picture? @shot.png"]).succeeded();
    assert!(
        said.out.starts_with("*I cannot see pictures") && said.out.contains("## Images in a prompt"),
        "{said:?}"
    );
}

/// Whether these bytes stand in a file of this directory.
fn stands_below(directory: &Path, text: &[u8]) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        let holds = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text);
        if path.is_dir() { stands_below(&path, text) } else { fs::read(&path).is_ok_and(holds) }
    })
}

#[test]
fn an_erased_session_leaves_no_bytes_of_its_images() {
    let world = world();
    let home = world.home.directory("HOME");
    let outside = home.parent().unwrap();
    world.q(&["chat", "--new", "api", "look at @shot.png"]).succeeded();
    let bytes = base64(&png(64));
    // In the middle of a piece, where nothing is shared with what else is written.
    let some = &bytes.as_bytes()[400..440];
    assert!(stands_below(outside, some), "it is kept");
    world.q(&["delete", "--now", "--force", "api"]).succeeded();
    eventually("the image is gone", || !stands_below(outside, some));
}
