//! Carrying out: what actions and slash commands do.

use q_core::{Command, Mirror, SessionId, Summary};

use crate::action::{Action, ROWS};
use crate::granted::Way;
use crate::intent::Intent;
use crate::overlay::{Confirm, HelpSheet, InboxSheet, PageOverlay, QueueSheet, Rename, Switcher};
use crate::slash::{Seek, Slash};
use crate::suggest;
use crate::ui::Ui;
use crate::wish::{self, End, Scene, Wish};

/// Whether a typed command was taken.
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
            Slash::New { kind, name } => intents.push(Intent::New { kind, name }),
            Slash::Fork(name) => return self.fork(name, intents),
            Slash::Switch(target) => return self.switch(mirror, &target, intents),
            Slash::Close { target, force } => {
                let id = match target {
                    Some(target) => self.find(mirror, &target),
                    None => self.here(),
                };
                let Some(session) = id else { return Outcome::Refused };
                self.end(mirror, Command::Close { session, even_if_working: force }, intents);
            }
            Slash::Delete { force } => {
                let Some(session) = self.here() else { return Outcome::Refused };
                self.end(mirror, Command::Trash { session, even_if_working: force }, intents);
            }
            Slash::Seek { address, wanted } => intents.push(Intent::Seek { address, wanted }),
            Slash::TakeBack(number) => return self.take_back(mirror, number, intents),
            Slash::Steer(text) => match self.scene(mirror).running() {
                Ok(id) => self.submit(id, text, true, intents),
                Err(why) => return self.refuse(why),
            },
            Slash::Wish(wish) => return self.wish(mirror, wish, intents),
            Slash::Help(Some(topic)) if !ROWS.iter().any(|row| row.mentions(&topic)) => {
                return self.refuse(suggest::no_topic(&topic, Way::Slash));
            }
            Slash::Help(topic) => self.open(PageOverlay::new(HelpSheet { topic })),
            Slash::Do(action) => return self.act(mirror, action, None, intents),
        }
        Outcome::Done
    }

    fn switch(&mut self, mirror: &Mirror, target: &str, intents: &mut Vec<Intent>) -> Outcome {
        match self.find(mirror, target) {
            Some(id) if Some(id) == self.focus => self.say("that session is in view"),
            Some(id) => self.show(mirror, id, intents),
            None => return Outcome::Refused,
        }
        Outcome::Done
    }

    fn fork(&mut self, name: Option<String>, intents: &mut Vec<Intent>) -> Outcome {
        let Some(session) = self.here() else { return Outcome::Refused };
        intents.push(Intent::Fork { session, at: None, name });
        Outcome::Done
    }

    fn scene<'a>(&'a self, mirror: &'a Mirror) -> Scene<'a> {
        Scene { mirror, focus: self.focus, inbox: &self.inbox }
    }

    fn wish(&mut self, mirror: &Mirror, wish: Wish, intents: &mut Vec<Intent>) -> Outcome {
        match wish.asked(self.scene(mirror)) {
            Ok(asked) => {
                intents.push(Intent::Tell(asked.command));
                Outcome::Done
            }
            Err(why) => self.refuse(why),
        }
    }

    fn refuse(&mut self, why: impl Into<String>) -> Outcome {
        self.complain(why);
        Outcome::Refused
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
            Action::New => intents.push(Intent::New { kind: String::new(), name: None }),
            Action::Next => self.step(mirror, 1, intents),
            Action::Previous => self.step(mirror, -1, intents),
            Action::Last => self.show_last(mirror, intents),
            Action::Switch => self.show_slot(mirror, digit.unwrap_or_default().into(), intents),
            Action::List => self.open(Switcher::new(self.focus, mirror)),
            Action::Attend => self.show_needy(mirror, intents),
            Action::Close => {
                return self.carry_out(mirror, Slash::Close { target: None, force: false }, intents);
            }
            Action::Delete => return self.carry_out(mirror, Slash::Delete { force: false }, intents),
            Action::Fork => return self.fork(None, intents),
            Action::Pin | Action::Unpin => {
                let pinned = action == Action::Pin;
                return self.wish(mirror, Wish::Pin { target: None, pinned }, intents);
            }
            Action::Unread => return self.wish(mirror, Wish::Unread(None), intents),
            Action::SendNow => return self.wish(mirror, Wish::Now(None), intents),
            Action::Approve | Action::Always => {
                let always = action == Action::Always;
                return self.wish(mirror, Wish::Approve { number: None, always }, intents);
            }
            Action::Deny => return self.wish(mirror, Wish::Deny { number: None, words: None }, intents),
            Action::Tag => return self.show_tags(mirror),
            Action::Queue => return self.show_queue(mirror),
            Action::Inbox => self.show_inbox(mirror),
            Action::Reopen
            | Action::Restore
            | Action::EditQueued
            | Action::Move
            | Action::Steer
            | Action::Answer => {
                return self.refuse("that takes something behind it; /help shows what");
            }
            Action::Rename => return self.ask_name(mirror),
            Action::Detach => {
                intents.extend(self.drafts());
                intents.push(Intent::Detach);
            }
            Action::Help => self.open(PageOverlay::new(HelpSheet { topic: None })),
            Action::Submit => self.enter(mirror, intents),
            Action::Interrupt => self.interrupt(mirror, intents),
            Action::Retry => return self.retry(mirror, intents),
            Action::Unqueue => return self.take_back(mirror, None, intents),
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

    fn show_tags(&mut self, mirror: &Mirror) -> Outcome {
        let Some(session) = self.here().and_then(|id| mirror.get(id)) else { return Outcome::Refused };
        self.say(wish::tags(session));
        Outcome::Done
    }

    fn show_queue(&mut self, mirror: &Mirror) -> Outcome {
        let Some(session) = self.here().and_then(|id| mirror.get(id)) else { return Outcome::Refused };
        if session.queue.is_empty() {
            self.say("no prompt waits here");
        } else {
            self.open(PageOverlay::new(QueueSheet { session: session.summary.id }));
        }
        Outcome::Done
    }

    fn show_inbox(&mut self, mirror: &Mirror) {
        if self.inbox.lines(mirror, self.now).is_empty() {
            self.say("nothing needs you");
        } else {
            self.open(PageOverlay::new(InboxSheet));
        }
    }

    /// What waits in the session in view, or in the list of all, is on the screen from now on: answers may be given to it.
    pub(crate) fn see_what_waits(&mut self, mirror: &Mirror) {
        self.inbox.forget_what_is_over(mirror);
        match &self.overlay {
            Some(overlay) if overlay.shows_calls() => self.inbox.show_all(mirror),
            Some(_) => {} // what is beneath it is not seen
            None => {
                if let Some(session) = self.focus.and_then(|id| mirror.get(id)) {
                    for pending in &session.pending {
                        self.inbox.show(session.summary.id, pending);
                    }
                }
            }
        }
    }

    /// A session that was looked up: does what was wanted of it.
    pub fn found(&mut self, mirror: &Mirror, summary: &Summary, wanted: Seek) -> Vec<Intent> {
        let mut intents = Vec::new();
        let session = summary.id;
        match wanted {
            Seek::Reopen => intents.push(Intent::Tell(Command::Reopen { session })),
            Seek::Restore => intents.push(Intent::Tell(Command::Restore { session })),
            Seek::Trash { force } => {
                self.end(mirror, Command::Trash { session, even_if_working: force }, &mut intents);
            }
        }
        intents
    }

    fn ask_name(&mut self, mirror: &Mirror) -> Outcome {
        let Some(session) = self.here().and_then(|id| mirror.get(id)) else { return Outcome::Refused };
        self.open(Rename::of(&session.summary));
        Outcome::Done
    }

    /// The session in view; says so when there is none.
    fn here(&mut self) -> Option<SessionId> {
        if self.focus.is_none() {
            self.complain("there is no session yet; type a prompt, or /new");
        }
        self.focus
    }

    /// Ends at once what rests; asks about what works.
    pub(super) fn end(&mut self, mirror: &Mirror, command: Command, intents: &mut Vec<Intent>) {
        match Confirm::before(&command, mirror) {
            Some(question) => self.open(question),
            None => intents.push(Intent::Tell(command)),
        }
    }

    fn retry(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> Outcome {
        let Some(id) = self.here() else { return Outcome::Refused };
        if mirror.get(id).is_some_and(|session| session.summary.activity.is_busy()) {
            return self.refuse("an answer is on its way; Ctrl+C stops it");
        }
        intents.push(Intent::Retry { session: id });
        Outcome::Done
    }

    /// Takes a waiting prompt back, into the editor.
    fn take_back(&mut self, mirror: &Mirror, number: Option<usize>, intents: &mut Vec<Intent>) -> Outcome {
        let chosen = self.scene(mirror).waiting(number, End::Back);
        match chosen.map(|(session, waiting)| (session, waiting.clone())) {
            Ok((session, waiting)) => {
                intents.push(Intent::Tell(Command::Unqueue { session, prompt: waiting.prompt }));
                let pane = self.pane_mut();
                let draft = pane.editor.take();
                pane.history.keep(&draft);
                pane.editor.set(waiting.text);
                if !draft.trim().is_empty() {
                    self.say("what was typed here is in the history; Up brings it back");
                }
                Outcome::Done
            }
            Err(why) => self.refuse(why),
        }
    }
}
