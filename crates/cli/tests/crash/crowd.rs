//! Many clients that ask for much and take nothing: everybody else is served as before, and the host stays small.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use q_core::{Activity, Mirror, SessionId};
use q_testkit::clock;
use q_testkit::process::{output_within, peak_resident};
use q_testkit::server::Script;

use crate::peer::Peer;
use crate::world::{PATIENCE, World, program};

/// An answer is as long as this many pieces.
const PIECES: usize = 60;
const PIECE: usize = 64 << 10;
/// What all clients may make the host hold, with what its allocator makes of it.
const MOST: u64 = 96 << 20;

/// A host whose peak can be told, with a client of ours.
async fn crowded() -> (World, Peer) {
    let world = World::new();
    let piece = "q".repeat(PIECE);
    world.server.on("", Script::new().repeat(PIECES, &piece, Duration::from_millis(1)).done().whole());
    world.q_ok(&["ls"]);
    let peer = Peer::attach(&world).await;
    (world, peer)
}

/// Has a session answer at length, and sees all of it.
async fn answers(peer: &mut Peer, name: &str) {
    let session: SessionId = peer.create(name).await;
    peer.submit(session, "go on").await;
    let is_over = |mirror: &Mirror| {
        mirror
            .get(session)
            .is_some_and(|one| one.summary.turns == 1 && one.summary.activity == Activity::Idle)
    };
    peer.until("the answer", is_over).await;
}

#[tokio::test]
async fn watchers_that_do_not_read_cost_no_more_than_they_may_together() {
    let (world, mut peer) = crowded().await;
    answers(&mut peer, "alone").await;
    let Some(before) = peak_resident(peer.host()) else { return }; // the system does not tell
    let mut stuck = Vec::new();
    for _ in 0..100 {
        stuck.push(Peer::attach(&world).await);
    }
    for name in ["watched", "again"] {
        answers(&mut peer, name).await;
    }
    let grown = peak_resident(peer.host()).unwrap() - before;
    println!("a hundred watchers that do not read: {} MB more", grown >> 20);
    assert!(grown < MOST, "{grown} bytes more");
}

#[tokio::test]
async fn unfinished_frames_cost_little_before_the_hello() {
    let (world, mut peer) = crowded().await;
    answers(&mut peer, "before").await;
    let Some(before) = peak_resident(peer.host()) else { return }; // the system does not tell
    let beginning: Vec<u8> = [&(16_u32 << 20).to_be_bytes()[..], &vec![0; 15 << 20]].concat();
    let mut unfinished = Vec::new();
    for _ in 0..20 {
        let mut stream = connection(&world);
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        let cut = stream.write_all(&beginning);
        assert!(cut.is_err(), "the host took 15 MB of one that has not said hello");
        unfinished.push(stream);
    }
    answers(&mut peer, "after").await;
    let grown = peak_resident(peer.host()).unwrap() - before;
    println!("twenty unfinished frames: {} MB more", grown >> 20);
    assert!(grown < MOST, "{grown} bytes more");
}

#[test]
fn silent_connections_keep_nobody_out_where_descriptors_are_few() {
    let world = World::new();
    let mut ls = world.home.command("sh".as_ref());
    ls.args(["-c", "ulimit -n 128 && exec \"$0\" ls"]).arg(program());
    assert!(output_within(&mut ls, PATIENCE).is_some_and(|output| output.status.success()));
    let quick = (0..3).any(|_| {
        let silent: Vec<UnixStream> = connections(&world, 200);
        let began = clock::now();
        world.q_ok(&["ls"]);
        // Silent ones are closed after five seconds anyway.
        let is_quick = clock::now() - began < Duration::from_secs(2);
        assert!(silent.iter().any(is_open), "the newest may stay");
        is_quick
    });
    assert!(quick, "each of three had to wait until the silent ones had had their time");
    // Whoever has a place keeps it.
    assert!(world.home.host_pid().is_some());
    let mut status: Command = world.home.command(program());
    assert!(output_within(status.args(["host", "status"]), PATIENCE).unwrap().status.success());
}

/// So many connections that say nothing.
fn connections(world: &World, count: usize) -> Vec<UnixStream> {
    (0..count).map(|_| connection(world)).collect()
}

#[expect(clippy::disallowed_methods, reason = "a client that says and reads what it should not")]
fn connection(world: &World) -> UnixStream {
    UnixStream::connect(world.place().socket()).unwrap()
}

/// Whether the host has not closed it.
fn is_open(stream: &UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut stream = stream;
    matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
