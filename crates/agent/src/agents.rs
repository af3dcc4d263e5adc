//! Which agent a spec describes.

use std::sync::Arc;

use crate::guide::Guide;
use crate::http::HttpAgent;
use crate::seat::Agent;
use crate::spec::AgentSpec;

impl AgentSpec {
    /// The agent so reached. Cheap: nothing is connected, nothing is read.
    pub fn agent(&self) -> Arc<dyn Agent> {
        match self {
            Self::Guide => Arc::new(Guide),
            Self::Http(spec) => Arc::new(HttpAgent::new(Arc::clone(spec))),
        }
    }
}
