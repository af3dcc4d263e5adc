//! Presets: what habits of other programs change in the table's own keys, in the form in which the configuration changes them.

use crate::command::{Action, HistoryStep};
use crate::keymap::setting::KeyContext;
use crate::keys::KeyCode::Tab;
use crate::keys::{Chord, alt, ctrl, key, plain};

/// A set of keys by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Keys edit as in a shell; sessions are managed on an empty prompt, or behind the leader.
    #[default]
    Readline,
    /// Keys manage sessions whatever is typed, as in programs with windows.
    App,
    /// The leader and what follows it are those of tmux.
    Tmux,
}

/// What a preset lays over the table: where, for what, which keys.
type Laid = (KeyContext, Action, &'static [Chord]);

const APP: &[Laid] = &[
    (KeyContext::Direct, Action::New, &[ctrl('n')]),
    (KeyContext::Direct, Action::Close, &[ctrl('w')]),
    (KeyContext::Direct, Action::Rename, &[ctrl('r')]),
    (KeyContext::Direct, Action::Detach, &[ctrl('q')]),
    (KeyContext::Text, Action::History(HistoryStep::Search), &[alt('r')]),
];

const TMUX: &[Laid] = &[
    (KeyContext::Leader, Action::New, &[plain('c')]),
    (KeyContext::Leader, Action::Next, &[plain('n')]),
    (KeyContext::Leader, Action::Previous, &[plain('p')]),
    (KeyContext::Leader, Action::Last, &[plain('l'), key(Tab)]),
    (KeyContext::Leader, Action::List, &[plain('w'), plain('s')]),
    (KeyContext::Leader, Action::Split, &[plain('%'), plain('"')]),
    (KeyContext::Leader, Action::Unsplit, &[plain('!')]),
    (KeyContext::Leader, Action::Rename, &[plain(','), plain('$')]),
    (KeyContext::Leader, Action::Close, &[plain('&'), plain('x')]),
];

impl Preset {
    pub const ALL: [(&'static str, Self); 3] =
        [("readline", Self::Readline), ("app", Self::App), ("tmux", Self::Tmux)];

    pub(super) const fn leader(self) -> Option<Chord> {
        match self {
            Self::Tmux => Some(ctrl('b')),
            Self::Readline | Self::App => None,
        }
    }

    pub(super) const fn laid(self) -> &'static [Laid] {
        match self {
            Self::Readline => &[],
            Self::App => APP,
            Self::Tmux => TMUX,
        }
    }
}

/// The keys by which an action is done to what is chosen in a list, unless others are set.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else has a key there")]
pub(super) fn in_list(action: Action) -> Vec<Chord> {
    match action {
        Action::Rename => vec![ctrl('r')],
        Action::Close => vec![ctrl('w')],
        _ => Vec::new(),
    }
}
