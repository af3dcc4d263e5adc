//! The switcher: sessions in a list, with what they are doing and what was said last.

use q_core::mirror::Mirrored;
use q_core::{Mirror, Presence, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::command::Action;
use crate::command::table::CommandRow;
use crate::keymap::Keymap;
use crate::keys::{Chord, plain};
use crate::layout::wrap::truncated;
use crate::overlay::component::{Overlay, OverlayContext, Reaction};
use crate::overlay::hints::{
    ENTER, ESC_LEAVES, Hint, OverlayKey, TYPING, footer, footer_around, hint, meaning,
};
use crate::overlay::picker::Picker;
use crate::overlay::popup::Popup;
use crate::sanitize;
use crate::signs::signs;
use crate::style::Palette;
use crate::words;

const GOES: Hint = hint(ENTER, "Enter", "goes there");
const WHOLE: &[Hint] = &[GOES, hint(&[(plain('/'), OverlayKey::Begin)], "/", "command"), ESC_LEAVES];
const FILTERED: &[Hint] = &[GOES, ESC_LEAVES];

#[derive(Debug)]
pub(crate) struct Switcher {
    picker: Picker,
    /// Whose key leaves it again.
    opened_by: Action,
    /// Whose keys work as if it were not there.
    works: &'static [Action],
}

impl Switcher {
    /// The list, with the session in view chosen.
    pub(crate) fn new(
        focus: Option<SessionId>,
        mirror: &Mirror,
        opened_by: Action,
        works: &'static [Action],
    ) -> Self {
        let sessions = mirror.by_slot();
        let here = sessions.iter().position(|session| Some(session.summary.id) == focus);
        Self { picker: Picker::at(here.unwrap_or(0)), opened_by, works }
    }

    /// What begins with a slash is a command, which filters nothing.
    fn is_command(&self) -> bool {
        self.picker.filter.text().starts_with('/')
    }

    fn hints(&self) -> &'static [Hint] {
        match (self.is_command(), self.picker.filter.is_empty()) {
            (true, _) => TYPING,
            (false, true) => WHOLE,
            (false, false) => FILTERED,
        }
    }

    /// What stands beneath it: the keys of the list as they are set, between those that are always so.
    fn footer(&self, keymap: &Keymap) -> String {
        let (hints, filter) = (self.hints(), &self.picker.filter);
        if self.is_command() {
            return footer(hints);
        }
        let works = |key: &&Chord| keymap.in_list(**key, filter.is_empty()).is_some();
        // What is done more often stands in front: later in the table, since ends stand before changes there.
        let set = keymap.actions().iter().rev().filter_map(|keys| {
            let key = keys.list.iter().find(works)?;
            Some(format!("{key} {}", does(keys.action)))
        });
        footer_around(hints, set.collect())
    }

    fn sessions<'a>(&self, mirror: &'a Mirror) -> Vec<&'a Mirrored> {
        matching(mirror, if self.is_command() { "" } else { self.picker.filter.text() })
    }
}

impl Overlay for Switcher {
    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        let sessions = self.sessions(context.mirror);
        let chosen = sessions.get(self.picker.chosen(sessions.len())).map(|session| &session.summary);
        match meaning(self.hints(), chord) {
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Accept) if self.is_command() => return Reaction::Run(self.picker.filter.take()),
            Some(OverlayKey::Accept) => {
                return chosen.map_or(Reaction::Stay, |session| Reaction::Show(session.id));
            }
            Some(OverlayKey::Clear) => {
                self.picker.filter.take();
                return Reaction::Stay;
            }
            Some(OverlayKey::Begin | OverlayKey::Widen | OverlayKey::Scroll(_) | OverlayKey::Act) | None => {}
        }
        let in_list = context.keymap.in_list(chord, self.picker.filter.is_empty());
        if let Some(action) = in_list.filter(|_| !self.is_command()) {
            return match chosen {
                Some(session) => Reaction::ActOn(session.id, action),
                // The list has nothing that another name could be given to.
                None if action == Action::Rename => Reaction::Leave,
                None => Reaction::Stay,
            };
        }
        match context.keymap.by_chord(chord, self.picker.filter.is_empty()) {
            Some(action) if action == self.opened_by => Reaction::Leave,
            Some(action) if self.works.contains(&action) => Reaction::Act(action),
            Some(_) | None => {
                self.picker.press(context.keymap, chord, sessions.len());
                Reaction::Stay
            }
        }
    }

    fn click(&mut self, context: &OverlayContext<'_>, screen: Rect, at: Position) -> Reaction {
        let sessions = self.sessions(context.mirror);
        if !self.picker.choose_at(popup(context.mirror, screen).inner, sessions.len(), at) {
            return Reaction::Stay;
        }
        let chosen = sessions.get(self.picker.chosen(sessions.len()));
        chosen.map_or(Reaction::Stay, |session| Reaction::Show(session.summary.id))
    }

    fn paste(&mut self, line: &str) {
        self.picker.filter.insert(line);
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let mirror = context.mirror;
        let inner = popup(mirror, screen).draw(buffer, " sessions ", &self.footer(context.keymap));
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

/// What a key of the list does to what is chosen, in a word.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are said as the leader's hint says them")]
fn does(action: Action) -> &'static str {
    match action {
        Action::Rename => "renames",
        Action::Close => "closes",
        other => other.row().map_or("", |row: &CommandRow| row.word),
    }
}

/// Its box: a row for the filter, and one for each session.
fn popup(mirror: &Mirror, screen: Rect) -> Popup {
    let height = mirror.len().max(1) as u16 + 1;
    Popup::of(screen, (screen.width.saturating_sub(4), height))
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
