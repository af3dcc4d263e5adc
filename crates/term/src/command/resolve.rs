//! What a command is about, and the core's command for it: by what is shown to whoever types. The same on the whole screen
//! and in plain mode.

use q_core::address::{self, Miss};
use q_core::mirror::Mirrored;
use q_core::{Answer, Command, Mirror, QueuedPrompt, SessionId, Token, Wants};

use crate::command::arguments::{Among, CoreCommand};
use crate::command::user_command::UserCommand;
use crate::command::{read, table};
use crate::inbox::{self, Choice, Inbox, LineStart, NumberedCall, WantedAnswer};
use crate::words;

/// What is said where something has no meaning without a screen.
const NO_SCREEN: &str = "that needs the whole screen; here everything is printed line by line";

/// What is shown to whoever types.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub mirror: &'a Mirror,
    /// The one in view.
    pub focus: Option<SessionId>,
    /// The calls that were shown.
    pub inbox: &'a Inbox,
    /// What the line that was typed can be about.
    pub line: &'a LineStart,
}

/// Whom words are for that are no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordsFor {
    /// They are a prompt.
    Agent,
    /// They answer the question in view, which could be read before they were begun.
    Question,
    /// A question came or went meanwhile, so that nobody knows what they were meant for; what is said of that.
    NobodyYet(&'static str),
}

const QUESTION_CAME: &str =
    "a question came while you typed: nothing was sent; sent again it answers that, /deny gives no answer";
const QUESTION_WENT: &str = "the question waits no longer: nothing was sent; sent again it is a prompt";

/// What comes of a command by its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The core is told something about that session.
    Command(SessionId, Command),
    /// The core is told something about a turn of that session, once the client has drawn a mark for it.
    Turn(SessionId),
    /// The session has to be looked for first, among all there are.
    Lookup(String),
    /// The core is told an answer to each of these calls, which were all shown; with what is said of that.
    Answers(Vec<Command>, String),
    /// The call of that number has to be shown whole first; nothing is answered.
    Show(usize),
    /// Several calls have to be shown whole first; nothing is answered.
    ShowAll,
}

impl UserCommand {
    /// What it asks of the core, of that session; nothing where its row has no such command.
    pub fn of_session(&self, session: SessionId) -> Option<Command> {
        match self.action.row()?.core? {
            CoreCommand::Session(_, build) => Some(build(session, &self.arguments)),
            CoreCommand::Turn(_) | CoreCommand::Prompt(_) | CoreCommand::Call(..) => None,
        }
    }

    /// What it asks of the core about a turn of that session, under a mark of the client's; nothing where its row has no
    /// such command.
    pub fn of_turn(&self, session: SessionId, token: Token) -> Option<Command> {
        match self.action.row()?.core? {
            CoreCommand::Turn(build) => Some(build(session, token, &self.arguments)),
            CoreCommand::Session(..) | CoreCommand::Prompt(_) | CoreCommand::Call(..) => None,
        }
    }

    /// Whether it may be meant for that session, where several have the name that was typed.
    pub fn fits(&self, session: &q_core::Summary) -> bool {
        match self.action.row().and_then(|row| row.core) {
            Some(CoreCommand::Session(among, _)) => among.has(session),
            Some(CoreCommand::Turn(_) | CoreCommand::Prompt(_) | CoreCommand::Call(..)) | None => {
                Among::Open.has(session)
            }
        }
    }
}

impl<'a> Scene<'a> {
    /// What a command asks of the core; or why it cannot be asked, in words for the person.
    pub fn resolve(self, command: &UserCommand) -> Result<Resolved, String> {
        let arguments = &command.arguments;
        let told = match command.action.row().and_then(|row| row.core) {
            Some(CoreCommand::Session(among, build)) => {
                let session = match &arguments.session {
                    Some(address) if among != Among::Open => return Ok(Resolved::Lookup(address.clone())),
                    address => self.session(address.as_deref())?,
                };
                (session, build(session, arguments))
            }
            Some(CoreCommand::Turn(_)) => return Ok(Resolved::Turn(self.here()?)),
            Some(CoreCommand::Prompt(build)) => {
                // Without a number the one is meant that is sent next.
                let (session, waiting) = self.waiting(arguments.number.unwrap_or(1))?;
                (session, build(session, waiting.prompt, arguments))
            }
            Some(CoreCommand::Call(wants, answer)) => {
                let answer = answer(arguments);
                let runs = matches!(answer, Answer::Once | Answer::Always);
                let denies = answer == Answer::Deny;
                let (number, all) = (arguments.number, arguments.flags.all);
                let wanted = WantedAnswer { number, wants, runs, all, denies };
                match self.inbox.choose(self.mirror, self.focus, self.line, wanted)? {
                    Choice::All(calls) => {
                        let tool = calls.first().map(|call| call.pending.tool.as_str()).unwrap_or_default();
                        let said = inbox::answered(tool, calls.len(), &answer);
                        let told =
                            |call: &&NumberedCall| table::answer(call.session, &call.pending, answer.clone());
                        return Ok(Resolved::Answers(calls.iter().map(told).collect(), said));
                    }
                    Choice::SeveralUnread => return Ok(Resolved::ShowAll),
                    Choice::Call(NumberedCall { session, pending }) => {
                        (*session, table::answer(*session, pending, answer))
                    }
                    Choice::Unread(number) => return Ok(Resolved::Show(number)),
                }
            }
            None => return Err(NO_SCREEN.to_owned()),
        };
        Ok(Resolved::Command(told.0, told.1))
    }

    /// What a single word answers, where a call in view waits for consent, or waited when the line was begun.
    pub fn answer(self, text: &str) -> Option<UserCommand> {
        read::answer(text).filter(|_| self.line.asks() || self.asks())
    }

    /// Whom words are for that are no command. What asks for consent is answered by letters, and what is said beside that waits.
    pub fn words_are_for(self) -> WordsFor {
        let session = self.focus.and_then(|id| self.mirror.get(id));
        let asked =
            session.is_some_and(|session| session.pending.iter().any(|call| call.wants == Wants::Words));
        match (self.asks() || self.line.asks(), asked, self.line.asks_words()) {
            (false, true, true) => WordsFor::Question,
            (false, true, false) => WordsFor::NobodyYet(QUESTION_CAME),
            (false, false, true) => WordsFor::NobodyYet(QUESTION_WENT),
            (true, ..) | (false, false, false) => WordsFor::Agent,
        }
    }

    /// Whether a call in the session in view waits for consent.
    pub fn asks(self) -> bool {
        let session = self.focus.and_then(|id| self.mirror.get(id));
        session.is_some_and(|session| session.pending.iter().any(|call| call.wants != Wants::Words))
    }

    /// The session in view.
    pub fn here(self) -> Result<SessionId, String> {
        self.focus.ok_or_else(|| "there is no session yet; type a prompt, or /new".to_owned())
    }

    /// Whether a turn runs in the session in view.
    pub fn is_working(self) -> bool {
        let session = self.focus.and_then(|id| self.mirror.get(id));
        session.is_some_and(|session| session.summary.activity.is_busy())
    }

    /// The session in view, if a turn runs in it that something can be said into.
    pub fn running(self) -> Result<SessionId, String> {
        let id = self.here()?;
        if self.is_working() {
            Ok(id)
        } else {
            Err("nothing runs here that could be steered; without /steer it is a prompt".to_owned())
        }
    }

    /// The session an address names; without one, the one in view.
    pub fn session(self, target: Option<&str>) -> Result<SessionId, String> {
        let Some(target) = target else { return self.here() };
        let sessions = self.mirror.by_slot();
        address::resolve(target, sessions.iter().map(|session| &session.summary))
            .map_err(|miss| missed(&miss))
    }

    /// The prompt of that number in the session in view, or the one that was sent last: what is taken back into the editor.
    pub fn last_waiting(self, number: Option<usize>) -> Result<(SessionId, &'a QueuedPrompt), String> {
        let count = self.focus.and_then(|id| self.mirror.get(id)).map_or(0, |session| session.queue.len());
        self.waiting(number.unwrap_or(count))
    }

    /// A prompt that waits in the session in view, by its place from 1.
    fn waiting(self, number: usize) -> Result<(SessionId, &'a QueuedPrompt), String> {
        let id = self.here()?;
        let queue = self.mirror.get(id).map(|session| session.queue.as_slice()).unwrap_or_default();
        let chosen = number.checked_sub(1).and_then(|place| queue.get(place));
        chosen.map(|waiting| (id, waiting)).ok_or_else(|| match queue.len() {
            0 => "no prompt waits here".to_owned(),
            count => format!("there is no such number; {} waiting", words::counted(count, "prompt")),
        })
    }
}

/// What to say when an address leads nowhere: candidates, or the nearest name.
fn missed(miss: &Miss) -> String {
    match miss {
        Miss::Ambiguous { address, candidates } => {
            format!("`{address}` could be {}; type more of it", candidates.join(", "))
        }
        Miss::Unknown { address, nearest: Some(name) } => {
            format!("there is no session `{address}`; did you mean {name}?")
        }
        Miss::Unknown { address, nearest: None } => {
            format!("there is no session `{address}`; /sessions lists them")
        }
    }
}

/// The prompts that wait in a session, in lines: its place before each.
pub fn queue(session: &Mirrored) -> Vec<String> {
    let line = |(place, waiting): (usize, &QueuedPrompt)| {
        format!(
            "{:>3}  {}",
            place + 1,
            crate::sanitize::visible(&crate::quoted::folded(&waiting.text)).replace('\n', "\n     ")
        )
    };
    let text = session.queue.iter().enumerate().map(line);
    text.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The tags of a session, in words.
pub fn tags(session: &Mirrored) -> String {
    let summary = &session.summary;
    let name = crate::sanitize::visible_line(summary.name.as_str());
    if summary.tags.is_empty() {
        return format!("{name} has no tags; `/tag +WORD` adds one");
    }
    let tags: Vec<String> = summary.tags.iter().map(ToString::to_string).collect();
    format!("tags of {name}: {}", tags.join(" "))
}
