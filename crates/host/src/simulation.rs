//! What a simulation drives: the loop itself, and what a simulated world must bring to drive it.
//!
//! Nothing here does what the host does otherwise: these are its own parts, made reachable. Only with the feature
//! `simulation`, which no binary that ships has.

use q_core::View;
use serde::Serialize;
use serde::de::DeserializeOwned;

use q_proto::{ClientMessage, FrameError, HostMessage, decode, encode};

pub use q_agent::{AgentControl, AgentOffers, AgentSpec, BackgroundLine, Seat};

pub use crate::agent_request::AgentRequest;
pub use crate::error::HostError;
pub use crate::events::{Allowance, HostEvent, Loaded, ReversalReport, RunEvent};
pub use crate::host::{End, Host};
pub use crate::leaving::FAREWELL;
pub use crate::listener::{Bounds, Outbox, Outboxes, Taken};
pub use crate::opening::recover;
pub use crate::pipeline::CommitNo;
pub use crate::queries::query::{Query, StoreQuery};
pub use crate::serve::QUEUE;
pub use crate::shells::ShellRequest;
pub use crate::wakes::COMMITS;
pub use crate::world::World;
pub use crate::writer::{CommitReport, GROUP_RECORDS};

/// What goes over the wire in a frame.
pub trait OnWire: Serialize + DeserializeOwned + std::fmt::Debug {
    /// The frame that carries it.
    fn written(&self) -> Result<Vec<u8>, FrameError> {
        let mut frame = Vec::new();
        encode(self, &mut frame)?;
        Ok(frame)
    }

    /// The message that a frame carries.
    fn read(frame: &[u8]) -> Result<Self, FrameError> {
        let content = frame.get(size_of::<u32>()..).unwrap_or_default();
        Ok(decode(content)??)
    }
}

impl OnWire for ClientMessage {}
impl OnWire for HostMessage {}

impl<W: World> Host<W> {
    /// What the core says of itself.
    pub fn view(&self) -> View<'_> {
        self.core.view()
    }

    /// The world it lives in.
    pub fn world(&mut self) -> &mut W {
        &mut self.world
    }

    /// Dies, leaving its world.
    pub fn into_world(self) -> W {
        self.world
    }
}
