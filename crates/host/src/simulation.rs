//! What a simulation drives: the loop itself, and what a simulated world must bring to drive it.
//!
//! Nothing here does what the host does otherwise: these are its own parts, made reachable. Only with the feature
//! `simulation`, which no binary that ships has.

use q_core::View;
use serde::Serialize;
use serde::de::DeserializeOwned;

use q_proto::{ClientMessage, Codec, FrameError, HostMessage};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder as _, Encoder as _};

pub use q_agent::{AgentControl, AgentSpec, Seat};

pub use crate::events::{Allowance, HostEvent, Loaded, RunEvent};
pub use crate::host::{End, Host};
pub use crate::listener::{Bounds, Outbox, Taken};
pub use crate::pipeline::CommitNo;
pub use crate::queries::Query;
pub use crate::serve::{COMMITS, FAREWELL, HostError, QUEUE, recover};
pub use crate::world::{AgentRequest, World};
pub use crate::writer::{CommitReport, GROUP_RECORDS};

/// What goes over the wire in a frame.
pub trait OnWire: Serialize + DeserializeOwned + std::fmt::Debug {
    /// The frame that carries it.
    fn written(&self) -> Result<Vec<u8>, FrameError> {
        let mut bytes = BytesMut::new();
        Codec::<(), Self>::default().encode(self, &mut bytes)?;
        Ok(bytes.into())
    }

    /// The message that a frame carries.
    fn read(frame: &[u8]) -> Result<Self, FrameError> {
        let arrived = Codec::<Self, ()>::default().decode(&mut BytesMut::from(frame))?;
        Ok(arrived.ok_or_else(|| FrameError::Io(std::io::ErrorKind::UnexpectedEof.into()))??)
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
