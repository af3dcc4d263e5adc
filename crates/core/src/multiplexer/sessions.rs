//! The life of sessions: create, rename, close, draft.

use alloc::string::String;

use crate::effect::{Effect, Reply};
use crate::id::SessionId;
use crate::kind::Kind;
use crate::multiplexer::step::Step;
use crate::name::{Name, NameOrigin};
use crate::record::{Interrupter, Record};
use crate::refusal::Refusal;
use crate::roster;
use crate::session::head::Activity;
use crate::view::Update;

/// What a session is called before its first prompt names it.
const PLACEHOLDER: &str = "new";

impl Step<'_> {
    pub(super) fn create(
        &mut self,
        id: SessionId,
        typed: Option<&str>,
        kind: Kind,
        agent: String,
        model: String,
        directory: String,
    ) -> Result<Reply, Refusal> {
        let sessions = &self.multiplexer().sessions;
        let limit = self.multiplexer().limits.live_sessions;
        if sessions.contains_key(&id) {
            return Err(Refusal::IdTaken { id });
        }
        let (name, origin) = match typed {
            Some(typed) => (roster::chosen_name(sessions, None, typed)?, NameOrigin::Chosen),
            None => (self.placeholder()?, NameOrigin::Placeholder),
        };
        if roster::live_count(sessions) >= limit {
            return Err(Refusal::TooManyLive { limit });
        }
        let slot = roster::free_slot(sessions);
        self.record(id, Record::Created { name, origin, slot, kind, agent, model, directory });
        self.changed(id);
        Ok(Reply::Created(id))
    }

    fn placeholder(&self) -> Result<Name, Refusal> {
        let wanted: Name =
            PLACEHOLDER.parse().map_err(|fault| Refusal::BadName { name: PLACEHOLDER.into(), fault })?;
        Ok(roster::unique_name(&self.multiplexer().sessions, None, &wanted))
    }

    pub(super) fn rename(&mut self, id: SessionId, typed: &str) -> Result<Reply, Refusal> {
        self.open(id)?;
        let name = roster::chosen_name(&self.multiplexer().sessions, Some(id), typed)?;
        self.record(id, Record::Renamed { name, origin: NameOrigin::Chosen });
        self.changed(id);
        Ok(Reply::Done)
    }

    /// Names a session after its first prompt, unless the person named it.
    pub(super) fn name_after_prompt(&mut self, id: SessionId, prompt: &str) {
        let Some(session) = self.session(id) else { return };
        match session.head().origin {
            NameOrigin::Chosen | NameOrigin::Automatic => return,
            NameOrigin::Placeholder => {}
        }
        if let Some(wanted) = crate::autoname::from_prompt(prompt) {
            let name = roster::unique_name(&self.multiplexer().sessions, Some(id), &wanted);
            self.record(id, Record::Renamed { name, origin: NameOrigin::Automatic });
        }
    }

    pub(super) fn close(&mut self, id: SessionId, even_if_working: bool) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        if head.activity() == Activity::Working {
            if !even_if_working {
                return Err(Refusal::StillWorking { name: alloc::string::ToString::to_string(&head.name) });
            }
            self.cut_turn(id, Interrupter::User);
        }
        self.record(id, Record::Closed);
        self.changed(id);
        Ok(Reply::Done)
    }

    pub(super) fn save_draft(&mut self, id: SessionId, text: String) -> Result<Reply, Refusal> {
        let limit = self.multiplexer().limits.prompt_bytes;
        if text.len() > limit {
            return Err(Refusal::PromptTooLong { size: text.len(), limit });
        }
        let live = self.open(id)?.live();
        if live.is_some_and(|live| live.draft() == text) {
            return Ok(Reply::Done);
        }
        self.record(id, Record::Drafted { text: text.clone() });
        self.after(Effect::Update(Update::Draft { session: id, text }));
        Ok(Reply::Done)
    }
}
