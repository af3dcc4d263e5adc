//! Plain mode: the same abilities line by line, without moving a cursor. For screen readers, simple terminals, and
//! scripts that pipe lines in.

pub(crate) mod actions;
mod finding;
pub(crate) mod frontend;
mod input;
mod reconnect;

use std::pin::pin;
use std::process::ExitCode;

use q_client::{Backoff, News};
use q_core::{Activity, Instant, PromptWay};
use q_host::clock::Clock;
use q_term::Way;
use q_term::advice;
use q_term::command::{Typed, UserCommand, WordsFor, read};
use q_term::offers::OfferUse;
use q_term::plain::Plain;
use q_term::words::who_answers;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::client::Client;
use crate::commands::{carry_out, new, quota};
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::named_files::TypedPrompts;
use crate::out;
use crate::own_texts;
use crate::shared_commands::interrupt;
use crate::terminals::Terminals;
use frontend::{Frontend, Next, notice, print_lines};
use input::{Input, InputLines};

/// Opens the plain frontend, at `session` if one is named.
pub(crate) async fn run(context: &Context, session: Option<String>) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, true).await?;
    if let Some(exceeded) = quota::exceeded(&mut client).await? {
        out::note(&advice::render(&exceeded, Way::Slash));
    }
    client.keep_updates();
    let plain = Plain::new(&client.mirror);
    let mut frontend = Frontend {
        context,
        client,
        plain,
        terminals: Terminals::of(context),
        before: None,
        unsent: None,
        typed: TypedPrompts::default(),
        clock: Clock::start(),
        backoff: Backoff::default(),
        refused: None,
        worked: false,
    };
    if let Some(address) = session {
        let id = frontend.client.resolve(&address).await?.id;
        frontend.go_to(id).await?;
    } else if let Some(last) = frontend.terminals.last(&frontend.client.mirror) {
        frontend.go_to(last).await?;
    } else {
        out::note(&format!(
            "Type a question and press Enter. {} /help tells what else there is, /quit leaves.",
            who_answers(&new::answers(context))
        ));
    }
    frontend.print_interrupted()?;
    frontend.backoff.joined(frontend.clock.mono());
    frontend.live().await
}

/// What the loop waits for.
#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum LoopEvent {
    Read(Input, Instant),
    FromHost(Result<News<()>, CliError>),
    Interrupted,
    /// This process was stopped, and goes on.
    Continued,
}

impl Frontend<'_> {
    async fn live(&mut self) -> Result<ExitCode, CliError> {
        let mut lines = InputLines::start(self.clock, self.context.environment.input_is_terminal);
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
                (input, at) = lines.next(), if !ended => LoopEvent::Read(input, at),
                news = self.client.next() => LoopEvent::FromHost(news),
                _ = interrupts.recv() => LoopEvent::Interrupted,
                _ = continues.recv() => LoopEvent::Continued,
            };
            ended |= matches!(happened, LoopEvent::Read(Input::End, _));
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
        happened: LoopEvent,
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
                print_lines(&["* the host has not answered yet; Ctrl+C again leaves".to_owned()])?;
            }
        };
        match next {
            Some(Next::Go) if interrupted => self.interrupt(),
            Some(next) => Ok(next),
            None => {
                self.note_unsent();
                Ok(Next::Leave(ExitCode::from(ErrorKind::Interrupted.exit_code())))
            }
        }
    }

    async fn answer(&mut self, happened: LoopEvent) -> Result<Next, CliError> {
        match happened {
            LoopEvent::Read(Input::Line(line), at) => self.typed(line, at, false).await,
            LoopEvent::Read(Input::TypedLine(line), at) => self.typed(line, at, true).await,
            LoopEvent::Read(Input::NotText, _) => {
                print_lines(&["* that line is not UTF-8 text and was not sent".to_owned()])?;
                Ok(Next::Go)
            }
            LoopEvent::Read(Input::End, _) => Ok(Next::Go),
            LoopEvent::FromHost(Ok(news)) => self.on_news(news),
            LoopEvent::FromHost(Err(error)) => self.without_host(error),
            LoopEvent::Interrupted => self.interrupt(),
            LoopEvent::Continued => {
                // The shell wrote where the prompt stood.
                self.ask_for_line()?;
                Ok(Next::Go)
            }
        }
    }

    /// Does what a line says. `may_run` where the shell gets it if it is for that; else it is said to the agent as it is.
    async fn typed(&mut self, line: String, at: Instant, may_run: bool) -> Result<Next, CliError> {
        self.plain.line_read(at);
        let read = match self.scene().answer(&line) {
            Some(answer) => Typed::Command(Ok(answer)),
            None => match read(&line, &self.context.kinds) {
                Typed::Shell(line) if !may_run => Typed::Prompt(line),
                typed @ (Typed::Shell(_) | Typed::Prompt(_) | Typed::Command(_)) => typed,
            },
        };
        let next = match read {
            Typed::Command(Ok(command)) => carry_out(self, command).await,
            Typed::Command(Err(_)) if own_texts::is_command(self.context, self.directory(), &line) => {
                self.submit(line, PromptWay::Ask).await.map(|()| Next::Go)
            }
            Typed::Command(Err(fault))
                if q_term::offers::may_be_one(&line) && self.plain.focus().is_some() =>
            {
                let wanted = OfferUse::Send { line: line.trim().to_owned(), otherwise: fault.message };
                self.print_offers(&wanted).await.map(|()| Next::Go)
            }
            Typed::Command(Err(fault)) => {
                let said = own_texts::unknown(self.context, self.directory(), &line, fault.message);
                Err(CliError::usage(said))
            }
            Typed::Prompt(text) if text.trim().is_empty() => Ok(Next::Go),
            Typed::Shell(line) => {
                self.submit(line.trim_end().to_owned(), PromptWay::Run).await.map(|()| Next::Go)
            }
            Typed::Prompt(text) => match self.scene().words_are_for() {
                WordsFor::Question => carry_out(self, UserCommand::answer_with(text.trim())).await,
                WordsFor::NobodyYet(why) => Err(CliError::usage(why.to_owned())),
                WordsFor::Agent => {
                    let sent = self.submit(text.to_owned(), PromptWay::Ask).await;
                    self.refused = self.refused.or(sent.as_ref().err().map(|error| error.kind));
                    if self.scene().asks() {
                        print_lines(&[notice(q_term::words::STILL_ASKS)])?;
                    }
                    sent.map(|()| Next::Go)
                }
            },
        };
        let next = match next {
            Ok(next) => next,
            Err(error) if error.kind == ErrorKind::Unreachable => return self.without_host(error),
            Err(error) => {
                print_lines(&[notice(&error.on_one_line())])?;
                Next::Go
            }
        };
        self.plain.line_done(&self.client.mirror);
        self.ask_for_line()?;
        Ok(next)
    }

    fn on_news(&mut self, news: News<()>) -> Result<Next, CliError> {
        match news {
            News::Changed | News::Whole | News::Answered { .. } | News::Unasked { .. } => {
                if self.print_updates()? || self.worked {
                    self.ask_for_line()?;
                }
            }
            News::Going { why, restart: true } => return self.without_host(CliError::host_went(why, true)),
            News::Going { why, restart: false } => {
                print_lines(&[notice(&format!("{why}; sessions are kept, `q` brings them back"))])?;
                return Ok(Next::Leave(ExitCode::from(ErrorKind::Unreachable.exit_code())));
            }
        }
        Ok(Next::Go)
    }

    fn interrupt(&mut self) -> Result<Next, CliError> {
        match self.plain.focus().filter(|_| self.works()) {
            Some(session) => {
                self.client.request(interrupt(session).into())?;
                Ok(Next::Go)
            }
            None => Ok(Next::Leave(ExitCode::from(ErrorKind::Interrupted.exit_code()))),
        }
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
}
