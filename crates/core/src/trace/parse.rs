//! From a line to an input.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::str::FromStr;

use super::line::{Faulty, Line, Told, usual_setup};
use super::words;
use crate::agent::{
    AgentEvent, AgentFailure, Call, FailureKind, Outcome, PlanStep, ResumeHandle, Sent, StepState, Usage,
    Wants,
};
use crate::effect::ReplyTo;
use crate::id::{
    CallNo, ClientId, Digest, EntryNo, Environment, PromptNo, RequestId, Seq, SessionId, Token, TurnNo,
};
use crate::input::{Command, Input};
use crate::kind::Kind;
use crate::record::{Answer, Policy, Setup};
use crate::tag::TagChange;
use crate::time::WallTime;

/// Reads a line. `request` numbers the wish in it, if it is one.
pub fn parse(line: &str, request: u64) -> Result<Line, Faulty> {
    let faulty = |fault: String| Faulty { line: line.to_string(), fault };
    let words = words::split(line).map_err(faulty)?;
    Script { words, at: 0, request }.line().map_err(faulty)
}

/// The words of a line, read one after another.
pub(super) struct Script {
    words: Vec<String>,
    at: usize,
    request: u64,
}

impl Script {
    fn line(mut self) -> Result<Line, String> {
        let verb = self.word("a verb")?;
        let told = match verb.as_str() {
            "crash" => Told::Crash,
            "loaded" => Told::Loaded(self.session()?),
            "lose" => Told::Lose(self.session()?, Seq(self.number()?)),
            "cut" => Told::Cut(self.session()?, Seq(self.number()?)),
            "look" => Told::Look(self.session()?),
            "inbox" => Told::Inbox,
            "due" => Told::Due,
            verb => Told::Input(self.input(verb)?),
        };
        let after =
            self.option("after")?.map(|word| words::read_span(&word)).transpose()?.unwrap_or_default();
        let wall = self.option("wall")?.map(|word| words::read_span(&word)).transpose()?;
        let wall = wall.map(|wall| WallTime(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX)));
        match self.words.get(self.at) {
            None => Ok(Line { after, wall, told }),
            Some(surplus) => Err(format!("`{surplus}` is not expected")),
        }
    }

    fn input(&mut self, verb: &str) -> Result<Input, String> {
        Ok(match verb {
            "started" => Input::Started,
            "stopping" => Input::Stopping,
            "tick" => Input::Tick,
            "attach" => Input::Attached(self.client()?),
            "detach" => Input::Detached(self.client()?),
            "show" => {
                let client = self.client()?;
                let session = if self.take("nothing") { None } else { Some(self.session()?) };
                Input::Showing { client, session, at_end: !self.take("scrolled") }
            }
            "offer" => Input::Offered { session: self.session()?, agent: self.word("an agent")? },
            "unbound" => Input::NotBound { session: self.session()?, turn: self.turn()? },
            "memory" => Input::Memory { bytes: self.number()? },
            "unreadable" => Input::Loaded { session: self.session()?, stored: Err(self.word("a reason")?) },
            "sent" | "text" | "thinking" | "plan" | "model" | "usage" | "title" | "steerable" | "call"
            | "progress" | "result" | "resumable" | "reason" | "done" | "failed" => self.agent(verb)?,
            _ => {
                let command = self.command(verb)?;
                let client = if self.take("by") { self.client()? } else { ClientId(1) };
                Input::Wish { to: ReplyTo { client, request: RequestId(self.request) }, command }
            }
        })
    }

    fn agent(&mut self, verb: &str) -> Result<Input, String> {
        let session = self.session()?;
        let event = match verb {
            "sent" => AgentEvent::Sent(self.sent()?),
            "text" => AgentEvent::Text(self.word("a text")?),
            "thinking" => AgentEvent::Thinking(self.word("a text")?),
            "plan" => AgentEvent::Plan(self.plan()?),
            "model" => AgentEvent::Model(self.word("a model")?),
            "progress" => AgentEvent::Progress { call: CallNo(self.number()?), text: self.word("a text")? },
            "resumable" => AgentEvent::Resume(ResumeHandle(self.word("a handle")?)),
            "reason" => AgentEvent::StopReason(self.word("a reason")?),
            "title" => AgentEvent::Title(self.word("a title")?),
            "steerable" => AgentEvent::Steerable,
            "call" => AgentEvent::Call(self.call()?),
            "result" => AgentEvent::Result {
                call: CallNo(self.number()?),
                outcome: self.outcome()?,
                text: self.word("a text")?,
            },
            "usage" => AgentEvent::Usage(Usage { input: self.number()?, output: self.number()? }),
            "done" => AgentEvent::Done,
            _ => {
                let code = self.word("a failure")?;
                let kind = failure(&code)?;
                let detail = self.option("detail")?.unwrap_or_default();
                AgentEvent::Failed(AgentFailure { kind, detail })
            }
        };
        let turn = self.turn()?;
        Ok(Input::Agent { session, turn, event })
    }

    /// How much was sent and how much left out.
    pub(super) fn sent(&mut self) -> Result<Sent, String> {
        Ok(Sent { entries: self.number()?, left_out: self.number()? })
    }

    /// Steps, each behind the word for how far it is.
    pub(super) fn plan(&mut self) -> Result<Vec<PlanStep>, String> {
        let mut steps = Vec::new();
        while let Some(state) = StepState::ALL.into_iter().find(|state| self.take(state.word())) {
            steps.push(PlanStep { text: self.word("a step")?, state });
        }
        Ok(steps)
    }

    fn command(&mut self, verb: &str) -> Result<Command, String> {
        let session = self.session()?;
        Ok(match verb {
            "create" => {
                let (name, setup, tags) = self.creation()?;
                Command::Create { id: session, name, setup, tags }
            }
            "import" => self.import(session)?,
            "part" => self.part(session)?,
            "imported" => Command::EndImport { session },
            "fork" => Command::Fork {
                session,
                id: self.session()?,
                at: self.option("at")?.map(|text| number(&text)).transpose()?.map(EntryNo),
                name: self.option("name")?,
            },
            "reopen" => Command::Reopen { session },
            "trash" => Command::Trash { session, even_if_working: self.take("anyway") },
            "restore" => Command::Restore { session },
            "erase" => Command::Erase { session, even_if_working: self.take("anyway") },
            "wake" => Command::Wake { session },
            "tag" => Command::Tag { session, changes: self.tags() },
            "pin" => Command::Pin { session, pinned: true },
            "unpin" => Command::Pin { session, pinned: false },
            "policy" => Command::SetPolicy { session, policy: self.policy()? },
            "unread" => Command::MarkUnread { session },
            "edit" => Command::Edit { session, prompt: PromptNo(self.number()?), text: self.word("a text")? },
            "move" => Command::Move {
                session,
                prompt: PromptNo(self.number()?),
                place: u32::try_from(self.number()?).unwrap_or(u32::MAX),
            },
            "now" => Command::SendNow { session, prompt: PromptNo(self.number()?) },
            "steer" => Command::Steer { session, text: self.word("a text")?, token: self.token()? },
            "answer" => self.answer(session)?,
            "rename" => Command::Rename { session, name: self.word("a name")? },
            "close" => Command::Close { session, even_if_working: self.take("anyway") },
            "submit" => Command::Submit { session, text: self.word("a text")?, token: self.token()? },
            "unqueue" => Command::Unqueue { session, prompt: PromptNo(self.number()?) },
            "interrupt" => Command::Interrupt { session },
            "retry" => Command::Retry { session, token: self.token()? },
            "draft" => Command::SaveDraft { session, text: self.word("a text")? },
            _ => return Err(format!("`{verb}` is not a verb")),
        })
    }

    /// Name, setup and tags.
    pub(super) fn creation(&mut self) -> Result<(Option<String>, Setup, Vec<String>), String> {
        let (mut name, mut setup, mut tags) = (None, usual_setup(), Vec::new());
        loop {
            if let Some(typed) = self.option("name")? {
                name = Some(typed);
            } else if let Some(word) = self.option("kind")? {
                setup.kind = kind(&word)?;
            } else if let Some(word) = self.option("custom")? {
                setup.kind = custom(&word)?;
            } else if let Some(brief) = self.option("brief")? {
                setup.brief = brief;
            } else if let Some(agent) = self.option("agent")? {
                setup.agent = agent;
            } else if let Some(model) = self.option("model")? {
                setup.model = model;
            } else if let Some(directory) = self.option("directory")? {
                setup.directory = directory;
            } else if let Some(word) = self.option("environment")? {
                setup.environment = Environment(number(&word)?);
            } else if self.take("policy") {
                setup.policy = self.policy()?;
            } else if let Some(tag) = self.option("tag")? {
                tags.push(tag);
            } else {
                return Ok((name, setup, tags));
            }
        }
    }

    /// All words that follow and begin with a sign.
    fn tags(&mut self) -> Vec<TagChange> {
        let rest = self.words.get(self.at..).unwrap_or_default();
        let changes: Vec<TagChange> = rest
            .iter()
            .take_while(|word| word.starts_with(['+', '-']))
            .map(|word| TagChange::typed(word))
            .collect();
        self.at += changes.len();
        changes
    }

    fn call(&mut self) -> Result<Call, String> {
        let no = self.number()?;
        let (tool, input) = (self.word("a tool")?, self.word("an input")?);
        let wants = if self.take("consent") {
            Wants::Consent
        } else if self.take("words") {
            Wants::Words
        } else {
            Wants::Nothing
        };
        Ok(Call { no: CallNo(no), tool, input, digest: self.digest(no)?, wants })
    }

    fn answer(&mut self, session: SessionId) -> Result<Command, String> {
        let no = self.number()?;
        let word = self.word("an answer")?;
        let answer = match word.as_str() {
            "once" => Answer::Once,
            "always" => Answer::Always,
            "deny" => Answer::Deny,
            "words" => Answer::Words(self.word("a text")?),
            _ => return Err(format!("`{word}` is not once, always, deny or words")),
        };
        let (digest, turn) = (self.digest(no)?, self.turn()?);
        Ok(Command::Answer { session, turn, call: CallNo(no), digest, answer })
    }

    fn turn(&mut self) -> Result<TurnNo, String> {
        Ok(TurnNo(self.option("turn")?.map(|text| number(&text)).transpose()?.unwrap_or(1)))
    }

    /// The digest that is written as a number or, with an `x`, in full; or the one that goes with the call's number.
    fn digest(&mut self, call: u64) -> Result<Digest, String> {
        match self.option("digest")? {
            None => Ok(Digest::numbered(call)),
            Some(word) => match word.strip_prefix('x') {
                None => number(&word).map(Digest::numbered),
                Some(digits) => full_digest(digits).ok_or_else(|| format!("`{word}` is not a digest")),
            },
        }
    }

    pub(super) fn outcome(&mut self) -> Result<Outcome, String> {
        let word = self.word("an outcome")?;
        let known = Outcome::ALL.into_iter().find(|outcome| outcome.words() == word);
        known.ok_or_else(|| format!("`{word}` is not an outcome"))
    }

    fn policy(&mut self) -> Result<Policy, String> {
        match self.word("a policy")?.as_str() {
            "ask" => Ok(Policy::Ask),
            "deny" => Ok(Policy::Deny),
            other => Err(format!("`{other}` is not ask or deny")),
        }
    }

    /// The token that is written, or one that no other line has.
    fn token(&mut self) -> Result<Token, String> {
        let written = self.option("token")?.map(|text| number(&text)).transpose()?;
        Ok(Token(written.unwrap_or_else(|| 1000 + u128::from(self.request))))
    }

    pub(super) fn word(&mut self, what: &str) -> Result<String, String> {
        let word = self.words.get(self.at).cloned().ok_or_else(|| format!("{what} is missing"))?;
        self.at += 1;
        Ok(word)
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let there = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(there);
        there
    }

    fn option(&mut self, name: &str) -> Result<Option<String>, String> {
        if self.take(name) { self.word(&format!("a word after `{name}`")).map(Some) } else { Ok(None) }
    }

    pub(super) fn number(&mut self) -> Result<u64, String> {
        number(&self.word("a number")?)
    }

    fn session(&mut self) -> Result<SessionId, String> {
        words::read_session(&self.word("a session")?)
    }

    fn client(&mut self) -> Result<ClientId, String> {
        let word = self.word("a client")?;
        let number = word.strip_prefix('c').and_then(|digits| digits.parse().ok());
        number.map(ClientId).ok_or_else(|| format!("`{word}` is not a client, like c1"))
    }
}

/// A kind that `q` brings, or one of that name.
fn kind(word: &str) -> Result<Kind, String> {
    word.parse().or_else(|_| custom(word))
}

fn custom(word: &str) -> Result<Kind, String> {
    word.parse().map(Kind::Custom).map_err(|_| format!("`{word}` is not a kind"))
}

fn full_digest(digits: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if digits.len() != 2 * digest.len() {
        return None;
    }
    for (place, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(Digest(digest))
}

/// A kind of failure by its code.
pub(super) fn failure(code: &str) -> Result<FailureKind, String> {
    let kind = FailureKind::ALL.into_iter().find(|kind| kind.code() == code);
    kind.ok_or_else(|| format!("`{code}` is not a failure"))
}

pub(super) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
