//! Commands and skills that people write themselves: looked for by the client where a line is no command of q's, and sent as prompts.

use q_core::{Mirror, PromptWay, SessionId};

use crate::intent::Intent;
use crate::overlay::OverlaySubject;
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;
use crate::written;

impl Ui {
    /// A skill with what is typed behind its name as a prompt; without a name the list of them.
    pub(super) fn skill(&mut self, typed: Option<&str>, intents: &mut Vec<Intent>) -> CommandStatus {
        match typed {
            Some(typed) => self.send_to_view(written::skill(typed), PromptWay::Ask, intents),
            None => intents.push(Intent::Skills { session: self.focus }),
        }
        CommandStatus::Done
    }

    /// That line is such a command: it goes as a prompt, which the client makes of it.
    pub fn send_written(&mut self, mirror: &Mirror, line: &str) -> Vec<Intent> {
        let mut intents = Vec::new();
        if !self.is_kept_back(mirror) {
            self.send_to_view(line.trim_end().to_owned(), PromptWay::Ask, &mut intents);
        }
        intents
    }

    /// A line was no command of anybody's.
    pub fn unknown_command(&mut self, said: &str) {
        self.warn(format!("{said} · {}", self.brings_back()));
    }

    /// Lists skills, for the session in view or where there is none.
    pub fn show_skills(&mut self, session: Option<SessionId>, lines: Vec<String>) {
        let subject = session.map_or(OverlaySubject::Nothing, OverlaySubject::Session);
        self.open_page(" skills ", subject, lines);
    }
}
