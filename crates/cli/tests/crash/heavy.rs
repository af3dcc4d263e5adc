//! Sessions that hold much, and a client that does not read: everybody else is served, and it catches up when it reads.

use std::time::Duration;

use q_core::{Activity, Body, Command, Mirror, SessionId};
use q_testkit::server::Script;

use crate::peer::Peer;
use crate::world::World;

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
/// Three answers are more than a client may leave unread, each shorter than the longest allowed.
const PIECES: usize = 60;
const PIECE: usize = 64 << 10;

#[tokio::test]
async fn a_client_that_does_not_read_is_in_nobodys_way_and_catches_up() {
    let world = World::new();
    let piece = "q".repeat(PIECE);
    world.server.on("", Script::new().repeat(PIECES, &piece, Duration::from_millis(1)).done().whole());
    world.q_ok(&["ls"]);
    let mut peer = Peer::attach(&world).await;
    let mut stuck = Peer::attach(&world).await;
    let sessions = peer.create_working(&NAMES, "go on").await;
    let all = |mirror: &Mirror| sessions.iter().all(|&session| is_whole(mirror, session));
    peer.until("all answers", all).await;
    stuck.until("all answers, late", all).await;
    let mut new = Peer::attach(&world).await;
    assert!(all(&new.mirror), "a new client is shown all of it at once");
    let mut old = peer.entries(sessions[0]).await;
    assert_eq!(new.entries(sessions[0]).await, old);
    assert!(
        matches!(old.pop().map(|entry| entry.body), Some(Body::Answer(text)) if text.len() == PIECES * PIECE)
    );
}

fn is_whole(mirror: &Mirror, session: SessionId) -> bool {
    mirror.get(session).is_some_and(|one| {
        let answer = one.entries.back().map(|entry| &entry.body);
        one.summary.activity == Activity::Idle
            && matches!(answer, Some(Body::Answer(text)) if text.len() == PIECES * PIECE)
    })
}

/// As much as one prompt may be; as much as may wait; as much as a draft may be: all of it in one snapshot.
#[tokio::test]
async fn a_session_full_to_its_limits_locks_nobody_out() {
    let world = World::new();
    world.server.on("", Script::new().say("so it begins").silence());
    world.q_ok(&["ls"]);
    let mut peer = Peer::attach(&world).await;
    let session = peer.create("heavy").await;
    for text in ["a", "b"] {
        peer.submit(session, &text.repeat(4 << 20)).await;
    }
    peer.ask(Command::SaveDraft { session, text: "c".repeat(4 << 20) }.into()).await;
    let new = Peer::attach(&world).await;
    assert_eq!(
        new.mirror.get(session).map(|session| (session.queue.len(), session.draft.len())),
        Some((1, 4 << 20))
    );
}
