//! A client of the host: requests and their answers, and a mirror that stays true meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use q_client::Connection;
use q_core::address::{self, Miss};
use q_core::retention::Kept;
use q_core::{Command, Mirror, Presence, SessionId, Snapshot, Summary, Token, Update};
use q_proto::entropy;
use q_proto::message::{Hello, MAX_ACKNOWLEDGED};
use q_proto::view::{Line, Piece};
use q_proto::{Answer, ClientMessage, HostMessage, Id, Request, list};

use crate::bringing::Bringing;
use crate::commands::Context;
use crate::error::CliError;
use crate::out;

/// How long is waited before a successor of a host is looked for, by the number of those that failed; the last holds for
/// all later ones.
const WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// How long a host may take to read its last messages when a client leaves.
const TAKES_WITHIN: Duration = Duration::from_millis(250);

/// How long to wait after so many hosts in a row that did not come, or went at once.
pub(crate) fn wait_after(failures: u32) -> Duration {
    WAITS.get(failures as usize).or(WAITS.last()).copied().unwrap_or_default()
}

/// An attached client.
#[derive(Debug)]
pub(crate) struct Client {
    connection: Connection,
    last_request: u64,
    bringing: Bringing,
    pub(crate) mirror: Mirror,
    /// Updates the mirror took, where they are kept.
    updates: Option<Vec<Update>>,
    pub(crate) acknowledged: Acknowledged,
}

/// The newest prompt of each session that a host acknowledged to this client: the next host must have it. A hello has room
/// for [`MAX_ACKNOWLEDGED`] of them; of more, any others are let go, since this only looks once more at what the store
/// promises anyway.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acknowledged(BTreeMap<SessionId, u64>);

impl Acknowledged {
    pub(crate) fn note(&mut self, session: SessionId, prompt: u64) {
        let newest = self.0.entry(session).or_default();
        *newest = prompt.max(*newest);
        if self.0.len() > MAX_ACKNOWLEDGED {
            let other = self.0.keys().find(|id| **id != session).copied();
            other.and_then(|other| self.0.remove(&other));
        }
    }

    /// What is thrown away or erased on purpose is missed by nobody.
    fn follow(&mut self, update: &Update) {
        match update {
            Update::Session(summary) if summary.presence == Presence::Trashed => {
                self.0.remove(&summary.id);
            }
            Update::Gone(session) => {
                self.0.remove(session);
            }
            Update::Session(_)
            | Update::Entry { .. }
            | Update::Text { .. }
            | Update::Queue { .. }
            | Update::Draft { .. }
            | Update::Pending { .. } => {}
        }
    }
}

/// What a message meant for the mirror's owner.
#[derive(Debug)]
pub(crate) enum News {
    /// The mirror changed.
    Changed,
    /// The mirror is whole for the first time, or again.
    Whole,
    /// A request was answered.
    Answered { request: u64, answer: Result<Answer, CliError> },
    /// The host ends.
    Going { why: String, restart: bool },
    /// A session's copy must be asked for again.
    Missed(SessionId),
}

impl Client {
    /// Attaches to the host, which is started if none runs. With `watch`, returns once the mirror is whole.
    pub(crate) async fn attach(context: &Context, watch: bool) -> Result<Self, CliError> {
        let connection =
            Connection::or_start(&context.place, &context.environment.program, || Hello::new(watch)).await?;
        if let Some(why) = &connection.host.read_only {
            out::note(&format!("read only: {why}"));
        }
        Self::on(context, connection, watch).await
    }

    /// Attaches to the successor of a host that is gone, with its mirror whole. It must find the store that its
    /// predecessor had: an empty one in its place would look as if everything were lost.
    pub(crate) async fn rejoin(context: &Context, acknowledged: Acknowledged) -> Result<Self, CliError> {
        let Context { environment, place, .. } = context;
        let told: Vec<(Id, u64)> =
            acknowledged.0.iter().map(|(session, prompt)| ((*session).into(), *prompt)).collect();
        let hello = || Hello { acknowledged: told.clone(), ..Hello::new(true) };
        let connection = Connection::or_restart(place, &environment.program, hello).await?;
        let mut client = Self::on(context, connection, true).await?;
        if client.host().missed.is_empty() {
            client.acknowledged = acknowledged; // else it is told now, and not again
        }
        Ok(client)
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
        let mut client = Self {
            connection,
            last_request: 0,
            bringing: Bringing::new(context.known.agents.clone()),
            mirror: Mirror::default(),
            updates: None,
            acknowledged: Acknowledged::default(),
        };
        if watch {
            while !matches!(client.next().await?, News::Whole) {}
        }
        Ok(client)
    }

    /// Keeps updates from here on, for [`Client::take_updates`].
    pub(crate) fn keep_updates(&mut self) {
        self.updates.get_or_insert_default();
    }

    /// The updates since they were last taken, in order.
    pub(crate) fn take_updates(&mut self) -> Vec<Update> {
        self.updates.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How the host was at the hello.
    pub(crate) fn host(&self) -> &q_proto::message::Status {
        &self.connection.host
    }

    /// The number of a request that is about to be sent.
    pub(crate) fn expect_answer(&mut self) -> u64 {
        self.last_request += 1;
        self.last_request
    }

    /// Sends a request without waiting for its answer; gives its number.
    pub(crate) fn request(&mut self, request: Request) -> Result<u64, CliError> {
        let id = self.expect_answer();
        self.request_as(id, request)?;
        Ok(id)
    }

    /// The same under a number that was given out for it. Every request goes out here: with it, or before it, what it needs
    /// and the host lacks.
    pub(crate) fn request_as(&mut self, id: u64, mut request: Request) -> Result<(), CliError> {
        if let Some(before) = self.bringing.prepare(&mut request) {
            let id = self.expect_answer(); // nobody waits for its answer
            self.connection.send(&ClientMessage::Request { id, request: before })?;
        }
        Ok(self.connection.send(&ClientMessage::Request { id, request })?)
    }

    /// Asks for a session's snapshot again: something was missed.
    pub(crate) fn resync(&mut self, session: SessionId) -> Result<(), CliError> {
        let _answered_by_a_snapshot = self.request(Request::Resync { session: session.into() })?;
        Ok(())
    }

    /// Tells the host something that has no answer.
    pub(crate) fn tell(&mut self, message: &ClientMessage) -> Result<(), CliError> {
        Ok(self.connection.send(message)?)
    }

    /// Waits until the host has taken what it was told, but not for long; whether it has.
    pub(crate) async fn flush(&mut self) -> bool {
        tokio::time::timeout(TAKES_WITHIN, self.connection.flush()).await.is_ok()
    }

    /// Sends a request and waits for its answer; the mirror follows meanwhile.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Answer, CliError> {
        let id = self.request(request)?;
        loop {
            match self.next().await? {
                News::Answered { request, answer } if request == id => return answer,
                News::Going { why, restart } => return Err(CliError::host_went(why, restart)),
                News::Missed(session) => self.resync(session)?,
                News::Answered { .. } | News::Changed | News::Whole => {}
            }
        }
    }

    /// Waits for the next message and takes it in.
    pub(crate) async fn next(&mut self) -> Result<News, CliError> {
        let message = self.connection.next().await?;
        self.take(message)
    }

    fn take(&mut self, message: HostMessage) -> Result<News, CliError> {
        self.note_agents(&message);
        let unreadable = |_| {
            CliError::failed("the host sent a name that is none; is it of another version? `q host stop`")
        };
        Ok(match message {
            HostMessage::Snapshot(shot) => {
                self.mirror.load(Snapshot::try_from(shot).map_err(unreadable)?);
                News::Changed
            }
            HostMessage::Update(piece) => {
                let update = Update::try_from(piece).map_err(unreadable)?;
                self.acknowledged.follow(&update);
                if let Some(updates) = &mut self.updates {
                    updates.push(update.clone());
                }
                match self.mirror.apply(update) {
                    Ok(()) => News::Changed,
                    Err(missed) => News::Missed(missed.0),
                }
            }
            HostMessage::Ready => News::Whole,
            HostMessage::Reply { id, answer } => {
                News::Answered { request: id, answer: answer.map_err(CliError::from) }
            }
            HostMessage::Going { why, restart } => News::Going { why, restart },
            HostMessage::Welcome(_) | HostMessage::Unwelcome { .. } => News::Changed, // said once, at the hello
        })
    }

    /// Notes which sessions want their agent to be brought.
    fn note_agents(&mut self, message: &HostMessage) {
        match message {
            HostMessage::Snapshot(shot) => self.bringing.see(&shot.line),
            HostMessage::Update(Piece::Line(line)) => self.bringing.see(line),
            HostMessage::Update(Piece::Gone(session)) => self.bringing.forget((*session).into()),
            HostMessage::Reply { answer: Ok(Answer::List(lines)), .. } => {
                for line in lines {
                    self.bringing.see(line);
                }
            }
            HostMessage::Update(
                Piece::Entry { .. }
                | Piece::Text { .. }
                | Piece::Queue { .. }
                | Piece::Draft { .. }
                | Piece::Pending { .. },
            )
            | HostMessage::Reply { .. }
            | HostMessage::Welcome(_)
            | HostMessage::Unwelcome { .. }
            | HostMessage::Ready
            | HostMessage::Going { .. } => {}
        }
    }

    /// Every session, closed ones too.
    pub(crate) async fn list(&mut self) -> Result<Vec<Summary>, CliError> {
        let (mut lines, mut next) = (Vec::new(), Some(Request::List));
        while let Some(request) = next {
            let Answer::List(page) = self.ask(request).await? else { return Err(unexpected()) };
            next = next_page(&page);
            lines.extend(page);
        }
        summaries(lines)
    }

    /// Every session with what it takes where it is stored.
    pub(crate) async fn kept(&mut self) -> Result<Vec<Kept>, CliError> {
        let sessions = self.list().await?;
        let Answer::Sizes(sizes) = self.ask(Request::Sizes).await? else { return Err(unexpected()) };
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
        self.ask(command.into()).await.map(|_| ())
    }

    /// Has a session in memory, and its snapshot in the mirror.
    pub(crate) async fn wake(&mut self, id: SessionId) -> Result<(), CliError> {
        let session = self.mirror.get(id);
        if session.is_some_and(|session| session.summary.presence == Presence::Hibernated) {
            // The snapshot goes out before the answer.
            self.command(Command::Wake { session: id }).await?;
        }
        Ok(())
    }

    /// Submits a prompt; gives its number once it is kept.
    pub(crate) async fn submit(&mut self, session: SessionId, text: String) -> Result<u64, CliError> {
        self.submit_as(token()?, session, text).await
    }

    /// The same under a token of the caller's, who may do it again with the next host.
    pub(crate) async fn submit_as(
        &mut self,
        token: Token,
        session: SessionId,
        text: String,
    ) -> Result<u64, CliError> {
        self.deliver(session, Command::Submit { session, token, text }).await
    }

    /// Says something to the turn that runs, under a token of the caller's.
    pub(crate) async fn steer_as(
        &mut self,
        token: Token,
        session: SessionId,
        text: String,
    ) -> Result<u64, CliError> {
        self.deliver(session, Command::Steer { session, token, text }).await
    }

    async fn deliver(&mut self, session: SessionId, prompt: Command) -> Result<u64, CliError> {
        let Answer::Accepted(prompt) = self.ask(prompt.into()).await? else { return Err(unexpected()) };
        self.acknowledged.note(session, prompt);
        Ok(prompt)
    }

    /// Creates a session, or forks one.
    pub(crate) async fn create(&mut self, request: Request) -> Result<Created, CliError> {
        let Answer::Created { session, hibernated } = self.ask(request).await? else {
            return Err(unexpected());
        };
        Ok(Created { id: session.into(), hibernated })
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
pub(crate) fn next_page(page: &[Line]) -> Option<Request> {
    list::goes_on_behind(page).map(|last| Request::ListAfter { session: last.id })
}

/// The lines of a list.
pub(crate) fn summaries(lines: Vec<Line>) -> Result<Vec<Summary>, CliError> {
    lines.into_iter().map(summary).collect()
}

/// A session that was made.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) id: SessionId,
    /// The name of the one that hibernated to make room.
    pub(crate) hibernated: Option<String>,
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

fn summary(line: Line) -> Result<Summary, CliError> {
    Summary::try_from(line)
        .map_err(|fault| CliError::failed(format!("the host sent a name that is none: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_never_names_more_sessions_than_it_has_room_for() {
        let mut acknowledged = Acknowledged::default();
        for session in (1..=2 * MAX_ACKNOWLEDGED as u128).rev() {
            acknowledged.note(SessionId(session), 7);
            assert!(acknowledged.0.contains_key(&SessionId(session)), "the newest is among them");
        }
        assert_eq!(acknowledged.0.len(), MAX_ACKNOWLEDGED);
    }
}
