//! The attached terminal: what it holds, and what is done with it whatever happened.

use std::path::PathBuf;

use q_client::Backoff;
use q_core::{Instant, SessionId, Setup};
use q_host::clock::Clock;
use q_term::command::Action;
use q_term::offers::OfferUse;
use q_term::{Intent, Ui};

use crate::attach::draft_editor::DraftToEdit;
use crate::attach::finding_files::{FindingFiles, FindingNames};
use crate::attach::job;
use crate::attach::lending::Lending;
use crate::attach::reading_changes::ReadingChanges;
use crate::attach::requests::{AttachedClient, Continuation, Requests};
use crate::attach::screen::Screen;
use crate::context::Context;
use crate::error::CliError;
use crate::help;
use crate::learned_file;
use crate::own_texts;
use crate::successor::Disconnected;
use crate::terminals::Terminals;

/// Why the loop ends.
pub(super) enum Leaving {
    /// The person left; the sessions go on.
    Detached,
    /// The host was stopped on purpose.
    Stopped(String),
    /// The system ends this process.
    Signal(u8),
}

pub(super) struct Attached<'a> {
    pub(super) context: &'a Context,
    pub(super) client: AttachedClient,
    pub(super) ui: Ui,
    pub(super) terminals: Terminals,
    pub(super) requests: Requests,
    /// What tools changed, while it is being read.
    pub(super) changes: Option<ReadingChanges>,
    /// All files of a directory, while they are looked for.
    pub(super) files: Option<FindingFiles>,
    /// The names that begin as it is typed, while they are looked for.
    pub(super) names: Option<FindingNames>,
    /// What is typed, where it is to be edited by another program, until that is started.
    pub(super) draft: Option<DraftToEdit>,
    /// The session whose transcript is to be read in a pager, until that is started.
    pub(super) to_page: Option<SessionId>,
    /// The program that has the terminal for a while.
    pub(super) lending: Option<Lending>,
    pub(super) screen: Screen,
    pub(super) clock: Clock,
    /// While there is no host.
    pub(super) disconnected: Option<Disconnected<'a, Continuation>>,
    pub(super) backoff: Backoff,
    /// The screen does not show what is known.
    pub(super) stale: bool,
    /// When the key came that switched sessions, until the switch is on the screen.
    pub(super) switching: Option<Instant>,
    /// When something was last typed that may have to be saved.
    pub(super) typed: Option<Instant>,
    pub(super) drawn: Instant,
}

impl Attached<'_> {
    pub(super) fn suspend(&mut self) -> Result<(), CliError> {
        if job::is_watched() {
            self.screen.suspend()
        } else {
            let leaves = self.ui.key(Action::Detach);
            self.ui.warn(format!("no shell would bring q back here; {leaves} leaves, and what runs goes on"));
            self.stale = true;
            Ok(())
        }
    }

    /// Takes the terminal, which others had meanwhile.
    pub(super) fn go_on(&mut self) -> Result<(), CliError> {
        self.ui.tell_time(self.clock.mono());
        self.ui.terminal_back();
        self.screen.go_on()
    }

    /// Carries what is wanted to the host; what concerns the terminal alone is done here.
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wanted is the host's to do")]
    pub(super) fn carry(&mut self, intents: Vec<Intent>) -> Result<Option<Leaving>, CliError> {
        for intent in intents {
            self.mark_read(&intent);
            match intent {
                Intent::Detach => return Ok(Some(Leaving::Detached)),
                Intent::Suspend => self.suspend()?,
                Intent::EditDraft { session, text } => self.draft = Some(DraftToEdit { session, text }),
                Intent::Redraw => self.screen.forget()?,
                Intent::Bell => Screen::ring()?,
                Intent::Copy(text) => Screen::copy(&text, self.context.environment.text("TMUX").is_some())?,
                Intent::Pager { session } => self.to_page = Some(session),
                Intent::Topic(topic) => self.ui.show_topic(topic, help::of_manual(topic)),
                Intent::Learned(learned) => learned_file::keep(self.context, &learned),
                Intent::Rejoin => self.hurry(),
                Intent::Changes { session, action, at_once } => self.read_changes(session, action, at_once),
                Intent::Complete { session, begun, anew } => self.complete(session, begun, anew),
                Intent::CompleteCommand { session } => self.complete_command(session),
                Intent::Skills { session } => {
                    let lines = own_texts::skill_lines(self.context, &self.directory(session));
                    self.ui.show_skills(session, lines);
                }
                Intent::Written { session, line, otherwise } => {
                    self.send_written(session, line, otherwise)?;
                }
                intent => {
                    // A host that is gone is noticed by reading; what was sent is sent again to the next one.
                    let sent = self.requests.send(self.context, &mut self.client, &mut self.ui, intent);
                    sent.unwrap_or_else(|error| self.ui.warn(error.on_one_line()));
                }
            }
        }
        Ok(None)
    }

    /// Draws the first frame, which waits for no other. What of the panes has room is known only then.
    pub(super) fn begin(&mut self, first: Vec<Intent>) -> Result<(), CliError> {
        self.carry(first)?;
        self.draw()?;
        let in_sight = self.ui.refreshed(&self.client.mirror);
        self.carry(in_sight).map(|_| ())
    }

    /// What is shown to its end is read, whatever pane it is in: this terminal does not wait for the host to say so.
    fn mark_read(&mut self, intent: &Intent) {
        let Intent::Show { session, at_end, beside } = intent else { return };
        let front = session.filter(|_| *at_end);
        let others = beside.iter().filter(|other| other.at_end).map(|other| other.session);
        front.into_iter().chain(others).for_each(|id| self.client.mirror.mark_read(id));
    }

    /// That of a session; without one, where this terminal was opened.
    pub(super) fn directory(&self, session: Option<SessionId>) -> PathBuf {
        let here = session.and_then(|id| self.client.mirror.get(id));
        here.map_or_else(
            || self.context.environment.directory.clone(),
            |here| PathBuf::from(&here.summary.directory),
        )
    }

    /// A line that is no command of q's: somebody wrote one of that name, or the agent may have one.
    fn send_written(
        &mut self,
        session: Option<SessionId>,
        line: String,
        otherwise: String,
    ) -> Result<(), CliError> {
        let directory = self.directory(session);
        if own_texts::is_command(self.context, &directory, &line) {
            let intents = self.ui.send_written(&self.client.mirror, &line);
            return self.carry(intents).map(|_| ());
        }
        let otherwise = own_texts::unknown(self.context, &directory, &line, otherwise);
        let here = session.and_then(|id| self.client.mirror.get(id)).map(|here| &here.summary);
        if let Some(session) = here.filter(|here| here.agent != Setup::GUIDE).map(|here| here.id) {
            let wanted = OfferUse::Send { line, otherwise };
            return self.carry(vec![Intent::Offers { session, wanted }]).map(|_| ());
        }
        self.ui.unknown_command(&otherwise);
        Ok(())
    }

    pub(super) fn save_drafts(&mut self) -> Result<(), CliError> {
        self.typed = None;
        self.terminals.note(self.ui.focus(), self.ui.split());
        let drafts = self.ui.drafts();
        self.carry(drafts).map(|_| ())
    }

    /// Calls the person, where they still do not look.
    pub(super) fn notify(&mut self) -> Result<(), CliError> {
        self.ui.tell_time(self.clock.mono());
        let text = self.ui.notification(&self.client.mirror);
        text.map_or(Ok(()), |text| self.screen.notify(&text))
    }

    pub(super) fn draw(&mut self) -> Result<(), CliError> {
        let is_drawn = self.screen.draw(&mut self.ui, &self.client.mirror)?;
        self.screen.show_title(self.ui.title(&self.client.mirror))?;
        self.stale = false;
        self.drawn = self.clock.mono();
        if is_drawn {
            self.ui.drawn(self.drawn);
        }
        if let Some(came) = self.switching.take() {
            let took = self.drawn.since(came);
            // A host that is gone misses a figure, and nothing else; that it is gone is noticed by reading.
            let _figures_only = Requests::switched(&mut self.client, took);
        }
        Ok(())
    }
}
