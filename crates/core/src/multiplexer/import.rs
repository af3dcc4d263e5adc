//! Sessions from elsewhere: they come in part by part, archived, and are opened when all of it is there.
//!
//! While one comes in it has the tag [`UNFINISHED`]. Whoever brings it and goes before its end takes it along; only the
//! death of the host leaves it behind, in the archive, under that tag.
//!
//! Not here: whether an entry fits (`crate::import`).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::agent::Outcome;
use crate::effect::Reply;
use crate::entry::{Body, CallOutput, Entry, Interrupter, Resulted, Stop};
use crate::id::{ClientId, EntryNo, PromptNo, Seq, SessionId};
use crate::import::{Import, Item, Thread};
use crate::limits::Limits;
use crate::multiplexer::calls::Portion;
use crate::multiplexer::importing::{ImportProgress, Importing};
use crate::multiplexer::step::Step;
use crate::name::{Name, NameOrigin};
use crate::presence::Presence;
use crate::record::{Record, Setup};
use crate::refusal::Refusal;
use crate::roster;
use crate::tag::{Tag, TagChange};
use crate::time::WallTime;

/// The tag of a session that has not come in whole.
const UNFINISHED: &str = "unfinished-import";
/// Sessions that may come in at once.
const MOST: usize = 8;

impl Step<'_> {
    pub(super) fn import(&mut self, client: ClientId, facts: Import) -> Result<Reply, Refusal> {
        let id = facts.id;
        self.refuse_taken(id)?;
        self.refuse_bad_facts(&facts)?;
        let (name, origin) = self.name_of_import(&facts)?;
        self.refuse_if_full()?;
        if self.state().importing.len() >= MOST {
            return Err(Refusal::TooManyImports { limit: MOST });
        }
        let tags = checked_tags(&[UNFINISHED.to_string()])?;
        let slot = roster::free_slot(&self.state().sessions);
        self.record(id, Record::Created { name, origin, slot, setup: facts.setup.clone(), fork: None });
        self.record(id, Record::Tagged { tags });
        self.record(id, Record::Closed);
        self.changed(id);
        let progress =
            ImportProgress { reaches: self.reached(id), so_far: Thread::default(), waiting: (0, 0) };
        self.state_mut().importing.insert(id, Importing { client, facts, progress });
        Ok(Reply::Created { session: id, hibernated: None, ended: 0 })
    }

    fn refuse_bad_facts(&self, facts: &Import) -> Result<(), Refusal> {
        let Setup { system_prompt, agent, model, directory, .. } = &facts.setup;
        let limit = self.state().limits.system_prompt_bytes;
        if system_prompt.len() > limit {
            return Err(Refusal::SystemPromptTooLong { size: system_prompt.len(), limit });
        }
        let plain = [("agent", agent), ("model", model), ("directory", directory)];
        if let Some((field, _)) = plain.into_iter().find(|(_, text)| text.chars().any(char::is_control)) {
            return Err(Refusal::BadFact { field });
        }
        facts.setup.settings.check()?;
        checked_tags(&facts.tags).map(drop)
    }

    fn name_of_import(&self, facts: &Import) -> Result<(Name, NameOrigin), Refusal> {
        let sessions = &self.state().sessions;
        if let Some(typed) = &facts.typed {
            return Ok((roster::chosen_name(sessions, None, typed)?, NameOrigin::Chosen));
        }
        let own: Name =
            facts.name.parse().map_err(|fault| Refusal::BadName { name: facts.name.clone(), fault })?;
        Ok((roster::unique_name(sessions, None, &own), facts.origin))
    }

    /// All of a part is taken, or nothing.
    pub(super) fn import_part(
        &mut self,
        client: ClientId,
        id: SessionId,
        items: Vec<Item>,
    ) -> Result<Reply, Refusal> {
        let ImportProgress { so_far, waiting, .. } = &self.coming_in(client, id)?.progress;
        let mut part = StagedPart {
            limits: &self.state().limits,
            so_far: so_far.clone(),
            waiting: *waiting,
            prompts: self.head(id).map(|head| head.prompts).unwrap_or_default(),
            next: self.next_seq(id),
            now: self.now().wall,
            records: Vec::new(),
        };
        for item in items {
            part.take(item)?;
        }
        let StagedPart { so_far, waiting, records, .. } = part;
        for (record, rest) in records {
            let seq = self.record(id, record);
            self.keep_beside(id, seq, rest);
        }
        let reaches = self.reached(id);
        if let Some(importing) = self.state_mut().importing.get_mut(&id) {
            importing.progress = ImportProgress { reaches, so_far, waiting };
        }
        Ok(Reply::Done)
    }

    /// What was in flight is interrupted, as after a crash; then the session is as open as any that sleeps.
    pub(super) fn end_import(&mut self, client: ClientId, id: SessionId) -> Result<Reply, Refusal> {
        let Importing { facts, progress: ImportProgress { so_far, .. }, .. } =
            self.coming_in(client, id)?.clone();
        let tags = checked_tags(&facts.tags)?;
        self.state_mut().importing.remove(&id);
        let at = self.now().wall;
        let is_cut = so_far.is_in_turn() && (facts.running || so_far.open().next().is_some());
        for of in so_far.open() {
            self.record(id, cut_short(of, at));
        }
        if is_cut {
            let body = Body::Stop(Stop::Interrupted(Interrupter::Crash));
            self.record(id, Record::Imported { at, body });
        }
        let (created, touched) = (facts.created.min(at), facts.touched.min(at));
        self.record(id, Record::ImportEnded { created, touched, usage: facts.usage });
        self.record(id, Record::Tagged { tags });
        if facts.pinned {
            self.record(id, Record::Pinned { pinned: true });
        }
        self.reopen(id)
    }

    /// Sessions that this client, or anybody, was still bringing are gone.
    pub(super) fn give_up_imports(&mut self, of: Option<ClientId>) {
        let given_up = |importing: &Importing| of.is_none_or(|client| importing.client == client);
        let importing = &mut self.state_mut().importing;
        let gone: Vec<_> = importing.extract_if(.., |_, importing| given_up(importing)).collect();
        for (id, Importing { progress, .. }) in gone {
            let is_untouched = self.is_still_archived(id, progress.reaches);
            if is_untouched && self.state().sessions.forks_of(id) == 0 {
                self.obliterate(id);
            }
        }
    }

    fn coming_in(&self, client: ClientId, id: SessionId) -> Result<&Importing, Refusal> {
        self.known(id)?;
        let importing = self.state().importing.get(&id);
        importing
            .filter(|one| one.client == client && self.is_still_archived(id, one.progress.reaches))
            .ok_or(Refusal::NoImport)
    }

    /// Whether nobody but the import has changed it.
    fn is_still_archived(&self, id: SessionId, reaches: Seq) -> bool {
        self.head(id).is_some_and(|head| head.presence == Presence::Closed && head.seq == reaches)
    }

    fn reached(&self, id: SessionId) -> Seq {
        self.head(id).map_or(Seq(0), |head| head.seq)
    }
}

/// The records that a part makes, before any of them is decided: all of a part is taken, or nothing.
struct StagedPart<'a> {
    limits: &'a Limits,
    so_far: Thread,
    waiting: (usize, usize),
    prompts: PromptNo,
    next: Seq,
    now: WallTime,
    /// Each with what of its result stands beside it.
    records: Vec<(Record, String)>,
}

impl StagedPart<'_> {
    fn take(&mut self, item: Item) -> Result<(), Refusal> {
        match item {
            Item::Entry(entry) => self.entry(entry)?,
            Item::Waiting { token, text } => {
                self.refuse_waiting(&text)?;
                self.prompts = self.prompts.next();
                self.push(Record::Queued {
                    prompt: self.prompts,
                    token,
                    text,
                    images: Vec::new(),
                    runs: false,
                });
            }
            Item::Draft(text) => {
                let limit = self.limits.prompt_bytes;
                if text.len() > limit {
                    return Err(Refusal::PromptTooLong { size: text.len(), limit });
                }
                self.push(Record::Drafted { text });
            }
        }
        Ok(())
    }

    fn entry(&mut self, mut entry: Entry) -> Result<(), Refusal> {
        let verified = self.so_far.verify(&entry, self.limits);
        verified.map_err(|fault| Refusal::BadImport { entry: entry.no, fault })?;
        for of in self.so_far.cut_by(&entry.body, self.limits) {
            self.push(cut_short(of, self.now));
        }
        if matches!(entry.body, Body::Prompt(_)) {
            self.prompts = self.prompts.next();
        }
        let call =
            if let Body::Result(Resulted { of, .. }) | Body::Output(CallOutput { of, .. }) = &entry.body {
                self.so_far.call(*of)
            } else {
                None
            };
        self.so_far.take(&entry, EntryNo(self.next.0), self.limits);
        if let Body::Prompt(prompt) = &mut entry.body {
            // A document names images, and has none.
            prompt.images.iter_mut().for_each(|image| image.kept = None);
        }
        let mut rest = String::new();
        if let (Body::Result(result), Some(of)) = (&mut entry.body, call) {
            let portion = Portion::of(core::mem::take(&mut result.text), self.limits);
            (result.of, result.text, result.kept) = (of, portion.text, portion.kept);
            rest = portion.rest;
        } else if let (Body::Output(output), Some(of)) = (&mut entry.body, call) {
            output.of = of;
        }
        self.push_with(Record::Imported { at: entry.at, body: entry.body }, rest);
        Ok(())
    }

    fn refuse_waiting(&mut self, text: &str) -> Result<(), Refusal> {
        let (count, bytes) = (self.waiting.0 + 1, self.waiting.1 + text.len());
        let Limits { queued_prompts, queued_bytes, prompt_bytes, .. } = *self.limits;
        if text.trim().is_empty() {
            return Err(Refusal::PromptEmpty);
        }
        if text.len() > prompt_bytes {
            return Err(Refusal::PromptTooLong { size: text.len(), limit: prompt_bytes });
        }
        if count > queued_prompts {
            return Err(Refusal::QueueFull { limit: queued_prompts });
        }
        if bytes > queued_bytes {
            return Err(Refusal::QueueTooLong { size: bytes, limit: queued_bytes });
        }
        self.waiting = (count, bytes);
        Ok(())
    }

    fn push(&mut self, record: Record) {
        self.push_with(record, String::new());
    }

    fn push_with(&mut self, record: Record, rest: String) {
        self.records.push((record, rest));
        self.next = self.next.next();
    }
}

/// The end of a call of which nobody says how it went.
fn cut_short(of: EntryNo, at: WallTime) -> Record {
    let result = Resulted { of, outcome: Outcome::CutShort, text: String::new(), kept: 0, whole: 0 };
    Record::Imported { at, body: Body::Result(result) }
}

fn checked_tags(tags: &[String]) -> Result<Vec<Tag>, Refusal> {
    let wanted: Vec<_> = tags.iter().cloned().map(TagChange::Add).collect();
    super::sessions::checked_tags(&[], &wanted)
}
