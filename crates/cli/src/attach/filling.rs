//! Prompts for which servers are being asked, beside everything else: keys and news go on meanwhile.

use std::fmt;
use std::future::pending;
use std::pin::Pin;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use q_core::{PromptWay, SessionId};

use crate::served_words::{ServedText, ServedWords};

/// Which submission of this terminal a prompt is, and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypedPrompt {
    pub(super) key: u64,
    pub(super) session: SessionId,
    pub(super) way: PromptWay,
}

type Filled = (TypedPrompt, Result<ServedText, String>);

/// All of them; dropped, their servers are ended.
#[derive(Default)]
pub(super) struct Filling {
    asked: FuturesUnordered<Pin<Box<dyn Future<Output = Filled>>>>,
    /// By their submission, as they were typed.
    texts: Vec<(u64, String)>,
}

impl Filling {
    /// Has servers asked for what that prompt wants.
    pub(super) fn begin(&mut self, typed: TypedPrompt, text: String, words: ServedWords) {
        self.texts.push((typed.key, text));
        self.asked.push(Box::pin(async move { (typed, words.filled().await) }));
    }

    /// The next that is filled, or cannot be; for ever where there is none. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Filled {
        match self.asked.next().await {
            Some(filled) => {
                self.texts.retain(|(key, _)| *key != filled.0.key);
                filled
            }
            None => pending().await,
        }
    }

    /// Those that are not filled yet, as they were typed.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|(_, text)| text.as_str())
    }
}

impl fmt::Debug for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filling").field("count", &self.texts.len()).finish_non_exhaustive()
    }
}
