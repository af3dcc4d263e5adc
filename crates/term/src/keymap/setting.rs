//! Keys as a person sets them: laid over the preset, each mistake told and costing that key alone. Whatever is set, the leader,
//! help and `Ctrl+C` can be reached, Enter or another key sends, and letters are typed.

use core::fmt;

use crate::command::table::When;
use crate::command::{Action, CoreCommand};
use crate::keymap::takeover::Takeovers;
use crate::keymap::{Keymap, Preset};
use crate::keys::KeyCode::{Enter, Esc};
use crate::keys::{Chord, ctrl, key, plain};
use crate::suggest::nearest;

/// Where a key that is set means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyContext {
    /// At the prompt, whatever it holds.
    Direct,
    /// While the prompt is empty.
    Empty,
    /// While there is text in it.
    Text,
    /// For the key after the leader.
    Leader,
    /// In the list of sessions, about the one that is chosen.
    List,
    /// In a page that is read.
    Page,
}

impl KeyContext {
    /// Each with its name, as the table of the configuration is called.
    pub const ALL: [(&'static str, Self); 6] = [
        ("direct", Self::Direct),
        ("empty", Self::Empty),
        ("text", Self::Text),
        ("after_leader", Self::Leader),
        ("list", Self::List),
        ("page", Self::Page),
    ];

    /// When its keys do what they do; nothing where that does not depend on the prompt.
    pub(super) const fn when(self) -> Option<When> {
        match self {
            Self::Direct => Some(When::Always),
            Self::Empty => Some(When::Empty),
            Self::Text => Some(When::Text),
            Self::Leader | Self::List | Self::Page => None,
        }
    }

    /// Whether one chord cannot mean two things in both.
    const fn meets(self, other: Self) -> bool {
        match (self.when(), other.when()) {
            (Some(one), Some(other)) => without(one, other).is_none() || without(other, one).is_none(),
            (None, None) => self as u8 == other as u8,
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
}

/// What is left of the time in which a key counts where it is taken for some of that; nothing where that is all of it.
pub(super) const fn without(when: When, taken: When) -> Option<When> {
    match (when, taken) {
        (_, When::Always) | (When::Empty, When::Empty) | (When::Text, When::Text) => None,
        (When::Always | When::Text, When::Empty) => Some(When::Text),
        (When::Always | When::Empty, When::Text) => Some(When::Empty),
    }
}

/// Why a key is not set as it is written, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFault {
    pub why: String,
    pub way_out: String,
    /// Which of the lines it is about that were set, from 0; nothing where it is about the one that is being set, or about none.
    pub line: Option<usize>,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.why, self.way_out)
    }
}

fn fault(why: impl Into<String>, way_out: impl Into<String>) -> KeyFault {
    KeyFault { why: why.into(), way_out: way_out.into(), line: None }
}

/// A keymap while it is being set, in the order of the file.
#[derive(Debug)]
pub struct KeySettings {
    keymap: Keymap,
    /// What was set so far: of two that want one key the first has it.
    taken: Vec<(KeyContext, Chord, Action)>,
    takeovers: Takeovers,
}

impl KeySettings {
    /// The keys of a preset, with another leader if one is written.
    pub fn new(preset: Preset) -> Self {
        let mut keymap = Keymap::default();
        for (context, action, chords) in preset.laid() {
            keymap.put(*context, *action, chords);
        }
        if let Some(leader) = preset.leader() {
            keymap.leader = leader;
        }
        Self { keymap, taken: Vec::new(), takeovers: Takeovers::default() }
    }

    /// Another leader; refused where it would take away what has to be typed or pressed.
    pub fn lead(&mut self, written: &str) -> Result<(), KeyFault> {
        let leader = chord(written)?;
        let is_typed = leader.typed().is_some() || !leader.is_held_or_function();
        if is_typed || [ctrl('c'), key(Enter), key(Esc)].contains(&leader) {
            return Err(fault(
                format!("{leader} cannot be the leader"),
                "take a key with Ctrl or Alt held, or F2 to F12, but not Ctrl+C",
            ));
        }
        self.keymap.leader = leader;
        Ok(())
    }

    /// Gives an action these keys in that context, in the place of those it had there; none for `none`.
    pub fn set(&mut self, context: KeyContext, name: &str, written: &[&str]) -> Result<(), KeyFault> {
        self.takeovers.begin_line();
        let action = Action::named(name).ok_or_else(|| {
            let known = self.keymap.actions.iter().map(|keys| keys.action.name());
            let meant = nearest(name, known).map(|meant| format!("did you mean `{meant}`?"));
            fault(
                format!("there is no action `{name}`"),
                meant.unwrap_or_else(|| "`q keys list` names them".to_owned()),
            )
        })?;
        may_stand_in(context, action)?;
        let mut chords = Vec::new();
        for written in written.iter().filter(|written| **written != "none") {
            let chord = chord(written)?;
            self.may_be(context, action, chord)?;
            chords.push(chord);
        }
        if action == Action::Interrupt && context == KeyContext::Direct && !chords.contains(&ctrl('c')) {
            chords.push(ctrl('c'));
        }
        if action == Action::Help && context == KeyContext::Leader && !chords.contains(&plain('?')) {
            chords.push(plain('?'));
        }
        self.takeovers.note(&self.keymap, context, action, &chords);
        self.keymap.put(context, action, &chords);
        self.taken.extend(chords.into_iter().map(|chord| (context, chord, action)));
        Ok(())
    }

    /// Whether a chord may be that action's there.
    fn may_be(&self, context: KeyContext, action: Action, chord: Chord) -> Result<(), KeyFault> {
        let at_prompt = context.when().is_some();
        let kept = [(ctrl('c'), Action::Interrupt, "interrupts"), (key(Esc), Action::Cancel, "leaves")];
        if let Some((_, _, does)) = kept.iter().find(|(key, owner, _)| *key == chord && *owner != action) {
            return Err(fault(format!("{chord} always {does}"), "take another key"));
        }
        if chord == self.keymap.leader && at_prompt {
            return Err(fault(format!("{chord} is the leader"), "take another key, or another leader"));
        }
        if context == KeyContext::Leader && chord == plain('?') && action != Action::Help {
            return Err(fault("? after the leader always shows help", "take another key"));
        }
        if chord.typed().is_some() && (at_prompt || context == KeyContext::List) {
            return Err(fault(
                format!("{chord} alone is typed there"),
                format!(
                    "hold Ctrl or Alt, or put it after the leader: [keys.after_leader] {} = …",
                    action.name()
                ),
            ));
        }
        if action == Action::Switch && chord.digit().is_none() {
            return Err(fault(format!("{chord} has no digit"), "switch goes by the digit of its key"));
        }
        let is_taken = |(other, key, owner): &&(KeyContext, Chord, Action)| {
            *key == chord && other.meets(context) && *owner != action
        };
        if let Some((_, _, owner)) = self.taken.iter().find(is_taken) {
            return Err(fault(
                format!("{chord} is set for `{}` already", owner.name()),
                "give one of them another key",
            ));
        }
        Ok(())
    }

    /// The keys in force, and what of them had to be kept so that nobody is locked out.
    pub fn finish(mut self) -> (Keymap, Vec<KeyFault>) {
        let mut faults = Vec::new();
        // What a preset has on the leader's key is the leader's now.
        let leader = self.keymap.leader;
        self.keymap.displace(KeyContext::Direct, leader);
        for (action, chord) in [(Action::Submit, key(Enter)), (Action::Cancel, key(Esc))] {
            if self.keymap.at_once(action, false).is_none() {
                self.keymap.displace(KeyContext::Text, chord);
                if let Some(keys) = self.keymap.keys_mut(action) {
                    keys.direct.push((chord, When::Text));
                }
                let way_out = format!("{chord} does it with text in the prompt");
                if !self.takeovers.explain(action, &way_out) {
                    faults.push(fault(format!("no key is left for `{}`", action.name()), way_out));
                }
            }
        }
        faults.extend(self.takeovers.faults(&self.keymap));
        (self.keymap, faults)
    }
}

impl Keymap {
    /// The keys of a preset.
    pub fn preset(preset: Preset) -> Self {
        KeySettings::new(preset).finish().0
    }

    fn keys_mut(&mut self, action: Action) -> Option<&mut super::ActionKeys> {
        self.actions.iter_mut().find(|keys| keys.action == action)
    }

    /// Gives an action these keys in that context alone; whoever had them there has them no longer.
    fn put(&mut self, context: KeyContext, action: Action, chords: &[Chord]) {
        for chord in chords {
            self.displace(context, *chord);
        }
        let Some(keys) = self.keys_mut(action) else { return };
        match context {
            KeyContext::Direct | KeyContext::Empty | KeyContext::Text => {
                let when = context.when().unwrap_or(When::Always);
                keys.direct.retain(|(_, other)| when != When::Always && *other != when);
                keys.direct.extend(chords.iter().map(|chord| (*chord, when)));
            }
            KeyContext::Leader => keys.leader = chords.to_vec(),
            KeyContext::List => keys.list = chords.to_vec(),
            KeyContext::Page => keys.page = chords.to_vec(),
        }
    }

    /// Takes a chord from whoever has it in that context; from who has it always, for that part of the time.
    fn displace(&mut self, context: KeyContext, chord: Chord) {
        for keys in &mut self.actions {
            match context {
                KeyContext::Direct | KeyContext::Empty | KeyContext::Text => {
                    let taken = context.when().unwrap_or(When::Always);
                    keys.direct.retain_mut(|(key, when)| {
                        let left = if *key == chord { without(*when, taken) } else { Some(*when) };
                        *when = left.unwrap_or(*when);
                        left.is_some()
                    });
                }
                KeyContext::Leader => keys.leader.retain(|key| *key != chord),
                KeyContext::List => keys.list.retain(|key| *key != chord),
                KeyContext::Page => keys.page.retain(|key| *key != chord),
            }
        }
    }
}

fn chord(written: &str) -> Result<Chord, KeyFault> {
    let shown: String = written.chars().filter(|shown| !shown.is_control()).take(40).collect();
    written.parse().map_err(|_| {
        fault(format!("`{shown}` is no key"), "for example: Ctrl+N, Alt+Shift+L, F2, Ctrl+PageDown, Space")
    })
}

/// Whether keys can be set for the action there: lists know what is about a session, pages what moves in them.
fn may_stand_in(context: KeyContext, action: Action) -> Result<(), KeyFault> {
    let is_about_session = action.row().is_some_and(|row| matches!(row.core, Some(CoreCommand::Session(..))))
        && !action.is_told_more();
    let (is_there, what) = match context {
        KeyContext::Direct | KeyContext::Empty | KeyContext::Text | KeyContext::Leader => (true, ""),
        KeyContext::List => {
            (is_about_session, "a list knows what is done to a session: close, rename, pin …")
        }
        KeyContext::Page => {
            let moves = matches!(action, Action::Scroll(_) | Action::Cancel);
            (moves, "a page knows line-up, line-down, page-up, page-down, top, end and cancel")
        }
    };
    if is_there { Ok(()) } else { Err(fault(format!("`{}` means nothing there", action.name()), what)) }
}

impl Action {
    /// Whether it does nothing to a session by itself: what is to become of that has to be told with it.
    const fn is_told_more(self) -> bool {
        matches!(
            self,
            Self::Tag
                | Self::Set
                | Self::Model
                | Self::Mode
                | Self::Undo
                | Self::Redo
                | Self::Fork
                | Self::Compact
                | Self::Reopen
                | Self::Restore
        )
    }
}
