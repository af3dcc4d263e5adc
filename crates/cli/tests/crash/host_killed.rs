//! Hosts are killed while three sessions stream and prompts are submitted: nothing acknowledged is lost, nothing is sent
//! again, and the text that had its time to be written is there.

use std::cell::Cell;
use std::time::{Duration, Instant};

use q_core::{Activity, Body, Command, Entry, EntryNo, SessionId};
use q_testkit::clock;
use q_testkit::process::kill9;
use q_testkit::server::Script;

use crate::chance::Chance;
use crate::peer::Peer;
use crate::promises;
use crate::talk::Talk;
use crate::world::World;

const ROUNDS: u32 = 50;
const LONGEST_LIFE: Duration = Duration::from_millis(700);
/// Streamed text is due to be written after this. It is counted from when the text had arrived at a client, which is later
/// than when it came to the host; and up to when something was asked whose commit, behind that of the text, was acknowledged:
/// how long a busy machine takes for a commit does not matter.
const DUE_AFTER: Duration = Duration::from_millis(100);
/// A long answer takes about half a second.
const PIECES: usize = 120;
const TAGS: [&str; 3] = ["alpha", "beta", "gamma"];

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_host_is_killed() {
    let world = World::new();
    let mut chance = Chance::of("host killed");
    for tag in TAGS {
        world.server.on(tag, Script::new().say(&whole(&format!("{tag} short"))).done());
        let pieces = Script::new().repeat(PIECES, &piece(tag), Duration::from_millis(4)).done();
        world.server.on(&format!("{tag} long"), pieces);
    }
    world.q_ok(&["ls", "--json"]);
    let mut first = Peer::attach(&world).await;
    let mut talks = Vec::new();
    for tag in TAGS {
        talks.push(Talk::new(first.create(tag).await, tag));
    }
    let metronome = first.create("metronome").await;
    drop(first);

    let mut bytes = 0;
    for round in 0..ROUNDS {
        let witnesses = Box::pin(live_and_die(&world, &mut talks, metronome, &mut chance)).await;
        let output = world.q_ok(&["ls", "--json"]);
        assert!(!output.contains("\"working\""), "round {round}: {output}");
        bytes += check(&world, &talks, &witnesses).await;
    }
    let sent = promises::nothing_is_sent_again(&world.server, &talks);
    let acknowledged: usize = talks.iter().map(|talk| talk.acknowledged.len()).sum();
    println!(
        "host killed {ROUNDS} times: {acknowledged} acknowledged, 0 lost, {bytes} bytes of streamed text checked, 0 missing, \
         {sent} prompts sent, 0 re-sent"
    );
    assert!(bytes > 0 && acknowledged > ROUNDS as usize, "the rounds must have something to lose");
}

/// What the clients of a killed host had seen of its sessions, old enough that it must have been written.
struct Witness {
    session: SessionId,
    entry: EntryNo,
    text: String,
}

/// Asks for one small durable thing after the other; keeps when the last one that was acknowledged had been sent.
async fn beat(peer: &mut Peer, session: SessionId, acknowledged: &Cell<Option<Instant>>) {
    for pinned in [true, false].into_iter().cycle() {
        let sent = clock::now();
        peer.ask(Command::Pin { session, pinned }.into()).await;
        acknowledged.set(Some(sent));
    }
}

/// Three clients submit and watch until the host is killed; gives what they had seen by then.
async fn live_and_die(
    world: &World,
    talks: &mut [Talk],
    metronome: SessionId,
    chance: &mut Chance,
) -> Vec<Witness> {
    let [one, two, three] = talks else { panic!("three talks") };
    let mut beating = Peer::attach(world).await;
    let acknowledged = Cell::new(None);
    let mut peers = [Peer::attach(world).await, Peer::attach(world).await, Peer::attach(world).await];
    let mut chances = [chance.branch(), chance.branch(), chance.branch()];
    let host = peers[0].host();
    {
        let [first, second, third] = &mut peers;
        let [a, b, c] = &mut chances;
        let talking = async {
            tokio::join!(
                one.go_on(first, a),
                two.go_on(second, b),
                three.go_on(third, c),
                beat(&mut beating, metronome, &acknowledged)
            );
        };
        let _killed_in_the_middle = tokio::time::timeout(chance.moment(LONGEST_LIFE), talking).await;
    }
    assert!(kill9(host), "the host was there");
    let mut witnesses = Vec::new();
    for (talk, peer) in [one, two, three].into_iter().zip(&mut peers) {
        for said in peer.rest().await {
            talk.take(said);
        }
        let due = acknowledged.get().and_then(|sent| sent.checked_sub(DUE_AFTER));
        for (entry, bytes) in due.map(|due| peer.seen_by(due)).unwrap_or_default() {
            let text = peer.text(talk.session, entry)[..bytes].to_owned();
            witnesses.push(Witness { session: talk.session, entry, text });
        }
    }
    witnesses
}

/// Checks what the next host has of it; gives how many bytes of streamed text were compared.
async fn check(world: &World, talks: &[Talk], witnesses: &[Witness]) -> usize {
    let mut peer = Peer::attach(world).await;
    let mut bytes = 0;
    for talk in talks {
        let entries = peer.entries(talk.session).await;
        let session = peer.mirror.get(talk.session).expect("the session is live");
        assert_ne!(session.summary.activity, Activity::Working, "nothing goes on by itself");
        promises::prompts_are_kept(talk, &entries, &session.queue);
        promises::cut_answers_are_marked(&entries, whole);
        for witness in witnesses.iter().filter(|witness| witness.session == talk.session) {
            let kept = answer(&entries, witness.entry);
            assert!(
                kept.starts_with(&witness.text),
                "{}: {} bytes had come, {} are kept",
                talk.tag,
                witness.text.len(),
                kept.len()
            );
            bytes += witness.text.len();
        }
    }
    bytes
}

fn answer(entries: &[Entry], no: EntryNo) -> &str {
    match entries.iter().find(|entry| entry.no == no) {
        Some(Entry { body: Body::Answer(text), .. }) => text,
        Some(_) | None => "",
    }
}

fn piece(tag: &str) -> String {
    format!("{} streams on, ", tag.to_uppercase())
}

/// What the server says to what the person said last.
fn whole(said: &str) -> String {
    let tag = said.split(' ').next().unwrap_or_default();
    if said.contains("long") {
        piece(tag).repeat(PIECES)
    } else {
        format!("{} is short.", tag.to_uppercase())
    }
}
