//! What one step did, of the model and of the core alike, and how it is read from the core.
//!
//! Not here: what a session looks like after it (`picture`).

use std::collections::BTreeMap;

use q_core::{
    CallNo, ClientId, Effect, Effects, EntryNo, Outcome, PromptNo, Reply, RequestId, ResumeHandle, SessionId,
    SettingChange, Settings, TurnNo, Update,
};

/// One thing that a step did, beside changing what is seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Ask { session: SessionId, turn: TurnNo, settings: BTreeMap<String, String>, resume: Option<ResumeHandle> },
    Cancel { session: SessionId, turn: TurnNo },
    Steer { session: SessionId, turn: TurnNo, text: String },
    Permit { session: SessionId, turn: TurnNo, call: CallNo },
    Settle { session: SessionId, turn: TurnNo, call: CallNo, outcome: Outcome, text: String },
    Bind { session: SessionId },
    Unbind { session: SessionId },
    Release { session: SessionId },
    Load { session: SessionId },
    Reverse { session: SessionId, redo: bool, turn: TurnNo },
    Reply { client: ClientId, request: RequestId, answer: Answered },
    Leave,
}

/// The answer to a wish.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answered {
    Done,
    FromNextTurn,
    /// Created, and which session made room.
    Created(SessionId, Option<(SessionId, u32)>),
    Accepted(PromptNo),
    Refused(&'static str),
}

/// What the core did in one call, sorted. Updates are what keeps mirrors; what they say is in the pictures.
pub fn deeds(effects: &Effects) -> Vec<Deed> {
    let deed = |effect: &Effect| {
        Some(match effect.clone() {
            Effect::Run { session, turn, setup } => {
                Deed::Ask { session, turn, settings: by_name(&setup.settings), resume: setup.resume }
            }
            Effect::Cancel { session, turn } => Deed::Cancel { session, turn },
            Effect::Steer { session, turn, text } => Deed::Steer { session, turn, text },
            Effect::Permit { session, turn, call, .. } => Deed::Permit { session, turn, call },
            Effect::Settle { session, turn, call, outcome, text, .. } => {
                Deed::Settle { session, turn, call, outcome, text }
            }
            Effect::Bind { session, .. } => Deed::Bind { session },
            Effect::Unbind { session } => Deed::Unbind { session },
            Effect::Release { session } => Deed::Release { session },
            Effect::Load { session } => Deed::Load { session },
            Effect::Reverse { session, redo, turn, .. } => Deed::Reverse { session, redo, turn },
            Effect::Reply { to, answer } => {
                let answer = match answer {
                    Ok(Reply::Done) => Answered::Done,
                    Ok(Reply::FromNextTurn) => Answered::FromNextTurn,
                    Ok(Reply::Created { session, hibernated, ended }) => {
                        Answered::Created(session, hibernated.map(|other| (other, ended)))
                    }
                    Ok(Reply::Accepted(prompt)) => Answered::Accepted(prompt),
                    Err(refusal) => Answered::Refused(refusal.code()),
                };
                Deed::Reply { client: to.client, request: to.request, answer }
            }
            Effect::Leave => Deed::Leave,
            // No workload types a line for the shell.
            Effect::Shell { .. } | Effect::Resync { .. } | Effect::Update(_) => return None,
        })
    };
    let mut deeds: Vec<Deed> = effects.at_once.iter().chain(&effects.after).filter_map(deed).collect();
    deeds.sort();
    deeds
}

pub(super) fn by_name(settings: &Settings) -> BTreeMap<String, String> {
    settings.changes().into_iter().map(|SettingChange { name, value }| (name, value)).collect()
}

/// The new entries that the core told of in one call, by session, in order.
pub fn new_entries(effects: &Effects) -> BTreeMap<SessionId, Vec<EntryNo>> {
    let mut told: BTreeMap<SessionId, Vec<EntryNo>> = BTreeMap::new();
    for effect in effects.at_once.iter().chain(&effects.after) {
        if let Effect::Update(Update::Entry { session, entry }) = effect {
            told.entry(*session).or_default().push(entry.no);
        }
    }
    for numbers in told.values_mut() {
        // The first piece of an answer is told at once, before the entries that wait for the batch.
        numbers.sort();
    }
    told
}
