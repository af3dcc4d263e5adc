//! The overlay that lies on top: it gets the keys, and what follows from them is carried out here.

use q_core::{Command, Mirror};

use crate::command::{self, Action};
use crate::inbox::{LineStart, SessionNews};
use crate::intent::Intent;
use crate::keys::{Chord, KeyCode, key};
use crate::overlay::{Overlay, OverlaySubject, Reaction};
use crate::ui::geometry::{Position, Rect};
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;

/// What is said of a call that may not run before it was read.
const READ_FIRST: &str = "read it to its end first, then answer";
/// What answers a call.
const ANSWERS: [Action; 4] = [Action::Approve, Action::Always, Action::Deny, Action::Answer];

impl Ui {
    pub(super) fn press_in_overlay(&mut self, mirror: &Mirror, chord: Chord, intents: &mut Vec<Intent>) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let reaction = overlay.press(&self.overlay_context(mirror), chord);
        self.react(mirror, overlay, (reaction, chord), intents);
    }

    /// A click there, where an overlay lies on top.
    pub(super) fn click_in_overlay(&mut self, mirror: &Mirror, at: Position, intents: &mut Vec<Intent>) {
        let Some(mut overlay) = self.overlay.take() else { return };
        let reaction = overlay.click(&self.overlay_context(mirror), self.overlay_place(), at);
        self.react(mirror, overlay, (reaction, key(KeyCode::Enter)), intents);
    }

    /// Where an overlay lies: over the whole screen, but that for finding in the pane in which it finds.
    pub(crate) fn overlay_place(&self) -> Rect {
        if self.is_searching() { self.pane().frame.places.whole } else { self.places.screen }
    }

    fn react(
        &mut self,
        mirror: &Mirror,
        overlay: Box<dyn Overlay>,
        (reaction, chord): (Reaction, Chord),
        intents: &mut Vec<Intent>,
    ) {
        match reaction {
            Reaction::Stay => self.overlay = Some(overlay),
            Reaction::Leave => {}
            Reaction::Bell => {
                self.overlay = Some(overlay);
                intents.push(Intent::Bell);
            }
            Reaction::Complain(why) => {
                self.overlay = Some(overlay);
                self.warn(why);
            }
            Reaction::Send(command, session) => {
                if let Some(core) = command.of_session(session) {
                    self.send(core, intents);
                }
            }
            Reaction::RemoveRule(rule) => self.remove_rule(rule, intents),
            Reaction::Put(text) => self.pane_mut().editor.set(text),
            Reaction::Show(session) => self.show(mirror, session, intents),
            Reaction::ActOn(session, action) => {
                if let Some(session) = mirror.get(session) {
                    self.carry_out_on(mirror, &session.summary, action, intents);
                }
                // A question about it takes the place, if one was asked.
                self.overlay.get_or_insert(overlay);
            }
            Reaction::ActOnSeveral(sessions, command) => {
                self.overlay = Some(overlay);
                self.act_on_several(mirror, &sessions, &command, intents);
            }
            Reaction::UndoOnSeveral => {
                self.overlay = Some(overlay);
                self.undo_on_several(intents);
            }
            Reaction::Act(action) => self.act(mirror, action, chord, intents),
            Reaction::Know(news) => {
                self.overlay = Some(overlay);
                self.say_known(news, intents);
            }
            Reaction::Seek(step) => {
                self.overlay = Some(overlay);
                self.seek(mirror, step, intents);
            }
            Reaction::Leader => self.leader = true,
            Reaction::Type => self.type_beneath(mirror, chord, intents),
            Reaction::Run(typed) => self.run_line(mirror, &typed, overlay, intents),
        }
    }

    /// Has the core know that the person knows what happened in a session, where it could be read before the key was pressed.
    fn say_known(&mut self, news: SessionNews, intents: &mut Vec<Intent>) {
        if !self.overlay_line.is_about(news) {
            return; // the key was for something that stood there before
        }
        self.send(Command::MarkRead { session: news.session }, intents);
        if let Some(overlay) = &mut self.overlay {
            overlay.go_on();
        }
    }

    /// Types at the prompt what leaves an overlay. A line that is begun so answers nothing: what is asked beneath could not be read.
    fn type_beneath(&mut self, mirror: &Mirror, chord: Chord, intents: &mut Vec<Intent>) {
        if self.pane().editor.is_empty() {
            self.pane_mut().line = LineStart::default();
            self.note_question_read();
        }
        self.press(mirror, chord, intents);
    }

    /// Does a command that was typed in an overlay. What the core alone is told leaves the overlay there, and so does what
    /// is refused; anything else goes on where it leads.
    fn run_line(
        &mut self,
        mirror: &Mirror,
        typed: &str,
        mut overlay: Box<dyn Overlay>,
        intents: &mut Vec<Intent>,
    ) {
        let answer = command::answer(typed).filter(|_| overlay.subject().is_answered());
        let command = answer.map_or_else(|| command::parse(typed, &self.options.kinds), Ok);
        self.line = std::mem::take(&mut self.overlay_line);
        let from = self.focus;
        let is_answer = command.as_ref().is_ok_and(|command| ANSWERS.contains(&command.action));
        let status = match command {
            Err(error) => self.refuse_line(typed, &error.message),
            Ok(command) => self.command(mirror, Ok(command), typed, intents),
        };
        let again = self.overlay.as_ref().and_then(|now| now.subject().call());
        let is_inbox = |overlay: &dyn Overlay| matches!(overlay.subject(), OverlaySubject::Inbox(_));
        let lists_again = is_answer && self.overlay.as_deref().is_some_and(is_inbox) && is_inbox(&*overlay);
        if lists_again || again.is_some_and(|again| overlay.show_call(again)) {
            // It is the same one, and stays where it was.
            self.overlay = Some(overlay);
            self.warn(READ_FIRST);
            return;
        }
        if again.is_some() && again == overlay.subject().call() {
            self.warn(READ_FIRST);
        }
        if status == CommandStatus::Sent && is_answer {
            overlay.go_on();
        }
        // Of a call that is answered there is no more to read.
        let is_over = overlay.subject().call().is_some() && status == CommandStatus::Sent;
        if self.overlay.is_none() && self.focus == from && status != CommandStatus::Done && !is_over {
            self.overlay = Some(overlay);
        }
    }
}
