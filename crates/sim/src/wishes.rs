//! From a wish to the request a client makes of it.

use q_client::Prompt;
use q_core::{
    Command, Digest, EntryNo, Environment, Kind, PendingCall, Policy, PromptNo, PromptWay, SessionId,
    SettingChange, Setup, TagChange, Token, TurnNo, Wants,
};
use q_proto::Request;
use q_testkit::chance::scrambled;

use super::agents::AGENTS;
use super::client::{Asked, Awaited, Client};
use super::mark;
use super::step::{Aim, AnswerKind, ClientRequest};

/// Names that are typed: some meet, some are none.
const NAMES: [&str; 6] = ["api", "API", "docs", "login-handler", "1st", ""];
/// Of each setting a value and the way back, and what cannot be.
const SETTINGS: [(&str, &str); 12] = [
    ("model", "m-2"),
    ("model", "default"),
    ("temperature", "0.2"),
    ("temperature", "default"),
    ("max_tokens", "4096"),
    ("reasoning", "high"),
    ("reasoning", "two words"),
    ("zebra", "1"),
    ("body", "{\"top_p\": 0.9}"),
    ("first_byte", "300"),
    ("budget_tokens", "60000"),
    ("budget_tokens", "off"),
];
/// Changes of tags that are typed: some are none.
const TAGS: [&str; 6] = ["+work", "-work", "later", "Later", "two words", "-"];

impl ClientRequest {
    /// What this client asks. `number` is one that no other wish had.
    pub(super) fn request(&self, session: SessionId, client: &Client, number: u64) -> Asked {
        let of = |command: Command| Asked::Request(Awaited::Other, command.into());
        let other = |request| Asked::Request(Awaited::Other, request);
        let queued = |prompt| queued(client, session, prompt);
        match *self {
            Self::Create { named, system_prompt, denies } => of(create(named, system_prompt, denies, number)),
            Self::Fork { at, named } => {
                let at = at.map(|at| entry(client, session, at));
                of(Command::Fork { session, id: SessionId::UNDRAWN, at, name: named.map(typed) })
            }
            Self::Rename { name } => of(Command::Rename { session, name: typed(name) }),
            Self::Close { force } => of(Command::Close { session, even_if_working: force }),
            Self::Reopen => of(Command::Reopen { session }),
            Self::Trash { force } => of(Command::Trash { session, even_if_working: force }),
            Self::Restore => of(Command::Restore { session }),
            Self::Erase { force } => of(Command::Erase { session, even_if_working: force }),
            Self::Wake => of(Command::Wake { session }),
            Self::Tag { change } => {
                let change = TagChange::typed(TAGS[usize::from(change) % TAGS.len()]);
                of(Command::Tag { session, changes: vec![change] })
            }
            Self::Pin { pinned } => of(Command::Pin { session, pinned }),
            Self::SetPolicy { denies } => {
                of(Command::SetPolicy { session, policy: if denies { Policy::Deny } else { Policy::Ask } })
            }
            Self::Set { setting } => {
                let (name, value) = SETTINGS[usize::from(setting) % SETTINGS.len()];
                let change = SettingChange { name: name.into(), value: value.into() };
                of(Command::Set { session, changes: vec![change] })
            }
            Self::MarkUnread => of(Command::MarkUnread { session }),
            Self::MarkRead => of(Command::MarkRead { session }),
            Self::Submit { bytes } => Asked::Prompt(prompt(number, session, bytes.into(), PromptWay::Ask)),
            Self::Steer { bytes } => Asked::Prompt(prompt(number, session, bytes.into(), PromptWay::Steer)),
            Self::Shell { bytes } => {
                let Prompt { text, .. } = prompt(number, session, bytes.into(), PromptWay::Run);
                // Each other one is not told to the agent.
                let marks = if number.is_multiple_of(2) { "!" } else { "!!" };
                let text = format!("{marks}{text}");
                Asked::Prompt(Prompt { text, ..prompt(number, session, 0, PromptWay::Run) })
            }
            Self::Unqueue { prompt } => of(Command::Unqueue { session, prompt: queued(prompt) }),
            Self::Edit { prompt, bytes } => {
                let text = text(session, &format!("e{number}"), bytes);
                of(Command::Edit { session, prompt: queued(prompt), text })
            }
            Self::Move { prompt, place } => {
                of(Command::Move { session, prompt: queued(prompt), place: place.into() })
            }
            Self::SendNow { prompt } => of(Command::SendNow { session, prompt: queued(prompt) }),
            Self::Interrupt => of(Command::Interrupt { session }),
            Self::Retry => of(Command::Retry { session, token: token(number) }),
            Self::Compact { undo } => of(Command::Compact { session, undo }),
            Self::Reverse { redo, turn } => of(Command::Reverse { session, redo, turn: TurnNo(turn.into()) }),
            Self::Draft { bytes } => of(Command::SaveDraft { session, text: text(session, "draft", bytes) }),
            Self::Page { older, bytes } => page(client, session, older, bytes),
            Self::List => other(Request::List),
            // An answer needs something to answer: it is looked for.
            Self::Inbox | Self::Answer { .. } => other(Request::Inbox),
            Self::Resync => other(Request::Resync { session: session.into() }),
            // What is unanswered is delivered again; here nothing is.
            Self::Status | Self::SubmitAgain => other(Request::Status),
            Self::Stats => other(Request::Stats),
            Self::Stop => other(Request::Stop),
        }
    }
}

/// An answer that a client gives, and the call as it names it.
#[derive(Debug)]
pub(super) struct Answering {
    pub(super) call: (SessionId, PendingCall),
    pub(super) says: AnswerKind,
    pub(super) times: usize,
}

impl Answering {
    /// The answer that a client gives to one of the calls it knows of, if there is one.
    pub(super) fn new(client: &Client, call: u8, says: AnswerKind, aim: Aim) -> Option<Self> {
        let calls = client.calls(aim == Aim::Late);
        let place = usize::from(call).checked_rem(calls.len())?;
        let (session, mut call) = calls.get(place)?.clone();
        match aim {
            Aim::True | Aim::Twice | Aim::Late => {}
            Aim::OtherDigest => call.digest = Digest::numbered(scrambled(call.call.0)),
            Aim::OtherTurn => call.turn = TurnNo(call.turn.0 ^ 1),
        }
        // A request is answered with words, mostly.
        let says =
            if call.wants == Wants::Words && says == AnswerKind::Once { AnswerKind::Words } else { says };
        Some(Self { call: (session, call), says, times: if aim == Aim::Twice { 2 } else { 1 } })
    }

    /// Whether the tool may run by it; and from here on always.
    pub(super) const fn allows(&self) -> Option<bool> {
        match self.says {
            AnswerKind::Once => Some(false),
            AnswerKind::Always => Some(true),
            AnswerKind::Deny | AnswerKind::Words => None,
        }
    }

    pub(super) fn asked(&self) -> Asked {
        let (session, call) = &self.call;
        let answer = match self.says {
            AnswerKind::Once => q_core::Answer::Once,
            AnswerKind::Always => q_core::Answer::Always,
            AnswerKind::Deny => q_core::Answer::Deny,
            AnswerKind::Words => q_core::Answer::Words(mark::text(*session, "answer", 20)),
        };
        let PendingCall { turn, call, digest, .. } = *call;
        let command = Command::Answer { session: *session, turn, call, digest, answer };
        Asked::Request(Awaited::Other, command.into())
    }
}

fn prompt(number: u64, session: SessionId, bytes: usize, way: PromptWay) -> Prompt {
    let what = mark::of_submission(number);
    let text = if bytes == 0 { " \n".into() } else { mark::text(session, &what, bytes) };
    Prompt { session, token: token(number), text, images: Vec::new(), way }
}

fn text(session: SessionId, what: &str, bytes: u16) -> String {
    if bytes == 0 { String::new() } else { mark::text(session, what, bytes.into()) }
}

fn create(named: Option<u8>, system_prompt: u8, denies: bool, number: u64) -> Command {
    let kinds = Kind::BUILT_IN.iter().map(Kind::word).cycle().take(16).chain(["", "my-own"]);
    let kinds: Vec<Kind> = kinds.filter_map(|word| q_proto::kind(word).ok()).collect();
    let setup = Setup {
        kind: kinds[number as usize % kinds.len()].clone(),
        system_prompt: "b".repeat(system_prompt.into()),
        agent: AGENTS[number as usize / 8 % AGENTS.len()].into(),
        model: String::new(),
        directory: "/".into(),
        environment: Environment::default(),
        policy: if denies { Policy::Deny } else { Policy::Ask },
        settings: Box::default(),
    };
    let tags = if number.is_multiple_of(3) { vec!["made".into()] } else { Vec::new() };
    Command::Create { id: SessionId::UNDRAWN, name: named.map(typed), setup, tags }
}

fn page(client: &Client, session: SessionId, older: bool, bytes: u16) -> Asked {
    let shown = client.state.mirror.get(session);
    let first = shown.and_then(|shown| shown.entries.front()).map(|entry| entry.no);
    let last = shown.and_then(|shown| shown.entries.back()).map(|entry| entry.no);
    let before = first.filter(|_| older);
    let waiting = Awaited::Page { session, before, newest: last.unwrap_or(EntryNo(0)) };
    let before = before.map(|before| before.0);
    Asked::Request(waiting, Request::Page { session: session.into(), before, bytes: bytes.into() })
}

/// The entry of that place on the screen, or one that may not be.
fn entry(client: &Client, session: SessionId, place: u8) -> EntryNo {
    let shown = client.state.mirror.get(session);
    let entry = shown.and_then(|shown| shown.entries.get(usize::from(place)));
    entry.map_or(EntryNo(place.into()), |entry| entry.no)
}

/// The number of the prompt that waits at that place, or one that may not wait.
fn queued(client: &Client, session: SessionId, place: u8) -> PromptNo {
    let shown = client.state.mirror.get(session);
    let waiting = shown.and_then(|shown| shown.queue.get(usize::from(place)));
    waiting.map_or(PromptNo(place.into()), |waiting| waiting.prompt)
}

fn typed(name: u8) -> String {
    NAMES[usize::from(name) % NAMES.len()].into()
}

fn token(number: u64) -> Token {
    Token(scrambled(number).into())
}

/// Whether the core decides it: then it is acknowledged only when it is durable.
pub(super) const fn is_decided_by_the_core(request: &Request) -> bool {
    matches!(request, Request::Command { .. })
}
