//! Why an answer ended, by the value of its finish reason. Only one of them means that it is whole.

use q_core::{AgentFailure, FailureKind};

/// Why the server says that it ended the answer, as it names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The model had said all it wanted.
    Stop,
    /// It may not say more.
    Length,
    /// Its window holds no more.
    WindowFull,
    /// A filter ended it.
    Filter,
    /// It waits for a tool.
    ToolCalls,
    /// It does not want to answer.
    Refusal,
    /// It means to go on later.
    Pause,
    /// It went wrong there.
    Error,
    /// What nobody here knows.
    Unknown,
}

impl Reason {
    /// The reason that a server's word means; nothing for none. Dialects, and their servers, have many words for it.
    pub(super) fn of(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace('-', "_");
        Some(match word.strip_prefix("finish_reason_").unwrap_or(&word) {
            // Some servers write as a word that there is none.
            "" | "null" | "none" | "unspecified" => return None,
            "stop" | "eos" | "eos_token" | "end_turn" | "end" | "stop_sequence" | "stop_token"
            | "complete" | "completed" | "finished" | "finish" | "done" | "normal" | "model_stop" | "eog"
            | "endturn" | "eot" | "<|im_end|>" | "<|eot_id|>" | "<|end|>" | "<|endoftext|>" | "</s>" => {
                Self::Stop
            }
            "length" | "max_tokens" | "max_output_tokens" | "max_length" | "model_length" | "token_limit" => {
                Self::Length
            }
            "model_context_window_exceeded" => Self::WindowFull,
            "content_filter"
            | "content_filtered"
            | "safety"
            | "sensitive"
            | "recitation"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "image_safety"
            | "image_recitation"
            | "language"
            | "model_armor"
            | "image_prohibited_content"
            | "guardrail_intervened" => Self::Filter,
            "tool_calls" | "tool_call" | "tool_use" | "function_call" => Self::ToolCalls,
            "refusal" => Self::Refusal,
            "pause_turn" => Self::Pause,
            "error"
            | "overloaded"
            | "timeout"
            | "network_error"
            | "server_error"
            | "malformed_model_output"
            | "malformed_tool_use" => Self::Error,
            _other => Self::Unknown,
        })
    }

    /// Whether it stands although `next` comes behind it and nothing was said between: many things between a server and here
    /// say `stop` at every end, and what is incomplete does not become whole by it.
    pub(super) fn outweighs(self, next: Self) -> bool {
        next == Self::Stop && !matches!(self, Self::Stop | Self::Unknown)
    }

    /// What it says against the answer, `word` being the server's own for it; nothing where it is whole.
    pub(super) fn failure(self, word: &str) -> Option<AgentFailure> {
        Some(match self {
            Self::Stop => return None,
            Self::Length => AgentFailure::new(FailureKind::LengthLimit, ""),
            Self::WindowFull => AgentFailure::new(
                FailureKind::ContextTooLong,
                "the answer filled what was left of the window",
            ),
            Self::Filter => AgentFailure::new(FailureKind::Filtered, ""),
            Self::ToolCalls => AgentFailure::new(FailureKind::WantsTool, ""),
            Self::Refusal => AgentFailure::new(FailureKind::Refused, ""),
            Self::Pause => AgentFailure::new(FailureKind::Paused, ""),
            Self::Error => AgentFailure::new(FailureKind::ServerError, format!("finish reason `{word}`")),
            Self::Unknown => AgentFailure::new(FailureKind::Cut, format!("finish reason `{word}`")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stop_is_no_failure() {
        for (word, kind) in [
            ("stop", None),
            ("STOP", None),
            ("FINISH_REASON_STOP", None),
            ("eos", None),
            ("end_turn", None),
            ("EndTurn", None),
            ("eog", None),
            ("<|im_end|>", None),
            ("overloaded", Some(FailureKind::ServerError)),
            ("length", Some(FailureKind::LengthLimit)),
            ("MAX_TOKENS", Some(FailureKind::LengthLimit)),
            ("model_context_window_exceeded", Some(FailureKind::ContextTooLong)),
            ("content_filter", Some(FailureKind::Filtered)),
            ("content-filter", Some(FailureKind::Filtered)),
            ("SAFETY", Some(FailureKind::Filtered)),
            ("tool_calls", Some(FailureKind::WantsTool)),
            ("function_call", Some(FailureKind::WantsTool)),
            ("refusal", Some(FailureKind::Refused)),
            ("pause_turn", Some(FailureKind::Paused)),
            ("IMAGE_SAFETY", Some(FailureKind::Filtered)),
            ("error", Some(FailureKind::ServerError)),
            ("insufficient_system_resource", Some(FailureKind::Cut)),
            ("stopped?", Some(FailureKind::Cut)),
        ] {
            let failure = Reason::of(word).map(|reason| reason.failure(word).map(|failure| failure.kind));
            assert_eq!(failure, Some(kind), "{word}");
        }
        for nothing in [" ", "null", "None", "FINISH_REASON_UNSPECIFIED"] {
            assert_eq!(Reason::of(nothing), None, "{nothing}");
        }
    }
}
