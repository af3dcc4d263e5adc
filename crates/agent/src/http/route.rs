//! The way to a server: what stands between, and whose word is taken for who it is. Found out once for all asks of a turn:
//! authorities are files, and what they say does not change while a server is asked again.

use q_core::{AgentFailure, FailureKind};

use super::address::Address;
use super::proxy::{Intercept, proxy_for};
use super::trust::Trust;
use crate::network::NetworkEnvironment;
use crate::spec::ServerProgram;

/// How a server is reached, for every endpoint below its base address.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) proxy: Option<Intercept>,
    /// `None` where nothing on the way is secured.
    pub(super) trust: Option<Trust>,
    /// What serves there, where that is a socket of this machine at which nobody may listen yet.
    pub(super) program: Option<ServerProgram>,
    /// Whether it leads to the world alone, and to nothing of this machine or its network but a proxy.
    pub(super) only_public: bool,
}

impl Route {
    /// The way to this address in this network, and what serves there if nobody does.
    pub(super) async fn to(
        address: &Address,
        network: &NetworkEnvironment,
        program: Option<&ServerProgram>,
    ) -> Result<Self, AgentFailure> {
        let program = program.cloned();
        let proxy = proxy_for(address, network)?;
        let has_secure_proxy = proxy.as_ref().is_some_and(|proxy| proxy.uri().scheme_str() == Some("https"));
        if !address.is_secure() && !has_secure_proxy {
            return Ok(Self { proxy, trust: None, program, only_public: false });
        }
        let files = network.certificates.clone();
        let read = tokio::task::spawn_blocking(move || Trust::read(&files)).await;
        let trust = read.map_err(|error| AgentFailure::new(FailureKind::Internal, error.to_string()))??;
        Ok(Self { proxy, trust: Some(trust), program, only_public: false })
    }

    /// The same, to the world alone: whatever else a name leads to is not connected to.
    pub(super) fn leading_to_the_world(self) -> Self {
        Self { only_public: true, ..self }
    }
}
