//! Slash commands in plain mode: the same table and the same words as on the whole screen.

use std::fmt::Write as _;
use std::process::ExitCode;

use q_core::{Command, SessionId, attention};
use q_proto::UNDRAWN;
use q_term::action::{self, Action, Group};
use q_term::advice;
use q_term::granted::{Way, granted};
use q_term::plain::sessions;
use q_term::slash::{Seek, Slash};
use q_term::suggest;
use q_term::wish::{self, Asked, End, Scene, Wish};

use crate::client::token;
use crate::error::CliError;
use crate::out;
use crate::plain::{Face, Next, say};

impl Face<'_> {
    pub(super) async fn carry_out(&mut self, command: Slash) -> Result<Next, CliError> {
        match command {
            Slash::New { kind, name } => drop(self.create(kind, name).await?),
            Slash::Fork(name) => self.fork(name).await?,
            Slash::Switch(target) => {
                let id = self.scene().session(Some(&target)).map_err(CliError::failed)?;
                self.go_to(id).await?;
            }
            Slash::Close { target, force } => {
                let session = self.scene().session(target.as_deref()).map_err(CliError::failed)?;
                self.end(Command::Close { session, even_if_working: force }).await?;
            }
            Slash::Delete { force } => {
                let session = self.here()?;
                self.end(Command::Trash { session, even_if_working: force }).await?;
            }
            Slash::Seek { address, wanted } => self.seek(&address, wanted).await?,
            Slash::TakeBack(number) => self.take_back(number).await?,
            Slash::Steer(text) => {
                self.scene().running().map_err(CliError::failed)?;
                self.submit(text, true).await?;
            }
            Slash::Wish(wish) => self.wish(wish).await?,
            Slash::Help(topic) => out::say(&help(topic.as_deref())?)?,
            Slash::Do(action) => return self.act(action).await,
        }
        Ok(Next::Go)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most actions move on a screen, which plain mode has not"
    )]
    async fn act(&mut self, action: Action) -> Result<Next, CliError> {
        match action {
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
                let mut lines = session.map(wish::queue).unwrap_or_default();
                if lines.is_empty() {
                    lines.push("* no prompt waits here".to_owned());
                }
                say(&lines)?;
            }
            Action::Tag => self.say_tags(self.here()?)?,
            Action::Interrupt => {
                let session = self.here()?;
                self.command(Command::Interrupt { session }).await?;
            }
            Action::Retry => {
                let session = self.here()?;
                self.command(Command::Retry { session, token: token()? }).await?;
            }
            Action::Detach => return Ok(Next::Leave(ExitCode::SUCCESS)),
            _keys_of_the_whole_screen => {
                return Err(CliError::failed(
                    "that needs the whole screen; here everything is printed line by line",
                ));
            }
        }
        Ok(Next::Go)
    }

    fn scene(&self) -> Scene<'_> {
        Scene { mirror: &self.client.mirror, focus: self.plain.focus(), inbox: self.plain.shown() }
    }

    fn here(&self) -> Result<SessionId, CliError> {
        self.scene().here().map_err(CliError::failed)
    }

    async fn wish(&mut self, wish: Wish) -> Result<(), CliError> {
        let Asked { session, command } = wish.asked(self.scene()).map_err(CliError::failed)?;
        let name = self.client.mirror.get(session).map(|session| session.summary.name.to_string());
        self.command(command.clone()).await?;
        if matches!(command, Command::Tag { .. }) {
            return self.say_tags(session);
        }
        match granted(&command, &name.unwrap_or_default(), Way::Slash) {
            Some(said) => say(&[format!("* {said}")]),
            None => Ok(()),
        }
    }

    fn say_tags(&self, session: SessionId) -> Result<(), CliError> {
        match self.client.mirror.get(session) {
            Some(session) => say(&[format!("* {}", advice::said(&wish::tags(session), Way::Slash))]),
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

    /// Closes or deletes, and goes on elsewhere.
    async fn end(&mut self, command: Command) -> Result<(), CliError> {
        self.command(command).await?;
        self.go_on().await
    }

    async fn seek(&mut self, address: &str, wanted: Seek) -> Result<(), CliError> {
        let found = self.client.resolve_first(address, |session| wanted.meant(session)).await?;
        let session = found.id;
        match wanted {
            Seek::Reopen => {
                self.command(Command::Reopen { session }).await?;
                self.go_to(session).await
            }
            Seek::Restore => {
                self.command(Command::Restore { session }).await?;
                let said = granted(&Command::Restore { session }, found.name.as_str(), Way::Slash);
                say(&said.map(|said| format!("* {said}")).into_iter().collect::<Vec<_>>())
            }
            Seek::Trash { force } => self.end(Command::Trash { session, even_if_working: force }).await,
        }
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
        let chosen = self.scene().waiting(number, End::Back);
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
    for row in action::ROWS {
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
