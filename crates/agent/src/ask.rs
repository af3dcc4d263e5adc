//! What is asked, and of whom: the words every kind of agent shares.

use futures_util::stream::BoxStream;
use q_core::AgentEvent;

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
    pub fn prompt(&self) -> &str {
        let newest = self.messages.iter().rfind(|message| message.role == Role::User);
        newest.map_or("", |message| message.text.as_str())
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person.
    User,
    /// The agent.
    Assistant,
}

/// One kind of answerer.
pub trait Agent: Send + Sync {
    /// Answers.
    ///
    /// The stream ends after exactly one [`AgentEvent::Done`] or [`AgentEvent::Failed`]. Dropping it cancels: nothing
    /// is sent or read afterwards. It must be polled inside a tokio runtime with time and I/O.
    fn answer(&self, ask: Ask) -> BoxStream<'static, AgentEvent>;
}
