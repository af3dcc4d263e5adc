//! How an agent is reached, as clients say it and as agents take it. Keys pass through here, and are shown nowhere.

use std::time::Duration;

use q_agent::{AgentSpec, HttpSpec, NetworkEnvironment, Secret};
use q_proto::message::Reach;
use q_proto::network::Network;

/// What an agent is made of, by what a client brought.
pub(crate) fn spec(reach: Reach) -> AgentSpec {
    match reach {
        Reach::Guide => AgentSpec::Guide,
        Reach::Http { base_url, key, model, idle_timeout_ms, network } => AgentSpec::Http(HttpSpec {
            base_url,
            key: key.map(Secret::new),
            model,
            idle_timeout: Duration::from_millis(idle_timeout_ms),
            network: environment(network),
        }),
    }
}

fn environment(network: Network) -> NetworkEnvironment {
    let Network { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } = network;
    NetworkEnvironment { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_has_arrives_at_the_agent_and_is_not_shown() {
        let proxy = |port: u16| Some(format!("http://user:hunter2@proxy:{port}"));
        let network = Network {
            http_proxy: proxy(3128),
            https_proxy: proxy(3129),
            all_proxy: proxy(3130),
            no_proxy: Some("localhost,.example".into()),
            ca_file: Some("/etc/ca.pem".into()),
            ca_dir: Some("/etc/certs".into()),
            extra_ca_file: Some("/etc/extra.pem".into()),
        };
        let expected = NetworkEnvironment {
            http_proxy: proxy(3128),
            https_proxy: proxy(3129),
            all_proxy: proxy(3130),
            no_proxy: Some("localhost,.example".into()),
            ca_file: Some("/etc/ca.pem".into()),
            ca_dir: Some("/etc/certs".into()),
            extra_ca_file: Some("/etc/extra.pem".into()),
        };
        let arrived = environment(network);
        let shown = format!("{arrived:?}");
        assert_eq!(arrived, expected);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
