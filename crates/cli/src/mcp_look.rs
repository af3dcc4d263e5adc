//! A server that is asked from here and not by a session: started or reached as a session would, and ended again.

use std::sync::Arc;

use q_agent::http::ServerHttp;
use q_agent::{TOOL_VARIABLES, ToolSettings};
use q_mcp::{McpConnection, McpSpec, PinnedTools, ServingMeans};

use crate::agent_reach::network_here;
use crate::environment::ProcessEnvironment;

/// What it answers while it is there; or why it is not.
pub(crate) async fn asked<T>(
    environment: &ProcessEnvironment,
    spec: &McpSpec,
    pinned: &PinnedTools,
    ask: impl AsyncFnOnce(&McpConnection) -> Result<T, String>,
) -> Result<T, String> {
    let variable = |name: &&str| Some(((*name).to_owned(), environment.text(name)?.to_owned()));
    let settings = ToolSettings {
        environment: TOOL_VARIABLES.iter().filter_map(variable).collect(),
        umask: environment.umask,
        supervisor: Some(environment.program.clone()),
        sandbox: false,
        ..ToolSettings::default()
    };
    let http = ServerHttp { network: network_here(environment) };
    let means = ServingMeans::new(settings, Some(Arc::new(http)));
    let answered = async {
        let connection = McpConnection::start(spec, &means, pinned).await?;
        let answered = ask(&connection).await;
        connection.end();
        answered
    };
    let answered = answered.await;
    means.are_over().await;
    answered
}
