//! The screen and its panes as they were last laid out: which part is where, and how large those are that keys move in.

pub(super) use ratatui::layout::{Position, Rect};

use crate::draw::BarLine;
use crate::layout::cache::Cache;
use crate::layout::flow::Window;
use crate::ui::scrollback::Scrollback;

/// The size of the transcript as last laid out: what scrolling moves in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Columns to the left of the transcript's rows.
    pub(crate) gutter: usize,
    /// Columns of the editor's rows.
    pub(crate) editor: usize,
}

/// Before anything was laid out.
impl Default for Geometry {
    fn default() -> Self {
        Self { columns: 70, rows: 20, gutter: 6, editor: 60 }
    }
}

/// Which part of the screen is whose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Places {
    pub(crate) screen: Rect,
    pub(crate) bar: Rect,
}

impl Places {
    /// The bar is there from three rows on.
    pub(crate) fn of(screen: Rect) -> Self {
        Self { screen, bar: Rect { height: u16::from(screen.height >= 3), ..screen } }
    }

    /// What the panes share.
    pub(crate) fn below_bar(self) -> Rect {
        let Rect { y, height, .. } = self.screen;
        Rect { y: y + self.bar.height, height: height.saturating_sub(self.bar.height), ..self.screen }
    }
}

/// Which part of a pane is what, from top to bottom.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionPlaces {
    pub(crate) whole: Rect,
    /// Whose it is; empty where it is the only pane.
    pub(crate) title: Rect,
    pub(crate) transcript: Rect,
    pub(crate) queue: Rect,
    pub(crate) status: Rect,
    /// Rows that are the status's alone, where it stands beneath the prompt: its own is the last of them.
    pub(crate) notices: Rect,
    pub(crate) completion: Rect,
    pub(crate) prompt: Rect,
}

impl SessionPlaces {
    /// What the status may take rows of: what it hides; beneath the prompt it has rows of its own.
    pub(crate) fn above_status(self) -> Rect {
        if self.is_status_last() { self.notices } else { self.transcript.union(self.queue) }
    }

    /// How many rows of the transcript a status hides that says so much in rows above its own.
    pub(crate) fn hidden_by(self, said: u16) -> u16 {
        if self.is_status_last() { 0 } else { said.min(self.transcript.height) }
    }

    const fn is_status_last(self) -> bool {
        self.status.y > self.prompt.y
    }
}

/// What the last frame of a pane leaves for the next one, and for keys that scroll what it shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PaneFrame {
    pub(crate) places: SessionPlaces,
    pub(crate) geometry: Geometry,
    /// What of the transcript is in sight.
    pub(crate) window: Window,
}

/// What the last frame leaves for the next one, whatever pane it is of.
#[derive(Debug, Default)]
pub(crate) struct LastFrame {
    /// The bar, and where in it which session is named.
    pub(crate) bar: BarLine,
    pub(crate) cache: Cache,
    /// What of the session in view stands above the screen, where the terminal keeps that.
    pub(crate) scrollback: Scrollback,
}
