//! Something to read on top of the session, and beneath it a line for a command about it.

use std::fmt::Debug;

use q_core::SessionId;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::command::table::{self, Action, LEADER, ROWS};
use crate::editor::Editor;
use crate::keys::KeyCode::{Down, Enter, Esc, PageDown, PageUp, Up};
use crate::keys::{Chord, ctrl, key, plain};
use crate::layout::wrap::{self, Row};
use crate::overlay::hints::{Hint, does, footer, hint};
use crate::overlay::popup::Popup;
use crate::overlay::{Overlay, OverlayContext, Reaction, line};
use crate::sanitize;
use crate::style::Palette;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Up,
    Down,
    PageUp,
    PageDown,
    Begin,
    /// Does the command that is typed.
    Accept,
    Clear,
    Leave,
}

const SCROLLS: Hint<Does> = hint(
    &[
        (key(Up), Does::Up),
        (key(Down), Does::Down),
        (key(PageUp), Does::PageUp),
        (key(PageDown), Does::PageDown),
    ],
    "↑ ↓ PgUp PgDn",
    "scroll",
);
const COMMAND: Hint<Does> = hint(&[(plain('/'), Does::Begin)], "/", "begins a command");
const LEAVES: Hint<Does> = hint(&[(key(Esc), Does::Leave), (ctrl('c'), Does::Leave)], "Esc", "leaves");
const READING: &[Hint<Does>] = &[SCROLLS, COMMAND, LEAVES];
/// Where there is nothing to scroll, nothing is said of it.
const READING_ALL: &[Hint<Does>] = &[COMMAND, LEAVES];
const TYPING: &[Hint<Does>] = &[
    hint(&[(key(Enter), Does::Accept)], "Enter", "does it"),
    hint(&[(key(Esc), Does::Clear), (ctrl('c'), Does::Clear)], "Esc", "clears it"),
];

/// What a page shows. It follows what changes meanwhile.
pub(crate) trait Sheet: Debug {
    const TITLE: &'static str;

    /// The session it is about.
    fn session(&self) -> Option<SessionId> {
        None
    }

    /// Whether it shows the calls that wait for the person.
    fn shows_calls(&self) -> bool {
        false
    }

    /// Columns and rows it takes at most.
    fn room(&self, screen: Rect) -> (u16, u16) {
        (screen.width.saturating_sub(8).clamp(1, 100), screen.height.saturating_sub(4))
    }

    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row>;
}

/// Lines that wait for something, and the commands that are about them.
pub(super) fn waiting(
    mut lines: Vec<String>,
    commands: &[Action],
    last: Option<&str>,
    width: usize,
) -> Vec<Row> {
    if lines.is_empty() {
        lines.push("nothing waits here any more".to_owned());
    }
    let row = |action: &Action| ROWS.iter().find(|row| row.action == *action);
    let commands: Vec<String> = commands.iter().filter_map(row).map(table::CommandRow::command).collect();
    lines.extend([String::new(), commands.join(" · ")]);
    lines.extend(last.map(str::to_owned));
    lines.iter().flat_map(|line| wrap::plain(line, width, Style::new())).collect()
}

/// The page of a sheet.
#[derive(Debug)]
pub(crate) struct PageOverlay<S> {
    sheet: S,
    /// The command being typed.
    line: Editor,
    scroll: usize,
}

/// Where the parts of a page are.
struct Parts {
    popup: Popup,
    rows: Vec<Row>,
    /// What stands beneath its rows: room for the command being typed, or why the last one was refused.
    foot: Vec<Row>,
    /// Rows of the box for its text; the others are for what stands beneath.
    body: u16,
}

impl Parts {
    /// How far its text can be scrolled.
    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.body.into())
    }
}

impl<S: Sheet> PageOverlay<S> {
    pub(crate) fn new(sheet: S) -> Self {
        Self { sheet, line: Editor::default(), scroll: 0 }
    }

    fn hints(&self) -> &'static [Hint<Does>] {
        if self.line.is_empty() { READING } else { TYPING }
    }

    /// In a box no larger than it needs.
    fn parts(&self, context: &OverlayContext<'_>, screen: Rect) -> Parts {
        let (width, most) = self.sheet.room(screen);
        let rows = self.sheet.rows(context, width.into());
        let foot = match context.fault {
            _ if !self.line.is_empty() => vec![Row::default()],
            Some(fault) => wrap::plain(&sanitize::visible_line(fault), width.into(), context.palette.alarm()),
            None => Vec::new(),
        };
        let foot_height = (foot.len() as u16).min(most.saturating_sub(1));
        let height = (rows.len() as u16).min(most - foot_height);
        let popup = Popup::of(screen, (width, height + foot_height));
        let body = popup.inner.height - foot_height.min(popup.inner.height);
        Parts { popup, rows, foot, body }
    }

    /// A key that is not advertised. One that scrolls, scrolls; a command is typed; whatever else a key means, it leaves the
    /// page and is done: the page may be what told of it.
    fn press_other(&mut self, chord: Chord, page: usize) -> Reaction {
        match table::by_chord(chord, self.line.is_empty()) {
            Some(Action::HistoryUp | Action::LineUp) => self.scroll = self.scroll.saturating_sub(1),
            Some(Action::HistoryDown | Action::LineDown) => self.scroll += 1,
            Some(Action::PageUp) => self.scroll = self.scroll.saturating_sub(page),
            Some(Action::PageDown) => self.scroll += page,
            Some(Action::Top) => self.scroll = 0,
            Some(Action::End) => self.scroll = usize::MAX,
            Some(Action::Help | Action::Submit) => return Reaction::Leave,
            Some(Action::Edit(_) | Action::HistorySearch | Action::Cancel) => {
                line::press(&mut self.line, chord);
            }
            Some(other) => return Reaction::Act(other),
            None => match chord.typed() {
                Some('q') if self.line.is_empty() => return Reaction::Leave,
                Some(' ') if self.line.is_empty() => self.scroll += page,
                // Anything but a command would be lost with the page.
                Some(typed) if typed == '/' || !self.line.is_empty() => self.line.type_in(typed),
                Some(_) | None => {}
            },
        }
        Reaction::Stay
    }
}

impl<S: Sheet> Overlay for PageOverlay<S> {
    fn session(&self) -> Option<SessionId> {
        self.sheet.session()
    }

    fn shows_calls(&self) -> bool {
        self.sheet.shows_calls()
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        if chord == LEADER {
            return Reaction::Leader;
        }
        let page = context.rows.max(2) / 2;
        match does(self.hints(), chord) {
            Some(Does::Leave) => return Reaction::Leave,
            Some(Does::Accept) => {
                self.scroll = 0;
                return Reaction::Run(self.line.take());
            }
            Some(Does::Clear) => drop(self.line.take()),
            Some(Does::Up) => self.scroll = self.scroll.saturating_sub(1),
            Some(Does::Down) => self.scroll += 1,
            Some(Does::PageUp) => self.scroll = self.scroll.saturating_sub(page),
            Some(Does::PageDown) => self.scroll += page,
            Some(Does::Begin) | None => return self.press_other(chord, page),
        }
        Reaction::Stay
    }

    fn paste(&mut self, line: &str) {
        if !self.line.is_empty() || line.starts_with('/') {
            self.line.insert(line);
        }
    }

    /// It is scrolled no further than its text goes.
    fn lay_out(&mut self, context: &OverlayContext<'_>, screen: Rect) {
        self.scroll = self.scroll.min(self.parts(context, screen).last());
    }

    fn draw(&self, buffer: &mut Buffer, screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let parts = self.parts(context, screen);
        let hints = match (self.line.is_empty(), parts.last()) {
            (false, _) => TYPING,
            (true, 0) => READING_ALL,
            (true, _) => READING,
        };
        let inner = parts.popup.draw(buffer, S::TITLE, &footer(hints));
        let beneath = inner.top() + parts.body;
        for (y, row) in (inner.top()..beneath).zip(parts.rows.iter().skip(self.scroll)) {
            buffer.set_line(inner.x, y, row, inner.width);
        }
        for (y, row) in (beneath..inner.bottom()).zip(&parts.foot) {
            buffer.set_line(inner.x, y, row, inner.width);
        }
        if self.line.is_empty() || beneath == inner.bottom() {
            return None;
        }
        let place = Rect { y: beneath, height: 1, ..inner };
        line::draw(buffer, place, ("> ", Palette::strong()), &self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::hints::assert_each_key_means_one_thing;

    #[test]
    fn each_key_means_one_thing() {
        [READING, READING_ALL, TYPING].into_iter().for_each(assert_each_key_means_one_thing);
    }
}
