//! Tools of MCP servers: programs that offer tools over their standard input and output, and servers at an address. Each session has
//! processes of its own, and sessions of its own at addresses, begun when one of their tools is first called, or when nobody has
//! seen their tools yet.
//!
//! What a server says is hostile: its lines, its list and its replies are bounded, what it claims of its tools changes nothing,
//! and tools that have changed since the person accepted them are not offered. What the protocol is, is the library's to know.
//!
//! Not here: whether a tool may run (the core's consent), how a server is started, as data (`q_seat`), where servers are configured (whoever
//! builds that).
//!
//! | room | what lives there |
//! |---|---|
//! | `tool_list` | what a server offers, within bounds and with names that models can call |
//! | `pin` | what of that was accepted, kept in a file, and how it differs from what there is |
//! | `beside` | files that are written whole, which nobody else reads |
//! | `arguments` | what a call is given, read strictly |
//! | `closable_input` | what a server reads, until somebody closes it |
//! | `http` | the seam to an HTTP client, which is lent |
//! | `remote` | a server at an address, spoken to over streamable HTTP |
//! | `means` | what servers are reached with |
//! | `peer` | q's side of the protocol: what a server asks of it, and mostly does not get |
//! | `connection` | one process, or one session at an address, from its start to its end |
//! | `resources` | what a server has to read, by two tools of q's own |
//! | `protocol` | the protocol's own words |
//! | `prompts` | what a server says where a person names a prompt or a resource of it |
//! | `questions` | what a server asks the person while a call of it is under way |
//! | `reply` | what came of a call, as text |
//! | `server` | one server of a session: started late, started again after a crash |
//! | `sign_in` | signing in at a server at an address, and keeping that up |
//! | `session_servers` | all servers of one session |

mod arguments;
mod beside;
mod closable_input;
mod connection;
pub mod http;
mod means;
mod peer;
mod pin;
mod prompts;
mod protocol;
mod questions;
mod remote;
mod reply;
mod resources;
mod sent_secrets;
mod server;
mod session_servers;
mod sign_in;
mod tool_list;

pub use connection::McpConnection;
pub use means::ServingMeans;
pub use pin::{Pin, PinnedTools};
pub use prompts::ListedPrompt;
pub use q_seat::{McpSpec, RemoteServer, ServerOrigin, check_name};
pub use questions::{Questions, ServerQuestion};
pub use reply::{ServedEnding, ServedReply};
pub use session_servers::{CallListener, SERVED_TOOLS, SessionServers};
pub use sign_in::{SignIn, SignInState, SignInWish, SignIns};
pub use tool_list::{ListedTool, ToolList};
