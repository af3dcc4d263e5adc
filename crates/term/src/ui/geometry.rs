//! The screen as it was last laid out: which part is where, and how large those are that keys move in.

pub(super) use ratatui::layout::{Position, Rect};

use crate::draw::BarLine;
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
    pub(crate) session: SessionPlaces,
}

/// What is below the bar, from top to bottom: all of the session in view.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionPlaces {
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

/// What the last frame leaves for the next one, and for keys that scroll what it shows.
#[derive(Debug, Default)]
pub(crate) struct LastFrame {
    pub(crate) geometry: Geometry,
    /// What of the transcript is in sight.
    pub(crate) window: Window,
    /// The bar, and where in it which session is named.
    pub(crate) bar: BarLine,
    pub(crate) cache: Cache,
}
