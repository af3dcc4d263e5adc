//! Earlier prompts, searched: those sent from this session, or those of all sessions at hand.

use std::collections::BTreeSet;

use q_core::{Body, Mirror};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::keys::{Chord, ctrl};
use crate::overlay::component::{Overlay, OverlayContext, Reaction};
use crate::overlay::hints::{ENTER, ESC_LEAVES, Hint, OverlayKey, footer, hint, meaning};
use crate::overlay::picker::Picker;
use crate::overlay::popup::Popup;
use crate::quoted;
use crate::sanitize;

const TAKES: Hint = hint(ENTER, "Enter", "takes it");
const WIDENS: &[(Chord, OverlayKey)] = &[(ctrl('r'), OverlayKey::Widen)];
const HERE: &[Hint] = &[TAKES, hint(WIDENS, "Ctrl+R", "all sessions"), ESC_LEAVES];
const EVERYWHERE: &[Hint] = &[TAKES, hint(WIDENS, "Ctrl+R", "this session"), ESC_LEAVES];
/// A prompt that was sent before.
#[derive(Debug)]
struct SentPrompt {
    /// As it is shown: in one row, behind the name of its session where there are several.
    shown: String,
    /// That in lower case, without the name: who looks for words means those that were sent.
    folded: String,
    text: String,
}

/// So much of a prompt is looked at and shown, in bytes; and a longer text is no filter.
const LOOKED_AT: usize = 4 << 10;
const LONGEST_FILTER: usize = 200;

impl SentPrompt {
    fn new(session: Option<&str>, text: String) -> Self {
        let beginning = text.get(..text.floor_char_boundary(LOOKED_AT)).unwrap_or_default();
        let line = beginning.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = sanitize::visible_line(&line);
        let shown = session.map_or_else(|| line.to_string(), |name| format!("[{name}] {line}"));
        Self { folded: line.to_lowercase(), shown, text }
    }
}

#[derive(Debug)]
pub(crate) struct HistorySearch {
    picker: Picker,
    /// The newest first, here and below.
    here: Vec<SentPrompt>,
    /// Those of all sessions, once they are looked through.
    everywhere: Option<Vec<SentPrompt>>,
    is_wide: bool,
}

impl HistorySearch {
    /// Over these, the newest first, for what is typed already where that could be looked for.
    pub(crate) fn new<'a>(here: impl Iterator<Item = &'a str>, typed: &str) -> Self {
        let mut seen = BTreeSet::new();
        let here = here.filter(|text| seen.insert(*text));
        let here = here.map(|text| SentPrompt::new(None, text.to_owned())).collect();
        let mut picker = Picker::at(0);
        if typed.len() <= LONGEST_FILTER && !typed.contains('\n') {
            picker.filter.set(typed.trim());
        }
        Self { picker, here, everywhere: None, is_wide: false }
    }

    const fn hints(&self) -> &'static [Hint] {
        if self.is_wide { EVERYWHERE } else { HERE }
    }

    /// Those that the filter leaves: first those that contain it, then those that contain its words.
    fn fitting(&self) -> Vec<&SentPrompt> {
        let all = self.everywhere.as_deref().filter(|_| self.is_wide).unwrap_or(&self.here);
        let wanted = self.picker.filter.text().trim().to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let (whole, apart): (Vec<_>, Vec<_>) = all
            .iter()
            .filter(|prompt| words.iter().all(|word| prompt.folded.contains(word)))
            .partition(|prompt| prompt.folded.contains(&wanted));
        [whole, apart].concat()
    }
}

/// The most prompts of all sessions.
const MOST: usize = 2_000;

/// All prompts at hand, the newest first; of several with the same text the newest.
fn everywhere(mirror: &Mirror) -> Vec<SentPrompt> {
    let sessions = mirror.by_slot();
    let mut all: Vec<_> = sessions
        .iter()
        .flat_map(|session| session.entries.iter().map(|entry| (session.summary.name.as_str(), entry)))
        .filter_map(|(name, entry)| {
            let Body::Prompt(prompt) = &entry.body else { return None };
            Some((entry.at, entry.no, name, quoted::split(&prompt.text).0))
        })
        .collect();
    all.sort_by_key(|(at, no, _, _)| std::cmp::Reverse((*at, *no)));
    let mut seen = BTreeSet::new();
    all.retain(|(_, _, _, text)| !text.trim().is_empty() && seen.insert(*text));
    all.truncate(MOST);
    all.into_iter().map(|(_, _, name, text)| SentPrompt::new(Some(name), text.to_owned())).collect()
}

impl Overlay for HistorySearch {
    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        let fitting = self.fitting();
        let count = fitting.len();
        match meaning(self.hints(), chord) {
            Some(OverlayKey::Accept) => {
                let chosen = fitting.get(self.picker.chosen(count));
                return chosen.map_or(Reaction::Stay, |prompt| Reaction::Put(prompt.text.clone()));
            }
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Widen) => {
                self.is_wide = !self.is_wide;
                self.everywhere.get_or_insert_with(|| everywhere(context.mirror));
                self.picker.choose_first();
            }
            Some(
                OverlayKey::Begin
                | OverlayKey::Choose(_)
                | OverlayKey::Clear
                | OverlayKey::Act
                | OverlayKey::Scroll(_),
            )
            | None => {
                self.picker.press(context.keymap, chord, count);
            }
        }
        Reaction::Stay
    }

    fn paste(&mut self, line: &str) {
        self.picker.filter.insert(line);
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, _context: &OverlayContext<'_>) -> Option<Position> {
        let fitting = self.fitting();
        let all = self.everywhere.as_ref().filter(|_| self.is_wide).unwrap_or(&self.here);
        let height = (all.len().max(1) as u16).saturating_add(1).min(screen.height / 3 * 2);
        let title = if self.is_wide { " prompts of all sessions " } else { " prompts sent before " };
        let popup = Popup::of(screen, (screen.width.saturating_sub(4), height));
        let inner = popup.draw(buffer, title, &footer(self.hints()));
        let row = |place: usize| {
            (fitting.get(place).map_or_else(String::new, |prompt| prompt.shown.clone()), Style::new())
        };
        self.picker.draw(buffer, inner, fitting.len(), row, "no prompt fits; Ctrl+R looks elsewhere")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::hints::assert_each_key_means_one_thing;

    #[test]
    fn each_key_means_one_thing() {
        [HERE, EVERYWHERE].into_iter().for_each(assert_each_key_means_one_thing);
    }

    #[test]
    fn what_contains_the_filter_goes_before_what_contains_its_words() {
        let sent = ["the parser, fix it", "fix the parser", "why?", "Fix the lexer", "fix the parser"];
        for (typed, fitting) in [
            ("", &["the parser, fix it", "fix the parser", "why?", "Fix the lexer"] as &[&str]),
            ("fix the", &["fix the parser", "Fix the lexer", "the parser, fix it"]),
            ("parser fix", &["the parser, fix it", "fix the parser"]),
            ("nothing", &[]),
        ] {
            let search = HistorySearch::new(sent.into_iter(), typed);
            let found: Vec<&str> = search.fitting().iter().map(|prompt| prompt.text.as_str()).collect();
            assert_eq!(found, fitting, "{typed}");
        }
        assert!(HistorySearch::new(sent.into_iter(), "two\nlines").picker.filter.is_empty());
    }
}
