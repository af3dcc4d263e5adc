//! Attached terminals are killed while three sessions stream: the sessions go on as if nobody had looked, and the next
//! terminal shows everything.

use std::time::Duration;

use q_core::{Activity, Body, Entry, Mirror, SessionId};
use q_proto::{Request, Response};
use q_testkit::clock;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::chance::{Chance, let_pass};
use crate::peer::Peer;
use crate::world::{PATIENCE, World, program};

const ROUNDS: usize = 50;
const LONGEST_LOOK: Duration = Duration::from_millis(600);
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
/// What each session says in one round, in so many pieces.
const PIECES: usize = 100;
const PIECE: &str = "and on ";
const EVERY: Duration = Duration::from_millis(5);
const END: &str = "that is all.";

#[tokio::test]
async fn sessions_go_on_when_clients_are_killed() {
    let world = World::new();
    let mut chance = Chance::of("clients killed");
    let mut script = Script::new();
    for round in 0..ROUNDS {
        script = script.wait_for(&gate(round)).repeat(PIECES, PIECE, EVERY);
    }
    world.server.on("", script.wait_for("end").say(END).done());
    world.q_ok(&["ls", "--json"]);
    let mut peer = Peer::attach(&world).await;
    let sessions = peer.create_working(&NAMES, "go on").await;
    assert!(world.server.wait_for_open_streams(NAMES.len(), PATIENCE));

    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        world.server.open(&gate(round));
        look_and_die(&world, &mut chance);
        let asked = clock::now();
        assert!(matches!(peer.ask(Request::Status).await, Response::Status(_)));
        slowest = slowest.max(clock::now().saturating_duration_since(asked));
        assert_eq!(world.server.open_streams(), NAMES.len(), "round {round}: every stream goes on");
        let so_far = PIECE.repeat(PIECES * (round + 1));
        peer.until("the round's text", |mirror| sessions.iter().all(|&id| says(mirror, id) == so_far)).await;
    }
    assert!(slowest < ANSWERS_WITHIN, "the host took {slowest:?} to answer");

    world.server.open("end");
    let idle = |mirror: &Mirror, id| mirror.get(id).is_some_and(|one| one.summary.activity == Activity::Idle);
    peer.until("the end", |mirror| sessions.iter().all(|&id| idle(mirror, id))).await;
    the_next_terminal_shows_everything(&world);
    assert_eq!(world.server.requests().len(), NAMES.len(), "nothing was sent again");
    println!(
        "client killed {ROUNDS} times: {} sessions went on to their end, {} bytes of text, host's slowest answer {slowest:?}",
        NAMES.len(),
        NAMES.len() * (PIECE.len() * PIECES * ROUNDS + END.len()),
    );
}

/// A terminal attaches, perhaps types, and is killed at a random moment.
fn look_and_die(world: &World, chance: &mut Chance) {
    let mut terminal = Terminal::spawn(world.home.pty_command(program()), 24, 80);
    let_pass(chance.moment(LONGEST_LOOK));
    match chance.below(4) {
        0 => terminal.send("half a prompt"),
        1 => terminal.send("\x1b2"), // Alt+2: the second session
        _ => {}
    }
    terminal.kill9();
}

fn the_next_terminal_shows_everything(world: &World) {
    let mut terminal = Terminal::spawn(world.home.pty_command(program()), 24, 80);
    for (slot, name) in NAMES.iter().enumerate() {
        terminal.wait_text(name);
        terminal.send(format!("\x1b{}", slot + 1));
        terminal.wait_for("the end of the answer", |screen| {
            let text = screen.contents();
            text.contains(&format!("[{name}]")) && text.contains(END)
        });
    }
}

fn says(mirror: &Mirror, session: SessionId) -> &str {
    let entries = mirror.get(session).map(|session| &session.entries);
    match entries.and_then(|entries| entries.back()) {
        Some(Entry { body: Body::Answer(text), .. }) => text,
        Some(_) | None => "",
    }
}

fn gate(round: usize) -> String {
    format!("round {round}")
}
