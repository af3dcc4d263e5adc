//! An agent in a directory of its own, and a person who answers what it asks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use q_acp::{AcpAgent, AcpSpec};
use q_core::conversation::{Message, Role};
use q_core::{AgentEvent, Call, CallFacts, Digest, EntryNo, Outcome, ResumeHandle, SessionId, TurnNo, Wants};
use q_seat::{Agent as _, AgentControl, Controls, Conversation, Seat, ServerTables, Turn};
use q_testkit::clock;
use q_testkit::program_double::ProgramDouble;
use q_tools::ToolSettings;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// What the person says to all that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    Allows,
    Denies,
    /// Is asked nothing: a rule of theirs says yes.
    HasARule,
    /// Says yes to other bytes than those that were shown.
    AllowsAnother,
    Waits,
}

pub(crate) struct Bench {
    _root: TempDir,
    pub(crate) directory: PathBuf,
    pub(crate) double: ProgramDouble,
    pub(crate) spec: Arc<AcpSpec>,
}

impl Bench {
    pub(crate) fn new(mode: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().canonicalize().unwrap();
        let double = ProgramDouble::acp(&directory);
        let environment = [("OPENAI_API_KEY", "canary"), ("PATH", "/usr/bin:/bin")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let spec = AcpSpec {
            command: double.command(mode),
            environment: [double.variable()].into(),
            model: String::new(),
            install: "press the button".into(),
            silence: AcpSpec::SILENCE,
            tools: ToolSettings { environment, ..ToolSettings::default() },
            servers: ServerTables::default(),
        };
        Self { _root: root, directory, double, spec: Arc::new(spec) }
    }

    pub(crate) fn with(mode: &str, change: impl FnOnce(&mut AcpSpec)) -> Self {
        let mut bench = Self::new(mode);
        change(Arc::get_mut(&mut bench.spec).unwrap());
        bench
    }

    pub(crate) fn open(&self, resume: Option<&str>) -> Arc<dyn Conversation> {
        let resume = resume.map(|handle| ResumeHandle(handle.to_owned()));
        let seat = Seat { directory: self.directory.clone(), resume, ..Seat::of(SessionId(7)) };
        AcpAgent::new(Arc::clone(&self.spec)).open(seat)
    }

    pub(crate) fn has_heard(&self, part: &str) -> bool {
        self.double.heard().iter().any(|line| line.contains(part))
    }
}

pub(crate) fn asked(prompt: &str) -> Turn {
    let before = [Message::words(Role::User, "before"), Message::words(Role::Assistant, "indeed")];
    let messages = before.into_iter().chain([Message::words(Role::User, prompt)]).collect();
    Turn { no: TurnNo(1), messages, ..Turn::default() }
}

pub(crate) fn controls() -> (mpsc::UnboundedSender<AgentControl>, Controls) {
    let (tell, told) = mpsc::unbounded_channel();
    let told = stream::unfold(told, |mut told| async move { Some((told.recv().await?, told)) });
    (tell, told.boxed())
}

/// Hears a turn to its end, or as far as something that begins so, with a person who answers like that.
pub(crate) async fn hear(
    conversation: &dyn Conversation,
    turn: Turn,
    person: Person,
    up_to: &str,
) -> Vec<String> {
    let (tell, told) = controls();
    let mut events = conversation.turn(turn, told);
    let mut lines = Vec::new();
    while let Some(event) = events.next().await {
        if let AgentEvent::Call(Call { no, digest, wants, .. }, _) = &event {
            let (call, entry) = (*no, EntryNo(no.0));
            let by_rule = person == Person::HasARule;
            let permit = |digest| AgentControl::Permit { call, entry, digest, by_rule };
            let denied =
                || AgentControl::Settle { call, entry, outcome: Outcome::Denied, text: "not so".into() };
            match (wants, person) {
                (Wants::Nothing, _) | (_, Person::Allows | Person::HasARule) => {
                    drop(tell.send(permit(*digest)));
                }
                (_, Person::AllowsAnother) => drop(tell.send(permit(Digest([9; 32])))),
                (_, Person::Denies) => drop(tell.send(denied())),
                (_, Person::Waits) => {}
            }
        }
        let line = in_words(event);
        let is_it = !up_to.is_empty() && line.starts_with(up_to);
        lines.push(line);
        if is_it {
            break;
        }
    }
    lines
}

pub(crate) async fn whole(conversation: &dyn Conversation, prompt: &str, person: Person) -> Vec<String> {
    let mut lines = hear(conversation, asked(prompt), person, "").await;
    lines.retain(|line| !line.starts_with("resume") && !line.starts_with("model"));
    lines
}

pub(crate) fn in_words(event: AgentEvent) -> String {
    match event {
        AgentEvent::Text(text) => format!("text {text}"),
        AgentEvent::Thinking(text) => format!("thought {}", text.trim()),
        AgentEvent::Call(Call { tool, input, wants, .. }, CallFacts { is_told, .. }) => {
            format!("call {tool} {input} {wants:?}{}", if is_told { " told" } else { "" })
        }
        AgentEvent::Progress { text, .. } => format!("progress {text}"),
        AgentEvent::Result { outcome, text, .. } => format!("result {} {text}", outcome.words()),
        AgentEvent::Plan(steps) => format!("plan of {}", steps.len()),
        AgentEvent::Resume(ResumeHandle(handle)) => format!("resume {handle}"),
        AgentEvent::Failed(failure) => format!("failed {} {}", failure.kind.code(), failure.detail),
        AgentEvent::Usage(usage) => format!("usage {}", usage.input),
        AgentEvent::StopReason(reason) => format!("stop {reason}"),
        AgentEvent::Title(title) => format!("title {title}"),
        AgentEvent::Model(model) => format!("model {model}"),
        AgentEvent::Done => "done".into(),
        other @ (AgentEvent::Sent(_)
        | AgentEvent::ProjectFiles(_)
        | AgentEvent::Asked { .. }
        | AgentEvent::Sealed(_)
        | AgentEvent::Sources(_)
        | AgentEvent::Torn(_)
        | AgentEvent::Steerable
        | AgentEvent::Retrying { .. }) => format!("{other:?}"),
    }
}

/// Waits for what nobody tells.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = clock::now() + Duration::from_secs(20);
    while !so() {
        assert!(clock::now() < deadline, "never: {what}");
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
