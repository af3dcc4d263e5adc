//! The making and naming of sessions: create, fork, rename, draft.

use alloc::string::{String, ToString};

use crate::effect::{Effect, Reply};
use crate::id::{EntryNo, SessionId};
use crate::multiplexer::step::Step;
use crate::name::{Name, NameOrigin};
use crate::record::{Fork, Record, Setup};
use crate::refusal::Refusal;
use crate::roster;
use crate::snapshot::Update;
use crate::tag::{self, TagChange};

/// What a session is called before its first prompt names it.
const PLACEHOLDER: &str = "new";

impl Step<'_> {
    pub(super) fn create(
        &mut self,
        id: SessionId,
        typed: Option<&str>,
        setup: Setup,
        tags: &[String],
    ) -> Result<Reply, Refusal> {
        self.refuse_taken(id)?;
        let sessions = &self.state().sessions;
        let (name, origin) = match typed {
            Some(typed) => (roster::chosen_name(sessions, None, typed)?, NameOrigin::Chosen),
            None => (self.placeholder()?, NameOrigin::Placeholder),
        };
        let limit = self.state().limits.system_prompt_bytes;
        if setup.system_prompt.len() > limit {
            return Err(Refusal::SystemPromptTooLong { size: setup.system_prompt.len(), limit });
        }
        setup.settings.check()?;
        let wanted: alloc::vec::Vec<_> = tags.iter().cloned().map(TagChange::Add).collect();
        let tags = checked_tags(&[], &wanted)?;
        self.refuse_if_full()?;
        let (hibernated, ended) = self.make_room()?.unzip();
        let ended = ended.unwrap_or_default();
        let slot = roster::free_slot(&self.state().sessions);
        self.record(id, Record::Created { name, origin, slot, setup, fork: None });
        if !tags.is_empty() {
            self.record(id, Record::Tagged { tags });
        }
        self.changed(id);
        Ok(Reply::Created { session: id, hibernated, ended })
    }

    /// A session that begins with another one's entries, by reference. It is made asleep: its first use reads them.
    pub(super) fn fork(
        &mut self,
        parent: SessionId,
        id: SessionId,
        at: Option<EntryNo>,
        typed: Option<&str>,
    ) -> Result<Reply, Refusal> {
        self.refuse_taken(id)?;
        let head = self.known(parent)?.head();
        if head.trashed.is_some() {
            return Err(Refusal::SessionTrashed { name: head.name.to_string() });
        }
        let sessions = &self.state().sessions;
        let (name, origin) = match typed {
            Some(typed) => (roster::chosen_name(sessions, None, typed)?, NameOrigin::Chosen),
            None => (roster::unique_name(sessions, None, &head.name), origin_of_copy(head.origin)),
        };
        self.write_stream(parent);
        let slot = roster::free_slot(&self.state().sessions);
        let head = self.known(parent)?.head();
        let last = at.map_or(head.end.entry, |at| at.min(head.end.entry));
        let fork = Fork { parent, through: head.seq, last, entries: self.entries_up_to(parent, last) };
        let setup = head.setup.clone();
        self.record(id, Record::Created { name, origin, slot, setup, fork: Some(fork) });
        self.changed(id);
        Ok(Reply::Created { session: id, hibernated: None, ended: 0 })
    }

    /// How many entries a session has up to one of them, its parent's included; nothing where that one is not in memory.
    fn entries_up_to(&self, id: SessionId, last: EntryNo) -> Option<u64> {
        let session = self.session(id)?;
        let head = session.head();
        let inherited = head.fork.map_or(Some(0), |fork| fork.entries)?;
        let later = if last == head.end.entry { 0 } else { session.live()?.entries_after(last)? };
        (inherited + head.entries).checked_sub(later)
    }

    pub(super) fn refuse_taken(&self, id: SessionId) -> Result<(), Refusal> {
        if self.session(id).is_some() { Err(Refusal::IdTaken { id }) } else { Ok(()) }
    }

    fn placeholder(&self) -> Result<Name, Refusal> {
        let wanted: Name =
            PLACEHOLDER.parse().map_err(|fault| Refusal::BadName { name: PLACEHOLDER.into(), fault })?;
        Ok(roster::unique_name(&self.state().sessions, None, &wanted))
    }

    pub(super) fn rename(&mut self, id: SessionId, typed: &str) -> Result<Reply, Refusal> {
        self.open(id)?;
        let name = roster::chosen_name(&self.state().sessions, Some(id), typed)?;
        self.record(id, Record::Renamed { name, origin: NameOrigin::Chosen });
        self.changed(id);
        Ok(Reply::Done)
    }

    /// Bytes of the draft, which goes when a prompt comes.
    pub(super) fn draft_len(&self, id: SessionId) -> usize {
        self.live(id).map_or(0, |live| live.draft().len())
    }

    pub(super) fn clear_draft(&mut self, id: SessionId) {
        if self.live(id).is_some_and(|live| !live.draft().is_empty()) {
            self.record(id, Record::Drafted { text: String::new() });
            self.after(Effect::Update(Update::Draft { session: id, text: String::new() }));
        }
    }

    /// Names a session after its first prompt, unless it has a name of its own.
    pub(super) fn name_after_prompt(&mut self, id: SessionId, prompt: &str) {
        match self.head(id).map(|head| head.origin) {
            None | Some(NameOrigin::Chosen | NameOrigin::Automatic) => {}
            Some(NameOrigin::Placeholder) => self.name_after(id, prompt),
        }
    }

    /// Names a session as its agent would, unless the person named it.
    pub(super) fn name_after_title(&mut self, id: SessionId, title: &str) {
        match self.head(id).map(|head| head.origin) {
            None | Some(NameOrigin::Chosen) => {}
            Some(NameOrigin::Automatic | NameOrigin::Placeholder) => self.name_after(id, title),
        }
    }

    fn name_after(&mut self, id: SessionId, text: &str) {
        let Some(wanted) = crate::autoname::from_prompt(text) else { return };
        let name = roster::unique_name(&self.state().sessions, Some(id), &wanted);
        if self.head(id).is_some_and(|head| head.name != name) {
            self.record(id, Record::Renamed { name, origin: NameOrigin::Automatic });
            self.changed(id);
        }
    }

    pub(super) fn save_draft(&mut self, id: SessionId, text: String) -> Result<Reply, Refusal> {
        let limit = self.state().limits.prompt_bytes;
        if text.len() > limit {
            return Err(Refusal::PromptTooLong { size: text.len(), limit });
        }
        self.open(id)?;
        if self.live(id).is_some_and(|live| live.draft() == text) {
            return Ok(Reply::Done);
        }
        self.make_space(id, text.len(), self.draft_len(id))?;
        self.record(id, Record::Drafted { text: text.clone() });
        self.after(Effect::Update(Update::Draft { session: id, text }));
        Ok(Reply::Done)
    }
}

/// Who chose the name of a fork that has a numbered form of the other's: its first prompt still names what nobody named.
const fn origin_of_copy(origin: NameOrigin) -> NameOrigin {
    match origin {
        NameOrigin::Placeholder => NameOrigin::Placeholder,
        NameOrigin::Automatic | NameOrigin::Chosen => NameOrigin::Automatic,
    }
}

/// Tags after some changes, within the limit.
pub(super) fn checked_tags(
    tags: &[tag::Tag],
    changes: &[TagChange],
) -> Result<alloc::vec::Vec<tag::Tag>, Refusal> {
    let after = tag::changed(tags, changes).map_err(|tag::NotATag(tag)| Refusal::BadTag { tag })?;
    if after.len() > tag::MAX_TAGS { Err(Refusal::TooManyTags { limit: tag::MAX_TAGS }) } else { Ok(after) }
}
