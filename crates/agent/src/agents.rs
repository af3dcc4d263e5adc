//! Which agent a spec describes.

use std::sync::Arc;

use q_acp::AcpAgent;

use crate::guide::Guide;
use crate::http::HttpAgent;
use crate::spec::AgentSpec;
use q_seat::Agent;

impl AgentSpec {
    /// The agent so reached. Cheap: nothing is connected, nothing is read.
    pub fn agent(&self) -> Arc<dyn Agent> {
        match self {
            Self::Guide => Arc::new(Guide),
            Self::Acp(spec) => Arc::new(AcpAgent::new(Arc::clone(spec))),
            Self::Http(spec) => Arc::new(HttpAgent::new(Arc::clone(spec))),
        }
    }
}
