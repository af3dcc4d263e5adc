//! Commands: what each does here, and what is asked of the host for it. What the core alone does has no line here: its row
//! in the table says all of it.

use q_core::mirror::Mirrored;
use q_core::{Command, Mirror, PromptWay, SessionId, StandingRule, Summary, attention};

use crate::command::table::ROWS;
use crate::command::{self, Action, HelpTopic, Resolved, SlashError, UserCommand, ends_session};
use crate::intent::Intent;
use crate::offers::{OfferUse, may_be_one};
use crate::overlay::{
    CallSheet, ChangesPage, Confirm, HelpSheet, InboxOverlay, Overlay, OverlaySubject, PageOverlay,
    QueueSheet, Rename, RuleList, Sheet, Switcher,
};
use crate::rules::{ListedRule, RuleScope};
use crate::spending;
use crate::suggest;
use crate::ui::focus::in_slot;
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;
use crate::way::Way;
use crate::words;

/// What the list of sessions hands back although it has the keys.
const WORKS_IN_LIST: &[Action] = &[Action::Switch, Action::New];

impl Ui {
    /// Carries a command out. Its line leaves the editor whatever comes of it, so that what is typed next stands alone;
    /// the history has it.
    pub(super) fn command(
        &mut self,
        mirror: &Mirror,
        command: Result<UserCommand, SlashError>,
        typed: &str,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let pane = self.pane_mut();
        pane.history.keep(typed);
        if pane.editor.text() == typed {
            pane.editor.take();
        }
        let outcome = match command {
            Ok(command) => self.carry_out(mirror, command, intents),
            Err(error) if self.lost.is_none() && may_be_one(typed) => {
                let (session, line) = (self.focus, typed.to_owned());
                intents.push(Intent::Written { session, line, otherwise: error.message });
                CommandStatus::Done
            }
            Err(error) => {
                self.warn(error.message);
                CommandStatus::Refused
            }
        };
        let back = self.brings_back();
        if let (CommandStatus::Refused, Some(notice)) = (outcome, &mut self.notice) {
            notice.text.push_str(" · ");
            notice.text.push_str(&back);
        }
        outcome
    }

    /// Refuses a line that is none of q's commands, where an overlay is read: whether somebody wrote it the client is only asked at the
    /// prompt, so that nothing takes the place of what is read.
    pub(super) fn refuse_line(&mut self, typed: &str, why: &str) -> CommandStatus {
        self.pane_mut().history.keep(typed);
        let other = if may_be_one(typed) { "; yours and the agent's are typed at the prompt" } else { "" };
        self.warn(format!("{why}{other} · {}", self.brings_back()));
        CommandStatus::Refused
    }

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
    ) -> CommandStatus {
        let arguments = &command.arguments;
        self.note_command(&command);
        match command.action {
            Action::New => intents.push(Intent::Make(command.arguments)),
            Action::Switch => return self.switch(mirror, &command, intents),
            Action::Next => {
                self.go_to(mirror, self.beside(mirror, 1), &self.no_other(), intents);
            }
            Action::Previous => {
                self.go_to(mirror, self.beside(mirror, -1), &self.no_other(), intents);
            }
            Action::Last => {
                self.go_to(mirror, self.shown_before(mirror), "no other session was shown before", intents);
            }
            Action::Attend => self.attend(mirror, intents),
            Action::Split => return self.open_pane(mirror, &command, intents),
            Action::Unsplit => return self.close_pane(mirror, intents),
            Action::Pane(step) => return self.go_to_pane(mirror, step, intents),
            Action::List => self.open(Switcher::new(self.focus, mirror, Action::List, WORKS_IN_LIST)),
            Action::Rename if arguments.name.is_none() => return self.ask_name(mirror, command),
            Action::Tag if arguments.tags.is_empty() => return self.show_tags(mirror),
            Action::Set if arguments.changes.is_empty() => {
                return self.show_settings(mirror, command.arguments.text, intents);
            }
            Action::Model if arguments.changes.is_empty() => return self.show_models(mirror, intents),
            Action::Mode if arguments.changes.is_empty() => {
                return self.ask_offers(mirror, OfferUse::Modes, intents);
            }
            Action::Commands => return self.ask_offers(mirror, OfferUse::Commands, intents),
            Action::Skill => return self.skill(arguments.text.as_deref(), intents),
            Action::Undo | Action::Redo | Action::Diff => {
                return self.ask_changes(mirror, command.action, arguments.flags.force, intents);
            }
            Action::Permissions => return self.ask_rules(mirror, intents),
            Action::Trust => {
                let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
                intents.push(Intent::Trust { session: session.summary.id });
            }
            Action::Queue => return self.show_queue(mirror),
            Action::Usage => return self.show_usage(mirror),
            Action::Processes | Action::Kill => return self.ask_processes(mirror, arguments.number, intents),
            Action::Context => {
                let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
                intents.push(Intent::Context { session: session.summary.id });
            }
            Action::Inbox => self.show_inbox(mirror),
            Action::Find => self.find(mirror, arguments.text.as_deref(), intents),
            Action::Copy => return self.copy(mirror, arguments, intents),
            Action::Pager => return self.page(mirror, intents),
            Action::Thoughts => self.toggle_folds(mirror),
            Action::Unqueue => return self.take_back(mirror, arguments.number, intents),
            Action::EditQueued if arguments.text.is_none() => {
                return self.take_back(mirror, arguments.number, intents);
            }
            Action::Steer => return self.steer(mirror, command.arguments.text, intents),
            Action::Retry | Action::Continue if self.scene(mirror).is_working() => {
                return self.refuse(self.answer_comes());
            }
            Action::Interrupt => self.interrupt(mirror, intents),
            Action::Tour => return self.tour(arguments.flags.skip),
            Action::Help => return self.help(command.arguments.text, intents),
            Action::Detach => {
                intents.extend(self.drafts());
                intents.push(Intent::Detach);
            }
            Action::Editor => intents.push(self.draft_to_edit()),
            Action::Redraw => intents.push(Intent::Redraw),
            Action::Suspend => intents.push(Intent::Suspend),
            _told_to_the_core => return self.send_to_core(mirror, command, intents),
        }
        CommandStatus::Done
    }

    /// Goes to the session that needs the person.
    fn attend(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        let here = self.focus.and_then(|id| mirror.get(id)).map(|session| &session.summary);
        let nothing = words::nothing_needs(here);
        self.go_to(mirror, self.needs_person(mirror), nothing, intents);
    }

    /// Shows all whole that is folded in the session in view, or folds it again.
    fn toggle_folds(&mut self, mirror: &Mirror) {
        self.pane_mut().folds.toggle_all();
        self.read_what_is_kept(mirror);
    }

    /// Asks what goes on in the background of the session in view, once that of this number is ended, if one is named.
    fn ask_processes(
        &mut self,
        mirror: &Mirror,
        number: Option<usize>,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        let stop = number.map(|number| number as u64);
        intents.push(Intent::Processes { session: session.summary.id, stop });
        CommandStatus::Done
    }

    /// Does to that session what a key does to the one in view.
    pub(super) fn carry_out_on(
        &mut self,
        mirror: &Mirror,
        session: &Summary,
        action: Action,
        intents: &mut Vec<Intent>,
    ) {
        let command = UserCommand::key(action, None);
        if action == Action::Rename {
            self.open(Rename::new(session, command));
        } else {
            self.send_about(mirror, session.id, &command, intents);
        }
    }

    /// A session that was looked up: does what was wanted of it.
    pub fn found(&mut self, mirror: &Mirror, summary: &Summary, command: &UserCommand) -> Vec<Intent> {
        let mut intents = Vec::new();
        self.send_about(mirror, summary.id, command, &mut intents);
        intents
    }

    /// What a command asks of the core about that session, asked. What came of it is on the screen, or comes with the host's
    /// answer.
    fn send_about(
        &mut self,
        mirror: &Mirror,
        session: SessionId,
        command: &UserCommand,
        intents: &mut Vec<Intent>,
    ) {
        if let Some(core) = command.of_session(session) {
            let _on_screen: CommandStatus = self.send_or_ask(mirror, session, command, core, intents);
        }
    }

    /// What a command asks of the core, asked; of a session that is not open the client finds out first which it is.
    fn send_to_core(
        &mut self,
        mirror: &Mirror,
        command: UserCommand,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        match self.scene(mirror).resolve(&command) {
            Ok(Resolved::Command(session, core)) => {
                return self.send_or_ask(mirror, session, &command, core, intents);
            }
            Ok(Resolved::Answers(answers, said)) => {
                intents.push(Intent::Several(answers, said));
                return CommandStatus::Sent;
            }
            Ok(Resolved::ShowAll) => self.show_inbox(mirror),
            Ok(Resolved::Turn(session)) => intents.push(Intent::Turn { session, command }),
            Ok(Resolved::Show(number)) => {
                self.open_page(" asks ", OverlaySubject::Call(number), CallSheet { number });
                return CommandStatus::Done;
            }
            Ok(Resolved::Lookup(address)) => intents.push(Intent::Lookup { address, command }),
            Err(why) => return self.refuse(why),
        }
        CommandStatus::Done
    }

    /// Sends it to the core at once, or asks about what would end a session that works.
    fn send_or_ask(
        &mut self,
        mirror: &Mirror,
        session: SessionId,
        command: &UserCommand,
        core: Command,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        if let Some(question) = Confirm::before(session, command, mirror) {
            self.open(question);
            return CommandStatus::Done;
        }
        // What takes a session out of sight or makes one leads on from where it was typed.
        let makes = core.makes_session();
        let ends = self.send(core, intents);
        if makes || ends { CommandStatus::Done } else { CommandStatus::Sent }
    }

    /// Sends it to the core; whether that ends a session.
    pub(super) fn send(&mut self, command: Command, intents: &mut Vec<Intent>) -> bool {
        let ends = ends_session(&command);
        // That the session in front is gone then surprises nobody: it was closed from here.
        if ends && command.session() == self.focus {
            self.visits.closing = self.focus;
        }
        intents.push(Intent::Tell(command));
        ends
    }

    fn go_to(
        &mut self,
        mirror: &Mirror,
        session: Option<SessionId>,
        otherwise: &str,
        intents: &mut Vec<Intent>,
    ) {
        match session {
            Some(session) => self.show(mirror, session, intents),
            None => self.notify(otherwise),
        }
    }

    fn switch(&mut self, mirror: &Mirror, command: &UserCommand, intents: &mut Vec<Intent>) -> CommandStatus {
        let Some(target) = &command.arguments.session else {
            // A key names the slot by its digit.
            let slot = command.arguments.number.and_then(|number| u32::try_from(number).ok());
            let slot = slot.unwrap_or_default();
            if let Some(session) = in_slot(mirror, slot) {
                self.show(mirror, session, intents);
            } else {
                let lists = self.options.keymap.announce(Action::List);
                self.warn(format!("there is no session {slot}; {lists} lists them"));
            }
            return CommandStatus::Done;
        };
        match self.scene(mirror).session(Some(target)) {
            Ok(session) if Some(session) == self.focus => self.notify("that session is in view"),
            Ok(session) => self.show(mirror, session, intents),
            Err(why) => return self.refuse(why),
        }
        CommandStatus::Done
    }

    fn steer(&mut self, mirror: &Mirror, text: Option<String>, intents: &mut Vec<Intent>) -> CommandStatus {
        match self.scene(mirror).running() {
            Ok(session) => self.submit(session, text.unwrap_or_default(), PromptWay::Steer, intents),
            Err(why) => return self.refuse(why),
        }
        CommandStatus::Done
    }

    /// Interrupts what runs; else clears the prompt; else says how to leave.
    fn interrupt(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        if let Ok(session) = self.scene(mirror).running() {
            intents.push(Intent::Tell(Command::Interrupt { session }));
            return;
        }
        let pane = self.pane_mut();
        if pane.editor.is_empty() {
            let leaves = self.key(Action::Detach);
            self.notify(format!("nothing runs here; {leaves} leaves, and what runs elsewhere goes on"));
        } else {
            let text = pane.editor.take();
            pane.history.keep(&text);
            self.notify(format!("cleared; {}", self.brings_back()));
        }
    }

    fn help(&mut self, topic: Option<String>, intents: &mut Vec<Intent>) -> CommandStatus {
        let of_manual = topic.as_deref().and_then(command::topic_named);
        if let Some(topic) = of_manual.filter(|topic| !topic.sections.is_empty()) {
            intents.push(Intent::Topic(topic));
            return CommandStatus::Done;
        }
        let is_known = |topic: &str| {
            command::topic_page(topic).is_some()
                || ROWS.iter().any(|row| self.options.keymap.mentions(row, topic))
        };
        if let Some(topic) = topic.as_ref().filter(|topic| !is_known(topic)) {
            return self.refuse(suggest::no_topic(topic, Way::Slash));
        }
        self.open_page(" help ", OverlaySubject::Nothing, HelpSheet { topic, manual: None });
        CommandStatus::Done
    }

    /// What the manual says of a topic, as it was asked for.
    pub fn show_topic(&mut self, topic: &HelpTopic, manual: String) {
        let sheet = HelpSheet { topic: Some(topic.name.to_owned()), manual: Some(manual) };
        self.open_page(" help ", OverlaySubject::Nothing, sheet);
    }

    fn refuse(&mut self, why: impl Into<String>) -> CommandStatus {
        self.warn(why);
        CommandStatus::Refused
    }

    fn ask_name(&mut self, mirror: &Mirror, command: UserCommand) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        self.open(Rename::new(&session.summary, command));
        CommandStatus::Done
    }

    fn show_tags(&mut self, mirror: &Mirror) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        self.notify(command::tags(session));
        CommandStatus::Done
    }

    fn show_usage(&mut self, mirror: &Mirror) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        self.notify(spending::usage(&session.summary));
        CommandStatus::Done
    }

    /// What an agent's configuration says only the client knows.
    fn show_settings(
        &mut self,
        mirror: &Mirror,
        only: Option<String>,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        intents.push(Intent::Settings { session: session.summary.id, only });
        CommandStatus::Done
    }

    fn show_models(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        intents.push(Intent::Models { session: session.summary.id, shows: true });
        CommandStatus::Done
    }

    /// Who reads the transcript is the person's own pager, to which the client lends the terminal.
    fn page(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        intents.push(Intent::Pager { session: session.summary.id });
        CommandStatus::Done
    }

    /// What would be put back is shown before it is: the client reads it.
    fn ask_changes(
        &mut self,
        mirror: &Mirror,
        action: Action,
        at_once: bool,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        if session.summary.activity.is_busy() && action != Action::Diff {
            return self.refuse(self.answer_comes());
        }
        intents.push(Intent::Changes { session: session.summary.id, action, at_once });
        CommandStatus::Done
    }

    /// What tools changed, as it was asked for.
    pub fn show_changes(&mut self, page: ChangesPage) {
        self.open_page(" changes ", OverlaySubject::Session(page.session), page);
    }

    /// What a command asks of the core about that session, as if it had been said yes to.
    pub fn tell(&mut self, session: SessionId, command: &UserCommand) -> Vec<Intent> {
        let mut intents = Vec::new();
        if let Some(core) = command.of_session(session) {
            self.send(core, &mut intents);
        }
        intents
    }

    fn ask_rules(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        intents.push(Intent::Rules { session: session.summary.id });
        CommandStatus::Done
    }

    /// The rules that concern a session, as they were asked for; `fault` says why some are not among them.
    pub fn show_rules(&mut self, session: SessionId, rules: Vec<ListedRule>, fault: Option<String>) {
        self.open(RuleList::new(session, rules, fault));
    }

    /// What the next request of a session would have, in lines.
    pub fn show_context(&mut self, session: SessionId, lines: Vec<String>) {
        self.open_page(" context ", OverlaySubject::Session(session), lines);
    }

    /// What goes on in a session's background, in lines.
    pub fn show_processes(&mut self, session: SessionId, lines: Vec<String>) {
        self.open_page(" processes ", OverlaySubject::Session(session), lines);
    }

    /// A session's rule is the core's, any other the client's.
    pub(super) fn remove_rule(&mut self, rule: ListedRule, intents: &mut Vec<Intent>) {
        let ListedRule { rule, scope } = rule;
        let directory = match scope {
            RuleScope::Session(session, _) => {
                self.send(Command::SetRule { session, rule, stands: false }, intents);
                return;
            }
            RuleScope::Directory(directory) => Some(directory),
            RuleScope::Everywhere => None,
        };
        intents.push(Intent::RemoveRule(StandingRule { rule, directory }));
    }

    fn show_queue(&mut self, mirror: &Mirror) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        if session.queue.is_empty() {
            self.notify("no prompt waits here");
        } else {
            let session = session.summary.id;
            self.open_page(" queue ", OverlaySubject::Session(session), QueueSheet { session });
        }
        CommandStatus::Done
    }

    fn show_inbox(&mut self, mirror: &Mirror) {
        if mirror.sessions().any(|session| attention::need(&session.summary).is_some()) {
            self.open(InboxOverlay::default());
        } else {
            self.notify("nothing needs you");
        }
    }

    /// Something to read, which the key of the help leaves as Esc does.
    pub(super) fn open_page(
        &mut self,
        title: &'static str,
        subject: OverlaySubject,
        sheet: impl Sheet + 'static,
    ) {
        self.open(PageOverlay::new(title, subject, sheet, Action::Help));
    }

    /// Puts it on top, in the place of any other.
    pub(super) fn open(&mut self, overlay: impl Overlay + 'static) {
        self.overlay = Some(Box::new(overlay));
    }

    /// The session in view; says so when there is none.
    pub(super) fn session_in_view<'a>(&mut self, mirror: &'a Mirror) -> Option<&'a Mirrored> {
        match self.scene(mirror).here() {
            Ok(session) => mirror.get(session),
            Err(why) => {
                self.warn(why);
                None
            }
        }
    }

    /// Takes a waiting prompt back, into the editor.
    fn take_back(
        &mut self,
        mirror: &Mirror,
        number: Option<usize>,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let chosen = self.scene(mirror).last_waiting(number);
        let (session, waiting) = match chosen.map(|(session, waiting)| (session, waiting.clone())) {
            Ok(chosen) => chosen,
            Err(why) => return self.refuse(why),
        };
        intents.push(Intent::Tell(Command::Unqueue { session, prompt: waiting.prompt }));
        let pane = self.pane_mut();
        let draft = pane.editor.take();
        pane.history.keep(&draft);
        pane.editor.set(waiting.text);
        if !draft.trim().is_empty() {
            self.notify(format!("what was typed here is in the history; {}", self.brings_back()));
        }
        CommandStatus::Done
    }
}
