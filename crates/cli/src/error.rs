//! Errors as people meet them: what happened, the way out, and the exit code.

use q_core::address::Miss;
use q_host::connect::ConnectError;
use q_host::wire::Refused;

/// Why a command did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// Lines after the message: what to type next.
    pub(crate) hints: Vec<String>,
}

/// Errors by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Failed,
    Usage,
    NoSuchSession,
    Limit,
    Unreachable,
    Interrupted,
}

impl Kind {
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoSuchSession => 3,
            Self::Limit => 4,
            Self::Unreachable => 5,
            Self::Interrupted => 130,
        }
    }
}

impl CliError {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The message and the ways out on one line, for a place that has no more.
    pub(crate) fn on_one_line(&self) -> String {
        std::iter::once(&self.message).chain(&self.hints).cloned().collect::<Vec<_>>().join("; ")
    }

    /// An address that leads nowhere, with the nearest among `names`.
    pub(crate) fn miss(miss: Miss, names: &[String]) -> Self {
        match miss {
            Miss::Ambiguous { address, candidates } => {
                Self::new(Kind::NoSuchSession, format!("`{address}` fits several sessions"))
                    .hint(format!("type more of one: {}", candidates.join(", ")))
            }
            Miss::Unknown { address } => {
                let error = Self::new(Kind::NoSuchSession, format!("there is no session `{address}`"));
                match nearest(&address, names.iter().map(String::as_str)) {
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
            "no_such_session" | "session_closed" => Kind::NoSuchSession,
            "bad_name" | "prompt_empty" => Kind::Usage,
            _ if refused.limit => Kind::Limit,
            _ => Kind::Failed,
        };
        Self::new(kind, refused.message)
    }
}

impl From<ConnectError> for CliError {
    fn from(error: ConnectError) -> Self {
        Self::new(Kind::Unreachable, error.to_string())
    }
}

/// The name most like `typed`, if any is like it at all.
pub(crate) fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LIKE: f64 = 0.75;
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}
