//! Carrying out: what actions and slash commands do.

use q_core::{Activity, Kind, Mirror, SessionId};

use crate::action::Action;
use crate::intent::Intent;
use crate::slash::Slash;
use crate::ui::{Overlay, Ui};

/// Whether a typed command was taken; one that was not stays in the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Refused,
}

impl Ui {
    /// A typed command, done.
    pub(super) fn carry_out(
        &mut self,
        mirror: &Mirror,
        command: Slash,
        intents: &mut Vec<Intent>,
    ) -> Outcome {
        match command {
            Slash::New { kind, name } => {
                intents.push(Intent::New { kind, name });
                Outcome::Done
            }
            Slash::Switch(target) => match self.find(mirror, &target) {
                Some(id) if Some(id) == self.focus => {
                    self.say("that session is in view");
                    Outcome::Done
                }
                Some(id) => {
                    // The command is no draft of the session it was typed in.
                    self.pane_mut().editor.take();
                    self.show(mirror, id, intents);
                    Outcome::Done
                }
                None => Outcome::Refused,
            },
            Slash::Close { target, force } => {
                let id = match target {
                    Some(target) => self.find(mirror, &target),
                    None => self.here(),
                };
                let Some(id) = id else { return Outcome::Refused };
                self.close(mirror, id, force, intents);
                Outcome::Done
            }
            Slash::Rename(name) => {
                let Some(session) = self.here() else { return Outcome::Refused };
                intents.push(Intent::Rename { session, name });
                Outcome::Done
            }
            Slash::Unqueue(number) => self.unqueue(mirror, number, intents),
            Slash::Help(topic) => {
                self.overlay = Some(Overlay::help(topic));
                Outcome::Done
            }
            Slash::Do(action) => {
                let typed = self.pane_mut().editor.take();
                let from = self.focus;
                let outcome = self.act(mirror, action, None, intents);
                if outcome == Outcome::Refused && self.focus == from {
                    self.pane_mut().editor.set(typed);
                }
                outcome
            }
        }
    }

    /// What a key or a command that takes nothing means, done; `digit` is the key's, where it has one.
    pub(super) fn act(
        &mut self,
        mirror: &Mirror,
        action: Action,
        digit: Option<u8>,
        intents: &mut Vec<Intent>,
    ) -> Outcome {
        match action {
            Action::New => intents.push(Intent::New { kind: Kind::default(), name: None }),
            Action::Next => self.step(mirror, 1, intents),
            Action::Previous => self.step(mirror, -1, intents),
            Action::Last => self.show_last(mirror, intents),
            Action::Switch => self.show_slot(mirror, digit.unwrap_or_default().into(), intents),
            Action::List => self.overlay = Some(Overlay::switcher(self.focus, mirror)),
            Action::Inbox => self.show_needy(mirror, intents),
            Action::Close => return self.close_here(mirror, intents),
            Action::Rename => return self.ask_name(mirror),
            Action::Detach => {
                intents.extend(self.drafts());
                intents.push(Intent::Detach);
            }
            Action::Help => self.overlay = Some(Overlay::help(None)),
            Action::Submit => self.enter(mirror, intents),
            Action::Interrupt => self.interrupt(mirror, intents),
            Action::Retry => return self.retry(mirror, intents),
            Action::Unqueue => return self.unqueue(mirror, None, intents),
            Action::PageUp => self.scroll_page(mirror, false),
            Action::PageDown => self.scroll_page(mirror, true),
            Action::LineUp => self.scroll_by(mirror, -1),
            Action::LineDown => self.scroll_by(mirror, 1),
            Action::Top => self.scroll_to_top(mirror),
            Action::End => self.scroll_to_end(),
            Action::Redraw => intents.push(Intent::Redraw),
            Action::Suspend => intents.push(Intent::Suspend),
            Action::Cancel => {}
            Action::HistoryUp => self.up(),
            Action::HistoryDown => self.down(),
            Action::HistorySearch => self.search_history(),
            Action::Edit(edit) => self.pane_mut().editor.edit(edit),
        }
        Outcome::Done
    }

    fn close_here(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> Outcome {
        let Some(id) = self.here() else { return Outcome::Refused };
        self.close(mirror, id, false, intents);
        Outcome::Done
    }

    fn ask_name(&mut self, mirror: &Mirror) -> Outcome {
        let Some(session) = self.here().and_then(|id| mirror.get(id)) else { return Outcome::Refused };
        self.overlay = Some(Overlay::rename(&session.summary));
        Outcome::Done
    }

    /// The session in view; says so when there is none.
    fn here(&mut self) -> Option<SessionId> {
        if self.focus.is_none() {
            self.complain("there is no session yet; type a prompt, or /new");
        }
        self.focus
    }

    /// Closes at once what rests; asks about what works.
    pub(super) fn close(&mut self, mirror: &Mirror, id: SessionId, force: bool, intents: &mut Vec<Intent>) {
        let works = mirror.get(id).is_some_and(|session| session.summary.activity == Activity::Working);
        if works && !force {
            self.overlay = Some(Overlay::Close { session: id });
        } else {
            intents.push(Intent::Close { session: id, force });
        }
    }

    fn retry(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> Outcome {
        let Some(id) = self.here() else { return Outcome::Refused };
        let activity = mirror.get(id).map(|session| session.summary.activity);
        match activity {
            Some(Activity::Working) => {
                self.complain("an answer is on its way; Ctrl+C stops it");
                Outcome::Refused
            }
            Some(Activity::Idle | Activity::Failed | Activity::Interrupted) | None => {
                intents.push(Intent::Retry { session: id });
                Outcome::Done
            }
        }
    }

    /// Takes a waiting prompt back, into the editor.
    fn unqueue(&mut self, mirror: &Mirror, number: Option<usize>, intents: &mut Vec<Intent>) -> Outcome {
        let Some(id) = self.here() else { return Outcome::Refused };
        let queue = mirror.get(id).map(|session| session.queue.as_slice()).unwrap_or_default();
        let chosen = match number {
            Some(number) => number.checked_sub(1).and_then(|place| queue.get(place)),
            None => queue.last(),
        };
        if let Some(waiting) = chosen {
            intents.push(Intent::Unqueue { session: id, prompt: waiting.prompt });
            self.pane_mut().editor.set(waiting.text.clone());
            return Outcome::Done;
        }
        self.complain(match queue.len() {
            0 => "no prompt waits here".to_owned(),
            count => format!("there is no such number; {} waiting", crate::words::counted(count, "prompt")),
        });
        Outcome::Refused
    }
}
