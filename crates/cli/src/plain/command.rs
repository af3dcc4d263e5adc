//! Slash commands in plain mode: the same table and the same words as on the whole screen.

use std::fmt::Write as _;
use std::process::ExitCode;

use q_core::{Command, SessionId, attention};
use q_proto::UNDRAWN;
use q_term::Way;
use q_term::advice;
use q_term::command::table::{self, Action, Group};
use q_term::command::{self, Resolved, Scene, UserCommand, ends_session, notice};
use q_term::plain::sessions;
use q_term::suggest;

use crate::client::token;
use crate::error::CliError;
use crate::out;
use crate::plain::{Face, Next, say};

impl Face<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what the core alone is told has no arm: its row says what"
    )]
    pub(super) async fn carry_out(&mut self, command: UserCommand) -> Result<Next, CliError> {
        let UserCommand { action, arguments } = &command;
        match action {
            Action::New => drop(self.create(arguments.kind.clone(), arguments.name.clone()).await?),
            Action::Fork => self.fork(arguments.name.clone()).await?,
            Action::Switch => {
                let id = self.scene().session(arguments.session.as_deref()).map_err(CliError::failed)?;
                self.go_to(id).await?;
            }
            Action::Steer => {
                self.scene().running().map_err(CliError::failed)?;
                self.submit(arguments.text.clone().unwrap_or_default(), true).await?;
            }
            Action::Unqueue => self.take_back(arguments.number).await?,
            Action::EditQueued if arguments.text.is_none() => self.take_back(arguments.number).await?,
            Action::Help => out::say(&help(arguments.text.as_deref())?)?,
            Action::Tag if arguments.tags.is_empty() => self.say_tags(self.here()?)?,
            Action::List => {
                let lines = sessions(&self.client.mirror, self.plain.focus(), q_host::clock::wall());
                say(&lines)?;
            }
            Action::Next => self.step(1).await?,
            Action::Previous => self.step(-1).await?,
            Action::Last => match self.before {
                Some(before) => self.go_to(before).await?,
                None => return Err(CliError::failed("no other session was in focus before")),
            },
            Action::Attend => {
                let Some(id) = self.next_that_waits() else {
                    let here = self.plain.focus().and_then(|id| self.client.mirror.get(id));
                    let said = q_term::words::nothing_needs(here.map(|session| &session.summary));
                    return Err(CliError::failed(said));
                };
                self.go_to(id).await?;
            }
            Action::Inbox => {
                let lines = self.plain.inbox(&self.client.mirror, q_host::clock::wall());
                say(&lines)?;
            }
            Action::Queue => {
                let session = self.client.mirror.get(self.here()?);
                let mut lines = session.map(command::queue).unwrap_or_default();
                if lines.is_empty() {
                    lines.push("* no prompt waits here".to_owned());
                }
                say(&lines)?;
            }
            Action::Detach => return Ok(Next::Leave(ExitCode::SUCCESS)),
            _told_to_the_core => self.tell_core(command).await?,
        }
        Ok(Next::Go)
    }

    /// Tells the core what a command asks of it; a session that is not open is looked up first.
    #[expect(clippy::wildcard_enum_match_arm, reason = "of any other command it is said what it did")]
    async fn tell_core(&mut self, command: UserCommand) -> Result<(), CliError> {
        let (session, name, core) = match self.scene().resolve(&command).map_err(CliError::failed)? {
            Resolved::Command(session, core) => {
                let name = self.client.mirror.get(session).map(|session| session.summary.name.to_string());
                (session, name.unwrap_or_default(), core)
            }
            Resolved::Turn(session) => {
                let Some(core) = command.of_turn(session, token()?) else { return Ok(()) };
                (session, String::new(), core)
            }
            Resolved::Lookup(address) => {
                let found = self.client.resolve_first(&address, |session| command.fits(session)).await?;
                let Some(core) = command.of_session(found.id) else { return Ok(()) };
                (found.id, found.name.to_string(), core)
            }
        };
        self.command(core.clone()).await?;
        match &core {
            // What was closed or deleted is told as it comes; here it goes on elsewhere.
            ended if ends_session(ended) => self.go_on().await,
            Command::Reopen { .. } => self.go_to(session).await,
            Command::Tag { .. } => self.say_tags(session),
            other => match notice(other, &name, Way::Slash) {
                Some(said) => say(&[format!("* {said}")]),
                None => Ok(()),
            },
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene { mirror: &self.client.mirror, focus: self.plain.focus(), inbox: self.plain.shown() }
    }

    fn here(&self) -> Result<SessionId, CliError> {
        self.scene().here().map_err(CliError::failed)
    }

    fn say_tags(&self, session: SessionId) -> Result<(), CliError> {
        match self.client.mirror.get(session) {
            Some(session) => say(&[format!("* {}", advice::render(&command::tags(session), Way::Slash))]),
            None => Ok(()),
        }
    }

    async fn fork(&mut self, name: Option<String>) -> Result<(), CliError> {
        let session = self.here()?;
        let fork = Command::Fork { session, id: UNDRAWN, at: None, name };
        let made = self.client.create(fork).await?;
        self.say_updates()?;
        self.go_to(made.id).await
    }

    /// Asks the host, and says what changed meanwhile.
    pub(super) async fn command(&mut self, command: Command) -> Result<(), CliError> {
        let answer = self.client.command(command).await;
        self.say_updates()?;
        answer
    }

    /// After the session in focus was closed: to the one before, or the first there is.
    async fn go_on(&mut self) -> Result<(), CliError> {
        if self.plain.focus().is_some() {
            return Ok(());
        }
        let mirror = &self.client.mirror;
        let before = self.before.filter(|&id| mirror.get(id).is_some());
        let next = before.or_else(|| mirror.by_slot().first().map(|session| session.summary.id));
        match next {
            Some(id) => self.go_to(id).await,
            None => Ok(()),
        }
    }

    async fn take_back(&mut self, number: Option<usize>) -> Result<(), CliError> {
        let chosen = self.scene().last_waiting(number);
        let (session, waiting) =
            chosen.map(|(session, waiting)| (session, waiting.clone())).map_err(CliError::failed)?;
        self.command(Command::Unqueue { session, prompt: waiting.prompt }).await?;
        say(&[format!("* taken back: {}", waiting.text)])
    }

    async fn step(&mut self, by: isize) -> Result<(), CliError> {
        let ids: Vec<SessionId> =
            self.client.mirror.by_slot().iter().map(|session| session.summary.id).collect();
        let here = ids.iter().position(|&id| Some(id) == self.plain.focus()).unwrap_or(0);
        let count = ids.len().cast_signed();
        match here
            .cast_signed()
            .saturating_add(by)
            .checked_rem_euclid(count)
            .and_then(|at| ids.get(at.cast_unsigned()))
        {
            Some(&id) => self.go_to(id).await,
            None => Err(CliError::failed("there is no session; type a prompt, or /new")),
        }
    }

    /// The next session that needs the person.
    fn next_that_waits(&self) -> Option<SessionId> {
        let sessions = self.client.mirror.by_slot();
        attention::next(sessions.iter().map(|session| &session.summary), self.plain.focus())
    }
}

/// What can be typed, from the one table.
fn help(topic: Option<&str>) -> Result<String, CliError> {
    let mut text = String::new();
    for row in table::ROWS {
        let command = row.command();
        // What only moves on a screen means nothing here.
        let is_here = !command.is_empty() && row.group != Group::View;
        if is_here && topic.is_none_or(|topic| row.mentions(topic)) {
            let _infallible = writeln!(text, "{command:<22} {}", row.help);
        }
    }
    if let Some(topic) = topic.filter(|_| text.is_empty()) {
        return Err(CliError::usage(suggest::no_topic(topic, Way::Slash)));
    }
    text.push_str(
        "Anything else is a prompt. A line that begins with // sends a prompt that begins with /.\n",
    );
    Ok(text)
}
