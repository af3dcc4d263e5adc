//! Carrying out: what a command of the person does here, and what is asked of the host for it.

use q_core::{Command, Mirror, SessionId, Summary};

use crate::command::table::{Action, ROWS};
use crate::command::{self, QueueEnd, Resolved, Scene, UserCommand};
use crate::granted::{Way, ends_session};
use crate::intent::Intent;
use crate::overlay::{Confirm, HelpSheet, InboxSheet, PageOverlay, QueueSheet, Rename, Switcher};
use crate::suggest;
use crate::ui::Ui;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was done here, or leads elsewhere.
    Done,
    /// The core is told something of a session that stays where it is.
    Told,
    Refused,
}

impl Ui {
    /// Does what a key or a typed line means.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what the core alone is told has no arm: its row says what"
    )]
    pub(super) fn carry_out(
        &mut self,
        mirror: &Mirror,
        command: UserCommand,
        intents: &mut Vec<Intent>,
    ) -> Outcome {
        let arguments = &command.arguments;
        match command.action {
            Action::New => {
                intents.push(Intent::New { kind: arguments.kind.clone(), name: arguments.name.clone() });
            }
            Action::Fork => return self.fork(arguments.name.clone(), intents),
            Action::Switch => return self.switch(mirror, &command, intents),
            Action::Next => self.step(mirror, 1, intents),
            Action::Previous => self.step(mirror, -1, intents),
            Action::Last => self.show_last(mirror, intents),
            Action::List => self.open(Switcher::new(self.focus, mirror)),
            Action::Attend => self.show_needy(mirror, intents),
            Action::Rename if arguments.name.is_none() => return self.ask_name(mirror),
            Action::Tag if arguments.tags.is_empty() => return self.show_tags(mirror),
            Action::Queue => return self.show_queue(mirror),
            Action::Inbox => self.show_inbox(mirror),
            Action::Unqueue => return self.take_back(mirror, arguments.number, intents),
            Action::EditQueued if arguments.text.is_none() => {
                return self.take_back(mirror, arguments.number, intents);
            }
            Action::Steer => return self.steer(mirror, command.arguments.text, intents),
            Action::Retry if self.works(mirror) => {
                return self.refuse("an answer is on its way; Ctrl+C stops it");
            }
            Action::Interrupt => self.interrupt(mirror, intents),
            Action::Help => return self.help(command.arguments.text),
            Action::Submit => self.enter(mirror, intents),
            Action::Detach => {
                intents.extend(self.drafts());
                intents.push(Intent::Detach);
            }
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
            _told_to_the_core => return self.tell_core(mirror, command, intents),
        }
        Outcome::Done
    }

    /// What a command asks of the core, asked; of a session that is not open the client finds out first which it is.
    fn tell_core(&mut self, mirror: &Mirror, command: UserCommand, intents: &mut Vec<Intent>) -> Outcome {
        match self.scene(mirror).resolve(&command) {
            Ok(Resolved::Command(_, core)) => self.tell(mirror, core, intents),
            Ok(Resolved::Turn(session)) => {
                intents.push(Intent::Turn { session, command });
                Outcome::Done
            }
            Ok(Resolved::Lookup(address)) => {
                intents.push(Intent::Lookup { address, command });
                Outcome::Done
            }
            Err(why) => self.refuse(why),
        }
    }

    /// Tells the core at once, or asks about what would end a session that works.
    pub(super) fn tell(&mut self, mirror: &Mirror, command: Command, intents: &mut Vec<Intent>) -> Outcome {
        if let Some(question) = Confirm::before(&command, mirror) {
            self.open(question);
            return Outcome::Done;
        }
        if self.tell_unasked(command, intents) { Outcome::Done } else { Outcome::Told }
    }

    /// Tells the core; whether that ends a session. That the one in front is ended from here surprises nobody later.
    pub(super) fn tell_unasked(&mut self, command: Command, intents: &mut Vec<Intent>) -> bool {
        let ends = ends_session(&command);
        if ends && command.session() == self.focus {
            self.closing = self.focus;
        }
        intents.push(Intent::Tell(command));
        ends
    }

    /// A session that was looked up: does what was wanted of it.
    pub fn found(&mut self, mirror: &Mirror, summary: &Summary, command: &UserCommand) -> Vec<Intent> {
        let mut intents = Vec::new();
        if let Some(command) = command.of_session(summary.id) {
            // What came of it is on the screen, or comes with the host's answer.
            let _on_screen: Outcome = self.tell(mirror, command, &mut intents);
        }
        intents
    }

    fn switch(&mut self, mirror: &Mirror, command: &UserCommand, intents: &mut Vec<Intent>) -> Outcome {
        let Some(target) = &command.arguments.session else {
            let slot = command.arguments.number.and_then(|number| u32::try_from(number).ok());
            self.show_slot(mirror, slot.unwrap_or_default(), intents);
            return Outcome::Done;
        };
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

    fn steer(&mut self, mirror: &Mirror, text: Option<String>, intents: &mut Vec<Intent>) -> Outcome {
        match self.scene(mirror).running() {
            Ok(session) => self.submit(session, text.unwrap_or_default(), true, intents),
            Err(why) => return self.refuse(why),
        }
        Outcome::Done
    }

    fn help(&mut self, topic: Option<String>) -> Outcome {
        if let Some(topic) = topic.as_ref().filter(|topic| !ROWS.iter().any(|row| row.mentions(topic))) {
            return self.refuse(suggest::no_topic(topic, Way::Slash));
        }
        self.open(PageOverlay::new(HelpSheet { topic }));
        Outcome::Done
    }

    fn scene<'a>(&'a self, mirror: &'a Mirror) -> Scene<'a> {
        Scene { mirror, focus: self.focus, inbox: &self.inbox }
    }

    fn refuse(&mut self, why: impl Into<String>) -> Outcome {
        self.complain(why);
        Outcome::Refused
    }

    fn show_tags(&mut self, mirror: &Mirror) -> Outcome {
        let Some(session) = self.here().and_then(|id| mirror.get(id)) else { return Outcome::Refused };
        self.say(command::tags(session));
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

    /// Whether a turn runs in the session in view.
    fn works(&self, mirror: &Mirror) -> bool {
        let session = self.focus.and_then(|id| mirror.get(id));
        session.is_some_and(|session| session.summary.activity.is_busy())
    }

    /// Takes a waiting prompt back, into the editor.
    fn take_back(&mut self, mirror: &Mirror, number: Option<usize>, intents: &mut Vec<Intent>) -> Outcome {
        let chosen = self.scene(mirror).waiting(number, QueueEnd::Back);
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
