//! What an agent says that is not kept whole: it is said in the transcript, behind what came of it.

use crate::entry::Fault;
use crate::id::{EntryNo, SessionId, TurnNo};
use crate::multiplexer::step::Step;
use crate::record::Record;
use crate::seal::Seal;

impl Step<'_> {
    /// Where more is sealed in a turn than is kept, that is said once, and nothing of it goes back: see [`TurnSeals`](crate::seal::TurnSeals).
    pub(super) fn on_sealed(&mut self, id: SessionId, turn: TurnNo, seal: Seal) {
        let Some(live) = self.live_mut(id) else { return };
        let seals = &mut live.stream_mut().seals;
        if seals.is_too_much() {
            return;
        }
        if seals.takes(&seal) {
            live.stream_mut().is_sealed_off = true;
            self.record_buffered(id, Record::Sealed { turn, seal });
            return;
        }
        self.say_fault(id, Fault::SealsTooLong);
    }

    /// Parts of the answer are missing, and nobody knows what they said: whoever reads it must know that much.
    pub(super) fn on_torn(&mut self, id: SessionId, turn: TurnNo, parts: u64) {
        if parts > 0 {
            self.write_stream(id);
            self.write_sources(id, turn);
            self.say_fault(id, Fault::AnswerTorn { parts });
        }
    }

    fn say_fault(&mut self, id: SessionId, fault: Fault) {
        self.write_stream(id);
        let seq = self.record_buffered(id, Record::Repaired { fault });
        self.notify_entry(id, EntryNo(seq.0));
        self.changed(id);
    }
}
