//! A program that is spoken to over its standard input and output, for as long as somebody keeps it: in the session's directory,
//! with the variables that commands get and those it is given, a group of its own that ends as one.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::oneshot;

use crate::directory::WorkingDirectory;
use crate::group::{CommandGroup, Groups};
use crate::run::{self, SERVES, SUPERVISE};
use crate::toolbox::ToolSettings;

/// The groups of programs that one session speaks to, for whoever must not go before they have ended.
#[derive(Clone, Debug, Default)]
pub struct ServingPrograms(Groups);

/// A program that was started. Dropped, it is told to end, and killed with all it started where it does not.
#[derive(Debug)]
pub struct ServingProgram {
    /// What it reads. Once this is closed it is told to end.
    pub input: Sender,
    pub output: Receiver,
    pub errors: Receiver,
    pub group: ServingGroup,
}

/// All processes of such a program; they end with this.
#[derive(Debug)]
pub struct ServingGroup(CommandGroup);

impl ServingGroup {
    /// Tells once its leader has ended, whatever it left behind; never, where nobody can be told.
    pub fn watch_leader(&self) -> oneshot::Receiver<()> {
        self.0.watch_leader()
    }

    /// Waits until its leader has ended, and says how: nothing where nobody knows.
    pub async fn ended(self) -> Option<String> {
        self.0.leader_ends().await;
        let ended = self.0.conclude().await.ok()?;
        Some(ended.how())
    }
}

impl ServingPrograms {
    /// Starts a program in that directory, which is opened as the tools open it. `given` are variables beside those that all
    /// commands get, or in their place. It must be used inside a tokio runtime with I/O.
    pub fn start(
        &self,
        settings: &ToolSettings,
        directory: &Path,
        argv: &[String],
        given: &BTreeMap<String, String>,
    ) -> Result<ServingProgram, String> {
        let [name, arguments @ ..] = argv else { return Err("no program is named".into()) };
        let directory = WorkingDirectory::open(directory, settings.umask)?;
        let mut command = Command::new(name);
        command.args(arguments);
        if let Some(supervisor) = &settings.supervisor {
            command = Command::new(supervisor);
            command.args(SUPERVISE).arg(format!("--umask={:03o}", settings.umask));
            command.arg(SERVES).arg("--").args(argv);
        }
        command.current_dir(directory.for_commands()).env_clear();
        command.envs(run::environment(&settings.environment)).envs(given);
        self.spawn(command).map_err(|error| format!("{name} cannot be run: {error}"))
    }

    fn spawn(&self, mut command: Command) -> io::Result<ServingProgram> {
        let (its_input, input) = io::pipe()?;
        let (output, its_output) = io::pipe()?;
        let (errors, its_errors) = io::pipe()?;
        command.stdin(its_input).stdout(Stdio::from(its_output)).stderr(Stdio::from(its_errors));
        let group = ServingGroup(self.0.start(command, None)?);
        Ok(ServingProgram {
            input: Sender::from_owned_fd(OwnedFd::from(input))?,
            output: Receiver::from_owned_fd(OwnedFd::from(output))?,
            errors: Receiver::from_owned_fd(OwnedFd::from(errors))?,
            group,
        })
    }

    /// Waits until every program that was given up has ended.
    pub async fn are_over(&self) {
        self.0.are_over().await;
    }
}
