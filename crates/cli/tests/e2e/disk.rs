//! A disk that takes nothing more, and a store that is gone: said at once, what was typed stays, and everything goes on when
//! that is over. A limit on file sizes stands for the full disk: both are met at the same calls.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use q_crash::image::Image;
use q_testkit::process::{is_alive, kill9, limit_file_size};
use q_testkit::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::screen::{CTRL_D, Person as _, alt};
use crate::world::{World, eventually};

const FULL: &str = "no space for the store";

/// Nothing more can be written, by the host or by one that this terminal starts.
fn fill(world: &World, terminal: &Terminal) {
    limit_file_size(world.home.host_pid().expect("a host runs"), Some(0));
    limit_file_size(terminal.pid(), Some(0));
}

fn one() -> (World, Terminal) {
    let world = World::new().with_sessions(&["one"]);
    let terminal = world.open_at("one");
    (world, terminal)
}

#[test]
fn a_prompt_that_a_full_disk_cannot_take_is_sent_once_when_there_is_room() {
    let (world, mut terminal) = one();
    terminal.enter("before", "echo: before");
    fill(&world, &terminal);
    terminal.enter("keep this", "not saved: keep this");
    terminal.wait_text(FULL);
    terminal.wait_text("echo: before");
    terminal.enter("and this", "what you typed stays here");

    limit_file_size(terminal.pid(), None);
    terminal.wait_text("echo: keep this");
    terminal.wait_no_text(FULL);
    terminal.wait_typed("one", "and this");
    terminal.send("\r");
    terminal.wait_text("echo: and this");
    assert_eq!(world.server.requests().len(), 3, "nothing is asked twice");
    world.q(&["host", "stop"]).succeeded();
    assert_eq!(world.q(&["doctor", "--json"]).json()["condition"], "healthy");
}

#[test]
fn who_leaves_while_nothing_can_be_saved_is_given_back_what_was_typed() {
    let (world, mut terminal) = one();
    fill(&world, &terminal);
    terminal.enter("keep this", "not saved: keep this");
    terminal.send(CTRL_D);
    assert_eq!(terminal.wait_exit().exit_code(), 5);
    assert!(terminal.screen_text().starts_with("not saved: keep this"), "{}", terminal.screen_text());
    assert_eq!(world.server.requests().len(), 0);
}

/// A terminal whose store is at another place since, with a prompt that was not saved; and the directory of both.
fn moved_away() -> (World, Terminal, PathBuf) {
    let (world, mut terminal) = one();
    let data = world.home.directory("XDG_DATA_HOME").join("q");
    fs::rename(data.join("store"), data.join("elsewhere")).unwrap();
    terminal.enter("where are you?", "not saved: where are you?");
    (world, terminal, data)
}

/// The store is where it was again, and so is what was typed.
fn bring_back(data: &Path, terminal: &mut Terminal) {
    fs::rename(data.join("elsewhere"), data.join("store")).unwrap();
    terminal.send("\r");
    terminal.wait_text("echo: where are you?");
}

#[test]
fn a_store_that_is_moved_away_is_missed_and_never_made_anew() {
    let (world, mut terminal, data) = moved_away();
    terminal.wait_text("is gone or was");
    bring_back(&data, &mut terminal);
    assert_eq!(world.server.requests().len(), 1);
}

/// Another command must not give the waiting terminal an empty store in its place.
#[test]
fn no_other_command_makes_a_store_in_place_of_one_that_is_gone() {
    let (world, mut terminal, data) = moved_away();
    for command in [&["ls"][..], &["new", "-d", "two"], &["chat", "hello"]] {
        world
            .q(command)
            .exited(5)
            .told("is gone, and q has used it before")
            .told("to begin with an empty one");
        assert!(!data.join("store").exists(), "{command:?}");
    }
    bring_back(&data, &mut terminal);

    // With nobody there neither, until the person says so.
    world.q(&["host", "stop"]).succeeded();
    terminal.wait_exit();
    fs::rename(data.join("store"), data.join("elsewhere")).unwrap();
    world.q(&["doctor"]).exited(1).said("gone, and q has used it before");
    let refused = world.q(&["ls"]).exited(5);
    let note = refused
        .err
        .split(' ')
        .find(|word| word.starts_with('/') && word.contains(".store"))
        .expect("the note is named")
        .to_owned();
    fs::remove_file(note).unwrap();
    assert!(world.q(&["ls", "--json"]).succeeded().json().as_array().unwrap().is_empty());
}

#[test]
fn a_command_that_a_full_disk_stops_says_so_and_reading_goes_on_until_then() {
    let (world, terminal) = one();
    fill(&world, &terminal);
    world.q(&["ls"]).succeeded();
    world.q(&["send", "one", "hello"]).exited(5).told(FULL).told("free some");
}

/// In plain mode, a prompt is kept while there is no room, and answered once when there is.
fn comes_through_once_there_is_room(mut world: World, asks: &str, answer: &str) {
    world.home.set("TERM", "dumb");
    let mut terminal = world.open();
    terminal.wait_text(asks);
    fill(&world, &terminal);
    terminal.enter("keep this", FULL);
    limit_file_size(terminal.pid(), None);
    terminal.wait_text("* the host is back");
    terminal.wait_text(answer);
    assert_eq!(world.server.requests().len(), 1);
}

#[test]
fn plain_mode_waits_for_room_too() {
    let world = World::new().with_sessions(&["one"]);
    comes_through_once_there_is_room(world, "[one] >", "[one] echo: keep this");
}

#[test]
fn plain_mode_keeps_the_first_prompt_until_there_is_room_for_its_session() {
    comes_through_once_there_is_room(World::new(), "Type a question and press Enter.", "echo: keep this");
}

#[test]
fn a_terminal_misses_what_it_was_told_is_saved_and_an_older_copy_has_not() {
    let (world, mut terminal) = one();
    terminal.enter("before", "echo: before");
    let store = world.home.directory("XDG_DATA_HOME").join("q/store");
    let older = Image::of(&store);
    terminal.enter("after", "echo: after");
    let host = world.home.host_pid().expect("a host runs");
    kill_process(Pid::from_raw(host.cast_signed()).unwrap(), Signal::STOP).unwrap();
    older.write(&store);
    assert!(kill9(host));
    terminal.wait_text("prompts that were saved are gone in one");
    terminal.wait_no_text("echo: after");
    terminal.wait_text("echo: before");
}

#[test]
fn a_terminal_misses_nothing_that_was_thrown_away_or_erased() {
    let world = World::new().with_sessions(&["one", "two", "three"]);
    let mut terminal = world.open();
    for (key, session) in [('1', "one"), ('2', "two"), ('3', "three")] {
        terminal.send(alt(key));
        terminal.wait_prompt(session);
        terminal.enter("before", "echo: before");
    }
    world.q(&["delete", "--now", "--force", "one"]).succeeded();
    world.q(&["delete", "two"]).succeeded();
    terminal.wait_for("both gone", |screen| {
        !screen.contents().contains("1 one") && !screen.contents().contains("2 two")
    });
    let host = world.home.host_pid().expect("a host runs");
    world.q(&["host", "restart"]).succeeded();
    assert_ne!(world.home.host_pid(), Some(host));
    eventually("the terminal is there again", || {
        world.q(&["host", "status", "--json"]).json()["clients"] == 1
    });
    terminal.wait_no_text("q goes on as soon as it can");
    assert!(!terminal.screen_text().contains("were saved are gone"), "{}", terminal.screen_text());
}

/// As a later version marks a store that this one can read.
const NEWER: &str = "q-store 3 reads 2 157ab6b19ba28660\n";

#[test]
fn a_later_versions_store_is_read_and_never_written() {
    let world = World::new().with_sessions(&["one"]);
    world.q(&["chat", "-s", "one", "hello"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    let store = world.home.directory("XDG_DATA_HOME").join("q/store");
    fs::write(store.join("q-store"), NEWER).unwrap();
    let before = Image::of(&store).files;

    world.q(&["ls"]).succeeded().told("read only: the store was written by a newer q");
    assert!(world.q(&["show", "one"]).succeeded().out.contains("echo: hello"));
    world.q(&["send", "one", "more"]).exited(1).told("read only");
    world.q(&["new", "-d", "two"]).exited(1).told("read only");
    let mut terminal = world.open();
    terminal.wait_text("echo: hello");
    terminal.wait_text("read only: the store was written by a newer q");
    terminal.send_line("and you?");
    terminal.wait_typed("one", "and you?");
    // Whether the refusal is back by now or not.
    terminal.send("\x18d");
    terminal.wait_exit();
    world.q(&["host", "stop"]).succeeded();
    assert_eq!(Image::of(&store).files, before);
    assert_eq!(world.server.requests().len(), 1);
    assert!(!has_shadow(&world), "the shadow went with its host");
}

#[test]
fn the_shadow_of_a_host_that_was_killed_goes_with_the_next_host() {
    let world = World::new().with_sessions(&["one"]);
    world.q(&["host", "stop"]).succeeded();
    let marker = world.home.directory("XDG_DATA_HOME").join("q/store/q-store");
    let before = fs::read(&marker).unwrap();
    fs::write(&marker, NEWER).unwrap();
    world.q(&["ls"]).succeeded().told("read only");
    assert!(has_shadow(&world));
    let host = world.home.host_pid().expect("a host runs");
    assert!(kill9(host));
    eventually("the host is gone", || !is_alive(host));
    fs::write(&marker, before).unwrap();
    world.q(&["ls"]).succeeded();
    assert!(!has_shadow(&world), "nobody reads it any more");
}

/// Whether a store is laid out a second time.
fn has_shadow(world: &World) -> bool {
    let runtime = fs::read_dir(world.home.directory("XDG_RUNTIME_DIR").join("q")).unwrap();
    runtime.flatten().any(|file| file.path().extension().is_some_and(|ending| ending == "shadow"))
}

/// Nobody: to them other modes apply than to root.
const AS_ANOTHER: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const ANOTHER: Option<u32> = Some(65534);

fn give(path: &Path, owner: Option<u32>) {
    chown(path, owner, owner).unwrap();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        give(&entry.path(), owner);
    }
}

fn set_modes(path: &Path, file: u32, directory: u32) {
    let mode = if path.is_dir() { directory } else { file };
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        set_modes(&entry.path(), file, directory);
    }
}

#[test]
fn a_data_directory_of_another_owner_is_kept_and_the_way_out_is_named() {
    let world = one_told();
    if rustix::process::geteuid().is_root() {
        give(world.home.path(), ANOTHER);
    }
    let data = world.home.directory("XDG_DATA_HOME").join("q");
    chown(&data, Some(rustix::process::geteuid().as_raw()), None).unwrap();
    let Some(refused) = world.q_by(&AS_ANOTHER, &["ls"]) else { return };
    let refused = refused.exited(5).told("where sessions are kept").told("chown").told("Q_DATA_DIR");
    assert!(!refused.err.contains("remove") && !refused.err.contains("Q_RUNTIME_DIR"), "{refused:?}");
    give(&data, ANOTHER);
    let shown = world.q_by(&AS_ANOTHER, &["show", "one"]).unwrap().succeeded();
    assert!(shown.out.contains("echo: hello"), "{shown:?}");
    world.q_by(&AS_ANOTHER, &["host", "stop"]).unwrap().succeeded();
}

/// One session with a turn; nothing runs any more.
fn one_told() -> World {
    let world = World::new().with_sessions(&["one"]);
    world.q(&["chat", "-s", "one", "hello"]).succeeded();
    world.q(&["host", "stop"]).succeeded();
    world
}

#[test]
fn a_store_without_permission_is_read_and_written_again_once_there_is_one() {
    const WHY: &str = "no permission to write to the store";
    let world = one_told();
    if rustix::process::geteuid().is_root() {
        give(world.home.path(), ANOTHER);
    }
    let store = world.home.directory("XDG_DATA_HOME").join("q/store");
    set_modes(&store, 0o400, 0o500);
    let another = |args: &[&str]| world.q_by(&AS_ANOTHER, args);
    let Some(doctor) = another(&["doctor"]) else { return set_modes(&store, 0o600, 0o700) };
    doctor.exited(1).said("read only: ").said(WHY);
    assert_eq!(another(&["doctor", "--json"]).unwrap().exited(1).json()["condition"], "read_only");
    let before = Image::of(&store).files;

    another(&["ls"]).unwrap().succeeded().told(&format!("read only: {WHY}"));
    assert!(another(&["show", "one"]).unwrap().succeeded().out.contains("echo: hello"));
    another(&["send", "one", "more"]).unwrap().exited(1).told("read only");
    another(&["host", "status"]).unwrap().succeeded().said("0 attached").said(&format!("read only: {WHY}"));
    let status = another(&["host", "status", "--json"]).unwrap().json();
    assert!(status["read_only"].as_str().unwrap().contains(WHY), "{status}");
    assert_eq!(status["clients"], 0, "who asks does not count itself");
    assert_eq!(Image::of(&store).files, before);

    set_modes(&store, 0o600, 0o700);
    eventually("it is written again", || another(&["send", "one", "more"]).unwrap().code == Some(0));
    another(&["wait", "one"]).unwrap().succeeded();
    assert!(another(&["show", "one"]).unwrap().succeeded().out.contains("echo: more"));
    let status = another(&["host", "status", "--json"]).unwrap().json();
    assert_eq!(status["read_only"], Value::Null);
    another(&["host", "stop"]).unwrap().succeeded();
    another(&["doctor"]).unwrap().succeeded().said("healthy: every byte is as it was written");
    assert_eq!(world.server.requests().len(), 2, "what was refused is not sent later");
}

#[test]
fn a_data_directory_on_a_read_only_file_system_is_read_whatever_its_mode() {
    const WHY: &str = "is on a read-only file system";
    let world = one_told();
    let data = world.home.directory("XDG_DATA_HOME").join("q");
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let mount = format!(
        "mount --bind {data} {data} && mount -o remount,bind,ro {data} && exec \"$@\"",
        data = data.display()
    );
    let behind_mounts = |args: &[&str]| world.q_by(&["unshare", "--mount", "sh", "-c", &mount, "sh"], args);
    let Some(doctor) = behind_mounts(&["doctor"]) else { return };
    doctor.exited(1).said("read only: ").said(WHY);
    behind_mounts(&["ls"]).unwrap().succeeded().told("read only: ").told(WHY);
    assert!(world.q(&["show", "one"]).succeeded().out.contains("echo: hello"));
    world.q(&["host", "stop"]).succeeded();
    // Where it can be narrowed, it is.
    world.q(&["send", "one", "more"]).succeeded();
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}
