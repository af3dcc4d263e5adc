//! Hosts that start: many clients at once, and what they may find where the host's socket should be.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use q_client::READY;
use q_testkit::home::Home;
use q_testkit::process::kill9;

use crate::world::{World, place, program, said};

const ROUNDS: usize = 10;
const CLIENTS: usize = 20;
/// What is too dear for each change.
const MANY_ROUNDS: usize = 200;
const MANY_CLIENTS: usize = 64;
/// Commands that start a host if none runs.
const COMMANDS: [&[&str]; 4] = [&["ls", "--json"], &["stats", "--json"], &["new", "-d", "--json"], &["ls"]];

/// Runs all at once; gives what each said.
pub(crate) fn at_once(home: &Home, commands: impl Iterator<Item = &'static [&'static str]>) -> Vec<Output> {
    let spawn = |arguments: &[&str]| -> Child {
        let mut command: Command = home.command(program());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("a process")
    };
    let children: Vec<Child> = commands.map(spawn).collect();
    let wait = |child: Child| thread::spawn(move || child.wait_with_output().expect("an end"));
    let waiting: Vec<_> = children.into_iter().map(wait).collect();
    waiting.into_iter().map(|waiting| waiting.join().expect("an output")).collect()
}

/// How many hosts ever came up in this home, by its log.
fn hosts_started(home: &Home) -> usize {
    let logs = fs::read_dir(place(home).logs()).expect("a log");
    let texts = logs.flatten().map(|log| fs::read_to_string(log.path()).unwrap_or_default());
    texts.map(|text| text.matches("host started").count()).sum()
}

#[test]
fn of_many_clients_at_once_one_starts_the_host() {
    start_at_once(CLIENTS, ROUNDS);
}

#[test]
#[ignore = "takes minutes: `cargo xtask nightly`"]
fn of_sixty_four_clients_at_once_one_starts_the_host_two_hundred_times() {
    start_at_once(MANY_CLIENTS, MANY_ROUNDS);
}

fn start_at_once(clients: usize, rounds: usize) {
    for round in 0..rounds {
        let home = Home::new();
        home.configure("agent = \"guide\"\nlimits.live_sessions = 20\n");
        let outputs = at_once(&home, COMMANDS.into_iter().cycle().take(clients));
        for output in &outputs {
            assert!(output.status.success(), "round {round}: {}", said(output));
        }
        let first = home.host_pid().expect("a host runs");
        assert_eq!(hosts_started(&home), 1, "round {round}: exactly one host ever came up");
        assert_eq!(home.host_pid(), Some(first));
    }
    println!("{clients} clients at once, {rounds} times: one host each time, every client was served");
}

/// Without the lock that clients start one under: hosts are kept apart by the host's own.
#[test]
fn of_many_hosts_at_once_one_stays() {
    for round in 0..ROUNDS {
        let home = Home::new();
        let stays = |mut host: Child| -> bool {
            let mut said = String::new();
            let stdout = host.stdout.as_mut().expect("a pipe");
            BufReader::new(stdout).read_line(&mut said).expect("a line");
            if said.trim() == READY {
                home.end_with(host.id());
                return true;
            }
            assert_eq!(said.trim(), "a host is running already", "round {round}");
            assert!(!host.wait().expect("an end").success());
            false
        };
        let start = |_| -> Child {
            let mut command: Command = home.command(program());
            command.args(["host", "run"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
            command.spawn().expect("a process")
        };
        let hosts: Vec<Child> = (0..CLIENTS).map(start).collect();
        let stayed = hosts.into_iter().map(stays).filter(|stays| *stays).count();
        assert_eq!(stayed, 1, "round {round}");
        assert_eq!(hosts_started(&home), 1, "round {round}");
    }
}

/// What a `q` of another version does, which no host of this one understands.
#[tokio::test]
async fn a_host_can_be_ended_without_its_protocol() {
    let world = World::new();
    assert!(!q_client::dismiss(&world.place(), q_client::Urgency::Orderly).await.expect("nobody there"));
    world.q_ok(&["new", "-d", "kept"]);
    assert!(q_client::dismiss(&world.place(), q_client::Urgency::Orderly).await.expect("a host that goes"));
    assert!(!world.place().socket().exists(), "it left in good order");
    assert!(world.q_ok(&["ls"]).contains("kept"));
    world.home.host_pid();
}

/// The host is told to stop, and clients come in the same moment: each is served, by the one that goes or by the next.
/// A command that had begun when the stop came may be told so, in words.
#[test]
fn clients_that_come_while_a_host_leaves_are_served() {
    let world = World::new();
    let mut told = 0;
    let mut served = 0;
    for round in 0..ROUNDS {
        world.q_ok(&["ls"]);
        let commands = std::iter::once(&["host", "stop"] as &[&str])
            .chain(COMMANDS.into_iter().take(2).cycle().take(10));
        for output in at_once(&world.home, commands) {
            let words = said(&output);
            if output.status.success() {
                served += 1;
            } else {
                assert!(words.contains("the host was stopped"), "round {round}: {words}");
                told += 1;
            }
        }
        world.q_ok(&["ls"]);
        world.home.host_pid();
    }
    println!(
        "clients that came while a host left, {ROUNDS} times: {served} served, {told} told that it was stopped"
    );
}

#[test]
fn what_a_dead_host_left_is_in_nobodys_way() {
    let world = World::new();
    world.q_ok(&["new", "-d", "kept"]);
    let first = world.home.host_pid().expect("a host runs");
    kill9(first);
    assert!(world.place().socket().exists(), "it could not clean up");
    assert!(world.q_ok(&["ls"]).contains("kept"));
    assert_ne!(world.home.host_pid().expect("a host runs"), first);
}

#[test]
fn a_file_where_the_socket_should_be_is_replaced() {
    let world = World::new();
    let place = world.place();
    place.prepare_runtime().expect("a directory");
    fs::write(place.socket(), "not a socket").expect("a file");
    world.q_ok(&["ls"]);
    assert!(world.home.host_pid().is_some());
}

#[test]
fn a_directory_where_the_socket_should_be_is_named() {
    let world = World::new();
    let place = world.place();
    place.prepare_runtime().expect("a directory");
    fs::create_dir(place.socket()).expect("a directory");
    let output = world.q(&["ls"]);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(said(&output).contains("the socket cannot be made"), "{}", said(&output));
}

#[test]
fn a_planted_link_is_refused() {
    let world = World::new();
    let elsewhere = world.home.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a directory");
    symlink(&elsewhere, world.home.directory("XDG_RUNTIME_DIR").join("q")).expect("a link");
    let output = world.q(&["ls"]);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(said(&output).contains("is not a directory of yours alone"), "{}", said(&output));
    assert!(fs::read_dir(&elsewhere).expect("a directory").next().is_none(), "nothing was put there");
}

/// A client may name its directories from where it stands; the host stands elsewhere and must find the same.
#[test]
fn a_host_finds_directories_that_are_relative_to_its_client() {
    let mut home = Home::new();
    for (variable, directory) in [("Q_DATA_DIR", "d"), ("Q_STATE_DIR", "s"), ("Q_RUNTIME_DIR", "r")] {
        home.set(variable, directory);
    }
    let world = World { home, server: q_testkit::server::Server::start() };
    world.q_ok(&["new", "-d", "here", "--agent", "guide"]);
    world.home.host_pid().expect("a host runs");
    let stands: PathBuf = world.home.directory("HOME");
    assert!(stands.join("d/store").is_dir() && stands.join("s/log").is_dir() && stands.join("r").is_dir());
    world.q_ok(&["host", "stop"]);
}
