//! The conversation: a transcript as a model takes it. Its invariants hold by construction:
//!
//! - the person and the assistant alternate, the person first;
//! - every call has exactly one result, in the message that follows it;
//! - the first part is never a result;
//! - no text is empty, or blank: servers reject those;
//! - what is sealed stands in front of a text or a call of its turn, and never at the end of a message;
//! - a prompt whose turn stopped before anything answered it is not in it: see [`Unanswered`].

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::agent::Outcome;
use crate::compaction::{framed, sent_of};
use crate::entry::{Body, CallOutput, Entry, Resulted};
use crate::id::EntryNo;
use crate::image::{Image, ImagePlace};
use crate::limits::{SENT_IMAGE_BYTES, SENT_IMAGES};
use crate::seal::{PlacedSeal, Seal};

/// Who speaks in a message, in the words of every provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person; the results of calls come in this role too.
    User,
    Assistant,
}

/// One message of what is sent to a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub parts: Vec<Part>,
}

impl Message {
    /// A message of one text.
    pub fn words(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: [Part::Text(text.into())].into() }
    }

    /// All of it as text, for agents that know no calls and see no images.
    pub fn text(&self) -> String {
        let parts: Vec<String> = self.parts.iter().filter_map(Part::as_text).collect();
        parts.join("\n\n")
    }
}

impl Part {
    /// Bytes of its texts; of an image those of a text that costs as much. What is sealed is none: its tokens are not what its
    /// bytes say.
    fn bytes(&self) -> usize {
        match self {
            Self::Sealed(_) => 0,
            Self::Text(text) | Self::Result { text, .. } => text.len(),
            Self::Call { tool, input, .. } => tool.len() + input.len(),
            Self::GoOn => GO_ON.len(),
            Self::Image { image, .. } => image.as_text_bytes() as usize,
        }
    }

    /// It as text, for whoever knows no calls; nothing of an image.
    pub(crate) fn as_text(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) => text.clone(),
            Self::GoOn => GO_ON.into(),
            Self::Call { tool, input, .. } => format!("[called {tool}]\n{input}"),
            Self::Result { outcome, text, .. } => format!("[result: {}]\n{text}", outcome.words()),
            Self::Image { .. } | Self::Sealed(_) => return None,
        })
    }
}

/// What stands for [`Part::GoOn`] in words. Nobody typed it.
pub const GO_ON: &str = "Go on exactly where you stopped.";

/// What stands for an image where whoever answers is not shown it …
const NOT_SEEN: &str = "not shown";
/// … where newer ones take all the room …
const NOT_AGAIN: &str = "sent earlier, not sent again";
/// … and where its bytes are not kept.
const NOT_KEPT: &str = "not kept here";

/// What stands in front of what a call had put out that was cut short.
const PUT_OUT: &str = "Until then it put out:\n";

/// A part of a message. Calls are known by their entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// What the assistant's provider sealed before it said what comes next. It goes to its maker alone.
    Sealed(Seal),
    /// The assistant is to go on with what it said last, as if it had not stopped there. Where a protocol takes an answer that
    /// is not whole, it ends with that; elsewhere the person says [`GO_ON`].
    GoOn,
    /// An image of the person's, in front of the words that it goes with.
    Image {
        image: Image,
        /// Its file in base64; empty until somebody has read it: see [`shown`].
        data: String,
    },
    Call {
        entry: EntryNo,
        tool: String,
        /// What it was given.
        input: String,
    },
    /// A call's one result.
    Result {
        /// The entry of its call.
        of: EntryNo,
        outcome: Outcome,
        text: String,
    },
}

/// Tells of entries, seen from the newest back, which are prompts that nothing answered before their turn stopped.
///
/// They stay in the transcript, marked, and are not sent with later prompts: what a server refuses once would else stand
/// in the way of everything after it. A retry begins with an entry of its own, which is sent. A prompt with no stop
/// behind it is being asked, or was answered with nothing; it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// Whether a turn stopped after the entries to come, and the agent said nothing between.
    stopped: bool,
}

impl Unanswered {
    /// Behind the end of a turn that stopped.
    pub(crate) const fn behind_a_stop() -> Self {
        Self { stopped: true }
    }

    /// Whether the next older entry is such a prompt, or a wish to go on: see [`Body::answers`].
    pub fn is(&mut self, older: &Entry) -> bool {
        if matches!(older.body, Body::Stop(_)) {
            self.stopped = true;
        } else if older.body.answers() {
            self.stopped = false;
        }
        self.stopped && older.body.begins_turn()
    }
}

/// The prompts among these entries that nothing answered before their turn stopped: see [`Unanswered`].
pub fn unanswered<'a>(
    entries: impl IntoIterator<IntoIter: DoubleEndedIterator<Item = &'a Entry>>,
) -> BTreeSet<EntryNo> {
    let mut unanswered = Unanswered::default();
    entries.into_iter().rev().filter(|entry| unanswered.is(entry)).map(|entry| entry.no).collect()
}

/// The messages that entries make, without what is sealed: see [`sealed_messages`].
pub fn messages(entries: &[Entry]) -> Vec<Message> {
    sealed_messages(entries, Vec::new())
}

/// The messages that entries make, and what was sealed between them, in order. What is older than the first prompt that is sent is left out, as is what the agent
/// only thought, and prompts that nothing answered; a call whose result is not there gets one that says so.
/// They begin with the newest summary that counts, in place of all that is before it.
pub fn sealed_messages(entries: &[Entry], seals: Vec<PlacedSeal>) -> Vec<Message> {
    let (summary, entries) = sent_of(entries);
    let unanswered = unanswered(entries);
    let (mut results, mut outputs) = (BTreeMap::new(), BTreeMap::<EntryNo, Vec<&str>>::new());
    for entry in entries {
        if let Body::Result(result) = &entry.body {
            results.insert(result.of, result);
        } else if let Body::Output(CallOutput { of, text }) = &entry.body {
            outputs.entry(*of).or_default().push(text);
        }
    }
    let mut script = Script { results, outputs, messages: Vec::new(), open: Vec::new(), sealed: Vec::new() };
    let mut seals = seals.into_iter().peekable();
    if let Some(summary) = summary {
        script.prompt(&framed(summary), &[]);
    }
    // What the person has the shell run, until the entry of its call.
    let mut line = None;
    for entry in entries {
        while let Some(placed) = seals.next_if(|placed| placed.at.0 < entry.no.0) {
            script.seal(placed.seal);
        }
        if entry.body.begins_turn() {
            line = None;
        }
        match &entry.body {
            Body::Prompt(_) | Body::Continued if unanswered.contains(&entry.no) => script.close(),
            Body::Prompt(prompt) => match prompt.shell_line() {
                None => script.prompt(&prompt.text, &prompt.images),
                Some(shell) => line = Some(shell),
            },
            Body::Continued => script.go_on(),
            Body::Reversed(reversed) => script.prompt(&reversed.told(), &[]),
            Body::Answer(text) => script.answer(text),
            Body::Call(call) => match line.take() {
                None => script.call(entry.no, &call.tool, &call.input),
                Some(shell) if shell.is_told => {
                    let result = script.results.get(&entry.no).copied();
                    let put_out = script.outputs.get(&entry.no).map(|pieces| pieces.concat());
                    script.prompt(&shell.told(result, &put_out.unwrap_or_default()), &[]);
                }
                Some(_kept_from_it) => {}
            },
            // A result stands where its call is closed, with what the call put out. Summaries among the rest were undone.
            Body::Result(_)
            | Body::Output(_)
            | Body::Plan(_)
            | Body::Sources(_)
            | Body::ProjectFiles(_)
            | Body::Thinking(_)
            | Body::Stop(_)
            | Body::Repair(_)
            | Body::LeftOut(_)
            | Body::Compaction(_) => {}
        }
    }
    script.close();
    script.messages
}

/// The same conversation with these words of the person's at its end.
pub fn followed_by(mut messages: Vec<Message>, words: &str) -> Vec<Message> {
    match messages.last_mut() {
        Some(last) if last.role == Role::User => last.parts.push(Part::Text(words.into())),
        Some(_) | None => messages.push(Message::words(Role::User, words)),
    }
    messages
}

/// The same conversation with its images as they are sent: the newest ones, as many as go at once, each as `read` has it; in
/// place of every other one stand words. Where it reads nothing, the image is lost.
pub fn shown<E>(
    mut messages: Vec<Message>,
    mut read: impl FnMut(ImagePlace, u64) -> Result<String, E>,
) -> Result<Vec<Message>, E> {
    let (mut count, mut bytes) = (0, 0_u64);
    for part in messages.iter_mut().rev().flat_map(|message| message.parts.iter_mut().rev()) {
        let Part::Image { image, data } = part else { continue };
        let Some(place) = image.kept else {
            *part = Part::Text(image.words(NOT_KEPT));
            continue;
        };
        count += 1;
        bytes = bytes.saturating_add(image.size);
        if count > SENT_IMAGES || bytes > SENT_IMAGE_BYTES {
            *part = Part::Text(image.words(NOT_AGAIN));
            continue;
        }
        *data = read(place, image.encoded())?;
        if data.len() as u64 != image.encoded() {
            *part = Part::Text(image.words(NOT_KEPT));
        }
    }
    Ok(messages)
}

/// The same conversation with words in place of all its images.
pub fn unseen(mut messages: Vec<Message>) -> Vec<Message> {
    for part in messages.iter_mut().flat_map(|message| &mut message.parts) {
        if let Part::Image { image, .. } = part {
            *part = Part::Text(image.words(NOT_SEEN));
        }
    }
    messages
}

/// Bytes of all texts in these messages; of images an estimate, as texts of so many bytes.
pub fn bytes(messages: &[Message]) -> u64 {
    let parts = messages.iter().flat_map(|message| &message.parts);
    parts.map(|part| part.bytes() as u64).sum()
}

/// What does not hold of these messages; nothing if all is well.
pub fn broken(messages: &[Message]) -> Option<&'static str> {
    let alternate = messages.windows(2).all(|pair| matches!(pair, [one, two] if one.role != two.role));
    if !alternate || messages.first().is_some_and(|first| first.role != Role::User) {
        return Some("the person and the assistant do not alternate");
    }
    let mut open: Vec<EntryNo> = Vec::new();
    for message in messages {
        if message.parts.is_empty() {
            return Some("a message is empty");
        }
        let mut called = Vec::new();
        for part in &message.parts {
            match part {
                Part::Text(text) if text.trim().is_empty() => return Some("a text is empty"),
                Part::Text(_) | Part::Sealed(_) | Part::GoOn | Part::Image { .. } => {}
                Part::Call { entry, .. } => called.push(*entry),
                Part::Result { of, .. } => match open.iter().position(|call| call == of) {
                    Some(place) => drop(open.remove(place)),
                    None => return Some("a result has no call before it"),
                },
            }
        }
        if !open.is_empty() {
            return Some("a call has no result");
        }
        if matches!(message.parts.last(), Some(Part::Sealed(_))) {
            return Some("what is sealed stands at the end of a message");
        }
        open = called;
    }
    if open.is_empty() { None } else { Some("a call has no result") }
}

/// The messages of a conversation while they are put together.
struct Script<'a> {
    /// Every result there is, by the entry of its call.
    results: BTreeMap<EntryNo, &'a Resulted>,
    /// What was kept of what each put out while it ran. A result says it again, but where the call was cut short.
    outputs: BTreeMap<EntryNo, Vec<&'a str>>,
    messages: Vec<Message>,
    /// Calls of the last message, whose results come next.
    open: Vec<EntryNo>,
    /// What was sealed and waits for what the assistant says then.
    sealed: Vec<Seal>,
}

impl Script<'_> {
    fn prompt(&mut self, text: &str, images: &[Image]) {
        self.close();
        // Words say what is to be looked at for; without any there is nothing to answer.
        let images = if text.trim().is_empty() { &[] } else { images };
        for image in images {
            self.push(Role::User, Part::Image { image: image.clone(), data: String::new() });
        }
        self.push(Role::User, Part::Text(text.into()));
    }

    /// Without anything before it there is nothing to go on with.
    fn go_on(&mut self) {
        self.close();
        if !self.messages.is_empty() {
            self.push(Role::User, Part::GoOn);
        }
    }

    /// Of a new answer, whatever the last one called.
    fn seal(&mut self, seal: Seal) {
        self.close_calls();
        self.sealed.push(seal);
    }

    fn answer(&mut self, text: &str) {
        self.close_calls();
        if !self.messages.is_empty() && !text.trim().is_empty() {
            self.push_sealed();
            self.push(Role::Assistant, Part::Text(text.into()));
        }
    }

    fn call(&mut self, entry: EntryNo, tool: &str, input: &str) {
        if !self.messages.is_empty() {
            self.push_sealed();
            self.push(Role::Assistant, Part::Call { entry, tool: tool.into(), input: input.into() });
            self.open.push(entry);
        }
    }

    fn push_sealed(&mut self) {
        for seal in core::mem::take(&mut self.sealed) {
            self.push(Role::Assistant, Part::Sealed(seal));
        }
    }

    /// Somebody else speaks: what was sealed with nothing behind it is for nothing.
    fn close(&mut self) {
        self.sealed.clear();
        self.close_calls();
    }

    /// Gives each open call its result. One without is in a fork that begins between the two, or in a turn that runs.
    fn close_calls(&mut self) {
        for of in core::mem::take(&mut self.open) {
            let known = self.results.get(&of);
            let outcome = known.map_or(Outcome::CutShort, |known| known.outcome);
            let mut text = known.map_or_else(String::new, |known| known.text.clone());
            if let Some(pieces) =
                self.outputs.get(&of).filter(|_| outcome == Outcome::CutShort && text.is_empty())
            {
                text = format!("{PUT_OUT}{}", pieces.concat());
            }
            self.push(Role::User, Part::Result { of, outcome, text });
        }
    }

    fn push(&mut self, role: Role, part: Part) {
        if matches!(&part, Part::Text(text) if text.trim().is_empty()) {
            return;
        }
        push(&mut self.messages, role, part);
    }
}

/// Adds a part to what this one said last, or to a message of its own.
pub(crate) fn push(messages: &mut Vec<Message>, role: Role, part: Part) {
    match messages.last_mut() {
        Some(last) if last.role == role => last.parts.push(part),
        Some(_) | None => messages.push(Message { role, parts: [part].into() }),
    }
}

#[cfg(test)]
mod tests;
