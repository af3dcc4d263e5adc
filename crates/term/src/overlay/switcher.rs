//! The switcher: sessions in a list, with what they are doing and what was said last.

use q_core::mirror::Mirrored;
use q_core::{Command, Mirror, Presence, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::command::table::{self, Action};
use crate::keys::KeyCode::{Enter, Esc};
use crate::keys::{Chord, ctrl, key, plain};
use crate::layout::wrap::truncated;
use crate::overlay::hints::{Hint, does, footer, hint};
use crate::overlay::picker::Picker;
use crate::overlay::popup::Popup;
use crate::overlay::{Overlay, OverlayContext, Reaction, Rename};
use crate::sanitize;
use crate::signs::signs;
use crate::style::Palette;
use crate::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// Goes to the chosen session, or does the command that is typed.
    Accept,
    Rename,
    Close,
    /// Begins a command, as any other character does that is typed.
    Begin,
    Clear,
    Leave,
}

const ENTER: &[(Chord, Does)] = &[(key(Enter), Does::Accept)];
const GOES: Hint<Does> = hint(ENTER, "Enter", "goes there");
const RENAMES: Hint<Does> = hint(&[(ctrl('r'), Does::Rename)], "Ctrl+R", "renames");
const LEAVES: Hint<Does> = hint(&[(key(Esc), Does::Leave), (ctrl('c'), Does::Leave)], "Esc", "leaves");
const WHOLE: &[Hint<Does>] = &[
    GOES,
    RENAMES,
    hint(&[(ctrl('w'), Does::Close)], "Ctrl+W", "closes"),
    hint(&[(plain('/'), Does::Begin)], "/", "command"),
    LEAVES,
];
/// With text in the filter, Ctrl+W edits that as it does in any text.
const FILTERED: &[Hint<Does>] = &[GOES, RENAMES, LEAVES];
/// While a command is typed.
const TYPING: &[Hint<Does>] = &[
    hint(ENTER, "Enter", "does it"),
    hint(&[(key(Esc), Does::Clear), (ctrl('c'), Does::Clear)], "Esc", "clears it"),
];

#[derive(Debug)]
pub(crate) struct Switcher {
    picker: Picker,
}

impl Switcher {
    /// The list, with the session in view chosen.
    pub(crate) fn new(focus: Option<SessionId>, mirror: &Mirror) -> Self {
        let sessions = mirror.by_slot();
        let here = sessions.iter().position(|session| Some(session.summary.id) == focus);
        Self { picker: Picker::at(here.unwrap_or(0)) }
    }

    /// What begins with a slash is a command, which filters nothing.
    fn is_command(&self) -> bool {
        self.picker.filter.text().starts_with('/')
    }

    fn hints(&self) -> &'static [Hint<Does>] {
        match (self.is_command(), self.picker.filter.is_empty()) {
            (true, _) => TYPING,
            (false, true) => WHOLE,
            (false, false) => FILTERED,
        }
    }

    fn sessions<'a>(&self, mirror: &'a Mirror) -> Vec<&'a Mirrored> {
        matching(mirror, if self.is_command() { "" } else { self.picker.filter.text() })
    }
}

impl Overlay for Switcher {
    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        let sessions = self.sessions(context.mirror);
        let chosen = sessions.get(self.picker.chosen(sessions.len())).map(|session| &session.summary);
        match does(self.hints(), chord) {
            Some(Does::Leave) => return Reaction::Leave,
            Some(Does::Accept) if self.is_command() => return Reaction::Run(self.picker.filter.take()),
            Some(Does::Accept) => return chosen.map_or(Reaction::Stay, |session| Reaction::Show(session.id)),
            Some(Does::Rename) => {
                return chosen
                    .map_or(Reaction::Leave, |session| Reaction::Open(Box::new(Rename::of(session))));
            }
            Some(Does::Close) => {
                return chosen.map_or(Reaction::Stay, |session| {
                    Reaction::End(Command::Close { session: session.id, even_if_working: false })
                });
            }
            Some(Does::Clear) => {
                self.picker.filter.take();
                return Reaction::Stay;
            }
            Some(Does::Begin) | None => {}
        }
        match table::by_chord(chord, self.picker.filter.is_empty()) {
            Some(action @ (Action::Switch | Action::New)) => Reaction::Act(action),
            Some(Action::List) => Reaction::Leave,
            Some(_) | None => {
                self.picker.press(chord, sessions.len());
                Reaction::Stay
            }
        }
    }

    fn paste(&mut self, line: &str) {
        self.picker.filter.insert(line);
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let mirror = context.mirror;
        let height = mirror.len().max(1) as u16 + 1;
        let popup = Popup::of(screen, (screen.width.saturating_sub(4), height));
        let inner = popup.draw(buffer, " sessions ", &footer(self.hints()));
        let sessions = self.sessions(mirror);
        let columns = Columns::of(&sessions);
        let style = |session: &Mirrored| match session.summary.presence {
            Presence::Hibernated => Palette::dim(),
            Presence::Live | Presence::Closed | Presence::Trashed => Style::new(),
        };
        let rows: Vec<(String, Style)> =
            sessions.iter().map(|session| (line(context, session, columns), style(session))).collect();
        let empty = if mirror.is_empty() {
            "there is no session yet; /new creates one"
        } else {
            "no session fits; Esc leaves"
        };
        self.picker.draw(buffer, inner, &rows, empty)
    }
}

/// The sessions that a filter leaves: first those whose name or number it is part of, then those whose name has its
/// letters in order, then those whose kind, agent or last answer contain it; each by slot.
fn matching<'a>(mirror: &'a Mirror, filter: &str) -> Vec<&'a Mirrored> {
    let wanted = filter.trim().to_lowercase();
    let rank = |summary: &Summary| {
        let name = summary.name.folded();
        let mut letters = name.chars();
        let texts = [summary.kind.word(), &summary.agent, &summary.preview];
        if name.contains(&wanted) || summary.slot.to_string() == wanted {
            Some(0)
        } else if wanted.chars().all(|letter| letters.any(|other| other == letter)) {
            Some(1)
        } else {
            texts.iter().any(|text| text.to_lowercase().contains(&wanted)).then_some(2)
        }
    };
    let mut ranked: Vec<(u8, &Mirrored)> = mirror
        .by_slot()
        .into_iter()
        .filter_map(|session| rank(&session.summary).map(|rank| (rank, session)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, session)| session).collect()
}

/// Columns that are as wide as what stands in them.
#[derive(Clone, Copy, Debug)]
struct Columns {
    names: usize,
    states: usize,
    agents: usize,
}

impl Columns {
    /// Wider names are cut.
    const WIDEST: usize = 24;

    fn of(sessions: &[&Mirrored]) -> Self {
        let widest = |width: &dyn Fn(&Summary) -> usize| {
            sessions.iter().map(|session| width(&session.summary)).max().unwrap_or(0).min(Self::WIDEST)
        };
        Self {
            names: widest(&|summary| summary.name.as_str().width()),
            states: widest(&|summary| words::state(summary).width()),
            agents: widest(&|summary| words::agent(summary).width()),
        }
    }
}

/// `> 2 s3-plan    answered  +2  5m  guide  The plan has three …`
fn line(context: &OverlayContext<'_>, session: &Mirrored, columns: Columns) -> String {
    let Columns { names, states, agents } = columns;
    let summary = &session.summary;
    let here = if Some(summary.id) == context.focus { ">" } else { " " };
    let name = sanitize::visible_line(summary.name.as_str());
    let name = truncated(&name, names.max(1));
    let pad = " ".repeat(names.saturating_sub(name.width()));
    let signs: Vec<String> = signs(context.palette, summary).into_iter().map(|(sign, _)| sign).collect();
    let agent = words::agent(summary);
    let agent = truncated(&agent, agents.max(1));
    let agent_pad = " ".repeat(agents.saturating_sub(agent.width()));
    let state = words::state(summary);
    format!(
        "{here} {:>2} {name}{pad}  {state:<states$} {:<7} {:>4}  {agent}{agent_pad}  {}",
        summary.slot,
        signs.join(" "),
        words::age(context.now, summary.touched),
        words::last_word(summary),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::hints::assert_each_key_means_one_thing;

    #[test]
    fn each_key_means_one_thing() {
        [WHOLE, FILTERED, TYPING].into_iter().for_each(assert_each_key_means_one_thing);
    }
}
