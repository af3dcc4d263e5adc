//! The panes that the screen is divided into: which sessions stand in them, which of them has the keyboard, and where there is
//! room for all.
//!
//! A session is in one pane at most. Where there is no room, the pane with the keyboard has the screen alone, and the others come
//! back as soon as there is room again.

use q_core::{Mirror, SessionId, SessionInView};

use crate::command::{Action, PaneStep, UserCommand};
use crate::intent::Intent;
use crate::layout::flow::Scroll;
use crate::ui::geometry::{Places, Position, Rect};
use crate::ui::pane_view::PaneView;
use crate::ui::state::{Face, Ui};
use crate::ui::status::CommandStatus;

/// More panes than this nobody reads side by side.
const MOST: usize = 3;
/// Columns of the narrowest pane beside another one: two of them, and what is between them, have room in 80.
const COLUMNS: u16 = 39;
/// Rows of the lowest pane: a title, a little of the conversation, the status, the prompt.
const ROWS: u16 = 7;

/// The sessions in panes.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// From left to right, or from top to bottom, the one in front among them; none where the screen is not divided.
    sessions: Vec<SessionId>,
    /// Whether there is room for all of them, as far as is known.
    has_room: bool,
}

impl Split {
    /// A session comes into the pane of another one, unless it is in one.
    pub(super) fn put(&mut self, before: Option<SessionId>, id: SessionId) {
        if self.sessions.contains(&id) {
            return;
        }
        if let Some(place) = self.sessions.iter_mut().find(|session| Some(**session) == before) {
            *place = id;
        }
    }

    /// The session in the pane `by` places on, round and round.
    fn beside(&self, from: SessionId, by: isize) -> Option<SessionId> {
        let count = self.sessions.len();
        let here = self.sessions.iter().position(|session| *session == from)?;
        let place = here.saturating_add(count).saturating_add_signed(by).checked_rem(count)?;
        self.sessions.get(place).copied().filter(|session| *session != from)
    }

    /// Closes a pane; says which one is next to it.
    pub(super) fn close(&mut self, id: SessionId) -> Option<SessionId> {
        let at = self.sessions.iter().position(|session| *session == id)?;
        self.sessions.remove(at);
        let next = self.sessions.get(at.saturating_sub(1)).copied();
        if self.sessions.len() < 2 {
            self.sessions.clear();
        }
        next
    }
}

/// Where so many panes stand in that part of the screen: side by side, or one above the other where that is too narrow; nothing
/// where there is no room for them.
fn divided(place: Rect, count: u16) -> Option<Vec<Rect>> {
    let between = count.checked_sub(1)?;
    let side_by_side = place.height >= ROWS && place.width >= COLUMNS * count + between;
    if !side_by_side && place.height < ROWS * count {
        return None;
    }
    let (whole, gap) = if side_by_side { (place.width - between, 1) } else { (place.height, 0) };
    let (each, larger) = (whole / count, whole % count);
    let mut from = if side_by_side { place.x } else { place.y };
    let panes = (0..count).map(|number| {
        // What is left over the first ones have.
        let size = each + u16::from(number < larger);
        let pane = if side_by_side {
            Rect { x: from, width: size, ..place }
        } else {
            Rect { y: from, height: size, ..place }
        };
        from += size + gap;
        pane
    });
    Some(panes.collect())
}

impl Ui {
    /// The sessions on the screen, each in its pane; nothing in the one where there is no session.
    pub(crate) fn in_view(&self) -> Vec<Option<SessionId>> {
        if self.is_divided() {
            self.split.sessions.iter().copied().map(Some).collect()
        } else {
            vec![self.focus]
        }
    }

    /// The sessions of all panes, in their order, whether there is room for them or not; none where the screen is not divided.
    pub fn split(&self) -> &[SessionId] {
        &self.split.sessions
    }

    /// The panes as they were when this terminal was left, as far as their sessions are there. One of them is in front.
    pub fn split_again(&mut self, mirror: &Mirror, sessions: &[SessionId]) {
        let mut kept: Vec<SessionId> = Vec::new();
        for id in sessions.iter().copied().filter(|id| mirror.get(*id).is_some()) {
            if !kept.contains(&id) && kept.len() < MOST {
                kept.push(id);
            }
        }
        if kept.len() > 1 && self.focus.is_some_and(|front| kept.contains(&front)) {
            self.split.sessions = kept;
        }
    }

    /// Whether several panes are on the screen.
    pub(crate) fn is_divided(&self) -> bool {
        self.split.has_room && !self.split.sessions.is_empty()
    }

    /// Whether that session is on the screen.
    pub(crate) fn is_in_view(&self, id: SessionId) -> bool {
        self.focus == Some(id) || (self.is_divided() && self.split.sessions.contains(&id))
    }

    /// The panes on the screen, to be drawn.
    pub(crate) fn pane_views(&self) -> impl Iterator<Item = PaneView<'_>> {
        self.in_view().into_iter().map(|session| self.view(session))
    }

    /// The pane with the keyboard.
    pub(crate) fn front_view(&self) -> PaneView<'_> {
        self.view(self.focus)
    }

    fn view(&self, session: Option<SessionId>) -> PaneView<'_> {
        PaneView { ui: self, session, pane: self.pane_of(session), has_keyboard: session == self.focus }
    }

    /// Divides that part of the screen among the panes, as far as it has room for them.
    pub(crate) fn divide(&mut self, place: Rect) -> Vec<Rect> {
        let has_panes = self.options.face == Face::Full;
        let panes = divided(place, self.split.sessions.len() as u16).filter(|_| has_panes);
        self.split.has_room = panes.is_some();
        panes.unwrap_or_else(|| vec![place])
    }

    /// The terminal has another size: what of the panes has room in it.
    pub(super) fn resized(&mut self, width: u16, height: u16) {
        let screen = Rect { x: 0, y: 0, width, height };
        let places = Places::of(screen);
        let had_room = self.is_divided();
        self.divide(places.below_bar());
        if had_room && !self.is_divided() {
            self.notify("no room for the other panes; they come back when there is");
        }
    }

    /// The pane at that place of the screen.
    pub(super) fn pane_at(&self, at: Position) -> Option<SessionId> {
        let here = |id: &SessionId| self.pane_of(Some(*id)).frame.places.whole.contains(at);
        self.in_view().into_iter().flatten().find(here)
    }

    /// What of each session on the screen is in sight, first of the one in front.
    pub(super) fn sessions_in_view(&self) -> Vec<SessionInView> {
        let others = self.in_view().into_iter().filter(|session| *session != self.focus);
        let all = [self.focus].into_iter().chain(others).flatten();
        let in_sight = |session| {
            let at_end = self.pane_of(Some(session)).scroll == Scroll::End;
            SessionInView { session, at_end }
        };
        all.map(in_sight).collect()
    }

    /// Opens another pane for a session, which gets the keyboard.
    pub(super) fn open_pane(
        &mut self,
        mirror: &Mirror,
        command: &UserCommand,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let wanted = match command.arguments.session.as_deref() {
            Some(address) => self.scene(mirror).session(Some(address)),
            None => self.to_stand_beside(mirror).ok_or_else(|| {
                let new = self.options.keymap.announce(Action::New);
                format!("there is no other session to show; {new} makes one")
            }),
        };
        let opened = wanted.and_then(|session| self.make_room(session).map(|()| session));
        match opened {
            Ok(session) => self.show(mirror, session, intents),
            Err(why) => {
                self.warn(why);
                return CommandStatus::Refused;
            }
        }
        CommandStatus::Done
    }

    /// Makes a pane for a session that is in none; why there can be none, in words.
    fn make_room(&mut self, session: SessionId) -> Result<(), String> {
        if self.options.face != Face::Full {
            return Err("there are panes on the whole screen alone: q --face full".to_owned());
        }
        let Some(front) = self.focus else {
            return Err("there is no session yet; type a prompt, or /new".to_owned());
        };
        if self.split.sessions.contains(&session) {
            return Ok(());
        }
        if session == front {
            return Err("that session is in view; name another one".to_owned());
        }
        let count = self.split.sessions.len().max(1) + 1;
        if count > MOST {
            let closes = self.options.keymap.announce(Action::Unsplit);
            return Err(format!("{MOST} panes are the most; {closes} closes this one"));
        }
        if divided(self.places.below_bar(), count as u16).is_none() {
            let count = count as u16;
            return Err(format!(
                "no room for {count} panes: side by side they take {} columns, one above the other {} rows",
                COLUMNS * count + count - 1,
                ROWS * count + 1
            ));
        }
        if self.split.sessions.is_empty() {
            self.split.sessions.push(front);
        }
        let at = self.split.sessions.iter().position(|id| *id == front).map_or(0, |at| at + 1);
        self.split.sessions.insert(at, session);
        self.split.has_room = true;
        Ok(())
    }

    /// The session that is meant where none is named: the one in view before, else one that needs the person, else the next.
    fn to_stand_beside(&self, mirror: &Mirror) -> Option<SessionId> {
        let is_other = |id: &SessionId| {
            Some(*id) != self.focus && !self.split.sessions.contains(id) && mirror.get(*id).is_some()
        };
        let before = self.visits.recent.iter().rev().copied().find(is_other);
        before.or_else(|| self.needs_person(mirror).filter(is_other)).or_else(|| {
            let mut sessions = mirror.by_slot().into_iter().map(|session| session.summary.id);
            sessions.find(is_other)
        })
    }

    /// Closes the pane with the keyboard; its session goes on.
    pub(super) fn close_pane(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> CommandStatus {
        match self.focus.and_then(|front| self.split.close(front)) {
            Some(next) => self.show(mirror, next, intents),
            None => return self.refuse_one_pane(),
        }
        CommandStatus::Done
    }

    /// Gives the keyboard to another pane.
    pub(super) fn go_to_pane(
        &mut self,
        mirror: &Mirror,
        step: PaneStep,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let by = match step {
            PaneStep::Next => 1,
            PaneStep::Previous => -1,
        };
        match self.focus.and_then(|front| self.split.beside(front, by)) {
            Some(next) => self.show(mirror, next, intents),
            None => return self.refuse_one_pane(),
        }
        CommandStatus::Done
    }

    fn refuse_one_pane(&mut self) -> CommandStatus {
        let opens = self.options.keymap.announce(Action::Split);
        self.warn(format!("there is one pane; {opens} opens another beside it"));
        CommandStatus::Refused
    }

    /// A pane goes with its session. The one with the keyboard gives it to the one beside it, which is named.
    pub(super) fn close_panes_of_gone(&mut self, mirror: &Mirror) -> Option<SessionId> {
        let gone = |id: &SessionId| mirror.get(*id).is_none();
        let front = self.focus.filter(gone);
        for other in self.split.sessions.clone().into_iter().filter(|id| gone(id) && Some(*id) != front) {
            self.split.close(other);
        }
        front.and_then(|front| self.split.close(front))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_share_what_there_is_and_never_overlap() {
        for (width, height, count, sizes) in [
            (80, 23, 2, Some(vec![(40, 23), (39, 23)])),
            (79, 23, 2, Some(vec![(39, 23), (39, 23)])),
            (78, 23, 2, Some(vec![(78, 12), (78, 11)])),
            (119, 9, 3, Some(vec![(39, 9); 3])),
            (118, 21, 3, Some(vec![(118, 7); 3])),
            (118, 20, 3, None),
            (200, 6, 2, None),
            (40, 11, 2, None),
            (1, 1, 2, None),
            (0, 0, 3, None),
        ] {
            let place = Rect { x: 0, y: 1, width, height };
            let panes = divided(place, count);
            let found: Option<Vec<(u16, u16)>> =
                panes.as_ref().map(|panes| panes.iter().map(|pane| (pane.width, pane.height)).collect());
            assert_eq!(found, sizes, "{width}x{height} for {count}");
            for (at, pane) in panes.iter().flatten().enumerate() {
                assert_eq!(pane.intersection(place), *pane);
                assert!(panes.iter().flatten().skip(at + 1).all(|other| !other.intersects(*pane)));
            }
        }
    }
}
