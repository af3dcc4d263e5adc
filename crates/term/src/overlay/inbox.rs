//! The inbox: all that needs the person, over all sessions, and of one of these everything, answered where it stands.
//!
//! What is chosen stays what it is, however the list moves: an answer is for what stood beneath the list, by itself and long
//! enough to be read, before the first key of the line. What of that is decided stands in `crate::inbox`, for here as for
//! the prompt.

use q_core::{Mirror, Wants};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::command::{self, Action, ScrollStep};
use crate::editor::Editor;
use crate::inbox::WaitingItem;
use crate::keys::KeyCode::{Down, End, Home, PageDown, PageUp, Tab, Up};
use crate::keys::{Chord, key, plain};
use crate::layout::wrap::{self, Row, truncated};
use crate::overlay::component::{Overlay, OverlayContext, OverlaySubject, Reaction};
use crate::overlay::hints::{ENTER, ESC_LEAVES, Hint, OverlayKey, TYPING, footer, hint, meaning};
use crate::overlay::popup::Popup;
use crate::overlay::session_preview::SessionPreview;
use crate::overlay::{call, line};
use crate::sanitize;
use crate::style::Palette;
use crate::words;

/// Columns that a text is read in at most.
const WIDEST: u16 = 100;
/// Rows in all at most: higher than that it is no easier to read.
const TALLEST: u16 = 32;
/// Rows of the list at most: what is chosen matters more.
const LISTED: u16 = 8;
/// Columns of a name in the list.
const NAMES: usize = 24;

const CHOOSES: Hint = hint(
    &[
        (key(Up), OverlayKey::Choose(false)),
        (key(Down), OverlayKey::Choose(true)),
        (key(Tab).shift(), OverlayKey::Choose(false)),
        (key(Tab), OverlayKey::Choose(true)),
    ],
    "↑ ↓",
    "others",
);
const SCROLLS: Hint = hint(
    &[
        (key(PageUp), OverlayKey::Scroll(ScrollStep::PageUp)),
        (key(PageDown), OverlayKey::Scroll(ScrollStep::PageDown)),
        (key(Home), OverlayKey::Scroll(ScrollStep::Top)),
        (key(End), OverlayKey::Scroll(ScrollStep::End)),
    ],
    "PgUp PgDn",
    "scroll",
);
const GOES: Hint = hint(ENTER, "Enter", "goes there");
const KNOWN: Hint = hint(&[(plain('d'), OverlayKey::Act)], "d", "done with it");
const COMMAND: Hint = hint(&[(plain('/'), OverlayKey::Begin)], "/", "command");

const CALL: &[Hint] = &[hint(&[], "y a n", "answer"), CHOOSES, GOES, ESC_LEAVES, SCROLLS, COMMAND];
const UNREAD_CALL: &[Hint] =
    &[hint(&[], "PgDn", "to its end, then y or n"), CHOOSES, GOES, ESC_LEAVES, SCROLLS, COMMAND];
const QUESTION: &[Hint] = &[hint(&[], "type", "the answer"), CHOOSES, GOES, ESC_LEAVES, SCROLLS, COMMAND];
const NEWS: &[Hint] = &[KNOWN, CHOOSES, GOES, ESC_LEAVES, COMMAND];
const NOTHING: &[Hint] = &[super::hints::READ_LEAVES];

/// The list of what waits, and what of it is shown whole.
#[derive(Debug, Default)]
pub(crate) struct InboxOverlay {
    /// What is shown whole: it stays so while a line is typed about it.
    chosen: Option<WaitingItem>,
    /// The answer or command being typed.
    line: Editor,
    scroll: usize,
    parts: Parts,
    /// The rows of a call, which never change while it waits, and what they were made for.
    rows: Vec<Row>,
    made_for: Option<(WaitingItem, usize)>,
    preview: SessionPreview,
}

/// The inbox as it was last laid out.
#[derive(Debug, Default)]
struct Parts {
    popup: Popup,
    items: Vec<WaitingItem>,
    /// Where the list stands, and the first of it in sight.
    list: Rect,
    first: usize,
    detail: Rect,
    foot: Vec<Row>,
    /// What the one that is chosen wants, where it is a call that still waits.
    wants: Option<Wants>,
}

impl Parts {
    fn place(&self, item: Option<WaitingItem>) -> Option<usize> {
        self.items.iter().position(|other| Some(*other) == item)
    }
}

impl InboxOverlay {
    fn is_news(&self) -> bool {
        matches!(self.chosen, Some(WaitingItem::News(_)))
    }

    fn hints(&self) -> &'static [Hint] {
        match (self.line.is_empty(), self.chosen, self.parts.wants) {
            (false, ..) => TYPING,
            (true, None, _) => NOTHING,
            (true, Some(WaitingItem::News(_)), _) => NEWS,
            (true, Some(WaitingItem::Call(_)), Some(Wants::Words)) => QUESTION,
            (true, Some(WaitingItem::Call(_)), _) if !self.is_at_end() => UNREAD_CALL,
            (true, Some(WaitingItem::Call(_)), _) => CALL,
        }
    }

    /// How far the text of a call can be scrolled.
    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.parts.detail.height.into())
    }

    fn choose(&mut self, item: Option<WaitingItem>) {
        if self.chosen != item {
            (self.chosen, self.scroll) = (item, 0);
        }
    }

    /// The next one of the list, or the one before, round and round.
    fn step(&mut self, forth: bool) {
        let count = self.parts.items.len();
        let here = self.parts.place(self.chosen).unwrap_or_default();
        let next = if forth { here + 1 } else { here + count.saturating_sub(1) };
        self.choose(next.checked_rem(count).and_then(|place| self.parts.items.get(place)).copied());
    }

    fn scroll(&mut self, step: ScrollStep) {
        let page = usize::from(self.parts.detail.height).max(2) - 1;
        self.scroll = step.from(self.scroll, page);
    }

    /// What is done with the line that was typed. The words for a question are its answer, whatever they are.
    fn accept(&mut self, context: &OverlayContext<'_>) -> Reaction {
        if self.line.is_empty() {
            let session = match self.chosen {
                Some(WaitingItem::News(news)) => Some(news.session),
                Some(WaitingItem::Call(number)) => context.inbox.get(number).map(|call| call.session),
                None => None,
            };
            return session.map_or(Reaction::Leave, Reaction::Show);
        }
        let typed = self.line.take();
        if typed.starts_with('/') {
            return Reaction::Run(typed);
        }
        if self.parts.wants == Some(Wants::Words) {
            return Reaction::Run(format!("/answer {typed}"));
        }
        if command::answer(&typed).is_none() {
            // Words for a question that went meanwhile are no command for whatever is in front.
            self.line.set(typed);
            return Reaction::Complain("no question waits here any more; nothing was sent".to_owned());
        }
        Reaction::Run(typed)
    }

    /// A key that is not advertised: it types, or leaves and is done.
    fn press_other(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        let begins = |typed: char| {
            typed == '/'
                || match self.parts.wants {
                    Some(Wants::Words) => !typed.is_whitespace(),
                    Some(Wants::Consent | Wants::Nothing) => command::begins_answer(typed),
                    None => false,
                }
        };
        match (chord.typed(), context.keymap.by_chord(chord, self.line.is_empty())) {
            (Some(typed), None) if self.line.is_empty() => {
                if begins(typed) {
                    self.line.type_in(typed);
                } else if typed == ' ' {
                    self.scroll(ScrollStep::PageDown);
                } else if typed == 'q' {
                    return Reaction::Leave;
                }
            }
            (_, Some(Action::Cancel | Action::Inbox)) => return Reaction::Leave,
            (_, Some(action)) if !action.is_about_text() && action.moves().is_none() => {
                return Reaction::Act(action);
            }
            (_, Some(action)) if self.line.is_empty() => {
                action.moves().into_iter().for_each(|step| self.scroll(step));
            }
            (Some(_) | None, _) => line::press(&mut self.line, context.keymap, chord),
        }
        Reaction::Stay
    }

    /// What waits now, and which of it is shown whole: one that waits no longer makes room for the next, except while a line
    /// is typed about it.
    fn follow(&mut self, context: &OverlayContext<'_>) {
        let items = context.inbox.items(context.mirror);
        let place = self.parts.place(self.chosen).unwrap_or_default();
        // Something more happened in the session that is shown: it is still the one that was chosen.
        if let Some(WaitingItem::News(before)) = self.chosen
            && let Some(now) = items.iter().find(|item| is_of(**item, before.session))
        {
            self.chosen = Some(*now);
        }
        if self.line.is_empty() && !items.iter().any(|item| Some(*item) == self.chosen) {
            self.choose(items.get(place.min(items.len().saturating_sub(1))).copied());
        }
        let call =
            if let Some(WaitingItem::Call(number)) = self.chosen { context.inbox.get(number) } else { None };
        self.parts.wants = call.map(|call| call.pending.wants);
        self.parts.items = items;
    }

    /// The rows of the call that is shown whole.
    fn make_rows(&mut self, context: &OverlayContext<'_>, width: usize) {
        let Some(item) = self.chosen.filter(|_| !self.is_news()) else {
            (self.rows, self.made_for) = (Vec::new(), None);
            return;
        };
        let call = if let WaitingItem::Call(number) = item { context.inbox.get(number) } else { None };
        let of = call.and_then(|call| context.mirror.get(call.session));
        match call.zip(of) {
            Some(_) if self.made_for == Some((item, width)) => {}
            Some((call, of)) => {
                self.rows = call::rows(&call.pending, &of.summary, width, context.palette);
                self.made_for = Some((item, width));
            }
            None => {
                self.rows = wrap::plain(
                    "it waits no longer: it was answered elsewhere, or its turn ended",
                    width,
                    Style::new(),
                );
                self.made_for = None;
            }
        }
    }
}

impl Overlay for InboxOverlay {
    fn subject(&self) -> OverlaySubject {
        OverlaySubject::Inbox(self.chosen)
    }

    fn has_line(&self) -> bool {
        !self.line.is_empty()
    }

    fn is_at_end(&self) -> bool {
        self.parts.detail.height > 0 && self.scroll >= self.last()
    }

    fn go_on(&mut self) {
        self.step(true);
    }

    fn show_call(&mut self, number: usize) -> bool {
        self.choose(Some(WaitingItem::Call(number)));
        true
    }

    fn click(&mut self, _context: &OverlayContext<'_>, _screen: Rect, at: Position) -> Reaction {
        let Parts { list, first, .. } = self.parts;
        if list.contains(at) && self.line.is_empty() {
            let row = first + usize::from(at.y - list.y);
            if let Some(item) = self.parts.items.get(row).copied() {
                self.choose(Some(item));
            }
        }
        Reaction::Stay
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        if chord == context.keymap.leader() {
            return Reaction::Leader;
        }
        // Words for a question may begin with any letter.
        match meaning(self.hints(), chord) {
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Accept) => return self.accept(context),
            Some(OverlayKey::Clear) => drop(self.line.take()),
            Some(OverlayKey::Choose(forth)) => self.step(forth),
            Some(OverlayKey::Scroll(step)) => self.scroll(step),
            Some(OverlayKey::Act) => {
                if let Some(WaitingItem::News(news)) = self.chosen {
                    return Reaction::Know(news);
                }
            }
            Some(OverlayKey::Begin | OverlayKey::Widen) | None => return self.press_other(context, chord),
        }
        Reaction::Stay
    }

    fn paste(&mut self, line: &str) {
        let is_asked = self.parts.wants == Some(Wants::Words);
        if is_asked || !self.line.is_empty() || line.starts_with('/') {
            self.line.insert(line);
        }
    }

    fn lay_out(&mut self, context: &OverlayContext<'_>, screen: Rect) {
        self.follow(context);
        let width = screen.width.saturating_sub(4).min(WIDEST);
        let popup = Popup::of(screen, (width, screen.height.saturating_sub(4).min(TALLEST)));
        let inner = popup.inner;
        let columns = usize::from(inner.width);
        let foot = line::foot(&self.line, context, columns);
        let foot_height = (foot.len() as u16).min(inner.height.saturating_sub(2));
        let left = inner.height.saturating_sub(foot_height);
        let count = u16::try_from(self.parts.items.len()).unwrap_or(u16::MAX);
        // What is chosen has most of the room; alone it needs no list above it.
        let listed = if count > 1 || left > 6 { count.min(LISTED).min((left / 3).max(1)) } else { 0 };
        let between = u16::from(listed > 0 && left > listed + 2);
        let list = Rect { height: listed, ..inner };
        let detail =
            Rect { y: list.bottom() + between, height: left.saturating_sub(listed + between), ..inner };
        let here = self.parts.place(self.chosen).unwrap_or_default();
        let first = (here + 1).saturating_sub(listed.into());
        let (items, wants) = (std::mem::take(&mut self.parts.items), self.parts.wants);
        self.parts = Parts { popup, items, list, first, detail, foot, wants };
        self.make_rows(context, columns);
        self.scroll = self.scroll.min(self.last());
        if let Some(WaitingItem::News(news)) = self.chosen
            && let Some(session) = context.mirror.get(news.session)
        {
            self.preview.lay_out(session, context, detail);
        }
    }

    fn draw(&self, buffer: &mut Buffer, _screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let Parts { popup, items, list, first, detail, foot, wants } = &self.parts;
        let here = self.parts.place(self.chosen);
        let title = match here {
            Some(here) if items.len() > 1 => format!(" inbox · {} of {} ", here + 1, items.len()),
            Some(_) | None => " inbox ".to_owned(),
        };
        let inner = popup.draw(buffer, &title, &footer(self.hints()));
        let width = usize::from(inner.width);
        for (y, (place, item)) in (list.top()..list.bottom()).zip(items.iter().enumerate().skip(*first)) {
            let row = item_row(context, *item, width);
            let style = if Some(place) == here { Palette::chosen() } else { Style::new() };
            buffer.set_stringn(list.x, y, row, width, style);
        }
        if detail.y > list.bottom() && list.height > 0 {
            buffer.set_stringn(inner.x, list.bottom(), "─".repeat(width), width, Palette::dim());
        }
        match self.chosen {
            Some(WaitingItem::News(news)) => {
                if let Some(session) = context.mirror.get(news.session) {
                    self.preview.draw(buffer, session, context.palette);
                }
            }
            Some(WaitingItem::Call(_)) => {
                for (y, row) in (detail.top()..detail.bottom()).zip(self.rows.iter().skip(self.scroll)) {
                    buffer.set_line(detail.x, y, row, detail.width);
                }
            }
            None => {
                buffer.set_stringn(detail.x, detail.y, "nothing waits here any more", width, Palette::dim());
            }
        }
        for (y, row) in (detail.bottom()..inner.bottom()).zip(foot) {
            buffer.set_line(inner.x, y, row, inner.width);
        }
        if self.line.is_empty() || detail.bottom() == inner.bottom() {
            return None;
        }
        let place = Rect { y: detail.bottom(), height: 1, ..inner };
        let is_answer = *wants == Some(Wants::Words) && !self.line.text().starts_with('/');
        let label = if is_answer { "answer: " } else { "> " };
        line::draw(buffer, place, (label, Palette::strong()), &self.line)
    }
}

/// Whether it is news of that session.
fn is_of(item: WaitingItem, session: q_core::SessionId) -> bool {
    matches!(item, WaitingItem::News(news) if news.session == session)
}

/// ` 3 api        run cargo test                    2m`: its number, if it is a call, its session, what it is, and since when.
fn item_row(context: &OverlayContext<'_>, item: WaitingItem, width: usize) -> String {
    let (number, session, what, since) = match item {
        WaitingItem::Call(number) => {
            let Some(call) = context.inbox.get(number) else { return String::new() };
            (number.to_string(), call.session, words::pending_line(&call.pending), Some(call.pending.since))
        }
        WaitingItem::News(news) => (String::new(), news.session, String::new(), None),
    };
    let Some(summary) = session_of(context.mirror, session) else { return String::new() };
    let what = if what.is_empty() { words::need(summary).unwrap_or_default() } else { what };
    let age = words::age(context.now, since.unwrap_or(summary.touched));
    let name = sanitize::visible_line(summary.name.as_str());
    let names = NAMES.min(width / 4).max(1);
    let name = wrap::without_middle(&name, names);
    let pad = " ".repeat(names.saturating_sub(name.width()));
    let before = format!("{number:>2} {name}{pad}  ");
    let room = width.saturating_sub(before.width() + age.width() + 2);
    let what = sanitize::visible_line(&what);
    let what = truncated(&what, room);
    let gap = " ".repeat(room.saturating_sub(what.width()) + 2);
    format!("{before}{what}{gap}{age}")
}

fn session_of(mirror: &Mirror, session: q_core::SessionId) -> Option<&q_core::Summary> {
    mirror.get(session).map(|session| &session.summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::hints::assert_each_key_means_one_thing;

    #[test]
    fn each_key_means_one_thing() {
        [CALL, UNREAD_CALL, QUESTION, NEWS, NOTHING].into_iter().for_each(assert_each_key_means_one_thing);
    }
}
