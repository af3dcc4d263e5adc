//! What a person may wish, and when the answer is no: the life of sessions, and what is stuck on them.

use q_core::{
    Command, EntryNo, Interrupter, Policy, Presence, ReplyTo, SessionId, Setup, TagChange, TurnNo, Usage,
};

use super::deeds::Answered;
use super::names::name_from;
use super::{Agent, Ending, Entry, Label, Model, NamedBy, Session, Set, Spending, Terms, Times, Told, Typed};

/// What a session is called that nobody named.
const UNNAMED: &str = "new";
/// The most tags of a session, and the longest.
const MOST_TAGS: usize = 16;
const LONGEST_TAG: usize = 24;

/// An answer, or the code of a refusal.
pub(super) type Granted = Result<Answered, &'static str>;

impl Model {
    /// Answers a wish, at once or when its session is read.
    pub(super) fn grant(&mut self, to: ReplyTo, command: Command) {
        if self.stopping {
            return self.reply(to, Answered::Refused("stopping"));
        }
        let asleep = |id: &SessionId| {
            self.sessions.iter().any(|one| one.id == *id && one.presence == Presence::Hibernated)
        };
        if let Some(id) = needs_history(&command).filter(asleep) {
            return self.wake_for(id, to, command);
        }
        // Whoever has files put back hears when that is done.
        let reverses = if let Command::Reverse { session, .. } = command { Some(session) } else { None };
        match (reverses, self.decide(command)) {
            (Some(id), Ok(_)) => self.reversing.push((id, to)),
            (_, answer) => self.reply(to, answer.unwrap_or_else(Answered::Refused)),
        }
    }

    fn decide(&mut self, command: Command) -> Granted {
        match command {
            Command::Create { id, name, setup, tags } => self.create(id, name.as_deref(), setup, &tags),
            Command::Fork { session, id, at, name } => self.fork(session, id, at, name.as_deref()),
            // Workloads bring nothing from elsewhere: whether a file fits is a rule over entries, and has scenarios.
            Command::Import(_) | Command::ImportPart { .. } | Command::EndImport { .. } => Err("no_import"),
            Command::Rename { session, name } => self.rename(session, &name),
            Command::Close { session, even_if_working } => self.close(session, even_if_working),
            Command::Reopen { session } => self.reopen(session),
            Command::Trash { session, even_if_working } => self.trash(session, even_if_working),
            Command::Restore { session } => self.restore(session),
            Command::Erase { session, even_if_working } => self.erase(session, even_if_working),
            Command::Wake { session } => self.open(session).map(|_| Answered::Done),
            Command::Tag { session, changes } => self.tag(session, &changes),
            Command::Pin { session, pinned } => self.pin(session, pinned),
            Command::SetPolicy { session, policy } => self.set_policy(session, policy),
            Command::SetRule { session, rule, stands } => self.set_rule(session, rule, stands),
            Command::Set { session, changes } => self.set(session, &changes),
            Command::MarkUnread { session } => self.mark_unread(session),
            Command::MarkRead { session } => self.mark_read(session),
            Command::Submit { session, token, text, images: _ } => self.submit(session, token, text),
            Command::Steer { session, token, text, images: _ } => self.steer(session, token, text),
            // Workloads type none: a line for the shell asks nobody; scenarios and the simulation have it.
            Command::Shell { .. } => Err("prompt_empty"),
            Command::Unqueue { session, prompt } => self.unqueue(session, prompt),
            Command::Edit { session, prompt, text } => self.edit(session, prompt, text),
            Command::Move { session, prompt, place } => self.move_to(session, prompt, place),
            Command::SendNow { session, prompt } => self.send_now(session, prompt),
            Command::Answer { session, turn, call, digest, answer } => {
                self.answer(session, turn, call, digest, answer)
            }
            Command::Interrupt { session } => self.interrupt(session),
            Command::Retry { session, token } => self.retry(session, token),
            Command::Continue { session, token } => self.go_on(session, token),
            Command::Compact { session, undo: false } => self.compact(session),
            Command::Compact { session, undo: true } => self.undo_compaction(session),
            Command::Reverse { session, redo, turn } => self.reverse(session, redo, turn),
            Command::SaveDraft { session, text } => self.save_draft(session, text),
        }
    }

    pub(super) fn known(&self, id: SessionId) -> Result<usize, &'static str> {
        self.find(id).ok_or("no_such_session")
    }

    pub(super) fn open(&self, id: SessionId) -> Result<usize, &'static str> {
        let at = self.known(id)?;
        match self.sessions[at].presence {
            Presence::Live | Presence::Hibernated => Ok(at),
            Presence::Closed => Err("session_closed"),
            Presence::Trashed => Err("session_trashed"),
        }
    }

    fn create(&mut self, id: SessionId, typed: Option<&str>, setup: Setup, tags: &[String]) -> Granted {
        if self.find(id).is_some() {
            return Err("id_taken");
        }
        let (name, named_by) = match typed {
            Some(typed) => (self.chosen_name(typed, None)?, NamedBy::Person),
            None => (self.free_name(UNNAMED, None), NamedBy::Nobody),
        };
        if setup.system_prompt.len() > self.limits.system_prompt_bytes {
            return Err("system_prompt_too_long");
        }
        let changes: Vec<TagChange> = tags.iter().cloned().map(TagChange::Add).collect();
        let tags = tags_after(&[], &changes)?;
        if self.is_full() {
            return Err("host_full");
        }
        let made_room = self.make_room()?;
        let mut new = Session { named_by, ..self.newborn(id, name, setup.agent, setup.policy) };
        new.label.tags = tags;
        self.sessions.push(new);
        Ok(Answered::Created(id, made_room))
    }

    fn newborn(&self, id: SessionId, name: String, agent: String, policy: Policy) -> Session {
        Session {
            id,
            parent: None,
            label: Label { name, slot: self.free_slot(), tags: Vec::new(), pinned: false },
            named_by: NamedBy::Nobody,
            agent: Agent { name: agent, reached: false, seated: false, told: Told::default() },
            terms: Terms { policy, settings: Set::new(), rules: Vec::new() },
            presence: Presence::Live,
            trashed: None,
            entries: Vec::new(),
            typed: Typed::default(),
            turns: 0,
            turn: None,
            usage: Usage::default(),
            spending: Spending::default(),
            window: None,
            compactions: Vec::new(),
            sent: None,
            marked: false,
            acknowledged: None,
            times: Times { created: self.now.wall, touched: self.now.wall, used: self.now.mono },
        }
    }

    /// A session of its own with a copy of the other's entries; asleep until its first use.
    fn fork(
        &mut self,
        parent: SessionId,
        id: SessionId,
        at: Option<EntryNo>,
        typed: Option<&str>,
    ) -> Granted {
        if self.find(id).is_some() {
            return Err("id_taken");
        }
        let from = self.known(parent)?;
        if self.sessions[from].presence == Presence::Trashed {
            return Err("session_trashed");
        }
        let name = match typed {
            Some(typed) => self.chosen_name(typed, None)?,
            None => self.free_name(&self.sessions[from].label.name, None),
        };
        self.write(from);
        let other = self.sessions[from].clone();
        let named_by = match (typed, other.named_by) {
            (Some(_), _) => NamedBy::Person,
            (None, NamedBy::Nobody) => NamedBy::Nobody,
            (None, NamedBy::Prompt | NamedBy::Person) => NamedBy::Prompt,
        };
        let taken = other.entries.into_iter().filter(|entry| at.is_none_or(|at| entry.no <= Some(at)));
        let entries = taken.map(|entry| Entry { turn: TurnNo(0), ..entry }).collect();
        let new = self.newborn(id, name, other.agent.name, other.terms.policy);
        let terms = Terms { settings: other.terms.settings, ..new.terms };
        let presence = Presence::Hibernated;
        self.sessions.push(Session { named_by, presence, parent: Some(parent), entries, terms, ..new });
        Ok(Answered::Created(id, None))
    }

    fn rename(&mut self, id: SessionId, typed: &str) -> Granted {
        let at = self.open(id)?;
        self.sessions[at].label.name = self.chosen_name(typed, Some(id))?;
        self.sessions[at].named_by = NamedBy::Person;
        self.note(at);
        Ok(Answered::Done)
    }

    /// Names a session by a text, if the text tells anything.
    pub(super) fn name_after(&mut self, at: usize, text: &str) {
        let id = self.sessions[at].id;
        let Some(name) = name_from(text).map(|wanted| self.free_name(&wanted, Some(id))) else { return };
        if self.sessions[at].label.name != name {
            self.sessions[at].label.name = name;
            self.sessions[at].named_by = NamedBy::Prompt;
            self.note(at);
        }
    }

    fn close(&mut self, id: SessionId, anyway: bool) -> Granted {
        let at = self.open(id)?;
        self.stop_working(at, anyway)?;
        self.leave_the_open(at, Presence::Closed);
        Ok(Answered::Done)
    }

    fn leave_the_open(&mut self, at: usize, presence: Presence) {
        self.let_agent_go(at);
        self.sessions[at].presence = presence;
        self.sessions[at].label.slot = 0;
    }

    fn stop_working(&mut self, at: usize, anyway: bool) -> Result<(), &'static str> {
        if self.sessions[at].turn.is_some() && !anyway {
            return Err("still_working");
        }
        self.cut(at, Interrupter::User);
        Ok(())
    }

    fn reopen(&mut self, id: SessionId) -> Granted {
        let at = self.known(id)?;
        match self.sessions[at].presence {
            Presence::Live | Presence::Hibernated => Err("already_open"),
            Presence::Trashed => Err("session_trashed"),
            Presence::Closed => {
                let name = self.free_name(&self.sessions[at].label.name, Some(id));
                let slot = self.free_slot();
                let session = &mut self.sessions[at];
                (session.label.name, session.label.slot, session.presence) =
                    (name, slot, Presence::Hibernated);
                Ok(Answered::Done)
            }
        }
    }

    fn trash(&mut self, id: SessionId, anyway: bool) -> Granted {
        let at = self.known(id)?;
        if self.sessions[at].presence == Presence::Trashed {
            return Err("session_trashed");
        }
        self.stop_working(at, anyway)?;
        self.leave_the_open(at, Presence::Trashed);
        self.sessions[at].trashed = Some(self.now.wall);
        Ok(Answered::Done)
    }

    fn restore(&mut self, id: SessionId) -> Granted {
        let at = self.known(id)?;
        if self.sessions[at].presence != Presence::Trashed {
            return Err("not_in_trash");
        }
        self.sessions[at].presence = Presence::Closed;
        self.sessions[at].trashed = None;
        Ok(Answered::Done)
    }

    fn erase(&mut self, id: SessionId, anyway: bool) -> Granted {
        let at = self.known(id)?;
        if self.forks(id) > 0 {
            return Err("has_forks");
        }
        self.stop_working(at, anyway)?;
        self.let_agent_go(at);
        self.sessions.remove(at);
        Ok(Answered::Done)
    }

    fn tag(&mut self, id: SessionId, changes: &[TagChange]) -> Granted {
        let at = self.open(id)?;
        let tags = tags_after(&self.sessions[at].label.tags, changes)?;
        self.put(at, tags, |session| &mut session.label.tags);
        Ok(Answered::Done)
    }

    fn pin(&mut self, id: SessionId, pinned: bool) -> Granted {
        let at = self.open(id)?;
        self.put(at, pinned, |session| &mut session.label.pinned);
        Ok(Answered::Done)
    }

    fn set_policy(&mut self, id: SessionId, policy: Policy) -> Granted {
        let at = self.open(id)?;
        self.put(at, policy, |session| &mut session.terms.policy);
        Ok(Answered::Done)
    }

    /// What is as it was is no change.
    fn put<T: PartialEq>(&mut self, at: usize, value: T, place: fn(&mut Session) -> &mut T) {
        let place = place(&mut self.sessions[at]);
        if *place != value {
            *place = value;
            self.note(at);
        }
    }

    /// Who watches it now is taken to look away.
    fn mark_unread(&mut self, id: SessionId) -> Granted {
        let at = self.open(id)?;
        self.read_if_watched(at);
        self.clients
            .iter_mut()
            .flat_map(|client| &mut client.shows)
            .filter(|shown| shown.session == id)
            .for_each(|shown| shown.at_end = false);
        self.sessions[at].marked |= self.sessions[at].unread() == 0;
        self.sessions[at].acknowledged = None;
        self.note(at);
        Ok(Answered::Done)
    }

    fn mark_read(&mut self, id: SessionId) -> Granted {
        let at = self.open(id)?;
        if self.sessions[at].presence == Presence::Live {
            self.write(at);
        }
        let session = &mut self.sessions[at];
        let stopped = session.last_ending() != Ending::Done;
        if session.unread() > 0 || stopped && !session.is_acknowledged() {
            session.read();
            session.acknowledged = Some(session.last_turn());
            self.note(at);
        }
        Ok(Answered::Done)
    }
}

/// The session without whose history nobody can do this.
fn needs_history(command: &Command) -> Option<SessionId> {
    match command {
        Command::Wake { session }
        | Command::Submit { session, .. }
        | Command::Steer { session, .. }
        | Command::Shell { session, .. }
        | Command::Unqueue { session, .. }
        | Command::Edit { session, .. }
        | Command::Move { session, .. }
        | Command::SendNow { session, .. }
        | Command::Retry { session, .. }
        | Command::Continue { session, .. }
        | Command::Compact { session, .. }
        | Command::Reverse { session, .. }
        | Command::SaveDraft { session, .. } => Some(*session),
        // Only a live session has a turn that could be answered or interrupted.
        Command::Answer { .. }
        | Command::Interrupt { .. }
        | Command::Create { .. }
        | Command::Fork { .. }
        | Command::Import(_)
        | Command::ImportPart { .. }
        | Command::EndImport { .. }
        | Command::Rename { .. }
        | Command::Close { .. }
        | Command::Reopen { .. }
        | Command::Trash { .. }
        | Command::Restore { .. }
        | Command::Erase { .. }
        | Command::Tag { .. }
        | Command::Pin { .. }
        | Command::SetPolicy { .. }
        | Command::SetRule { .. }
        | Command::Set { .. }
        | Command::MarkUnread { .. }
        | Command::MarkRead { .. } => None,
    }
}

fn tags_after(tags: &[String], changes: &[TagChange]) -> Result<Vec<String>, &'static str> {
    let mut after = tags.to_vec();
    for change in changes {
        let (TagChange::Add(text) | TagChange::Remove(text)) = change;
        let tag = text.to_lowercase();
        let is_fit = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if tag.is_empty() || tag.chars().count() > LONGEST_TAG || !tag.chars().all(is_fit) {
            return Err("bad_tag");
        }
        after.retain(|other| *other != tag);
        if matches!(change, TagChange::Add(_)) {
            after.push(tag);
        }
    }
    after.sort();
    if after.len() > MOST_TAGS { Err("too_many_tags") } else { Ok(after) }
}
