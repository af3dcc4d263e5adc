//! A client of the test's own, on the real protocol: a mirror, and a note of when which text had come.

use std::collections::BTreeMap;
use std::time::Instant;

use q_client::ConnectError;
use q_client::Connection;
use q_core::{Body, Command, Entry, EntryNo, Mirror, SessionId, Setup, Snapshot, Update};
use q_proto::message::{Hello, NamedAgent, Reach};
use q_proto::{ClientMessage, HostMessage, Refused, Request, Response};
use q_testkit::clock;

use crate::world::World;

const PAGE_BYTES: u32 = 512 << 10;
/// The number of requests whose answers nobody waits for.
const NOBODYS: u64 = 0;

/// An attached client.
#[derive(Debug)]
pub(crate) struct Peer {
    connection: Connection,
    reach: Reach,
    requests: u64,
    pub(crate) mirror: Mirror,
    /// The session whose text is noted, once one is.
    noted: Option<SessionId>,
    sightings: Vec<Sighting>,
}

/// So much of an answer had come by then.
#[derive(Clone, Copy, Debug)]
struct Sighting {
    at: Instant,
    entry: EntryNo,
    bytes: usize,
}

/// What a message was, beyond a change of the mirror.
#[derive(Debug)]
pub(crate) enum Said {
    Changed,
    Answered(u64, Result<Response, Refused>),
    Going(String),
}

impl Peer {
    /// Attaches to the host that runs, and waits until the mirror is whole.
    pub(crate) async fn attach(world: &World) -> Self {
        let connection = Connection::existing(&world.place(), Hello::new(true)).await;
        let connection = connection.expect("a host that answers").expect("a host that runs");
        world.home.end_with(connection.host.pid);
        let mut peer = Self {
            connection,
            reach: world.reach(),
            requests: 0,
            mirror: Mirror::default(),
            noted: None,
            sightings: Vec::new(),
        };
        while !matches!(peer.connection_next().await, HostMessage::Ready) {}
        peer
    }

    async fn connection_next(&mut self) -> HostMessage {
        let message = self.connection.next().await.expect("a host that stays");
        if let HostMessage::Snapshot(shot) = &message {
            self.mirror.load(Snapshot::try_from(shot.clone()).expect("a name"));
        }
        message
    }

    /// The host's process.
    pub(crate) fn host(&self) -> u32 {
        self.connection.host.pid
    }

    /// Notes from here on when text of this session comes.
    pub(crate) fn note(&mut self, session: SessionId) {
        self.noted = Some(session);
    }

    pub(crate) async fn request(&mut self, request: Request) -> Result<u64, ConnectError> {
        // A host that did not make the session wants its agent; any other leaves it.
        if let Request::Command { command, .. } = &request
            && let Some(session) = command.asks_agent_of()
        {
            let agent = NamedAgent { name: "scripted".to_owned(), reach: self.reach.clone() };
            let request = Request::SetAgent { session: session.into(), agent: agent.into() };
            self.connection.send(&ClientMessage::Request { id: NOBODYS, request })?;
        }
        self.requests += 1;
        let id = self.requests;
        self.connection.send(&ClientMessage::Request { id, request })?;
        self.connection.flush().await;
        Ok(id)
    }

    /// The number the next request will have.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests + 1
    }

    /// Waits for the next message and takes it in.
    pub(crate) async fn next(&mut self) -> Result<Said, ConnectError> {
        let said = match self.connection.next().await? {
            HostMessage::Snapshot(shot) => {
                self.mirror.load(Snapshot::try_from(shot).expect("a name"));
                Said::Changed
            }
            HostMessage::Update(piece) => {
                let update = Update::try_from(piece).expect("a name");
                if let Err(missed) = self.mirror.apply(update) {
                    self.request(Request::Resync { session: missed.0.into() }).await?;
                }
                Said::Changed
            }
            HostMessage::Reply { id, answer } => Said::Answered(id, answer),
            HostMessage::Going { why, .. } => Said::Going(why),
            HostMessage::Ready | HostMessage::Welcome(_) | HostMessage::Unwelcome { .. } => Said::Changed,
        };
        self.see();
        Ok(said)
    }

    fn see(&mut self) {
        let newest =
            self.noted.and_then(|session| self.mirror.get(session)).and_then(|one| one.entries.back());
        if let Some(Entry { no, body: Body::Answer(text), .. }) = newest {
            let (entry, bytes) = (*no, text.len());
            if self.sightings.last().is_none_or(|last| (last.entry, last.bytes) != (entry, bytes)) {
                self.sightings.push(Sighting { at: clock::now(), entry, bytes });
            }
        }
    }

    /// How much of each answer had come by then.
    pub(crate) fn seen_by(&self, moment: Instant) -> BTreeMap<EntryNo, usize> {
        let old = |one: &&Sighting| one.at <= moment;
        self.sightings.iter().filter(old).map(|one| (one.entry, one.bytes)).collect()
    }

    /// An answer's text as far as it has come.
    pub(crate) fn text(&self, session: SessionId, entry: EntryNo) -> &str {
        let entries = self.mirror.get(session).map(|one| &one.entries);
        let found = entries.and_then(|entries| entries.iter().find(|one| one.no == entry));
        match found {
            Some(Entry { body: Body::Answer(text), .. }) => text,
            Some(_) | None => "",
        }
    }

    /// Asks and waits for the answer.
    pub(crate) async fn ask(&mut self, request: Request) -> Response {
        let id = self.request(request).await.expect("a host that listens");
        loop {
            match self.next().await.expect("a host that answers") {
                Said::Answered(answered, answer) if answered == id => {
                    return answer.unwrap_or_else(|refused| panic!("refused: {}", refused.message));
                }
                Said::Answered(..) | Said::Changed => {}
                Said::Going(why) => panic!("the host goes: {why}"),
            }
        }
    }

    pub(crate) async fn create(&mut self, name: &str) -> SessionId {
        let setup = Setup {
            agent: "scripted".to_owned(),
            model: "m".to_owned(),
            directory: "/".to_owned(),
            ..Setup::default()
        };
        let create =
            Command::Create { id: SessionId::UNDRAWN, name: Some(name.to_owned()), setup, tags: Vec::new() };
        let request = Request::Command { command: create, reach: Some(self.reach.clone().into()) };
        let Response::Created { session, .. } = self.ask(request).await else { panic!("not created") };
        session.into()
    }

    /// Sessions of these names, each with that prompt.
    pub(crate) async fn create_working(&mut self, names: &[&str], prompt: &str) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for name in names {
            let session = self.create(name).await;
            self.submit(session, prompt).await;
            sessions.push(session);
        }
        sessions
    }

    pub(crate) async fn submit(&mut self, session: SessionId, text: &str) {
        let token = q_proto::entropy::token().unwrap();
        let request = Command::Submit { session, token, text: text.to_owned() }.into();
        assert!(matches!(self.ask(request).await, Response::Accepted(_)));
    }

    /// Waits until the mirror fits.
    pub(crate) async fn until(&mut self, what: &str, fits: impl Fn(&Mirror) -> bool) {
        let waiting = async {
            while !fits(&self.mirror) {
                self.next().await.expect("a host that stays");
            }
        };
        let waited = tokio::time::timeout(crate::world::PATIENCE, waiting).await;
        assert!(waited.is_ok(), "waited for {what}: {:#?}", self.mirror);
    }

    /// Every entry of a session, from the store.
    pub(crate) async fn entries(&mut self, session: SessionId) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let before = entries.first().map(|entry| entry.no.0);
            let request = Request::Page { session: session.into(), before, bytes: PAGE_BYTES };
            let Response::Page(page) = self.ask(request).await else { panic!("not a page") };
            let older = page.trimmed;
            entries.splice(0..0, page.entries.into_iter().map(Entry::from));
            if !older {
                return entries;
            }
        }
    }

    /// Everything the host had said before its end.
    pub(crate) async fn rest(&mut self) -> Vec<Said> {
        let mut rest = Vec::new();
        while let Ok(said) = self.next().await {
            rest.push(said);
        }
        rest
    }
}
