//! `key_command`: the program that says a key, as the configuration has it. Running it is [`crate::key_commands`]' business.

use std::path::Path;

use serde::Deserialize;

use super::path;

/// A program with its arguments, as the configuration has it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenCommand")]
pub(crate) struct KeyCommand {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// A command as people may write it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "key_command is a list of texts, as no shell reads it: [\"pass\", \"show\", \"NAME\"]"
)]
enum WrittenCommand {
    Words(Vec<String>),
}

impl TryFrom<WrittenCommand> for KeyCommand {
    type Error = &'static str;

    fn try_from(WrittenCommand::Words(words): WrittenCommand) -> Result<Self, Self::Error> {
        words.try_into()
    }
}

/// Which program it is, is no secret; what it is given might be.
impl std::fmt::Debug for KeyCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyCommand").field("program", &self.program).finish_non_exhaustive()
    }
}

impl TryFrom<Vec<String>> for KeyCommand {
    type Error = &'static str;

    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        let mut words = words.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or("key_command names no program: [\"pass\", \"show\", \"NAME\"]")?;
        let arguments: Vec<String> = words.collect();
        if arguments.iter().chain([&program]).any(|word| word.contains('\0')) {
            return Err("key_command has a zero byte in it");
        }
        Ok(Self { program, arguments })
    }
}

impl KeyCommand {
    /// What is run, for people.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// The same command, its program found from the file at `config` where it is written as a path.
    pub(crate) fn meant(mut self, config: &Path, home: Option<&Path>) -> Result<Self, String> {
        if self.program.contains('/') {
            let program = path::meant(Path::new(&self.program), config, home)?;
            self.program = program.to_string_lossy().into_owned();
        }
        Ok(self)
    }
}
