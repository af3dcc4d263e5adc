//! The sign of what works: it moves where it may.

use crate::ui::Ui;

/// Its frames, at most four a second.
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// What moves, or a sign that stands still for it.
pub(super) fn spinner(ui: &Ui) -> &'static str {
    // While no host is there nobody knows whether anything works.
    if ui.lost.is_some() {
        return "?";
    }
    if ui.options.motion { FRAMES.get(ui.spinner % FRAMES.len()).copied().unwrap_or("*") } else { "*" }
}
