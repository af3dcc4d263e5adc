//! Who answers: the guide, and models behind an API.
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
pub mod seat;
pub mod secret;
pub mod shape;
pub mod spec;
pub mod sso;

pub use dialect::Dialect;
pub use network::NetworkEnvironment;
pub use q_core::conversation::{Message, Role};
pub use q_mcp::{McpSpec, PinnedTools};
pub use q_tools::{ChangeLog, PASSED_ON as TOOL_VARIABLES, Reversal, ToolSettings};
pub use seat::{Agent, AgentControl, ChildEnvironment, Controls, Conversation, Seat, Turn};
pub use secret::{Secret, Secrets};
pub use shape::RequestShape;
pub use spec::{AgentSpec, HttpSpec, McpServers, Patience, ServerProgram, ServerTables};
pub use sso::SsoRole;
