//! What the server's connections share: rules, gates, and the book of what was asked.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::script::{Rule, Script};

/// One completion as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The path, with its query.
    pub path: String,
    /// Header names in lower case, and their values, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The `Authorization` header, if one came.
    pub authorization: Option<String>,
    pub body: Value,
}

impl Seen {
    /// The last thing the user said; empty if there is none.
    pub fn last_user_text(&self) -> &str {
        // Each protocol has its own name for what was said, and some say it in parts.
        let messages = ["messages", "input", "contents"].iter().find_map(|name| self.body[name].as_array());
        let messages = messages.map(Vec::as_slice).unwrap_or_default();
        let last = messages.iter().rfind(|message| message["role"] == "user");
        let text = last.and_then(|message| {
            let lists = [&message["content"], &message["parts"]];
            // Images may stand before it.
            let said = lists.into_iter().filter_map(Value::as_array).flatten().map(|part| &part["text"]);
            [&message["content"]].into_iter().chain(said).find_map(Value::as_str)
        });
        text.unwrap_or_default()
    }
}

/// What all connections share: counts and budgets.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) rules: Mutex<Vec<Rule>>,
    pub(super) gates: watch::Sender<BTreeSet<String>>,
    book: Mutex<Book>,
    turned: Condvar,
}

/// What tests read of what the server saw.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) requests: Vec<Seen>,
    pub(super) open_streams: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        let (gates, _) = watch::channel(BTreeSet::new());
        Self { rules: Mutex::default(), gates, book: Mutex::default(), turned: Condvar::new() }
    }
}

impl Ledger {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `wanted` holds of the book; whether that came true in time.
    pub(super) fn wait(&self, timeout: Duration, wanted: impl Fn(&Book) -> bool) -> bool {
        let book = self.book();
        let outcome = self.turned.wait_timeout_while(book, timeout, |book| !wanted(book));
        !outcome.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Writes a request down and opens its stream, which is open until what this returns is dropped.
    pub(super) fn note(self: &Arc<Self>, seen: Seen) -> OpenStream {
        let mut book = self.book();
        book.requests.push(seen);
        book.open_streams += 1;
        drop(book);
        self.turned.notify_all();
        OpenStream(Arc::clone(self))
    }

    /// How to answer what the user said.
    pub(super) fn script_for(&self, said: &str) -> Script {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = rules.iter().rposition(|rule| said.contains(&rule.text)) else {
            return Script::new().say(&format!("echo: {said}")).done();
        };
        if rules[at].once { rules.remove(at).script } else { rules[at].script.clone() }
    }

    /// Waits until the gate is open.
    pub(super) async fn pass(&self, gate: &str) {
        // The sender lives in `self`, so the wait cannot fail.
        drop(self.gates.subscribe().wait_for(|open| open.contains(gate)).await);
    }
}

/// A stream being answered.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<Ledger>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.book().open_streams -= 1;
        self.0.turned.notify_all();
    }
}
