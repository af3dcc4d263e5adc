//! The switcher: sessions in a list, with what they are doing and what was said last.

use std::collections::BTreeSet;

use q_core::mirror::Mirrored;
use q_core::{Mirror, Presence, SessionId, Summary};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::command::table::{self, CommandRow};
use crate::command::{self, Action, Arguments, Flags, UserCommand};
use crate::keys::KeyCode::Tab;
use crate::keys::{Chord, key, plain};
use crate::kinds::Kinds;
use crate::layout::wrap::{Row, truncated};
use crate::overlay::bulk;
use crate::overlay::component::{Overlay, OverlayContext, Reaction};
use crate::overlay::hints::{
    ENTER, ESC_LEAVES, Hint, KEEPS, OverlayKey, TYPING, YES, footer, footer_around, footer_behind, hint,
    meaning,
};
use crate::overlay::picker::Picker;
use crate::overlay::popup::Popup;
use crate::overlay::session_listing::SessionListing;
use crate::overlay::session_preview::SessionPreview;
use crate::sanitize;
use crate::signs::signs;
use crate::style::Palette;
use crate::ui::UNDO;
use crate::words;

/// What can be typed, where nothing is.
const FILTERS: &str = "a name, is:waiting, is:closed, kind:debug, #tag";
/// The least columns of the list and of a preview beside it, and what is between them.
const LIST: u16 = 52;
const PREVIEW: u16 = 50;
const GAP: u16 = 3;
/// Before what is marked.
const MARK: &str = "●";
/// Columns of a question at most.
const ASKED: u16 = 60;
/// Rows from which on there is room for a preview.
const TALL: u16 = 16;

const GOES: Hint = hint(ENTER, "Enter", "goes there");
const SPACE: &[(Chord, OverlayKey)] = &[(plain(' '), OverlayKey::Act), (key(Tab), OverlayKey::Act)];
const ALL: &[(Chord, OverlayKey)] = &[(key(Tab).shift(), OverlayKey::Widen)];
const COMMAND: Hint = hint(&[(plain('/'), OverlayKey::Begin)], "/", "command");
const WHOLE: &[Hint] =
    &[GOES, hint(SPACE, "Space", "marks"), ESC_LEAVES, COMMAND, hint(ALL, "Shift+Tab", "marks all")];
const FILTERED: &[Hint] = &[
    GOES,
    hint(&[(key(Tab), OverlayKey::Act)], "Tab", "marks"),
    hint(ALL, "Shift+Tab", "all of these"),
    ESC_LEAVES,
];
/// Where some are marked: what is typed as a command is for all of them.
const MARKED: &[Hint] = &[
    hint(&[(plain('/'), OverlayKey::Begin)], "/tag /read /pin /delete /reopen", "too"),
    hint(SPACE, "Space", "marks"),
    GOES,
    hint(ALL, "Shift+Tab", "all or none"),
    ESC_LEAVES,
];
const KEEPS_THEM: Hint = KEEPS.saying("keeps them");

#[derive(Debug)]
pub(crate) struct Switcher {
    picker: Picker,
    /// Whose key leaves it again.
    opened_by: Action,
    /// Whose keys work as if it were not there.
    works: &'static [Action],
    listing: SessionListing,
    /// What is chosen, which stays so however the list moves.
    chosen: Option<SessionId>,
    /// Those that the next command is for.
    marked: BTreeSet<SessionId>,
    /// What is asked about, before it is done to all that are marked.
    asks: Option<UserCommand>,
    laid_out: LaidOut,
    preview: SessionPreview,
}

/// The list as it was last laid out.
#[derive(Debug, Default)]
struct LaidOut {
    popup: Popup,
    list: Rect,
    has_preview: bool,
    /// What is asked, and the box for that.
    question: Option<(Popup, Vec<Row>)>,
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
        Self {
            picker,
            opened_by,
            works,
            listing: SessionListing::default(),
            chosen: focus,
            marked: BTreeSet::new(),
            asks: None,
            laid_out: LaidOut::default(),
            preview: SessionPreview::default(),
        }
    }

    /// What begins with a slash is a command, which filters nothing.
    fn is_command(&self) -> bool {
        self.picker.filter.text().starts_with('/')
    }

    fn hints(&self) -> &'static [Hint] {
        match (self.is_command(), self.picker.filter.is_empty()) {
            (true, _) => TYPING,
            (false, true) if !self.marked.is_empty() => MARKED,
            (false, true) => WHOLE,
            (false, false) => FILTERED,
        }
    }

    /// What stands beneath it: the keys of the list as they are set, between those that are always so.
    fn footer(&self, context: &OverlayContext<'_>) -> String {
        let keymap = context.keymap;
        let (hints, filter) = (self.hints(), &self.picker.filter);
        if self.is_command() {
            return footer(hints);
        }
        let undoes = keymap.at_once(UNDO, true).filter(|_| context.can_undo && filter.is_empty());
        let undoes = undoes.map(|key| format!("{key} undoes"));
        let is_one = self.marked.is_empty();
        let works = |key: &&Chord| keymap.in_list(**key, filter.is_empty()).is_some();
        // What is done more often stands in front: later in the table, since ends stand before changes there.
        let set = keymap.actions().iter().rev().filter_map(|keys| {
            let key = keys.list.iter().find(works)?;
            let does = if is_one {
                does(keys.action).to_owned()
            } else {
                does_to_several(keys.action, self.marked.len())?
            };
            Some(format!("{key} {does}"))
        });
        let set = set.collect::<Vec<_>>().into_iter().chain(undoes).collect();
        if is_one { footer_around(hints, set) } else { footer_behind(hints, set) }
    }

    /// Lists what the filter leaves. What was chosen is chosen still, wherever it stands now; where it is gone, nothing that a
    /// key does is meant for what took its place, which nobody has seen: whether that is so.
    fn follow(&mut self, context: &OverlayContext<'_>) -> bool {
        let typed = if self.is_command() { "" } else { self.picker.filter.text() };
        let is_anew = self.listing.follow(typed, context);
        let ids = &self.listing.ids;
        if !is_anew {
            return true;
        }
        self.marked.retain(|id| context.session(*id).is_some());
        let place = self.chosen.and_then(|chosen| ids.iter().position(|id| *id == chosen));
        if let Some(place) = place {
            self.picker.choose(place);
        }
        let is_there = place.is_some() || self.chosen.is_none();
        self.chosen = ids.get(self.picker.chosen(ids.len())).copied();
        is_there
    }

    /// Moves the choice or edits the filter, of which what fits best is chosen then.
    fn pick(&mut self, context: &OverlayContext<'_>, chord: Chord) {
        let (before, was_command) = (self.picker.filter.text().to_owned(), self.is_command());
        self.picker.press(context.keymap, chord, self.listing.ids.len());
        if self.picker.filter.text() == before {
            self.note_chosen();
        } else if was_command || self.is_command() {
            // A command filters nothing.
            let place = self.listing.ids.iter().position(|id| Some(*id) == self.chosen);
            self.picker.choose(place.unwrap_or_default());
        } else {
            self.chosen = None;
        }
    }

    fn note_chosen(&mut self) {
        let ids = &self.listing.ids;
        self.chosen = ids.get(self.picker.chosen(ids.len())).copied();
    }

    /// Marks what is chosen, or takes the mark away, and goes on to the next.
    fn mark(&mut self) -> Reaction {
        let Some(chosen) = self.chosen else { return Reaction::Bell };
        if !self.marked.remove(&chosen) {
            if self.marked.len() >= bulk::MOST {
                return Reaction::Complain(format!("more than {} cannot be marked", bulk::MOST));
            }
            self.marked.insert(chosen);
        }
        let row = self.picker.chosen(self.listing.ids.len());
        self.picker.choose((row + 1).min(self.listing.ids.len().saturating_sub(1)));
        self.note_chosen();
        Reaction::Stay
    }

    /// Marks all that are listed; where all of them are, none.
    fn mark_all(&mut self) -> Reaction {
        if self.listing.ids.iter().all(|id| self.marked.contains(id)) {
            self.marked.clear();
            return Reaction::Stay;
        }
        let room = bulk::MOST.saturating_sub(self.marked.len());
        let more: Vec<_> = self.listing.ids.iter().filter(|id| !self.marked.contains(id)).copied().collect();
        self.marked.extend(more.iter().take(room));
        if more.len() > room {
            return Reaction::Complain(format!("only {} can be marked, and are now", bulk::MOST));
        }
        Reaction::Stay
    }

    /// Does it to all that are marked, once it was said yes to where it is asked about.
    fn act_on_marked(
        &mut self,
        context: &OverlayContext<'_>,
        command: UserCommand,
        is_asked: bool,
    ) -> Reaction {
        let marked: Vec<SessionId> = self.marked.iter().copied().collect();
        if !is_asked && bulk::question(&command, &marked, context, 1).is_some() {
            self.asks = Some(command);
            return Reaction::Stay;
        }
        self.marked.clear();
        let flags = Flags { force: is_asked || command.arguments.flags.force, ..command.arguments.flags };
        let arguments = Arguments { flags, ..command.arguments };
        Reaction::ActOnSeveral(marked, UserCommand { arguments, ..command })
    }

    /// A key while it is asked whether something is to be done to all that are marked.
    fn press_asked(&mut self, context: &OverlayContext<'_>, command: UserCommand, chord: Chord) -> Reaction {
        match meaning(&asking(&command), chord) {
            Some(OverlayKey::Accept) => self.act_on_marked(context, command, true),
            Some(OverlayKey::Leave) => Reaction::Stay,
            // Nothing else is taken for an answer.
            Some(_) | None => {
                self.asks = Some(command);
                Reaction::Bell
            }
        }
    }

    /// A command that was typed: for all that are marked, where it can be.
    fn run(&mut self, context: &OverlayContext<'_>) -> Reaction {
        let typed = self.picker.filter.take();
        if self.marked.is_empty() {
            return Reaction::Run(typed);
        }
        // What takes a session takes those that are marked.
        let bare = typed.strip_prefix('/').and_then(|word| table::by_slash(word.trim()));
        let bare = bare.map(|row| UserCommand { action: row.action, arguments: Arguments::default() });
        if let Some(command) = bare.filter(bulk::is_for_several) {
            return self.act_on_marked(context, command, false);
        }
        match command::parse(&typed, &Kinds::default()) {
            Ok(command) if bulk::is_for_several(&command) => self.act_on_marked(context, command, false),
            Ok(_) | Err(_) => Reaction::Run(typed),
        }
    }

    /// What a key of the list does, to all that are marked or to what is chosen.
    fn act(&mut self, context: &OverlayContext<'_>, action: Action) -> Reaction {
        if !self.marked.is_empty() {
            let command = UserCommand { action, arguments: Arguments::default() };
            if bulk::is_for_several(&command) {
                return self.act_on_marked(context, command, false);
            }
            return Reaction::Complain("that is for one session; several are marked".to_owned());
        }
        match self.chosen {
            Some(id) if context.mirror.get(id).is_some() => Reaction::ActOn(id, action),
            Some(_) => Reaction::Complain("it is closed; Enter opens it again".to_owned()),
            // The list has nothing that another name could be given to.
            None if action == Action::Rename => Reaction::Leave,
            None => Reaction::Stay,
        }
    }

    /// Goes to a session, or opens it again.
    fn go(&self, context: &OverlayContext<'_>) -> Reaction {
        match self.chosen {
            Some(id) if context.mirror.get(id).is_some() => Reaction::Show(id),
            Some(id) => {
                Reaction::Send(UserCommand { action: Action::Reopen, arguments: Arguments::default() }, id)
            }
            None => Reaction::Stay,
        }
    }

    /// What is asked, laid out in the middle of the screen.
    fn question(&self, context: &OverlayContext<'_>, screen: Rect) -> Option<(Popup, Vec<Row>)> {
        let marked: Vec<SessionId> = self.marked.iter().copied().collect();
        let width = screen.width.saturating_sub(8).clamp(1, ASKED);
        let rows = bulk::question(self.asks.as_ref()?, &marked, context, width.into())?;
        Some((Popup::of(screen, (width, rows.len() as u16)), rows))
    }
}

/// How what is asked about is done, and how it is not.
fn asking(command: &UserCommand) -> [Hint; 2] {
    let is_deleted = command.action == Action::Delete;
    [hint(YES, "y", if is_deleted { "deletes them" } else { "closes them" }), KEEPS_THEM]
}

impl Overlay for Switcher {
    fn wants_archive(&self) -> bool {
        !self.picker.filter.is_empty() && !self.is_command()
    }

    fn press(&mut self, context: &OverlayContext<'_>, chord: Chord) -> Reaction {
        if let Some(command) = self.asks.take() {
            return self.press_asked(context, command, chord);
        }
        let is_there = self.follow(context);
        let in_list =
            context.keymap.in_list(chord, self.picker.filter.is_empty()).filter(|_| !self.is_command());
        let key = meaning(self.hints(), chord);
        let acts = in_list.is_some() || matches!(key, Some(OverlayKey::Accept | OverlayKey::Act));
        if acts && !is_there && !self.is_command() {
            return Reaction::Bell; // it was for a session that is gone since the last frame
        }
        match key {
            Some(OverlayKey::Leave) => return Reaction::Leave,
            Some(OverlayKey::Accept) if self.is_command() => return self.run(context),
            Some(OverlayKey::Accept) => return self.go(context),
            Some(OverlayKey::Clear) => {
                self.picker.filter.take();
                return Reaction::Stay;
            }
            Some(OverlayKey::Act) => return self.mark(),
            Some(OverlayKey::Widen) => return self.mark_all(),
            Some(OverlayKey::Begin | OverlayKey::Choose(_) | OverlayKey::Scroll(_)) | None => {}
        }
        if let Some(action) = in_list {
            return self.act(context, action);
        }
        match context.keymap.by_chord(chord, self.picker.filter.is_empty()) {
            Some(action) if action == self.opened_by => Reaction::Leave,
            Some(action) if self.works.contains(&action) => Reaction::Act(action),
            Some(UNDO) if self.picker.filter.is_empty() => Reaction::UndoOnSeveral,
            Some(_) | None => {
                self.pick(context, chord);
                Reaction::Stay
            }
        }
    }

    fn click(&mut self, context: &OverlayContext<'_>, _screen: Rect, at: Position) -> Reaction {
        if self.asks.is_some() || !self.picker.choose_at(self.laid_out.list, self.listing.ids.len(), at) {
            return Reaction::Stay;
        }
        self.note_chosen();
        self.go(context)
    }

    fn paste(&mut self, line: &str) {
        self.picker.filter.insert(line);
    }

    fn lay_out(&mut self, context: &OverlayContext<'_>, screen: Rect) {
        self.follow(context);
        let columns = screen.width.saturating_sub(4);
        let has_preview = columns >= LIST + PREVIEW && screen.height >= TALL;
        // As high for those that fit as for all, and higher where of those that are closed more fit.
        let count = context.mirror.len().max(self.listing.ids.len());
        let most = count.saturating_add(1).min(usize::from(u16::MAX)) as u16;
        let rows = if has_preview { most.max(TALL) } else { most.max(2) };
        let popup = Popup::of(screen, (columns, rows));
        let width = if has_preview { (popup.inner.width / 2).max(LIST) } else { popup.inner.width };
        let list = Rect { width, ..popup.inner };
        if has_preview && let Some(session) = self.chosen.and_then(|id| context.session(id)) {
            let x = list.right() + GAP;
            let place = Rect { x, width: popup.inner.right().saturating_sub(x), ..popup.inner };
            self.preview.lay_out(session, context, place);
        }
        let question = self.question(context, screen);
        if question.is_none() {
            // What is asked no longer is not answered either.
            self.asks = None;
        }
        self.laid_out = LaidOut { popup, list, has_preview, question };
    }

    fn draw(&self, buffer: &mut Buffer, _screen: Rect, context: &OverlayContext<'_>) -> Option<Position> {
        let mirror = context.mirror;
        let LaidOut { popup, list, has_preview, question } = &self.laid_out;
        let listed = &self.listing.ids;
        let title = match self.marked.len() {
            0 => " sessions ".to_owned(),
            marked => format!(" sessions · {marked} marked "),
        };
        popup.draw(buffer, &title, &self.footer(context));
        let at = |place: usize| listed.get(place).and_then(|id| context.session(*id));
        let in_sight = self.picker.in_sight(listed.len(), usize::from(list.height.saturating_sub(1)));
        let columns = Columns::of(&in_sight.filter_map(at).collect::<Vec<_>>(), list.width, *has_preview);
        let row = |place: usize| {
            at(place).map_or_else(Default::default, |session| {
                let style = match session.summary.presence {
                    Presence::Hibernated | Presence::Closed | Presence::Trashed => Palette::dim(),
                    Presence::Live => Style::new(),
                };
                let is_marked = self.marked.contains(&session.summary.id);
                (line(context, session, is_marked, columns), style)
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
        if let (Some((popup, rows)), Some(command)) = (question, &self.asks) {
            let title = command.action.question().map_or("", |question| question.title);
            let inner = popup.draw(buffer, title, &footer(&asking(command)));
            for (y, row) in (inner.top()..inner.bottom()).zip(rows) {
                buffer.set_line(inner.x, y, row, inner.width);
            }
            return None;
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

/// The same to so many that are marked; nothing where it is for one alone.
fn does_to_several(action: Action, count: usize) -> Option<String> {
    (action == Action::Close).then(|| format!("closes {count}"))
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

/// `* 2 s3-plan    answered  +2  5m  guide  The plan has three …`, with a sign behind the first where it is marked.
fn line(context: &OverlayContext<'_>, session: &Mirrored, is_marked: bool, columns: Columns) -> String {
    let Columns { names, states, agents, is_short } = columns;
    let summary = &session.summary;
    let here = if Some(summary.id) == context.focus { "*" } else { " " };
    let name = sanitize::visible_line(summary.name.as_str());
    let name = truncated(&name, names.max(1));
    let pad = " ".repeat(names.saturating_sub(name.width()));
    let signs: Vec<String> = signs(context.palette, summary).into_iter().map(|(sign, _)| sign).collect();
    let state = words::state(summary);
    let age = words::age(context.now, summary.touched);
    let mark = if is_marked { MARK } else { " " };
    let slot = if summary.slot > 0 { summary.slot.to_string() } else { "–".to_owned() };
    let known =
        format!("{here}{mark}{slot:>2} {name}{pad}  {state:<states$} {:<7} {age:>4}", signs.join(" "));
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
        [WHOLE, FILTERED, MARKED, TYPING].into_iter().for_each(assert_each_key_means_one_thing);
    }
}
