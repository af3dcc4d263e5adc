//! The keys in force: the table's own, with a preset and what the configuration says of some of them laid over it. Keys are looked
//! up here and nowhere else, and whatever names a key asks here which.
//!
//! Not here: what a key does (`ui`), how it arrives (`keys`), how it is written in a file (the client's configuration).

mod manual;
mod preset;
mod setting;
mod takeover;

pub use manual::markdown;
pub use preset::Preset;
pub use setting::{KeyContext, KeyFault, KeySettings};

use crate::command::table::{self, CommandRow, LEADER, ROWS, When};
use crate::command::{Action, Edit, HistoryStep, PromptStep, ScrollStep};
use crate::keys::Chord;

/// The keys of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionKeys {
    pub action: Action,
    /// Those that do it at once, each with when it does.
    pub direct: Vec<(Chord, When)>,
    /// Those that do it after the leader.
    pub leader: Vec<Chord>,
    /// Those that do it to what is chosen in the list of sessions.
    pub list: Vec<Chord>,
    /// Those that do it in a page that is read.
    pub page: Vec<Chord>,
}

/// Every action with its keys, and the key that announces another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    leader: Chord,
    /// As many as the table has rows, in its order.
    actions: Vec<ActionKeys>,
}

impl Default for Keymap {
    fn default() -> Self {
        let actions = ROWS.iter().map(|row| ActionKeys {
            action: row.action,
            direct: row.direct.to_vec(),
            leader: row.leader.to_vec(),
            list: preset::in_list(row.action),
            page: Vec::new(),
        });
        Self { leader: LEADER, actions: actions.collect() }
    }
}

impl Keymap {
    /// The key that announces another.
    pub const fn leader(&self) -> Chord {
        self.leader
    }

    /// Every action with its keys, in the order of the help screen.
    pub fn actions(&self) -> &[ActionKeys] {
        &self.actions
    }

    /// The keys of an action; nothing for one that is no row of the table.
    pub fn of(&self, action: Action) -> Option<&ActionKeys> {
        self.actions.iter().find(|keys| keys.action == action)
    }

    /// What a chord means, for a prompt that is empty or not.
    pub fn by_chord(&self, chord: Chord, prompt_is_empty: bool) -> Option<Action> {
        let means = |chord: Chord| {
            let is_it = |(key, when): &(Chord, When)| *key == chord && when.holds(prompt_is_empty);
            self.first(|keys| keys.direct.iter().any(is_it))
        };
        means(chord).or_else(|| means(chord.with_digit()?))
    }

    /// What a chord means after the leader. On a keyboard of another layout the key in that place is meant.
    pub fn by_leader(&self, chord: Chord) -> Option<Action> {
        let means = |chord: Chord| self.first(|keys| keys.leader.contains(&chord));
        means(chord).or_else(|| means(chord.with_latin()?)).or_else(|| means(chord.with_digit()?))
    }

    /// What a chord does to the session that is chosen in the list. With text in the filter, a key that edits edits that.
    pub fn in_list(&self, chord: Chord, filter_is_empty: bool) -> Option<Action> {
        let edits = || self.by_chord(chord, false).and_then(Action::edits).is_some();
        self.first(|keys| keys.list.contains(&chord)).filter(|_| filter_is_empty || !edits())
    }

    /// How far a chord moves in a page, or that it leaves it, by keys that mean so there alone.
    pub fn in_page(&self, chord: Chord) -> Option<Action> {
        let means = |chord: Chord| self.first(|keys| keys.page.contains(&chord));
        means(chord).or_else(|| means(chord.with_latin()?))
    }

    fn first(&self, has_it: impl Fn(&ActionKeys) -> bool) -> Option<Action> {
        self.actions.iter().find(|keys| has_it(keys)).map(|keys| keys.action)
    }

    /// The key to press for an action now: one that does it at once, else the leader and another, else its command.
    pub fn press(&self, action: Action, prompt_is_empty: bool) -> String {
        let direct = self.at_once(action, prompt_is_empty).map(|chord| chord.to_string());
        direct.or_else(|| self.announced(action)).unwrap_or_else(|| command_of(action))
    }

    /// The same where what is typed may be anything: the leader goes first.
    pub fn announce(&self, action: Action) -> String {
        self.announced(action).unwrap_or_else(|| self.press(action, false))
    }

    /// A key that does it at once; of several one that is for just such a prompt.
    pub fn at_once(&self, action: Action, prompt_is_empty: bool) -> Option<Chord> {
        let keys = &self.of(action)?.direct;
        let mut held = keys.iter().filter(|(_, when)| when.holds(prompt_is_empty));
        let conditional = keys.iter().find(|(_, when)| *when != When::Always && when.holds(prompt_is_empty));
        conditional.or_else(|| held.next()).map(|(chord, _)| *chord)
    }

    fn announced(&self, action: Action) -> Option<String> {
        Some(format!("{} {}", self.leader, self.of(action)?.leader.first()?))
    }

    /// Direct keys of an action in one cell.
    pub fn direct_keys(&self, action: Action) -> String {
        let keys = self.of(action).map_or(&[][..], |keys| &keys.direct);
        table::keys(&keys.iter().map(|(key, _)| *key).collect::<Vec<_>>())
    }

    /// The leader chords of an action in one cell; empty without one.
    pub fn leader_keys(&self, action: Action) -> String {
        match self.of(action).map_or(&[][..], |keys| &keys.leader) {
            [] => String::new(),
            chords => format!("{} {}", self.leader, table::keys(chords)),
        }
    }

    /// Whether a row, or one of its keys, contains the topic, whatever its case; `keys` are all that have some.
    pub fn mentions(&self, row: &CommandRow, topic: &str) -> bool {
        let Some(keys) = self.of(row.action) else { return row.mentions(topic) };
        let topic_folded = topic.to_lowercase();
        if topic_folded == "keys" {
            return !keys.direct.is_empty() || !keys.leader.is_empty();
        }
        let has = |key: &Chord| key.to_string().to_lowercase().contains(&topic_folded);
        row.mentions(topic) || keys.direct.iter().any(|(key, _)| has(key))
    }
}

impl ActionKeys {
    /// Whether its direct keys are the digits, which are named as a range.
    pub fn has_digits(&self) -> bool {
        self.direct.len() > 2 && self.direct.iter().all(|(key, _)| key.digit().is_some())
    }
}

fn command_of(action: Action) -> String {
    action.row().map(CommandRow::command).filter(|command| !command.is_empty()).unwrap_or_else(|| {
        // Nothing leads to it any more: at least it has a name, by which a key can be given to it again.
        format!("{} (no key)", action.name())
    })
}

impl Action {
    /// What it is called where keys are set: its slash command, or a word of its own where it has none.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others have a slash command")]
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit => "send",
            Self::Suspend => "suspend",
            Self::Cancel => "cancel",
            Self::Complete => "complete",
            Self::Scroll(step) => match step {
                ScrollStep::LineUp => "line-up",
                ScrollStep::LineDown => "line-down",
                ScrollStep::PageUp => "page-up",
                ScrollStep::PageDown => "page-down",
                ScrollStep::Top => "top",
                ScrollStep::End => "end",
            },
            Self::History(step) => match step {
                HistoryStep::Older => "older",
                HistoryStep::Newer => "newer",
                HistoryStep::Search => "search-history",
            },
            Self::ToPrompt(step) => match step {
                PromptStep::Above => "prompt-above",
                PromptStep::Below => "prompt-below",
            },
            Self::Edit(edit) => edit_name(edit),
            other => other.row().and_then(|row| row.slash.first()).copied().unwrap_or_default(),
        }
    }

    /// The action of that name, or of another word for its slash command.
    pub fn named(word: &str) -> Option<Self> {
        let is_it = |row: &&CommandRow| row.action.name() == word || row.slash.contains(&word);
        ROWS.iter().find(is_it).map(|row| row.action)
    }
}

const fn edit_name(edit: Edit) -> &'static str {
    match edit {
        Edit::Newline => "new-line",
        Edit::Left => "left",
        Edit::Right => "right",
        Edit::WordLeft => "word-left",
        Edit::WordRight => "word-right",
        Edit::LineStart => "line-start",
        Edit::LineEnd => "line-end",
        Edit::DeleteBack => "delete-back",
        Edit::DeleteForward => "delete-forward",
        Edit::DeleteWordBack => "delete-word-back",
        Edit::DeleteWordForward => "delete-word-forward",
        Edit::DeleteToStart => "delete-to-start",
        Edit::DeleteToEnd => "delete-to-end",
        Edit::Yank => "put-back",
        Edit::YankBefore => "put-back-before",
        Edit::Undo => "undo-typing",
        Edit::Redo => "redo-typing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let mut seen = BTreeSet::new();
        for row in ROWS {
            let name = row.action.name();
            let is_kebab = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(!name.is_empty() && is_kebab && seen.insert(name), "{name:?} of {:?}", row.action);
            assert_eq!(Action::named(name), Some(row.action), "{name}");
        }
    }

    #[test]
    fn what_is_named_in_words_is_a_key_that_works_now() {
        let keymap = Keymap::default();
        for (action, empty, key) in [
            (Action::Detach, true, "Ctrl+D"),
            (Action::Detach, false, "Ctrl+X d"),
            (Action::Scroll(ScrollStep::End), true, "End"),
            (Action::Scroll(ScrollStep::End), false, "Ctrl+End"),
            (Action::Attend, false, "Alt+A"),
            (Action::Fork, true, "Ctrl+X f"),
            (Action::Retry, true, "/retry"),
        ] {
            assert_eq!(keymap.press(action, empty), key, "{action:?}");
        }
        assert_eq!(keymap.announce(Action::New), "Ctrl+X n");
    }
}
