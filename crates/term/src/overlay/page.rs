//! Something to read on top of the session, and beneath it a line for a command about it.

use std::fmt::Debug;

use q_core::SessionId;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::command::table::CommandRow;
use crate::command::{self, Action, ScrollStep, UserCommand};
use crate::editor::Editor;
use crate::keymap::Keymap;
use crate::keys::KeyCode::{Down, PageDown, PageUp, Up};
use crate::keys::{Chord, key, plain};
use crate::layout::wrap::{self, Row};
use crate::overlay::component::{Overlay, OverlayContext, OverlaySubject, Reaction};
use crate::overlay::hints::{Hint, OverlayKey, READ_LEAVES, TYPING, footer, hint, meaning};
use crate::overlay::line;
use crate::overlay::popup::Popup;
use crate::style::Palette;

const SCROLLS: Hint = hint(
    &[
        (key(Up), OverlayKey::Scroll(ScrollStep::LineUp)),
        (key(Down), OverlayKey::Scroll(ScrollStep::LineDown)),
        (key(PageUp), OverlayKey::Scroll(ScrollStep::PageUp)),
        (key(PageDown), OverlayKey::Scroll(ScrollStep::PageDown)),
    ],
    "↑ ↓ PgUp PgDn",
    "scroll",
);
const COMMAND: Hint = hint(&[(plain('/'), OverlayKey::Begin)], "/", "begins a command");
const READING: &[Hint] = &[SCROLLS, COMMAND, READ_LEAVES];
/// Where what is read waits for a yes, which counts once its end was on the screen.
const READING_CALL: &[Hint] = &[SCROLLS, hint(&[], "read to the end,", "then y or n"), READ_LEAVES];
/// Where there is nothing to scroll, nothing is said of it.
const READING_ALL: &[Hint] = &[COMMAND, READ_LEAVES];

/// What a page shows. It follows what changes meanwhile.
pub(crate) trait Sheet: Debug {
    /// What a yes does to which session, where it is a question.
    fn on_yes(&self) -> Option<(UserCommand, SessionId)> {
        None
    }

    /// Columns and rows it takes at most.
    fn room(&self, screen: Rect) -> (u16, u16) {
        (screen.width.saturating_sub(8).clamp(1, 100), screen.height.saturating_sub(4))
    }

    fn rows(&self, context: &OverlayContext<'_>, width: usize) -> Vec<Row>;
}

/// Lines that somebody else made.
impl Sheet for Vec<String> {
    fn rows(&self, _context: &OverlayContext<'_>, width: usize) -> Vec<Row> {
        wrap::exact(&self.join("\n"), width, Style::new())
    }
}

/// Lines that wait for something, and the commands that are about them.
pub(super) fn waiting(mut lines: Vec<String>, commands: &[Action], width: usize) -> Vec<Row> {
    if lines.is_empty() {
        lines.push("nothing waits here any more".to_owned());
    }
    let rows = commands.iter().filter_map(|action| action.row());
    let commands: Vec<String> = rows.map(CommandRow::command).collect();
    let beneath = [String::new(), commands.join(" · ")];
    let mut rows: Vec<Row> = lines.iter().flat_map(|line| wrap::exact(line, width, Style::new())).collect();
    rows.extend(beneath.iter().flat_map(|line| wrap::plain(line, width, Style::new())));
    rows
}

/// The page of a sheet.
#[derive(Debug)]
pub(crate) struct PageOverlay<S> {
    title: &'static str,
    /// A word that answers the one call that it is about begins a line as a command does.
    subject: OverlaySubject,
    sheet: S,
    /// The command being typed.
    line: Editor,
    scroll: usize,
    /// Whose key leaves it.
    left_by: Action,
    /// As it was last laid out: a frame draws what was decided for it.
    parts: Parts,
}

/// Where the parts of a page are.
#[derive(Debug, Default)]
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
    pub(crate) fn new(title: &'static str, subject: OverlaySubject, sheet: S, left_by: Action) -> Self {
        let (line, parts) = (Editor::default(), Parts::default());
        Self { title, subject, sheet, line, scroll: 0, left_by, parts }
    }

    fn hints(&self) -> &'static [Hint] {
        if self.line.is_empty() { READING } else { TYPING }
    }

    /// In a box no larger than it needs.
    fn measured(&self, context: &OverlayContext<'_>, screen: Rect) -> Parts {
        let (width, most) = self.sheet.room(screen);
        let rows = self.sheet.rows(context, width.into());
        let foot = line::foot(&self.line, context, width.into());
        let foot_height = (foot.len() as u16).min(most.saturating_sub(1));
        let height = (rows.len() as u16).min(most - foot_height);
        let popup = Popup::of(screen, (width, height + foot_height));
        let body = popup.inner.height - foot_height.min(popup.inner.height);
        Parts { popup, rows, foot, body }
    }

    /// Whether it is only read: no letter can be meant for a question in it.
    fn asks_nothing(&self) -> bool {
        match self.subject {
            OverlaySubject::Nothing | OverlaySubject::Session(_) => self.sheet.on_yes().is_none(),
            OverlaySubject::Inbox(_) | OverlaySubject::Call(_) => false,
        }
    }

    const fn scroll(&mut self, step: ScrollStep, page: usize) {
        self.scroll = step.from(self.scroll, page);
    }

    /// A key that is not advertised. One that scrolls, scrolls; a command is typed; whatever else a key means, it leaves the
    /// page and is done: the page may be what told of it.
    fn press_other(&mut self, keymap: &Keymap, chord: Chord, page: usize) -> Reaction {
        let is_typed = chord.typed().is_some() && (!self.line.is_empty() || !self.asks_nothing());
        match keymap.in_page(chord).filter(|_| !is_typed) {
            Some(Action::Cancel) => return Reaction::Leave,
            Some(action) => {
                action.moves().into_iter().for_each(|step| self.scroll(step, page));
                return Reaction::Stay;
            }
            None => {}
        }
        match keymap.by_chord(chord, self.line.is_empty()) {
            Some(action) if action == self.left_by => return Reaction::Leave,
            Some(action) => {
                if let Some(step) = action.moves() {
                    self.scroll(step, page);
                } else if action.is_about_text() {
                    line::press(&mut self.line, keymap, chord);
                } else {
                    return Reaction::Act(action);
                }
            }
            None => match chord.typed() {
                Some('q') if self.line.is_empty() => return Reaction::Leave,
                Some('y') if self.line.is_empty() && self.sheet.on_yes().is_some() => {
                    if let Some((command, session)) = self.sheet.on_yes() {
                        return Reaction::Send(command, session);
                    }
                }
                Some(' ') if self.line.is_empty() => self.scroll(ScrollStep::PageDown, page),
                // Here a command is typed; a prompt, or a line for the shell, has its place beneath.
                Some(typed) if typed == '/' || !self.line.is_empty() => self.line.type_in(typed),
                Some(typed) if self.subject.is_answered() && command::begins_answer(typed) => {
                    self.line.type_in(typed);
                }
                Some(_) if self.asks_nothing() => return Reaction::Type,
                Some(_) | None => {}
            },
        }
        Reaction::Stay
    }
}

impl<S: Sheet> Overlay for PageOverlay<S> {
    fn subject(&self) -> OverlaySubject {
        self.subject
    }

    fn has_line(&self) -> bool {
        !self.line.is_empty()
    }

    fn is_at_end(&self) -> bool {
        self.parts.body > 0 && self.scroll >= self.parts.last()
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        if chord == context.keymap.leader() {
            return Reaction::Leader;
        }
        let page = context.rows.max(2) / 2;
        match meaning(self.hints(), chord) {
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Accept) => {
                self.scroll = 0;
                return Reaction::Run(self.line.take());
            }
            Some(OverlayKey::Clear) => drop(self.line.take()),
            Some(OverlayKey::Scroll(step)) => self.scroll(step, page),
            Some(OverlayKey::Begin | OverlayKey::Choose(_) | OverlayKey::Widen | OverlayKey::Act) | None => {
                return self.press_other(context.keymap, chord, page);
            }
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
        self.parts = self.measured(context, screen);
        self.scroll = self.scroll.min(self.parts.last());
    }

    fn draw(&self, buffer: &mut Buffer, _screen: Rect, _context: &OverlayContext<'_>) -> Option<Position> {
        let parts = &self.parts;
        let hints = match (self.line.is_empty(), parts.last()) {
            (false, _) => TYPING,
            (true, 0) => READING_ALL,
            (true, _) if matches!(self.subject, OverlaySubject::Call(_)) && !self.is_at_end() => READING_CALL,
            (true, _) => READING,
        };
        let inner = parts.popup.draw(buffer, self.title, &footer(hints));
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
