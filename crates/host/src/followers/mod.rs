//! Followers: consumers of what is committed. Each goes at its own pace, in a thread of its own, and is resumed by session
//! and place in its log.
//!
//! The writer puts what it committed where each follower finds it, and goes on: that waits for none of them. Of one that
//! falls far behind only the places are kept from which on it was told nothing; it reads on from there in the store. What a
//! follower does, or that it panics, delays no commit and no other follower.

mod feed;
mod follower;
pub(crate) mod hooks;
pub(crate) mod metrics;
mod work;

use std::io;
use std::sync::{Arc, Weak};
use std::thread;

use q_core::{Batch, Stamped};
use q_store::{Store, StoreError};

use feed::Feed;
pub(crate) use follower::Follower;
use work::Work;

/// Everybody who follows. When it is dropped, each ends with what waits for it.
pub(crate) struct Followers {
    /// Gone once the host closes it.
    store: Weak<dyn Store>,
    feeds: Vec<Arc<Feed>>,
}

/// The way to know how far one is.
#[derive(Clone, Debug)]
pub(crate) struct Following(Arc<Feed>);

impl Following {
    /// Waits until it has taken in all that was committed before.
    pub(crate) fn caught_up(&self) {
        self.0.caught_up();
    }
}

/// Why somebody cannot follow.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    /// What is there cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no thread for it.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Followers {
    pub(crate) const fn new(store: Weak<dyn Store>) -> Self {
        Self { store, feeds: Vec::new() }
    }

    /// Has one more follow. What it has and the store has not, it is told before this returns: nothing may be committed
    /// meanwhile.
    pub(crate) fn follow(&mut self, follower: impl Follower) -> Result<Following, FollowError> {
        let feed = Arc::new(Feed::default());
        let name = follower.name();
        let work = Work::resume(follower, Weak::clone(&self.store), &feed)?;
        let its_own = Arc::clone(&feed);
        thread::Builder::new().name(format!("q-{name}")).spawn(move || work.run(&its_own))?;
        self.feeds.push(Arc::clone(&feed));
        Ok(Following(feed))
    }

    /// Everybody is to have these: they were committed. Waits for nobody.
    pub(crate) fn committed(&self, batches: Vec<Batch>) {
        if self.feeds.is_empty() {
            return;
        }
        let records: Arc<Vec<Stamped>> = Arc::new(batches.into_iter().flat_map(|it| it.records).collect());
        for feed in &self.feeds {
            feed.put(&records);
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        for feed in &self.feeds {
            feed.close();
        }
    }
}

#[cfg(test)]
mod tests;
