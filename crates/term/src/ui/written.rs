//! Commands and skills that people write themselves: looked for by the client where a line is no command of q's, and sent as prompts.

use q_core::{Mirror, PromptWay, SessionId};

use crate::intent::Intent;
use crate::overlay::OverlaySubject;
use crate::suggest;
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

    /// Asks which commands begin as it is typed; whether one is being typed.
    pub(super) fn complete_command(&self, intents: &mut Vec<Intent>) -> bool {
        let editor = &self.pane().editor;
        let begun = editor.text().strip_prefix('/').filter(|begun| !begun.contains(char::is_whitespace));
        let Some(begun) = begun.filter(|_| editor.cursor() == editor.text().len()) else { return false };
        intents.push(Intent::CompleteCommand { session: self.focus, begun: begun.to_owned() });
        true
    }

    /// These are the written commands that there are: what is typed grows as far as one of them, or of q's own, is meant. Nothing is
    /// done where something else is typed by now.
    pub fn completed_command(&mut self, begun: &str, written: Vec<String>) {
        if self.pane().editor.text().strip_prefix('/') != Some(begun) {
            return;
        }
        let mut names: Vec<String> = suggest::slash_words().map(str::to_owned).chain(written).collect();
        names.sort_unstable();
        names.dedup();
        self.complete_from(begun, &names, "command");
    }
}
