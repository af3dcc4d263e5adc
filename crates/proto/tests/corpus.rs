//! The fuzzing corpus, replayed: seeds made from real messages, and whatever a fuzzer left beside them.
//!
//! `Q_WRITE_SEEDS=1` writes the seeds anew; only a change of the protocol is a reason to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "tests may panic and tell")]

use std::fs;
use std::path::PathBuf;

use q_core::{
    Activity, CallNo, Command, Digest, EntryNo, Environment, ImageKind, Interrupter, NewImage, Policy,
    Presence, PromptNo, SessionId, Settings, Setup, TagChange, Temperature, Token, TurnNo,
};
use q_proto::message::{Hello, NamedAgent, Reach, Stats, Status, WireOffers, WireProcess};
use q_proto::network::Network;
use q_proto::shaping::Shaping;
use q_proto::view::{
    By, Failure, Pages, Planned, SentEntries, WindowTokens, WireBody, WireBudget, WireCall, WireCompaction,
    WireEntry, WireImage, WireRetrying, WireReversed, WireSnapshot, WireSource, WireSummary, WireUpdate,
};
use q_proto::{
    ClientMessage, Codec, HostMessage, Id, PROTOCOL, Refused, Request, Response, fuzz_frame, kind,
};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Encoder;

const SESSION: Id = Id(0x0123_4567_89ab_cdef);

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/frame")
}

fn reach() -> Reach {
    Reach::Http {
        base_url: "http://127.0.0.1/v1".into(),
        key: Some("k".into()),
        model: "m".into(),
        idle_timeout_ms: 60_000,
        network: Network { https_proxy: Some("http://p:1".into()), ..Network::default() },
        shaping: Shaping {
            dialect: "anthropic".into(),
            max_tokens: Some(7),
            headers: vec![("x-team".into(), "t".into())],
            ..Shaping::default()
        },
    }
}

fn process(ended: Option<&str>) -> WireProcess {
    let argv = vec!["npm".into(), "run".into()];
    WireProcess { number: 71, argv, seconds: 7, ended: ended.map(str::to_owned) }
}

fn setup() -> Setup {
    Setup {
        kind: kind("review").expect("a kind"),
        system_prompt: "be kind".into(),
        agent: "http".into(),
        model: "m".into(),
        directory: "/d".into(),
        environment: Environment::default(),
        policy: Policy::Deny,
        settings: Box::default(),
    }
}

fn create() -> Command {
    Command::Create {
        id: SessionId::UNDRAWN,
        name: Some("план-б".into()),
        setup: setup(),
        tags: vec!["work".into()],
    }
}

fn from_clients() -> Vec<(&'static str, ClientMessage)> {
    let hello = Hello { version: "0.1.0".into(), acknowledged: vec![(Id(7), 3)], ..Hello::new(true) };
    let guide = NamedAgent { name: "guide".into(), reach: Reach::Guide };
    let ask = |request| ClientMessage::Request { id: 7, request };
    let create = create();
    let create = Request::Command { command: create, reach: Some(reach().into()) };
    let session = SessionId::from(SESSION);
    let answer = Command::Answer {
        session,
        turn: TurnNo(3),
        call: CallNo(2),
        digest: Digest([7; 32]),
        answer: q_core::Answer::Words("rather not".into()),
    };
    let tell = |command: Command| ask(command.into());
    vec![
        ("seed-hello", ClientMessage::Hello(hello)),
        ("seed-create", ask(create)),
        (
            "seed-submit",
            tell(Command::Submit {
                session,
                token: Token(u128::MAX),
                text: "why?\n".into(),
                images: Vec::new(),
            }),
        ),
        (
            "seed-submit-image",
            tell(Command::Submit {
                session,
                token: Token(5),
                text: "see @a.png".into(),
                images: vec![NewImage {
                    name: "a.png".into(),
                    kind: ImageKind::Png,
                    width: 640,
                    height: 480,
                    data: "aGk=".into(),
                }],
            }),
        ),
        ("seed-close", tell(Command::Close { session, even_if_working: true })),
        ("seed-continue", tell(Command::Continue { session, token: Token(1) })),
        ("seed-retry", tell(Command::Retry { session, token: Token(1) })),
        ("seed-compact", tell(Command::Compact { session, undo: false })),
        ("seed-reverse", tell(Command::Reverse { session, redo: true, turn: TurnNo(3) })),
        ("seed-draft", tell(Command::SaveDraft { session, text: "half a".into() })),
        ("seed-page", ask(Request::Page { session: SESSION, before: Some(9), bytes: 4096 })),
        ("seed-result", ask(Request::Result { session: SESSION, entry: 9, from: 1 << 20, bytes: 4096 })),
        (
            "seed-fork",
            tell(Command::Fork { session, id: SessionId::UNDRAWN, at: Some(EntryNo(9)), name: None }),
        ),
        ("seed-set-agent", ask(Request::SetAgent { session: SESSION, agent: guide.into() })),
        ("seed-tag", tell(Command::Tag { session, changes: ["+a", "-b"].map(TagChange::typed).to_vec() })),
        ("seed-set", tell(Command::Set { session, changes: settings().changes() })),
        ("seed-rule", tell(Command::SetRule { session, rule: rule(), stands: true })),
        ("seed-unrule", tell(Command::SetRule { session, rule: denied(), stands: false })),
        ("seed-processes", ask(Request::Processes { session: SESSION, stop: None })),
        ("seed-stop-process", ask(Request::Processes { session: SESSION, stop: Some(71) })),
        ("seed-offers", ask(Request::Offers { session: SESSION })),
        ("seed-models", ask(Request::Models { session: SESSION })),
        ("seed-move", tell(Command::Move { session, prompt: PromptNo(2), place: 0 })),
        ("seed-answer", tell(answer)),
        ("seed-reopen", tell(Command::Reopen { session })),
        ("seed-list", ask(Request::List)),
        ("seed-list-after", ask(Request::ListAfter { session: SESSION })),
        ("seed-sizes", ask(Request::Sizes)),
        ("seed-stop", ask(Request::Stop)),
        ("seed-restart", ask(Request::Restart)),
        ("seed-showing", showing(Vec::new())),
        ("seed-showing-several", showing(vec![(SESSION, false)])),
        ("seed-switched", ClientMessage::Switched { took_us: 1234 }),
    ]
}

fn showing(beside: Vec<(Id, bool)>) -> ClientMessage {
    ClientMessage::Showing { session: Some(SESSION), at_end: true, beside }
}

fn from_hosts() -> Vec<(&'static str, HostMessage)> {
    let status = Status {
        protocol: PROTOCOL,
        version: "0.1.0".into(),
        pid: 1,
        started: 2,
        clients: 3,
        live: 4,
        max_live: 10,
        hibernated: 1,
        working: 1,
        stored: 5,
        stored_bytes: 70_000,
        store_bytes: 10_000_000_000,
        trash_for_ms: 2_592_000_000,
        limits: None,
        missed: Vec::new(),
        read_only: None,
    };
    let entries = entries();
    let shot = WireSnapshot {
        line: line(),
        entries: entries.clone(),
        trimmed: true,
        queue: vec![(3, "next".into())],
        draft: "d".into(),
        pending: vec![call()],
    };
    let refused = Refused { code: "limit".into(), message: "no".into(), limit: true };
    let reply = |answer| HostMessage::Reply { id: 7, answer };
    let set = WireSummary { settings: settings(), ..line() };
    let text = WireUpdate::Text { session: SESSION, entry: 4, offset: 3, text: "ause".into() };
    vec![
        ("seed-welcome", HostMessage::Welcome(status)),
        ("seed-snapshot", HostMessage::Snapshot(shot)),
        ("seed-ready", HostMessage::Ready),
        ("seed-update-line", HostMessage::Update(WireUpdate::Line(Box::new(line())))),
        ("seed-update-settings", HostMessage::Update(WireUpdate::Line(Box::new(set)))),
        ("seed-reply-from-next-turn", reply(Ok(Response::FromNextTurn))),
        (
            "seed-reply-processes",
            reply(Ok(Response::Processes(vec![process(None), process(Some("exit code 1"))]))),
        ),
        (
            "seed-reply-offers",
            reply(Ok(Response::Offers(Box::new(WireOffers {
                mode: "code".into(),
                modes: vec![("code".into(), "Writes".into()), ("plan".into(), String::new())],
                commands: vec![("init".into(), "Looks around".into())],
            })))),
        ),
        ("seed-reply-models", reply(Ok(Response::Models(vec!["m".into(), "m-2".into()])))),
        ("seed-update-text", HostMessage::Update(text)),
        ("seed-reply-accepted", reply(Ok(Response::Accepted(12)))),
        (
            "seed-update-pending",
            HostMessage::Update(WireUpdate::Pending { session: SESSION, pending: vec![call()] }),
        ),
        ("seed-update-gone", HostMessage::Update(WireUpdate::Gone(SESSION))),
        (
            "seed-reply-created",
            reply(Ok(Response::Created { session: SESSION, hibernated: Some("other".into()), ended: 0 })),
        ),
        ("seed-reply-inbox", reply(Ok(Response::Inbox(vec![(SESSION, call())])))),
        ("seed-reply-byte-range", reply(Ok(Response::ByteRange("and so on".into())))),
        ("seed-reply-page", reply(Ok(Response::Page(Pages { entries, trimmed: false })))),
        ("seed-reply-sizes", reply(Ok(Response::Sizes(vec![(SESSION, 70_000)])))),
        ("seed-reply-stats", reply(Ok(Response::Stats(Stats::default())))),
        ("seed-reply-refused", reply(Err(refused))),
        ("seed-going", HostMessage::Going { why: "stopped".into(), restart: false }),
    ]
}

/// One value of each setting.
fn settings() -> Settings {
    Settings {
        model: Some("m-2".into()),
        temperature: Temperature::of_thousandths(250),
        max_tokens: Some(4096),
        reasoning: Some("low".into()),
        mode: Some("plan".into()),
        body: Some("{\"top_p\": 0.9}".into()),
        omit: Some("stream_options".into()),
        first_byte: Some(300),
        idle_timeout: Some(60),
        budget_tokens: Some(500_000),
    }
}

/// One entry of each kind.
fn entries() -> Vec<WireEntry> {
    let failure = Failure { kind: q_core::FailureKind::RateLimited, detail: "slow down".into() };
    let item = |no, body| WireEntry { no, at: 1_700_000_000_000, body };
    let (name, kind) = ("a.png".into(), ImageKind::Png);
    let image = WireImage { name, kind, width: 640, height: 480, size: 1 << 20 };
    vec![
        item(2, WireBody::Prompt("why?".into())),
        item(3, WireBody::Illustrated { text: "see".into(), images: vec![image] }),
        item(4, WireBody::Answer("because 🦀".into())),
        item(5, WireBody::Thinking("hm".into())),
        item(6, WireBody::Interrupted(Interrupter::Crash)),
        item(
            7,
            WireBody::Call { no: 2, tool: "sh".into(), input: "ls".into(), wants: q_core::Wants::Consent },
        ),
        item(8, WireBody::Failed(failure)),
        item(10, WireBody::LeftOut(SentEntries { entries: 267, left_out: 4733 })),
        item(11, WireBody::Output { of: 7, text: "1 of 2".into() }),
        item(12, WireBody::Plan(vec![Planned { text: "fix".into(), state: q_core::StepState::Active }])),
        item(
            17,
            WireBody::Sources {
                all: vec![WireSource {
                    title: "A page".into(),
                    place: "https://a.test/b".into(),
                    quote: "so".into(),
                }],
                left_out: 1,
            },
        ),
        item(
            9,
            WireBody::Result {
                of: 7,
                outcome: q_core::Outcome::NeverRan,
                text: String::new(),
                kept: 0,
                whole: 0,
            },
        ),
        item(10, WireBody::LogCut(Some(3))),
        item(18, WireBody::SealsTooLong),
        item(19, WireBody::AnswerTorn(2)),
        item(16, WireBody::Continued),
        item(
            13,
            WireBody::Compaction(WireCompaction::Summary { text: "so far".into(), of: 9000, left_out: 1 }),
        ),
        item(14, WireBody::Compaction(WireCompaction::Interrupted(Interrupter::Crash))),
        item(15, WireBody::Compaction(WireCompaction::Undone)),
        item(18, WireBody::Reversed(WireReversed { redo: false, files: vec!["a.rs".into()], more: 1 })),
    ]
}

fn rule() -> q_core::ToolRule {
    q_core::ToolRule {
        effect: q_core::RuleEffect::Allow,
        tool: "run".into(),
        pattern: q_core::RulePattern::Begins(vec!["cargo".into(), "test".into()]),
    }
}

fn denied() -> q_core::ToolRule {
    let pattern = q_core::RulePattern::Path("secrets/**".into());
    q_core::ToolRule { effect: q_core::RuleEffect::Deny, tool: "read".into(), pattern }
}

fn call() -> WireCall {
    WireCall {
        turn: 3,
        call: 2,
        tool: "sh".into(),
        input: "ls".into(),
        digest: [7; 32],
        wants: q_core::Wants::Consent,
        always: Some(q_proto::WireRule(rule())),
        circumstance: None,
        since: 5,
    }
}

fn line() -> WireSummary {
    WireSummary {
        id: SESSION,
        name: "fix-login".into(),
        slot: 1,
        kind: "debug".into(),
        agent: "http".into(),
        model: "m".into(),
        directory: "/d".into(),
        policy: Policy::Ask,
        settings: Settings::default(),
        tags: vec!["work".into()],
        pinned: true,
        parent: Some(Id(5)),
        inherited: Some(12),
        presence: Presence::Hibernated,
        trashed: None,
        activity: Activity::NeedsApproval,
        held: false,
        acknowledged: true,
        background: 0,
        retrying: Some(WireRetrying {
            attempt: 2,
            of: 3,
            wait_ms: 4000,
            at: 9,
            failure: Failure { kind: q_core::FailureKind::Overloaded, detail: "busy".into() },
        }),
        pending: 1,
        unread: 2,
        seen: (4, 10),
        queued: 1,
        entries: 8,
        turns: 3,
        tokens: (100, 200),
        of_tokens: (80, 10, 50, 7),
        budget: Some(WireBudget { is_of_all: true, spent: 300, of: 1000 }),
        failure: None,
        failures: 2,
        stop_reason: "end_turn".into(),
        answering: "m-2026".into(),
        interrupter: Some(By(Interrupter::Stop)),
        sent: Some(SentEntries { entries: 267, left_out: 4733 }),
        window: Some(WindowTokens { tokens: 1234, is_counted: true, of: 128_000, bytes: 4000 }),
        preview: "because".into(),
        created: 1,
        touched: 2,
        wants_agent: true,
    }
}

fn frame<In, Out: serde::Serialize>(message: &Out) -> Vec<u8>
where
    Codec<In, Out>: for<'a> Encoder<&'a Out, Error = q_proto::FrameError>,
{
    let mut bytes = BytesMut::new();
    Codec::<In, Out>::default().encode(message, &mut bytes).expect("a frame");
    bytes.to_vec()
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let clients = from_clients();
    let hosts = from_hosts();
    let clients = clients.iter().map(|(name, message)| (*name, frame::<HostMessage, _>(message)));
    clients.chain(hosts.iter().map(|(name, message)| (*name, frame::<ClientMessage, _>(message)))).collect()
}

/// The protocol is what it was when the seeds were written, byte by byte.
#[test]
#[expect(clippy::disallowed_methods, reason = "seeds are written by hand, on demand")]
fn seeds_are_the_messages_as_they_are_written_today() {
    let write = std::env::var_os("Q_WRITE_SEEDS").is_some();
    for (name, bytes) in seeds() {
        let path = corpus().join(name);
        if write {
            fs::write(&path, &bytes).expect("a seed");
        }
        assert!(fs::read(&path).expect("a committed seed") == bytes, "{name} is written in another way now");
    }
}

#[test]
fn every_file_of_the_corpus_is_read_without_a_panic() {
    let mut count = 0;
    for file in fs::read_dir(corpus()).expect("the corpus is committed") {
        fuzz_frame(&fs::read(file.unwrap().path()).expect("a file"));
        count += 1;
    }
    println!("{count} files");
    assert!(count >= seeds().len());
}
