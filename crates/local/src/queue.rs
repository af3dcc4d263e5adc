//! Who has the processor: the answers that are under way take turns, a few tokens each, one computation at a time.
//!
//! Tokens are interleaved rather than answers made one behind the other: sessions are watched side by side, and one that is
//! silent behind a neighbour's long answer looks dead. Nothing is lost by it: there is one computation at a time either way, and
//! the weights, which cost most to read, are shared. What it costs is memory, for what each answer has read: so few are under way
//! at once, and their tokens together are bounded. Who waits is let in in the order in which they came.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::answer::{AnswerPiece, Answering, Asked};
use crate::error::LocalError;
use crate::model_file::ModelFile;
use crate::weights::Weights;

/// Answers under way at once.
const AT_ONCE: usize = 4;
/// Tokens of one turn; reading a piece of a conversation is one as well.
const SLICE: usize = 4;

/// How long it is waited for whoever is to be told that nothing can be computed.
const FAILED_WAIT: Duration = Duration::from_secs(5);

/// A request that waits for its answer. What is made of it has a bound, so its pieces need none.
pub(crate) struct Job {
    pub(crate) asked: Asked,
    /// Closed once whoever asked is gone: nothing is computed for nobody.
    pub(crate) pieces: UnboundedSender<AnswerPiece>,
}

/// An answer under way, and who hears it.
struct Under {
    answering: Answering,
    /// What it may come to remember, in tokens.
    tokens: usize,
    pieces: UnboundedSender<AnswerPiece>,
}

/// Those that wait and those that are under way.
pub(crate) struct AnswerQueue {
    weights: Box<dyn Weights>,
    model: Arc<ModelFile>,
    /// The most tokens of all that are under way.
    budget: usize,
    waiting: VecDeque<Job>,
    under_way: VecDeque<Under>,
}

impl AnswerQueue {
    pub(crate) fn new(weights: Box<dyn Weights>, model: Arc<ModelFile>, budget: usize) -> Self {
        Self { weights, model, budget, waiting: VecDeque::new(), under_way: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, job: Job) {
        self.waiting.push_back(job);
    }

    /// Whether nobody is answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// Lets in who may be, and gives the next one its turn.
    pub(crate) fn turn(&mut self) {
        self.let_in();
        let Some(mut under) = self.under_way.pop_front() else { return };
        for _ in 0..SLICE {
            if under.pieces.is_closed() {
                return;
            }
            let is_long = under.answering.is_reading();
            for piece in under.answering.step(&self.model.tokenizer) {
                let is_last = !matches!(piece, AnswerPiece::Said(_));
                if under.pieces.send(piece).is_err() || is_last {
                    return;
                }
            }
            if is_long {
                break;
            }
        }
        self.under_way.push_back(under);
    }

    fn let_in(&mut self) {
        self.waiting.retain(|job| !job.pieces.is_closed());
        while self.under_way.len() < AT_ONCE
            && let Some(Job { asked, .. }) = self.waiting.front()
        {
            let tokens = asked.tokens.len() + asked.most;
            let taken: usize = self.under_way.iter().map(|under| under.tokens).sum();
            // One that is larger than all is let in alone.
            if taken > 0 && taken + tokens > self.budget {
                return;
            }
            let Some(Job { asked, pieces }) = self.waiting.pop_front() else { return };
            let answering = Answering::new(self.weights.sequence(), asked);
            self.under_way.push_back(Under { answering, tokens, pieces });
        }
    }
}

/// Answers until nobody can ask any more. Where the weights cannot be loaded, everybody is told why.
pub(crate) fn answer_all(
    asked: &Receiver<Job>,
    load: impl FnOnce() -> Result<Box<dyn Weights>, LocalError>,
    model: &Arc<ModelFile>,
    budget: usize,
) {
    let mut queue = match load() {
        Ok(weights) => AnswerQueue::new(weights, Arc::clone(model), budget),
        Err(error) => {
            // Who started this is about to ask; nobody after that is made to wait for what will not come.
            while let Ok(job) = asked.recv_timeout(FAILED_WAIT) {
                let _nobody_listens = job.pieces.send(AnswerPiece::Failed(error.clone()));
            }
            return;
        }
    };
    loop {
        if queue.is_idle() {
            let Ok(job) = asked.recv() else { return };
            queue.push(job);
        }
        loop {
            match asked.try_recv() {
                Ok(job) => queue.push(job),
                Err(TryRecvError::Disconnected) if queue.is_idle() => return,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        queue.turn();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_testkit::gguf::GgufFile;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;
    use crate::answer::Finish;
    use crate::sampling::Sampling;
    use crate::weights::Sequence;

    /// Says one letter for ever.
    struct Letter;

    impl Weights for Letter {
        fn sequence(&self) -> Box<dyn Sequence> {
            Box::new(Self)
        }
    }

    impl Sequence for Letter {
        fn read(&mut self, _tokens: &[u32]) -> Result<Vec<f32>, LocalError> {
            Ok((0..300).map(|token| if token == 97 { 1.0 } else { 0.0 }).collect())
        }
    }

    fn queue(budget: usize) -> AnswerQueue {
        let file = tempfile::NamedTempFile::new().unwrap();
        GgufFile::small().write(file.path()).unwrap();
        AnswerQueue::new(Box::new(Letter), Arc::new(ModelFile::open(file.path()).unwrap()), budget)
    }

    fn ask(queue: &mut AnswerQueue, read: usize, most: usize) -> UnboundedReceiver<AnswerPiece> {
        let sampling = Sampling { temperature: 0.0, top_p: 1.0, seed: 1 };
        let (pieces, hear) = unbounded_channel();
        queue.push(Job { asked: Asked { tokens: vec![1; read], most, sampling }, pieces });
        hear
    }

    fn count(hear: &mut UnboundedReceiver<AnswerPiece>) -> usize {
        std::iter::from_fn(|| hear.try_recv().ok())
            .filter(|piece| matches!(piece, AnswerPiece::Said(_)))
            .count()
    }

    #[test]
    fn a_long_conversation_that_is_read_holds_up_nobody() {
        let mut queue = queue(1 << 20);
        let mut quick = ask(&mut queue, 1, 1000);
        let mut long = ask(&mut queue, 3200, 1000);
        for _ in 0..100 {
            queue.turn();
        }
        assert_eq!(
            (count(&mut quick), count(&mut long)),
            (1 + 49 * SLICE, 0),
            "every other turn was its own"
        );
        let mut late = ask(&mut queue, 1, 1000);
        for _ in 0..3 {
            queue.turn();
        }
        assert_eq!(count(&mut late), 1, "who comes has the next turn but two");
    }

    #[test]
    fn turns_are_the_same_for_all_and_as_many_as_fit_are_under_way() {
        let mut queue = queue(100);
        let mut all: Vec<_> = (0..6).map(|_| ask(&mut queue, 1, 24)).collect();
        for _ in 0..8 {
            queue.turn();
        }
        let counts: Vec<usize> = all.iter_mut().map(count).collect();
        assert_eq!(counts, [1 + SLICE, 1 + SLICE, 1 + SLICE, 1 + SLICE, 0, 0]);
        // One ends, the next is let in, and each comes to its end.
        while !queue.is_idle() {
            queue.turn();
        }
        let finish = Finish { is_cut: true, read: 1, written: 24 };
        for mut hear in all {
            let last = std::iter::from_fn(|| hear.try_recv().ok()).last();
            assert_eq!(last, Some(AnswerPiece::Over(finish)));
        }
    }

    #[test]
    fn what_is_too_large_to_be_beside_others_is_alone_and_passed_by_nobody() {
        let mut queue = queue(50);
        let mut first = ask(&mut queue, 1, 20);
        let mut large = ask(&mut queue, 1, 200);
        let mut small = ask(&mut queue, 1, 5);
        queue.turn();
        queue.turn();
        assert_eq!((count(&mut first), count(&mut large), count(&mut small)), (1 + SLICE, 0, 0));
        drop(first);
        queue.turn();
        queue.turn();
        assert_eq!(count(&mut large), 1, "in the place of the one that was given up");
        drop(large);
        while !queue.is_idle() {
            queue.turn();
        }
        assert_eq!(count(&mut small), 5);
    }
}
