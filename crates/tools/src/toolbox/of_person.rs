//! What a person has run: lines for the shell, and hooks. Nobody is asked, and no rule is about them.

use tokio::sync::mpsc;

use super::{ToolReply, Toolbox};
use crate::run::{self, CommandLine};

impl Toolbox {
    /// The same, with variables for its commands beside those that all commands get.
    #[must_use]
    pub fn giving(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.commands.environment.extend(variables);
        self
    }

    /// Has the shell run a line that the person typed, whom nobody asks. Otherwise it is like a call of `run`, and ends only by itself
    /// or given up.
    pub async fn run_line(&self, line: &str, progress: &mpsc::Sender<String>) -> ToolReply {
        self.ran(CommandLine::typed(line), progress).await
    }

    /// Runs a command of the person's that is told something, which it reads to its end. What it puts out is told when it has ended.
    pub async fn run_told(&self, argv: &[String], input: Vec<u8>, seconds: u64) -> ToolReply {
        let (progress, _nobody_watches) = mpsc::channel(1);
        self.ran(CommandLine::told(argv, input, seconds), &progress).await
    }

    async fn ran(&self, program: Result<CommandLine, String>, progress: &mpsc::Sender<String>) -> ToolReply {
        let done = async {
            let (directory, program) = (self.directory()?, program?);
            let started = run::start(directory, &self.commands, &self.groups, &program)?;
            run::carry_out(directory, started, &program, progress).await
        };
        done.await.map_or_else(ToolReply::failed, |text| ToolReply { text, is_failed: false })
    }
}
