//! The MCP servers that sessions in a directory may have: those of the configuration, and those that a trusted project names in its
//! `.mcp.json`. Read whenever they are asked for, by the host before each turn too.
//!
//! Of a project nothing is opened before its directory is trusted. What its file has as `${NAME}` is filled in by nobody: that
//! would hand the person's keys to whatever a repository names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use q_agent::{McpServers, ServerTables};
use q_mcp::{McpSpec, Pin, PinnedTools, ServerOrigin};
use q_tools::{ProjectPlace, SERVERS_FILE, digest_of, hexadecimal};
use serde::Deserialize;
use serde_json::Value;

use crate::config::{self, McpConfig, WorkPlace, headers};
use crate::context::Context;
use crate::{out, trust_file};

/// The longest `.mcp.json`, in bytes, and the most servers that it may name.
const MOST_BYTES: usize = 256 << 10;
const MOST: usize = 64;
/// How much of the digest of a project's directory tells its servers from those of others.
const KNOWN_BY: usize = 8;

/// A server that sessions in a directory have, or would have but for its fault.
#[derive(Clone, Debug)]
pub(crate) struct KnownServer {
    pub(crate) spec: McpSpec,
    pub(crate) is_enabled: bool,
    /// The agents that are offered its tools; all that may use tools without any.
    pub(crate) agents: Option<Vec<String>>,
    /// The file that names it.
    pub(crate) file: PathBuf,
    /// As what it is asked for tokens, where somebody registered that by hand.
    pub(crate) client_id: Option<String>,
    /// Why it is not started in this directory.
    fault: Option<String>,
}

/// All of them, by name, and what is wrong with the rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownServers {
    pub(crate) all: BTreeMap<String, KnownServer>,
    pub(crate) notices: Vec<String>,
}

impl KnownServer {
    pub(crate) fn is_for(&self, agent: &str) -> bool {
        self.is_enabled && self.agents.as_ref().is_none_or(|agents| agents.iter().any(|named| named == agent))
    }

    /// Why nothing of it is offered in this directory, with the way out; nothing where it is, or will be once it is started.
    pub(crate) fn fault(&self, pin: &Result<Option<Pin>, String>) -> Option<String> {
        let name = &self.spec.name;
        let why = match pin {
            _ if self.fault.is_some() => return self.fault.clone(),
            Err(why) => why.as_str(),
            Ok(Some(pin)) if pin.command != self.spec.accepted_words() => {
                "its command is not the one that was accepted"
            }
            Ok(None) if self.spec.origin != ServerOrigin::Person => {
                "this project names it, and you have not accepted it"
            }
            Ok(_) => return None,
        };
        Some(format!("{why}: q mcp check {name}"))
    }

    /// Under which name it is kept what was accepted of it.
    pub(crate) fn pin_name(&self) -> String {
        self.spec.pin_name()
    }

    /// Why it cannot even be looked at here.
    pub(crate) fn obstacle(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}

/// Those of a directory, whichever agent asks. `file` is the configuration that was read, `variable` the environment that it names
/// keys of.
pub(crate) fn known(
    (file, configured): (&Path, &BTreeMap<String, McpConfig>),
    variable: impl Fn(&str) -> Option<String>,
    trusted: &Path,
    directory: &Path,
) -> KnownServers {
    let mut known = KnownServers::default();
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let trusted = trust_file::read(trusted).unwrap_or_default();
    let root = trust_file::above(&trusted, &directory);
    for (name, server) in configured {
        let mut spec = server.spec(name);
        let fault = match server.directory {
            Some(WorkPlace::Session) => {
                spec.directory = Some(directory.clone());
                root.is_none().then(|| "it works in the session's directory, which is not trusted: q trust".into())
            }
            None => by_relative_path(&spec.command).then(|| {
                "its program is named by a part of its path: name all of it, or say directory = \"session\"".into()
            }),
        };
        // Of a table that is switched off nothing is opened.
        let remote = spec.remote.as_mut().filter(|_| server.is_enabled());
        let key = remote.map(|remote| (remote, server.key(&variable, file)));
        let fault = match key {
            Some((remote, Ok(Some(key)))) => {
                remote.headers.insert("Authorization".to_owned(), format!("Bearer {key}"));
                fault
            }
            Some((_, Err(why))) => Some(why),
            Some((_, Ok(None))) | None => fault,
        };
        let server = KnownServer {
            spec,
            is_enabled: server.is_enabled(),
            agents: server.agents.clone(),
            file: file.to_owned(),
            client_id: server.client_id.clone(),
            fault,
        };
        known.all.insert(name.clone(), server);
    }
    if let Some((project, text)) =
        root.and_then(|root| ProjectPlace::of(&directory, Some(root)).lowest(SERVERS_FILE))
    {
        let file = project.join(SERVERS_FILE);
        match text.and_then(|text| tables(&text)) {
            Ok(tables) => {
                for (name, table) in tables {
                    known.take(&name, table, &project, &file);
                }
            }
            Err(why) => known.notices.push(format!("{}: {why}", file.display())),
        }
    }
    known
}

impl KnownServers {
    /// Takes one of a project in. One of the person's own of that name stays in its place.
    fn take(&mut self, name: &str, table: Value, project: &Path, file: &Path) {
        let described = described(name, table).and_then(|config| match self.all.get(name) {
            _ if self.all.len() >= MOST => Err(format!("`{name}`: there are more than {MOST} servers")),
            Some(_) => Err(format!("`{name}`: your configuration has a server of this name, which counts")),
            None => Ok(config),
        });
        match described {
            Ok(config) => {
                let origin = ServerOrigin::Project(known_by(project));
                let directory = config.url.is_none().then(|| project.to_owned());
                let spec = McpSpec { directory, origin, ..config.spec(name) };
                let server = KnownServer {
                    spec,
                    is_enabled: true,
                    agents: None,
                    file: file.to_owned(),
                    client_id: None,
                    fault: None,
                };
                self.all.insert(name.to_owned(), server);
            }
            Err(why) => self.notices.push(format!("left out of {}: {why}", file.display())),
        }
    }
}

/// Whether a program is looked for beneath the directory in which it is started.
pub(crate) fn by_relative_path(command: &[String]) -> bool {
    command.first().is_some_and(|program| program.contains('/') && !program.starts_with('/'))
}

/// By what a project's servers are told from those of others that have the same names.
fn known_by(project: &Path) -> String {
    let digest = digest_of([project.as_os_str().as_encoded_bytes()]);
    hexadecimal(digest.get(..KNOWN_BY).unwrap_or(&digest))
}

/// The form of that file, of which other programs read more.
#[derive(Deserialize)]
struct ProjectTables {
    #[serde(default, rename = "mcpServers")]
    servers: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct ProjectTable {
    #[serde(default)]
    command: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default, rename = "type")]
    kind: String,
}

fn tables(text: &str) -> Result<BTreeMap<String, Value>, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it is longer than {MOST_BYTES} bytes"));
    }
    let ProjectTables { servers } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if servers.len() > MOST {
        return Err(format!("it names more than {MOST} servers"));
    }
    Ok(servers)
}

/// What a project says of one server; or why that cannot be used.
fn described(name: &str, table: Value) -> Result<McpConfig, String> {
    let wrong = |why: String| format!("`{name}` {why}");
    let table: ProjectTable =
        serde_json::from_value(table).map_err(|error| wrong(format!("is no server: {error}")))?;
    let ProjectTable { command, args, env, url, headers, kind } = table;
    if kind == "sse" {
        return Err(wrong(
            "is reached over SSE, which is older than streamable HTTP and not known here".into(),
        ));
    }
    let texts = || args.iter().chain([&command]).chain(env.values()).chain(&url).chain(headers.values());
    if texts().any(|text| text.contains("${")) {
        return Err(wrong("has a ${NAME}, which q fills in for no project".into()));
    }
    let headers = headers::checked(headers).map_err(wrong)?;
    let command = [command].into_iter().chain(args).filter(|_| url.is_none()).collect();
    let config = McpConfig { command, environment: env, url, headers, ..McpConfig::default() };
    config.check(name).map_err(wrong)?;
    Ok(config)
}

/// For the host: those of an agent in that directory.
pub(crate) fn read_for_host(trusted: &Path, tables: &ServerTables, directory: &Path) -> McpServers {
    let config = match config::read(&tables.file) {
        Ok(config) => config,
        Err(error) => {
            let why =
                format!("MCP servers: {}; until then none of their tools is offered", error.on_one_line());
            return McpServers { notices: vec![why], ..McpServers::default() };
        }
    };
    let variable = |name: &str| tables.variables.get(name).cloned();
    let known = known((&tables.file, &config.mcp), variable, trusted, directory);
    let mut servers = McpServers { notices: known.notices, ..McpServers::default() };
    for server in known.all.into_values().filter(|server| server.is_for(&tables.agent)) {
        match server.fault {
            Some(why) => servers.notices.push(format!("MCP server {}: {why}", server.spec.name)),
            None => servers.servers.push(server.spec),
        }
    }
    servers
}

/// What tables may name of the environment here.
pub(crate) fn variables(context: &Context) -> impl Fn(&str) -> Option<String> {
    |name| context.environment.text(name).map(str::to_owned)
}

/// Those of an agent in that directory as they are known here, with what was accepted of each.
pub(crate) fn of_agent(
    context: &Context,
    agent: &str,
    directory: &Path,
) -> Vec<(KnownServer, Result<Option<Pin>, String>)> {
    let file = &context.agents.file;
    let Ok(config) = config::read(file) else { return Vec::new() };
    let pinned = PinnedTools { directory: context.place.accepted_servers() };
    let known = known((file, &config.mcp), variables(context), &context.place.trusted(), directory);
    let with_pin = |server: KnownServer| {
        let pin = pinned.read(&server.spec.pin_name());
        (server, pin)
    };
    known.all.into_values().filter(|server| server.is_for(agent)).map(with_pin).collect()
}

/// Says which servers a session's agent goes without, and why: its thoughts, where the host says so too, are read by few.
pub(crate) fn note_faults(context: &Context, agent: &str, directory: &Path) {
    for (server, pin) in of_agent(context, agent, directory) {
        if let Some(why) = server.fault(&pin) {
            out::note(&format!("q: MCP server {} is not used: {why}", server.spec.name));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs;

    use super::*;

    struct Desk {
        _root: tempfile::TempDir,
        project: PathBuf,
        trusted: PathBuf,
    }

    impl Desk {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let project = root.path().canonicalize().unwrap().join("project");
            fs::create_dir_all(project.join("beneath")).unwrap();
            let trusted = root.path().join("trusted");
            Self { _root: root, project, trusted }
        }

        fn trust(&self) {
            fs::write(&self.trusted, format!("{}\n", self.project.display())).unwrap();
        }

        fn known(&self, config: &str, directory: &str) -> KnownServers {
            let file = self.trusted.with_file_name("config.toml");
            fs::write(&file, config).unwrap();
            let configured = config::read(&file).unwrap().mcp;
            let variable = |name: &str| (name == "KEY").then(|| "sk-canary".to_owned());
            known((&file, &configured), variable, &self.trusted, &self.project.join(directory))
        }
    }

    #[test]
    fn a_project_names_servers_once_its_directory_is_trusted() {
        let desk = Desk::new();
        let text = r#"{ "mcpServers": {
            "there": { "command": "npx", "args": ["-y", "x"], "env": { "A": "b" }, "type": "stdio" },
            "mine": { "command": "other" },
            "away": { "type": "http", "url": "https://x.test", "headers": { "X-Team": "a" } },
            "older": { "type": "sse", "url": "https://x.test" },
            "keyed": { "type": "http", "url": "https://x.test", "headers": { "Authorization": "Bearer ${KEY}" } },
            "unsent": { "url": "https://x.test", "headers": { "X Team": "a" } },
            "filled": { "command": "x", "args": ["${KEY}"] },
            "a__b": { "command": "x" },
            "odd": 5,
            "none": {}
        }, "more": 1 }"#;
        fs::write(desk.project.join(SERVERS_FILE), text).unwrap();
        let config = "[mcp.mine]\ncommand = [\"own\"]\n";
        let before = desk.known(config, "beneath");
        assert_eq!((before.all.len(), before.notices.len()), (1, 0), "nothing of it is opened");
        desk.trust();
        fs::create_dir(desk.project.join(".git")).unwrap();
        let known = desk.known(config, "beneath");
        assert_eq!(known.all.keys().collect::<Vec<_>>(), ["away", "mine", "there"]);
        let away = &known.all["away"].spec;
        assert_eq!(away.accepted_words(), ["", "https://x.test", "X-Team: a"]);
        assert_eq!((away.command.len(), &away.directory), (0, &None));
        assert_eq!(known.all["mine"].spec.command, ["own"], "the person's own counts");
        let there = &known.all["there"].spec;
        assert_eq!(there.command, ["npx", "-y", "x"]);
        assert_eq!((there.environment["A"].as_str(), &there.directory), ("b", &Some(desk.project.clone())));
        assert!(there.pin_name().starts_with("there.") && there.pin_name().len() == 22);
        let notices = known.notices.join("\n");
        for told in [
            "`mine`: your configuration has a server of this name",
            "`older` is reached over SSE",
            "`keyed` has a ${NAME}",
            "`unsent` `X Team` cannot be the name of a header",
            "`filled` has a ${NAME}",
            "`a__b` is no name",
            "`odd` is no server",
            "`none` names no program",
        ] {
            assert!(notices.contains(told), "{told}: {notices}");
        }
        // The nearest file counts, and no other.
        let near = desk.project.join("beneath").join(SERVERS_FILE);
        fs::write(&near, r#"{ "mcpServers": { "near": { "command": "x" } } }"#).unwrap();
        let nearest = desk.known(config, "beneath");
        assert_eq!(nearest.all.keys().collect::<Vec<_>>(), ["mine", "near"]);
        assert_eq!(nearest.all["near"].file, near);
        fs::remove_file(near).unwrap();
        for (text, told) in [("{", "EOF"), (&*" ".repeat(MOST_BYTES + 1), "longer than")] {
            fs::write(desk.project.join(SERVERS_FILE), text).unwrap();
            assert!(desk.known(config, "").notices[0].contains(told), "{told}");
        }
    }

    #[test]
    fn a_server_at_an_address_has_its_key_from_where_the_table_says_and_shows_it_nowhere() {
        let desk = Desk::new();
        let file = desk.project.join("key");
        fs::write(&file, "sk-canary-file\n").unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let table = |rest: &str| format!("[mcp.far]\nurl = \"https://x.test/mcp?key=canary\"\n{rest}\n");
        let key = |known: &KnownServers| {
            let headers = &known.all["far"].spec.remote.as_ref().unwrap().headers;
            headers.get("Authorization").cloned().unwrap_or_default()
        };
        let key_file = format!("key_file = {:?}", file.display().to_string());
        for (rest, expected) in [
            ("", ""),
            ("headers = { Authorization = \"Basic canary\" }", "Basic canary"),
            ("key_env = \"KEY\"", "Bearer sk-canary"),
            (&key_file, "Bearer sk-canary-file"),
        ] {
            let known = desk.known(&table(rest), "");
            assert_eq!((key(&known).as_str(), known.all["far"].obstacle()), (expected, None), "{rest}");
            let server = &known.all["far"];
            assert!(!format!("{server:?} {}", server.spec.shown()).contains("canary"), "{rest}");
            assert_eq!(server.spec.accepted_words(), ["", "https://x.test/mcp?key=…"], "{rest}");
        }
        for (rest, told) in [
            ("key_env = \"OTHER\"", "OTHER, which key_env names, is not set"),
            ("enabled = true\nkey_file = \"nowhere\"", "its key cannot be read from nowhere"),
            ("key_file = \"nowhere\"", "its key cannot be read from nowhere"),
        ] {
            let known = desk.known(&table(rest), "");
            assert!(known.all["far"].obstacle().is_some_and(|why| why.contains(told)), "{rest}");
        }
        let known = desk.known(&table("enabled = false\nkey_file = \"nowhere\""), "");
        assert_eq!(known.all["far"].obstacle(), None, "nobody asks for the key of one that is off");
    }

    #[test]
    fn a_server_in_the_sessions_directory_wants_it_trusted() {
        let desk = Desk::new();
        let config = "[mcp.here]\ncommand = [\"x\"]\ndirectory = \"session\"\n[mcp.own]\ncommand = [\"x\"]\n\
                      [mcp.part]\ncommand = [\"./x\"]\n";
        let faults = |known: &KnownServers| {
            let named = known.all.values().filter_map(|server| server.fault(&Ok(None)));
            named.map(|fault| fault.chars().take(20).collect()).collect::<Vec<String>>()
        };
        let known = desk.known(config, "");
        assert_eq!(faults(&known), ["it works in the sess", "its program is named"]);
        assert_eq!(
            known.all["own"].spec.directory, None,
            "what lies in a session's directory is no part of it"
        );
        desk.trust();
        let known = desk.known(config, "beneath");
        assert_eq!(faults(&known), ["its program is named"]);
        assert_eq!(known.all["here"].spec.directory, Some(desk.project.join("beneath")));
    }

    #[test]
    fn the_host_has_the_servers_of_an_agent_and_what_is_to_be_told_of_others() {
        let desk = Desk::new();
        let file = desk.project.join("config.toml");
        let config = "[mcp.a]\ncommand = [\"x\"]\nagents = [\"other\"]\n[mcp.b]\ncommand = [\"x\"]\n\
                      [mcp.c]\ncommand = [\"./x\"]\n[mcp.d]\ncommand = [\"x\"]\nenabled = false\n";
        fs::write(&file, config).unwrap();
        let tables = ServerTables { file: file.clone(), agent: "hands".into(), ..ServerTables::default() };
        let read = read_for_host(&desk.trusted, &tables, &desk.project);
        assert_eq!(read.servers, [McpSpec::new("b", vec!["x".into()])]);
        assert!(read.notices.len() == 1 && read.notices[0].starts_with("MCP server c: its program"));
        fs::write(&file, "[mcp.a\n").unwrap();
        let read = read_for_host(&desk.trusted, &tables, &desk.project);
        assert!(read.servers.is_empty() && read.notices[0].contains("none of their tools"), "{read:?}");
    }
}
