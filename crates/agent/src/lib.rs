//! Who answers: the guide, models behind an API, and agents that others wrote.
//!
//! Every kind of agent turns a [`Turn`] into a stream of [`q_core::AgentEvent`]s and nothing else. What an agent must know of a
//! session comes with the seat its conversation is opened for and with each turn, so that sessions cannot meet here.
//!
//! Not here: when to ask, what to keep of an answer, when to ask again (the core's business).

mod agents;
mod dialect;
pub mod guide;
pub mod http;
mod network;
pub mod secret;
mod server_limits;
pub mod shape;
pub mod spec;
pub mod sso;

pub use dialect::Dialect;
pub use network::{CertificateFiles, NetworkEnvironment};
pub use q_acp::AcpSpec;
pub use q_core::conversation::{Message, Role};
pub use q_mcp::PinnedTools;
pub use q_seat::{
    Agent, AgentControl, AgentOffer, AgentOffers, BackgroundLine, ChildEnvironment, Controls, Conversation,
    McpServers, McpSpec, Seat, ServerTables, SkillPlace, Turn,
};
pub use q_tools::{
    ChangeLog, CommandBounds, PASSED_ON as TOOL_VARIABLES, Reversal, ToolReply, ToolSettings, Toolbox,
};
pub use secret::{Secret, Secrets};
pub use server_limits::{ServerLimit, ServerLimits};
pub use shape::RequestShape;
pub use spec::{AgentSpec, HttpSpec, Patience, ServerProgram};
pub use sso::SsoRole;
