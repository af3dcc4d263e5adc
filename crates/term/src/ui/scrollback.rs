//! What of the session in view stands in the terminal's own scrollback: it is written there once, when it cannot change any
//! more, and never painted again.

use q_core::{Mirror, Presence, SessionId};

use crate::layout::flow::settled::SettledTo;
use crate::layout::flow::{Scroll, Spot, Window};
use crate::ui::state::{Face, Ui};

/// So many rows before what is new are said again when a session comes into view.
const BEFORE: usize = 6;
/// The most rows of a session that are said when it comes into view.
const MOST: usize = 300;
/// The most rows that are written at once.
const AT_ONCE: usize = 256;

/// How far the session in view was written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scrollback {
    session: Option<SessionId>,
    /// Where it goes on; nothing before there is something of it.
    to: Option<SettledTo>,
    /// The row that is next, where there was too much for once.
    next: Option<Spot>,
    /// Whether a rule with its name is to stand before what comes next.
    is_to_be_named: bool,
}

/// Rows that are to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScrollbackPart {
    /// Whether they are the first of a session that came into view: its name stands before them.
    pub(crate) is_named: bool,
    /// Whether there is more above them, which is not said again.
    pub(crate) is_cut: bool,
    pub(crate) from: Spot,
    pub(crate) rows: usize,
    /// Whether others follow at once.
    pub(crate) goes_on: bool,
}

impl Ui {
    /// Whether the transcript is read by moving through it: then nothing of it is written meanwhile.
    pub(crate) fn is_reading(&self) -> bool {
        self.pane().scroll != Scroll::End || self.is_searching()
    }

    /// What was written cannot be shown in another way: then it is read where it is drawn.
    pub(super) fn read_what_is_kept(&mut self, mirror: &Mirror) {
        if self.options.face == Face::Inline && !self.is_reading() {
            self.scroll_by(mirror, -1);
        }
    }

    /// What is to be written now. What this gives counts as written.
    pub(crate) fn take_settled(&mut self, mirror: &Mirror) -> Option<ScrollbackPart> {
        let mut known = self.frame.scrollback;
        let session = mirror.get(self.focus?)?;
        if known.session != self.focus {
            // Where nothing was said before, there is nothing to part it from.
            let is_to_be_named = known.session.is_some() || !session.entries.is_empty();
            known = Scrollback { session: self.focus, to: None, next: None, is_to_be_named };
            self.frame.scrollback = known;
        }
        if session.entries.is_empty() {
            if session.summary.presence == Presence::Live {
                self.frame.scrollback.to = Some(SettledTo::default());
            }
            return None;
        }
        if self.is_reading() {
            return None;
        }
        let is_trimmed = session.trimmed;
        // While nothing was written, more may have come than is kept.
        let first = session.entries.front().map(|entry| entry.no);
        let has_gap = is_trimmed && known.to.is_some_and(|to| first > Some(to.entry));
        let mut flow = self.flow(mirror)?;
        let to = flow.settled(known.to.unwrap_or_default());
        let end = flow.row_at(to);
        let (from, begins) = match (known.next, known.to) {
            (Some(next), _) => (next, false),
            (None, Some(to)) => (flow.row_at(to), false),
            (None, None) => {
                let new = flow.first_new().min(end);
                (flow.above(new, BEFORE).max(flow.above(end, MOST)), true)
            }
        };
        let left = flow.rows_between(from, end);
        let next = (left > AT_ONCE).then(|| flow.below(from, AT_ONCE));
        let is_named = known.is_to_be_named && (begins || left > 0);
        let is_to_be_named = known.is_to_be_named && !is_named;
        self.frame.scrollback = Scrollback { to: Some(to), next, is_to_be_named, ..known };
        let is_cut = has_gap || begins && (from > Spot::default() || is_trimmed);
        let part =
            ScrollbackPart { is_named, is_cut, from, rows: left.min(AT_ONCE), goes_on: next.is_some() };
        (is_named || left > 0).then_some(part)
    }

    /// What is not written yet: its rows, of which those at the end are in sight where there are more than `most`.
    pub(crate) fn unwritten(&mut self, mirror: &Mirror, most: usize) -> (Window, usize) {
        let Scrollback { session, to: Some(to), next, .. } = self.frame.scrollback else {
            return (Window::default(), 0);
        };
        let Some(mut flow) = self.flow(mirror).filter(|flow| Some(flow.session.summary.id) == session) else {
            return (Window::default(), 0);
        };
        let top = next.unwrap_or_else(|| flow.row_at(to));
        let rows = flow.rows_between(top, Spot { entry: flow.session.entries.len(), row: 0 });
        let top = if rows > most { flow.below(top, rows - most) } else { top };
        (Window { top, below: 0 }, rows.min(most))
    }

    /// How many rows a transcript takes that is moved through, and has room for `most`.
    pub(crate) fn readable(&mut self, mirror: &Mirror, most: usize) -> usize {
        let scroll = self.pane().scroll;
        let Some(mut flow) = self.flow(mirror) else { return 0 };
        let top = flow.window(scroll, most).top;
        let rows = flow.rows_between(top, Spot { entry: flow.session.entries.len(), row: 0 });
        rows.min(most)
    }
}
