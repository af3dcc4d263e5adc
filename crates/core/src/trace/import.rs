//! The lines of imports: what a session from elsewhere is, and its parts.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::parse::{Script, failure, number};
use super::words::{bare, session};
use super::write::{create, plan_words};
use crate::agent::{AgentFailure, Usage, Wants};
use crate::id::{CallNo, EntryNo, PromptNo, SessionId, Token};
use crate::import::{Import, Item};
use crate::input::Command;
use crate::name::NameOrigin;
use crate::record::{Fault, Interrupter};
use crate::session::transcript::{Body, CallOutput, Called, Entry, Resulted, Stop};
use crate::time::WallTime;

const ORIGINS: [(&str, NameOrigin); 3] = [
    ("chosen", NameOrigin::Chosen),
    ("automatic", NameOrigin::Automatic),
    ("placeholder", NameOrigin::Placeholder),
];
const WANTS: [(&str, Wants); 3] =
    [("nothing", Wants::Nothing), ("consent", Wants::Consent), ("words", Wants::Words)];
const INTERRUPTERS: [(&str, Interrupter); 3] =
    [("user", Interrupter::User), ("stop", Interrupter::Stop), ("crash", Interrupter::Crash)];

impl Script {
    pub(super) fn import(&mut self, id: SessionId) -> Result<Command, String> {
        let name = self.word("a name")?;
        let origin = self.one_of(&ORIGINS)?;
        let (pinned, running) = (self.take("pinned"), self.take("running"));
        let (created, touched) = (WallTime(self.number()?), WallTime(self.number()?));
        let usage = Usage { input: self.number()?, output: self.number()? };
        let (typed, setup, tags) = self.creation()?;
        let import =
            Import { id, typed, name, origin, setup, tags, pinned, created, touched, usage, running };
        Ok(Command::Import(Box::new(import)))
    }

    pub(super) fn part(&mut self, session: SessionId) -> Result<Command, String> {
        let mut items = Vec::new();
        loop {
            if self.take("entry") {
                let (no, at) = (EntryNo(self.number()?), WallTime(self.number()?));
                items.push(Item::Entry(Entry { no, at, body: self.body()? }));
            } else if self.take("waits") {
                let token = Token(number(&self.word("a token")?)?);
                items.push(Item::Waiting { token, text: self.word("a text")? });
            } else if self.take("typed") {
                items.push(Item::Draft(self.word("a text")?));
            } else {
                return Ok(Command::ImportPart { session, items });
            }
        }
    }

    fn body(&mut self) -> Result<Body, String> {
        let word = self.word("an entry")?;
        Ok(match word.as_str() {
            "prompt" => Body::Prompt(self.word("a text")?),
            "answer" => Body::Answer(self.word("a text")?),
            "thinking" => Body::Thinking(self.word("a text")?),
            "call" => Body::Call(Called {
                no: CallNo(self.number()?),
                tool: self.word("a tool")?,
                input: self.word("an input")?,
                wants: self.one_of(&WANTS)?,
            }),
            "result" => Body::Result(Resulted {
                of: EntryNo(self.number()?),
                outcome: self.outcome()?,
                text: self.word("a text")?,
                kept: self.number()?,
                whole: self.number()?,
            }),
            "output" => Body::Output(CallOutput { of: EntryNo(self.number()?), text: self.word("a text")? }),
            "plan" => Body::Plan(self.plan()?),
            "interrupted" => Body::Stop(Stop::Interrupted(self.one_of(&INTERRUPTERS)?)),
            "failed" => Body::Stop(Stop::Failed(AgentFailure {
                kind: failure(&self.word("a failure")?)?,
                detail: self.word("a text")?,
            })),
            "left-out" => Body::LeftOut(self.sent()?),
            "lost" => Body::Repair(Fault::PromptLost(PromptNo(self.number()?))),
            "cut" if self.take("unknown") => Body::Repair(Fault::LogCut { lost: None }),
            "cut" => Body::Repair(Fault::LogCut { lost: Some(self.number()?) }),
            _ => return Err(format!("`{word}` is not an entry")),
        })
    }

    fn one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Result<T, String> {
        let word = self.word("a word")?;
        let found = known.iter().find(|(name, _)| *name == word);
        found.map(|&(_, value)| value).ok_or_else(|| format!("`{word}` is not expected"))
    }
}

pub(super) fn import_words(import: &Import) -> String {
    let Import { id, typed, name, origin, setup, tags, pinned, created, touched, usage, running } = import;
    let mut words = Vec::from([format!("import {} {}", session(*id), bare(name)), named(&ORIGINS, *origin)]);
    words.extend(pinned.then(|| "pinned".to_string()));
    words.extend(running.then(|| "running".to_string()));
    words.push(format!("{} {} {} {}", created.0, touched.0, usage.input, usage.output));
    words.extend(create(typed.as_deref(), setup, tags));
    words.join(" ")
}

pub(super) fn part_words(id: SessionId, items: &[Item]) -> String {
    let mut words = Vec::from([format!("part {}", session(id))]);
    words.extend(items.iter().map(|item| match item {
        Item::Entry(entry) => format!("entry {} {} {}", entry.no, entry.at.0, body(&entry.body)),
        Item::Waiting { token, text } => format!("waits {} {text:?}", token.0),
        Item::Draft(text) => format!("typed {text:?}"),
    }));
    words.join(" ")
}

/// As a line of a part has it, and the record of it.
pub(super) fn body(body: &Body) -> String {
    match body {
        Body::Prompt(text) => format!("prompt {text:?}"),
        Body::Answer(text) => format!("answer {text:?}"),
        Body::Thinking(text) => format!("thinking {text:?}"),
        Body::Call(Called { no, tool, input, wants }) => {
            format!("call {no} {} {input:?} {}", bare(tool), named(&WANTS, *wants))
        }
        Body::Result(Resulted { of, outcome, text, kept, whole }) => {
            format!("result {of} {} {text:?} {kept} {whole}", bare(outcome.words()))
        }
        Body::Output(CallOutput { of, text }) => format!("output {of} {text:?}"),
        Body::Plan(steps) => format!("plan{}", plan_words(steps)),
        Body::Stop(Stop::Interrupted(by)) => format!("interrupted {}", named(&INTERRUPTERS, *by)),
        Body::Stop(Stop::Failed(AgentFailure { kind, detail })) => {
            format!("failed {} {detail:?}", kind.code())
        }
        Body::LeftOut(sent) => format!("left-out {} {}", sent.entries, sent.left_out),
        Body::Repair(Fault::PromptLost(prompt)) => format!("lost {prompt}"),
        Body::Repair(Fault::LogCut { lost: None }) => "cut unknown".into(),
        Body::Repair(Fault::LogCut { lost: Some(lost) }) => format!("cut {lost}"),
    }
}

fn named<T: Copy + PartialEq>(known: &[(&str, T)], value: T) -> String {
    known.iter().find(|(_, one)| *one == value).map(|(name, _)| (*name).to_string()).unwrap_or_default()
}
