//! The stage: one simulated machine with its disk, its clients, and at most one host. Plays one step after the other.
//!
//! Not here: what moves by itself (`moves`, `turn`, `connections`), what must hold at rest (`rest`).

mod connections;
mod hosts;
mod moves;
mod rest;
mod together;
mod turn;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use q_core::{ClientId, Instant, Limits, Now, SessionId};
use q_host::simulation::{Bounds, CommitReport, Host, HostEvent, QUEUE, ReversalReport, RunEvent, World};
use q_proto::view::Pages;
use q_proto::{ClientMessage, HostMessage, Response};
use q_store::Store;

use crate::agents::Agents;
use crate::client::{Client, State};
use crate::clocks::Clocks;
use crate::disk::{Disk, Fate};
use crate::law::{Held, Law};
use crate::ledger::Ledger;
use crate::loads::Loads;
use crate::mark;
use crate::outcome::{Counts, RunOutcome};
use crate::pace::Pace;
use crate::plan::Plan;
use crate::planted::Planted;
use crate::script::Script;
use crate::shells::Shells;
use crate::side::{Side, WantedPage};
use crate::step::{Act, Aim, ClientRequest, Does, InjectedFault, Say, SimulationStep};
use crate::trace::Trace;
use crate::wishes::Answering;

/// The machine on which hosts live and die: its disk and its clocks.
#[derive(Debug)]
pub(super) struct Stage {
    limits: Limits,
    bounds: Bounds,
    clocks: Clocks,
    disk: Disk,
    agents: Agents,
    shells: Shells,
    clients: Vec<Client>,
    life: Option<Life>,
    ledger: Ledger,
    trace: Trace,
    script: Script,
    figures: Counts,
    planted: Option<Planted>,
    pace: Pace,
    /// When the core was last told anything.
    told: Now,
    /// How many session ids were drawn.
    drawn: u64,
    /// How many wishes were made.
    wishes: u64,
    /// How often an agent spoke.
    sayings: u64,
}

/// A host's life, and what is on its way to it.
struct Life {
    host: Host<Side>,
    phase: Phase,
    inbox: VecDeque<HostEvent>,
    heard: VecDeque<RunEvent>,
    reports: VecDeque<CommitReport>,
    pages: VecDeque<WantedPage>,
    loads: Loads,
    /// What came of changes that were to be reversed, on its way to the loop.
    reversals: VecDeque<ReversalReport>,
    is_terminated: bool,
    last_client: ClientId,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").field("phase", &self.phase).finish_non_exhaustive()
    }
}

/// How far a host's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// What a crash cut short is being marked; nobody is let in.
    Starting,
    Serving,
    /// Clients are told; since when.
    Leaving(Instant),
}

/// How many runs there were, for a world that is never the same.
static RUNS: AtomicU64 = AtomicU64::new(0);

impl Stage {
    pub(super) fn new(plan: &Plan, keeps_lines: bool) -> Self {
        let planted = plan.planted;
        Self {
            limits: plan.host.limits.clone(),
            bounds: plan.host.bounds,
            clocks: Clocks::default(),
            disk: Disk::new(plan.host.limits.turn_calls, planted),
            agents: Agents::new(planted),
            shells: Shells::default(),
            clients: (0..plan.clients).map(|_| Client::new(planted)).collect(),
            life: None,
            ledger: Ledger::new(planted),
            trace: Trace::new(keeps_lines),
            script: Script::new(&plan.host.limits, keeps_lines),
            figures: Counts::default(),
            planted,
            pace: plan.pace,
            told: Now::default(),
            drawn: 0,
            wishes: 0,
            sayings: 0,
        }
    }

    /// What came of the run that ended so.
    pub(super) fn into_outcome(mut self, held: Held) -> RunOutcome {
        self.write_script(); // of a panic, what came just before it
        let (acknowledged, asked) = self.ledger.totals();
        self.count("prompts acknowledged", acknowledged);
        self.count("turns asked", asked);
        let ran = self.ledger.consents.count();
        self.count("tools run", ran);
        if self.planted == Some(Planted::IsNeverTheSame) {
            self.trace.saw(format_args!("{}", RUNS.fetch_add(1, Ordering::Relaxed)));
        }
        let drawn = self.life.map_or(self.drawn, |life| life.host.into_world().drawn);
        let Self { trace, figures, script, .. } = self;
        let script = script.into_lines(drawn);
        RunOutcome { broken: held.err(), hash: trace.hash(), figures, lines: trace.into_lines(), script }
    }

    fn count(&mut self, what: impl Into<Cow<'static, str>>, how_many: u64) {
        *self.figures.entry(what.into()).or_default() += how_many;
    }

    /// Plays all of the steps, and what must hold at the end.
    pub(super) fn play(&mut self, steps: &[SimulationStep]) -> Held {
        for step in steps {
            self.play_one(step)?;
        }
        self.finish()
    }

    fn play_one(&mut self, step: &SimulationStep) -> Held {
        self.clocks.pass(step.after_us);
        self.count("steps", 1);
        assert!(self.planted != Some(Planted::Panics), "a planted panic");
        self.trace.saw(format_args!("{:>12} {:?}", self.clocks.mono().0, step.act));
        match &step.act {
            Act::Client(client, does) => self.client_acts(*client, does)?,
            Act::Move { moves, order } => self.make_moves(*moves, *order)?,
            Act::Deadline => self.pass_to_deadline(),
            Act::Say { ask, say } => self.agent_emits((*ask).into(), *say, false),
            Act::Late { ask, say } => self.agent_emits((*ask).into(), *say, true),
            Act::Fault(fault) => self.fails(fault)?,
            Act::Settle => self.settle()?,
        }
        self.let_in()
    }

    fn fails(&mut self, fault: &InjectedFault) -> Held {
        let mut happened = true;
        match *fault {
            InjectedFault::CommitFails { reached_disk } => {
                let fate = if reached_disk { Fate::FailsWritten } else { Fate::FailsLost };
                happened = self.commit(usize::MAX, fate)?;
            }
            InjectedFault::Killed { one_more_group } => happened = self.die(one_more_group)?,
            InjectedFault::PowerCut { one_more_group, lost_batches } => {
                self.die(one_more_group)?;
                let lost = self.disk.lose_power(lost_batches.into())?;
                self.count("batches lost with the power", lost as u64);
                self.clients.iter_mut().for_each(|client| drop(client.go()));
            }
            InjectedFault::Terminated => {
                if let Some(life) = &mut self.life {
                    life.is_terminated = true;
                }
            }
            InjectedFault::CalendarSet { by_ms } => self.clocks.set(by_ms),
            InjectedFault::Asleep { minutes } => self.clocks.pass(u64::from(minutes) * 60_000_000),
            InjectedFault::NoEntropy => {
                if let Some(life) = &mut self.life {
                    life.host.world().has_entropy = false;
                }
            }
            InjectedFault::LoadFails { which } => {
                happened = self.life.as_mut().is_some_and(|life| life.loads.fail(which.into()));
            }
            InjectedFault::LoadAgain { which } => {
                happened = self.life.as_mut().is_some_and(|life| life.loads.answer_again(which.into()));
            }
            InjectedFault::Memory { megabytes } => {
                if let Some(life) = &mut self.life {
                    life.host.world().memory = u64::from(megabytes) << 20;
                }
            }
        }
        self.count(fault.name(), happened.into());
        Ok(())
    }

    /// The client of that number among those that are there, or among those that are not.
    fn client(&self, number: u8, is_there: bool) -> Option<usize> {
        let are_so = |client: &Client| matches!(client.presence, State::Attached(_)) == is_there;
        let count = self.clients.iter().filter(|client| are_so(client)).count();
        let place = usize::from(number).checked_rem(count)?;
        self.clients
            .iter()
            .enumerate()
            .filter(|(_, client)| are_so(client))
            .nth(place)
            .map(|(index, _)| index)
    }

    /// The session of that number among those that are left; the first number may also mean one that is not there.
    fn session(&self, number: u8) -> SessionId {
        let index = &self.disk.index;
        let left: Vec<_> =
            index.sessions().iter().copied().filter(|session| !index.is_erased(*session)).collect();
        let gone = || index.sessions().iter().copied().find(|session| index.is_erased(*session));
        let place = usize::from(number).checked_rem(left.len());
        match place {
            // What is gone is refused in one way only: now and then is enough.
            Some(place) if number > 0 || !self.wishes.is_multiple_of(8) => left[place],
            Some(_) | None => gone().unwrap_or(mark::session(u64::MAX)),
        }
    }

    fn client_acts(&mut self, number: u8, does: &Does) -> Held {
        let nobody_is_there = self.clients.iter().all(|client| matches!(client.presence, State::Away));
        // Where nobody is, nothing but time would pass.
        let comes = Does::Come { watch: true, agents: true };
        let does = if nobody_is_there { &comes } else { does };
        match self.client(number, !matches!(does, Does::Come { .. })) {
            Some(client) => self.client_does(client, does),
            None => Ok(()),
        }
    }

    fn client_does(&mut self, client: usize, does: &Does) -> Held {
        match *does {
            Does::Come { watch, agents } => self.clients[client].come(watch, agents, self.clocks.mono()),
            Does::Wish { session, ref wish } => {
                let nothing_is_there = self.disk.index.sessions().is_empty();
                let creates = ClientRequest::Create { named: None, system_prompt: 0, denies: false };
                let wish = if nothing_is_there { &creates } else { wish };
                self.client_wishes(client, self.session(session), wish);
            }
            Does::Show { session, at_end } => {
                let session = session.map(|number| self.session(number));
                self.clients[client].show(session, at_end);
            }
            Does::Switched => self.clients[client].send_up(ClientMessage::Switched { took_us: 5_000 }),
            Does::Stall { stalls } => {
                if let Some(connection) = self.clients[client].connection() {
                    connection.is_stalled = stalls;
                }
            }
            Does::Go { abruptly } => self.client_goes(client, abruptly)?,
        }
        Ok(())
    }

    fn client_wishes(&mut self, client: usize, session: SessionId, wish: &ClientRequest) {
        self.wishes += 1;
        let number = self.wishes;
        if *wish == ClientRequest::SubmitAgain && self.clients[client].deliver_one_again() {
            self.count("fault: prompt delivered again", 1);
            return;
        }
        if let ClientRequest::Answer { call, says, aim } = *wish
            && let Some(answering) = Answering::new(&self.clients[client], call, says, aim)
        {
            self.client_answers(client, &answering, aim);
            return;
        }
        let client = &mut self.clients[client];
        let asked = wish.request(session, client, number);
        client.ask(asked);
    }

    fn client_answers(&mut self, client: usize, answering: &Answering, aim: Aim) {
        let client = &mut self.clients[client];
        let (session, call) = &answering.call;
        if let Some(always) = answering.allows()
            && client.has_seen(&answering.call)
        {
            let id = (*session, call.turn, call.call);
            self.ledger.consents.gives(id, call.digest, &call.tool, always);
        }
        for _ in 0..answering.times {
            client.ask(answering.asked());
        }
        let fault = match aim {
            Aim::True => return,
            Aim::Twice => "fault: call answered twice",
            Aim::Late => "fault: call answered late",
            Aim::OtherDigest => "fault: other bytes answered",
            Aim::OtherTurn => "fault: other turn answered",
        };
        self.count(fault, 1);
    }

    /// An agent says something, unless so much waits for the loop already that it must wait too.
    fn agent_emits(&mut self, ask: usize, say: Say, is_late: bool) {
        let Some(life) = self.life.as_mut().filter(|life| life.heard.len() < QUEUE) else { return };
        self.sayings += 1;
        let heard = if is_late {
            self.agents.emit_late(ask, say, self.sayings)
        } else {
            // Agents and shells are counted through.
            let agents = self.agents.asked().count();
            match ask.checked_rem(agents + self.shells.len()) {
                Some(place) if place < agents => self.agents.emit(place, say, self.sayings),
                Some(place) => self.shells.emit(place - agents, say, self.sayings),
                None => Vec::new(),
            }
        };
        let fault = if is_late { Some("fault: agent speaks late") } else { say.fault() };
        let fault = fault.filter(|_| !heard.is_empty());
        life.heard.extend(heard);
        if let Some(fault) = fault {
            self.count(fault, 1);
        }
    }

    /// The writer commits one group. Whether there was one.
    fn commit(&mut self, most: usize, fate: Fate) -> Held<bool> {
        let before = self.disk.written();
        let report = self.disk.commit(most, fate)?;
        self.count("batches written", (self.disk.written() - before) as u64);
        let Some(report) = report else { return Ok(false) };
        self.count("commits", 1);
        if let Some(life) = &mut self.life {
            life.reports.push_back(report);
        }
        Ok(true)
    }

    /// Reads one session that is to wake. Whether there was one.
    fn read_load(&mut self, which: usize) -> Held<bool> {
        let Some(life) = &mut self.life else { return Ok(false) };
        life.loads.read(which, &self.disk, self.limits.tail_bytes, self.planted)
    }

    /// Reads pages that were asked for, and answers. Whether there were any.
    fn read_pages(&mut self, count: usize) -> Held<bool> {
        let Some(life) = &mut self.life else { return Ok(false) };
        let mut moved = false;
        for wanted in life.pages.drain(..count.min(life.pages.len())) {
            let page = self.disk.store.page(wanted.session, wanted.before, wanted.bytes);
            let mut page = page.map_err(|error| Law::StoreFits.broken(format!("a page: {error}")))?;
            if self.planted == Some(Planted::ReadsOldPages) {
                page.entries.pop();
            }
            let entries = page.entries.into_iter().map(Into::into).collect();
            let answer = Ok(Response::Page(Pages { entries, trimmed: page.trimmed }));
            life.host.world().send(wanted.client, HostMessage::Reply { id: wanted.request, answer });
            moved = true;
        }
        self.after_event()?;
        Ok(moved)
    }
}
