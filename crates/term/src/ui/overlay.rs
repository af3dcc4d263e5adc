//! The overlay that lies on top: it gets the keys, and what follows from them is carried out here.

use q_core::Mirror;

use crate::command::{self, UserCommand};
use crate::inbox::LineStart;
use crate::intent::Intent;
use crate::keys::{Chord, KeyCode, key};
use crate::overlay::{Overlay, Reaction};
use crate::ui::geometry::{Position, Rect};
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;

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
            Reaction::Act(action) => self.act(mirror, action, chord, intents),
            Reaction::Seek(step) => {
                self.overlay = Some(overlay);
                self.seek(mirror, step, intents);
            }
            Reaction::Leader => self.leader = true,
            Reaction::Type => self.type_beneath(mirror, chord, intents),
            Reaction::Run(typed) => self.run_line(mirror, &typed, overlay, intents),
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
        overlay: Box<dyn Overlay>,
        intents: &mut Vec<Intent>,
    ) {
        let answers = |command: &UserCommand| overlay.subject().is_answered_by(command);
        let answer = command::answer(typed).filter(answers);
        let command = answer.map_or_else(|| command::parse(typed, &self.options.kinds), Ok);
        self.line = std::mem::take(&mut self.overlay_line);
        let from = self.focus;
        let status = match command {
            Err(error) => self.refuse_line(typed, &error.message),
            Ok(command) => self.command(mirror, Ok(command), typed, intents),
        };
        let again = self.overlay.as_ref().and_then(|now| now.subject().call());
        if again.is_some() && again == overlay.subject().call() {
            self.warn("read it to its end first, then answer");
        }
        // Of a call that is answered there is no more to read.
        let is_over = overlay.subject().call().is_some() && status == CommandStatus::Sent;
        if self.overlay.is_none() && self.focus == from && status != CommandStatus::Done && !is_over {
            self.overlay = Some(overlay);
        }
    }
}
