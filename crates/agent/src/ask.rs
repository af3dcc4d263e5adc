//! What is asked, and of whom: the words every kind of agent shares.

use futures_util::stream::BoxStream;
use q_core::conversation::{Message, Role};
use q_core::{AgentEvent, CallNo, Digest, Outcome};

/// What is asked: the conversation so far, ending with the person's prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// What the agent is told about its task before the conversation; empty for nothing.
    pub brief: String,
    /// Which model; empty for the agent's own default.
    pub model: String,
    /// Oldest first.
    pub messages: Vec<Message>,
}

impl Ask {
    /// The person's newest message; empty when there is none.
    pub fn prompt(&self) -> String {
        let newest = self.messages.iter().rfind(|message| message.role == Role::User);
        newest.map(Message::text).unwrap_or_default()
    }
}

/// What an agent is told while it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A call may run: exactly what has this digest.
    Permit {
        /// Which call.
        call: CallNo,
        /// Of what.
        digest: Digest,
    },
    /// A call ended without its tool.
    Settle {
        /// Which call.
        call: CallNo,
        /// How.
        outcome: Outcome,
        /// The person's words, if there are any.
        text: String,
    },
    /// The person says this into the running turn.
    Steer(String),
}

/// One kind of answerer.
pub trait Agent: Send + Sync {
    /// Answers.
    ///
    /// The stream ends after exactly one [`AgentEvent::Done`] or [`AgentEvent::Failed`]. Dropping it cancels: nothing
    /// is sent or read afterwards. It must be polled inside a tokio runtime with time and I/O.
    ///
    /// `told` brings what the agent is told meanwhile; one that makes no calls and is not steerable may drop it.
    fn answer(&self, ask: Ask, told: BoxStream<'static, Told>) -> BoxStream<'static, AgentEvent>;
}
