//! The desk: requests on their way, and what their answers mean here.

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::{Entry, Mirror, SessionId};
use q_host::wire::{Answer, ClientMessage, Request};
use q_term::{Intent, Ui};

use crate::client::{Client, token};
use crate::commands::{Context, new};
use crate::error::CliError;

/// How much of the transcript is asked for when scrolling back, in bytes.
const PAGE_BYTES: u32 = 64 << 10;

/// What is said of a wish that the host did not live to answer.
const UNANSWERED: &str = "the host was restarted before it answered; see what came of it, then try again";

/// What waits for an answer.
#[derive(Debug, Default)]
pub(super) struct Desk {
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
enum Waiting {
    /// A new session: it will be switched to.
    New,
    /// A prompt. Kept whole, to be delivered to the next host if this one dies before it answers; the token makes that
    /// safe.
    Submit { key: u64, session: SessionId, token: u128, text: String },
    /// Older entries.
    Page(SessionId),
    /// Anything else about a session.
    About(SessionId),
}

impl Desk {
    /// Sends a wish.
    pub(super) async fn send(
        &mut self,
        context: &Context,
        client: &mut Client,
        intent: Intent,
    ) -> Result<(), CliError> {
        let (waiting, request) = match intent {
            Intent::New { kind, name } => {
                let directory = context.environment.directory.to_string_lossy().into_owned();
                (Waiting::New, new::create(context, name, kind, None, None, directory)?)
            }
            Intent::Submit { key, session, text } => {
                let token = token()?;
                return self.deliver(client, key, session, token, text).await;
            }
            Intent::Rename { session, name } => {
                about(session, Request::Rename { session: session.into(), name })
            }
            Intent::Close { session, force } => {
                about(session, Request::Close { session: session.into(), force })
            }
            Intent::Interrupt { session } => about(session, Request::Interrupt { session: session.into() }),
            Intent::Retry { session } => {
                about(session, Request::Retry { session: session.into(), token: token()? })
            }
            Intent::Unqueue { session, prompt } => {
                about(session, Request::Unqueue { session: session.into(), prompt: prompt.0 })
            }
            Intent::SaveDraft { session, text } => {
                about(session, Request::SaveDraft { session: session.into(), text })
            }
            Intent::Page { session, before } => {
                let request =
                    Request::Page { session: session.into(), before: Some(before.0), bytes: PAGE_BYTES };
                (Waiting::Page(session), request)
            }
            Intent::Show { session, at_end } => {
                return client
                    .tell(&ClientMessage::Showing { session: session.map(Into::into), at_end })
                    .await;
            }
            Intent::Detach | Intent::Suspend | Intent::Redraw | Intent::Bell => return Ok(()), // the loop's own
        };
        let id = client.request(request).await?;
        self.waiting.insert(id, waiting);
        Ok(())
    }

    async fn deliver(
        &mut self,
        client: &mut Client,
        key: u64,
        session: SessionId,
        token: u128,
        text: String,
    ) -> Result<(), CliError> {
        let id = client.expect_answer();
        self.waiting.insert(id, Waiting::Submit { key, session, token, text: text.clone() });
        client
            .tell(&ClientMessage::Request {
                id,
                request: Request::Submit { session: session.into(), token, text },
            })
            .await
    }

    /// After the host died: delivers to its successor the prompts it had not answered; those it had kept are recognised
    /// by their token. Other wishes are given back: whether they came through is on the screen.
    pub(super) async fn deliver_again(&mut self, client: &mut Client, ui: &mut Ui) -> Result<(), CliError> {
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            match waiting {
                Waiting::Submit { key, session, token, text } => {
                    self.deliver(client, key, session, token, text).await?;
                }
                Waiting::New => ui.refused(None, None, UNANSWERED),
                Waiting::About(session) => ui.refused(None, Some(session), UNANSWERED),
                Waiting::Page(_) => {} // asked for again when it is in sight
            }
        }
        Ok(())
    }

    /// Tells the host how long a switch took.
    pub(super) async fn switched(&mut self, client: &mut Client, took: Duration) -> Result<(), CliError> {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        client.tell(&ClientMessage::Switched { took_us }).await
    }

    /// An answer came.
    pub(super) fn answered(
        &mut self,
        ui: &mut Ui,
        mirror: &mut Mirror,
        request: u64,
        answer: Result<Answer, CliError>,
    ) -> Vec<Intent> {
        let Some(waiting) = self.waiting.remove(&request) else { return Vec::new() };
        match (waiting, answer) {
            (Waiting::New, Ok(Answer::Created(id))) => return ui.created(mirror, id.into()),
            (Waiting::Submit { key, .. }, Ok(_)) => ui.accepted(key),
            (Waiting::Page(session), Ok(Answer::Page(page))) => {
                mirror.prepend(session, page.entries.into_iter().map(Entry::from).collect(), page.trimmed);
            }
            (Waiting::New | Waiting::Page(_) | Waiting::About(_), Ok(_)) => {}
            (Waiting::New, Err(error)) => ui.refused(None, None, error.on_one_line()),
            (Waiting::Submit { key, session, .. }, Err(error)) => {
                ui.refused(Some(key), Some(session), error.on_one_line());
            }
            (Waiting::Page(session) | Waiting::About(session), Err(error)) => {
                ui.refused(None, Some(session), error.on_one_line());
            }
        }
        Vec::new()
    }
}

fn about(session: SessionId, request: Request) -> (Waiting, Request) {
    (Waiting::About(session), request)
}
