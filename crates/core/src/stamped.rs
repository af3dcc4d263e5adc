//! A record in its place, and what is true of every kind of record: which entry it begins or lengthens, the text it carries,
//! what it weighs.

use crate::agent::{AgentFailure, Call, Outcome, PlanStep, ResumeHandle, Sent};
use crate::entry::Compaction;
use crate::entry::{Body, Fault, Interrupter, Resulted, Stop, plan_bytes};
use crate::id::{EntryNo, Seq, SessionId};
use crate::image::Image;
use crate::project::ProjectFiles;
use crate::record::{Answer, Ending, Fork, RECORD_BYTES, Record, Setup, Voice};
use crate::reversal::Reversed;
use crate::source::Sources;
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

/// What a record brings into its session: the one place where all records are told apart by that.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    /// A fact about the session or its turn, with the bytes of the words in it. Nobody reads it in the transcript.
    Fact(usize),
    /// What is typed and not sent.
    Draft(&'a str),
    /// A prompt that waits: an entry once its turn begins; and whether it is for the shell.
    Waiting(&'a str, &'a [Image], bool),
    /// The entry of the prompt that waited there.
    Prompt(Seq),
    /// The entry of what the person said into a running turn.
    Steer(&'a str),
    /// A piece of an entry, or its beginning.
    Piece { entry: EntryNo, voice: Voice, text: &'a str },
    /// The entry of a call.
    Call(&'a Call),
    /// The entry of a call's end.
    Result { of: EntryNo, outcome: Outcome, text: &'a str, kept: u64, whole: u64 },
    /// The entry of a plan.
    Plan(&'a [PlanStep]),
    /// The entry of sources.
    Sources(&'a Sources),
    /// The entry of project files.
    ProjectFiles(&'a ProjectFiles),
    /// The entry that says that an answer goes on.
    Continued,
    /// The entry of a repair.
    Repair(Fault),
    /// The entry that says what is left out.
    LeftOut(Sent),
    /// The entry of a compaction.
    Compaction(&'a Compaction),
    /// The entry of changes that were reversed.
    Reversed(&'a Reversed),
    /// The entry of a turn's end that somebody stopped, with the provider's reason.
    Interrupted(Interrupter, &'a str),
    /// The entry of a turn's end for which its agent is to blame, with the provider's reason.
    Failed(&'a AgentFailure, &'a str),
    /// An entry from elsewhere, and when it happened there.
    Imported(WallTime, &'a Body),
}

impl Stamped {
    pub(crate) fn content(&self) -> Content<'_> {
        match &self.record {
            Record::Queued { text, images, runs, .. } | Record::Edited { text, images, runs, .. } => {
                Content::Waiting(text, images, *runs)
            }
            Record::Began { queued, .. } => Content::Prompt(*queued),
            Record::Steered { text, .. } => Content::Steer(text),
            Record::Said { entry, voice, text, .. } => Content::Piece { entry: *entry, voice: *voice, text },
            Record::Called { call, .. } => Content::Call(call),
            Record::Resulted { of, outcome, text, kept, whole, .. } => {
                Content::Result { of: *of, outcome: *outcome, text, kept: *kept, whole: *whole }
            }
            Record::Planned { steps, .. } => Content::Plan(steps),
            Record::Cited { sources, .. } => Content::Sources(sources),
            Record::ProjectRead { files, .. } => Content::ProjectFiles(files),
            Record::Continued { .. } => Content::Continued,
            Record::Repaired { fault } => Content::Repair(*fault),
            Record::Sent { sent, is_said: true, .. } => Content::LeftOut(*sent),
            Record::Ended { ending: Ending::Interrupted(by), reason, .. } => {
                Content::Interrupted(*by, reason)
            }
            Record::Ended { ending: Ending::Failed(failure), reason, .. } => Content::Failed(failure, reason),
            Record::Compacted { compaction, .. } => Content::Compaction(compaction),
            Record::Reversed { reversed } => Content::Reversed(reversed),
            Record::Imported { at, body } => Content::Imported(*at, body),
            Record::Drafted { text } => Content::Draft(text),
            Record::Created { name, setup, .. } => {
                let Setup { system_prompt, agent, model, directory, settings, .. } = setup;
                let words = [name.as_str(), system_prompt, agent, model, directory];
                Content::Fact(words.into_iter().map(str::len).sum::<usize>() + settings.text_bytes())
            }
            Record::Renamed { name, .. } => Content::Fact(name.as_str().len()),
            Record::Tagged { tags } => Content::Fact(tags.iter().map(|tag| tag.as_str().len()).sum()),
            Record::Answered { answer: Answer::Words(words), .. } => Content::Fact(words.len()),
            Record::SettingsSet { settings } => Content::Fact(settings.text_bytes()),
            Record::RuleSet { rule, .. } => Content::Fact(rule.text_bytes()),
            Record::Answering { model, .. } => Content::Fact(model.len()),
            Record::Resumable { handle: ResumeHandle(handle), .. } => Content::Fact(handle.len()),
            Record::Sealed { seal, .. } => Content::Fact(seal.bytes()),
            Record::Ended { ending: Ending::Done, reason, .. } => Content::Fact(reason.len()),
            Record::Closed
            | Record::Reopened { .. }
            | Record::Hibernated { .. }
            | Record::Woken
            | Record::Trashed
            | Record::Restored
            | Record::Erased
            | Record::Pinned { .. }
            | Record::PolicySet { .. }
            | Record::Unqueued { .. }
            | Record::Moved { .. }
            | Record::Compacting { .. }
            | Record::Retried { .. }
            | Record::Sent { is_said: false, .. }
            | Record::Answered { answer: Answer::Once | Answer::Always | Answer::Deny, .. }
            | Record::Seen { .. }
            | Record::MarkedUnread
            | Record::MarkedRead
            | Record::ImportEnded { .. } => Content::Fact(0),
        }
    }

    /// The entry that this record begins or lengthens, if it does so.
    pub fn entry(&self) -> Option<EntryNo> {
        let content = self.content();
        if let Content::Piece { entry, .. } = content {
            return Some(entry);
        }
        let is_shown = !matches!(content, Content::Fact(_) | Content::Draft(_) | Content::Waiting(..));
        is_shown.then_some(EntryNo(self.seq.0))
    }

    /// The text it carries; empty where it carries none.
    pub fn text(&self) -> &str {
        match self.content() {
            Content::Draft(text)
            | Content::Waiting(text, ..)
            | Content::Steer(text)
            | Content::Piece { text, .. }
            | Content::Result { text, .. } => text,
            Content::Call(call) => &call.input,
            Content::Compaction(compaction) => compaction.text(),
            Content::Imported(_, body) => body.text(),
            Content::Fact(_)
            | Content::Prompt(_)
            | Content::Plan(_)
            | Content::Sources(_)
            | Content::ProjectFiles(_)
            | Content::Continued
            | Content::Repair(_)
            | Content::LeftOut(_)
            | Content::Reversed(_)
            | Content::Interrupted(..)
            | Content::Failed(..) => "",
        }
    }

    /// Bytes that people can read of it: its text, the steps of its plan, its sources, or the files that it names.
    pub fn readable(&self) -> usize {
        if let Record::Planned { steps, .. } = &self.record {
            plan_bytes(steps)
        } else if let Record::Cited { sources, .. } = &self.record {
            sources.bytes()
        } else if let Record::ProjectRead { files, .. } = &self.record {
            files.path_bytes()
        } else if let Record::Reversed { reversed } = &self.record {
            reversed.bytes()
        } else if let Record::Imported { body, .. } = &self.record {
            body.readable()
        } else {
            self.text().len()
        }
    }

    /// Bytes of its result, or of its images, that stand in a [`Blob`](crate::Blob) beside it.
    pub fn beside(&self) -> u64 {
        if let Record::Queued { images, .. } = &self.record {
            return images.iter().filter(|image| image.kept.is_some()).map(Image::encoded).sum();
        }
        let (Record::Resulted { text, kept, .. }
        | Record::Imported { body: Body::Result(Resulted { text, kept, .. }), .. }) = &self.record
        else {
            return 0;
        };
        kept.saturating_sub(text.len() as u64)
    }

    /// What it takes where it is stored, about: its texts, and [`RECORD_BYTES`] for all else.
    pub fn weight(&self) -> u64 {
        let words = match self.content() {
            Content::Fact(bytes) => bytes,
            Content::Call(call) => call.tool.len(),
            Content::Plan(steps) => plan_bytes(steps),
            Content::Sources(sources) => sources.bytes(),
            Content::ProjectFiles(files) => files.path_bytes(),
            Content::Reversed(reversed) => reversed.bytes(),
            Content::Interrupted(_, reason) => reason.len(),
            Content::Failed(failure, reason) => failure.detail.len() + reason.len(),
            Content::Compaction(Compaction::Stopped(Stop::Failed(failure))) => failure.detail.len(),
            Content::Waiting(_, images, _) => images.iter().map(Image::weight).sum(),
            Content::Draft(_)
            | Content::Prompt(_)
            | Content::Steer(_)
            | Content::Piece { .. }
            | Content::Result { .. }
            | Content::Continued
            | Content::Repair(_)
            | Content::LeftOut(_)
            | Content::Compaction(_)
            | Content::Imported(..) => 0,
        };
        RECORD_BYTES + (self.text().len() + words) as u64 + self.beside()
    }
}

impl Fork {
    /// Whether a record of the other session belongs to the fork.
    pub fn takes_over(&self, stamped: &Stamped) -> bool {
        stamped.seq <= self.through && stamped.entry().is_none_or(|entry| entry <= self.last)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::trace::Player;

    #[test]
    fn records_begin_entries_and_carry_texts() {
        let log = Player::played(&[
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

    /// The log that these lines leave.
    fn log(lines: &[&str]) -> Vec<Stamped> {
        Player::played(lines).disk.log
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

    #[test]
    fn a_fork_has_no_summary_from_behind_its_last_entry() {
        let log = log(&[
            "create s1 name a",
            "submit s1 \"why?\"",
            "text s1 \"so\"",
            "done s1",
            "compact s1",
            "asked s1 4000 turn 2",
            "text s1 \"He asked why.\" turn 2",
            "done s1 turn 2",
        ]);
        for (last, taken) in [(7, true), (6, false), (4, false)] {
            let (through, last) = (Seq(7), EntryNo(last));
            let fork = Fork { parent: SessionId(1), through, last, entries: None };
            let is_summary = |stamped: &&Stamped| matches!(stamped.record, Record::Compacted { .. });
            let summary = log.iter().find(is_summary).is_some_and(|stamped| fork.takes_over(stamped));
            assert_eq!(summary, taken, "{fork:?}");
        }
    }
}
