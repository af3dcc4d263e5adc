//! What the agent does by itself, as it tells of it: calls that nobody here runs.
//!
//! A call is told a moment after the agent first names it: what it asks leave for is one entry, that waits, and not two.

use std::collections::BTreeMap;
use std::time::Duration;

use q_core::{AgentEvent, CallNo, Outcome};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::known_input::{is_command_alone, is_files_alone};
use crate::permission::MOST_SHOWN;
use crate::told_words::{EndedAs, ToldWords, cut};
use crate::update::{CallNews, CallStatus, FileDiff};

/// How long a call is held until it is told.
const HELD: Duration = Duration::from_millis(250);
/// The most calls of one turn that are told of.
pub(crate) const MOST: usize = 1000;
/// How much is kept of the calls of one turn that have not ended, in bytes. An agent that tells more is heard no further.
const KEPT: usize = 32 << 20;
/// How much of what a call is given is shown, in bytes, where nobody has to decide on it.
const SHOWN: usize = 16 << 10;
/// The longest title, in bytes.
pub(crate) const TITLE: usize = 300;
/// What stands in front of the names of its tools.
pub(crate) const TOOL: &str = "agent_";
/// What sorts of call the protocol knows.
const KINDS: [&str; 9] =
    ["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode"];

/// All calls of a turn, by the agent's names for them.
#[derive(Debug, Default)]
pub(crate) struct ToldCalls {
    all: BTreeMap<String, ToldCall>,
    /// Those that are not told yet, in order, and since when the first one waits.
    held: Vec<String>,
    /// How many there were: one id may be that of several, one after another.
    count: usize,
    since: Option<Instant>,
    /// How much is kept of all of them, in bytes.
    kept: usize,
}

/// One of them, as far as the agent has told of it.
#[derive(Debug, Default)]
pub(crate) struct ToldCall {
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) input: Option<String>,
    text: String,
    pub(crate) changes: Vec<FileDiff>,
    pub(crate) paths: Vec<String>,
    /// Whether it names more than is looked at.
    is_too_much: bool,
    pub(crate) status: Option<CallStatus>,
    /// What it was told as, where that changed.
    pub(crate) words: ToldWords,
    /// Its number, once it is told.
    pub(crate) no: Option<CallNo>,
    /// As what it ended, once it has.
    pub(crate) ended: Option<EndedAs>,
    /// How much of its text was told while it ran, in bytes.
    told: usize,
}

impl ToldCall {
    /// How much is kept of it, in bytes.
    fn bytes(&self) -> usize {
        let of = |change: &FileDiff| change.old_text.len() + change.new_text.len() + change.raw.len();
        let changes = self.changes.iter().map(of);
        let texts = [self.text.len(), self.input.as_ref().map_or(0, String::len)];
        let texts = changes.chain(texts).chain(self.paths.iter().map(String::len));
        texts.sum::<usize>() + self.words.bytes()
    }

    /// Nothing more is heard of it, and what it was given is needed no more.
    fn end(&mut self) {
        self.ended.get_or_insert(EndedAs::of(self.input.as_deref(), &self.changes));
        self.words = ToldWords::default();
        (self.input, self.text) = (None, String::new());
        (self.changes, self.paths) = (Vec::new(), Vec::new());
    }
}

impl ToldCalls {
    /// Whether that is of another call than the one of this id before, which is over: it is shown for itself. What is left to tell of
    /// the one before comes first.
    pub(crate) fn is_another(&self, news: &CallNews) -> bool {
        self.all.get(&news.id).is_some_and(|call| call.is_over() && (news.is_new || call.differs(news)))
    }

    /// Takes in what is new of a call. One that has ended, and one too many, says nothing.
    pub(crate) fn take(&mut self, news: CallNews) -> Option<String> {
        if !self.has_place_for(&news) {
            return None;
        }
        let call = self.all.entry(news.id.clone()).or_default();
        let kept = call.bytes();
        let before = call.is_changed_by(&news).then(|| (call.words(), call.tool(), call.shown_in_short()));
        let CallNews { id, is_new: _, title, kind, status, input, text, changes, paths, is_too_much } = news;
        if let Some(title) = title {
            cut(&title).clone_into(&mut call.title);
        }
        call.kind = kind.unwrap_or(std::mem::take(&mut call.kind));
        call.input = input.or(call.input.take());
        call.text = text.unwrap_or(std::mem::take(&mut call.text));
        call.status = status.or(call.status);
        call.is_too_much |= is_too_much;
        if !paths.is_empty() {
            call.paths = paths;
        }
        if !changes.is_empty() {
            call.changes = changes;
        }
        if let Some((words, tool, shown)) = before
            && words != call.words()
        {
            call.words.change(words, call.words());
            if call.no.is_none() {
                call.words.first.get_or_insert(Box::new((tool, shown)));
            }
        }
        let is_too_much = self.kept - kept + call.bytes() > KEPT;
        if is_too_much {
            // Nobody is asked about the rest of what was not kept.
            call.is_too_much = true;
            call.end();
        }
        self.kept = self.kept - kept + call.bytes();
        (!is_too_much).then_some(id)
    }

    /// Whether a call of that id is kept, now that something is said of it: one that has ended only where another is told.
    fn has_place_for(&mut self, news: &CallNews) -> bool {
        let is_another = self.is_another(news);
        match self.all.get(&news.id) {
            Some(call) if !is_another => return call.ended.is_none(),
            Some(_) | None if self.count >= MOST => return false,
            Some(call) => {
                self.kept -= call.bytes();
                // What is not said anew is as it was; a title that is said is no change of that.
                let title = if news.is_new || news.title.is_some() { "" } else { &call.title };
                let kind = if news.is_new { "" } else { &call.kind };
                let call = ToldCall { title: title.into(), kind: kind.into(), ..ToldCall::default() };
                self.all.insert(news.id.clone(), call);
            }
            None => {}
        }
        self.count += 1;
        self.held.push(news.id.clone());
        self.since.get_or_insert_with(Instant::now);
        true
    }

    pub(crate) fn get(&self, id: &str) -> Option<&ToldCall> {
        self.all.get(id)
    }

    /// Until when those that are not told may wait.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| since + HELD)
    }

    /// Those that are to be told now, in order.
    pub(crate) fn due(&mut self) -> Vec<String> {
        self.since = None;
        std::mem::take(&mut self.held)
    }

    /// It is told by whoever asks leave for it, and not with the others.
    pub(crate) fn leave_out(&mut self, id: &str) {
        self.held.retain(|held| held != id);
        if self.held.is_empty() {
            self.since = None;
        }
    }

    /// It is told under that number.
    pub(crate) fn tell(&mut self, id: &str, no: CallNo) {
        if let Some(call) = self.all.get_mut(id) {
            self.kept -= call.bytes();
            call.no = Some(no);
            call.words.first = None;
            self.kept += call.bytes();
        }
    }

    /// The person said no, or q did: what else is said of it is heard no more.
    pub(crate) fn settle(&mut self, no: CallNo) {
        if let Some(call) = self.all.values_mut().find(|call| call.no == Some(no)) {
            self.kept -= call.bytes();
            call.end();
        }
    }

    /// What of a call that is told is still to be told: what it put out since, and its end.
    pub(crate) fn progress(&mut self, id: &str) -> Option<AgentEvent> {
        let call = self.all.get_mut(id).filter(|call| call.ended.is_none())?;
        let no = call.no?;
        match call.status {
            Some(CallStatus::Done | CallStatus::Failed) => {
                let is_done = call.status == Some(CallStatus::Done);
                let outcome = if is_done { Outcome::Done } else { Outcome::Failed };
                self.kept -= call.bytes();
                let mut text = std::mem::take(&mut call.text);
                if text.is_empty() {
                    let changed: Vec<&str> = call.changes.iter().map(|change| change.path.as_str()).collect();
                    text = changed.join("\n");
                }
                if let Some(words) = call.words.take() {
                    text = if text.is_empty() { words } else { format!("{words}\n{text}") };
                }
                call.end();
                Some(AgentEvent::Result { call: no, outcome, text })
            }
            Some(CallStatus::Runs) => {
                // In place of what was said before: only what is added can be shown as it comes.
                let new = call.text.get(call.told..).filter(|new| !new.is_empty())?.to_owned();
                call.told = call.text.len();
                Some(AgentEvent::Progress { call: no, text: new })
            }
            Some(CallStatus::Pending) | None => None,
        }
    }

    /// What those were told as that changed and have not ended, when nothing more is heard of them.
    pub(crate) fn changed(&mut self) -> Vec<String> {
        self.all
            .values_mut()
            .filter(|call| call.ended.is_none())
            .filter_map(|call| call.words.take())
            .collect()
    }

    /// Whether some call is under way by the agent's word.
    pub(crate) fn is_any_open(&self) -> bool {
        self.all.values().any(|call| call.no.is_some() && call.ended.is_none())
    }
}

impl ToldCall {
    /// What it is called as a tool: never as one of q's own, whose rules are for what q does.
    pub(crate) fn tool(&self) -> String {
        let kind = KINDS.iter().find(|kind| **kind == self.kind).copied().unwrap_or("other");
        format!("{TOOL}{kind}")
    }

    /// What is shown of it, as JSON: its title, what it is given, and what it would make of files.
    pub(crate) fn shown(&self) -> String {
        self.shown_as(&self.title)
    }

    /// The same of one whose only yes is for ever, which it cannot say of itself: its title does.
    pub(crate) fn shown_for_ever(&self) -> String {
        self.shown_as(format!("{} (this agent can only be told: always)", self.title).trim_start())
    }

    fn shown_as(&self, title: &str) -> String {
        let mut shown = format!("{{\"title\":{}", Value::from(title));
        if let Some(input) = &self.input {
            shown.extend([",\"input\":", input]);
        } else if !self.paths.is_empty() {
            shown.extend([",\"paths\":", &Value::from(self.paths.clone()).to_string()]);
        }
        if !self.changes.is_empty() {
            let changes: Vec<&str> = self.changes.iter().map(|change| change.raw.as_str()).collect();
            shown.extend([",\"changes\":[", &changes.join(","), "]"]);
        }
        shown.push('}');
        shown
    }

    /// The same, as much as is shown of what nobody decides on.
    pub(crate) fn shown_in_short(&self) -> String {
        let shown = self.shown();
        if shown.len() <= SHOWN {
            return shown;
        }
        serde_json::json!({ "title": self.title, "cut": beginning(&shown) }).to_string()
    }

    /// Why nobody can be asked about it; mostly nothing.
    pub(crate) fn unaskable(&self, shown: &str) -> Option<&'static str> {
        let is_blank = |text: &str| !text.chars().any(char::is_alphanumeric);
        if shown.len() > MOST_SHOWN {
            Some("it is longer than the 256 KB that are shown")
        } else if self.is_too_much {
            Some("it names more files than are shown")
        } else if is_blank(&self.title) && self.has_title_alone() {
            Some("it does not say what it is")
        } else {
            None
        }
    }

    /// Whether nothing is known of it but what it is called.
    pub(crate) fn has_title_alone(&self) -> bool {
        let input = self.input.as_deref().unwrap_or_default();
        let is_nothing = !input.chars().any(char::is_alphanumeric);
        is_nothing && self.paths.is_empty() && self.changes.is_empty()
    }

    /// The files that it is about, where that is all it is about; a rule may be for each.
    pub(crate) fn files(&self) -> Vec<&str> {
        let changed = self.changes.iter().map(|change| &change.path);
        let files: Vec<&str> = changed.chain(&self.paths).map(String::as_str).collect();
        match self.kind.as_str() {
            "edit" | "delete" => files,
            "read" if self.changes.is_empty() => files,
            // Where to does not always stand there.
            "move" if files.len() > 1 => files,
            _other => Vec::new(),
        }
    }

    /// Exactly this, as it is shown: one word, so that no rule for the beginning of a command is for what an agent calls like one. A
    /// title alone says nothing that a rule could be for, which has no program then.
    pub(crate) fn exactly(&self, shown: &str) -> Vec<String> {
        vec![if self.has_title_alone() { String::new() } else { shown.to_owned() }]
    }

    /// Whether what it is given is about nothing but the files that it names.
    pub(crate) fn is_files_alone(&self) -> bool {
        let input = self.input.as_deref().map(serde_json::from_str::<&RawValue>);
        let is_it = |input| is_files_alone(input, &self.files(), self.kind == "edit");
        input.is_none_or(|input| input.is_ok_and(is_it))
    }

    /// What it may write once it was shown and allowed: a call that is about anything but files grants nothing beside that.
    pub(crate) fn grants(&self) -> &[FileDiff] {
        if self.kind == "edit" { &self.changes } else { &[] }
    }

    /// The command that it runs in that directory, where that is all it does and all that it is given is understood.
    pub(crate) fn command(&self, directory: &str) -> Option<Vec<String>> {
        if self.kind != "execute" || !self.changes.is_empty() {
            return None;
        }
        let input: &RawValue = serde_json::from_str(self.input.as_deref()?).ok()?;
        if !is_command_alone(input, directory) {
            return None;
        }
        let input: Value = serde_json::from_str(input.get()).ok()?;
        match &input["command"] {
            Value::String(line) => Some(vec!["/bin/sh".into(), "-c".into(), line.clone()]),
            Value::Array(words) => words.iter().map(|word| word.as_str().map(str::to_owned)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }
}

fn beginning(shown: &str) -> &str {
    shown.get(..shown.floor_char_boundary(SHOWN)).unwrap_or_default()
}

/// What a call was given, as much as is shown of what nobody decides on.
pub(crate) fn shown_in_short(input: &str) -> String {
    if input.len() <= SHOWN { input.to_owned() } else { Value::from(beginning(input)).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: &str, input: &str, changes: Vec<FileDiff>) -> ToldCall {
        ToldCall { kind: kind.into(), input: Some(input.into()), changes, ..ToldCall::default() }
    }

    fn change(bytes: usize) -> FileDiff {
        let new_text = "x".repeat(bytes);
        FileDiff { path: "a".into(), old_text: String::new(), new_text, raw: String::new() }
    }

    #[test]
    fn only_an_edit_grants_what_it_shows_and_a_command_is_all_that_a_call_does() {
        for (kind, granted) in [("edit", 1), ("read", 0), ("execute", 0), ("other", 0)] {
            assert_eq!(call(kind, "{}", vec![change(1)]).grants().len(), granted, "{kind}");
        }
        let line = r#"{"command":"ls"}"#;
        assert_eq!(
            call("execute", line, Vec::new()).command("/w").unwrap_or_default(),
            ["/bin/sh", "-c", "ls"]
        );
        assert_eq!(call("execute", line, vec![change(1)]).command("/w"), None, "it changes files, too");
        let apart = r#"{"command":"npm","args":["run","x"]}"#;
        assert_eq!(call("execute", apart, Vec::new()).command("/w"), None, "what follows stands elsewhere");
    }

    #[test]
    fn what_is_kept_has_a_bound_and_what_has_ended_is_kept_no_more() {
        let news = |id: &str, status| CallNews {
            id: id.into(),
            status,
            changes: vec![change(KEPT / 4)],
            ..CallNews::default()
        };
        let mut calls = ToldCalls::default();
        for no in 1..40 {
            let id = no.to_string();
            assert!(calls.take(news(&id, Some(CallStatus::Done))).is_some(), "{id}");
            calls.tell(&id, CallNo(no));
            assert!(calls.progress(&id).is_some(), "{id}");
        }
        assert_eq!(calls.kept, 0);
        assert_eq!(calls.take(news("7", None)), None, "it has ended");
        assert_eq!(calls.kept, 0, "what ended is not filled again");
        let open = |no: &u64| calls.take(news(&format!("open {no}"), None)).is_some();
        assert_eq!((1..40).filter(open).count(), 4);
        assert!(calls.kept <= KEPT);
    }
}
