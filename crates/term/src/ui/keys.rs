//! Keys: what each means where no overlay has them, and what those do that change this terminal alone: editing, scrolling,
//! walking through earlier prompts. Whatever else a key means is a command.

use q_core::{Mirror, PromptWay};

use crate::command::{self, Action, Arguments, Edit, ScrollStep, Typed, UserCommand, WordsFor};
use crate::intent::Intent;
use crate::keys::{Chord, KeyCode, ctrl, key};
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;
use crate::words;

impl Ui {
    pub(super) fn press(&mut self, mirror: &Mirror, chord: Chord, intents: &mut Vec<Intent>) {
        self.notice = None;
        self.pass_hint();
        if self.overlay.is_some() {
            self.press_in_overlay(mirror, chord, intents);
            return;
        }
        let leader = self.options.keymap.leader();
        if std::mem::take(&mut self.leader) {
            match self.options.keymap.by_leader(chord) {
                Some(action) => self.act(mirror, action, chord, intents),
                None if [leader, key(KeyCode::Esc), ctrl('c')].contains(&chord) => {}
                None => {
                    self.warn(format!("{leader} {chord} means nothing; {leader} ? shows what does"));
                }
            }
        } else if chord == leader {
            self.leader = true;
        } else if self.press_in_list(chord) {
            // It was for the list of what could be meant.
        } else if let Some(action) = self.options.keymap.by_chord(chord, self.pane().editor.is_empty()) {
            self.act(mirror, self.or_search(action, chord), chord, intents);
        } else if let Some(typed) = chord.typed() {
            self.pane_mut().editor.type_in(typed);
        }
    }

    /// Does what a key means.
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else a key means is a command")]
    pub(super) fn act(&mut self, mirror: &Mirror, action: Action, chord: Chord, intents: &mut Vec<Intent>) {
        match action {
            Action::Submit => self.enter(mirror, intents),
            Action::Scroll(step) => self.scroll(mirror, step),
            Action::ToPrompt(step) => self.go_to_prompt(mirror, step),
            Action::History(step) => self.walk_history(step),
            // Esc leaves what lies on top; of the prompt itself it takes nothing away.
            Action::Cancel => self.pane_mut().selection = None,
            Action::Complete => self.complete(mirror),
            // The key that unfolds does so with what the cursor stands at first.
            Action::Thoughts if self.pane_mut().editor.unfold() => {}
            action => {
                if let Some(edit) = action.edits() {
                    self.pane_mut().editor.edit(edit);
                    return;
                }
                // A key needs no answer: what it did, or why not, is on the screen.
                let command = UserCommand::key(action, chord.digit());
                let _on_screen: CommandStatus = self.carry_out(mirror, command, intents);
            }
        }
    }

    /// Sends what is typed, or carries out the command it is.
    fn enter(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
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
        self.line = self.pane().line.clone();
        if self.lost.is_none() && self.answer_trust(mirror, &typed, intents) {
            return;
        }
        let read = match self.scene(mirror).answer(&typed) {
            Some(answer) => Typed::Command(Ok(answer)),
            None => command::read(&typed, &self.options.kinds),
        };
        if self.lost.is_some() && !read.needs_no_host() {
            self.warn("what you typed stays here");
            intents.push(Intent::Rejoin);
            return;
        }
        match read {
            Typed::Prompt(_) if self.is_kept_back(mirror) => {}
            Typed::Prompt(text) => match self.scene(mirror).words_are_for() {
                WordsFor::Question => {
                    let answer = Ok(UserCommand::answer_with(text.trim()));
                    let _on_screen: CommandStatus = self.command(mirror, answer, &typed, intents);
                }
                WordsFor::NobodyYet(why) => {
                    // It stays where it is typed, and is about what can be read now.
                    self.pane_mut().line = self.inbox.line_start(self.at);
                    self.warn(why);
                }
                WordsFor::Agent => {
                    self.send_prompt(text.trim_end().to_owned(), PromptWay::Ask, &typed, intents);
                    if self.scene(mirror).asks() {
                        self.notify(words::STILL_ASKS);
                    }
                }
            },
            Typed::Shell(line) => {
                self.send_prompt(line.trim_end().to_owned(), PromptWay::Run, &typed, intents);
            }
            Typed::Command(command) => {
                let _on_screen: CommandStatus = self.command(mirror, command, &typed, intents);
            }
        }
    }

    fn send_prompt(&mut self, text: String, way: PromptWay, typed: &str, intents: &mut Vec<Intent>) {
        let pane = self.pane_mut();
        pane.history.keep(typed);
        pane.editor.take();
        self.send_to_view(text, way, intents);
    }

    /// Sends a prompt to the session in view, or to one that is made for it.
    pub(super) fn send_to_view(&mut self, text: String, way: PromptWay, intents: &mut Vec<Intent>) {
        self.pane_mut().mark = None;
        self.scroll_to_end();
        if let Some(id) = self.focus.or(self.visits.awaited) {
            self.submit(id, text, way, intents);
            return;
        }
        self.submissions.hold(text, way);
        if !self.submissions.is_opening() {
            intents.push(Intent::Make(Arguments::default()));
        }
    }

    pub(super) fn scroll(&mut self, mirror: &Mirror, step: ScrollStep) {
        let half = (self.pane().frame.geometry.rows / 2).max(1).cast_signed();
        match step {
            ScrollStep::LineUp => self.scroll_by(mirror, -1),
            ScrollStep::LineDown => self.scroll_by(mirror, 1),
            ScrollStep::PageUp => self.scroll_by(mirror, -half),
            ScrollStep::PageDown => self.scroll_by(mirror, half),
            ScrollStep::Top => self.scroll_to_top(mirror),
            ScrollStep::End => self.scroll_to_end(),
        }
    }
}
