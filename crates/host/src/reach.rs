//! How an agent is reached, as clients say it and as agents take it. Keys pass through here, and are shown nowhere.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use q_agent::{
    AcpSpec, AgentSpec, CertificateFiles, CommandBounds, Dialect, HttpSpec, NetworkEnvironment, Patience,
    RequestShape, Secret, ServerLimits, ServerProgram, ServerTables, ToolSettings, shape,
};
use q_proto::message::Reach;
use q_proto::network::Network;
use q_proto::shaping::{Program, Shaping, ToolEnvironment};

/// What an agent is made of, by what a client brought.
pub fn spec(reach: Reach) -> AgentSpec {
    match reach {
        Reach::Guide => AgentSpec::Guide,
        Reach::Http { base_url, key, model, idle_timeout_ms, network, shaping } => {
            let dialect = dialect(&shaping).unwrap_or_default();
            let patience = Patience {
                idle_timeout: Duration::from_millis(idle_timeout_ms),
                first_byte: shaping.first_byte_ms.map(Duration::from_millis),
                retries: shaping.retries.unwrap_or(Patience::RETRIES),
            };
            AgentSpec::Http(Arc::new(HttpSpec {
                dialect,
                base_url,
                key: key.map(Secret::new),
                model,
                patience,
                servers: shaping.tools.as_ref().map(server_tables).unwrap_or_default(),
                tools: shaping.tools.clone().map(tool_settings),
                program: shaping.program.clone().map(program),
                shape: shape_of(shaping),
                network: environment(network),
                limits: ServerLimits::default(),
            }))
        }
        Reach::Acp { command, variables, model, install, silence_ms, tools: environment } => {
            AgentSpec::Acp(Arc::new(AcpSpec {
                command,
                environment: variables.into_iter().collect(),
                model,
                install,
                silence: Duration::from_millis(silence_ms),
                servers: server_tables(&environment),
                tools: tool_settings(environment),
            }))
        }
    }
}

/// The protocol that was named, if it is spoken here.
pub(crate) fn dialect(shaping: &Shaping) -> Option<Dialect> {
    if shaping.dialect.is_empty() { Some(Dialect::default()) } else { Dialect::of(&shaping.dialect) }
}

/// Of the variables only those that commands are meant to get, whatever a client brings.
pub fn tool_settings(environment: ToolEnvironment) -> ToolSettings {
    let ToolEnvironment { variables, umask, supervisor, is_free, own, bounds, .. } = environment;
    let is_meant = |(name, _): &(String, String)| q_agent::TOOL_VARIABLES.contains(&name.as_str());
    ToolSettings {
        environment: variables.into_iter().filter(is_meant).collect(),
        umask,
        supervisor: Some(supervisor).filter(|path| !path.is_empty()).map(PathBuf::from),
        sandbox: !is_free,
        protected: own.into_iter().map(PathBuf::from).collect(),
        bounds: bounds.map(|(processes, memory)| CommandBounds { processes, memory }),
    }
}

/// Where its MCP servers are written: each turn reads them there. The home directory is what a `~` there means.
fn server_tables(tools: &ToolEnvironment) -> ServerTables {
    let home = tools.variables.iter().filter(|(name, _)| name == "HOME");
    ServerTables {
        file: tools.configured.clone().into(),
        agent: tools.agent.clone(),
        variables: home.chain(&tools.server_keys).cloned().collect(),
    }
}

fn program(Program { path, arguments }: Program) -> ServerProgram {
    ServerProgram { path: path.into(), arguments }
}

/// What cannot be read says nothing.
fn shape_of(shaping: Shaping) -> RequestShape {
    RequestShape {
        temperature: shaping.temperature.and_then(shape::number),
        max_tokens: shaping.max_tokens,
        reasoning: shaping.reasoning,
        headers: shaping.headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
        body: shape::members(&shaping.body),
        omit: shaping.omit,
        window: shaping.window,
        compact_model: shaping.compact_model,
        think_tags: shaping.think_tags,
        no_project_files: shaping.no_project_files,
    }
}

fn environment(network: Network) -> NetworkEnvironment {
    let Network { http_proxy, https_proxy, all_proxy, no_proxy, ca_file, ca_dir, extra_ca_file } = network;
    let certificates = CertificateFiles { ca_file, ca_dir, extra_ca_file };
    NetworkEnvironment { http_proxy, https_proxy, all_proxy, no_proxy, certificates }
}

#[cfg(test)]
#[allow(clippy::panic, reason = "tests may panic")]
mod tests {
    use std::path::PathBuf;

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
        let arrived = environment(network);
        let shown = format!("{arrived:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let NetworkEnvironment { http_proxy, https_proxy, all_proxy, no_proxy, certificates } = arrived;
        assert_eq!([http_proxy, https_proxy, all_proxy], [3128, 3129, 3130].map(proxy));
        assert_eq!(no_proxy.as_deref(), Some("localhost,.example"));
        let files = ["/etc/ca.pem", "/etc/certs", "/etc/extra.pem"];
        let CertificateFiles { ca_file, ca_dir, extra_ca_file } = certificates;
        assert_eq!([ca_file, ca_dir, extra_ca_file], files.map(|file| Some(PathBuf::from(file))));
    }

    #[test]
    fn what_a_client_wants_otherwise_arrives_at_the_agent() {
        let arrived = Shaping {
            dialect: "anthropic".into(),
            first_byte_ms: Some(1500),
            retries: Some(4),
            temperature: Some(0.5),
            max_tokens: Some(7),
            reasoning: Some("low".into()),
            headers: vec![("x-team".into(), "sk-canary".into())],
            body: "{\"top_p\":0.5}".into(),
            omit: vec!["stream_options".into()],
            window: Some(9000),
            compact_model: "small".into(),
            think_tags: true,
            no_project_files: true,
            tools: Some(ToolEnvironment {
                variables: [("HOME", "/h"), ("OPENAI_API_KEY", "sk-canary")]
                    .map(|(name, value)| (name.into(), value.into()))
                    .into(),
                umask: 0o027,
                supervisor: "/bin/q".into(),
                is_free: true,
                configured: "/config/q.toml".into(),
                agent: "hands".into(),
                own: vec!["/state".into()],
                server_keys: vec![("FAR_KEY".into(), "sk-canary".into())],
                bounds: Some((9, 0)),
            }),
            program: Some(Program { path: "/bin/serves".into(), arguments: vec!["here".into()] }),
        };
        let reach = Reach::Http {
            base_url: String::new(),
            key: None,
            model: String::new(),
            idle_timeout_ms: 1,
            network: Network::default(),
            shaping: arrived,
        };
        let AgentSpec::Http(made) = spec(reach) else { panic!("the guide") };
        let HttpSpec { dialect, patience, shape, program, tools, servers, .. } = &*made;
        let variables = [("HOME", "/h"), ("FAR_KEY", "sk-canary")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(
            *servers,
            ServerTables { file: "/config/q.toml".into(), agent: "hands".into(), variables }
        );
        let home = [("HOME".to_owned(), "/h".to_owned())].into();
        let expected = ToolSettings {
            environment: home,
            umask: 0o027,
            supervisor: Some("/bin/q".into()),
            sandbox: false,
            protected: vec!["/state".into()],
            bounds: Some(CommandBounds { processes: 9, memory: 0 }),
        };
        assert_eq!(*tools, Some(expected), "no key is passed on");
        let expected = ServerProgram { path: "/bin/serves".into(), arguments: vec!["here".into()] };
        assert_eq!(*program, Some(expected));
        assert_eq!(patience.retries, 4);
        assert_eq!((*dialect, patience.first_byte), (Dialect::Anthropic, Some(Duration::from_millis(1500))));
        let RequestShape { temperature, max_tokens, reasoning, headers, body, omit, .. } = shape;
        let RequestShape { window, compact_model, think_tags, no_project_files, .. } = shape;
        assert_eq!((*window, compact_model.as_str()), (Some(9000), "small"));
        assert_eq!(*temperature, shape::number(0.5));
        assert_eq!((*max_tokens, reasoning.as_deref()), (Some(7), Some("low")));
        assert_eq!(*headers, [("x-team".to_owned(), Secret::new("sk-canary"))]);
        assert_eq!((body["top_p"].as_f64(), omit.len(), *think_tags), (Some(0.5), 1, true));
        assert!(*no_project_files);
        let foreign = Shaping { dialect: "zebra".into(), ..Shaping::default() };
        assert_eq!(
            (super::dialect(&foreign), super::dialect(&Shaping::default())),
            (None, Some(Dialect::ChatCompletions))
        );
    }

    #[test]
    fn an_agent_of_others_gets_what_its_client_has_for_it_and_no_more() {
        let reach = Reach::Acp {
            command: vec!["agent".into()],
            variables: vec![("ITS_KEY".into(), "sk-canary".into())],
            model: "m".into(),
            install: "i".into(),
            silence_ms: 1500,
            tools: ToolEnvironment {
                variables: [("HOME", "/h"), ("OPENAI_API_KEY", "x")]
                    .map(|(name, value)| (name.into(), value.into()))
                    .into(),
                configured: "/config/q.toml".into(),
                agent: "a".into(),
                ..ToolEnvironment::default()
            },
        };
        let made = spec(reach);
        assert!(!format!("{made:?}").contains("canary"));
        let AgentSpec::Acp(made) = made else { panic!("another kind") };
        let names = |of: &std::collections::BTreeMap<String, String>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            (names(&made.environment), names(&made.tools.environment)),
            (vec!["ITS_KEY".into()], vec!["HOME".into()])
        );
        assert_eq!(made.silence, Duration::from_millis(1500));
        let variables = [("HOME".into(), "/h".into())].into();
        assert_eq!(
            made.servers,
            ServerTables { file: "/config/q.toml".into(), agent: "a".into(), variables }
        );
    }
}
