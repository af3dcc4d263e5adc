//! The switcher: sessions in a list, with what they are doing and what was said last.

use std::cmp::Reverse;

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
use crate::overlay::session_filter::SessionFilter;
use crate::overlay::session_preview::SessionPreview;
use crate::sanitize;
use crate::signs::signs;
use crate::style::Palette;
use crate::words;

/// What can be typed, where nothing is.
const FILTERS: &str = "a name, is:waiting, kind:debug, #tag";
/// The least columns of the list and of a preview beside it, and what is between them.
const LIST: u16 = 52;
const PREVIEW: u16 = 50;
const GAP: u16 = 3;
/// Rows from which on there is room for a preview.
const TALL: u16 = 16;

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
    laid_out: LaidOut,
    preview: SessionPreview,
}

/// The list as it was last laid out.
#[derive(Debug, Default)]
struct LaidOut {
    popup: Popup,
    list: Rect,
    /// What the filter leaves, in its order.
    listed: Vec<SessionId>,
    has_preview: bool,
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
        let picker = Picker::at(here.unwrap_or(0));
        Self { picker, opened_by, works, laid_out: LaidOut::default(), preview: SessionPreview::default() }
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

    fn click(&mut self, context: &OverlayContext<'_>, _screen: Rect, at: Position) -> Reaction {
        let sessions = self.sessions(context.mirror);
        if !self.picker.choose_at(self.laid_out.list, sessions.len(), at) {
            return Reaction::Stay;
        }
        let chosen = sessions.get(self.picker.chosen(sessions.len()));
        chosen.map_or(Reaction::Stay, |session| Reaction::Show(session.summary.id))
    }

    fn paste(&mut self, line: &str) {
        self.picker.filter.insert(line);
    }

    /// What is listed, and where, is decided once for each frame: with many sessions that is what takes time.
    fn lay_out(&mut self, context: &OverlayContext<'_>, screen: Rect) {
        let sessions = self.sessions(context.mirror);
        let listed: Vec<SessionId> = sessions.iter().map(|session| session.summary.id).collect();
        let columns = screen.width.saturating_sub(4);
        let has_preview = columns >= LIST + PREVIEW && screen.height >= TALL;
        let most = context.mirror.len().saturating_add(1).min(usize::from(u16::MAX)) as u16;
        let rows = if has_preview { most.max(TALL) } else { most.max(2) };
        let popup = Popup::of(screen, (columns, rows));
        let width = if has_preview { (popup.inner.width / 2).max(LIST) } else { popup.inner.width };
        let list = Rect { width, ..popup.inner };
        let chosen = sessions.get(self.picker.chosen(sessions.len()));
        if has_preview && let Some(session) = chosen {
            let x = list.right() + GAP;
            let place = Rect { x, width: popup.inner.right().saturating_sub(x), ..popup.inner };
            self.preview.lay_out(session, context, place);
        }
        self.laid_out = LaidOut { popup, list, listed, has_preview };
    }

    fn draw(&self, buffer: &mut Buffer, _screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let mirror = context.mirror;
        let LaidOut { popup, list, listed, has_preview } = &self.laid_out;
        popup.draw(buffer, " sessions ", &self.footer(context.keymap));
        let at = |place: usize| listed.get(place).and_then(|id| mirror.get(*id));
        let in_sight = self.picker.in_sight(listed.len(), usize::from(list.height.saturating_sub(1)));
        let columns = Columns::of(&in_sight.filter_map(at).collect::<Vec<_>>(), list.width, *has_preview);
        let row = |place: usize| {
            at(place).map_or_else(Default::default, |session| {
                let style = match session.summary.presence {
                    Presence::Hibernated => Palette::dim(),
                    Presence::Live | Presence::Closed | Presence::Trashed => Style::new(),
                };
                (line(context, session, columns), style)
            })
        };
        let empty = if mirror.is_empty() {
            "there is no session yet; /new creates one"
        } else {
            "no session fits; Esc leaves"
        };
        let cursor = self.picker.draw(buffer, *list, listed.len(), row, empty);
        if let Some(cursor) = cursor.filter(|_| self.picker.filter.is_empty()) {
            let x = cursor.x.saturating_add(1);
            let room = usize::from(list.right().saturating_sub(x));
            buffer.set_stringn(x, cursor.y, truncated(FILTERS, room), room, Palette::dim());
        }
        if let Some(session) = at(self.picker.chosen(listed.len())).filter(|_| *has_preview) {
            for y in list.top()..list.bottom() {
                buffer.set_stringn(list.right() + 1, y, "│", 1, Palette::dim());
            }
            self.preview.draw(buffer, session, context.palette);
        }
        cursor
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

/// The sessions that a filter leaves, what fits it best first; of what fits alike by slot.
fn matching<'a>(mirror: &'a Mirror, filter: &str) -> Vec<&'a Mirrored> {
    let filter = SessionFilter::of(filter);
    let mut scored: Vec<(Reverse<u32>, &Mirrored)> = mirror
        .by_slot()
        .into_iter()
        .filter_map(|session| {
            let is_said = |word: &str| says(session, word);
            Some((Reverse(filter.score(&session.summary, is_said)?), session))
        })
        .collect();
    scored.sort_by_key(|(score, _)| *score);
    scored.into_iter().map(|(_, session)| session).collect()
}

/// Whether a word, in lower case, stands in what is at hand of the conversation: that is bounded, and of few sessions.
fn says(session: &Mirrored, word: &str) -> bool {
    session.entries.iter().any(|entry| entry.text().to_lowercase().contains(word))
}

/// Columns that are as wide as what stands in them.
#[derive(Clone, Copy, Debug)]
struct Columns {
    names: usize,
    states: usize,
    agents: usize,
    /// Whether its agent stands beside the list.
    is_short: bool,
}

impl Columns {
    /// Wider names are cut.
    const WIDEST: usize = 24;

    /// For a list of that width: names have a third of it at most, since what a session does matters more.
    fn of(sessions: &[&Mirrored], width: u16, is_short: bool) -> Self {
        let most = Self::WIDEST.min(usize::from(width / 3));
        let widest = |width: &dyn Fn(&Summary) -> usize| {
            sessions.iter().map(|session| width(&session.summary)).max().unwrap_or(0).min(most)
        };
        Self {
            names: widest(&|summary| summary.name.as_str().width()),
            states: widest(&|summary| words::state(summary).width()),
            agents: widest(&|summary| words::agent(summary).width()),
            is_short,
        }
    }
}

/// `* 2 s3-plan    answered  +2  5m  guide  The plan has three …`
fn line(context: &OverlayContext<'_>, session: &Mirrored, columns: Columns) -> String {
    let Columns { names, states, agents, is_short } = columns;
    let summary = &session.summary;
    let here = if Some(summary.id) == context.focus { "*" } else { " " };
    let name = sanitize::visible_line(summary.name.as_str());
    let name = truncated(&name, names.max(1));
    let pad = " ".repeat(names.saturating_sub(name.width()));
    let signs: Vec<String> = signs(context.palette, summary).into_iter().map(|(sign, _)| sign).collect();
    let state = words::state(summary);
    let age = words::age(context.now, summary.touched);
    let known =
        format!("{here} {:>2} {name}{pad}  {state:<states$} {:<7} {age:>4}", summary.slot, signs.join(" "));
    if is_short {
        return format!("{known}  {}", words::last_word(summary));
    }
    let agent = words::agent(summary);
    let agent = truncated(&agent, agents.max(1));
    let agent_pad = " ".repeat(agents.saturating_sub(agent.width()));
    format!("{known}  {agent}{agent_pad}  {}", words::last_word(summary))
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
