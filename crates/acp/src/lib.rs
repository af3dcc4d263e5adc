//! Agents that others wrote, over the Agent Client Protocol: programs that are spoken to in lines of JSON over their standard input and
//! output. Each session has a process of its own, started at its first turn and ended with its session.
//!
//! What an agent says is hostile: its lines, its calls and its requests are bounded, and what it asks for is asked of the person. What it
//! does by itself, with the rights of whoever started it, nobody here can see or stop; it tells of it as it likes.
//!
//! Not here: whether a call may run (the core's consent), where agents are configured (whoever builds a spec).
//!
//! | room | what lives there |
//! |---|---|
//! | `spec` | how an agent is started, as data |
//! | `frame` | one line: a request, an answer, a notice |
//! | `connection` | one process and the lines that go and come, from its start to its end |
//! | `opening` | from a start to a session of the agent's: greeted, found again or begun anew |
//! | `choices` | what it lets its client choose: models, modes |
//! | `prompt` | what a turn sends: what is new, or all that was said |
//! | `turn` | one turn, from its prompt to its stop |
//! | `told_calls` | what the agent does by itself, as it tells of it |
//! | `permission` | what it asks to be allowed |
//! | `serving` | what it asks for, as calls that the person sees |
//! | `served_terminals` | commands that it has q run |
//! | `served_files` | files that it reads and writes through q |
//! | `update` | what it says while it works, read |
//! | `failure` | what its refusals mean |
//! | `conversation` | a session's agent, from its first turn until it is released |
//! | `kept_agent` | what is kept of it between turns |
//! | `cancelling` | the end of a turn that is given up |

mod cancelling;
mod choices;
mod connection;
mod conversation;
mod failure;
mod frame;
mod kept_agent;
mod known_input;
mod opening;
mod permission;
mod prompt;
mod served_files;
mod served_terminals;
mod serving;
mod spec;
mod told_calls;
mod told_words;
mod turn;
mod update;

pub use conversation::AcpAgent;
pub use spec::AcpSpec;
