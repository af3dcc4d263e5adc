//! Commands arrive as they were sent, without what only a host knows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
use super::*;
use crate::{ClientMessage, Request, decode, encode};
use q_core::{Body, Entry, Temperature};

const SESSION: SessionId = SessionId(1 << 100 | 5);

fn images() -> Vec<NewImage> {
    let image = |name: &str, kind| {
        let (name, data) = (name.to_owned(), "aGk=".to_owned());
        NewImage { name, kind, width: 640, height: 480, data }
    };
    vec![image("shot.png", ImageKind::Png), image("a.webp", ImageKind::WebP)]
}

/// One command of each kind.
fn commands() -> Vec<Command> {
    let (session, token, prompt) = (SESSION, Token(7 << 64 | 3), PromptNo(4));
    let change = |name: &str, value: &str| SettingChange { name: name.into(), value: value.into() };
    let setup = Setup {
        kind: Kind::Review,
        system_prompt: "be kind".into(),
        agent: "guide".into(),
        model: "m".into(),
        directory: "/d".into(),
        environment: Environment::default(),
        policy: Policy::Deny,
        settings: Box::new(every_setting()),
    };
    let import = Import {
        id: SessionId::UNDRAWN,
        typed: Some("b".into()),
        name: "a".into(),
        origin: NameOrigin::Automatic,
        setup: setup.clone(),
        tags: vec!["work".into()],
        pinned: true,
        created: WallTime(1),
        touched: WallTime(2),
        usage: Usage { input: 3, output: 4, cached: 2, cache_written: 1, reasoning: 3, guessed: 5 },
        running: true,
    };
    let body = Body::Answer("so".into());
    let entry = Item::Entry(Entry { no: EntryNo(3), at: WallTime(7), body });
    let waiting = Item::Waiting { token: Token(5 << 64), text: "later".into() };
    let items = vec![entry, waiting, Item::Draft("half".into())];
    let (id, rule) = (SessionId::UNDRAWN, ToolRule::any(q_core::RuleEffect::Deny, "run".into()));
    vec![
        Command::Create { id, name: Some("api".into()), setup, tags: vec!["a".into()] },
        Command::Fork { session, id, at: Some(EntryNo(9)), name: None },
        Command::Fork { session, id, at: None, name: Some("x".into()) },
        Command::Import(Box::new(import)),
        Command::ImportPart { session, items },
        Command::EndImport { session },
        Command::Rename { session, name: "api".into() },
        Command::Close { session, even_if_working: true },
        Command::Reopen { session },
        Command::Trash { session, even_if_working: true },
        Command::Restore { session },
        Command::Erase { session, even_if_working: false },
        Command::Wake { session },
        Command::Tag { session, changes: ["a", "+b", "-c", "+-d", "-+e"].map(TagChange::typed).to_vec() },
        Command::Pin { session, pinned: true },
        Command::SetPolicy { session, policy: Policy::Deny },
        Command::Set { session, changes: vec![change("temperature", "0.2"), change("", "default")] },
        Command::Set { session, changes: Vec::new() },
        Command::SetRule { session, rule, stands: true },
        Command::MarkUnread { session },
        Command::MarkRead { session },
        Command::Submit { session, token, text: "why?".into(), images: Vec::new() },
        Command::Submit { session, token, text: "see".into(), images: images() },
        Command::Shell { session, token, text: "!ls".into() },
        Command::Unqueue { session, prompt },
        Command::Edit { session, prompt, text: "how?".into() },
        Command::Move { session, prompt, place: 2 },
        Command::SendNow { session, prompt },
        Command::Steer { session, token, text: "now".into(), images: images() },
        Command::Answer {
            session,
            turn: TurnNo(2),
            call: CallNo(3),
            digest: Digest::numbered(9),
            answer: Answer::Words("no".into()),
        },
        Command::Interrupt { session },
        Command::Retry { session, token },
        Command::Continue { session, token },
        Command::Reverse { session, redo: true, turn: TurnNo(2) },
        Command::SaveDraft { session, text: "half".into() },
    ]
}

#[test]
fn a_command_arrives_as_it_was_sent() {
    for command in commands() {
        let message = ClientMessage::Request { id: 7, request: command.clone().into() };
        let mut frame = Vec::new();
        encode(&message, &mut frame).unwrap();
        let arrived = decode::<ClientMessage>(&frame[size_of::<u32>()..]).unwrap().unwrap();
        let ClientMessage::Request { id: 7, request: Request::Command { command: arrived, reach: None } } =
            arrived
        else {
            panic!("{arrived:?}");
        };
        assert_eq!(arrived, command);
    }
}

#[test]
fn what_only_a_host_knows_is_not_written() {
    let drawn = SessionId(u128::from_be_bytes(*b"drawn by a host!"));
    for command in commands() {
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other command makes a session")]
        let known = match command {
            Command::Create { name, setup, tags, .. } => {
                let setup = Setup { environment: Environment(77), ..setup };
                Command::Create { id: drawn, name, setup, tags }
            }
            Command::Fork { session, at, name, .. } => Command::Fork { session, id: drawn, at, name },
            Command::Import(import) => {
                let setup = Setup { environment: Environment(77), ..import.setup.clone() };
                Command::Import(Box::new(Import { id: drawn, setup, ..*import }))
            }
            _makes_no_session => continue,
        };
        let message = ClientMessage::Request { id: 7, request: known.into() };
        let mut frame = Vec::new();
        encode(&message, &mut frame).unwrap();
        let arrived = decode::<ClientMessage>(&frame[size_of::<u32>()..]).unwrap().unwrap();
        let shown = format!("{arrived:?}");
        assert!(!shown.contains("77") && !shown.contains(&format!("{drawn:?}")), "{shown}");
    }
}

#[test]
fn a_kind_that_cannot_be_is_answered_and_the_connection_goes_on() {
    let setup = Setup::default();
    let create = Command::Create { id: SessionId::UNDRAWN, name: None, setup, tags: Vec::new() };
    let mut frame = Vec::new();
    encode(&ClientMessage::Request { id: 7, request: create.into() }, &mut frame).unwrap();
    let at = frame.windows(11).position(|bytes| bytes == b"development").unwrap();
    frame[at] = b'/';
    let read = decode::<ClientMessage>(&frame[size_of::<u32>()..]);
    assert!(matches!(read, Ok(Err(crate::Unknown { request: 7 }))), "{read:?}");
}

fn every_setting() -> Settings {
    Settings {
        model: Some("m-2".into()),
        temperature: Temperature::of_thousandths(250),
        max_tokens: Some(u64::MAX),
        reasoning: Some("low".into()),
        mode: Some("plan".into()),
        body: Some("{\"top_p\": 0.9}".into()),
        omit: Some("stream_options".into()),
        first_byte: Some(300),
        idle_timeout: Some(60),
        budget_tokens: Some(0),
    }
}
