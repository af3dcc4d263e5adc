//! The host's loop: takes one of the events that are ready, in any order that `tokio::select!` might, and carries out what
//! the host then wants done. Plays the part of `serve.rs`, without its waiting.

use q_core::{AgentEvent, ClientId, Command, Instant, SessionId, Token, TurnNo, Wants};
use q_host::simulation::{
    AgentControl, AgentRequest, AgentSpec, Allowance, COMMITS, FAREWELL, HostEvent, RunEvent,
};
use q_proto::ClientMessage;
use q_testkit::chance::Chance;

use super::{Life, Phase, Stage};
use crate::law::{Held, Law};
use crate::mark;
use crate::planted::Planted;
use crate::side::Did;
use crate::texts;

/// Where an event may come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Writer,
    Loads,
    /// Files that were put back.
    Files,
    Inbox,
    Agents,
    Clock,
    System,
}

impl Stage {
    /// The loop takes one event, if one is ready.
    pub(super) fn take_event(&mut self, chance: &mut Chance) -> Held<bool> {
        let now = self.clocks.mono();
        let planted = self.planted;
        let Some(life) = &mut self.life else { return Ok(false) };
        let event = match life.phase {
            Phase::Starting => life.reports.pop_front().map(HostEvent::Commit),
            Phase::Serving => life.ready(now, planted, chance).and_then(|source| life.take(source)),
            Phase::Leaving(since) => {
                // Nothing else is done any more, whatever comes.
                let disconnected = life.next_disconnected();
                if disconnected.is_none() && now.since(since) >= FAREWELL {
                    self.leave()?;
                    return Ok(true);
                }
                disconnected
            }
        };
        let Some(event) = event else { return Ok(false) };
        self.feed(event)?;
        Ok(true)
    }

    /// Hands one event to the host.
    fn feed(&mut self, event: HostEvent) -> Held {
        self.count("events", 1);
        self.note(&event);
        let now = self.clocks.now();
        let Some(event) = self.tampered(event) else { return Ok(()) };
        let Some(life) = &mut self.life else { return Ok(()) };
        let is_deadline = matches!(event, HostEvent::Deadline);
        life.host.world().now = now;
        if is_deadline && self.planted == Some(Planted::WakesEarly) {
            life.host.world().now.mono = Instant(0);
        }
        life.host.on(event);
        if is_deadline {
            let next = life.host.next_deadline();
            Law::DeadlineKept.check(next.is_none_or(|next| next.at > now.mono), || {
                format!("at {:?} the host was woken as it wished, and wishes {next:?}", now.mono)
            })?;
        }
        self.after_event()?;
        self.ledger.on_handled();
        Ok(())
    }

    /// Writes down what the host is about to hear.
    fn note(&mut self, event: &HostEvent) {
        match event {
            HostEvent::Connected { client, hello, .. } => {
                self.trace.saw(format_args!("  host hears: client {client} comes, watches: {}", hello.watch));
                self.ledger.comes(*client);
            }
            HostEvent::Disconnected { client } => {
                self.trace.saw(format_args!("  host hears: client {client} is gone"));
                self.ledger.goes(*client);
            }
            HostEvent::Message { client, message, .. } => {
                self.trace.saw(format_args!("  host hears: client {client} says {message:?}"));
                self.ledger.on_message(*client, message);
            }
            HostEvent::Run(RunEvent { session, turn, event: AgentEvent::Call(call, _) }) => {
                self.trace.saw(format_args!("  host hears: {event:?}"));
                self.ledger.consents.wants(*session, *turn, call);
            }
            HostEvent::Run(RunEvent { session, turn, event: AgentEvent::Resume(handle) }) => {
                self.trace.saw(format_args!("  host hears: {event:?}"));
                // While something is due nobody can tell what it ends before this is heard.
                if self.is_something_due() {
                    self.ledger.forgets(*session);
                } else if self.runs(*session, *turn) {
                    self.ledger.remembers(*session, handle);
                }
            }
            HostEvent::Drained { .. }
            | HostEvent::Lagged { .. }
            | HostEvent::Commit(_)
            | HostEvent::Run(_)
            | HostEvent::Loaded(_)
            | HostEvent::Reversed(_)
            | HostEvent::Background(_)
            | HostEvent::Deadline
            | HostEvent::Terminate
            | HostEvent::Room => {
                self.trace.saw(format_args!("  host hears: {event:?}"));
            }
        }
    }

    fn is_something_due(&self) -> bool {
        let due = self.life.as_ref().and_then(|life| life.host.next_deadline());
        due.is_some_and(|due| due.at <= self.clocks.mono())
    }

    /// Whether that turn runs, as the host knows it.
    fn runs(&self, session: SessionId, turn: TurnNo) -> bool {
        let line = self.life.as_ref().and_then(|life| life.host.view().summary(session));
        line.is_some_and(|line| line.turns == turn.0 && line.activity.is_busy() && !line.held)
    }

    /// Planted faults: what the host hears instead of what happened; nothing, if it hears nothing.
    fn tampered(&self, mut event: HostEvent) -> Option<HostEvent> {
        match (self.planted, &mut event) {
            (
                Some(Planted::HidesScreens),
                HostEvent::Message { message: ClientMessage::Showing { .. }, .. },
            )
            | (Some(Planted::LosesHandles), HostEvent::Run(RunEvent { event: AgentEvent::Resume(_), .. })) => {
                None
            }
            (Some(Planted::TakesResultsInOrder), HostEvent::Run(RunEvent { session, turn, event: said })) => {
                if let AgentEvent::Result { call, .. } = said
                    && let Some(lowest) = self.agents.lowest_permitted(*session, *turn)
                {
                    *call = lowest.min(*call);
                }
                Some(event)
            }
            (Some(Planted::HidesThatItWantsConsent), HostEvent::Run(RunEvent { event: said, .. })) => {
                if let AgentEvent::Call(call, _) = said
                    && call.wants == Wants::Consent
                {
                    call.wants = Wants::Nothing;
                }
                Some(event)
            }
            (_, _) => Some(event),
        }
    }

    /// Carries out what the host wants done, and sees how far its life is.
    pub(super) fn after_event(&mut self) -> Held {
        self.write_script();
        let Some(life) = &mut self.life else { return Ok(()) };
        self.told = life.host.world().told;
        let did = std::mem::take(&mut life.host.world().did);
        self.wakes_whole(&did)?;
        for did in did {
            self.carry_out(did)?;
        }
        let now = self.clocks.mono();
        let Some(life) = &mut self.life else { return Ok(()) };
        if self.planted == Some(Planted::IgnoresTheEnd) && life.phase == Phase::Serving {
            return Ok(());
        }
        match life.phase {
            Phase::Starting if life.host.ended().is_some() => self.leave()?,
            // Not before: clients must find what a crash cut short marked.
            Phase::Starting if life.host.commits_under_way() == 0 => {
                life.phase = Phase::Serving;
                self.retry_by_itself();
            }
            Phase::Serving if life.host.ended().is_some() => {
                life.host.send_farewell();
                life.phase = Phase::Leaving(now);
                self.after_event()?;
            }
            Phase::Leaving(_) if !life.host.has_connections() => self.leave()?,
            Phase::Starting | Phase::Serving | Phase::Leaving(_) => {}
        }
        Ok(())
    }

    fn carry_out(&mut self, did: Did) -> Held {
        self.trace.saw(format_args!("    host: {did:?}"));
        match did {
            Did::Commit(commit, batch) => {
                self.ledger.committed(commit, &batch)?;
                let wall = self.clocks.now().wall;
                self.ledger.erases(&batch, &self.disk, self.limits.trash_for, wall)?;
                self.disk.queue(commit, batch);
            }
            Did::Ask(request) => {
                self.ledger.consents.begins(request.seat.session, request.turn);
                self.ask(&request)?;
            }
            Did::Cancel(session, turn) => {
                self.agents.cancel(session, turn);
                self.shells.cancel(session, turn, self.planted);
                self.ledger.consents.cancels(session, turn);
            }
            Did::Control(session, turn, told) => self.control(session, turn, told)?,
            Did::Release(session) => {
                let runs = self.agents.asked().any(|(of, _)| of == session);
                Law::Parked.check(!runs, || {
                    format!("the agent of session {} is parked in its turn", mark::number(session))
                })?;
                self.ledger.parks(&self.disk, session)?;
                self.agents.release(session);
            }
            Did::Load(session) => {
                if let Some(life) = &mut self.life {
                    life.loads.want(session);
                }
            }
            Did::Reverse(report) => {
                if let Some(life) = &mut self.life {
                    life.reversals.push_back(report);
                }
            }
            Did::Shell(request) => {
                self.files_are_at_rest(request.session)?;
                self.ledger.runs_line(&self.disk, &request)?;
                self.count("lines for the shell", 1);
                self.shells.start(request.session, request.turn);
            }
            Did::Reply { client, request, granted } => {
                self.ledger.replied(&self.disk, client, request, granted.is_ok())?;
                if let Err(code) = granted {
                    self.count(format!("refused: {code}"), 1);
                }
            }
            Did::WantPage(wanted) => {
                if let Some(life) = &mut self.life {
                    life.pages.push_back(wanted);
                }
            }
            Did::Overfill(client, weight) => {
                return Err(Law::OutboxBounded.broken(format!("{weight:?} wait for client {client}")));
            }
        }
        Ok(())
    }

    fn files_are_at_rest(&self, session: SessionId) -> Held {
        let reversals = self.life.iter().flat_map(|life| &life.reversals);
        Law::FilesAtRest.check(reversals.into_iter().all(|report| report.session != session), || {
            format!("something runs in session {}, and its files are put back", mark::number(session))
        })
    }

    fn ask(&mut self, request: &AgentRequest) -> Held {
        let session = request.seat.session;
        self.files_are_at_rest(session)?;
        self.ledger.asked(&self.disk, request)?;
        let name = match &request.agent {
            AgentSpec::Http(spec) => spec.base_url.clone(),
            AgentSpec::Guide | AgentSpec::Acp(_) => String::new(),
        };
        self.agents.ask(&request.seat, request.turn, name.clone());
        let (count, places) = (self.agents.count(&name), self.limits.agent_calls.max(1));
        Law::Places.check(count <= places, || {
            format!("agent {name} is asked in {count} turns, and has {places} places")
        })
    }

    /// An agent is told something: what runs by it may run, and what is said is for it.
    fn control(&mut self, session: SessionId, turn: TurnNo, told: AgentControl) -> Held {
        match &told {
            AgentControl::Permit { call, digest, .. } => {
                self.ledger.consents.runs(&self.disk, (session, turn, *call), *digest)?;
            }
            AgentControl::Settle { text, .. } => texts::is_at_home(text, session, &self.disk.index)?,
            AgentControl::Steer(text) => {
                texts::is_at_home(text, session, &self.disk.index)?;
                let submission = mark::submission(text).and_then(|number| self.disk.index.submission(number));
                let law = if self.disk.has_failed() { Law::NothingAfterFailure } else { Law::DurableFirst };
                law.check(submission.is_some_and(|place| self.disk.holds(place)), || {
                    format!(
                        "the agent of session {} hears what is not on disk: {text}",
                        mark::number(session)
                    )
                })?;
            }
        }
        self.agents.control(session, turn, told);
        Ok(())
    }

    /// The host ends; the writer writes what it was given.
    fn leave(&mut self) -> Held {
        self.trace.saw(format_args!("  host: ends"));
        self.disk.drain()?;
        self.host_is_gone();
        Ok(())
    }

    /// Time passes to the host's deadline, if it has one.
    pub(super) fn pass_to_deadline(&mut self) {
        let deadline = self.life.as_ref().and_then(|life| life.host.next_deadline());
        if let Some(deadline) = deadline {
            self.clocks.pass_until(deadline.at);
        }
    }

    /// Time passes until a leaving host waits no longer for its clients. Whether one was leaving.
    pub(super) fn pass_farewell(&mut self) -> bool {
        let Some(Life { phase: Phase::Leaving(since), .. }) = self.life else { return false };
        self.clocks.pass_until(since.after(FAREWELL));
        true
    }

    /// A planted fault: the first client of every host retries all that was cut short.
    fn retry_by_itself(&mut self) {
        let Some(life) = self.life.as_mut().filter(|_| self.planted == Some(Planted::RetriesByItself)) else {
            return;
        };
        for number in 0..life.host.world().drawn {
            let request =
                Command::Retry { session: mark::session(number), token: Token(number.into()) }.into();
            let message = ClientMessage::Request { id: 1_000_000 + number, request };
            let allowance = Allowance::default();
            life.inbox.push_back(HostEvent::Message { client: ClientId(1), message, allowance });
        }
    }

    /// In which turns somebody is being asked or a line runs.
    pub(super) fn asks(&self) -> Vec<(SessionId, TurnNo)> {
        let mut asks: Vec<_> = self.agents.asked().chain(self.shells.running()).collect();
        asks.sort_unstable();
        asks
    }
}

impl Life {
    /// One of the sources that have an event.
    fn ready(&self, now: Instant, planted: Option<Planted>, chance: &mut Chance) -> Option<Source> {
        let is_due = self.host.next_deadline().is_some_and(|deadline| deadline.at <= now);
        let hears_clock = planted != Some(Planted::SleepsThroughDeadlines);
        let sources = [
            (!self.reports.is_empty(), Source::Writer),
            (!self.loads.read.is_empty(), Source::Loads),
            (!self.reversals.is_empty(), Source::Files),
            (!self.inbox.is_empty(), Source::Inbox),
            (!self.heard.is_empty() && self.host.commits_under_way() < COMMITS, Source::Agents),
            (is_due && hears_clock, Source::Clock),
            (self.is_terminated, Source::System),
        ];
        let ready = || sources.iter().filter(|(is_ready, _)| *is_ready).map(|(_, source)| *source);
        ready().nth(chance.below(ready().count()))
    }

    fn take(&mut self, source: Source) -> Option<HostEvent> {
        match source {
            Source::Writer => self.reports.pop_front().map(HostEvent::Commit),
            Source::Loads => self.loads.read.pop_front().map(HostEvent::Loaded),
            Source::Files => self.reversals.pop_front().map(HostEvent::Reversed),
            Source::Inbox => self.inbox.pop_front(),
            Source::Agents => self.heard.pop_front().map(HostEvent::Run),
            Source::Clock => Some(HostEvent::Deadline),
            Source::System => {
                self.is_terminated = false;
                Some(HostEvent::Terminate)
            }
        }
    }

    /// A leaving host hears of nothing but clients that are gone.
    fn next_disconnected(&mut self) -> Option<HostEvent> {
        while let Some(event) = self.inbox.pop_front() {
            if matches!(event, HostEvent::Disconnected { .. }) {
                return Some(event);
            }
        }
        None
    }
}
