//! What waits above the prompt: prompts on their way to the host, and those in the queue.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::layout::wrap::truncated;
use crate::sanitize;
use crate::style::Palette;
use crate::ui::Ui;

/// More than this many are counted only.
const SHOWN: usize = 4;
/// Characters of a prompt that can be of use in one row.
const CHARS: usize = 400;

/// Rows wanted.
pub(super) fn rows(ui: &Ui, mirror: &Mirror) -> usize {
    lines(ui, mirror).len()
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    let width = usize::from(area.width);
    for (y, line) in (area.top()..area.bottom()).zip(lines(ui, mirror)) {
        buffer.set_stringn(area.x, y, truncated(&line, width), width, Palette::dim());
    }
}

fn lines(ui: &Ui, mirror: &Mirror) -> Vec<String> {
    let line = |what: &str, text: &str| {
        let start: String = text.chars().take(CHARS).collect();
        format!(" {what}: {}", sanitize::visible_line(&start))
    };
    let mut lines = Vec::new();
    match ui.focus {
        Some(id) => {
            let queue = mirror.get(id).map(|session| session.queue.as_slice()).unwrap_or_default();
            for (number, waiting) in queue.iter().enumerate() {
                lines.push(line(&format!("queued {}", number + 1), &waiting.text));
            }
            lines.extend(ui.submissions.to(id).map(|text| line("sending", text)));
        }
        None => lines.extend(ui.submissions.first().map(|text| line("sending", text))),
    }
    if lines.len() > SHOWN {
        let more = lines.len() - (SHOWN - 1);
        lines.truncate(SHOWN - 1);
        lines.push(format!(" … and {more} more"));
    }
    lines
}
