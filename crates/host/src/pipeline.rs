//! The order in which effects are released: what depends on a batch waits for it, and for every batch before it.
//! Nothing else waits.

use std::collections::VecDeque;

use q_core::{Batch, Effect, Effects, SessionId, TurnNo};

/// Commits given out and not yet confirmed, with what waits for each.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    given_out: u64,
    waiting: VecDeque<PendingCommit>,
}

#[derive(Debug)]
struct PendingCommit {
    commit: CommitNo,
    effects: Vec<Effect>,
}

/// A commit's number, counting up from 1 without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitNo(pub u64);

/// What may be done now.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) commit: Option<(CommitNo, Batch)>,
    pub(crate) effects: Vec<Effect>,
}

impl Pipeline {
    /// Takes one call's effects in; gives what waits for nothing.
    pub(crate) fn take(&mut self, effects: Effects) -> Released {
        let Effects { batch, at_once, after } = effects;
        for effect in &at_once {
            if let Effect::Cancel { session, turn } = effect {
                self.forget(*session, *turn);
            }
        }
        let mut released = at_once;
        let commit = batch.map(|batch| {
            self.given_out += 1;
            (CommitNo(self.given_out), batch)
        });
        match (&commit, self.waiting.back_mut()) {
            (Some((commit, _)), _) => {
                self.waiting.push_back(PendingCommit { commit: *commit, effects: after });
            }
            (None, Some(last)) => last.effects.extend(after),
            (None, None) => released.extend(after),
        }
        Released { commit, effects: released }
    }

    /// Of a turn that is cancelled while something of it is being written, nothing is done: its agent is not asked, no tool is
    /// permitted, and no line for the shell runs.
    fn forget(&mut self, cancelled: SessionId, over: TurnNo) {
        for waiting in &mut self.waiting {
            waiting.effects.retain(|effect| effect.of_turn() != Some((cancelled, over)));
        }
    }

    /// Every commit up to this one is durable; gives what waited for them, in order.
    pub(crate) fn committed(&mut self, up_to: CommitNo) -> Vec<Effect> {
        let mut released = Vec::new();
        while self.waiting.front().is_some_and(|waiting| waiting.commit <= up_to) {
            released.extend(self.waiting.pop_front().into_iter().flat_map(|waiting| waiting.effects));
        }
        released
    }

    /// The newest commit that is not yet confirmed.
    pub(crate) fn newest(&self) -> Option<CommitNo> {
        self.waiting.back().map(|waiting| waiting.commit)
    }

    /// How many commits are not yet confirmed.
    pub(crate) fn depth(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;
    use q_core::{ClientId, Durability, ReplyTo, RequestId};

    fn mark(n: u64) -> Effect {
        Effect::Reply {
            to: ReplyTo { client: ClientId(0), request: RequestId(n) },
            answer: Ok(q_core::Reply::Done),
        }
    }

    fn number(effect: &Effect) -> u64 {
        if let Effect::Reply { to, .. } = effect { to.request.0 } else { u64::MAX }
    }

    proptest! {
        /// Whatever the order of calls and confirmations: what depends on a batch is released in order and never before
        /// it is durable, and what waits for nothing is released at once.
        #[test]
        fn effects_wait_for_their_batch_and_keep_order(steps in prop::collection::vec((any::<bool>(), 0u64..3), 1..60)) {
            let mut pipeline = Pipeline::default();
            let mut commits: Vec<u64> = Vec::new(); // the mark given out with each commit
            let mut durable = 0u64;
            let mut seen = Vec::new();
            for (n, (with_batch, confirm)) in steps.into_iter().enumerate() {
                let n = n as u64;
                let batch = with_batch.then(|| Batch { records: vec![], blobs: vec![], heads: vec![], durability: Durability::Synced });
                let released = pipeline.take(Effects { batch, at_once: vec![mark(1000 + n)], after: vec![mark(n)] });
                prop_assert_eq!(number(&released.effects[0]), 1000 + n, "at once means at once");
                if with_batch { commits.push(n); }
                seen.extend(released.effects.iter().skip(1).map(number));
                for _ in 0..confirm {
                    if durable < commits.len() as u64 {
                        durable += 1;
                        seen.extend(pipeline.committed(CommitNo(durable)).iter().map(number));
                    }
                }
                let first_not_durable = commits.get(durable as usize).copied().unwrap_or(u64::MAX);
                prop_assert!(seen.iter().all(|&m| m < first_not_durable), "nothing before its batch is durable");
                prop_assert!(seen.is_sorted(), "order is kept");
            }
            seen.extend(pipeline.committed(CommitNo(u64::MAX)).iter().map(number));
            prop_assert_eq!(pipeline.depth(), 0);
            prop_assert!(seen.is_sorted() && seen.windows(2).all(|w| w[0] + 1 == w[1]), "nothing is lost or done twice");
        }
    }
}
