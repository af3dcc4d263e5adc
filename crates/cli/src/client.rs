//! A client on a connection to the host. What it knows and waits for, and what is delivered again, is `q-client`'s; here it
//! is sent and read, and the questions that several verbs have are asked.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use q_agent::Secret;
use q_client::{ClientState, Connection, News, Prompt, RUN, RUN_AGAIN};
use q_core::address::{self, Miss};
use q_core::retention::Kept;
use q_core::{Command, Mirror, Presence, PromptWay, SessionId, Summary, Token};
use q_proto::entropy;
use q_proto::message::Hello;
use q_proto::view::WireSummary;
use q_proto::{ClientMessage, Id, Refused, Request, Response, list};
use q_term::Way;
use q_term::command::{FROM_NEXT_TURN, notice};

use crate::context::Context;
use crate::error::CliError;
use crate::key_commands::{Fetch, KeyCommands};
use crate::named_files::FilledPrompt;
use crate::out;
use crate::shared_commands;
use crate::tool_environment;

/// How long a host may take to read its last messages when a client leaves.
const TAKES_WITHIN: Duration = Duration::from_millis(250);

/// A client's state on a connection to a host. `W` is what its owner waits for where nobody stands by for the answer.
#[derive(Debug)]
pub(crate) struct Attachment<W> {
    connection: Connection,
    pub(crate) state: ClientState<W>,
    key_commands: KeyCommands,
    /// The key that the next message waits for.
    fetching: Option<Fetch>,
    /// What could not be sent while nobody stood by.
    unsent: Vec<(W, CliError)>,
}

/// One whose every answer somebody stands by for.
pub(crate) type Client = Attachment<()>;

impl<W> Deref for Attachment<W> {
    type Target = ClientState<W>;

    fn deref(&self) -> &ClientState<W> {
        &self.state
    }
}

impl<W> DerefMut for Attachment<W> {
    fn deref_mut(&mut self) -> &mut ClientState<W> {
        &mut self.state
    }
}

impl<W: Default> Attachment<W> {
    /// Attaches to the host, which is started if none runs. With `watch`, returns once the mirror is whole.
    pub(crate) async fn attach(context: &Context, watch: bool) -> Result<Self, CliError> {
        let connection =
            Connection::or_start(&context.place, &context.environment.program, RUN, || Hello::new(watch))
                .await?;
        if let Some(why) = &connection.host.read_only {
            out::note(&format!("read only: {why}"));
        }
        let host = &connection.host;
        let is_told_apart = host.version == env!("CARGO_PKG_VERSION");
        if host.limits.is_some_and(|limits| is_told_apart && limits != context.limits.fingerprint()) {
            let file = context.agents.file.display();
            out::note(&format!(
                "q: the host works within other limits than {file} has: `q host restart` takes them up"
            ));
        }
        Self::on(context, connection, watch).await
    }

    /// Attaches to the successor of a host that is gone, with its mirror whole. It must find the store that its
    /// predecessor had: an empty one in its place would look as if everything were lost.
    pub(crate) async fn reattach(context: &Context, hello: Hello) -> Result<Self, CliError> {
        let Context { environment, place, .. } = context;
        let connection =
            Connection::or_start(place, &environment.program, RUN_AGAIN, || hello.clone()).await?;
        Self::on(context, connection, true).await
    }

    /// Which sessions lack what an earlier host acknowledged to this client, in words; `before` is what was known of them.
    pub(crate) fn missed(&self, before: &Mirror) -> Option<String> {
        let name = |id: &Id| {
            let id = SessionId::from(*id);
            before.get(id).map_or_else(|| id.to_string(), |session| session.summary.name.to_string())
        };
        let missed: Vec<String> = self.host().missed.iter().map(name).collect();
        (!missed.is_empty()).then(|| {
            let list = missed.join(", ");
            format!("prompts that were saved are gone in {list}: the disk lost them, or the store is an older copy")
        })
    }

    /// Attaches to the host only if one runs.
    pub(crate) async fn attach_existing(context: &Context, watch: bool) -> Result<Option<Self>, CliError> {
        match Connection::existing(&context.place, Hello::new(watch)).await? {
            Some(connection) => Self::on(context, connection, watch).await.map(Some),
            None => Ok(None),
        }
    }

    async fn on(context: &Context, connection: Connection, watch: bool) -> Result<Self, CliError> {
        let mut state = ClientState::new(context.agents.brought());
        state.set_environment(tool_environment::of_person(context));
        state.welcomed(&connection.host);
        let key_commands = context.agents.key_commands.clone();
        let mut client = Self { connection, state, key_commands, fetching: None, unsent: Vec::new() };
        if watch {
            // Until all of it has come, what the mirror lacks cannot be told from what does not exist.
            while !matches!(client.next().await?, News::Whole) {}
        }
        Ok(client)
    }

    /// How the host was at the hello.
    pub(crate) fn host(&self) -> &q_proto::message::Status {
        &self.connection.host
    }

    /// Sends what is to be sent. Gives back what waited for requests that cannot be, each with why. What brings an agent whose
    /// key is still to be fetched waits for that, and all behind it: what is asked for comes in the order it was asked in.
    pub(crate) fn send(&mut self) -> Vec<(W, CliError)> {
        let mut refused = std::mem::take(&mut self.unsent);
        while self.fetching.is_none() {
            self.fetching = self.state.next_brings().and_then(|agent| self.key_commands.fetch(agent));
            if self.fetching.is_some() {
                break;
            }
            let Some(message) = self.state.next_message() else { break };
            if let Err(error) = self.connection.send(&message)
                && let ClientMessage::Request { id, .. } = message
            {
                refused.extend(self.state.withdraw(id).map(|waiting| (waiting, error.into())));
            }
        }
        refused
    }

    /// Sends a request without waiting for its answer; gives its number.
    pub(crate) fn request(&mut self, request: Request) -> Result<u64, CliError> {
        let id = self.state.request(request, W::default());
        self.sent(id)
    }

    fn sent(&mut self, id: u64) -> Result<u64, CliError> {
        match self.send().pop() {
            Some((_, error)) => Err(error),
            None => Ok(id),
        }
    }

    /// Tells the host something that has no answer.
    pub(crate) fn notify(&mut self, message: &ClientMessage) -> Result<(), CliError> {
        Ok(self.connection.send(message)?)
    }

    /// Leaves: waits until the host has taken all that it was told and dealt with it, but not for long; whether it has, as
    /// far as can be known. What only lies in the socket is lost with a host that dies, and whoever comes next may be
    /// answered before it is read. What is refused meanwhile is handed to `refused`, with what waited for it.
    pub(crate) async fn leave(&mut self, mut refused: impl FnMut(W, CliError)) -> bool {
        // A key that is waited for comes soon, or not: what needs it is not left behind without a word.
        while self.fetching.is_some() {
            match self.next().await {
                Ok(News::Answered { answer: Err(_), .. } | News::Going { .. }) | Err(_) => return false,
                Ok(News::Answered { .. } | News::Unasked { .. } | News::Changed | News::Whole) => {}
            }
        }
        // Answered at once, and behind all that was said before.
        if self.request(Request::Inbox).is_err()
            || tokio::time::timeout(TAKES_WITHIN, self.connection.flush()).await.is_err()
        {
            return false;
        }
        let answered = async {
            while self.state.waits_for() > 0 {
                match self.next().await? {
                    News::Going { .. } => break, // it ends in good order, behind what it was told
                    News::Answered { waiting, answer: Err(error), .. } => refused(waiting, error.into()),
                    News::Answered { .. } | News::Unasked { .. } | News::Changed | News::Whole => {}
                }
            }
            Ok::<(), CliError>(())
        };
        // A slow host has taken it, and goes on with it.
        !matches!(tokio::time::timeout(TAKES_WITHIN, answered).await, Ok(Err(_)))
    }

    /// Sends a request and waits for its answer; the mirror follows meanwhile.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Response, CliError> {
        let id = self.request(request)?;
        self.answer_to(id).await
    }

    async fn answer_to(&mut self, id: u64) -> Result<Response, CliError> {
        loop {
            match self.next().await? {
                News::Answered { request, answer, .. } if request == id => return Ok(answer?),
                News::Going { why, restart } => return Err(CliError::host_went(why, restart)),
                News::Answered { .. } | News::Unasked { .. } | News::Changed | News::Whole => {}
            }
        }
    }

    /// Waits for the next message and takes it in.
    pub(crate) async fn next(&mut self) -> Result<News<W>, CliError> {
        let message = tokio::select! {
            biased;
            key = fetched(&mut self.fetching) => return Ok(self.fetched(key)),
            message = self.connection.next() => message?,
        };
        let news = self.state.on_message(message).map_err(|_| {
            CliError::failed("the host sent a name that is none; is it of another version? `q host stop`")
        })?;
        // Where an update was missed the state asks for that session anew. Nobody stands by: it comes as a snapshot.
        self.unsent = self.send();
        Ok(news)
    }

    /// The key has come that the next message waited for, or it will not.
    fn fetched(&mut self, key: Result<Secret, String>) -> News<W> {
        let agent = self.fetching.take().map(|fetch| fetch.agent).unwrap_or_default();
        let news = match key {
            Ok(key) => {
                self.state.know_key(&agent, key.expose());
                self.key_commands.keep(agent, key);
                None
            }
            Err(message) => {
                let code = "key_command".to_owned();
                self.state.refuse_next(Refused { code, message, limit: false })
            }
        };
        self.unsent = self.send();
        news.unwrap_or(News::Changed)
    }

    /// Every session, closed ones too.
    pub(crate) async fn list(&mut self) -> Result<Vec<Summary>, CliError> {
        let (mut lines, mut next) = (Vec::new(), Some(Request::List));
        while let Some(request) = next {
            let Response::List(page) = self.ask(request).await? else { return Err(unexpected()) };
            next = next_page(&page);
            lines.extend(page);
        }
        summaries(lines)
    }

    /// Every session with what it takes where it is stored.
    pub(crate) async fn kept(&mut self) -> Result<Vec<Kept>, CliError> {
        let sessions = self.list().await?;
        // What was erased between the two answers has no size, and counts nothing.
        let Response::Sizes(sizes) = self.ask(Request::Sizes).await? else { return Err(unexpected()) };
        let sizes: BTreeMap<SessionId, u64> =
            sizes.into_iter().map(|(id, bytes)| (id.into(), bytes)).collect();
        let kept = |summary: Summary| {
            let bytes = sizes.get(&summary.id).copied().unwrap_or_default();
            Kept { summary, bytes }
        };
        Ok(sessions.into_iter().map(kept).collect())
    }

    /// The session an address names, among those that are not in the trash.
    pub(crate) async fn resolve(&mut self, address: &str) -> Result<Summary, CliError> {
        self.resolve_first(address, |session| session.presence != Presence::Trashed).await
    }

    /// The session an address names among those that `fit`, or else among all: then its place is the complaint.
    pub(crate) async fn resolve_first(
        &mut self,
        address: &str,
        fit: impl Fn(&Summary) -> bool,
    ) -> Result<Summary, CliError> {
        among(&self.list().await?, address, fit)
    }

    /// Has the core do something that is answered by its being done.
    pub(crate) async fn command(&mut self, command: Command) -> Result<(), CliError> {
        self.told(command).await.map(drop)
    }

    /// The same; whether it counts from the next turn on, since one runs that was asked before.
    pub(crate) async fn told(&mut self, command: Command) -> Result<bool, CliError> {
        let answer = self.ask(command.into()).await?;
        Ok(matches!(answer, Response::FromNextTurn))
    }

    /// The same, and notes what it did to the session where that is not in sight.
    pub(crate) async fn carry_out(&mut self, session: &Summary, command: Command) -> Result<(), CliError> {
        let later = if self.told(command.clone()).await? { FROM_NEXT_TURN } else { "" };
        if let Some(done) = notice(&command, session.name.as_str(), Way::Shell) {
            out::note(&format!("{done}{later}"));
        }
        Ok(())
    }

    /// Has a session in memory, and its snapshot in the mirror.
    pub(crate) async fn wake(&mut self, id: SessionId) -> Result<(), CliError> {
        let session = self.mirror.get(id);
        if session.is_some_and(|session| session.summary.presence == Presence::Hibernated) {
            // The snapshot goes out before the answer.
            self.command(shared_commands::wake(id)).await?;
        }
        Ok(())
    }

    /// Submits a prompt; gives its number once it is kept.
    pub(crate) async fn submit(&mut self, session: SessionId, prompt: FilledPrompt) -> Result<u64, CliError> {
        let FilledPrompt { text, images } = prompt;
        self.deliver(Prompt { session, token: token()?, text, images, way: PromptWay::Ask }).await
    }

    /// Delivers a prompt; gives its number once it is kept.
    pub(crate) async fn deliver(&mut self, prompt: Prompt) -> Result<u64, CliError> {
        let id = self.state.submit(prompt, W::default());
        let id = self.sent(id)?;
        let Response::Accepted(prompt) = self.answer_to(id).await? else { return Err(unexpected()) };
        Ok(prompt)
    }

    /// Delivers again what no host before has answered, and waits until this one has. What it refuses is told with its text.
    pub(crate) async fn deliver_again(&mut self) -> Result<(), CliError> {
        self.state.deliver_again();
        if let Some((_, error)) = self.send().pop() {
            return Err(error);
        }
        while self.state.prompts().next().is_some() {
            match self.next().await? {
                News::Answered { prompt: Some(prompt), answer: Err(refused), .. } => {
                    return Err(CliError::from(refused).hint(format!("not sent: {}", prompt.text)));
                }
                News::Going { why, restart } => return Err(CliError::host_went(why, restart)),
                News::Answered { .. } | News::Unasked { .. } | News::Changed | News::Whole => {}
            }
        }
        Ok(())
    }

    /// Creates a session, or forks one.
    pub(crate) async fn create(&mut self, command: Command) -> Result<Created, CliError> {
        let Response::Created { session, hibernated, ended } = self.ask(command.into()).await? else {
            return Err(unexpected());
        };
        Ok(Created { id: session.into(), hibernated, ended })
    }
}

/// The key that is being fetched, if one is.
async fn fetched(fetching: &mut Option<Fetch>) -> Result<Secret, String> {
    match fetching {
        Some(fetch) => fetch.key().await,
        None => std::future::pending().await,
    }
}

/// The session an address names among those that `fit`, or else among all.
pub(crate) fn among(
    sessions: &[Summary],
    address: &str,
    fit: impl Fn(&Summary) -> bool,
) -> Result<Summary, CliError> {
    let fitting = sessions.iter().filter(|session| fit(session));
    let found = match address::resolve(address, fitting) {
        Err(miss @ Miss::Unknown { nearest: Some(_), .. }) => {
            address::resolve(address, sessions).map_err(|_| miss)
        }
        Err(Miss::Unknown { nearest: None, .. }) => address::resolve(address, sessions),
        found => found,
    };
    let id = found.map_err(|miss| CliError::miss(miss).with_ages(sessions))?;
    sessions
        .iter()
        .find(|session| session.id == id)
        .cloned()
        .ok_or_else(|| CliError::failed("the session is gone meanwhile"))
}

/// What asks for the lines behind these, if there may be any.
pub(crate) fn next_page(page: &[WireSummary]) -> Option<Request> {
    list::goes_on_behind(page).map(|last| Request::ListAfter { session: last.id })
}

/// The lines of a list.
pub(crate) fn summaries(lines: Vec<WireSummary>) -> Result<Vec<Summary>, CliError> {
    lines.into_iter().map(summary).collect()
}

/// A session that was made.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) id: SessionId,
    /// The name of the one that hibernated to make room.
    pub(crate) hibernated: Option<String>,
    /// How many commands of that one's background ended with it.
    pub(crate) ended: u32,
}

/// A fresh submission token.
pub(crate) fn token() -> Result<Token, CliError> {
    entropy::token().map_err(|error| CliError::failed(error.to_string()))
}

/// A host answered another question than was asked.
pub(crate) fn unexpected() -> CliError {
    CliError::failed("the host gave an answer that does not fit the question")
        .hint("is it of another version? `q host stop`, then start q again")
}

fn summary(line: WireSummary) -> Result<Summary, CliError> {
    Summary::try_from(line)
        .map_err(|fault| CliError::failed(format!("the host sent a name that is none: {fault}")))
}
