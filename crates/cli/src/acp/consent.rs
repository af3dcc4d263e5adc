//! What editors are asked: whether a call may run. An answer is for the call that was shown, by its digest, as everywhere.

use q_core::mirror::Mirrored;
use q_core::{Answer, Circumstance, PendingCall, SessionId, Wants};
use q_term::{rules, words};
use serde_json::{Value, json};

use crate::acp::told;
use crate::acp::updates;

const ONCE: &str = "once";
const ALWAYS: &str = "always";
const DENY: &str = "deny";

/// A call that the editor was asked about, by the request of that number; and whether an answer came, also that nobody chose.
#[derive(Debug)]
pub(super) struct AskedCall {
    pub(super) request: u64,
    is_answered: bool,
    is_chosen: bool,
    pub(super) session: SessionId,
    pub(super) pending: PendingCall,
}

impl AskedCall {
    pub(super) const fn new(request: u64, session: SessionId, pending: PendingCall) -> Self {
        Self { request, is_answered: false, is_chosen: false, session, pending }
    }

    /// Whether the editor may still answer it.
    pub(super) const fn waits(&self) -> bool {
        !self.is_answered
    }

    /// The editor answered, if only that nobody chose.
    pub(super) const fn close(&mut self, is_chosen: bool) {
        (self.is_answered, self.is_chosen) = (true, is_chosen);
    }

    /// Whether nobody chose, and it still waits for somebody.
    pub(super) const fn is_left(&self) -> bool {
        self.is_answered && !self.is_chosen
    }
}

/// What the editor is asked; nothing for a question, which no choice answers, and before its call was told.
pub(super) fn question(session: &Mirrored, pending: &PendingCall) -> Option<Value> {
    let (no, called) = told::called(session, pending).filter(|_| pending.wants != Wants::Words)?;
    let option = |id: &str, name: &str, kind: &str| json!({ "optionId": id, "name": name, "kind": kind });
    let mut options = vec![option(ONCE, "Allow once", "allow_once")];
    if let Some(rule) = &pending.always {
        options.push(option(
            ALWAYS,
            &format!("Always in this session: {}", rules::words(rule)),
            "allow_always",
        ));
    }
    options.push(option(DENY, "Reject", "reject_once"));
    Some(json!({
        "sessionId": session.summary.id.to_string(),
        "toolCall": with_circumstance(updates::call(no, called, &session.summary.directory), pending),
        "options": options,
    }))
}

/// What stands around a call, where an editor shows it: in front of its title, which is cut at its end.
fn with_circumstance(mut call: Value, pending: &PendingCall) -> Value {
    if pending.circumstance != Circumstance::Plain
        && let Some(title) = call.get_mut("title")
    {
        *title = words::pending_line(pending).into();
    }
    call
}

/// The answer that was chosen; nothing where none was: then it waits on, for whoever else shows it.
pub(super) fn chosen(result: &Value, pending: &PendingCall) -> Option<Answer> {
    let outcome = result.get("outcome")?;
    let word = |name: &str| outcome.get(name).and_then(Value::as_str);
    match (word("outcome")?, word("optionId")?) {
        ("selected", ONCE) => Some(Answer::Once),
        ("selected", ALWAYS) => pending.always.is_some().then_some(Answer::Always),
        ("selected", DENY) => Some(Answer::Deny),
        _nothing_that_was_offered => None,
    }
}
