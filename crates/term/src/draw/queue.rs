//! What waits above the prompt: calls that wait for the person, prompts in the queue, and those on their way to the host.

use q_core::mirror::Mirrored;
use q_core::{Activity, Mirror, PendingCall, SessionId, Wants};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::inbox;
use crate::layout::wrap::truncated;
use crate::quoted;
use crate::rules;
use crate::sanitize;
use crate::style::Palette;
use crate::ui::PaneView;
use crate::words;
use unicode_width::UnicodeWidthStr as _;

/// More than this many are counted only.
const SHOWN: usize = 4;
/// Characters of a prompt that can be of use in one row.
const CHARS: usize = 400;
/// Before what waits for the person.
const ASKS: &str = " ? ";
/// Before what stands beneath it.
const BENEATH: &str = "   ";

/// How many rows the queue takes on the screen.
pub(super) fn rows(view: PaneView<'_>, mirror: &Mirror, width: u16) -> usize {
    lines(view, mirror, width.into()).len()
}

pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: PaneView<'_>, mirror: &Mirror) {
    let width = usize::from(area.width);
    for (y, line) in (area.top()..area.bottom()).zip(lines(view, mirror, width)) {
        Clear.render(Rect { y, height: 1, ..area }, buffer);
        let style = if line.starts_with(ASKS) || line.starts_with(BENEATH) {
            view.ui.palette().alarm()
        } else {
            Palette::dim()
        };
        buffer.set_stringn(area.x, y, truncated(&line, width), width, style);
    }
}

/// `1 y once · a always `cargo test …` here · n no · run cargo test`. Where that has no room the call has a row of its own, and
/// how it is answered stands beneath; so with several.
fn waits(
    view: PaneView<'_>,
    session: SessionId,
    waiting: &[PendingCall],
    width: usize,
) -> (Vec<String>, Option<String>) {
    let ui = view.ui;
    let consents = waiting.iter().filter(|call| call.wants != Wants::Words).count();
    let asked = |pending: &PendingCall| {
        let text: String = words::pending_line(pending).chars().take(CHARS).collect();
        sanitize::visible_line(&text).into_owned()
    };
    let mut ways = None;
    let row = |pending: &PendingCall| {
        let (number, asked) = (ui.inbox.number(session, pending), asked(pending));
        let named = number.map(|number| format!("{number} ")).unwrap_or_default();
        if pending.wants == Wants::Words {
            let way = if view.has_keyboard { "type the answer" } else { "to be answered in this pane" };
            return format!("{ASKS}{named}{way} · {asked}");
        }
        if consents > 1 {
            // Behind the call, which must not be pushed off the row.
            let always = pending.always.as_ref().map(|rule| format!(" · always: {}", rules::words(rule)));
            return format!("{ASKS}{named}{asked}{}", always.unwrap_or_default());
        }
        let is_whole = number.is_some_and(|number| ui.inbox.is_whole(number));
        let way = match (view.has_keyboard, number) {
            // What is typed goes elsewhere: a letter would be a prompt there.
            (false, Some(number)) => format!("/approve {number} · /deny {number}"),
            (false, None) => String::new(),
            (true, _) if is_whole => words::ways(pending),
            (true, _) => "y shows it whole first · n no".to_owned(),
        };
        let in_one = format!("{ASKS}{named}{way} · {asked}");
        if in_one.width() <= width {
            return in_one;
        }
        ways = Some(format!("{BENEATH}{way}"));
        format!("{ASKS}{named}{asked}")
    };
    let rows = waiting.iter().map(row).collect();
    if consents > 1 {
        let all = waiting.iter().find_map(|pending| inbox::way_of_all(pending, waiting));
        let all = all.map(|all| format!(" · {all}")).unwrap_or_default();
        let always = if waiting.iter().any(|pending| pending.always.is_some()) { "a, " } else { "" };
        ways = Some(if view.has_keyboard {
            format!("{BENEATH}y, {always}n NUMBER{all}")
        } else {
            format!("{BENEATH}/approve NUMBER · /deny NUMBER")
        });
    }
    (rows, ways)
}

/// Whether a directory is trusted, in two rows where one has no room for what follows from it.
fn trust_rows(question: &str, width: usize) -> Vec<String> {
    let in_one = format!("{ASKS}{question}");
    match question.rsplit_once(" · ") {
        Some((ways, then)) if in_one.width() > width => {
            vec![format!("{ASKS}{ways}"), format!("{BENEATH}{then}")]
        }
        Some(_) | None => vec![in_one],
    }
}

/// What asks in the session in view, and how that is answered.
fn asks(view: PaneView<'_>, id: SessionId, pending: &[PendingCall], width: usize) -> Vec<String> {
    let (mut rows, ways) = waits(view, id, pending, width);
    few(&mut rows, |more| format!("{ASKS}… and {more} more; /inbox lists them"));
    rows.extend(ways);
    // One question at a time: a `y` is for calls first.
    let waits = pending.iter().any(|call| call.wants != Wants::Words);
    match view.ui.trust_question().filter(|_| view.has_keyboard) {
        Some(_) if waits => rows.push(format!("{BENEATH}trust in this directory is asked about after that")),
        Some(question) => rows.extend(trust_rows(question, width)),
        None => {}
    }
    rows
}

fn lines(view: PaneView<'_>, mirror: &Mirror, width: usize) -> Vec<String> {
    let ui = view.ui;
    let line = |what: &str, text: &str| {
        let start: String = quoted::folded(text).chars().take(CHARS).collect();
        format!(" {what}: {}", sanitize::visible_line(&start))
    };
    let sent = if ui.lost.is_some() { "not saved" } else { "sending" };
    let (mut asked, mut lines) = (Vec::new(), Vec::new());
    match view.session {
        Some(id) => {
            let session = mirror.get(id);
            let pending = session.map(|session| session.pending.as_slice()).unwrap_or_default();
            // What asks is counted by itself: prompts that wait push no question out of sight.
            asked = asks(view, id, pending, width);
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
    lines.extend(ui.focus.and_then(|id| mirror.get(id)).and_then(held));
    asked.append(&mut lines);
    asked
}

/// That nothing of the queue is sent by itself, where that is so, and what sends it or takes it back.
fn held(session: &Mirrored) -> Option<String> {
    let stopped = match session.summary.activity {
        Activity::Interrupted => "was interrupted",
        Activity::Failed => "failed",
        Activity::Idle | Activity::Working | Activity::NeedsApproval | Activity::NeedsInput => return None,
    };
    let (first, last) = if session.queue.len() == 1 { ("it", "it") } else { ("the first", "the last") };
    let said =
        || format!("{BENEATH}held, as the answer {stopped}: /now sends {first}, /unqueue takes {last} back");
    (!session.queue.is_empty()).then(said)
}

/// Cuts what is more than is shown, and counts it.
fn few(lines: &mut Vec<String>, told: impl FnOnce(usize) -> String) {
    if lines.len() > SHOWN {
        let more = lines.len() - (SHOWN - 1);
        lines.truncate(SHOWN - 1);
        lines.push(told(more));
    }
}
