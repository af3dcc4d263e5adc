//! The messages.

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::id::Id;
use super::request::Request;
use super::view::{Pages, WireCall, WireSnapshot, WireSummary, WireUpdate};
use super::{OLDEST, PROTOCOL};

pub use super::reach::{NamedAgent, Reach};

/// What a client says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMessage {
    /// First of all: who it is.
    Hello(Hello),
    /// It wants something; one [`HostMessage::Reply`] with this id answers.
    Request {
        /// The client's own number for it.
        id: u64,
        request: Request,
    },
    /// What it shows now.
    Showing {
        /// The session on its screen.
        session: Option<Id>,
        /// Whether the transcript's end is in sight.
        at_end: bool,
        /// The other sessions on it, each with whether its end is in sight; a host that does not know of several hears of the first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        beside: Vec<(Id, bool)>,
    },
    /// A switch took this long, from the key to the last byte of the new screen.
    Switched { took_us: u64 },
}

/// Of how many sessions a hello may name prompts, so that the longest one is within what a host reads before it knows whom
/// it speaks with (64 KB).
pub const MAX_ACKNOWLEDGED: usize = 1024;

/// Who a client is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    /// [`super::OLDEST`]; 0 from one that does not say.
    #[serde(default)]
    pub oldest: u32,
    /// Its version, for messages to people.
    pub version: String,
    /// Whether it keeps a mirror: snapshots and updates are sent.
    pub watch: bool,
    /// Whether the host is to end, whatever is understood of all else: so a `q` of another version makes room for its own.
    #[serde(default)]
    pub stop: bool,
    /// Nothing, ever: a hello carries no secret. Hosts of protocol 2 want the field, or cannot say that they are older.
    #[serde(skip_deserializing)]
    pub agents: [(); 0],
    /// Of each session the newest prompt that an earlier host acknowledged to it; of [`MAX_ACKNOWLEDGED`] sessions at most.
    #[serde(default)]
    pub acknowledged: Vec<(Id, u64)>,
}

impl Hello {
    pub fn new(watch: bool) -> Self {
        Self {
            protocol: PROTOCOL,
            oldest: OLDEST,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            watch,
            stop: false,
            agents: [],
            acknowledged: Vec::new(),
        }
    }

    /// Whether a host of this program and this client understand one another.
    pub const fn is_understood(&self) -> bool {
        // Who does not say understands what it speaks, and nothing older.
        let oldest = if self.oldest == 0 { self.protocol } else { self.oldest };
        self.protocol >= OLDEST && oldest <= PROTOCOL
    }
}

/// What the host says.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a message is made to be written, not to be kept")]
#[serde(rename_all = "snake_case")]
pub enum HostMessage {
    /// The hello is accepted.
    Welcome(Status),
    /// The hello is not accepted; the connection ends.
    Unwelcome {
        /// Why, and what to do.
        why: String,
    },
    Snapshot(WireSnapshot),
    /// All snapshots were sent: the mirror is whole.
    Ready,
    Update(WireUpdate),
    /// The answer to a request.
    Reply {
        id: u64,
        answer: Result<Response, Refused>,
    },
    /// The host ends; the connection with it.
    Going {
        why: String,
        /// Whether another one is to be started at once (it restarts, or its store failed), or it was told to stop.
        restart: bool,
    },
}

/// What a request did, for whoever made it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    Done,
    /// Done, and it counts from the next turn on: one runs that was asked before.
    FromNextTurn,
    Created {
        session: Id,
        /// The name of the one that hibernated to make room.
        hibernated: Option<String>,
        /// How many commands of that one's background ended with it.
        #[serde(default)]
        ended: u32,
    },
    /// The prompt is kept; it has this number.
    Accepted(u64),
    Page(Pages),
    /// A byte range of a result; empty behind its end.
    ByteRange(String),
    /// What a session is beside its entries.
    Facts(Box<Facts>),
    List(Vec<WireSummary>),
    /// What each session takes where it is stored, in bytes, about.
    Sizes(Vec<(Id, u64)>),
    /// What waits for the person in all sessions, the oldest first.
    Inbox(Vec<(Id, WireCall)>),
    /// How the host is.
    Status(Status),
    Stats(Stats),
    /// The models that an agent can be asked for, by their names.
    Models(Vec<String>),
    /// What goes on in the background of a session, and what ended there.
    Processes(Vec<WireProcess>),
    /// What a session's agent lets people choose or type.
    Offers(Box<WireOffers>),
}

/// What an agent lets people choose or type, as it last said: names, each with what is said of it. Hostile text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireOffers {
    /// The mode that it is in; empty for none.
    pub mode: String,
    pub modes: Vec<(String, String)>,
    pub commands: Vec<(String, String)>,
}

/// A process in the background of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireProcess {
    pub number: u64,
    /// The program and its arguments: a model's words.
    pub argv: Vec<String>,
    /// For how long it has been running, or ran.
    pub seconds: u64,
    /// How it ended; nothing while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A request refused: nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub code: String,
    /// What, why and the way out.
    pub message: String,
    /// Whether a configured limit is the reason.
    pub limit: bool,
}

/// How the host is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    pub protocol: u32,
    pub version: String,
    pub pid: u32,
    /// When it started, in milliseconds since 1970.
    pub started: u64,
    /// Terminals and scripts that watch; who only asks something is not counted.
    pub clients: u64,
    pub live: u64,
    /// The most that may be.
    pub max_live: u64,
    /// Sessions that are open but asleep.
    pub hibernated: u64,
    /// Sessions whose turn runs.
    pub working: u64,
    /// All sessions in the store.
    pub stored: u64,
    /// What they take where they are stored, in bytes, about.
    #[serde(default)]
    pub stored_bytes: u64,
    /// What they may take before the person is told.
    #[serde(default)]
    pub store_bytes: u64,
    /// How long a session stays in the trash, in milliseconds.
    #[serde(default)]
    pub trash_for_ms: u64,
    /// By what the limits that it works within are told from others of the same version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<u64>,
    /// At the hello: sessions that lack prompts which the client says were acknowledged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Id>,
    /// Why nothing that is to be kept is taken, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
}

/// The host's figures since it started.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    /// When it started, in milliseconds since 1970.
    pub started: u64,
    pub sessions_created: u64,
    pub sessions_live: u64,
    /// Times a session hibernated.
    pub hibernations: u64,
    pub turns: u64,
    /// Turns found cut by a crash at start.
    pub turns_recovered: u64,
    /// How long switches took, as the clients measured.
    pub switches: WireQuantiles,
    /// How long commits took.
    pub commits: WireQuantiles,
    /// How long turns took.
    pub turn_times: WireQuantiles,
    /// Things that went wrong, by code.
    pub errors: Vec<(String, u64)>,
}

/// A distribution in three numbers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct WireQuantiles {
    /// How many were measured.
    pub count: u64,
    /// Half were not slower, in microseconds.
    pub p50_us: u64,
    /// 19 of 20 were not slower, in microseconds.
    pub p95_us: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::shaping::{Program, Shaping, ToolEnvironment};

    #[test]
    fn neighbouring_versions_talk_where_their_protocols_overlap() {
        let next = PROTOCOL + 1;
        for (protocol, oldest, talks) in [
            (PROTOCOL, OLDEST, true),
            (PROTOCOL, 0, true),
            (next, PROTOCOL, true),
            (next, OLDEST, true),
            (next, next, false),
            (next, 0, false),
            (OLDEST, OLDEST, true),
            (OLDEST - 1, OLDEST - 1, false),
            (0, 0, false),
        ] {
            let hello = Hello { protocol, oldest, ..Hello::new(false) };
            assert_eq!(hello.is_understood(), talks, "{protocol}, from {oldest}");
        }
    }

    /// What hosts of protocol 2 take for a hello: without it they could not say more than that this is none.
    #[test]
    fn an_older_host_can_say_that_it_is_older() {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Older {
            Hello { protocol: u32, oldest: u32, agents: Vec<String> },
        }
        let written = q_msgpack::write(&ClientMessage::Hello(Hello::new(true))).unwrap();
        let Older::Hello { protocol, oldest, agents } = q_msgpack::read(&written).unwrap();
        assert_eq!((protocol, oldest, agents.len()), (PROTOCOL, OLDEST, 0));
    }

    #[test]
    fn what_a_client_wants_otherwise_arrives_and_is_not_shown() {
        let numbers = Shaping {
            first_byte_ms: Some(1500),
            retries: Some(4),
            temperature: Some(0.5),
            max_tokens: Some(7),
            window: Some(9000),
            think_tags: true,
            ..Shaping::default()
        };
        assert_eq!(numbers.bytes(), 0, "what is no text has no length");
        let shaping = Shaping {
            dialect: "anthropic".into(),
            reasoning: Some("low".into()),
            compact_model: "small".into(),
            headers: vec![("x-team".into(), "sk-canary".into())],
            body: "{\"top_p\":0.5}".into(),
            omit: vec!["stream_options".into()],
            tools: Some(ToolEnvironment {
                variables: vec![("HOME".into(), "/h".into())],
                umask: 0o022,
                supervisor: "/q".into(),
                is_free: true,
                configured: "/c".into(),
                agent: "hands".into(),
                own: vec!["/own".into()],
                server_keys: vec![("K".into(), "canary".into())],
                bounds: Some((9, 0)),
            }),
            program: Some(Program { path: "/bin/serves".into(), arguments: vec!["here".into()] }),
            ..numbers
        };
        assert_eq!(
            shaping.bytes(),
            9 + 13 + 6 + 9 + 3 + 14 + 11 + 4 + 5 + 6 + 9 + 4 + 7,
            "all that a client says has a length"
        );
        assert!(!format!("{shaping:?} {:?}", shaping.tools).contains("canary"));
        let written = q_msgpack::write(&shaping).unwrap();
        let arrived: Shaping = q_msgpack::read(&written).unwrap();
        assert_eq!(arrived, shaping);
        // An element of one byte takes many in memory.
        let is_read = |shaping: &Shaping| {
            let written = q_msgpack::write(shaping).unwrap();
            q_msgpack::read::<Shaping>(&written).is_ok()
        };
        for (count, is_few) in [(1024, true), (1025, false)] {
            let nothing = String::new;
            let omit = vec![nothing(); count];
            assert_eq!(is_read(&Shaping { omit, ..Shaping::default() }), is_few, "{count}");
            let program = Some(Program { path: nothing(), arguments: vec![nothing(); count] });
            assert_eq!(is_read(&Shaping { program, ..Shaping::default() }), is_few, "{count}");
            let tools = Some(ToolEnvironment {
                variables: vec![(nothing(), nothing()); count],
                ..ToolEnvironment::default()
            });
            let keys = vec![(nothing(), nothing()); count];
            let keyed = Some(ToolEnvironment { server_keys: keys, ..ToolEnvironment::default() });
            assert_eq!(is_read(&Shaping { tools: keyed, ..Shaping::default() }), is_few, "{count}");
            assert_eq!(is_read(&Shaping { tools, ..Shaping::default() }), is_few, "{count}");
            let headers = vec![(nothing(), nothing()); count];
            assert_eq!(is_read(&Shaping { headers, ..Shaping::default() }), is_few, "{count}");
        }
        assert_eq!(q_msgpack::write(&Shaping::default()).unwrap(), [0x80], "nothing costs a byte");
    }
}
