//! A host that is asked to end while it streams: everything that came is kept, the turns are marked, terminals are told.

use std::time::Duration;

use q_core::{Body, Interrupter, Stop};
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};

use crate::peer::{Peer, Said};
use crate::world::{World, program};

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

#[tokio::test]
async fn a_terminated_host_keeps_every_byte_and_says_goodbye() {
    let world = World::new();
    world.server.on("", Script::new().repeat(100_000, "and on ", Duration::from_millis(1)).done());
    world.q_ok(&["ls"]);
    let mut peer = Peer::attach(&world).await;
    let sessions = peer.create_working(&NAMES, "go on").await;
    let attached = Terminal::spawn(world.home.pty_command(program()), 24, 80);
    attached.wait_text("and on and on");
    let streams = |mirror: &q_core::Mirror, id| matches!(newest(mirror, id), Some(Body::Answer(text)) if text.len() > 1000);
    peer.until("text in all", |mirror| sessions.iter().all(|&id| streams(mirror, id))).await;

    let host = Pid::from_raw(peer.host().cast_signed()).expect("a process id");
    kill_process(host, Signal::TERM).expect("a host");
    let rest = peer.rest().await;
    assert!(rest.iter().any(|said| matches!(said, Said::Going(_))), "{rest:?}");
    assert!(attached.wait_exit().success());
    let last_words = String::from_utf8_lossy(&attached.raw()).into_owned();
    assert!(last_words.contains("the host was stopped"), "{last_words:?}");

    world.q_ok(&["ls"]);
    let mut next = Peer::attach(&world).await;
    for &session in &sessions {
        let entries = next.entries(session).await;
        let seen: Vec<_> = peer.mirror.get(session).expect("it was there").entries.iter().cloned().collect();
        assert_eq!(entries, seen, "what a client had seen is what is kept");
        let end = entries.last().map(|entry| &entry.body);
        assert_eq!(end, Some(&Body::Stop(Stop::Interrupted(Interrupter::Stop))));
    }
    assert_eq!(world.server.requests().len(), NAMES.len(), "nothing was sent again");
    let again = Terminal::spawn(world.home.pty_command(program()), 24, 80);
    again.wait_text("and on and on");
    again.wait_text("interrupted");
}

fn newest(mirror: &q_core::Mirror, session: q_core::SessionId) -> Option<&Body> {
    mirror.get(session)?.entries.back().map(|entry| &entry.body)
}

/// `q host stop` comes back when everything is written and nobody is in the way of the next host.
#[test]
fn a_stopped_host_is_gone_when_the_command_is_back() {
    let world = World::new();
    for round in 0..10 {
        let name = format!("s{round}");
        world.q_ok(&["new", "-d", &name]);
        let pid = world.home.host_pid().expect("a host runs");
        world.q_ok(&["host", "stop"]);
        assert!(!world.place().socket().exists(), "round {round}: its socket is gone");
        assert_ne!(world.home.host_pid(), Some(pid));
        assert!(world.q_ok(&["ls"]).contains(&name));
    }
}
