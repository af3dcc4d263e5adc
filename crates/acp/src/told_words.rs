//! What a call was told as, and as what else since: what an agent said of it first stands, and what it was allowed as is not taken back
//! by a later word of the agent. What was changed is told with its end.

use std::mem;

use q_json::{members, text};
use q_tools::digest_of;

use crate::told_calls::{TITLE, ToldCall};
use crate::update::{CallNews, CallStatus, FileDiff};

/// The longest that is kept of one thing that it was told as, in bytes.
const LONGEST: usize = 1 << 10;
/// The most of these of one call; of more the last takes the place of the last.
const MOST: usize = 8;

/// All that a call was told as, in order; nothing where that never changed.
#[derive(Debug, Default)]
pub(crate) struct ToldWords {
    said: Vec<String>,
    /// Its tool and what is shown of it, as it was before the first change.
    pub(crate) first: Option<Box<(String, String)>>,
}

impl ToldWords {
    /// How much is kept of it, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let first = self.first.as_ref().map_or(0, |first| first.0.len() + first.1.len());
        self.said.iter().map(String::len).sum::<usize>() + first
    }

    /// It was told as that, and is now told as something else.
    pub(crate) fn change(&mut self, before: String, after: String) {
        if self.said.is_empty() {
            self.said.push(before);
        }
        if self.said.len() == MOST {
            self.said.pop();
        }
        self.said.push(after);
    }

    /// The words for it, if there was a change; once.
    pub(crate) fn take(&mut self) -> Option<String> {
        let said = mem::take(self).said;
        (!said.is_empty()).then(|| format!("told as {}", said.join(", then as ")))
    }
}

/// What a call that has ended was last told as, so that another is told from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedAs {
    input: [u8; 32],
    changes: [u8; 32],
}

impl EndedAs {
    pub(crate) fn of(input: Option<&str>, changes: &[FileDiff]) -> Self {
        let changes = changes.iter().map(|change| change.raw.as_bytes());
        Self { input: digest_of(input.map(str::as_bytes)), changes: digest_of(changes) }
    }

    fn differs(self, news: &CallNews) -> bool {
        let said = Self::of(news.input.as_deref(), &news.changes);
        (news.input.is_some() && said.input != self.input)
            || (!news.changes.is_empty() && said.changes != self.changes)
    }
}

impl ToldCall {
    /// Whether it is over by its agent's word.
    pub(crate) const fn is_over(&self) -> bool {
        self.ended.is_some() || matches!(self.status, Some(CallStatus::Done | CallStatus::Failed))
    }

    /// Whether that tells it as something else than it was told as before.
    pub(crate) fn differs(&self, news: &CallNews) -> bool {
        let is_other_title = |title: &String| !self.title.trim().is_empty() && cut(title) != self.title;
        let is_other_path = |path: &String| !self.paths.contains(path);
        news.title.as_ref().is_some_and(is_other_title)
            || match self.ended {
                Some(ended) => ended.differs(news),
                None => {
                    (self.input.is_some() && news.input.is_some() && news.input != self.input)
                        || (!self.changes.is_empty()
                            && !news.changes.is_empty()
                            && news.changes != self.changes)
                        || (!self.files().is_empty() && news.paths.iter().any(is_other_path))
                }
            }
    }

    /// Whether that is to be told as a change of it. What waits and was called by nothing but a title yet is only told whole.
    pub(crate) fn is_changed_by(&self, news: &CallNews) -> bool {
        let waits = |status| matches!(status, None | Some(CallStatus::Pending));
        let is_told = self.no.is_some();
        let is_early = !is_told && self.has_title_alone() && waits(self.status) && waits(news.status);
        let is_other_file = |change: &FileDiff| !self.paths.contains(&change.path);
        let adds = (self.input.is_none() && news.input.is_some())
            || (self.changes.is_empty() && news.changes.iter().any(is_other_file));
        !is_early && ((is_told && adds) || self.differs(news))
    }

    /// What it is told as, in short: the command alone where it is one.
    pub(crate) fn words(&self) -> String {
        let input = self.input.as_deref().and_then(|input| serde_json::from_str(input).ok());
        let [command] = input.map_or([None], |input| members(input, ["command"]));
        let line = match self.command("") {
            Some(_) => command.map(|command| text(command).unwrap_or_else(|| command.get().to_owned())),
            None => None,
        };
        let mut words = line.map_or_else(|| self.shown(), |line| format!("`{line}`"));
        if words.len() > LONGEST {
            words.truncate(words.floor_char_boundary(LONGEST));
            words.push('…');
        }
        words
    }
}

/// As much of a title as is kept.
pub(crate) fn cut(title: &str) -> &str {
    title.get(..title.floor_char_boundary(TITLE)).unwrap_or_default()
}
