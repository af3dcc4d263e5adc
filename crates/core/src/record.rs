//! Records: durable facts about one session, in the past tense.
//!
//! Not here: how they are written (the store owns the wire form and its versions).

use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::{AgentFailure, Call, Outcome, PlanStep, ResumeHandle, Sent, Usage};
use crate::id::{CallNo, EntryNo, Environment, PromptNo, Seq, SessionId, Token, TurnNo};
use crate::kind::Kind;
use crate::name::{Name, NameOrigin};
use crate::session::head::Mark;
use crate::session::transcript::{Body, Resulted, plan_bytes};
use crate::tag::Tag;
use crate::time::WallTime;

/// What a record takes where it is stored beside its texts, about: its key, its checks, its names and numbers.
pub const RECORD_BYTES: u64 = 90;

/// One durable fact. Every change of a session's durable state is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The session came to be.
    Created {
        /// What it is called at first.
        name: Name,
        /// Who chose the name.
        origin: NameOrigin,
        /// Its number for switching with one key.
        slot: u32,
        /// What it was made with.
        setup: Setup,
        /// Where its history begins, if that is another session's.
        fork: Option<Fork>,
    },
    /// It got another name.
    Renamed {
        /// The name from here on.
        name: Name,
        /// Who chose it.
        origin: NameOrigin,
    },
    /// It was archived; its slot is free again.
    Closed,
    /// It was taken out of the archive.
    Reopened {
        /// Its new slot.
        slot: u32,
    },
    /// Its memory was given up; the next use wakes it.
    Hibernated {
        /// What for.
        why: Why,
    },
    /// Its memory was read back.
    Woken,
    /// It was thrown away, to be erased when its time is over.
    Trashed,
    /// It was taken out of the trash, into the archive.
    Restored,
    /// It is gone: the last record, which takes all others with it.
    Erased,
    /// It has these tags from here on.
    Tagged {
        /// All of them, sorted.
        tags: Vec<Tag>,
    },
    /// It was pinned, or is so no longer.
    Pinned {
        /// Whether it never hibernates by itself.
        pinned: bool,
    },
    /// What its tools may do changed.
    PolicySet {
        /// From here on.
        policy: Policy,
    },
    /// A prompt was accepted. From here on it is `q`'s to keep.
    Queued {
        /// Its number.
        prompt: PromptNo,
        /// The client's own mark for it, so that a repeated submission is taken once.
        token: Token,
        /// What was typed.
        text: String,
    },
    /// A waiting prompt was taken back.
    Unqueued {
        /// Which.
        prompt: PromptNo,
    },
    /// A waiting prompt was written anew; its text stands here from now on.
    Edited {
        /// Which.
        prompt: PromptNo,
        /// All of it.
        text: String,
    },
    /// A waiting prompt got another place in the queue.
    Moved {
        /// Which.
        prompt: PromptNo,
        /// Its place, from 0.
        place: u32,
    },
    /// The person asked for the last prompt again.
    Retried {
        /// Which.
        prompt: PromptNo,
        /// The client's own mark for the wish, so that a repeated one asks once.
        token: Token,
    },
    /// A turn began: its prompt entered the conversation. The agent is asked only once this is durable.
    Began {
        /// The turn.
        turn: TurnNo,
        /// Its prompt.
        prompt: PromptNo,
        /// Where the prompt's [`Record::Queued`] stands.
        queued: Seq,
    },
    /// An agent was sent less than all of its history, or all of it again.
    Sent {
        /// In which turn.
        turn: TurnNo,
        /// How much.
        sent: Sent,
        /// Whether the transcript says so here: once in a session.
        is_said: bool,
    },
    /// The person said something into a running turn; the agent was told.
    Steered {
        /// The turn.
        turn: TurnNo,
        /// The words' number among the session's prompts.
        prompt: PromptNo,
        /// The client's own mark for it.
        token: Token,
        /// What was typed.
        text: String,
    },
    /// The agent, or a call of it, said something. Pieces that follow each other in one voice join into one entry.
    Said {
        /// The turn it belongs to.
        turn: TurnNo,
        /// The entry it belongs to: the [`Seq`] of the entry's first piece.
        entry: EntryNo,
        /// Who speaks, and to whom.
        voice: Voice,
        /// The piece; never empty.
        text: String,
    },
    /// The agent said what it means to do.
    Planned {
        /// In which turn.
        turn: TurnNo,
        /// All steps, in order.
        steps: Vec<PlanStep>,
    },
    /// The agent said which model answers.
    Answering {
        /// In which turn.
        turn: TurnNo,
        /// As its server names it.
        model: String,
    },
    /// The agent said by what it finds its own memory of this conversation.
    Resumable {
        /// In which turn.
        turn: TurnNo,
        /// By this.
        handle: ResumeHandle,
    },
    /// The agent wants a tool to run, or to be told something.
    Called {
        /// In which turn.
        turn: TurnNo,
        /// What it wants.
        call: Call,
        /// Whether it waits for the person; if not, it was permitted with this record.
        waits: bool,
    },
    /// The person answered a call that waited.
    Answered {
        /// In which turn.
        turn: TurnNo,
        /// Which call.
        call: CallNo,
        /// What.
        answer: Answer,
    },
    /// A call came to its end.
    Resulted {
        /// In which turn.
        turn: TurnNo,
        /// Which call.
        call: CallNo,
        /// The entry of the call.
        of: EntryNo,
        /// How it went.
        outcome: Outcome,
        /// The beginning of what came out.
        text: String,
        /// Bytes kept of it in all; what is not in `text` is in a [`Blob`](crate::Blob).
        kept: u64,
        /// Bytes that came out in all.
        whole: u64,
    },
    /// The turn ended.
    Ended {
        /// Which.
        turn: TurnNo,
        /// How.
        ending: Ending,
        /// What it cost, where the agent told.
        usage: Usage,
        /// Why the agent stopped, in its provider's word; empty where it did not say.
        reason: String,
    },
    /// A client had shown everything up to here.
    Seen {
        /// The place after the last character shown.
        through: Mark,
    },
    /// The person wants to come back to it: it counts as unread until it is shown again.
    MarkedUnread,
    /// What was stored did not fit together and was put right, visibly.
    Repaired {
        /// What was wrong.
        fault: Fault,
    },
    /// What was typed and not sent.
    Drafted {
        /// The whole draft; empty when it was sent or cleared.
        text: String,
    },
    /// An entry from elsewhere: it happened before this session was.
    Imported {
        /// When it happened there.
        at: WallTime,
        /// What it is.
        body: Body,
    },
    /// All that was to be taken over is there.
    ImportEnded {
        /// When the session was created there.
        created: WallTime,
        /// When something last happened in it there.
        touched: WallTime,
        /// Tokens spent there.
        usage: Usage,
    },
}

/// What a session is made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// What it is for.
    pub kind: Kind,
    /// What the agent is told about its task; empty for the kind's own words.
    pub brief: String,
    /// Which agent answers: the name of one in the creating client's configuration.
    pub agent: String,
    /// Which of the agent's models; empty where the agent has none.
    pub model: String,
    /// Where it works, as the creating client named it.
    pub directory: String,
    /// What the creating client brought along.
    pub environment: Environment,
    /// What its tools may do.
    pub policy: Policy,
}

/// What the tools of a session may do without being asked each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// What wants consent asks for it.
    #[default]
    Ask,
    /// What wants consent is denied.
    Deny,
}

/// Where a fork's history comes from: the entries of another session up to one of them, by reference.
///
/// A fork's own records are numbered on from `through`, so that entries of both are in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The other session.
    pub parent: SessionId,
    /// The last record of it that may be read.
    pub through: Seq,
    /// The last entry that belongs to the fork.
    pub last: EntryNo,
    /// How many entries it takes over, where that was known.
    pub entries: Option<u64>,
}

/// Why a session hibernated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Another one needed its place.
    Room,
    /// Nobody used it for long.
    Unused,
    /// The host's memory ran short.
    Memory,
}

/// In which voice an agent speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// To the person.
    #[default]
    Answer,
    /// To itself.
    Thinking,
    /// Not the agent: a call of it, while it runs.
    Output {
        /// The entry of the call.
        of: EntryNo,
    },
}

/// What the person says to a call that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may run this once.
    Once,
    /// Its tool may run from here on in this session.
    Always,
    /// It may not run.
    Deny,
    /// To a question: the answer. To a tool: it may not run, do this instead.
    Words(String),
}

/// What did not fit together in what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The text of a waiting prompt is not in the log.
    PromptLost(PromptNo),
    /// The log was damaged: what came after was cut off, and the damaged image kept aside.
    LogCut {
        /// Records that are missing, if that is known.
        lost: Option<u64>,
    },
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The agent finished.
    Done,
    /// Somebody or something stopped it before that.
    Interrupted(Interrupter),
    /// The agent gave up.
    Failed(AgentFailure),
}

/// Who interrupted a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupter {
    /// The person.
    User,
    /// The host was stopped in good order.
    Stop,
    /// The host died; what was in flight is not sent again.
    Crash,
}

/// A record in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Whose it is.
    pub session: SessionId,
    /// Its place in the session's log.
    pub seq: Seq,
    /// When it was decided.
    pub at: WallTime,
    /// What happened.
    pub record: Record,
}

impl Stamped {
    /// The entry that this record begins or lengthens, if it does so.
    pub const fn entry(&self) -> Option<EntryNo> {
        match &self.record {
            Record::Said { entry, .. } => Some(*entry),
            Record::Began { .. }
            | Record::Steered { .. }
            | Record::Called { .. }
            | Record::Resulted { .. }
            | Record::Repaired { .. }
            | Record::Imported { .. }
            | Record::Planned { .. }
            | Record::Sent { is_said: true, .. }
            | Record::Ended { ending: Ending::Interrupted(_) | Ending::Failed(_), .. } => {
                Some(EntryNo(self.seq.0))
            }
            Record::Created { .. }
            | Record::Renamed { .. }
            | Record::Closed
            | Record::Reopened { .. }
            | Record::Hibernated { .. }
            | Record::Woken
            | Record::Trashed
            | Record::Restored
            | Record::Erased
            | Record::Tagged { .. }
            | Record::Pinned { .. }
            | Record::PolicySet { .. }
            | Record::Queued { .. }
            | Record::Unqueued { .. }
            | Record::Edited { .. }
            | Record::Moved { .. }
            | Record::Retried { .. }
            | Record::Answering { .. }
            | Record::Resumable { .. }
            | Record::Answered { .. }
            | Record::Sent { is_said: false, .. }
            | Record::Ended { ending: Ending::Done, .. }
            | Record::Seen { .. }
            | Record::MarkedUnread
            | Record::ImportEnded { .. }
            | Record::Drafted { .. } => None,
        }
    }
}

impl Stamped {
    /// The text it carries; empty where it carries none.
    pub fn text(&self) -> &str {
        match &self.record {
            Record::Queued { text, .. }
            | Record::Edited { text, .. }
            | Record::Steered { text, .. }
            | Record::Said { text, .. }
            | Record::Resulted { text, .. }
            | Record::Drafted { text } => text,
            Record::Called { call, .. } => &call.input,
            Record::Imported { body, .. } => body.text(),
            Record::Created { .. }
            | Record::Renamed { .. }
            | Record::Closed
            | Record::Reopened { .. }
            | Record::Hibernated { .. }
            | Record::Woken
            | Record::Trashed
            | Record::Restored
            | Record::Erased
            | Record::Tagged { .. }
            | Record::Pinned { .. }
            | Record::PolicySet { .. }
            | Record::Unqueued { .. }
            | Record::Moved { .. }
            | Record::Retried { .. }
            | Record::Began { .. }
            | Record::Sent { .. }
            | Record::Planned { .. }
            | Record::Answering { .. }
            | Record::Resumable { .. }
            | Record::Answered { .. }
            | Record::Ended { .. }
            | Record::Seen { .. }
            | Record::MarkedUnread
            | Record::ImportEnded { .. }
            | Record::Repaired { .. } => "",
        }
    }
}

impl Stamped {
    /// Bytes that people can read of it: its text, or the steps of its plan.
    pub fn readable(&self) -> usize {
        if let Record::Planned { steps, .. } = &self.record {
            plan_bytes(steps)
        } else if let Record::Imported { body, .. } = &self.record {
            body.readable()
        } else {
            self.text().len()
        }
    }

    /// Bytes of its result that stand in a [`Blob`](crate::Blob) beside it.
    pub fn beside(&self) -> u64 {
        let (Record::Resulted { text, kept, .. }
        | Record::Imported { body: Body::Result(Resulted { text, kept, .. }), .. }) = &self.record
        else {
            return 0;
        };
        kept.saturating_sub(text.len() as u64)
    }

    /// What it takes where it is stored, about: its texts, and [`RECORD_BYTES`] for all else.
    pub fn weight(&self) -> u64 {
        let names = match &self.record {
            Record::Created { name, setup, .. } => {
                name.as_str().len()
                    + setup.brief.len()
                    + setup.agent.len()
                    + setup.model.len()
                    + setup.directory.len()
            }
            Record::Renamed { name, .. } => name.as_str().len(),
            Record::Tagged { tags } => tags.iter().map(|tag| tag.as_str().len()).sum(),
            Record::Called { call, .. } => call.tool.len(),
            Record::Answered { answer: Answer::Words(words), .. } => words.len(),
            Record::Planned { steps, .. } => plan_bytes(steps),
            Record::Answering { model, .. } => model.len(),
            Record::Resumable { handle: ResumeHandle(handle), .. } => handle.len(),
            Record::Ended { ending: Ending::Failed(failure), reason, .. } => {
                failure.detail.len() + reason.len()
            }
            Record::Ended { ending: Ending::Done | Ending::Interrupted(_), reason, .. } => reason.len(),
            Record::Closed
            | Record::Reopened { .. }
            | Record::Hibernated { .. }
            | Record::Woken
            | Record::Trashed
            | Record::Restored
            | Record::Erased
            | Record::Pinned { .. }
            | Record::PolicySet { .. }
            | Record::Queued { .. }
            | Record::Unqueued { .. }
            | Record::Edited { .. }
            | Record::Moved { .. }
            | Record::Retried { .. }
            | Record::Began { .. }
            | Record::Sent { .. }
            | Record::Steered { .. }
            | Record::Said { .. }
            | Record::Answered { answer: Answer::Once | Answer::Always | Answer::Deny, .. }
            | Record::Resulted { .. }
            | Record::Seen { .. }
            | Record::MarkedUnread
            | Record::Repaired { .. }
            | Record::Imported { .. }
            | Record::ImportEnded { .. }
            | Record::Drafted { .. } => 0,
        };
        RECORD_BYTES + (self.text().len() + names) as u64 + self.beside()
    }
}

impl Fork {
    /// Whether a record of the other session belongs to the fork.
    pub fn takes_over(&self, stamped: &Stamped) -> bool {
        stamped.seq <= self.through && stamped.entry().is_none_or(|entry| entry <= self.last)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::trace::Player;

    /// The log that these lines leave.
    fn log(lines: &[&str]) -> Vec<Stamped> {
        Player::told(lines).disk.log
    }

    #[test]
    fn records_begin_entries_and_carry_texts() {
        let log = log(&[
            "create s1 name a",
            "draft s1 \"typed\"",
            "submit s1 \"why?\"",
            "submit s1 \"later\"",
            "edit s1 2 \"much later\"",
            "text s1 \"so\"",
            "text s1 \", I\"",
            "steerable s1",
            "steer s1 \"not so\"",
            "call s1 1 sh \"make\" consent",
            "answer s1 1 once",
            "result s1 1 done \"made\"",
            "pin s1",
            "unqueue s1 2",
            "failed s1 cut",
            "close s1",
        ]);
        let said: Vec<(u64, Option<u64>, &str)> = log
            .iter()
            .map(|stamped| (stamped.seq.0, stamped.entry().map(|entry| entry.0), stamped.text()))
            .collect();
        assert_eq!(
            said,
            [
                (1, None, ""),
                (2, None, "typed"),
                (3, None, ""), // the draft is sent
                (4, None, "why?"),
                (5, Some(5), ""),
                (6, None, "later"),
                (7, None, "much later"),
                (8, Some(8), "so"),
                (9, Some(8), ", I"),
                (10, Some(10), "not so"),
                (11, Some(11), "make"),
                (12, None, ""),
                (13, Some(13), "made"),
                (14, None, ""),
                (15, None, ""),
                (16, Some(16), ""),
                (17, None, ""),
            ]
        );
    }

    #[test]
    fn a_fork_takes_over_what_was_there_up_to_its_last_entry() {
        let log = log(&["create s1 name a", "submit s1 \"why?\"", "text s1 \"so\"", "done s1", "close s1"]);
        for (through, last, taken) in [
            (6, 4, &[1, 2, 3, 4, 5, 6][..]),
            (5, 4, &[1, 2, 3, 4, 5]),
            (6, 3, &[1, 2, 3, 5, 6]),
            (6, 2, &[1, 2, 5, 6]),
            (3, 9, &[1, 2, 3]),
        ] {
            let (through, last) = (Seq(through), EntryNo(last));
            let fork = Fork { parent: SessionId(1), through, last, entries: None };
            let takes: Vec<u64> =
                log.iter().filter(|stamped| fork.takes_over(stamped)).map(|stamped| stamped.seq.0).collect();
            assert_eq!(takes, taken, "{fork:?}");
        }
    }
}
