//! The question whether a session's directory is trusted: one line above the prompt, while anything may be typed. It is asked
//! where the directory has files of its own for agents, and its answer counts only if it could be read before it was typed.

use q_core::{Instant, Mirror, SessionId};

use crate::inbox::READING;
use crate::intent::Intent;
use crate::project::{self, UntrustedPaths};
use crate::ui::state::Ui;
use crate::ui::trust_question::TrustQuestion;

impl Ui {
    /// Asks whether the directory of that session is trusted, of which these paths would count.
    pub fn ask_trust(&mut self, session: SessionId, directory: &str, paths: &UntrustedPaths) {
        let text = project::question(directory, &self.options.home, paths);
        self.trust = Some(TrustQuestion { session, text, seen: None, was_read: false });
    }

    /// The question in the session in view.
    pub(crate) fn trust_question(&self) -> Option<&str> {
        let asked = self.trust.as_ref().filter(|asked| Some(asked.session) == self.focus)?;
        Some(&asked.text)
    }

    /// A frame with it is on the screen, at that time. It waits until no call asks.
    pub(super) fn note_question_drawn(&mut self, at: Instant) {
        let is_covered = self.overlay.is_some() || self.inbox.asks();
        if let Some(asked) = &mut self.trust {
            let is_seen = Some(asked.session) == self.focus && !is_covered;
            asked.seen = if is_seen { asked.seen.or(Some(at)) } else { None };
        }
    }

    /// A line is begun.
    pub(super) fn note_question_read(&mut self) {
        let now = self.at;
        if let Some(asked) = &mut self.trust {
            asked.was_read = asked.seen.is_some_and(|seen| now.since(seen) >= READING);
        }
    }

    /// Takes a line as the answer, if it is one. What waits for consent is answered first.
    pub(super) fn answer_trust(&mut self, mirror: &Mirror, typed: &str, intents: &mut Vec<Intent>) -> bool {
        let trusts = match typed.trim() {
            "y" => true,
            "n" => false,
            _a_prompt => return false,
        };
        if self.scene(mirror).asks() {
            return false;
        }
        let Some(asked) = self.trust.take_if(|asked| Some(asked.session) == self.focus) else { return false };
        self.pane_mut().editor.take();
        if !asked.was_read {
            self.trust = Some(asked);
            self.warn("look at what is asked here now, and answer again");
        } else if trusts {
            intents.push(Intent::Trust { session: asked.session });
        } else {
            self.notify("not trusted; /trust does it later");
        }
        true
    }

    /// It is answered, wherever that was done.
    pub fn trusted(&mut self, session: SessionId, said: String) {
        self.trust.take_if(|asked| asked.session == session);
        self.notify(said);
    }
}
