//! What an agent's refusals mean, for the person.

use q_core::{AgentFailure, FailureKind};
use q_json::{elements, members, text};
use serde_json::value::RawValue;

use crate::connection::{AgentConnection, AskFault, ConnectionFault};
use crate::frame::{AUTH_REQUIRED, RpcError};

/// The most ways to log in that are named.
const MOST_METHODS: usize = 3;
/// The longest text of an agent's in words for the person, in bytes.
const WORDS: usize = 300;

/// A program that is not there, or does not come up.
pub(crate) fn not_started(why: impl Into<String>) -> AgentFailure {
    AgentFailure::new(FailureKind::NotStarted, why)
}

/// Why a turn that had begun cannot go on.
pub(crate) async fn lost(fault: ConnectionFault, connection: AgentConnection) -> AgentFailure {
    match fault {
        ConnectionFault::Ended => AgentFailure::new(FailureKind::Cut, connection.ending().await),
        ConnectionFault::TooMuch => {
            AgentFailure::new(FailureKind::TooLong, "it said more at once than it may")
        }
        ConnectionFault::Deaf => AgentFailure::new(FailureKind::Silent, "it does not read what it is told"),
    }
}

/// Why a session cannot be opened, by an agent that may say how to log in.
pub(crate) async fn not_opened(
    what: &str,
    fault: AskFault,
    connection: AgentConnection,
    login: &str,
) -> AgentFailure {
    match fault {
        AskFault::Refused(error) => refused(&error, login),
        AskFault::Lost(fault) => {
            let AgentFailure { kind, detail } = lost(fault, connection).await;
            let kind = if kind == FailureKind::Cut { FailureKind::NotStarted } else { kind };
            AgentFailure { kind, detail }
        }
        AskFault::TimedOut(within) => {
            let why = format!("it did not answer {what} within {} seconds", within.as_secs());
            AgentFailure::new(FailureKind::Silent, why)
        }
    }
}

/// What an error of its means.
pub(crate) fn refused(error: &RpcError, login: &str) -> AgentFailure {
    let RpcError { code, message } = error;
    let said = bounded(message.clone());
    let words = message.to_ascii_lowercase();
    let wants_login =
        ["authentication required", "auth required", "not logged in", "please log in", "/login"];
    if *code == AUTH_REQUIRED || wants_login.iter().any(|said| words.contains(said)) {
        let detail = if login.is_empty() { said } else { format!("{said}; {login}") };
        return AgentFailure::new(FailureKind::NotLoggedIn, detail);
    }
    AgentFailure::new(FailureKind::ServerError, said)
}

/// The ways to log in that it names, in its own words.
pub(crate) fn login(initialized: &RawValue) -> String {
    let [methods] = members(initialized, ["authMethods"]);
    let methods = methods.map(elements).unwrap_or_default();
    let ways = methods.into_iter().take(MOST_METHODS).filter_map(|method| {
        let [name, description] = members(method, ["name", "description"]);
        let (name, description) = (name.and_then(text), description.and_then(text));
        match (name, description.filter(|said| !said.is_empty())) {
            (Some(name), Some(description)) => Some(format!("{name}: {description}")),
            (name, description) => name.or(description),
        }
    });
    let ways: Vec<String> = ways.map(bounded).collect();
    if ways.is_empty() { String::new() } else { format!("it names {}", ways.join(" / ")) }
}

pub(crate) fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(WORDS));
    text
}
