//! What the loop hands on when a turn is to run.

use q_agent::{AgentSpec, Seat};
use q_core::{Settings, TurnNo};

/// What an agent is to be asked; the conversation is read from the store.
#[derive(Clone, Debug)]
pub struct AgentRequest {
    /// For whom, and within what.
    pub seat: Seat,
    pub turn: TurnNo,
    /// How the agent is reached.
    pub agent: AgentSpec,
    /// Which of its models; empty for its own.
    pub model: String,
    /// How it is asked, where the person wants it otherwise than the agent is configured.
    pub settings: Settings,
    /// What it is told about its task; may be empty.
    pub system_prompt: String,
    /// Whether it is to summarise the conversation, in place of answering.
    pub compacts: bool,
}
