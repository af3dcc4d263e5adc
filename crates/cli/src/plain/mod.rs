//! Plain mode: the same abilities line by line, without moving a cursor. For screen readers, simple terminals, and
//! scripts that pipe lines in.

mod command;
mod input;
mod reconnect;

use std::pin::pin;
use std::process::ExitCode;

use q_client::{Backoff, News, Prompt};
use q_core::{Activity, Command, Presence, SessionId};
use q_host::clock::Clock;
use q_proto::ClientMessage;
use q_term::Way;
use q_term::advice;
use q_term::command::{Typed, read};
use q_term::plain::{Plain, prompt};
use q_term::words::who_answers;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::client::{Client, token};
use crate::commands::new::Wanted;
use crate::commands::{Context, new, quota};
use crate::error::{CliError, ErrorKind};
use crate::out;
use crate::terminals::Terminals;
use input::{Input, Lines};

/// Opens the plain face, at `session` if one is named.
pub(crate) async fn run(context: &Context, session: Option<String>) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, true).await?;
    if let Some(exceeded) = quota::exceeded(&mut client).await? {
        out::note(&advice::render(&exceeded, Way::Slash));
    }
    client.keep_updates();
    let plain = Plain::new(&client.mirror);
    let mut face = Face {
        context,
        client,
        plain,
        terminals: Terminals::of(context),
        before: None,
        homeless: None,
        clock: Clock::start(),
        backoff: Backoff::default(),
        refused: None,
        worked: false,
    };
    if let Some(address) = session {
        let id = face.client.resolve(&address).await?.id;
        face.go_to(id).await?;
    } else if let Some(last) = face.terminals.last(&face.client.mirror) {
        face.go_to(last).await?;
    } else {
        out::note(&format!(
            "Type a question and press Enter. {} /help tells what else there is, /quit leaves.",
            who_answers(&new::answers(context))
        ));
    }
    face.say_interrupted()?;
    face.backoff.joined(face.clock.mono());
    face.live().await
}

/// What the loop waits for.
#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum Happened {
    Read(Input),
    Heard(Result<News<()>, CliError>),
    Interrupted,
    /// This process was stopped, and goes on.
    Continued,
}

/// What the loop is to do next.
enum Next {
    Go,
    Leave(ExitCode),
    /// The host is gone, for this reason.
    Reconnect(String),
}

struct Face<'a> {
    context: &'a Context,
    client: Client,
    plain: Plain,
    terminals: Terminals,
    /// The session in focus before this one.
    before: Option<SessionId>,
    /// What was typed and has no session yet, since that is to be made for it.
    homeless: Option<Homeless>,
    clock: Clock,
    backoff: Backoff,
    /// Why a prompt was not taken, where one was not.
    refused: Option<ErrorKind>,
    /// Whether the session in focus worked when a line could last have been asked for.
    worked: bool,
}

/// What was typed where there is no session.
#[derive(Clone)]
struct Homeless {
    text: String,
    steers: bool,
}

impl Face<'_> {
    async fn live(&mut self) -> Result<ExitCode, CliError> {
        let mut lines = Lines::start();
        let listen = |kind| {
            signal(kind).map_err(|error| CliError::failed(format!("signals cannot be heard: {error}")))
        };
        let mut interrupts = listen(SignalKind::interrupt())?;
        let mut continues = listen(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        let mut ended = false;
        self.ask_for_line()?;
        loop {
            if ended && !self.works() {
                // Standard input is at its end and what it asked for is answered.
                return Ok(self.verdict());
            }
            let happened = tokio::select! {
                input = lines.next(), if !ended => Happened::Read(input),
                news = self.client.next() => Happened::Heard(news),
                _ = interrupts.recv() => Happened::Interrupted,
                _ = continues.recv() => Happened::Continued,
            };
            ended |= matches!(happened, Happened::Read(Input::End));
            let mut next = self.unless_interrupted(happened, &mut interrupts).await?;
            while let Next::Reconnect(why) = next {
                next = self.reconnect(&why, &mut interrupts).await?;
            }
            if let Next::Leave(code) = next {
                return Ok(code);
            }
        }
    }

    /// Answers what happened. A host that does not do its part holds nobody: the second interrupt leaves.
    async fn unless_interrupted(
        &mut self,
        happened: Happened,
        interrupts: &mut Signal,
    ) -> Result<Next, CliError> {
        let mut interrupted = false;
        let next = {
            let mut answer = pin!(self.answer(happened));
            loop {
                tokio::select! {
                    biased;
                    next = &mut answer => break Some(next?),
                    _ = interrupts.recv() => {}
                }
                if std::mem::replace(&mut interrupted, true) {
                    break None;
                }
                say(&["* the host has not answered yet; Ctrl+C again leaves".to_owned()])?;
            }
        };
        match next {
            Some(Next::Go) if interrupted => self.interrupt(),
            Some(next) => Ok(next),
            None => {
                self.tell_unsent();
                Ok(Next::Leave(ExitCode::from(ErrorKind::Interrupted.exit_code())))
            }
        }
    }

    async fn answer(&mut self, happened: Happened) -> Result<Next, CliError> {
        match happened {
            Happened::Read(Input::Line(line)) => self.typed(line).await,
            Happened::Read(Input::NotText) => {
                say(&["* that line is not UTF-8 text and was not sent".to_owned()])?;
                Ok(Next::Go)
            }
            Happened::Read(Input::End) => Ok(Next::Go),
            Happened::Heard(Ok(news)) => self.heard(news),
            Happened::Heard(Err(error)) => self.without_host(error),
            Happened::Interrupted => self.interrupt(),
            Happened::Continued => {
                // The shell wrote where the prompt stood.
                self.ask_for_line()?;
                Ok(Next::Go)
            }
        }
    }

    async fn typed(&mut self, line: String) -> Result<Next, CliError> {
        let next = match read(&line, &self.context.kinds) {
            Typed::Command(Ok(command)) => self.carry_out(command).await,
            Typed::Command(Err(fault)) => Err(CliError::usage(fault.message)),
            Typed::Prompt(text) if text.trim().is_empty() => Ok(Next::Go),
            Typed::Prompt(text) => {
                let sent = self.submit(text.to_owned(), false).await;
                self.refused = self.refused.or(sent.as_ref().err().map(|error| error.kind));
                sent.map(|()| Next::Go)
            }
        };
        let next = match next {
            Ok(next) => next,
            Err(error) if error.kind == ErrorKind::Unreachable => return self.without_host(error),
            Err(error) => {
                say(&[told(&error.on_one_line())])?;
                Next::Go
            }
        };
        self.ask_for_line()?;
        Ok(next)
    }

    /// Sends what was typed to the session in focus, or to one that is made for it.
    pub(super) async fn submit(&mut self, text: String, steers: bool) -> Result<(), CliError> {
        self.homeless = Some(Homeless { text, steers });
        let kept = self.house().await;
        self.say_updates()?;
        kept
    }

    /// Sends what has no session yet to the one in focus, or makes one for it. From there on it goes to that session, whatever
    /// happens meanwhile, and stays among what is unanswered until a host has it.
    async fn house(&mut self) -> Result<(), CliError> {
        let Some(Homeless { text, steers }) = self.homeless.clone() else { return Ok(()) };
        let made = match self.plain.focus() {
            Some(session) => Ok(session),
            None => self.create(String::new(), None).await,
        };
        let sent = match made {
            Ok(session) => {
                let prompt = Prompt { session, token: token()?, text: text.clone(), steers };
                self.homeless = None;
                self.client.deliver(prompt).await.map(drop)
            }
            Err(error) => Err(error),
        };
        sent.map_err(|error| {
            if error.kind == ErrorKind::Unreachable {
                return error; // the next host gets it
            }
            self.homeless = None;
            error.hint(not_sent(&text))
        })
    }

    /// Creates a session and goes there.
    async fn create(&mut self, kind: String, name: Option<String>) -> Result<SessionId, CliError> {
        let directory = self.context.environment.directory.to_string_lossy().into_owned();
        let attended = self.context.environment.input_is_terminal;
        let wanted = Wanted { name, kind, directory, attended, ..Wanted::default() };
        let id = self.client.create(new::command(self.context, wanted)?).await?.id;
        self.say_updates()?;
        self.go_to(id).await?;
        Ok(id)
    }

    async fn go_to(&mut self, id: SessionId) -> Result<(), CliError> {
        self.say_updates()?;
        if self.client.mirror.get(id).is_some_and(|session| session.summary.presence == Presence::Hibernated)
        {
            self.command(Command::Wake { session: id }).await?;
        }
        let Some(session) = self.client.mirror.get(id) else {
            return Err(CliError::failed("that session is not open; `q show SESSION` prints closed ones"));
        };
        if self.plain.focus() != Some(id) {
            self.before = self.plain.focus();
        }
        let lines = self.plain.focus_on(session);
        if self.context.environment.input_is_terminal {
            self.terminals.note(Some(id)); // a script that reads lines is in front of nobody
        }
        // The host hears first: whoever reads that we are elsewhere may count on it.
        self.client.tell(&ClientMessage::Showing { session: Some(id.into()), at_end: true })?;
        say(&lines)
    }

    fn heard(&mut self, news: News<()>) -> Result<Next, CliError> {
        match news {
            News::Changed | News::Whole | News::Answered { .. } | News::Unasked { .. } => {
                if self.say_updates()? || self.worked {
                    self.ask_for_line()?;
                }
            }
            News::Going { why, restart: true } => return self.without_host(CliError::host_went(why, true)),
            News::Going { why, restart: false } => {
                say(&[told(&format!("{why}; sessions are kept, `q` brings them back"))])?;
                return Ok(Next::Leave(ExitCode::from(ErrorKind::Unreachable.exit_code())));
            }
        }
        Ok(Next::Go)
    }

    fn interrupt(&mut self) -> Result<Next, CliError> {
        match self.plain.focus().filter(|_| self.works()) {
            Some(session) => {
                self.client.request(Command::Interrupt { session }.into())?;
                Ok(Next::Go)
            }
            None => Ok(Next::Leave(ExitCode::from(ErrorKind::Interrupted.exit_code()))),
        }
    }

    /// Whether the session in focus works.
    fn works(&self) -> bool {
        let focus = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        focus.is_some_and(|session| session.summary.activity.is_busy())
    }

    /// How the session in focus ended, unless a prompt never came so far: the exit code of a script's run.
    fn verdict(&self) -> ExitCode {
        if let Some(kind) = self.refused {
            return ExitCode::from(kind.exit_code());
        }
        let focus = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        match focus.map(|session| session.summary.activity) {
            Some(Activity::Failed) => ExitCode::from(ErrorKind::Failed.exit_code()),
            Some(Activity::Interrupted) => ExitCode::from(ErrorKind::Interrupted.exit_code()),
            Some(Activity::Idle | Activity::Working | Activity::NeedsApproval | Activity::NeedsInput)
            | None => ExitCode::SUCCESS,
        }
    }

    /// Says what changed; whether anything was said.
    fn say_updates(&mut self) -> Result<bool, CliError> {
        let mut lines = Vec::new();
        for update in self.client.take_updates() {
            lines.extend(self.plain.update(&update));
        }
        say(&lines)?;
        Ok(!lines.is_empty())
    }

    /// Shows where to type, when a person types and nothing is on its way.
    fn ask_for_line(&mut self) -> Result<(), CliError> {
        self.worked = self.works();
        if self.context.environment.input_is_terminal && !self.worked {
            out::say(&prompt(&self.client.mirror, self.plain.focus()))?;
        }
        Ok(())
    }
}

/// How a prompt is given back.
fn not_sent(text: &str) -> String {
    format!("not sent: {text}")
}

/// Something beside the conversation, with its advice for whoever types slash commands.
fn told(text: &str) -> String {
    format!("* {}", advice::render(text, Way::Slash))
}

fn say(lines: &[String]) -> Result<(), CliError> {
    if lines.is_empty() { Ok(()) } else { out::line(&lines.join("\n")) }
}
