//! Slash commands in plain mode: the same table and the same words as on the whole screen.

use std::fmt::Write as _;
use std::process::ExitCode;

use q_core::{Activity, SessionId, address};
use q_host::wire::Request;
use q_term::action::{self, Action, Group};
use q_term::plain::sessions;
use q_term::slash::{Slash, missed};

use crate::client::token;
use crate::error::CliError;
use crate::out;
use crate::plain::{Face, Next, say};

impl Face<'_> {
    pub(super) async fn carry_out(&mut self, command: Slash) -> Result<Next, CliError> {
        match command {
            Slash::New { kind, name } => drop(self.create(kind, name).await?),
            Slash::Switch(target) => {
                let id = self.find(&target)?;
                self.go_to(id).await?;
            }
            Slash::Close { target, force } => {
                let session = self.named_or_focus(target.as_deref())?;
                self.wish(Request::Close { session: session.into(), force }).await?;
                self.go_on().await?;
            }
            Slash::Rename(name) => {
                let session = self.named_or_focus(None)?;
                self.wish(Request::Rename { session: session.into(), name }).await?;
            }
            Slash::Unqueue(number) => self.unqueue(number).await?,
            Slash::Help(word) => out::say(&help(word.as_deref()))?,
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
            Action::Inbox => match self.next_that_waits() {
                Some(id) => self.go_to(id).await?,
                None => return Err(CliError::failed("nothing waits for you")),
            },
            Action::Interrupt => {
                let session = self.named_or_focus(None)?;
                self.wish(Request::Interrupt { session: session.into() }).await?;
            }
            Action::Retry => {
                let session = self.named_or_focus(None)?;
                self.wish(Request::Retry { session: session.into(), token: token()? }).await?;
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

    /// Asks the host, and says what changed meanwhile.
    async fn wish(&mut self, request: Request) -> Result<(), CliError> {
        let answer = self.client.ask(request).await;
        self.say_updates()?;
        answer.map(|_| ())
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

    async fn unqueue(&mut self, number: Option<usize>) -> Result<(), CliError> {
        let session = self.named_or_focus(None)?;
        let queue = self.client.mirror.get(session).map(|session| session.queue.clone()).unwrap_or_default();
        let place = number.unwrap_or(queue.len());
        let Some(waiting) = place.checked_sub(1).and_then(|place| queue.get(place)) else {
            return Err(CliError::failed("no such prompt waits here; they count from 1"));
        };
        self.wish(Request::Unqueue { session: session.into(), prompt: waiting.prompt.0 }).await?;
        say(&[format!("* taken back: {}", q_term::sanitize::visible(&waiting.text))])
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

    /// The first other session that failed, was interrupted or has something unread.
    fn next_that_waits(&self) -> Option<SessionId> {
        let waits = |session: &q_core::Summary| {
            session.unread > 0 || matches!(session.activity, Activity::Failed | Activity::Interrupted)
        };
        let sessions = self.client.mirror.by_slot();
        let others = sessions.iter().filter(|session| Some(session.summary.id) != self.plain.focus());
        others.filter(|session| waits(&session.summary)).map(|session| session.summary.id).next()
    }

    fn find(&self, target: &str) -> Result<SessionId, CliError> {
        let lines: Vec<_> =
            self.client.mirror.by_slot().iter().map(|session| session.summary.clone()).collect();
        address::resolve(target, &lines)
            .map_err(|miss| CliError::failed(missed(&miss, lines.iter().map(|line| line.name.as_str()))))
    }

    fn named_or_focus(&self, target: Option<&str>) -> Result<SessionId, CliError> {
        match target {
            Some(target) => self.find(target),
            None => self
                .plain
                .focus()
                .ok_or_else(|| CliError::failed("there is no session; type a prompt, or /new")),
        }
    }
}

/// What can be typed, from the one table.
fn help(word: Option<&str>) -> String {
    let mut text = String::new();
    for row in action::ROWS {
        let command = row.command();
        let fits = word.is_none_or(|word| command.contains(word) || row.help.contains(word));
        // What only moves on a screen means nothing here.
        if !command.is_empty() && fits && row.group != Group::View {
            let _infallible = writeln!(text, "{command:<22} {}", row.help);
        }
    }
    if text.is_empty() {
        text.push_str("nothing in the help mentions that; /help alone shows everything\n");
    }
    text.push_str(
        "Anything else is a prompt. A line that begins with // sends a prompt that begins with /.\n",
    );
    text
}
