//! A record in its place, and what is true of every kind of record: which entry it begins or lengthens, the text it carries,
//! what it weighs.

use crate::agent::ResumeHandle;
use crate::id::{EntryNo, Seq, SessionId};
use crate::record::{Answer, Ending, RECORD_BYTES, Record};
use crate::session::transcript::{Body, Resulted, plan_bytes};
use crate::time::WallTime;

/// A record in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    pub session: SessionId,
    /// Its place in the session's log.
    pub seq: Seq,
    /// When it was decided.
    pub at: WallTime,
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use crate::trace::Player;

    #[test]
    fn records_begin_entries_and_carry_texts() {
        let log = Player::told(&[
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
        ])
        .disk
        .log;
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
}
