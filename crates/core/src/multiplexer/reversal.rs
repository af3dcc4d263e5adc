//! Changes of files taken back and made again: when that may be, and that nothing is asked meanwhile. The host does it, and says
//! what came of it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::effect::{Effect, Reply};
use crate::id::{EntryNo, ReplyTo, SessionId, TurnNo};
use crate::multiplexer::step::Step;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::reversal::Reversed;

impl Step<'_> {
    /// Has the changes of a turn reversed. Whoever wished it is answered once that is done: see [`Step::answer_later`].
    pub(super) fn reverse(&mut self, id: SessionId, redo: bool, turn: TurnNo) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        if head.turn.is_some() || self.state().reversing.contains_key(&id) {
            return Err(Refusal::ReversesLater { name: head.name.to_string() });
        }
        if turn == TurnNo(0) || turn > head.turns {
            return Err(Refusal::NothingToReverse);
        }
        let directory = head.setup.directory.clone();
        self.after(Effect::Reverse { session: id, redo, turn, directory });
        Ok(Reply::Done)
    }

    /// Notes who is to be answered once the host has said what came of it. Until then none of the session's turns is asked.
    pub(super) fn answer_later(&mut self, id: SessionId, to: ReplyTo) {
        self.state_mut().reversing.insert(id, to);
    }

    /// The host has reversed changes of these files, or none for that reason. What nobody waits for any longer is over.
    pub(super) fn reversed(&mut self, id: SessionId, redo: bool, outcome: Result<Vec<String>, String>) {
        let Some(to) = self.state_mut().reversing.remove(&id) else { return };
        // It did not hibernate meanwhile, and is not due for that now.
        self.use_now(id);
        let answer = match outcome {
            Err(why) => Err(Refusal::CannotReverse { why }),
            // It may be archived by now: there its agent finds the files as they are.
            Ok(files) => self.known(id).map(drop).map(|()| {
                if self.live(id).is_some() {
                    let reversed = Reversed { redo, files, more: 0 }.bounded();
                    let seq = self.record(id, Record::Reversed { reversed });
                    self.notify_entry(id, EntryNo(seq.0));
                    self.changed(id);
                }
                Reply::Done
            }),
        };
        self.after(Effect::Reply { to, answer });
    }

    /// The host goes: nobody waits any longer.
    pub(super) fn refuse_reversals(&mut self) {
        for (id, to) in core::mem::take(&mut self.state_mut().reversing) {
            self.use_now(id);
            self.after(Effect::Reply { to, answer: Err(Refusal::Stopping) });
        }
    }
}
