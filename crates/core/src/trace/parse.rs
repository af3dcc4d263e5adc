//! From a line to an input.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::agent::{AgentEvent, AgentFailure, FailureKind, Usage};
use crate::effect::Tag;
use crate::id::{ClientId, PromptNo, RequestId, SessionId, Token, TurnNo};
use crate::input::{Command, Input};

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Time passes, then this is told.
    Told {
        /// How long since the line before.
        after: Duration,
        /// What.
        input: Input,
    },
    /// The host dies and starts again from what it wrote.
    Crash,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{line}`: {fault}")]
pub struct Faulty {
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub fault: String,
}

/// Reads a line. `request` numbers the wish in it, if it is one; wishes are client `c1`'s.
pub fn parse(line: &str, request: u64) -> Result<Line, Faulty> {
    let faulty = |fault: String| Faulty { line: line.to_string(), fault };
    let words = words(line).map_err(faulty)?;
    Script { words, at: 0, request }.line().map_err(|fault| Faulty { line: line.to_string(), fault })
}

/// The words of a line, read one after another.
struct Script {
    words: Vec<String>,
    at: usize,
    request: u64,
}

impl Script {
    fn line(mut self) -> Result<Line, String> {
        let verb = self.word("a verb")?;
        if verb == "crash" {
            return Ok(Line::Crash);
        }
        let input = self.input(&verb)?;
        let after = self.option("after").map(|text| millis(&text)).transpose()?.unwrap_or_default();
        match self.words.get(self.at) {
            None => Ok(Line::Told { after, input }),
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
            "text" | "usage" | "done" | "failed" => self.agent(verb)?,
            _ => Input::Wish {
                tag: Tag { client: ClientId(1), request: RequestId(self.request) },
                command: self.command(verb)?,
            },
        })
    }

    fn agent(&mut self, verb: &str) -> Result<Input, String> {
        let session = self.session()?;
        let event = match verb {
            "text" => AgentEvent::Text(self.word("a text")?),
            "usage" => AgentEvent::Usage(Usage { input: self.number()?, output: self.number()? }),
            "done" => AgentEvent::Done,
            _ => {
                let code = self.word("a failure")?;
                let kind = FailureKind::ALL.into_iter().find(|kind| kind.code() == code);
                let kind = kind.ok_or_else(|| format!("`{code}` is not a failure"))?;
                AgentEvent::Failed(AgentFailure { kind, detail: String::new() })
            }
        };
        let turn = TurnNo(self.option("turn").map(|text| number(&text)).transpose()?.unwrap_or(1));
        Ok(Input::Agent { session, turn, event })
    }

    fn command(&mut self, verb: &str) -> Result<Command, String> {
        let session = self.session()?;
        Ok(match verb {
            "create" => Command::Create {
                id: session,
                name: self.option("name"),
                kind: self
                    .option("kind")
                    .unwrap_or_else(|| "development".into())
                    .parse()
                    .map_err(|_| "not a kind".to_string())?,
                agent: "guide".into(),
                model: String::new(),
                directory: "/d".into(),
            },
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

    /// The token that is written, or one that no other line has.
    fn token(&mut self) -> Result<Token, String> {
        let written = self.option("token").map(|text| number(&text)).transpose()?;
        Ok(Token(written.map_or_else(|| 1000 + u128::from(self.request), u128::from)))
    }

    fn word(&mut self, what: &str) -> Result<String, String> {
        let word = self.words.get(self.at).cloned().ok_or_else(|| format!("{what} is missing"))?;
        self.at += 1;
        Ok(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let there = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(there);
        there
    }

    fn option(&mut self, name: &str) -> Option<String> {
        if self.take(name) { self.word(name).ok() } else { None }
    }

    fn number(&mut self) -> Result<u64, String> {
        number(&self.word("a number")?)
    }

    fn session(&mut self) -> Result<SessionId, String> {
        self.marked('s').map(|n| SessionId(n.into()))
    }

    fn client(&mut self) -> Result<ClientId, String> {
        self.marked('c').map(ClientId)
    }

    fn marked(&mut self, mark: char) -> Result<u64, String> {
        let word = self.word("an id")?;
        word.strip_prefix(mark)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| format!("`{word}` is not `{mark}` and a number"))
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

fn millis(text: &str) -> Result<Duration, String> {
    let digits = text.strip_suffix("ms").ok_or_else(|| format!("`{text}` is not a time like 100ms"))?;
    number(digits).map(Duration::from_millis)
}

/// Words, and texts in quotes.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut chars = line.trim().chars().peekable();
    while let Some(&next) = chars.peek() {
        if next.is_whitespace() {
            chars.next();
        } else if next == '"' {
            chars.next();
            let mut text = String::new();
            loop {
                match (chars.next(), chars.peek()) {
                    (None, _) => return Err("a text does not end".into()),
                    (Some('"'), _) => break,
                    (Some('\\'), Some('n')) => {
                        chars.next();
                        text.push('\n');
                    }
                    (Some('\\'), Some(_)) => text.extend(chars.next()),
                    (Some(plain), _) => text.push(plain),
                }
            }
            words.push(text);
        } else {
            let mut word = String::new();
            while let Some(plain) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(plain);
            }
            words.push(word);
        }
    }
    Ok(words)
}
