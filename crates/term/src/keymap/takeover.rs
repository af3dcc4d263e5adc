//! Keys that a person gives to one action and that another one had: they count as they are written, and whoever lost one without
//! having been thought of is named, so that nobody looks for a key that does something else now.

use crate::command::Action;
use crate::command::table::When;
use crate::keymap::setting::without;
use crate::keymap::{ActionKeys, KeyContext, KeyFault, Keymap};
use crate::keys::Chord;

/// One chord that changed hands.
#[derive(Debug)]
struct Takeover {
    line: usize,
    context: KeyContext,
    chord: Chord,
    by: Action,
    from: Vec<Action>,
    /// What still does what the first of them did, where that is known better than from its keys.
    still: Option<String>,
}

/// All of them in one file, with the actions that stand in it: whoever writes of an action has thought of it.
#[derive(Debug, Default)]
pub(super) struct Takeovers {
    /// How many lines were begun.
    lines: usize,
    all: Vec<Takeover>,
    written: Vec<(KeyContext, Action)>,
}

impl Takeovers {
    /// Another line of the file is being set, whether or not it can be.
    pub(super) const fn begin_line(&mut self) {
        self.lines += 1;
    }

    /// Notes who has those chords there, before they are that action's.
    pub(super) fn note(&mut self, keymap: &Keymap, context: KeyContext, by: Action, chords: &[Chord]) {
        self.written.push((context, by));
        for chord in chords {
            let loses = |keys: &&ActionKeys| keys.action != by && loses(keys, context, *chord);
            let from: Vec<Action> = keymap.actions().iter().filter(loses).map(|keys| keys.action).collect();
            if !from.is_empty() {
                let line = self.lines.saturating_sub(1);
                self.all.push(Takeover { line, context, chord: *chord, by, from, still: None });
            }
        }
    }

    /// Says of an action that lost its last key what does it all the same; whether it lost one here.
    pub(super) fn explain(&mut self, action: Action, still: &str) -> bool {
        let lost = self.all.iter_mut().find(|takeover| takeover.from.first() == Some(&action));
        lost.map(|takeover| takeover.still = Some(still.to_owned())).is_some()
    }

    /// What is told of them, for the keys in force: each with both actions and what to write.
    pub(super) fn faults(&self, keymap: &Keymap) -> Vec<KeyFault> {
        self.all.iter().filter_map(|takeover| self.fault(takeover, keymap)).collect()
    }

    fn fault(&self, takeover: &Takeover, keymap: &Keymap) -> Option<KeyFault> {
        let is_written = |action: &&Action| {
            let is_it = |(context, other): &(KeyContext, Action)| {
                other == *action && is_same_place(*context, takeover.context)
            };
            takeover.still.is_none() && self.written.iter().any(is_it)
        };
        let lost: Vec<Action> = takeover.from.iter().filter(|action| !is_written(action)).copied().collect();
        let first = lost.first()?;
        let names: Vec<String> = lost.iter().map(|action| format!("`{}`", action.name())).collect();
        let why = format!("`{}` takes {} from {}", takeover.by.name(), takeover.chord, names.join(" and "));
        let name = first.name();
        let way_out = match (&takeover.still, keymap.press(*first, false)) {
            (Some(still), _) => format!("{still}; or give `{name}` another key"),
            (None, key) => {
                let left =
                    if key.ends_with("(no key)") { String::new() } else { format!("; {key} still does it") };
                format!("give `{name}` another key, or write {name} = \"none\" if it needs none{left}")
            }
        };
        Some(KeyFault { why, way_out, line: Some(takeover.line) })
    }
}

/// Whether an action has a chord there that it would be missed by. A key that edits is missed by nobody on an empty prompt.
fn loses(keys: &ActionKeys, context: KeyContext, chord: Chord) -> bool {
    match context {
        KeyContext::Direct | KeyContext::Empty | KeyContext::Text => {
            let taken = context.when().unwrap_or(When::Always);
            let edits = keys.action.edits().is_some() && taken == When::Empty;
            let overlaps = |when: When| without(when, taken) != Some(when);
            !edits && keys.direct.iter().any(|(key, when)| *key == chord && overlaps(*when))
        }
        KeyContext::Leader => keys.leader.contains(&chord),
        KeyContext::List => keys.list.contains(&chord),
        KeyContext::Page => keys.page.contains(&chord),
    }
}

/// Whether both are at the prompt, or both behind the leader, in a list, in a page.
fn is_same_place(one: KeyContext, other: KeyContext) -> bool {
    one == other || one.when().is_some() && other.when().is_some()
}
