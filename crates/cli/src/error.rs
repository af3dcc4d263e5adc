//! Errors as people meet them: what happened, the way out, and the exit code.

use q_client::ConnectError;
use q_core::address::Miss;
use q_proto::Refused;

/// Why a command did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    /// Lines after the message: what to type next.
    pub(crate) hints: Vec<String>,
}

/// Errors by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Failed,
    Usage,
    NoSuchSession,
    Limit,
    Unreachable,
    /// What is stored cannot be read.
    Unreadable,
    /// A host of another version, which does not talk to this one.
    Foreign,
    /// Something waits for an answer that only a person can give.
    NeedsPerson,
    Interrupted,
}

impl ErrorKind {
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Failed | Self::Unreadable => 1,
            Self::Usage => 2,
            Self::NoSuchSession => 3,
            Self::Limit => 4,
            Self::Unreachable | Self::Foreign => 5,
            Self::NeedsPerson => 6,
            Self::Interrupted => 130,
        }
    }
}

impl CliError {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// More than is taken.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The message and the ways out on one line, for a place that has no more.
    pub(crate) fn on_one_line(&self) -> String {
        std::iter::once(&self.message).chain(&self.hints).cloned().collect::<Vec<_>>().join("; ")
    }

    /// The same, with what is known of candidates that are named by their ids: those of one name differ in age.
    pub(crate) fn with_ages(mut self, sessions: &[q_core::Summary]) -> Self {
        let now = q_host::clock::wall();
        for session in sessions {
            let id = session.id.to_string();
            let age = q_term::words::age(now, session.touched);
            let told = format!("{id} ({}, {}, {age})", session.name, session.presence.word());
            for hint in &mut self.hints {
                *hint = hint.replace(&id, &told);
            }
        }
        self
    }

    /// The host went while it was to do something: for good, or since its store failed.
    pub(crate) fn host_went(why: impl Into<String>, restart: bool) -> Self {
        let kind = if restart { ErrorKind::Unreachable } else { ErrorKind::Failed };
        Self::new(kind, why).hint("start q again; what was answered before is kept")
    }

    /// An address that leads nowhere.
    pub(crate) fn miss(miss: Miss) -> Self {
        match miss {
            Miss::Ambiguous { address, candidates } => {
                Self::new(ErrorKind::NoSuchSession, format!("`{address}` fits several sessions"))
                    .hint(format!("type more of one: {}", candidates.join(", ")))
            }
            Miss::Unknown { address, nearest } => {
                let error = Self::new(ErrorKind::NoSuchSession, format!("there is no session `{address}`"));
                match nearest {
                    Some(name) => error.hint(format!("did you mean `{name}`?")),
                    None => error.hint("`q ls` lists the open ones, `q ls --all` the closed ones too"),
                }
            }
        }
    }
}

impl From<Refused> for CliError {
    fn from(refused: Refused) -> Self {
        let kind = match refused.code.as_str() {
            "no_such_session" | "session_closed" | "session_trashed" | "not_in_trash" => {
                ErrorKind::NoSuchSession
            }
            "bad_name" | "bad_tag" | "bad_kind" | "prompt_empty" => ErrorKind::Usage,
            "store" => ErrorKind::Unreadable,
            _ if refused.limit => ErrorKind::Limit,
            _ => ErrorKind::Failed,
        };
        Self::new(kind, refused.message)
    }
}

impl From<ConnectError> for CliError {
    fn from(error: ConnectError) -> Self {
        let kind = match error {
            ConnectError::Unwelcome { .. } => ErrorKind::Foreign,
            ConnectError::TooLong { .. } | ConnectError::Behind => ErrorKind::Limit,
            ConnectError::Place(_)
            | ConnectError::NoStart { .. }
            | ConnectError::Broken(_)
            | ConnectError::Deaf
            | ConnectError::NotAHost { .. }
            | ConnectError::Gone
            | ConnectError::System { .. } => ErrorKind::Unreachable,
        };
        Self::new(kind, error.to_string())
    }
}
