//! Prompts sent or cleared before, and walking through them.

use crate::editor::kept::keep_newest;

/// How many are kept.
const KEPT: usize = 200;

/// A session's earlier prompts, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    sent: Vec<String>,
    walk: Option<Walk>,
}

/// A walk in progress: ends when something else is typed.
#[derive(Clone, Debug)]
struct Walk {
    at: usize,
    /// What was typed before the walk; shown again when it ends.
    typed: String,
    /// What the walk put into the editor last; anything else there ends it.
    shown: String,
}

impl History {
    /// Keeps a prompt, unless it is the same as the last.
    pub(crate) fn keep(&mut self, text: &str) {
        self.walk = None;
        if text.trim().is_empty() || self.sent.last().is_some_and(|last| last == text) {
            return;
        }
        self.sent.push(text.to_owned());
        keep_newest(&mut self.sent, KEPT, String::len);
    }

    /// Keeps prompts found in the transcript, if none were kept yet.
    pub(crate) fn seed<'a>(&mut self, prompts: impl Iterator<Item = &'a str>) {
        if self.sent.is_empty() {
            for prompt in prompts {
                self.keep(prompt);
            }
        }
    }

    /// Keeps what another history has, behind its own.
    pub(crate) fn go_on_from(&mut self, other: Self) {
        for prompt in other.sent {
            self.keep(&prompt);
        }
    }

    /// The prompt before the one in the editor.
    pub(crate) fn older(&mut self, current: &str) -> Option<String> {
        let (from, typed) = match self.walk.take().filter(|walk| walk.shown == current) {
            Some(walk) => (walk.at, walk.typed),
            None => (self.sent.len(), current.to_owned()),
        };
        let found = self.sent.iter().take(from).enumerate().rev().find(|(_, prompt)| *prompt != current);
        let Some((at, prompt)) = found else {
            // The walk goes on from here: what was typed is not lost by a key too many.
            self.walk = Some(Walk { at: from, typed, shown: current.to_owned() });
            return None;
        };
        let shown = prompt.clone();
        self.walk = Some(Walk { at, typed, shown: shown.clone() });
        Some(shown)
    }

    /// All of them, to be searched.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &str> {
        self.sent.iter().rev().map(String::as_str)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// The prompt after the one in the editor, at last what was typed before the walk.
    pub(crate) fn newer(&mut self, current: &str) -> Option<String> {
        let walk = self.walk.as_mut().filter(|walk| walk.shown == current)?;
        walk.at += 1;
        let Some(next) = self.sent.get(walk.at) else {
            return self.walk.take().map(|walk| walk.typed);
        };
        walk.shown.clone_from(next);
        Some(next.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::kept;

    #[test]
    fn so_many_bytes_of_them_are_kept() {
        let mut history = History::default();
        let long = |letter: &str| letter.repeat(kept::MOST_BYTES / 2);
        for prompt in [long("a"), long("b"), long("c")] {
            history.keep(&prompt);
        }
        assert_eq!(history.newest_first().count(), 2);
    }

    #[test]
    fn walking_back_and_forth_ends_where_it_began() {
        let mut history = History::default();
        for prompt in ["fix the parser", "why?", "fix the lexer", "fix the lexer"] {
            history.keep(prompt);
        }
        let back: Vec<_> =
            std::iter::successors(Some("dra".to_owned()), |shown| history.older(shown)).collect();
        assert_eq!(back, ["dra", "fix the lexer", "why?", "fix the parser"]);
        let forth: Vec<_> =
            std::iter::successors(Some("fix the parser".to_owned()), |shown| history.newer(shown)).collect();
        assert_eq!(forth, ["fix the parser", "why?", "fix the lexer", "dra"]);
        assert_eq!(history.newer("dra"), None);
    }
}
