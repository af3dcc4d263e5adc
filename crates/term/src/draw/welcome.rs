//! What an empty screen says: what to type first.

use q_core::Mirror;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Action, Edit};
use crate::draw::page;
use crate::keymap::Keymap;
use crate::kinds::looks_only;
use crate::learned::{Learned, TourStep};
use crate::ui::PaneView;
use crate::words::{self, GUIDE};

const TRY: &str = "Try: how do I switch sessions?";

/// What whoever has no model can have at once.
const OFFER: &str = "A model, in the shell: q setup (a small one here: q model pull smollm2)";

/// How somebody else is to answer.
const ANOTHER: &str = "Another agent, in the shell: q setup";

pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: PaneView<'_>, mirror: &Mirror) {
    let ui = view.ui;
    let Some(session) = view.mirrored(mirror) else {
        let (answers, change) = first_answers(&ui.options.agent);
        let begins = [answers.as_str(), change];
        let said = first_words(&ui.options.keymap, &ui.lessons.learned);
        let lines: Vec<&str> = begins.into_iter().chain(said.iter().map(String::as_str)).collect();
        return page::draw(buffer, area, &lines, None);
    };
    let agent = words::agent(&session.summary);
    let answers = words::who_answers(&agent);
    let said = in_session(&ui.options.keymap);
    let mut lines: Vec<&str> = said.iter().map(String::as_str).collect();
    let tools = looks_only(&session.summary);
    lines.extend(["", &answers]);
    lines.extend(tools.as_deref());
    if agent == GUIDE {
        lines.push(TRY);
        // Not where another one answers in new sessions.
        if ui.options.agent == GUIDE {
            lines.push(OFFER);
        }
    }
    page::draw(buffer, area, &lines, None);
}

/// What is said where there is no session yet.
fn first_words(keymap: &Keymap, learned: &Learned) -> Vec<String> {
    let (send, leader) = (keymap.press(Action::Submit, false), keymap.leader());
    let leaves = keymap.press(Action::Detach, true);
    let help = keymap.at_once(Action::Help, true).map_or_else(String::new, |key| format!(", {key}"));
    let row = |step: TourStep, way: &str, what: &str| {
        let sign = if learned.tour_runs() && learned.has_tried(step) { '✓' } else { ' ' };
        format!("{sign} {way:<15} {what}")
    };
    vec![
        String::new(),
        format!("Type a question and press {send}: that opens your first session. Or try"),
        String::new(),
        row(TourStep::New, "/new NAME", "open one with a name of your choice"),
        row(TourStep::Switch, "/switch NAME", "go to another; what runs in this one goes on"),
        row(TourStep::List, "/sessions", "see them all"),
        String::new(),
        format!("/help{help}: everything; {leader}: the keys; {leaves} leaves, q brings you back."),
    ]
}

/// What is said in a session in which nothing was said.
fn in_session(keymap: &Keymap) -> Vec<String> {
    let (send, line) =
        (keymap.press(Action::Submit, false), keymap.press(Action::Edit(Edit::Newline), false));
    let leader = keymap.leader();
    vec![
        "Nothing has been said here yet.".to_owned(),
        String::new(),
        format!("Type a prompt and press {send}. {line} begins a new line."),
        format!(
            "While an answer is on its way you can go on typing, or go to another session with {leader}."
        ),
    ]
}

/// Who answers in a first session, and how that is changed: a line each, so that all of a first screen is read at once.
fn first_answers(agent: &str) -> (String, &'static str) {
    if agent == GUIDE {
        ("Welcome to q. The built-in guide answers, offline, about q alone: no model.".to_owned(), OFFER)
    } else {
        (format!("Welcome to q. {agent} answers."), ANOTHER)
    }
}
