//! Who answers: the guide, and models behind an API.
//!
//! Every kind of agent turns one [`Ask`] into a stream of [`q_core::AgentEvent`]s and nothing else. An agent holds no
//! conversation and no history: what it needs comes with each ask, so that sessions cannot meet here.
//!
//! Not here: when to ask, what to keep of an answer, when to ask again (the core's business).

pub mod ask;
pub mod guide;
pub mod http;
pub mod secret;
pub mod shape;
pub mod spec;

pub use ask::{Agent, Ask, Told};
pub use http::Dialect;
pub use q_core::conversation::{Message, Role};
pub use secret::Secret;
pub use shape::RequestShape;
pub use spec::{AgentSpec, HttpSpec, NetworkEnvironment};
