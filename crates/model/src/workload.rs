//! What a person and an agent might do, as data: generated, replayed, and shrunk when it fails.
//!
//! Steps name sessions, prompts and calls by small numbers and are resolved when played, so that any part of a workload is
//! a workload again.

use proptest::prelude::*;
use q_core::trace::Disk;
use q_core::{
    AgentEvent, AgentFailure, Answer, Call, CallFacts, CallNo, CallSubject, Circumstance, ClientId, Command,
    Digest, EntryNo, FailureKind, Input, NamedFile, Outcome, PlanStep, Policy, ProjectFile, ProjectFiles,
    PromptNo, ReplyTo, RequestId, ResumeHandle, RuleEffect, RulePattern, Seal, Sent, SessionId,
    SessionInView, SettingChange, Setup, Source, Sources, StandingRule, StepState, TagChange, Token,
    ToolRule, TurnNo, Usage, WallTime, Wants,
};

/// Sessions a workload uses.
pub const SESSIONS: u128 = 5;
/// Clients a workload uses.
pub const CLIENTS: u64 = 3;

/// Time passes, then something happens.
#[derive(Clone, Debug)]
pub struct WorkloadStep {
    /// Milliseconds since the step before.
    pub after_ms: u64,
    pub stimulus: Stimulus,
}

/// Something that happens to the host or to a client.
#[derive(Clone, Debug)]
pub enum Stimulus {
    /// A client wants something of a session.
    Command(u128, CommandTemplate),
    /// The session's agent says something in its turn in flight, or `late` in the one before.
    Agent {
        session: u128,
        event: AgentEvent,
        /// In a turn that is over.
        late: bool,
    },
    /// The store gives what it has of a session, or cannot.
    Loaded {
        session: u128,
        /// Whether it can be read.
        readable: bool,
    },
    /// The host has put files back, or could not.
    Reversed {
        session: u128,
        redo: bool,
        done: bool,
    },
    /// A client brings how the session's agent is reached, or another's.
    Offer {
        session: u128,
        /// Whether it is the session's.
        own: bool,
    },
    /// The resident memory of the host's process is this much.
    Memory(u64),
    /// So many commands go on in the background of that session.
    Background(u128, u32),
    Attach(u64),
    Detach(u64),
    /// A client shows a session.
    Show {
        client: u64,
        session: Option<u128>,
        at_end: bool,
        /// Another one beside it, and whether that one's end is in sight.
        beside: Option<(u128, bool)>,
    },
    /// The calendar jumps to this many days after its beginning.
    Calendar(u64),
    Tick,
    /// The host is stopped in good order, and started again.
    Stop,
    /// The host dies and starts again.
    Crash,
}

/// A command that is not about any session yet.
#[derive(Clone, Debug)]
pub enum CommandTemplate {
    Create { named: bool },
    Fork { to: u128, at: Option<u64> },
    Rename(String),
    Close { anyway: bool },
    Reopen,
    Trash { anyway: bool },
    Restore,
    Erase { anyway: bool },
    Wake,
    Tag(String),
    Pin(bool),
    SetPolicy(Policy),
    SetRule(ToolRule, bool),
    Set(&'static str, &'static str),
    MarkUnread,
    MarkRead,
    Submit { token: u8, text: String },
    Steer { token: u8, text: String },
    Unqueue(u64),
    Edit(u64, String),
    Move(u64, u32),
    SendNow(u64),
    Answer { call: u64, digest: u64, late: bool, answer: Answer },
    Interrupt,
    Retry { token: u8 },
    Continue { token: u8 },
    Compact { undo: bool },
    Reverse { redo: bool, turn: u64 },
    Draft(String),
}

impl Stimulus {
    /// The session it is about, if it is about one.
    pub fn session(&self) -> Option<u128> {
        match self {
            Self::Command(session, _)
            | Self::Background(session, _)
            | Self::Agent { session, .. }
            | Self::Offer { session, .. }
            | Self::Reversed { session, .. }
            | Self::Loaded { session, .. } => Some(*session),
            Self::Memory(_)
            | Self::Attach(_)
            | Self::Detach(_)
            | Self::Show { .. }
            | Self::Calendar(_)
            | Self::Tick
            | Self::Stop
            | Self::Crash => None,
        }
    }

    /// The input it means for a core with this disk; nothing for what is more than one.
    pub fn resolve(&self, disk: &Disk, request: u64) -> Option<Input> {
        Some(match self {
            Self::Command(session, wish) => Input::Wish {
                to: ReplyTo { client: ClientId(1), request: RequestId(request) },
                command: wish.command(SessionId(*session), turns(disk, *session)),
            },
            Self::Agent { session, event, late } => {
                let turn = earlier(turns(disk, *session), *late);
                Input::Agent { session: SessionId(*session), turn, event: event.clone() }
            }
            Self::Loaded { session, readable } => {
                let stored = disk.stored(SessionId(*session)).map(Box::new);
                let stored = stored.filter(|_| *readable).ok_or_else(|| "unreadable".to_owned());
                Input::Loaded { session: SessionId(*session), stored }
            }
            Self::Offer { session, own } => Input::Offered {
                session: SessionId(*session),
                agent: if *own { "usual" } else { "other" }.into(),
            },
            Self::Reversed { session, redo, done } => {
                let files = || vec!["a.rs".to_owned(), "b/c.rs".to_owned()];
                let outcome = done.then(files).ok_or_else(|| "a.rs was changed".to_owned());
                Input::Reversed { session: SessionId(*session), redo: *redo, outcome }
            }
            Self::Memory(bytes) => Input::Memory { bytes: *bytes },
            Self::Background(session, running) => {
                Input::Background { session: SessionId(*session), running: *running }
            }
            Self::Attach(client) => Input::Attached(ClientId(*client)),
            Self::Detach(client) => Input::Detached(ClientId(*client)),
            Self::Show { client, session, at_end, beside } => Input::Showing {
                client: ClientId(*client),
                session: session.map(SessionId),
                at_end: *at_end,
                beside: beside
                    .iter()
                    .map(|(session, at_end)| SessionInView { session: SessionId(*session), at_end: *at_end })
                    .collect(),
            },
            Self::Calendar(_) | Self::Tick => Input::Tick,
            Self::Stop | Self::Crash => return None,
        })
    }

    /// What the calendar says from here on, if it jumps.
    pub fn wall(&self) -> Option<WallTime> {
        if let Self::Calendar(days) = self { Some(WallTime(days * 24 * 3600 * 1000)) } else { None }
    }
}

fn turns(disk: &Disk, session: u128) -> TurnNo {
    disk.heads.get(&SessionId(session)).map(|head| head.turns).unwrap_or_default()
}

fn earlier(turn: TurnNo, late: bool) -> TurnNo {
    TurnNo(turn.0.saturating_sub(u64::from(late)))
}

impl CommandTemplate {
    fn command(&self, session: SessionId, turns: TurnNo) -> Command {
        match self.clone() {
            Self::Create { named } => Command::Create {
                id: session,
                name: named.then(|| format!("session-{}", session.0)),
                setup: Setup { agent: "usual".into(), ..Setup::default() },
                tags: Vec::new(),
            },
            Self::Fork { to, at } => {
                Command::Fork { session, id: SessionId(to), at: at.map(EntryNo), name: None }
            }
            Self::Rename(name) => Command::Rename { session, name },
            Self::Close { anyway } => Command::Close { session, even_if_working: anyway },
            Self::Reopen => Command::Reopen { session },
            Self::Trash { anyway } => Command::Trash { session, even_if_working: anyway },
            Self::Restore => Command::Restore { session },
            Self::Erase { anyway } => Command::Erase { session, even_if_working: anyway },
            Self::Wake => Command::Wake { session },
            Self::Tag(word) => Command::Tag { session, changes: vec![TagChange::typed(&word)] },
            Self::Pin(pinned) => Command::Pin { session, pinned },
            Self::SetPolicy(policy) => Command::SetPolicy { session, policy },
            Self::SetRule(rule, stands) => Command::SetRule { session, rule, stands },
            Self::Set(name, value) => {
                let change = SettingChange { name: name.into(), value: value.into() };
                Command::Set { session, changes: vec![change] }
            }
            Self::MarkUnread => Command::MarkUnread { session },
            Self::MarkRead => Command::MarkRead { session },
            Self::Submit { token, text } => {
                Command::Submit { session, token: Token(token.into()), text, images: Vec::new() }
            }
            Self::Steer { token, text } => {
                Command::Steer { session, token: Token(token.into()), text, images: Vec::new() }
            }
            Self::Unqueue(prompt) => Command::Unqueue { session, prompt: PromptNo(prompt) },
            Self::Edit(prompt, text) => Command::Edit { session, prompt: PromptNo(prompt), text },
            Self::Move(prompt, place) => Command::Move { session, prompt: PromptNo(prompt), place },
            Self::SendNow(prompt) => Command::SendNow { session, prompt: PromptNo(prompt) },
            Self::Answer { call, digest, late, answer } => {
                let (turn, digest) = (earlier(turns, late), Digest::numbered(digest));
                Command::Answer { session, turn, call: CallNo(call), digest, answer }
            }
            Self::Interrupt => Command::Interrupt { session },
            Self::Continue { token } => Command::Continue { session, token: Token(token.into()) },
            Self::Retry { token } => Command::Retry { session, token: Token(token.into()) },
            Self::Compact { undo } => Command::Compact { session, undo },
            Self::Reverse { redo, turn } => Command::Reverse { session, redo, turn: TurnNo(turn) },
            Self::Draft(text) => Command::SaveDraft { session, text },
        }
    }
}

/// Any workload of at most `steps` steps.
pub fn workload(steps: usize) -> impl Strategy<Value = Vec<WorkloadStep>> {
    prop::collection::vec(step(), 1..steps)
}

/// Any step, each kind as often as its weight says.
pub fn step() -> impl Strategy<Value = WorkloadStep> {
    (prop_oneof![4 => Just(0), 3 => 1u64..120, 1 => 1000u64..4_000_000], stimulus())
        .prop_map(|(after_ms, stimulus)| WorkloadStep { after_ms, stimulus })
}

fn stimulus() -> impl Strategy<Value = Stimulus> {
    let session = 0..SESSIONS;
    let small = prop_oneof![
        1 => (1..=CLIENTS).prop_map(Stimulus::Attach),
        1 => (1..=CLIENTS).prop_map(Stimulus::Detach),
        3 => (
            1..=CLIENTS,
            prop::option::of(session.clone()),
            any::<bool>(),
            prop::option::weighted(0.3, (session.clone(), any::<bool>()))
        )
            .prop_map(|(client, session, at_end, beside)| Stimulus::Show { client, session, at_end, beside }),
        1 => Just(Stimulus::Tick),
        1 => Just(Stimulus::Crash),
        1 => prop_oneof![Just(Stimulus::Stop), (0u64..90).prop_map(Stimulus::Calendar)],
        1 => (0u64..160).prop_map(|megabytes| Stimulus::Memory(megabytes << 20)),
        1 => (session.clone(), 0u32..3).prop_map(|(session, running)| Stimulus::Background(session, running)),
    ];
    prop_oneof![
        14 => (session.clone(), wish()).prop_map(|(session, wish)| Stimulus::Command(session, wish)),
        14 => (session.clone(), event(), prop::bool::weighted(0.1))
            .prop_map(|(session, event, late)| Stimulus::Agent { session, event, late }),
        2 => (session.clone(), prop::bool::weighted(0.8))
            .prop_map(|(session, own)| Stimulus::Offer { session, own }),
        4 => (session, prop::bool::weighted(0.9))
            .prop_map(|(session, readable)| Stimulus::Loaded { session, readable }),
        2 => (0..SESSIONS, any::<bool>(), prop::bool::weighted(0.8))
            .prop_map(|(session, redo, done)| Stimulus::Reversed { session, redo, done }),
        7 => small,
    ]
}

fn wish() -> impl Strategy<Value = CommandTemplate> {
    let text = || "[a-z ]{0,12}";
    let turns = prop_oneof![
        8 => (any::<u8>(), text()).prop_map(|(token, text)| CommandTemplate::Submit { token, text }),
        1 => (any::<u8>(), text()).prop_map(|(token, text)| CommandTemplate::Steer { token, text }),
        1 => (0u64..6).prop_map(CommandTemplate::Unqueue),
        1 => (0u64..6, text()).prop_map(|(prompt, text)| CommandTemplate::Edit(prompt, text)),
        1 => (0u64..6, 0u32..4).prop_map(|(prompt, place)| CommandTemplate::Move(prompt, place)),
        1 => (0u64..6).prop_map(CommandTemplate::SendNow),
        4 => (1u64..5, prop::bool::weighted(0.1), prop::bool::weighted(0.1), answer())
            .prop_map(|(call, late, foreign, answer)| CommandTemplate::Answer {
                call, digest: call + u64::from(foreign), late, answer,
            }),
        1 => Just(CommandTemplate::Interrupt),
        1 => any::<u8>().prop_map(|token| CommandTemplate::Retry { token }),
        1 => any::<u8>().prop_map(|token| CommandTemplate::Continue { token }),
        2 => prop::bool::weighted(0.3).prop_map(|undo| CommandTemplate::Compact { undo }),
        2 => (any::<bool>(), 0u64..3).prop_map(|(redo, turn)| CommandTemplate::Reverse { redo, turn }),
        1 => "[a-z]{0,6}".prop_map(CommandTemplate::Draft),
    ];
    let life = prop_oneof![
        // Without a session nothing else means anything; and what erases one is rare, or nothing lives long.
        6 => any::<bool>().prop_map(|named| CommandTemplate::Create { named }),
        1 => (0..SESSIONS, prop::option::of(0u64..20)).prop_map(|(to, at)| CommandTemplate::Fork { to, at }),
        1 => "[a-c ]{0,3}".prop_map(CommandTemplate::Rename),
        1 => any::<bool>().prop_map(|anyway| CommandTemplate::Close { anyway }),
        1 => Just(CommandTemplate::Reopen),
        1 => any::<bool>().prop_map(|anyway| CommandTemplate::Trash { anyway }),
        1 => Just(CommandTemplate::Restore),
        1 => any::<bool>().prop_map(|anyway| CommandTemplate::Erase { anyway }),
        1 => Just(CommandTemplate::Wake),
        1 => "[+-]?[ab]{0,2}".prop_map(CommandTemplate::Tag),
        1 => any::<bool>().prop_map(CommandTemplate::Pin),
        1 => prop_oneof![Just(Policy::Ask), Just(Policy::Deny)].prop_map(CommandTemplate::SetPolicy),
        2 => setting().prop_map(|(name, value)| CommandTemplate::Set(name, value)),
        3 => (rule(), prop::bool::weighted(0.7)).prop_map(|(rule, stands)| CommandTemplate::SetRule(rule, stands)),
        1 => Just(CommandTemplate::MarkUnread),
        1 => Just(CommandTemplate::MarkRead),
    ];
    prop_oneof![20 => turns, 15 => life]
}

/// Of each setting some values, its bounds, and what it cannot be.
pub fn setting() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("model", "a"),
        ("model", "b"),
        ("model", "default"),
        ("model", "a b"),
        ("temperature", "0"),
        ("temperature", "0.20"),
        ("temperature", "2.001"),
        ("temperature", "default"),
        ("max_tokens", "10000000"),
        ("max_tokens", "10000001"),
        ("max_tokens", "default"),
        ("reasoning", "low"),
        ("reasoning", ""),
        ("reasoning", "default"),
        ("mode", "plan"),
        ("body", "{\"a\": 1}"),
        ("body", "a"),
        ("body", "default"),
        ("omit", "a,b"),
        ("omit", "a,"),
        ("first_byte", "86400"),
        ("first_byte", "86401"),
        ("idle_timeout", "1"),
        ("idle_timeout", "default"),
        ("headers", "a"),
        ("mode", "default"),
        ("budget_tokens", "3"),
        ("budget_tokens", "40"),
        ("budget_tokens", "off"),
        ("budget_tokens", "0"),
        ("budget_tokens", "default"),
        ("zebra", "1"),
    ])
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Once),
        Just(Answer::Always),
        Just(Answer::Deny),
        "[a-z]{0,4}".prop_map(Answer::Words),
    ]
}

fn named() -> impl Strategy<Value = CallSubject> {
    let file = (prop::sample::select(vec!["a", "a/b", "b", "a/q/b"]), prop::bool::weighted(0.2));
    let file = file.prop_map(|(path, is_private)| NamedFile { path: path.into(), is_private });
    prop::collection::vec(file, 1..3).prop_map(CallSubject::Named)
}

/// What is known of a call, and rules from outside of its session.
pub fn facts() -> impl Strategy<Value = CallFacts> {
    let commands = ["a", "a b", "a b c", "ab", "cargo test a", "sh -c a", "env a"];
    let subject = prop_oneof![
        2 => Just(CallSubject::Other),
        3 => prop::sample::select(commands.to_vec()).prop_map(|line| CallSubject::Command(words(line))),
        3 => (prop::sample::select(vec!["a", "a/b", "b", "a/q/b"]), prop::bool::weighted(0.2))
            .prop_map(|(path, is_private)| CallSubject::File { path: path.into(), is_private }),
        2 => prop::sample::select(vec![".", "a", "q"]).prop_map(|path| CallSubject::Tree { path: path.into() }),
        2 => prop::sample::select(vec!["a", "b"]).prop_map(|host| CallSubject::Host(host.into())),
        2 => named(),
    ];
    let directory = prop_oneof![Just(None), Just(Some("/".to_owned())), Just(Some("/other".to_owned()))];
    let standing = (rule(), directory).prop_map(|(rule, directory)| StandingRule { rule, directory });
    let circumstance = prop_oneof![
        8 => Just(Circumstance::Plain),
        1 => Just(Circumstance::Unheld),
        2 => Just(Circumstance::Denied),
    ];
    (subject, prop::bool::weighted(0.2), circumstance, prop::collection::vec(standing, 0..2)).prop_map(
        |(subject, is_told, circumstance, standing)| CallFacts { subject, is_told, circumstance, standing },
    )
}

/// A rule for a tool of the workload's.
pub fn rule() -> impl Strategy<Value = ToolRule> {
    let lines = prop::sample::select(vec!["a", "a b", "cargo", "sh", "sh -c a", "env"]);
    let paths = prop::sample::select(vec!["a", "a/*", "a/**", "**", "*", "**/b", "/x"]);
    let pattern = prop_oneof![
        2 => Just(RulePattern::Any),
        3 => lines.clone().prop_map(|line| RulePattern::Begins(words(line))),
        1 => lines.prop_map(|line| RulePattern::Exactly(words(line))),
        3 => paths.prop_map(|path| RulePattern::Path(path.into())),
    ];
    let effects = [RuleEffect::Allow, RuleEffect::Allow, RuleEffect::Ask, RuleEffect::Deny];
    (prop::sample::select(effects.to_vec()), "[ab]", pattern).prop_map(|(effect, tool, pattern)| ToolRule {
        effect,
        tool,
        pattern,
    })
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn event() -> impl Strategy<Value = AgentEvent> {
    let wants = prop_oneof![Just(Wants::Nothing), Just(Wants::Consent), Just(Wants::Words)];
    let outcome = prop_oneof![Just(Outcome::Done), Just(Outcome::Failed)];
    prop_oneof![
        1 => (0u64..9, 0u64..3).prop_map(|(entries, left_out)| AgentEvent::Sent(Sent { entries, left_out })),
        // A summary is taken where it is shorter than what was asked: with the larger of these it is.
        1 => (prop::sample::select(vec![0u64, 9, 1000]), prop::sample::select(vec![0u64, 3, 300]))
            .prop_map(|(bytes, window)| AgentEvent::Asked { bytes, window }),
        8 => "[a-z ]{0,9}".prop_map(AgentEvent::Text),
        2 => "[a-z ]{0,9}".prop_map(AgentEvent::Thinking),
        1 => (0u64..9, 0u64..9).prop_map(|(input, output)| AgentEvent::Usage(Usage { input, output, cached: input / 2, cache_written: input / 3, reasoning: output / 2, guessed: 0 })),
        1 => "[a-z]{0,9}".prop_map(|content| AgentEvent::Sealed(Seal { by: "m".into(), content })),
        1 => "[a-z ]{0,9}".prop_map(AgentEvent::Title),
        1 => Just(AgentEvent::Steerable),
        2 => (1u64..5, "[a-z]{0,40}").prop_map(|(call, text)| AgentEvent::Progress { call: CallNo(call), text }),
        1 => prop::collection::vec(("[a-z]{0,6}", prop::sample::select(StepState::ALL.as_slice())), 0..3)
            .prop_map(|steps| {
                AgentEvent::Plan(steps.into_iter().map(|(text, state)| PlanStep { text, state }).collect())
            }),
        1 => prop::collection::vec("[a-c]{0,1}", 0..3).prop_map(|places| {
            let source = |place: String| Source { place, ..Source::default() };
            AgentEvent::Sources(Sources { all: places.into_iter().map(source).collect(), left_out: 0 })
        }),
        1 => ("[ab]{0,2}", 0u64..3, any::<bool>()).prop_map(|(path, fingerprint, withheld)| {
            let file = ProjectFile { path, bytes: 1, left_out: 0, fingerprint };
            AgentEvent::ProjectFiles(ProjectFiles { all: vec![file], withheld })
        }),
        1 => (0u64..3).prop_map(AgentEvent::Torn),
        1 => "[ab]{0,1}".prop_map(AgentEvent::Model),
        1 => "[ab]{0,1}".prop_map(|handle| AgentEvent::Resume(ResumeHandle(handle))),
        1 => "[ab]{0,2}".prop_map(AgentEvent::StopReason),
        1 => (2u32..4, 0u64..9_000, "[ab]{0,2}").prop_map(|(attempt, wait_ms, detail)| AgentEvent::Retrying {
            attempt, of: 3, wait_ms, failure: AgentFailure { kind: FailureKind::Overloaded, detail },
        }),
        4 => (1u64..5, wants, "[ab]", "[a-z]{0,4}", facts()).prop_map(|(no, wants, tool, input, facts)| {
            let call = Call { no: CallNo(no), tool, input, digest: Digest::numbered(no), wants };
            AgentEvent::Call(call, facts)
        }),
        3 => (1u64..5, outcome, "[a-z]{0,9}").prop_map(|(call, outcome, text)| AgentEvent::Result {
            call: CallNo(call), outcome, text,
        }),
        3 => Just(AgentEvent::Done),
        1 => Just(AgentEvent::Failed(AgentFailure { kind: FailureKind::Cut, detail: String::new() })),
    ]
}
