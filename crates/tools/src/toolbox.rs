//! The tools of one session: a call is checked before anybody is asked, and carried out from the very bytes that were permitted.

mod of_person;
mod of_session;
mod terminals;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use q_core::{CallSubject, Circumstance, PlanStep};
use q_seat::{BackgroundLine, SkillPlace};
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::background::{self, Backgrounds, NoArguments, StopArguments};
use crate::bounds::CommandBounds;
use crate::changes::{ChangeKeeper, ChangeLog};
use crate::checked_call::CheckedCall;
use crate::definition::ToolDefinition;
use crate::digest::digest_of;
use crate::directory::WorkingDirectory;
use crate::edit::{self, EditArguments};
use crate::fetch::{self, FetchArguments, WantedPage};
use crate::group::Groups;
use crate::list::{self, ListArguments};
use crate::private::is_private;
use crate::read::{self, ReadArguments};
use crate::relative_path::RelativePath;
use crate::run::{self, CommandLine, CommandSettings, RunArguments};
use crate::sandbox::Sandbox;
use crate::search::{self, SearchArguments, Wanted};
use crate::seen::SeenFiles;
use crate::skill::{self, SkillArguments};
use crate::todo;
use crate::write::{self, WriteArguments};
use of_session::OfSession;

/// How many calls of all sessions work on files at once: each may have a file of 8 MB in memory a few times, and the memory is one.
static AT_WORK: Semaphore = Semaphore::const_new(3);

/// What the tools of a session may use.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolSettings {
    /// Variables to choose from for commands.
    pub environment: BTreeMap<String, String>,
    /// The umask for files that are made.
    pub umask: u32,
    /// The program that supervises commands: called with [`SUPERVISE`](crate::SUPERVISE), it is a
    /// [`SupervisedCommand`](crate::SupervisedCommand). Without one there is no sandbox, and commands outlive a process that is killed.
    pub supervisor: Option<PathBuf>,
    /// Whether commands are held to a sandbox, where the system can.
    pub sandbox: bool,
    /// What is `q`'s own: changed only where the person is asked about that very file.
    pub protected: Vec<PathBuf>,
    /// What a command may take with all that it starts; nothing where whoever supervises it knows of no bounds.
    pub bounds: Option<CommandBounds>,
}

impl Default for ToolSettings {
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            umask: 0o022,
            supervisor: None,
            sandbox: true,
            protected: Vec::new(),
            bounds: None,
        }
    }
}

/// The names of the variables, and nothing of what they hold.
impl fmt::Debug for ToolSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environment, umask, supervisor, sandbox, protected, bounds } = self;
        let variables: Vec<&String> = environment.keys().collect();
        f.debug_struct("ToolSettings")
            .field("variables", &variables)
            .field("umask", umask)
            .field("supervisor", supervisor)
            .field("sandbox", sandbox)
            .field("protected", protected)
            .field("bounds", bounds)
            .finish()
    }
}

/// The tools of one session, in its directory.
#[derive(Debug)]
pub struct Toolbox {
    path: PathBuf,
    commands: CommandSettings,
    directory: OnceLock<WorkingDirectory>,
    seen: SeenFiles,
    groups: Groups,
    backgrounds: Backgrounds,
    /// Where files are kept as they were, if anywhere, and the turn in which they are changed.
    changes: Option<ChangeLog>,
    turn: AtomicU64,
    /// What may be read by `skill`, as of the newest turn.
    skills: Mutex<Vec<SkillPlace>>,
}

/// Every tool there is, on systems that can do all of it.
pub const TOOLS: [ToolDefinition; 13] = [
    read::DEFINITION,
    list::DEFINITION,
    search::DEFINITION,
    write::DEFINITION,
    edit::DEFINITION,
    run::SANDBOXED,
    run::DEFINITION,
    fetch::DEFINITION,
    background::PROCESSES,
    background::OUTPUT,
    background::STOP,
    todo::DEFINITION,
    skill::DEFINITION,
];

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolReply {
    pub text: String,
    pub is_failed: bool,
}

impl ToolReply {
    /// One that failed for this reason.
    pub fn failed(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_failed: true }
    }
}

/// A call as it is understood.
#[derive(Clone, Debug)]
enum Action {
    Read(RelativePath, ReadArguments),
    List(RelativePath),
    Search(RelativePath, SearchArguments),
    Write(RelativePath, WriteArguments),
    Edit(RelativePath, EditArguments),
    Run(CommandLine),
    Fetch(WantedPage),
    OfSession(OfSession),
}

impl Action {
    fn reads(&self) -> bool {
        match self {
            // A page is asked about, and nothing is different after it.
            Self::Read(..) | Self::List(_) | Self::Search(..) | Self::Fetch(_) => true,
            // Of two plans the later one counts, and what a process put out is read once: these keep their order.
            Self::Write(..) | Self::Edit(..) | Self::Run(_) | Self::OfSession(_) => false,
        }
    }

    /// Where it looks, or what it changes.
    fn place(&self) -> Option<&RelativePath> {
        match self {
            Self::Read(place, _)
            | Self::List(place)
            | Self::Search(place, _)
            | Self::Write(place, _)
            | Self::Edit(place, _) => Some(place),
            Self::Run(_) | Self::Fetch(_) | Self::OfSession(_) => None,
        }
    }
}

/// Says that nobody waits any longer, once it is dropped.
struct GivingUp(Arc<AtomicBool>);

impl Drop for GivingUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Toolbox {
    /// The tools in that directory. Nothing is opened yet.
    pub fn new(path: PathBuf, settings: &ToolSettings) -> Self {
        let environment = run::environment(&settings.environment);
        let supervisor = settings.supervisor.clone();
        let sandbox = settings.sandbox && supervisor.is_some() && Sandbox::is_supported();
        Self {
            path,
            commands: CommandSettings {
                environment,
                umask: settings.umask,
                supervisor,
                sandbox,
                protected: settings.protected.clone(),
                bounds: settings.bounds,
            },
            directory: OnceLock::new(),
            seen: SeenFiles::default(),
            groups: Groups::default(),
            backgrounds: Backgrounds::default(),
            changes: None,
            turn: AtomicU64::new(0),
            skills: Mutex::default(),
        }
    }

    /// The same, keeping each file as it was before it is changed.
    #[must_use]
    pub fn keeping(self, changes: Option<ChangeLog>) -> Self {
        Self { changes, ..self }
    }

    /// What is changed from here on is changed in that turn.
    pub fn begin_turn(&self, turn: u64) {
        self.turn.store(turn, Ordering::Relaxed);
    }

    /// The tools that there are here.
    pub fn definitions(&self) -> impl Iterator<Item = ToolDefinition> {
        let has_skills = !self.skills().is_empty();
        TOOLS.into_iter().filter(move |tool| {
            (self.commands.sandbox || tool.name != run::SANDBOXED.name)
                && (has_skills || tool.name != skill::DEFINITION.name)
        })
    }

    /// What binds a permission to what is carried out: whose it is, where, with which variables, and the exact bytes.
    pub fn digest(&self, owner: &[u8], tool: &str, input: &str) -> [u8; 32] {
        let path = self.path.as_os_str().as_encoded_bytes();
        let variables = self.commands.environment.iter();
        let variables = variables.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let parts = [b"q call 1".as_slice(), owner, path].into_iter().chain(variables);
        digest_of(parts.chain([b"".as_slice(), tool.as_bytes(), input.as_bytes()]))
    }

    /// What a call is about, for those who have rules for such. Nothing is opened: no link is ever followed, so what its
    /// path says is what is opened.
    pub fn subject(&self, tool: &str, input: &str) -> CallSubject {
        match self.understand(tool, input) {
            Ok(Action::OfSession(OfSession::Skill(place, asked))) => self.subject_of_skill(&place, &asked),
            Err(_) | Ok(Action::OfSession(_)) => CallSubject::Other,
            Ok(Action::Run(command)) => CallSubject::Command(command.argv().to_vec()),
            Ok(Action::Fetch(page)) => CallSubject::Host(page.host),
            Ok(Action::Search(place, _)) => CallSubject::Tree { path: place.to_string() },
            Ok(
                Action::Read(place, _)
                | Action::List(place)
                | Action::Write(place, _)
                | Action::Edit(place, _),
            ) => CallSubject::File { path: place.to_string(), is_private: self.is_guarded(&place) },
        }
    }

    /// What a call would do; or why it cannot be done, which nobody need be asked about.
    pub async fn check(self: &Arc<Self>, tool: &str, input: &str) -> Result<CheckedCall, String> {
        let action = self.understand(tool, input)?;
        if let Action::Run(command) = &action
            && command.is_background
        {
            self.backgrounds.refuse_too_many()?;
        }
        if let Action::Fetch(_) = action {
            return Ok(CheckedCall::plain(true, true));
        }
        if let Action::OfSession(_) = action {
            return Ok(CheckedCall::plain(false, false));
        }
        let (reads, toolbox) = (action.reads(), Arc::clone(self));
        let is_private = action.place().is_some_and(|place| self.is_guarded(place));
        // A check of a change has its file in memory too.
        let _place = AT_WORK.acquire().await;
        let looking = blocking(move || {
            let circumstance = toolbox.check_there(&action)?;
            let home = toolbox.commands.environment.get("HOME").map(Path::new);
            Ok((is_wide(&toolbox.path, home), circumstance))
        });
        let (is_wide, circumstance) = looking.await?;
        Ok(CheckedCall { reads, wants_consent: is_wide || !reads || is_private, circumstance })
    }

    /// Carries a call out, if `permitted` is the digest of exactly that. What it puts out meanwhile goes to `progress`. Given up, a
    /// command ends with all it started; a change to a file is made whole or not at all.
    pub async fn carry_out(
        self: &Arc<Self>,
        owner: &[u8],
        tool: &str,
        input: &str,
        permitted: [u8; 32],
        progress: &mpsc::Sender<String>,
    ) -> ToolReply {
        let done = async {
            if self.digest(owner, tool, input) != permitted {
                return Err("what was permitted is not this call; it did not run".to_owned());
            }
            match self.understand(tool, input)? {
                Action::Run(program) => {
                    let directory = self.directory()?;
                    let turn = self.turn.load(Ordering::Relaxed);
                    let room = program.is_background.then(|| self.backgrounds.room(turn)).transpose()?;
                    let started = run::start(directory, &self.commands, &self.groups, &program)?;
                    if let Some(room) = room {
                        return self.backgrounds.follow(room, started, program.argv()).await;
                    }
                    run::carry_out(directory, started, &program, progress).await
                }
                Action::OfSession(action) => self.carry_out_in_session(action).await,
                Action::Fetch(_) => Err("nothing here reaches the network".into()),
                action @ (Action::Read(..)
                | Action::List(_)
                | Action::Search(..)
                | Action::Write(..)
                | Action::Edit(..)) => self.carry_out_in_files(action).await,
            }
        };
        match done.await {
            Ok(text) => ToolReply { text, is_failed: false },
            Err(text) => ToolReply::failed(text),
        }
    }

    /// The plan that a call tells, of the one tool that tells any.
    pub fn plan(&self, tool: &str, input: &str) -> Option<Vec<PlanStep>> {
        let understood = self.understand(tool, input);
        if let Ok(Action::OfSession(OfSession::Plan(steps))) = understood { Some(steps) } else { None }
    }

    /// What goes on in the background, and what ended there, for people.
    pub fn processes(&self) -> Vec<BackgroundLine> {
        self.backgrounds.lines()
    }

    /// How many go on, now and whenever that changes.
    pub fn running(&self) -> watch::Receiver<usize> {
        self.backgrounds.running()
    }

    /// Ends one of them; whether it ran, or why there is none.
    pub fn stop(&self, number: u64) -> Result<bool, String> {
        self.backgrounds.stop(number)
    }

    /// Whether one has ended that the model was not told of.
    pub fn have_processes_ended(&self) -> bool {
        self.backgrounds.have_ended()
    }

    /// Whether none was ever started here: whatever an earlier toolbox of the session started is over.
    pub fn has_no_processes(&self) -> bool {
        self.backgrounds.is_unused()
    }

    /// Whether such a call starts one.
    pub fn starts_process(&self, tool: &str, input: &str) -> bool {
        // Asked of each call that there ever was: no other is read for it.
        let runs = [&run::DEFINITION, &run::SANDBOXED].iter().any(|known| known.name == tool);
        runs && matches!(self.understand(tool, input), Ok(Action::Run(command)) if command.is_background)
    }

    /// Ends all of them.
    pub fn end_processes(&self) {
        self.backgrounds.end();
    }

    /// The page that a call wants: who has a network fetches it, once the call may run.
    pub fn wanted_page(&self, tool: &str, input: &str) -> Option<WantedPage> {
        if let Ok(Action::Fetch(page)) = self.understand(tool, input) { Some(page) } else { None }
    }

    /// The text of a file as it is, if `permitted` is the digest of exactly that call of `read`: for programs that number lines by
    /// themselves.
    pub async fn read_plainly(
        self: &Arc<Self>,
        owner: &[u8],
        input: &str,
        permitted: [u8; 32],
    ) -> Result<String, String> {
        if self.digest(owner, "read", input) != permitted {
            return Err("what was permitted is not this call; it did not run".to_owned());
        }
        let Action::Read(place, arguments) = self.understand("read", input)? else {
            return Err("it is no file that is read".to_owned());
        };
        let _place = AT_WORK.acquire().await;
        let toolbox = Arc::clone(self);
        let reading = move || read::text_of(toolbox.directory()?, &toolbox.seen, &place);
        Ok(arguments.lines_of(&blocking(reading).await?))
    }

    /// Takes what stands in a file that a call of `write` is about for known: of a program that has ways of its own to read it, the
    /// person is asked with what stands there now. What changes it afterwards is still told. Gives a digest of it, of nothing where
    /// no file is there; none where that cannot be read.
    pub async fn take_as_known(self: &Arc<Self>, input: &str) -> Option<[u8; 32]> {
        let Ok(Action::Write(place, _)) = self.understand("write", input) else { return None };
        let _place = AT_WORK.acquire().await;
        let toolbox = Arc::clone(self);
        let looking = move || {
            let content = toolbox.directory()?.read_if_there(&place)?;
            if let Some(content) = &content {
                toolbox.seen.note(&place, &content.bytes);
            }
            Ok(digest_of([content.map(|content| content.bytes).unwrap_or_default().as_slice()]))
        };
        // What cannot be read is said when it is checked.
        blocking(looking).await.ok()
    }

    /// Waits until every command that was given up has ended.
    pub async fn commands_are_over(&self) {
        self.groups.are_over().await;
    }

    async fn carry_out_in_files(self: &Arc<Self>, action: Action) -> Result<String, String> {
        let _place = AT_WORK.acquire().await;
        let given_up = Arc::new(AtomicBool::new(false));
        let _giving_up = GivingUp(Arc::clone(&given_up));
        let toolbox = Arc::clone(self);
        let mut working = Box::pin(blocking({
            let given_up = Arc::clone(&given_up);
            move || toolbox.carry_out_there(action, &given_up)
        }));
        tokio::select! {
            done = &mut working => done,
            () = tokio::time::sleep(search::TIME) => {
                given_up.store(true, Ordering::Relaxed);
                working.await
            }
        }
    }

    fn directory(&self) -> Result<&WorkingDirectory, String> {
        if let Some(directory) = self.directory.get() {
            return Ok(directory);
        }
        let opened = WorkingDirectory::open(&self.path, self.commands.umask)?;
        Ok(self.directory.get_or_init(|| opened))
    }

    fn understand(&self, tool: &str, input: &str) -> Result<Action, String> {
        let place = |path: &str| RelativePath::of(path, &self.path);
        Ok(match tool {
            "read" => {
                let arguments: ReadArguments = parsed(input)?;
                Action::Read(place(&arguments.path)?, arguments)
            }
            "list" => Action::List(place(&parsed::<ListArguments>(input)?.path)?),
            "search" => {
                let arguments: SearchArguments = parsed(input)?;
                Wanted::of(&arguments)?;
                Action::Search(place(&arguments.path)?, arguments)
            }
            "write" => {
                let arguments: WriteArguments = parsed(input)?;
                Action::Write(place(&arguments.path)?, arguments)
            }
            "edit" => {
                let arguments: EditArguments = parsed(input)?;
                Action::Edit(place(&arguments.path)?, arguments)
            }
            "run" => Action::Run(CommandLine::of(parsed::<RunArguments>(input)?, false)?),
            "run_sandboxed" if self.commands.sandbox => {
                Action::Run(CommandLine::of(parsed::<RunArguments>(input)?, true)?)
            }
            "fetch" => Action::Fetch(WantedPage::of(&parsed::<FetchArguments>(input)?)?),
            "processes" => {
                let NoArguments {} = parsed(input)?;
                Action::OfSession(OfSession::Processes)
            }
            "output" => Action::OfSession(OfSession::Output(parsed(input)?)),
            "stop" => Action::OfSession(OfSession::Stop(parsed::<StopArguments>(input)?.process)),
            "todo" => Action::OfSession(OfSession::Plan(todo::plan(parsed(input)?)?)),
            "skill" => {
                let arguments: SkillArguments = parsed(input)?;
                Action::OfSession(OfSession::Skill(arguments.place(&self.skills())?, arguments))
            }
            unknown => return Err(format!("there is no tool `{unknown}`")),
        })
    }

    fn check_there(&self, action: &Action) -> Result<Circumstance, String> {
        let directory = self.directory()?;
        match action {
            Action::Write(place, arguments) => {
                return write::check(directory, &self.seen, place, arguments);
            }
            Action::Edit(place, arguments) => edit::check(directory, &self.seen, place, arguments)?,
            Action::Read(place, _) => read::check(directory, place)?,
            Action::Run(command) if self.commands.sandbox && !command.is_sandboxed => {
                return Ok(Circumstance::Unheld);
            }
            Action::List(_)
            | Action::Search(..)
            | Action::Run(_)
            | Action::Fetch(_)
            | Action::OfSession(_) => {}
        }
        Ok(Circumstance::Plain)
    }

    /// Whether it is asked about by its own name alone: it mostly holds keys, or is `q`'s own.
    fn is_guarded(&self, place: &RelativePath) -> bool {
        let full = || place.names().iter().fold(self.path.clone(), |path, name| path.join(name));
        let is_own = |own: &PathBuf| {
            full().starts_with(own) || own.canonicalize().is_ok_and(|own| full().starts_with(own))
        };
        place.names().iter().any(|name| is_private(name)) || self.commands.protected.iter().any(is_own)
    }

    fn keeper(&self) -> ChangeKeeper {
        ChangeKeeper::new(self.changes.clone(), self.turn.load(Ordering::Relaxed))
    }

    fn carry_out_there(&self, action: Action, given_up: &AtomicBool) -> Result<String, String> {
        let directory = self.directory()?;
        match action {
            Action::Read(place, arguments) => read::carry_out(directory, &self.seen, &place, &arguments),
            Action::List(place) => list::carry_out(directory, &place),
            Action::Search(place, arguments) => {
                search::carry_out(directory, &place, &Wanted::of(&arguments)?, given_up)
            }
            Action::Write(place, arguments) => {
                write::carry_out(directory, &self.seen, &self.keeper(), &place, &arguments)
            }
            Action::Edit(place, arguments) => {
                edit::carry_out(directory, &self.seen, &self.keeper(), &place, &arguments)
            }
            Action::Run(_) | Action::Fetch(_) | Action::OfSession(_) => {
                Err("this is no work on files".into())
            }
        }
    }
}

/// Whether its files are not one project's, so that even looking wants consent: the home directory is in it, by whatever path
/// that is named, or everything is. Looks that up, which may take its time.
fn is_wide(path: &Path, home: Option<&Path>) -> bool {
    let real = home.and_then(|home| home.canonicalize().ok());
    let homes = home.into_iter().chain(real.as_deref());
    path.parent().is_none() || homes.into_iter().any(|home| home.starts_with(path))
}

/// What a tool is given, read strictly: a member that is not known, or comes twice, is a mistake.
fn parsed<'a, T: Deserialize<'a>>(input: &'a str) -> Result<T, String> {
    // A model that has nothing to say about it says nothing.
    let input = if input.trim().is_empty() { "{}" } else { input };
    serde_json::from_str(input).map_err(|error| format!("the arguments cannot be used: {error}"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err("the tool broke while it worked".into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_has_a_name_that_every_server_takes_and_a_schema_of_an_object() {
        for tool in TOOLS {
            assert!(tool.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", tool.name);
            let schema: Value = serde_json::from_str(tool.schema).unwrap();
            assert_eq!(schema["type"], "object", "{}", tool.name);
            assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(schema["properties"][required.as_str().unwrap()].is_object(), "{}", tool.name);
            }
        }
    }
}
