//! From a start to a session of the agent's: greeted, its conversation found again by the handle or begun anew.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use q_core::{AgentFailure, FailureKind, ResumeHandle};
use q_json::{members, text};
use q_seat::{McpSpec, Seat, ServerOrigin};
use q_tools::ServingPrograms;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::choices::{ChoiceKind, Choices, MODELS, MODES};
use crate::connection::{AgentConnection, AskFault};
use crate::failure::{login, not_opened, not_started, refused};
use crate::spec::AcpSpec;

/// How long an agent may take to greet, and to open a session: some fetch themselves first.
const START: Duration = Duration::from_mins(1);
/// The longest id of a session that is kept, in bytes: as long as a handle may be.
const ID_BYTES: usize = 1 << 10;

/// An agent with a session open, ready for a prompt.
#[derive(Debug)]
pub(crate) struct OpenSession {
    pub(crate) connection: AgentConnection,
    /// Its id, by the agent.
    pub(crate) id: String,
    memory: AgentMemory,
    pub(crate) can: Abilities,
    /// What it says of how to log in.
    pub(crate) login: String,
    pub(crate) models: Choices,
    pub(crate) modes: Choices,
    /// The mode that it was opened in, and the one that was chosen since.
    first_mode: String,
    chosen_mode: Option<String>,
}

/// What the agent remembers of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgentMemory {
    /// All that was said so far.
    Whole,
    /// It was never told anything.
    Empty,
    /// It was, and has forgotten it.
    Lost,
}

/// What the agent says that it can.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Abilities {
    pub(crate) images: bool,
    pub(crate) closes: bool,
    /// Whether it takes words in its turn.
    pub(crate) steers: bool,
    pub(crate) loads: bool,
    pub(crate) resumes: bool,
}

impl OpenSession {
    /// Starts the agent and opens its session: the one of that handle where it is found again.
    pub(crate) async fn start(
        spec: &AcpSpec,
        seat: &Seat,
        servers: &[McpSpec],
        handle: Option<&ResumeHandle>,
        programs: &ServingPrograms,
    ) -> Result<Self, AgentFailure> {
        let command = command(spec).await?;
        let mut connection =
            AgentConnection::start(spec, &command, &seat.directory, programs).map_err(not_started)?;
        let greeting = json!({
            "protocolVersion": 1,
            "clientCapabilities": { "fs": { "readTextFile": true, "writeTextFile": true }, "terminal": true },
            "clientInfo": { "name": "q", "title": "q", "version": env!("CARGO_PKG_VERSION") },
        });
        let greeted = match connection.call("initialize", &greeting, START).await {
            Ok(greeted) => greeted,
            Err(fault) => return Err(not_opened("the greeting", fault, connection, "").await),
        };
        let login = login(&greeted);
        let [version] = members(&greeted, ["protocolVersion"]);
        if version.is_none_or(|version| version.get() != "1") {
            let why = "it does not speak version 1 of the Agent Client Protocol";
            return Err(not_started(why));
        }
        let can = Abilities::of(&greeted);
        let mut open = Self {
            connection,
            id: String::new(),
            memory: AgentMemory::Empty,
            can,
            login,
            models: Choices::default(),
            modes: Choices::default(),
            first_mode: String::new(),
            chosen_mode: None,
        };
        if let Some(ResumeHandle(handle)) = handle {
            match open.find(handle, servers, seat).await {
                Ok(true) => return Ok(open),
                Ok(false) => open.memory = AgentMemory::Lost,
                Err(fault) => return Err(not_opened("a session", fault, open.connection, &open.login).await),
            }
        }
        let made = open.connection.call("session/new", &place(servers, seat, None), START).await;
        let made = match made {
            Ok(made) => made,
            Err(fault) => return Err(not_opened("a session", fault, open.connection, &open.login).await),
        };
        let [id] = members(&made, ["sessionId"]);
        open.id = id.and_then(text).filter(|id| !id.is_empty() && id.len() <= ID_BYTES).ok_or_else(|| {
            AgentFailure::new(FailureKind::ServerError, "it opens a session without a name")
        })?;
        open.note_choices(&made);
        Ok(open)
    }

    /// Whether it remembers nothing of the conversation.
    pub(crate) fn is_new(&self) -> bool {
        self.memory != AgentMemory::Whole
    }

    /// Whether it had a memory of it, and has lost that.
    pub(crate) fn has_forgotten(&self) -> bool {
        self.memory == AgentMemory::Lost
    }

    /// It is told all that was said, and remembers that from here on.
    pub(crate) const fn tell_all(&mut self) {
        self.memory = AgentMemory::Whole;
    }

    /// Finds the conversation of that handle again; whether it did.
    async fn find(&mut self, handle: &str, servers: &[McpSpec], seat: &Seat) -> Result<bool, AskFault> {
        let method = match self.can {
            Abilities { resumes: true, .. } => "session/resume",
            // It says all of it again, which nobody listens to: the transcript is the truth.
            Abilities { loads: true, .. } => "session/load",
            Abilities { .. } => return Ok(false),
        };
        match self.connection.call(method, &place(servers, seat, Some(handle)), START).await {
            Ok(found) => {
                handle.clone_into(&mut self.id);
                self.memory = AgentMemory::Whole;
                self.note_choices(&found);
                Ok(true)
            }
            Err(AskFault::Refused(error)) if refused(&error, "").kind == FailureKind::NotLoggedIn => {
                Err(AskFault::Refused(error))
            }
            Err(AskFault::Refused(_)) => Ok(false),
            Err(lost) => Err(lost),
        }
    }

    /// The model that answers, by its name.
    pub(crate) fn model(&self) -> &str {
        &self.models.current
    }

    fn note_choices(&mut self, said: &RawValue) {
        (self.models, self.modes) = (Choices::of(said, &MODELS), Choices::of(said, &MODES));
        self.first_mode.clone_from(&self.modes.current);
    }

    /// Its models as it says them anew; the one that answers from here on where that is another.
    pub(crate) fn take_models(&mut self, said: &RawValue) -> Option<String> {
        let models = Choices::of(said, &MODELS);
        if models.known.is_empty() {
            return None;
        }
        let is_other = models.current != self.models.current && !models.current.is_empty();
        self.models = models;
        is_other.then(|| self.models.current.clone())
    }

    /// Has another model answer from here on, where one is wanted that is not the one.
    pub(crate) async fn set_model(&mut self, wanted: &str) -> Result<(), AgentFailure> {
        if wanted.is_empty() || wanted == self.models.current {
            return Ok(());
        }
        let asked = self.models.request(&MODELS, &self.id, wanted);
        self.choose(&MODELS, asked, FailureKind::UnknownModel).await?;
        wanted.clone_into(&mut self.models.current);
        Ok(())
    }

    /// Has it be in that mode from here on; without one, in the one that it was opened in, if another one was chosen. A mode that it
    /// leaves by itself is not chosen again until another one is wanted.
    pub(crate) async fn set_mode(&mut self, wanted: Option<&str>) -> Result<(), AgentFailure> {
        if wanted == self.chosen_mode.as_deref() {
            return Ok(());
        }
        let mode = wanted.unwrap_or(&self.first_mode).to_owned();
        if mode != self.modes.current {
            let asked = self.modes.request(&MODES, &self.id, &mode);
            self.choose(&MODES, asked, FailureKind::SettingRefused).await?;
        }
        (self.modes.current, self.chosen_mode) = (mode, wanted.map(str::to_owned));
        Ok(())
    }

    async fn choose(
        &mut self,
        kind: &ChoiceKind,
        asked: Result<(&'static str, Value), String>,
        otherwise: FailureKind,
    ) -> Result<(), AgentFailure> {
        let (method, params) = asked.map_err(|why| AgentFailure::new(otherwise, why))?;
        match self.connection.call(method, &params, START).await {
            Ok(_) => Ok(()),
            Err(AskFault::Refused(error)) => Err(AgentFailure { kind: otherwise, ..refused(&error, "") }),
            Err(AskFault::Lost(_) | AskFault::TimedOut(_)) => {
                let why = format!("it does not answer to which {} is wanted", kind.category());
                Err(AgentFailure::new(FailureKind::Silent, why))
            }
        }
    }
}

impl Abilities {
    fn of(greeted: &RawValue) -> Self {
        let [all, beside] = members(greeted, ["agentCapabilities", "_meta"]);
        let [steering] = beside.map_or([None], |beside| members(beside, ["steering"]));
        let [steers] = steering.map_or([None], |steering| members(steering, ["supported"]));
        let steers = steers.is_some_and(|steers| steers.get() == "true");
        let Some(all) = all else { return Self { steers, ..Self::default() } };
        let [loads, prompt, session] =
            members(all, ["loadSession", "promptCapabilities", "sessionCapabilities"]);
        let is_said =
            |value: Option<&RawValue>| value.is_some_and(|value| !matches!(value.get(), "null" | "false"));
        let [image] = prompt.map_or([None], |prompt| members(prompt, ["image"]));
        let [resume, close] = session.map_or([None; 2], |session| members(session, ["resume", "close"]));
        Self {
            images: is_said(image),
            closes: is_said(close),
            steers,
            loads: is_said(loads),
            resumes: is_said(resume),
        }
    }
}

/// Where a session is opened, and with which servers.
fn place(servers: &[McpSpec], seat: &Seat, handle: Option<&str>) -> Value {
    // What a project names waits until the person accepts it: an agent would start it at once.
    let own = servers.iter().filter(|server| server.origin == ServerOrigin::Person);
    let servers: Vec<Value> = own.filter_map(server).collect();
    let mut place = json!({ "cwd": seat.directory.to_string_lossy(), "mcpServers": servers });
    if let (Some(handle), Some(members)) = (handle, place.as_object_mut()) {
        members.insert("sessionId".into(), handle.into());
    }
    place
}

fn server(server: &McpSpec) -> Option<Value> {
    let (program, arguments) = server.command.split_first()?;
    let variables = server.environment.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let variables: Vec<Value> = variables.collect();
    Some(json!({ "name": server.name, "command": program, "args": arguments, "env": variables }))
}

/// The command as it is started: its program by the place where it stands, or what to do where it is not there at all. Places that
/// depend on where it is started are passed over: a project would offer its own.
async fn command(spec: &AcpSpec) -> Result<Vec<String>, AgentFailure> {
    let mut command = spec.command.clone();
    let Some(program) = command.first_mut() else { return Err(not_started("no program is named")) };
    let variable = |name: &str| spec.environment.get(name).or_else(|| spec.tools.environment.get(name));
    let path = variable("PATH").cloned().unwrap_or_default();
    let wanted = program.clone();
    let looking = tokio::task::spawn_blocking(move || {
        if path.is_empty() || wanted.contains('/') {
            return (path.is_empty() || is_program(&wanted)).then_some(wanted);
        }
        let absolute = path.split(':').filter(|directory| directory.starts_with('/'));
        let mut places = absolute.map(|directory| format!("{directory}/{wanted}"));
        places.find(|place| is_program(place))
    });
    if let Some(found) = looking.await.ok().flatten() {
        *program = found;
        return Ok(command);
    }
    let install = if spec.install.is_empty() {
        "install it, or mend its command in the config".to_owned()
    } else {
        format!("install it: {}", spec.install)
    };
    Err(not_started(format!("{program} is not on PATH; {install}")))
}

fn is_program(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
