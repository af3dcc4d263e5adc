//! From a seed to a run: which limits hold, what happens and how often. Every seed leaves some kinds of events out and
//! prefers others (swarm testing), so that rare things meet.

use std::time::Duration;

use q_core::{Limits, Wants};
use q_host::simulation::Bounds;
use q_testkit::chance::Chance;

use super::pace::Pace;
use super::planted::Planted;
use super::step::{Act, Aim, AnswerKind, ClientRequest, Does, InjectedFault, Number, Say, SimulationStep};

/// All that decides a run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub host: HostLimits,
    /// How many clients there are.
    pub clients: u8,
    /// How readily each thing moves.
    pub pace: Pace,
    pub steps: Vec<SimulationStep>,
    /// A fault in the world itself, which an oracle must find.
    pub planted: Option<Planted>,
}

/// What the host is started with.
#[derive(Clone, Debug)]
pub struct HostLimits {
    pub limits: Limits,
    /// How much may wait for a client.
    pub bounds: Bounds,
}

/// One kind of thing: how often it happens where nothing is preferred, and how one is made.
struct Row<T> {
    weight: u32,
    /// Whether no seed leaves it out: without it nothing would happen.
    always: bool,
    make: fn(&mut Chance) -> T,
}

const fn row<T>(weight: u32, make: fn(&mut Chance) -> T) -> Row<T> {
    Row { weight, always: false, make }
}

const fn always<T>(weight: u32, make: fn(&mut Chance) -> T) -> Row<T> {
    Row { weight, always: true, make }
}

/// Clients and sessions a run names; not all of them exist. What stands in a table of acts for a wish, a saying or a fault is
/// drawn from the table of those.
const SESSIONS: usize = 6;
const CLIENTS: u64 = 4;

const ACTS: &[Row<Act>] = &[
    always(300, |c| Act::Move { moves: c.between(1, 12) as u8, order: c.draw() }),
    always(150, |c| by(c, |c| Does::Wish { session: session(c), wish: ClientRequest::List })),
    always(150, |c| Act::Say { ask: c.below(6) as u8, say: Say::Nothing }),
    row(10, |c| Act::Late { ask: c.below(6) as u8, say: Say::Nothing }),
    always(20, |c| by(c, |c| Does::Come { watch: !c.one_in(4), agents: !c.one_in(4) })),
    row(30, |c| by(c, |c| Does::Show { session: (!c.one_in(5)).then(|| session(c)), at_end: !c.one_in(3) })),
    row(5, |c| by(c, |_| Does::Switched)),
    row(10, |c| by(c, |_| Does::Stall { stalls: true })),
    always(10, |c| by(c, |_| Does::Stall { stalls: false })),
    row(10, |c| by(c, |_| Does::Go { abruptly: false })),
    row(5, |c| by(c, |_| Does::Go { abruptly: true })),
    row(15, |_| Act::Deadline),
    row(10, |_| Act::Settle),
    row(5, |_| Act::Fault(InjectedFault::NoEntropy)),
];

const FAULTS: &[Row<InjectedFault>] = &[
    row(3, |c| InjectedFault::CommitFails { reached_disk: c.one_in(2) }),
    row(3, |c| InjectedFault::Killed { one_more_group: c.one_in(2) }),
    row(2, |c| InjectedFault::PowerCut { one_more_group: c.one_in(2), lost_batches: c.below(5) as u8 }),
    row(1, |_| InjectedFault::Terminated),
    row(2, |c| InjectedFault::CalendarSet { by_ms: i64::from(c.draw() as u32) - (1 << 31) }),
    row(2, |c| InjectedFault::Asleep { minutes: c.between(0, 600) as u16 }),
    row(2, |_| InjectedFault::NoEntropy),
    row(6, |c| InjectedFault::LoadFails { which: c.below(4) as u8 }),
    row(4, |c| InjectedFault::LoadAgain { which: c.below(4) as u8 }),
    row(3, |c| InjectedFault::Memory { megabytes: [10, 10, 10, 10, 10, 70, 70, 130][c.below(8)] }),
];

const WISHES: &[Row<ClientRequest>] = &[
    always(6, |c| ClientRequest::Create {
        named: c.one_in(3).then(|| c.below(4) as u8),
        system_prompt: if c.one_in(4) { c.below(60) as u8 } else { 0 },
        denies: c.one_in(6),
    }),
    row(2, |c| ClientRequest::Fork {
        at: c.one_in(2).then(|| c.below(20) as u8),
        named: c.one_in(4).then(|| c.below(4) as u8),
    }),
    row(1, |c| ClientRequest::Rename { name: c.below(6) as u8 }),
    row(1, |c| ClientRequest::Close { force: c.one_in(2) }),
    row(2, |_| ClientRequest::Reopen),
    row(1, |c| ClientRequest::Trash { force: c.one_in(2) }),
    row(1, |_| ClientRequest::Restore),
    row(1, |c| ClientRequest::Erase { force: c.one_in(2) }),
    row(3, |_| ClientRequest::Wake),
    row(1, |c| ClientRequest::Tag { change: c.below(6) as u8 }),
    row(1, |c| ClientRequest::Pin { pinned: c.one_in(3) }),
    row(1, |c| ClientRequest::SetPolicy { denies: c.one_in(3) }),
    row(1, |c| ClientRequest::Set { setting: c.below(10) as u8 }),
    row(1, |_| ClientRequest::MarkUnread),
    row(1, |_| ClientRequest::MarkRead),
    always(14, |c| ClientRequest::Submit { bytes: prompt(c) }),
    row(2, |_| ClientRequest::SubmitAgain),
    row(2, |c| ClientRequest::Steer { bytes: prompt(c) }),
    row(3, |c| ClientRequest::Shell { bytes: prompt(c) }),
    row(2, |c| ClientRequest::Unqueue { prompt: c.below(6) as u8 }),
    row(2, |c| ClientRequest::Edit { prompt: c.below(6) as u8, bytes: prompt(c) }),
    row(1, |c| ClientRequest::Move { prompt: c.below(6) as u8, place: c.below(6) as u8 }),
    row(1, |c| ClientRequest::SendNow { prompt: c.below(6) as u8 }),
    always(12, |c| ClientRequest::Answer { call: c.below(5) as u8, says: answer(c), aim: aim(c) }),
    row(2, |_| ClientRequest::Interrupt),
    row(2, |_| ClientRequest::Retry),
    row(2, |c| ClientRequest::Compact { undo: c.one_in(3) }),
    row(1, |c| ClientRequest::Reverse { redo: c.one_in(3), turn: c.between(1, 4) as u8 }),
    row(2, |c| ClientRequest::Draft { bytes: c.below(60) as u16 }),
    row(2, |c| ClientRequest::Page { older: !c.one_in(3), bytes: c.between(1, 900) as u16 }),
    row(1, |_| ClientRequest::List),
    row(1, |_| ClientRequest::Inbox),
    row(1, |_| ClientRequest::Resync),
    row(1, |_| ClientRequest::Status),
    row(1, |_| ClientRequest::Stats),
    row(1, |_| ClientRequest::Stop),
];

const SAYS: &[Row<Say>] = &[
    row(12, |c| Say::Text(c.between(1, 40) as u16)),
    row(3, |c| Say::Text(c.between(200, 700) as u16)),
    row(1, |c| Say::Text(c.between(3_000, 12_000) as u16)),
    row(3, |c| Say::Thinking(c.between(1, 90) as u16)),
    row(2, |c| Say::Sealed(c.between(1, 90) as u16)),
    row(1, |_| Say::Nothing),
    row(1, |c| Say::Usage(c.draw() as u16)),
    row(2, |c| Say::Asked(c.draw() as u16)),
    row(1, |c| Say::Title(c.below(4) as u8)),
    row(2, |_| Say::Steerable),
    row(1, |c| Say::Plan(c.below(4) as u8)),
    row(1, |c| Say::Model(c.below(3) as u8)),
    row(1, |c| Say::StopReason(c.below(3) as u8)),
    row(1, |c| Say::Retrying { attempt: c.between(2, 6) as u8, wait_ms: c.draw() as u16 }),
    row(4, |c| Say::Remember { refuses: c.one_in(3) }),
    row(6, |c| Say::Progress { call: c.between(1, 6) as u8, bytes: c.between(1, 200) as u16 }),
    row(10, |c| Say::Call { tool: c.below(4) as u8, wants: wants(c), number: number(c) }),
    row(1, |c| Say::Storm { calls: c.between(2, 12) as u8, wants: wants(c) }),
    always(10, |_| Say::GoOn),
    row(1, |c| Say::OddResult { call: c.below(12) as u8 }),
    row(2, |_| Say::UnaskedResult),
    row(1, |_| Say::SameResult),
    always(3, |_| Say::Done),
    row(1, |_| Say::EndsTwice),
    row(1, |_| Say::Failed),
    row(1, |_| Say::Dies),
];

fn prompt(chance: &mut Chance) -> u16 {
    if chance.one_in(12) { 0 } else { chance.between(8, 90) as u16 }
}

/// One of these; what is to be likelier stands there more often.
fn one_of<T: Copy, const N: usize>(chance: &mut Chance, choices: [T; N]) -> T {
    choices[chance.below(N)]
}

fn answer(chance: &mut Chance) -> AnswerKind {
    use AnswerKind::{Always, Deny, Once, Words};
    one_of(chance, [Once, Once, Once, Always, Deny, Words])
}

fn aim(chance: &mut Chance) -> Aim {
    use Aim::{Late, OtherDigest, OtherTurn, True, Twice};
    one_of(chance, [True, True, True, True, Twice, Late, OtherDigest, OtherTurn])
}

fn wants(chance: &mut Chance) -> Wants {
    use Wants::{Consent, Nothing, Words};
    one_of(chance, [Nothing, Nothing, Consent, Consent, Words])
}

fn number(chance: &mut Chance) -> Number {
    use Number::{Far, Lower, Next, Same};
    one_of(chance, [Next, Next, Next, Next, Next, Far, Same, Lower])
}

fn by(chance: &mut Chance, does: fn(&mut Chance) -> Does) -> Act {
    Act::Client(client(chance), does(chance))
}

fn client(chance: &mut Chance) -> u8 {
    chance.below(CLIENTS as usize) as u8
}

fn session(chance: &mut Chance) -> u8 {
    chance.below(SESSIONS) as u8
}

/// The rows of a table with the weights that one seed gives them.
struct Mix<T: 'static> {
    rows: &'static [Row<T>],
    weights: Vec<u32>,
    total: u32,
}

impl<T> Mix<T> {
    fn new(rows: &'static [Row<T>], chance: &mut Chance) -> Self {
        // A third of all kinds is left out of a run, a quarter of the others comes six times as often: otherwise what is rare
        // would hardly ever meet.
        let weigh = |row: &Row<T>| {
            let preferred = [1, 1, 2, 6][chance.below(4)];
            if !row.always && chance.one_in(3) { 0 } else { row.weight * preferred }
        };
        let weights: Vec<u32> = rows.iter().map(weigh).collect();
        let total = weights.iter().sum();
        Self { rows, weights, total }
    }

    fn draw(&self, chance: &mut Chance) -> Option<T> {
        let mut place = chance.below(self.total as usize) as u32;
        for (row, &weight) in self.rows.iter().zip(&self.weights) {
            if place < weight {
                return Some((row.make)(chance));
            }
            place -= weight;
        }
        None
    }
}

impl Plan {
    /// The run of that seed.
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let host = HostLimits { limits: limits(&mut chance), bounds: bounds(&mut chance) };
        let (acts, faults) = (Mix::new(ACTS, &mut chance), Mix::new(FAULTS, &mut chance));
        let (wishes, says) = (Mix::new(WISHES, &mut chance), Mix::new(SAYS, &mut chance));
        let haste = chance.below(4);
        let length = [100, 400, 1_000, 2_000][chance.below(4)];
        let count = chance.between(length / 2, length);
        let step = |chance: &mut Chance| {
            let after_us = pause(chance, haste);
            let act = match acts.draw(chance)? {
                Act::Client(client, Does::Wish { session, .. }) => {
                    Act::Client(client, Does::Wish { session, wish: wishes.draw(chance)? })
                }
                Act::Say { ask, .. } => Act::Say { ask, say: says.draw(chance)? },
                Act::Late { ask, .. } => Act::Late { ask, say: says.draw(chance)? },
                Act::Fault(_) => Act::Fault(faults.draw(chance)?),
                act @ (Act::Client(..) | Act::Move { .. } | Act::Deadline | Act::Settle) => act,
            };
            Some(SimulationStep { after_us, act })
        };
        let steps = (0..count).filter_map(|_| step(&mut chance)).collect();
        let clients = chance.between(1, CLIENTS) as u8;
        Self { host, clients, pace: Pace::new(&mut chance), steps, planted: None }
    }
}

/// The defaults, or limits so small that runs reach them.
fn limits(chance: &mut Chance) -> Limits {
    let usual = Limits::default();
    if chance.one_in(4) {
        return usual;
    }
    Limits {
        live_sessions: up_to(chance, 6),
        hibernate_after: span(chance, [5, 500, 60_000, 1_800_000]),
        trash_for: span(chance, [1, 2_000, 600_000, 2_592_000_000]),
        agent_calls: up_to(chance, 4),
        agent_calls_in_view: chance.below(3),
        waking_wishes: up_to(chance, 4),
        queued_prompts: up_to(chance, 5),
        queued_bytes: chance.between(60, 400) as usize,
        prompt_bytes: chance.between(50, 120) as usize,
        system_prompt_bytes: chance.between(5, 60) as usize,
        answer_bytes: chance.between(200, 4_000) as usize,
        turn_entries: chance.between(3, 40) as u32,
        turn_calls: chance.between(1, 6) as u32,
        open_calls: up_to(chance, 5),
        result_bytes: up_to(chance, 200),
        image_bytes: usual.image_bytes,
        result_kept_bytes: up_to(chance, 400),
        output_bytes: up_to(chance, 900),
        approval_for: span(chance, [100, 30_000, 3_600_000, 86_400_000]),
        allowed_tools: chance.below(4),
        tail_bytes: up_to(chance, 6_000),
        memory_bytes: if chance.one_in(4) {
            chance.between(3_000, 40_000) as usize
        } else {
            usual.memory_bytes
        },
        soft_memory: usual.soft_memory,
        hard_memory: usual.hard_memory,
        stream_bytes: up_to(chance, 300),
        stream_delay: Duration::from_millis(chance.between(1, 200)),
        store_bytes: usual.store_bytes,
        compact_at: chance.below(100) as u64,
        budget_tokens: usual.budget_tokens,
        budget_tokens_per_day: usual.budget_tokens_per_day,
        leave_after: Duration::from_millis(chance.between(1, 60_000)),
    }
}

/// At least one of something, and at most so many.
fn up_to(chance: &mut Chance, most: u64) -> usize {
    chance.between(1, most) as usize
}

/// One of these spans, in milliseconds.
fn span(chance: &mut Chance, millis: [u64; 4]) -> Duration {
    Duration::from_millis(one_of(chance, millis))
}

fn bounds(chance: &mut Chance) -> Bounds {
    let usual = Bounds::default();
    // Never so small that the snapshots of all sessions cannot wait together: such a client could never come in.
    let bytes = if chance.one_in(2) { usual.bytes } else { 1 << 20 };
    let updates = if chance.one_in(2) { usual.updates } else { chance.between(300, 20_000) as usize };
    Bounds { updates, bytes }
}

/// How long nothing happens before a step: mostly not at all.
fn pause(chance: &mut Chance, haste: usize) -> u64 {
    match chance.below(16) {
        0 => chance.between(1, 120_000_000),
        1..4 => chance.between(1, 150_000),
        _ => [0, 3, 300, 5_000][haste] * chance.below(5) as u64,
    }
}
