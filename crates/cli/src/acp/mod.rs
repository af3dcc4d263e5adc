//! `q acp`: an editor at q's sessions. It speaks the Agent Client Protocol, version 1, as the agent, on standard input and
//! output, and is one more client of the host: what it shows, the terminals show too, and it may go at any time.
//!
//! `serving` and `answers` decide what is said, without any I/O; here it is carried.

mod answers;
mod consent;
mod frame;
mod lines;
mod options;
mod prompt;
mod prompts;
mod replay;
mod serving;
#[cfg(test)]
mod tests;
mod told;
mod updates;

use std::path::Path;
use std::process::ExitCode;

use q_client::{Backoff, News};
use q_core::SessionId;
use q_host::clock::Clock;
use q_proto::ClientMessage;
use q_term::quoted;

use crate::args::AcpArgs;
use crate::client::Attachment;
use crate::commands::new::{self, SessionRequest};
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::successor::{self, Disconnected};
use crate::{json, out};
use lines::{EditorLine, MAX_LINE};
use serving::{Serving, Waiting};

/// Answers of the host that are waited for while more is read: who asks faster waits, too.
const MOST_UNANSWERED: usize = 128;

/// An editor's connection to a host.
struct EditorClient<'a> {
    context: &'a Context,
    client: Attachment<Waiting>,
    serving: Serving<'a>,
    /// While there is no host.
    disconnected: Option<Disconnected<'a, Waiting>>,
    backoff: Backoff,
    clock: Clock,
    /// The session that the host was told is in front.
    shown: Option<SessionId>,
}

/// Serves the editor at standard input until it goes.
pub(crate) async fn run(context: &Context, args: AcpArgs) -> Result<ExitCode, CliError> {
    let make = |directory: &str| {
        let directory = new::directory(context, Some(Path::new(directory)))?;
        let (kind, agent, model) = (args.kind.clone(), args.agent.clone(), args.model.clone());
        new::command(context, SessionRequest { kind, agent, model, directory, ..SessionRequest::default() })
    };
    // What was asked for on the command line is tried before an editor is told that all is well.
    make("/")?;
    let client = Attachment::attach(context, true).await?;
    let mut editor = EditorClient {
        context,
        client,
        serving: Serving::new(Box::new(make), &context.kinds),
        disconnected: None,
        backoff: Backoff::default(),
        clock: Clock::start(),
        shown: None,
    };
    editor.backoff.joined(editor.clock.mono());
    editor.live().await
}

impl EditorClient<'_> {
    async fn live(&mut self) -> Result<ExitCode, CliError> {
        let mut lines = lines::of_standard_input();
        loop {
            tokio::select! {
                line = lines.recv(), if self.client.waits_for() < MOST_UNANSWERED => match line {
                    Some(line) => self.on_line(&line),
                    None => return Ok(self.leave().await),
                },
                news = self.client.next(), if self.disconnected.is_none() => {
                    if let Some(why) = self.on_news(news) {
                        return self.stopped(why);
                    }
                }
                successor = successor::found(&mut self.disconnected), if self.disconnected.is_some() => {
                    self.reconnect(successor);
                }
            }
            self.carry()?;
        }
    }

    fn on_line(&mut self, line: &EditorLine) {
        match line {
            EditorLine::Whole(line) => self.serving.on_line(&mut self.client.state, line),
            EditorLine::TooLong => self.serving.on_long_line(MAX_LINE),
        }
    }

    /// The host said something; why there will be none, where it was stopped.
    fn on_news(&mut self, news: Result<News<Waiting>, CliError>) -> Option<String> {
        match news {
            Ok(News::Changed | News::Whole | News::Unasked { .. }) => {}
            Ok(News::Answered { waiting, answer, .. }) => {
                self.serving.on_answer(&mut self.client.state, waiting, answer);
            }
            Ok(News::Going { why, restart: false }) => return Some(why),
            Ok(News::Going { why, restart: true }) => self.disconnect(&why),
            Err(error) => self.disconnect(&error.on_one_line()),
        }
        None
    }

    /// Sends the host what is wanted, and the editor what it is to know.
    fn carry(&mut self) -> Result<(), CliError> {
        if self.disconnected.is_none() {
            self.serving.follow(&mut self.client.state);
            for (waiting, error) in self.client.send() {
                self.serving.refused(waiting, &error);
            }
            if self.shown != self.serving.shows {
                self.shown = self.serving.shows;
                let session = self.shown.map(Into::into);
                // A host that is gone is noticed by reading.
                let _figures_only =
                    self.client.notify(&ClientMessage::Showing { session, at_end: true, beside: Vec::new() });
            }
        }
        for message in self.serving.out.drain(..) {
            out::line(&json::text(&message)?)?;
        }
        Ok(())
    }

    /// There is no host any more; the next one is looked for. What is asked for meanwhile waits for it.
    fn disconnect(&mut self, why: &str) {
        out::note(&format!("q: {why}; it goes on with the next host"));
        let wait = self.backoff.lost(self.clock.mono());
        let (hello, now) = (self.client.hello(true), self.clock.mono());
        self.disconnected = Some(Disconnected::new(self.context, hello, now, wait));
    }

    /// A host has come, or not. It is sent the prompts that none has answered, under their tokens.
    fn reconnect(&mut self, successor: Result<Attachment<Waiting>, CliError>) {
        let client = match successor {
            Ok(client) => client,
            Err(error) => return self.disconnect(&error.on_one_line()),
        };
        if let Some(missed) = client.missed(&self.client.mirror) {
            out::note(&format!("q: {missed}"));
        }
        let before = std::mem::replace(&mut self.client, client);
        self.disconnected = None;
        self.backoff.joined(self.clock.mono());
        self.shown = None;
        let given_back = self.client.state.take_over(before.state);
        self.serving.unanswered(given_back);
        self.serving.rejoin(&mut self.client.state);
        self.client.state.deliver_again();
    }

    /// The host was stopped on purpose, and no other is started by itself.
    fn stopped(&mut self, why: String) -> Result<ExitCode, CliError> {
        self.serving.end_all(&why);
        self.carry()?;
        Err(CliError::host_went(why, false))
    }

    /// The editor is gone: what it began goes on without it.
    async fn leave(&mut self) -> ExitCode {
        let is_taken = self.disconnected.is_none() && self.client.leave(|_, _| ()).await;
        if is_taken {
            return ExitCode::SUCCESS;
        }
        for prompt in self.client.prompts() {
            out::note(&format!("q: not saved: {}", quoted::folded(&prompt.text)));
        }
        ExitCode::from(ErrorKind::Unreachable.exit_code())
    }
}
