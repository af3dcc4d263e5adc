//! What commands about sessions ask of the core: a typed command and what is shown → a core command. The same for all
//! faces of the terminal.

use q_core::mirror::Mirrored;
use q_core::{Answer, Command, Mirror, QueuedPrompt, SessionId, TagChange, Wants, address};

use crate::inbox::{Inbox, Shown};
use crate::slash::missed;
use crate::words;

/// A wish about an open session that needs no more than what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// `/rename NAME`
    Rename(String),
    /// `/tag +T -T …`
    Tag(Vec<TagChange>),
    /// `/pin [SESSION]`, `/unpin [SESSION]`
    Pin {
        /// Which session; without one, the one in view.
        target: Option<String>,
        /// Whether.
        pinned: bool,
    },
    /// `/unread [SESSION]`
    Unread(Option<String>),
    /// `/edit NUMBER TEXT`
    Edit {
        /// The prompt's place in the queue, from 1.
        number: usize,
        /// Its new text.
        text: String,
    },
    /// `/move NUMBER PLACE`
    Move {
        /// The prompt's place in the queue, from 1.
        number: usize,
        /// The place it shall have, from 1.
        place: usize,
    },
    /// `/now [NUMBER]`
    Now(Option<usize>),
    /// `/approve [NUMBER]`, `/always [NUMBER]`
    Approve {
        /// The number it was shown with.
        number: Option<usize>,
        /// Whether the tool is not asked about again.
        always: bool,
    },
    /// `/deny [NUMBER] [WORDS]`
    Deny {
        /// The number it was shown with.
        number: Option<usize>,
        /// What to do instead.
        words: Option<String>,
    },
    /// `/answer WORDS`
    Answer(String),
}

/// What is shown to whoever types.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The sessions.
    pub mirror: &'a Mirror,
    /// The one in view.
    pub focus: Option<SessionId>,
    /// The calls that were shown.
    pub inbox: &'a Inbox,
}

/// A wish as the core takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The session it is about.
    pub session: SessionId,
    /// What is wanted of it.
    pub command: Command,
}

impl Wish {
    /// What it asks of the core; or why it cannot be asked, in words for the person.
    pub fn asked(self, scene: Scene<'_>) -> Result<Asked, String> {
        let (session, command) = match self {
            Self::Rename(name) => {
                let session = scene.here()?;
                (session, Command::Rename { session, name })
            }
            Self::Tag(changes) => {
                let session = scene.here()?;
                (session, Command::Tag { session, changes })
            }
            Self::Pin { target, pinned } => {
                let session = scene.session(target.as_deref())?;
                (session, Command::Pin { session, pinned })
            }
            Self::Unread(target) => {
                let session = scene.session(target.as_deref())?;
                (session, Command::MarkUnread { session })
            }
            Self::Edit { number, text } => {
                let (session, waiting) = scene.waiting(Some(number), End::Front)?;
                (session, Command::Edit { session, prompt: waiting.prompt, text })
            }
            Self::Move { number, place } => {
                let (session, waiting) = scene.waiting(Some(number), End::Front)?;
                let place = u32::try_from(place.saturating_sub(1)).unwrap_or(u32::MAX);
                (session, Command::Move { session, prompt: waiting.prompt, place })
            }
            Self::Now(number) => {
                let (session, waiting) = scene.waiting(number, End::Front)?;
                (session, Command::SendNow { session, prompt: waiting.prompt })
            }
            Self::Approve { number, always } => {
                let answer = if always { Answer::Always } else { Answer::Once };
                scene.answer(number, Wants::Consent, answer)?
            }
            Self::Deny { number, words } => {
                scene.answer(number, Wants::Consent, words.map_or(Answer::Deny, Answer::Words))?
            }
            Self::Answer(words) => scene.answer(None, Wants::Words, Answer::Words(words))?,
        };
        Ok(Asked { session, command })
    }
}

/// Which of the waiting prompts is meant where no number is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The one to be sent next.
    Front,
    /// The one that was sent last.
    Back,
}

impl<'a> Scene<'a> {
    /// The session in view.
    pub fn here(self) -> Result<SessionId, String> {
        self.focus.ok_or_else(|| "there is no session yet; type a prompt, or /new".to_owned())
    }

    /// The session in view, if a turn runs in it that something can be said into.
    pub fn running(self) -> Result<SessionId, String> {
        let id = self.here()?;
        let runs = self.mirror.get(id).is_some_and(|session| session.summary.activity.is_busy());
        if runs {
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

    /// A prompt that waits in the session in view, by its place from 1.
    pub fn waiting(self, number: Option<usize>, usual: End) -> Result<(SessionId, &'a QueuedPrompt), String> {
        let id = self.here()?;
        let queue = self.mirror.get(id).map(|session| session.queue.as_slice()).unwrap_or_default();
        let chosen = match (number, usual) {
            (Some(number), _) => number.checked_sub(1).and_then(|place| queue.get(place)),
            (None, End::Front) => queue.first(),
            (None, End::Back) => queue.last(),
        };
        chosen.map(|waiting| (id, waiting)).ok_or_else(|| match queue.len() {
            0 => "no prompt waits here".to_owned(),
            count => format!("there is no such number; {} waiting", words::counted(count, "prompt")),
        })
    }

    fn answer(
        self,
        number: Option<usize>,
        wants: Wants,
        answer: Answer,
    ) -> Result<(SessionId, Command), String> {
        let Shown { session, pending } = self.inbox.choose(self.mirror, self.focus, number, wants)?;
        let (session, turn, call, digest) = (*session, pending.turn, pending.call, pending.digest);
        Ok((session, Command::Answer { session, turn, call, digest, answer }))
    }
}

/// The prompts that wait in a session, in lines: its place before each.
pub fn queue(session: &Mirrored) -> Vec<String> {
    let line = |(place, waiting): (usize, &QueuedPrompt)| {
        format!("{:>3}  {}", place + 1, crate::sanitize::visible(&waiting.text).replace('\n', "\n     "))
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
