//! What waits above the prompt: calls that wait for the person, prompts in the queue, and those on their way to the host.

use q_core::{Mirror, PendingCall, SessionId, Wants};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::inbox;
use crate::layout::wrap::truncated;
use crate::quoted;
use crate::rules;
use crate::sanitize;
use crate::style::Palette;
use crate::ui::Ui;
use crate::words;

/// More than this many are counted only.
const SHOWN: usize = 4;
/// Characters of a prompt that can be of use in one row.
const CHARS: usize = 400;
/// Before what waits for the person.
const ASKS: &str = " ? ";

/// How many rows the queue takes on the screen.
pub(super) fn rows(ui: &Ui, mirror: &Mirror) -> usize {
    lines(ui, mirror).len()
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, ui: &Ui, mirror: &Mirror) {
    let width = usize::from(area.width);
    for (y, line) in (area.top()..area.bottom()).zip(lines(ui, mirror)) {
        Clear.render(Rect { y, height: 1, ..area }, buffer);
        let style = if line.starts_with(ASKS) { ui.palette().alarm() } else { Palette::dim() };
        buffer.set_stringn(area.x, y, truncated(&line, width), width, style);
    }
}

/// `1 y once · a always `cargo test …` here · n no · run cargo test`
fn waits(ui: &Ui, session: SessionId, pending: &PendingCall, waiting: &[PendingCall]) -> String {
    let is_only = waiting.iter().filter(|call| call.wants != Wants::Words).count() == 1;
    let number = ui.inbox.number(session, pending);
    let is_whole = number.is_some_and(|number| ui.inbox.is_whole(number));
    let ways = match pending.wants {
        Wants::Words => "/answer WORDS".to_owned(),
        Wants::Nothing | Wants::Consent if !is_only => {
            let all = inbox::way_of_all(pending, waiting).map(|all| format!("{all} · ")).unwrap_or_default();
            let always = if pending.always.is_some() { "a, " } else { "" };
            format!("{all}y, {always}n NUMBER")
        }
        Wants::Nothing | Wants::Consent if is_whole => words::ways(pending),
        Wants::Nothing | Wants::Consent => "y shows it whole first · n no".to_owned(),
    };
    let number = number.map(|number| format!("{number} ")).unwrap_or_default();
    let text: String = words::pending_line(pending).chars().take(CHARS).collect();
    // Behind the call, which must not be pushed off the row; with one that waits alone the ways say it.
    let rule = pending.always.as_ref().filter(|_| !is_only);
    let always = rule.map(|rule| format!(" · always: {}", rules::words(rule))).unwrap_or_default();
    format!("{ASKS}{number}{ways} · {}{always}", sanitize::visible_line(&text))
}

fn lines(ui: &Ui, mirror: &Mirror) -> Vec<String> {
    let line = |what: &str, text: &str| {
        let start: String = quoted::folded(text).chars().take(CHARS).collect();
        format!(" {what}: {}", sanitize::visible_line(&start))
    };
    let sent = if ui.lost.is_some() { "not saved" } else { "sending" };
    let (mut asked, mut lines) = (Vec::new(), Vec::new());
    match ui.focus {
        Some(id) => {
            let session = mirror.get(id);
            let pending = session.map(|session| session.pending.as_slice()).unwrap_or_default();
            lines.extend(pending.iter().map(|call| waits(ui, id, call, pending)));
            lines.extend(ui.trust_question().map(|asked| format!("{ASKS}{asked}")));
            // What asks is counted by itself: prompts that wait push no question out of sight.
            few(&mut lines, |more| format!("{ASKS}… and {more} more; /inbox lists them"));
            asked = std::mem::take(&mut lines);
            let queue = session.map(|session| session.queue.as_slice()).unwrap_or_default();
            // Those behind the first few are counted only: a prompt may be long.
            for (number, waiting) in queue.iter().enumerate() {
                let shown = number < SHOWN;
                let queued = || line(&format!("queued {}", number + 1), &waiting.text);
                lines.push(if shown { queued() } else { String::new() });
            }
            lines.extend(ui.submissions.to(id).map(|text| line(sent, text)));
        }
        None => lines.extend(ui.submissions.early().map(|text| line(sent, text))),
    }
    few(&mut lines, |more| format!(" … and {more} more"));
    asked.append(&mut lines);
    asked
}

/// Cuts what is more than is shown, and counts it.
fn few(lines: &mut Vec<String>, told: impl FnOnce(usize) -> String) {
    if lines.len() > SHOWN {
        let more = lines.len() - (SHOWN - 1);
        lines.truncate(SHOWN - 1);
        lines.push(told(more));
    }
}
