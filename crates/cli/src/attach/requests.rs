//! What the terminal asks for, and what the answers mean here. That a request is unanswered, and which are delivered again,
//! is known by `q-client`.

use std::time::Duration;

use q_client::Prompt;
use q_core::{Command, Entry, EntryNo, Mirror, SessionId};
use q_proto::view::WireSummary;
use q_proto::{ClientMessage, Request, Response, UNDRAWN};
use q_term::command::UserCommand;
use q_term::granted::{Way, granted};
use q_term::{Intent, Ui};

use crate::client::{Attachment, among, next_page, summaries, token};
use crate::commands::new::Wanted;
use crate::commands::{Context, new};
use crate::error::CliError;

/// How much of the transcript is asked for when scrolling back, in bytes.
const PAGE_BYTES: u32 = 64 << 10;

/// What is said of a wish that the host did not live to answer.
const UNANSWERED: &str = "the host was restarted before it answered; see what came of it, then try again";

/// A client whose answers come while other things go on.
pub(super) type Client = Attachment<Waiting>;

/// What is asked for, and the session that was looked up last, with its name: it may not be open, so that no mirror has it.
#[derive(Debug, Default)]
pub(super) struct Requests {
    sought: Option<(SessionId, String)>,
}

/// What an answer is waited for to do.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A new session: it will be switched to.
    New,
    /// A prompt, under the key that the terminal has for it.
    Prompt(u64),
    Wake(SessionId),
    Page {
        session: SessionId,
        before: EntryNo,
    },
    /// All sessions, to find one among them.
    Lookup {
        address: String,
        command: UserCommand,
        so_far: Vec<WireSummary>,
    },
    /// A session that is open again: it will be switched to.
    Reopen(SessionId),
    Tags(SessionId),
    /// A draft. Where it cannot be saved, it stays where it is typed.
    Draft,
    /// Anything else about a session: what to say when it is granted.
    About {
        said: Option<String>,
    },
}

impl Waiting {
    /// It will not be done.
    fn refused(self, ui: &mut Ui, error: &CliError) {
        let why = error.on_one_line();
        match self {
            Self::New | Self::Reopen(_) => ui.not_opened(why),
            Self::Lookup { command, .. } if command.opens_session() => ui.not_opened(why),
            Self::Prompt(key) => ui.refused(Some(key), why),
            Self::Wake(session) => ui.not_woken(session, why),
            Self::Lookup { .. } | Self::Page { .. } | Self::Tags(_) | Self::About { .. } => {
                ui.refused(None, why);
            }
            Self::Draft => {} // it stays where it is typed
        }
    }
}

/// Nothing is done with the answer.
impl Default for Waiting {
    fn default() -> Self {
        Self::About { said: None }
    }
}

impl Requests {
    /// Sends a wish. What cannot be sent is refused here, as by a host.
    pub(super) fn send(
        &mut self,
        context: &Context,
        client: &mut Client,
        ui: &mut Ui,
        intent: Intent,
    ) -> Result<(), CliError> {
        let (waiting, request) = match intent {
            Intent::New { kind, name } => {
                let directory = context.environment.directory.to_string_lossy().into_owned();
                let wanted = Wanted { name, kind, directory, attended: true, ..Wanted::default() };
                match new::command(context, wanted) {
                    Ok(command) => (Waiting::New, command.into()),
                    Err(error) => {
                        Waiting::New.refused(ui, &error);
                        return Ok(());
                    }
                }
            }
            Intent::Fork { session, at, name } => {
                (Waiting::New, Command::Fork { session, id: UNDRAWN, at, name }.into())
            }
            Intent::Submit { key, session, text, steer } => {
                let prompt = Prompt { session, token: token()?, text, steers: steer };
                client.state.submit(prompt, Waiting::Prompt(key));
                send(client, ui);
                return Ok(());
            }
            Intent::Turn { session, command } => {
                let Some(command) = command.of_turn(session, token()?) else { return Ok(()) };
                (Waiting::About { said: None }, command.into())
            }
            Intent::Lookup { address, command } => {
                (Waiting::Lookup { address, command, so_far: Vec::new() }, Request::List)
            }
            Intent::Tell(command) => {
                let Some(waiting) = self.waiting_for(&client.mirror, &command) else { return Ok(()) };
                (waiting, command.into())
            }
            Intent::Page { session, before } => {
                let request =
                    Request::Page { session: session.into(), before: Some(before.0), bytes: PAGE_BYTES };
                (Waiting::Page { session, before }, request)
            }
            Intent::Show { session, at_end } => {
                return client.tell(&ClientMessage::Showing { session: session.map(Into::into), at_end });
            }
            Intent::Detach | Intent::Suspend | Intent::Redraw | Intent::Bell | Intent::Rejoin => {
                return Ok(());
            } // the loop's own
        };
        ask(client, ui, waiting, request);
        Ok(())
    }

    /// After the host died: goes on with its successor, to which the prompts are delivered that it had not answered; those it
    /// had kept are recognised by their token. Other wishes are given back: whether they came through is on the screen.
    pub(super) fn go_on(client: &mut Client, before: Client, ui: &mut Ui) {
        for waiting in client.state.take_over(before.state) {
            match waiting {
                Waiting::New | Waiting::Reopen(_) => ui.not_opened(UNANSWERED),
                Waiting::Lookup { command, .. } if command.opens_session() => ui.not_opened(UNANSWERED),
                Waiting::Lookup { .. } | Waiting::Tags(_) | Waiting::About { .. } => {
                    ui.refused(None, UNANSWERED);
                }
                // Asked for again when it is in sight. A prompt is delivered again, and never given back.
                Waiting::Page { .. } | Waiting::Wake(_) | Waiting::Draft | Waiting::Prompt(_) => {}
            }
        }
        client.state.deliver_again();
        send(client, ui);
    }

    /// Tells the host how long a switch took.
    pub(super) fn switched(client: &mut Client, took: Duration) -> Result<(), CliError> {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        client.tell(&ClientMessage::Switched { took_us })
    }

    pub(super) fn answered(
        &mut self,
        ui: &mut Ui,
        client: &mut Client,
        waiting: Waiting,
        answer: Result<Response, CliError>,
    ) -> Vec<Intent> {
        let mirror = &mut client.state.mirror;
        match (waiting, answer) {
            (Waiting::New, Ok(Response::Created { session, hibernated })) => {
                let intents = ui.created(mirror, session.into());
                hibernated.inspect(|name| ui.made_room(name));
                return intents;
            }
            (Waiting::Prompt(key), Ok(_)) => ui.accepted(key),
            (Waiting::Page { session, before }, Ok(Response::Page(page))) => {
                mirror.prepend(
                    session,
                    before,
                    page.entries.into_iter().map(Entry::from).collect(),
                    page.trimmed,
                );
            }
            (Waiting::Lookup { address, command, mut so_far }, Ok(Response::List(page))) => {
                let next = next_page(&page);
                so_far.extend(page);
                if let Some(next) = next {
                    ask(client, ui, Waiting::Lookup { address, command, so_far }, next);
                    return Vec::new();
                }
                let found = summaries(so_far)
                    .and_then(|sessions| among(&sessions, &address, |session| command.fits(session)));
                match found {
                    Ok(session) => {
                        self.sought = Some((session.id, session.name.to_string()));
                        return ui.found(mirror, &session, &command);
                    }
                    Err(error) => {
                        Waiting::Lookup { address, command, so_far: Vec::new() }.refused(ui, &error);
                    }
                }
            }
            (Waiting::Reopen(session), Ok(_)) => return ui.created(mirror, session),
            (Waiting::Tags(session), Ok(_)) => {
                mirror.get(session).inspect(|session| ui.say(q_term::command::tags(session)));
            }
            (Waiting::About { said: Some(said) }, Ok(_)) => ui.say(said),
            (
                Waiting::New
                | Waiting::Page { .. }
                | Waiting::Wake(_)
                | Waiting::Lookup { .. }
                | Waiting::Draft
                | Waiting::About { said: None },
                Ok(_),
            ) => {}
            (waiting, Err(error)) => waiting.refused(ui, &error),
        }
        Vec::new()
    }

    /// What the answer to a command means here; nothing for one that a terminal does not send as it is.
    #[expect(clippy::wildcard_enum_match_arm, reason = "of any other command it is said what it did")]
    fn waiting_for(&self, mirror: &Mirror, command: &Command) -> Option<Waiting> {
        let session = command.session()?;
        Some(match command {
            Command::Wake { .. } => Waiting::Wake(session),
            Command::Reopen { .. } => Waiting::Reopen(session),
            Command::Tag { .. } => Waiting::Tags(session),
            Command::SaveDraft { .. } => Waiting::Draft,
            _ => {
                let open = mirror.get(session).map(|session| session.summary.name.as_str());
                let sought =
                    self.sought.as_ref().filter(|(id, _)| *id == session).map(|(_, name)| name.as_str());
                let said = open.or(sought).and_then(|name| granted(command, name, Way::Slash));
                Waiting::About { said }
            }
        })
    }
}

fn ask(client: &mut Client, ui: &mut Ui, waiting: Waiting, request: Request) {
    client.state.request(request, waiting);
    send(client, ui);
}

/// What cannot be sent is refused here, as by a host.
fn send(client: &mut Client, ui: &mut Ui) {
    for (waiting, error) in client.send() {
        waiting.refused(ui, &error);
    }
}
