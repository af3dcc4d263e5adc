//! The screen and its panes as they were last laid out: which part is where, and how large those are that keys move in.

use q_core::SessionId;
pub(super) use ratatui::layout::{Position, Rect};

use crate::layout::cache::Cache;
use crate::layout::flow::Window;

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
    pub(crate) completion: Rect,
    pub(crate) prompt: Rect,
}

impl SessionPlaces {
    /// What the status may take rows of.
    pub(crate) fn above_status(self) -> Rect {
        self.transcript.union(self.queue)
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
    /// Where in the bar which session is named.
    pub(crate) labels: Vec<(Rect, SessionId)>,
    pub(crate) cache: Cache,
}
