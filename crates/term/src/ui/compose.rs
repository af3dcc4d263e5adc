//! Composing: what editing keys do in the prompt, and sending it.

use q_core::{Command, Mirror};

use crate::command::table::Edit;
use crate::command::{self, SlashError, Typed, UserCommand};
use crate::editor;
use crate::intent::Intent;
use crate::ui::Ui;
use crate::ui::commands::Outcome;

impl Ui {
    /// Sends what is typed, or carries out the command it is.
    pub(super) fn enter(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        let editor = &mut self.pane_mut().editor;
        if editor.text().ends_with('\\') && editor.cursor() == editor.text().len() {
            editor.edit(Edit::DeleteBack);
            editor.edit(Edit::Newline);
            return;
        }
        if editor.text().trim().is_empty() {
            editor.take();
            if self.lost.is_some() {
                intents.push(Intent::Rejoin);
            }
            return;
        }
        let typed = self.pane().editor.text().to_owned();
        let read = command::read(&typed, &self.options.kinds);
        if self.lost.is_some() && !read.needs_no_host() {
            self.complain("what you typed stays here");
            intents.push(Intent::Rejoin);
            return;
        }
        match read {
            Typed::Prompt(_) if self.is_kept_back(mirror) => {}
            Typed::Prompt(text) => self.send(text.trim_end().to_owned(), &typed, intents),
            Typed::Command(command) => {
                let _on_screen: Outcome = self.command(mirror, command, &typed, intents);
            }
        }
    }

    /// Carries a command out. Its line leaves the editor whatever comes of it, so that what is typed next stands alone;
    /// the history has it.
    pub(super) fn command(
        &mut self,
        mirror: &Mirror,
        command: Result<UserCommand, SlashError>,
        typed: &str,
        intents: &mut Vec<Intent>,
    ) -> Outcome {
        let pane = self.pane_mut();
        pane.history.keep(typed);
        if pane.editor.text() == typed {
            pane.editor.take();
        }
        let outcome = match command {
            Ok(command) => self.carry_out(mirror, command, intents),
            Err(error) => {
                self.complain(error.message);
                Outcome::Refused
            }
        };
        if let (Outcome::Refused, Some(notice)) = (outcome, &mut self.notice) {
            notice.text.push_str(" · Up brings it back");
        }
        outcome
    }

    fn send(&mut self, text: String, typed: &str, intents: &mut Vec<Intent>) {
        let pane = self.pane_mut();
        pane.history.keep(typed);
        pane.editor.take();
        pane.mark = None;
        self.scroll_to_end();
        if let Some(id) = self.focus.or(self.awaited) {
            self.submit(id, text, false, intents);
            return;
        }
        self.submissions.hold(text);
        if !self.submissions.is_opening() {
            intents.push(Intent::New { kind: String::new(), name: None });
        }
    }

    /// Interrupts what runs; else clears the prompt; else says how to leave.
    pub(super) fn interrupt(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        let working =
            self.focus.and_then(|id| mirror.get(id)).filter(|session| session.summary.activity.is_busy());
        if let Some(session) = working {
            intents.push(Intent::Tell(Command::Interrupt { session: session.summary.id }));
            return;
        }
        let pane = self.pane_mut();
        if pane.editor.is_empty() {
            self.say("nothing runs here; Ctrl+D leaves, and what runs elsewhere goes on");
        } else {
            let text = pane.editor.take();
            pane.history.keep(&text);
            self.say("cleared; Up brings it back");
        }
    }

    /// A row up; from the first one, to the prompt sent before.
    pub(super) fn up(&mut self) {
        let width = self.geometry.editor;
        let pane = self.pane_mut();
        let view = editor::lay_out(pane.editor.text(), pane.editor.cursor(), width);
        match view.above() {
            Some(place) => pane.editor.go_to(place),
            None => {
                if let Some(older) = pane.history.older(pane.editor.text()) {
                    pane.editor.set(older);
                }
            }
        }
    }

    /// A row down; from the last one, to the prompt sent after.
    pub(super) fn down(&mut self) {
        let width = self.geometry.editor;
        let pane = self.pane_mut();
        let view = editor::lay_out(pane.editor.text(), pane.editor.cursor(), width);
        match view.below() {
            Some(place) => pane.editor.go_to(place),
            None => {
                if let Some(newer) = pane.history.newer(pane.editor.text()) {
                    pane.editor.set(newer);
                }
            }
        }
    }

    pub(super) fn search_history(&mut self) {
        let pane = self.pane_mut();
        match pane.history.search(pane.editor.text()) {
            Some(found) => pane.editor.set(found),
            None => self.say("no earlier prompt contains this"),
        }
    }
}
