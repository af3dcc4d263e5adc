//! Who reads lines and prints them: a client with what was printed so far, and what the loop and the commands have in common.

use std::path::Path;
use std::process::ExitCode;

use q_client::{Backoff, Prompt};
use q_core::{Command, NewImage, PromptWay, SessionId};
use q_host::clock::Clock;
use q_proto::ClientMessage;
use q_term::Way;
use q_term::advice;
use q_term::command::Arguments;
use q_term::plain::{Plain, prompt};
use q_term::quoted;

use crate::client::{Client, token};
use crate::commands::new::{self, SessionRequest};
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::named_files::{Base, FilledPrompt, TypedPrompts};
use crate::out;
use crate::served_words::{self, PromptWords, ServedText};
use crate::terminals::Terminals;

pub(crate) struct Frontend<'a> {
    pub(super) context: &'a Context,
    pub(super) client: Client,
    pub(super) plain: Plain,
    pub(super) terminals: Terminals,
    /// The session in focus before this one.
    pub(super) before: Option<SessionId>,
    /// What was typed and has no session yet, since that is to be made for it.
    pub(super) unsent: Option<Unsent>,
    pub(super) clock: Clock,
    pub(super) backoff: Backoff,
    pub(super) typed: TypedPrompts,
    /// Why a prompt was not taken, where one was not.
    pub(super) refused: Option<ErrorKind>,
    /// Whether the session in focus worked when a line could last have been asked for.
    pub(super) worked: bool,
}

/// What was typed where there is no session.
#[derive(Clone)]
pub(super) struct Unsent {
    pub(super) text: String,
    images: Vec<NewImage>,
    way: PromptWay,
}

/// What the loop is to do next.
pub(crate) enum Next {
    Go,
    Leave(ExitCode),
    /// The host is gone, for this reason.
    Reconnect(String),
}

impl Frontend<'_> {
    /// Sends what was typed to the session in focus, or to one that is made for it.
    pub(super) async fn submit(&mut self, text: String, way: PromptWay) -> Result<(), CliError> {
        let FilledPrompt { text, images } = match way {
            PromptWay::Run => FilledPrompt { text, images: Vec::new() },
            PromptWay::Ask | PromptWay::Steer => {
                let served = self.served(&text).await?;
                self.with_files(served, &text)?
            }
        };
        self.unsent = Some(Unsent { text, images, way });
        let kept = self.send_unsent().await;
        self.print_updates()?;
        kept
    }

    /// A prompt with what it wants of servers, which are asked for it; without any as it is.
    async fn served(&self, text: &str) -> Result<ServedText, CliError> {
        let here = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        let agent = here.map_or(self.context.agents.default.as_str(), |here| here.summary.agent.as_str());
        let filled = match served_words::wanted(self.context, agent, self.directory(), text) {
            Ok(PromptWords::Served(words)) => words.filled().await,
            Ok(PromptWords::Ready(text)) => Ok(text),
            Err(why) => Err(why),
        };
        filled.map_err(|why| CliError::failed(why).hint(not_sent(text)))
    }

    /// A prompt with the files that it names. One that names files which are not there is not sent, unless
    /// it is typed again.
    fn with_files(&mut self, text: ServedText, typed: &str) -> Result<FilledPrompt, CliError> {
        let directory = self.directory().to_owned();
        let base = Base::new(&directory, &self.context.environment);
        self.typed.with_files(base, text).map_err(|fault| {
            CliError::usage(fault).hint(format!("{}; the same line again sends it without", not_sent(typed)))
        })
    }

    /// That of the session in focus; without one, where this was started.
    pub(crate) fn directory(&self) -> &Path {
        let here = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        here.map_or(self.context.environment.directory.as_path(), |here| Path::new(&here.summary.directory))
    }

    /// Sends what has no session yet to the one in focus, or makes one for it. From there on it goes to that session, whatever
    /// happens meanwhile, and stays among what is unanswered until a host has it.
    pub(super) async fn send_unsent(&mut self) -> Result<(), CliError> {
        let Some(Unsent { text, images, way }) = self.unsent.clone() else { return Ok(()) };
        let made = match self.plain.focus() {
            Some(session) => Ok(session),
            None => self.make(Arguments::default()).await,
        };
        let sent = match made {
            Ok(session) => {
                // The token is drawn before it is forgotten here: without one it is still what was typed.
                let prompt = Prompt { session, token: token()?, text: text.clone(), images, way };
                self.unsent = None;
                self.client.deliver(prompt).await.map(drop)
            }
            Err(error) => Err(error),
        };
        sent.map_err(|error| {
            if error.kind == ErrorKind::Unreachable {
                return error; // the next host gets it
            }
            self.unsent = None;
            error.hint(not_sent(&text))
        })
    }

    /// Makes a session of what was typed, and of what is configured, and goes there.
    pub(crate) async fn make(&mut self, typed: Arguments) -> Result<SessionId, CliError> {
        let wanted = SessionRequest::typed(self.context, typed);
        self.go_to_made(new::command(self.context, wanted)?).await
    }

    /// Has a session made by that command, and goes there.
    pub(super) async fn go_to_made(&mut self, command: Command) -> Result<SessionId, CliError> {
        let id = self.client.create(command).await?.id;
        self.print_updates()?;
        self.go_to(id).await?;
        Ok(id)
    }

    pub(super) async fn go_to(&mut self, id: SessionId) -> Result<(), CliError> {
        self.print_updates()?;
        let woken = self.client.wake(id).await;
        self.print_updates()?;
        woken?;
        let Some(session) = self.client.mirror.get(id) else {
            return Err(CliError::failed("that session is not open; `q show SESSION` prints closed ones"));
        };
        if self.plain.focus() != Some(id) {
            self.before = self.plain.focus();
        }
        let lines = self.plain.focus_on(session);
        if self.context.environment.input_is_terminal {
            self.terminals.note(Some(id), &[]); // a script that reads lines is in front of nobody
        }
        // The host hears first: whoever reads that we are elsewhere may count on it.
        self.client.notify(&ClientMessage::Showing {
            session: Some(id.into()),
            at_end: true,
            beside: Vec::new(),
        })?;
        self.say(&lines)?;
        self.say_untrusted()
    }

    /// Prints what may be answered: from now on it can be read.
    pub(super) fn say(&mut self, lines: &[String]) -> Result<(), CliError> {
        print_lines(lines)?;
        self.plain.printed(self.clock.mono());
        Ok(())
    }

    /// Whether the session in focus works.
    pub(super) fn works(&self) -> bool {
        let focus = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        focus.is_some_and(|session| session.summary.activity.is_busy())
    }

    /// Says what changed; whether anything was said.
    pub(super) fn print_updates(&mut self) -> Result<bool, CliError> {
        let mut lines = Vec::new();
        for update in self.client.take_updates() {
            lines.extend(self.plain.update(&update));
        }
        self.say(&lines)?;
        Ok(!lines.is_empty())
    }

    /// Shows where to type, when a person types and nothing is on its way.
    pub(super) fn ask_for_line(&mut self) -> Result<(), CliError> {
        self.worked = self.works();
        if self.context.environment.input_is_terminal && !self.worked {
            out::text(&prompt(&self.client.mirror, self.plain.focus()))?;
        }
        Ok(())
    }
}

/// How a prompt is given back.
pub(super) fn not_sent(text: &str) -> String {
    format!("not sent: {}", quoted::folded(text))
}

/// Something beside the conversation, with its advice for whoever types slash commands.
pub(super) fn notice(text: &str) -> String {
    format!("* {}", advice::render(text, Way::Slash))
}

pub(super) fn print_lines(lines: &[String]) -> Result<(), CliError> {
    if lines.is_empty() { Ok(()) } else { out::line(&lines.join("\n")) }
}
