//! In which order the blocks of an answer are told, each of which has its place by an index: one after the other, however their
//! pieces come. What comes for a later place waits for the blocks before it, within bounds: a server that never says that a
//! block has ended would be waited for until the end.
//!
//! Calls wait for nobody: their pieces are kept by index anyway, and what is lost meanwhile must tear them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use serde_json::value::RawValue;

use super::reading::{FrameReader, Meaning};
use crate::http::answer::AnswerBuilder;
use crate::http::halves::Halves;
use crate::http::usage::count;

/// So many pieces of later blocks wait while none comes of the one that is told. Nobody reads as fast as they come; of an answer
/// whose blocks come at once each has its turn earlier.
const PATIENCE: usize = 16;
/// The most that waits in all, in bytes.
const MAX_WAITING: usize = 1 << 20;
/// The most blocks that are open at once; of more nobody knows that they are.
const MAX_OPEN: usize = 1024;

/// What a frame does to its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockStep {
    Begins,
    GoesOn,
    Ends,
}

/// How a frame of a block came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    /// How many parts of the answer were lost until then.
    pub(super) torn: u64,
    /// Blocks behind its own were told already: its words stand where nobody meant them to.
    pub(super) is_late: bool,
}

impl Arrival {
    /// Words came so. Those that are late cannot be put where they belong: that is noted.
    pub(super) fn note(self, words: &str, answer: &mut AnswerBuilder) {
        if self.is_late && !words.is_empty() {
            answer.on_contradiction();
        }
    }

    /// The same of words that are told as they are.
    pub(super) fn tell(self, words: String, answer: &mut AnswerBuilder) {
        self.note(&words, answer);
        answer.on_text(words);
    }
}

/// A frame, and the name of the event that it came with; mostly it has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedFrame<'a> {
    pub(super) event: &'a str,
    pub(super) frame: &'a RawValue,
}

/// What reads the frames of an answer that is made of blocks.
pub(super) trait BlockReader: fmt::Debug + Default + Send {
    /// Takes one frame in; those of blocks are given to `order`, and come back.
    fn read(&mut self, order: &mut BlockOrder, frame: NamedFrame<'_>, answer: &mut AnswerBuilder) -> Meaning;

    /// Takes a frame of this kind in whose block has its turn.
    fn read_block(&mut self, kind: &str, frame: &RawValue, came: Arrival, answer: &mut AnswerBuilder);
}

/// A reader whose blocks come in order.
#[derive(Debug, Default)]
pub(super) struct OrderedReader<R> {
    reader: R,
    order: BlockOrder,
}

impl<R: BlockReader> FrameReader for OrderedReader<R> {
    fn read(&mut self, event: &str, frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning {
        self.reader.read(&mut self.order, NamedFrame { event, frame }, answer)
    }

    fn end(&mut self, answer: &mut AnswerBuilder) {
        self.order.end_blocks(&mut self.reader, answer);
    }
}

/// The blocks of one answer.
#[derive(Debug, Default)]
pub(super) struct BlockOrder {
    /// The block that is told, and has not ended.
    told: Option<u64>,
    /// The place of the first that was not told yet.
    next: u64,
    waiting: BTreeMap<u64, WaitingBlock>,
    waiting_bytes: usize,
    /// Pieces that came to wait since one of the block came that is told.
    pieces: usize,
    /// Nothing waits any more.
    gave_up: bool,
    /// What has its turn, and was not read yet.
    due: VecDeque<WaitingFrame>,
    /// Blocks that have begun and not ended, and whether each is a call. Those without an index are one.
    open: BTreeMap<Option<u64>, bool>,
}

#[derive(Debug, Default)]
struct WaitingBlock {
    frames: Vec<WaitingFrame>,
    has_ended: bool,
}

#[derive(Debug)]
struct WaitingFrame {
    kind: String,
    frame: Box<RawValue>,
    came: Arrival,
}

/// When a frame is read.
enum BlockTurn {
    Now(Arrival),
    /// Once all before the block at this place was told.
    Waits {
        index: u64,
        came: Arrival,
    },
}

impl BlockOrder {
    /// Has a frame read, or keeps it until it has its turn; and what has its turn then.
    pub(super) fn on_block(
        &mut self,
        reader: &mut impl BlockReader,
        (index, step): (Option<&RawValue>, BlockStep),
        kind: &str,
        frame: &RawValue,
        answer: &mut AnswerBuilder,
    ) {
        // A call that began meanwhile may have closed a gap.
        self.release();
        self.read_due(reader, answer);
        match self.turn(index, step, answer.torn()) {
            BlockTurn::Now(came) => reader.read_block(kind, frame, came, answer),
            BlockTurn::Waits { index, came } => {
                self.keep(index, step, WaitingFrame { kind: kind.to_owned(), frame: frame.to_owned(), came });
            }
        }
        self.read_due(reader, answer);
    }

    /// No more comes: whatever waits is told now.
    pub(super) fn end_blocks(&mut self, reader: &mut impl BlockReader, answer: &mut AnswerBuilder) {
        self.release_all();
        self.read_due(reader, answer);
    }

    fn read_due(&mut self, reader: &mut impl BlockReader, answer: &mut AnswerBuilder) {
        while let Some(WaitingFrame { kind, frame, came }) = self.due.pop_front() {
            answer.begin_frame(Halves::of(frame.get()));
            reader.read_block(&kind, &frame, came, answer);
        }
    }

    /// A block begins. A call has its place as well, and nobody waits for its end.
    pub(super) fn begin(&mut self, index: Option<&RawValue>, is_call: bool) {
        let index = index.and_then(count);
        if self.open.len() < MAX_OPEN {
            self.open.insert(index, is_call);
        }
        let Some(index) = index.filter(|_| is_call) else { return };
        if index == self.next {
            self.next = index.saturating_add(1);
        } else if index > self.next && self.waiting.len() < MAX_OPEN {
            self.waiting.entry(index).or_default().has_ended = true;
        }
    }

    /// A block has ended; whether it was a call.
    pub(super) fn end(&mut self, index: Option<&RawValue>) -> bool {
        self.open.remove(&index.and_then(count)).unwrap_or(false)
    }

    /// Whether a block has begun that said what it is.
    pub(super) fn is_open(&self, index: Option<&RawValue>) -> bool {
        self.open.contains_key(&index.and_then(count))
    }

    /// When a frame is read that does this to its block. One without a place has its turn always.
    fn turn(&mut self, index: Option<&RawValue>, step: BlockStep, torn: u64) -> BlockTurn {
        let came = Arrival { torn, is_late: false };
        let Some(index) = index.and_then(count) else { return BlockTurn::Now(came) };
        let behind = index.saturating_add(1);
        let has_turn =
            self.told == Some(index) || (self.told.is_none() && (index == self.next || behind == self.next));
        if has_turn {
            self.pieces = 0;
            let begins = step == BlockStep::Begins || index == self.next;
            self.next = self.next.max(behind);
            match step {
                BlockStep::Ends => {
                    self.told = None;
                    self.release();
                }
                BlockStep::Begins | BlockStep::GoesOn if begins && !self.gave_up => self.told = Some(index),
                BlockStep::Begins | BlockStep::GoesOn => {}
            }
            return BlockTurn::Now(came);
        }
        if self.gave_up {
            let is_late = behind < self.next;
            self.next = self.next.max(behind);
            return BlockTurn::Now(Arrival { is_late, ..came });
        }
        BlockTurn::Waits { index, came }
    }

    /// Keeps a frame until it has its turn.
    fn keep(&mut self, index: u64, step: BlockStep, frame: WaitingFrame) {
        let waiting = self.waiting.entry(index).or_default();
        waiting.has_ended |= step == BlockStep::Ends;
        self.waiting_bytes += frame.frame.get().len();
        waiting.frames.push(frame);
        self.pieces += 1;
        if self.pieces > PATIENCE || self.waiting_bytes > MAX_WAITING {
            self.release_all();
        } else {
            self.release();
        }
    }

    /// What waits for nothing any more has its turn.
    fn release(&mut self) {
        while self.told.is_none()
            && let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= self.next
        {
            let (index, block) = entry.remove_entry();
            if index == self.next && !block.has_ended {
                self.told = Some(index);
            }
            self.hand_on(index, block);
        }
    }

    /// All of it has its turn, and nothing is waited for again.
    fn release_all(&mut self) {
        self.gave_up = true;
        self.told = None;
        for (index, block) in std::mem::take(&mut self.waiting) {
            self.hand_on(index, block);
        }
    }

    fn hand_on(&mut self, index: u64, block: WaitingBlock) {
        let is_late = index < self.next;
        self.next = self.next.max(index.saturating_add(1));
        for mut waiting in block.frames {
            self.waiting_bytes -= waiting.frame.get().len();
            waiting.came.is_late = is_late;
            self.due.push_back(waiting);
        }
        self.pieces = 0;
    }
}
