//! Why an agent gave up: kinds told apart by what mends them, each with its words and its way out.

use alloc::string::String;
use core::fmt;

use crate::limits::DETAIL_BYTES;

/// Why an agent gave up: a kind that code may ask for, and the detail it came with (hostile text: show it escaped).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFailure {
    /// What to do about it depends on this alone.
    pub kind: FailureKind,
    /// What the server or the system said, at most a few hundred characters.
    pub detail: String,
}

impl AgentFailure {
    /// The same, with as much of the detail as is kept.
    pub(crate) fn bounded(mut self) -> Self {
        self.detail.truncate(self.detail.floor_char_boundary(DETAIL_BYTES));
        self
    }

    /// One of this kind; `detail` may be empty.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// At whose door a failure lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// What the person configured.
    Configuration,
    Request,
    /// The provider, or the way to it.
    Provider,
    Model,
    Host,
}

impl Whose {
    /// A stable code, for `--json`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Request => "request",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Host => "q",
        }
    }
}

/// Kinds of failure, told apart by what mends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// Nobody listens at the address, or the name does not resolve.
    Unreachable,
    /// The proxy between does not let the request through, or is none.
    ProxyFailed,
    /// The server's certificate is not trusted, or whom to trust cannot be read.
    Untrusted,
    /// The server is there, and knows nothing of this path (404, a redirect).
    WrongPath,
    /// The server rejects the key (401).
    WrongKey,
    /// The key is known, and may not do this (403).
    Forbidden,
    /// The account has nothing left to spend (402, or the server's own words for it).
    QuotaSpent,
    /// The server does not know the model (404, or its own words for it).
    UnknownModel,
    /// The stream ended before the answer did, or for a reason that nobody here knows.
    Cut,
    /// The server stayed silent longer than the idle timeout.
    Silent,
    /// The server asks to slow down (429).
    RateLimited,
    /// The server has more to do than it can (529, or its own words for it).
    Overloaded,
    /// The conversation is longer than the model takes.
    ContextTooLong,
    /// The model takes no images, and was sent one.
    NoImages,
    /// The provider serves nobody where the request comes from (451, or its own words for it).
    RegionRefused,
    /// The model, or its server, does not take a setting of the request, or not with that value.
    SettingRefused,
    /// The server rejects the request (other 4xx).
    Rejected,
    /// The server failed (other 5xx).
    ServerError,
    /// The answer is longer than `q` keeps.
    TooLong,
    /// The model may not say more in one answer: what it said is incomplete.
    LengthLimit,
    /// A filter of the server ended the answer.
    Filtered,
    /// The model does not want to answer.
    Refused,
    /// The model stopped to go on later: what it said is incomplete.
    Paused,
    /// The model called tools so often in one turn that `q` stopped it. It can be gone on with.
    TooManyRounds,
    /// What came of calls in one turn filled the model's window, and `q` stopped it. It can be gone on with behind a summary.
    WindowFull,
    /// The model waits for a tool that nobody offered it.
    WantsTool,
    /// The model ended its answer without a word.
    Empty,
    /// The summary is no shorter than what it would stand for.
    NotShorter,
    /// A budget of tokens is spent, in a turn that would ask once more.
    BudgetSpent,
    /// The session's agent is not in the configuration of any attached client.
    NotConfigured,
    /// The agent's program is not there, or does not start.
    NotStarted,
    /// The agent is there, and nobody is logged in with it.
    NotLoggedIn,
    /// `q` itself failed to ask.
    Internal,
}

impl FailureKind {
    pub const ALL: [Self; 33] = [
        Self::Unreachable,
        Self::ProxyFailed,
        Self::Untrusted,
        Self::WrongPath,
        Self::WrongKey,
        Self::Forbidden,
        Self::QuotaSpent,
        Self::UnknownModel,
        Self::Cut,
        Self::Silent,
        Self::RateLimited,
        Self::Overloaded,
        Self::ContextTooLong,
        Self::NoImages,
        Self::RegionRefused,
        Self::SettingRefused,
        Self::Rejected,
        Self::ServerError,
        Self::TooLong,
        Self::LengthLimit,
        Self::Filtered,
        Self::Refused,
        Self::Paused,
        Self::TooManyRounds,
        Self::WindowFull,
        Self::WantsTool,
        Self::Empty,
        Self::NotShorter,
        Self::BudgetSpent,
        Self::NotConfigured,
        Self::NotStarted,
        Self::NotLoggedIn,
        Self::Internal,
    ];

    /// A stable code, for `--json` and figures.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::ProxyFailed => "proxy_failed",
            Self::Untrusted => "untrusted",
            Self::WrongPath => "wrong_path",
            Self::WrongKey => "wrong_key",
            Self::Forbidden => "forbidden",
            Self::QuotaSpent => "quota_spent",
            Self::UnknownModel => "unknown_model",
            Self::Cut => "cut",
            Self::Silent => "silent",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::ContextTooLong => "context_too_long",
            Self::NoImages => "no_images",
            Self::RegionRefused => "region_refused",
            Self::SettingRefused => "setting_refused",
            Self::Rejected => "rejected",
            Self::ServerError => "server_error",
            Self::TooLong => "too_long",
            Self::LengthLimit => "length_limit",
            Self::Filtered => "filtered",
            Self::Refused => "refused",
            Self::Paused => "paused",
            Self::TooManyRounds => "too_many_rounds",
            Self::WindowFull => "window_full",
            Self::WantsTool => "wants_tool",
            Self::Empty => "empty",
            Self::NotShorter => "not_shorter",
            Self::BudgetSpent => "budget_spent",
            Self::NotConfigured => "not_configured",
            Self::NotStarted => "not_started",
            Self::NotLoggedIn => "not_logged_in",
            Self::Internal => "internal",
        }
    }

    /// At whose door it lies.
    pub const fn whose(self) -> Whose {
        match self {
            Self::WrongKey
            | Self::Forbidden
            | Self::QuotaSpent
            | Self::UnknownModel
            | Self::SettingRefused
            | Self::WrongPath
            | Self::ProxyFailed
            | Self::Untrusted
            | Self::BudgetSpent
            | Self::NotStarted
            | Self::NotLoggedIn
            | Self::NotConfigured => Whose::Configuration,
            Self::Unreachable
            | Self::Cut
            | Self::Silent
            | Self::RateLimited
            | Self::Overloaded
            | Self::RegionRefused
            | Self::ServerError => Whose::Provider,
            Self::Rejected | Self::ContextTooLong | Self::NoImages | Self::TooLong => Whose::Request,
            Self::LengthLimit
            | Self::Filtered
            | Self::Refused
            | Self::Paused
            | Self::TooManyRounds
            | Self::WindowFull
            | Self::WantsTool
            | Self::Empty
            | Self::NotShorter => Whose::Model,
            Self::Internal => Whose::Host,
        }
    }

    /// Whether the same, asked again as it was, may well be answered.
    pub const fn may_be_tried_again(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Cut
            | Self::Silent
            | Self::RateLimited
            | Self::Overloaded
            | Self::ServerError
            | Self::Empty
            | Self::Internal => true,
            Self::ProxyFailed
            | Self::Untrusted
            | Self::WrongPath
            | Self::WrongKey
            | Self::Forbidden
            | Self::QuotaSpent
            | Self::ContextTooLong
            | Self::NoImages
            | Self::Paused
            | Self::TooManyRounds
            | Self::WindowFull
            | Self::UnknownModel
            | Self::RegionRefused
            | Self::SettingRefused
            | Self::Rejected
            | Self::TooLong
            | Self::LengthLimit
            | Self::Filtered
            | Self::Refused
            | Self::WantsTool
            | Self::NotShorter
            | Self::BudgetSpent
            | Self::NotStarted
            | Self::NotLoggedIn
            | Self::NotConfigured => false,
        }
    }

    /// What happened, in a few words.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Unreachable => "no agent reachable",
            Self::ProxyFailed => "the proxy does not lead to the agent",
            Self::Untrusted => "the server's certificate is not trusted",
            Self::WrongPath => "the server has no agent at this address",
            Self::WrongKey => "the server rejects the key",
            Self::Forbidden => "the server forbids this to the key",
            Self::QuotaSpent => "the account's quota is spent",
            Self::UnknownModel => "the server does not know this model",
            Self::Cut => "the answer was cut off",
            Self::Silent => "the server fell silent",
            Self::RateLimited => "the server asks to slow down",
            Self::Overloaded => "the server is overloaded",
            Self::ContextTooLong => "the conversation is longer than the model takes",
            Self::NoImages => "the model takes no images",
            Self::RegionRefused => "the provider does not serve the place that this comes from",
            Self::SettingRefused => "the model does not take a setting of the request",
            Self::Rejected => "the server rejects the request",
            Self::ServerError => "the server failed",
            Self::TooLong => "the answer is longer than q keeps",
            Self::LengthLimit => "the answer is cut at the model's length limit",
            Self::Filtered => "a content filter ended the answer",
            Self::Refused => "the model refuses to answer",
            Self::Paused => "the model paused before its end",
            Self::TooManyRounds => "q paused the turn: the model called tools again and again",
            Self::WindowFull => "q paused the turn: the model's window is full",
            Self::WantsTool => "the model wants a tool that it was not offered",
            Self::Empty => "the model gave an empty answer",
            Self::BudgetSpent => "the budget of tokens is spent",
            Self::NotShorter => "the summary is no shorter than what it would replace",
            Self::NotConfigured => "this session's agent is not configured here",
            Self::NotStarted => "the agent's program does not start",
            Self::NotLoggedIn => "nobody is logged in with the agent",
            Self::Internal => "q could not ask the agent",
        }
    }

    /// What to do next; what is to be typed stands between backquotes.
    pub const fn way_out(self) -> &'static str {
        match self {
            Self::Unreachable => "check base_url and that the server runs, then `/retry`",
            Self::ProxyFailed => {
                "check the proxy (http_proxy, https_proxy, all_proxy, no_proxy) where q starts, then `/retry`"
            }
            Self::Untrusted => {
                "name who vouches for it (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS) where q starts, then `/retry`"
            }
            Self::WrongPath => "check base_url, then `/retry`",
            Self::WrongKey => "set it where `q agents` says that the key comes from, then `/retry`",
            Self::Forbidden => "let the account allow it, or ask another model in a new session",
            Self::QuotaSpent => "see the account's plan and billing, then `/retry`",
            Self::UnknownModel => "`/model NAME` sets another, then `/retry`",
            Self::Cut | Self::Silent => "`/retry` asks again, `/continue` goes on with what came",
            Self::ServerError | Self::Empty => "`/retry` asks again",
            Self::RateLimited | Self::Overloaded => "wait a little, then `/retry`",
            Self::ContextTooLong => {
                "`/compact` shortens it, then `/retry`; or ask in a new session, or a model that takes more"
            }
            Self::NoImages => {
                "`/model NAME` sets one that takes images, then `/retry`; or send the words without them"
            }
            Self::RegionRefused => {
                "see in which countries and regions it serves; another provider is asked in a new session"
            }
            Self::SettingRefused => {
                "`/set SETTING default` clears one of the session, `omit = [\"SETTING\"]` in its agent's table never sends it; then `/retry`"
            }
            Self::Rejected => "read the detail, change the prompt, send it again",
            Self::LengthLimit => "`/continue` goes on where it stopped, or ask for less at once",
            Self::Filtered | Self::Refused => "change the prompt, send it again",
            Self::WantsTool => {
                "`tools = true` in its agent's table offers some; or say in the prompt that there are none"
            }
            Self::Paused | Self::TooLong | Self::TooManyRounds => "`/continue` goes on where it stopped",
            Self::WindowFull => "`/compact` makes room, then `/continue` goes on where it stopped",
            Self::NotShorter => "the session goes on as it was",
            Self::BudgetSpent => {
                "raise it (`/set budget_tokens off`, or budget_tokens_per_day in the config), then `/continue`"
            }
            Self::NotConfigured => "attach from a terminal whose config has it, then `/retry`",
            Self::NotStarted => "mend that, then `/retry`",
            Self::NotLoggedIn => "log in with its own program, then `/retry`",
            Self::Internal => "`/retry` asks again; `q host logs` tells more",
        }
    }
}

impl fmt::Display for AgentFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.what())?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, ": {}", self.kind.way_out())
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn every_kind_of_failure_has_a_code_and_words_of_its_own() {
        let all = FailureKind::ALL;
        let codes: BTreeSet<_> = all.into_iter().map(FailureKind::code).collect();
        let words: BTreeSet<_> = all.into_iter().map(FailureKind::what).collect();
        assert_eq!((codes.len(), words.len()), (all.len(), all.len()));
        for kind in all {
            let is_code = kind.code().chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(is_code && !kind.code().is_empty(), "{kind:?}");
            assert_eq!(kind.code().replace('_', ""), alloc::format!("{kind:?}").to_lowercase());
        }
    }

    #[test]
    fn a_failure_says_what_why_and_what_next() {
        for (kind, detail, said) in [
            (
                FailureKind::Cut,
                "",
                "the answer was cut off: `/retry` asks again, `/continue` goes on with what came",
            ),
            (
                FailureKind::RateLimited,
                "429: quota",
                "the server asks to slow down (429: quota): wait a little, then `/retry`",
            ),
        ] {
            assert_eq!(AgentFailure { kind, detail: detail.into() }.to_string(), said);
        }
        for kind in FailureKind::ALL {
            let next = kind.way_out();
            let is_advice =
                ["/retry", "/continue", "prompt", "session"].iter().any(|word| next.contains(word));
            assert!(is_advice, "{kind:?}: {next}");
        }
    }
}
