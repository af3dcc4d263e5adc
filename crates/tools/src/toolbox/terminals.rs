//! Commands that a program has q run, and follows by itself: started as `run` starts one, ended with the others of the session.

use std::sync::atomic::Ordering;

use super::{Action, Toolbox};
use crate::background::TerminalOutput;
use crate::run;

impl Toolbox {
    /// Starts the command of a call of `run` for a program that follows it by itself, if `permitted` is the digest of exactly that;
    /// the number by which it is known. It has no time limit: it goes on until it is released, or is ended with the others. Of what
    /// it puts out the newest `limit` bytes are kept, within a bound.
    pub fn start_terminal(
        &self,
        owner: &[u8],
        input: &str,
        permitted: [u8; 32],
        limit: usize,
    ) -> Result<u64, String> {
        if self.digest(owner, "run", input) != permitted {
            return Err("what was permitted is not this call; it did not run".to_owned());
        }
        let Action::Run(program) = self.understand("run", input)? else {
            return Err("it is no command that is run".to_owned());
        };
        let room = self.backgrounds.terminal_room(self.turn.load(Ordering::Relaxed))?;
        let started = run::start(self.directory()?, &self.commands, &self.groups, &program)?;
        Ok(self.backgrounds.follow_terminal(room, started, program.argv(), limit))
    }

    /// Whether there is such a command, running or not.
    pub fn has_terminal(&self, number: u64) -> bool {
        self.backgrounds.is_there(number)
    }

    /// What is kept of what such a command put out, and how it ended if it has; nothing where there is none of that number.
    pub fn terminal(&self, number: u64) -> Option<TerminalOutput> {
        self.backgrounds.terminal(number)
    }

    /// The same behind so many bytes, if that is said, once there is something or it has ended; without, all once it has ended.
    pub async fn terminal_comes_to(&self, number: u64, seen: Option<usize>) -> Option<TerminalOutput> {
        self.backgrounds.terminal_comes_to(number, seen).await
    }

    /// Ends such a command, and keeps nothing of it; whether there was one.
    pub fn release_terminal(&self, number: u64) -> bool {
        self.backgrounds.forget(number)
    }
}
