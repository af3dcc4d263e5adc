//! What comes from outside: the terminal's events become intents, and the mirror is followed. Nothing here draws or waits.

use q_core::{Activity, Instant, Mirror};

use crate::command::Action;
use crate::event::TerminalEvent;
use crate::intent::Intent;
use crate::overlay::{Overlay, OverlaySubject};
use crate::ui::state::Ui;
use crate::way::Way;
use crate::{advice, typed, words};

impl Ui {
    /// Says what time it is: to be said before each event. What is answered depends on it: a key is meant for what could be
    /// read before it.
    pub const fn tell_time(&mut self, now: Instant) {
        self.at = now;
    }

    /// The frame that was laid out last is on the screen, at that time.
    pub fn drawn(&mut self, at: Instant) {
        self.inbox.drawn(at);
        self.note_question_drawn(at);
    }

    /// A key that begins a line can be meant for what is on the screen now, and so can all of that line.
    fn note_line_start(&mut self) {
        match &self.overlay {
            Some(overlay) if overlay.has_line() => {}
            Some(_) => self.overlay_line = self.inbox.line_start(self.at),
            None if self.pane().editor.is_empty() => {
                let line = self.inbox.line_start(self.at);
                self.pane_mut().line = line;
                self.note_question_read();
            }
            None => {}
        }
    }

    /// Takes an event in. Total: whatever a terminal may send has an answer.
    pub fn handle(&mut self, mirror: &Mirror, event: TerminalEvent) -> Vec<Intent> {
        let mut intents = Vec::new();
        if matches!(event, TerminalEvent::Key(_) | TerminalEvent::Paste(_) | TerminalEvent::Mouse(_)) {
            self.note_person();
        }
        let before = self.focus;
        match event {
            TerminalEvent::Key(chord) => {
                self.note_line_start();
                self.forget_tab();
                self.press(mirror, chord, &mut intents);
            }
            TerminalEvent::Paste(text) => {
                self.note_line_start();
                self.forget_tab();
                self.leader = false;
                self.notice = None;
                let text = typed::text(&text);
                let is_long = text.trim().contains('\n') && !text.starts_with('/');
                let takes_words =
                    |overlay: &dyn Overlay| matches!(overlay.subject(), OverlaySubject::Inbox(_));
                match &mut self.overlay {
                    Some(overlay) if takes_words(overlay.as_ref()) && is_long => {
                        self.warn("several lines are answered at the session's prompt: Enter goes there");
                    }
                    Some(overlay) => overlay.paste(text.lines().next().unwrap_or_default().trim()),
                    None => self.paste(&text),
                }
            }
            TerminalEvent::Mouse(mouse) => self.point(mirror, mouse, &mut intents),
            TerminalEvent::Focus(in_front) => self.note_front(in_front),
            // What of the panes has room is known before the next frame, so that the host hears what is in sight.
            TerminalEvent::Resize(width, height) => self.resized(width, height),
        }
        if before.is_some() && self.focus.is_some() && before != self.focus {
            self.note_switched();
        }
        self.follow_typing(mirror, &mut intents);
        self.settle(mirror, &mut intents);
        intents
    }

    /// Why the host takes nothing that is to be kept, if that is so.
    pub fn only_read(&mut self, why: Option<String>) {
        self.read_only = why.map(|why| advice::render(&why, Way::Slash).into_owned());
    }

    /// For the first look after a while, and at the next host: says which other sessions were interrupted meanwhile.
    pub fn welcome_back(&mut self, mirror: &Mirror) {
        if let Some(interrupted) = words::interrupted(mirror, self.focus) {
            self.notify(format!("{interrupted}; {} goes there", self.key(Action::Attend)));
        }
    }

    /// The mirror changed: keeps the focus valid, adopts drafts, asks for pages in sight.
    pub fn refreshed(&mut self, mirror: &Mirror) -> Vec<Intent> {
        let mut intents = Vec::new();
        self.settle(mirror, &mut intents);
        intents
    }

    /// The next frame of what moves.
    pub fn tick(&mut self) {
        self.spinner = self.spinner.wrapping_add(1);
    }

    /// Whether anything on the screen moves: call [`Ui::tick`] at most four times a second then, and never otherwise.
    pub fn wants_ticks(&self, mirror: &Mirror) -> bool {
        self.options.motion && self.in_front && self.lost.is_none() && anything_moves(mirror)
    }

    /// What follows from every change: a valid focus, known drafts, and telling the host what is in sight.
    pub(super) fn settle(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        self.search_on(mirror, intents);
        if self.lost.is_some() {
            self.teach(mirror, intents);
            let count = intents.len();
            // Kept for later they would come as a surprise; the person is told, and may ask again.
            intents.retain(|intent| !intent.needs_host());
            if intents.len() < count {
                self.visits.closing = None;
                self.found.give_up();
                self.warn("that needs the host");
            }
            return;
        }
        if intents.iter().any(Intent::opens_session) {
            self.submissions.opens();
        }
        self.keep_focus_valid(mirror, intents);
        self.keep_awake(mirror, intents);
        self.adopt_drafts(mirror);
        self.follow(mirror, intents);
        self.follow_archive(mirror, intents);
        self.teach(mirror, intents);
    }
}

/// Whether any agent works. One that waits for the person does not.
pub(crate) fn anything_moves(mirror: &Mirror) -> bool {
    mirror.by_slot().iter().any(|session| session.summary.activity == Activity::Working)
}
