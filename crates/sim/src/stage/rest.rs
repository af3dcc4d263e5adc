//! Rest: all that happened has had its consequences, and nothing new happens. What must hold then, and at the very end.

use q_core::{EntryNo, Mirror, Multiplexer, Presence, SessionId, Snapshot, Summary};
use q_host::simulation::{HostEvent, recover};
use q_testkit::chance::Chance;

use super::{Life, Phase, Stage};
use crate::client::{Client, State};
use crate::disk::Fate;
use crate::law::{Held, Law};
use crate::mark;
use crate::planted::Planted;

/// More rounds than any run needs to come to rest.
const ROUNDS: usize = 300;
/// More deadlines than can be left when nothing happens: for each session some, one to leave.
const DEADLINES: usize = 400;
/// All of a session.
const EVERYTHING: usize = usize::MAX;

impl Stage {
    /// Lets everything have its consequences; no time passes but what a leaving host waits, and clients before they look for
    /// the next one. Then looks.
    pub(super) fn settle(&mut self) -> Held {
        for _ in 0..ROUNDS {
            if !self.move_everything()? && !self.pass_farewell() && !self.pass_backoff() {
                return self.looks_right();
            }
        }
        let waiting = self.life.as_ref().map(|life| (life.phase, life.inbox.len(), life.reports.len()));
        Err(Law::ComesToRest.broken(format!("after {ROUNDS} rounds something moves still: {waiting:?}")))
    }

    /// Time passes until the next client looks for a host, if one is to.
    fn pass_backoff(&mut self) -> bool {
        let next = self.clients.iter().filter_map(Client::knocks_at).min();
        let is_to_come = next.is_some_and(|due| self.clocks.mono() < due);
        next.inspect(|due| self.clocks.pass_until(*due));
        is_to_come
    }

    /// Moves everything that can move once. Whether anything did.
    fn move_everything(&mut self) -> Held<bool> {
        let mut moved = false;
        for client in 0..self.clients.len() {
            moved |= self.read_socket(client, usize::MAX)?;
        }
        let mut order = Chance::new(0);
        while self.take_event(&mut order)? {
            moved = true;
        }
        if let (Some(Planted::NeverRests), Some(life)) = (self.planted, &mut self.life) {
            life.inbox.push_back(HostEvent::Lagged { client: q_core::ClientId(1) });
        }
        moved |= self.commit(usize::MAX, Fate::Written)?;
        moved |= self.read_pages(usize::MAX)?;
        while self.read_load(0)? {
            moved = true;
        }
        for client in 0..self.clients.len() {
            moved |= self.write_socket(client)?;
            while self.read(client)? {
                moved = true;
            }
        }
        self.let_in()?;
        Ok(moved)
    }

    /// Looks whether everything is as it must be at rest.
    fn looks_right(&mut self) -> Held {
        self.count("times at rest", 1);
        let Some(life) = self.life.as_ref().filter(|life| life.phase == Phase::Serving) else {
            return Ok(());
        };
        let stalled = |client: &Client| matches!(&client.presence, State::Attached(connection) if connection.is_stalled);
        let all_read = !self.clients.iter().any(stalled);
        if all_read {
            self.ledger.all_is_answered()?;
        }
        let lines: Vec<Summary> = life.host.view().sessions().collect();
        asks_match_turns(&lines, &self.asks())?;
        self.parked_are_those_that_sleep(&lines)?;
        self.together_all_is_right(life, &lines)?;
        let truths = self.truths(life, lines)?;
        for client in self.clients.iter().filter(|client| client.watches && client.is_whole) {
            if matches!(client.presence, State::Attached(_)) && !stalled(client) {
                Law::Answered.check(client.waits_for() == 0, || {
                    format!("a client waits for {} answers", client.waits_for())
                })?;
                Law::Answered.check(client.owes() == 0, || {
                    format!("{} prompts of a terminal were never answered", client.owes())
                })?;
                is_true(&client.state.mirror, &truths)?;
            }
        }
        Ok(())
    }

    /// Agents are kept for live sessions only.
    fn parked_are_those_that_sleep(&self, lines: &[Summary]) -> Held {
        for session in self.agents.open() {
            let line = lines.iter().find(|line| line.id == session);
            Law::Parked.check(line.is_some_and(|line| line.presence == Presence::Live), || {
                format!("the agent of session {} is kept for {line:?}", mark::number(session))
            })?;
        }
        Ok(())
    }

    /// Every open session as it is: from the host, and all entries of the live ones from the disk. Of one that sleeps there
    /// is only its line.
    fn truths(&self, life: &Life, lines: Vec<Summary>) -> Held<Vec<Snapshot>> {
        let view = life.host.view();
        let mut truths = Vec::new();
        for line in lines.into_iter().filter(|line| line.presence.is_open()) {
            let Some(mut snapshot) = view.snapshot(line.id, EVERYTHING) else {
                truths.push(asleep(line));
                continue;
            };
            let session = snapshot.summary.id;
            let mut entries = self.disk.transcript(session)?;
            // What streams and is not written yet only the host has.
            if let (Some(written), Some(last)) = (entries.last_mut(), snapshot.entries.last())
                && written.no == last.no
            {
                *written = last.clone();
            }
            Law::Written.check(entries.ends_with(&snapshot.entries), || {
                format!(
                    "session {}: the host has {:?}\nthe disk has {entries:?}",
                    mark::number(session),
                    snapshot.entries
                )
            })?;
            self.is_as_written(&snapshot)?;
            snapshot.entries = entries;
            truths.push(snapshot);
        }
        Ok(truths)
    }

    /// Whether the waiting prompts and the draft that the host has are those on disk.
    fn is_as_written(&self, snapshot: &Snapshot) -> Held {
        let session = snapshot.summary.id;
        let Some(history) = self.disk.index.history(session) else { return Ok(()) };
        let same = snapshot.queue == history.queue && snapshot.draft == history.draft;
        Law::Written.check(same, || {
            let has = (&snapshot.queue, &snapshot.draft);
            let number = mark::number(session);
            format!(
                "session {number}: the host has {has:?}; the disk has {:?}",
                (&history.queue, &history.draft)
            )
        })
    }

    /// Whether the store gives of each session what its records say, and every call of it has its result.
    fn histories_are_whole(&self) -> Held {
        let index = &self.disk.index;
        for &session in index.sessions().iter().filter(|session| !index.is_erased(**session)) {
            let Some(history) = index.history(session) else { continue };
            history.is_shown(session, &self.disk.transcript(session)?, false)?;
            Law::ResultOnce.check(history.without_result() == 0, || {
                format!("session {} has calls without a result", mark::number(session))
            })?;
        }
        Ok(())
    }

    /// The end of a run: everybody goes on reading, deadlines are kept to the microsecond, everybody goes, the host leaves,
    /// and what is on disk is all that was promised.
    pub(super) fn finish(&mut self) -> Held {
        for client in &mut self.clients {
            if let Some(connection) = client.connection() {
                connection.is_stalled = false;
            }
        }
        self.settle()?;
        if self.life.is_none() {
            self.clients[0].come(true, true, self.clocks.mono());
            self.let_in()?;
            self.settle()?;
        }
        self.keep_deadlines()?;
        self.nothing_is_unwritten()?;
        for client in 0..self.clients.len() {
            self.client_goes(client, false)?;
        }
        self.settle()?;
        self.keep_deadlines()?;
        let works = |life: &Life| life.host.view().sessions().any(|line| line.activity.is_busy());
        if let Some(life) = self.life.as_mut().filter(|life| works(life)) {
            life.is_terminated = true; // silent agents keep it here
        }
        self.settle()?;
        Law::Ends.check(self.life.is_none(), || format!("the host stays: {:?}", self.life))?;
        self.disk.heads_are_replays()?;
        self.histories_are_whole()?;
        self.ledger.acknowledged_is_kept(&self.disk)
    }

    /// Keeps each deadline exactly when it is due, until none is left.
    fn keep_deadlines(&mut self) -> Held {
        for _ in 0..DEADLINES {
            if self.life.as_ref().is_none_or(|life| life.host.next_deadline().is_none()) {
                break;
            }
            self.pass_to_deadline();
            self.settle()?;
        }
        Ok(())
    }

    /// Whether the disk would give back what the host has in memory.
    fn nothing_is_unwritten(&self) -> Held {
        let Some(life) = self.life.as_ref().filter(|life| life.phase == Phase::Serving) else {
            return Ok(());
        };
        let core = recover(&self.disk.store, self.limits.clone());
        let core = core.map_err(|error| Law::StoreFits.broken(format!("a host cannot start: {error}")))?;
        let (has, would) = (memory(life.host.view()), memory(Multiplexer::view(&core)));
        Law::Written.check(has == would, || format!("the host has {has:?}\nthe disk gives back {would:?}"))
    }
}

/// What a host knows of each session, as far as it does not depend on how much fits into memory. What is read in a turn
/// that is still running is written only at its end; in a closed session nothing is read.
fn memory(view: q_core::View<'_>) -> Vec<(Summary, Option<Snapshot>)> {
    let settled = |summary: Summary| {
        let is_settled = summary.presence == Presence::Live && !summary.activity.is_busy();
        // Who is asked and which calls wait is forgotten with the host: their turns are over then.
        Summary {
            unread: if is_settled { summary.unread } else { 0 },
            held: false,
            background: 0,
            retrying: None,
            pending: 0,
            ..summary
        }
    };
    view.sessions()
        .map(|line| {
            let snapshot = view.snapshot(line.id, 1);
            let snapshot =
                snapshot.map(|shot| Snapshot { summary: settled(shot.summary), pending: Vec::new(), ..shot });
            (settled(line), snapshot)
        })
        .collect()
}

/// What a client has of a session that sleeps.
fn asleep(summary: Summary) -> Snapshot {
    let (entries, queue, draft, pending) = (Vec::new(), Vec::new(), String::new(), Vec::new());
    Snapshot { summary, entries, trimmed: false, queue, draft, pending }
}

/// Whether exactly the turns in flight that are not held are being asked.
fn asks_match_turns(lines: &[Summary], asks: &[(SessionId, q_core::TurnNo)]) -> Held {
    let mut in_flight: Vec<_> = lines
        .iter()
        .filter(|line| line.presence == Presence::Live && line.activity.is_busy() && !line.held)
        .map(|line| (line.id, q_core::TurnNo(line.turns)))
        .collect();
    in_flight.sort_unstable();
    Law::AsksMatchTurns
        .check(in_flight == asks, || format!("in flight are {in_flight:?}; asked are {asks:?}"))
}

/// Whether a mirror shows what is.
fn is_true(mirror: &Mirror, truths: &[Snapshot]) -> Held {
    for truth in truths {
        let session = truth.summary.id;
        let who = || format!("session {} ({})", mark::number(session), truth.summary.name);
        let Some(mirrored) = mirror.get(session) else {
            return Err(Law::MirrorTrue.broken(format!("{} is missing", who())));
        };
        let entries: Vec<_> = mirrored.entries.iter().cloned().collect();
        let has_all = entries.len() == truth.entries.len();
        Law::MirrorTrue.check(truth.entries.ends_with(&entries) && mirrored.trimmed != has_all, || {
            let first = entries.first().map_or(EntryNo(0), |entry| entry.no);
            format!(
                "{}: from {first} on the mirror has (older ones: {})\n{entries:?}\nbut these are\n{:?}",
                who(),
                mirrored.trimmed,
                truth.entries
            )
        })?;
        Law::MirrorTrue.check(mirrored.queue == truth.queue && mirrored.draft == truth.draft, || {
            format!("{}: queue and draft are {:?}; it has {mirrored:?}", who(), (&truth.queue, &truth.draft))
        })?;
        let (has, is) = (&mirrored.summary, &truth.summary);
        Law::UnreadTrue.check(has.unread == is.unread, || {
            format!("{}: {} are unread; it has {}", who(), is.unread, has.unread)
        })?;
        Law::InboxTrue.check(mirrored.pending == truth.pending && has.pending == is.pending, || {
            format!("{}: {:?} wait; it has {:?}", who(), truth.pending, mirrored.pending)
        })?;
        let same = (has.activity, has.held) == (is.activity, is.held) && (is.activity.is_busy() || has == is);
        Law::MirrorTrue.check(same, || format!("{}: its line is {is:?}; it has {has:?}", who()))?;
    }
    let ghosts = mirror.by_slot().into_iter().map(|mirrored| &mirrored.summary);
    let ghost = ghosts.into_iter().find(|line| !truths.iter().any(|truth| truth.summary.id == line.id));
    Law::MirrorTrue.check(ghost.is_none(), || format!("no session any more: {ghost:?}"))
}
