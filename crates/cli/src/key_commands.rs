//! A key that another program has: asked for when it is needed, by a command of the person's own configuration.
//!
//! It runs here, where the person is, and never in the host. No shell reads it; it gets nothing to read, a time and a
//! length, and is ended with all that it started. What it says is the key, kept in memory alone; what it complains is
//! told.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use q_agent::Secret;
use q_term::sanitize::visible_line;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::config::AgentConfig;
use crate::config::key_command::KeyCommand;
use crate::environment::ProcessEnvironment;
use crate::missing::Missing;

/// How long it may take: a person may have to unlock something.
const WITHIN: Duration = Duration::from_secs(10);
/// What it may say, in bytes.
const MOST: usize = 64 << 10;
/// What is told of its complaints, in characters.
const TOLD: usize = 300;

/// The commands that say keys, by their agents' names, and what they said so far: each is asked once, when its key is needed.
#[derive(Clone, Debug)]
pub(crate) struct KeyCommands {
    commands: BTreeMap<String, KeyCommand>,
    /// Shared by all connections of this process: the next host gets a key without another question.
    said: Arc<Mutex<BTreeMap<String, Secret>>>,
    /// The configuration's directory, where no project decides what a name means.
    directory: PathBuf,
    /// The file that they stand in.
    file: PathBuf,
}

impl KeyCommands {
    /// None so far. `config` is the file that they stand in; they run beside it, where no project has a say.
    pub(crate) fn new(config: &Path) -> Self {
        let directory = config.parent().unwrap_or(Path::new("/")).to_owned();
        Self { commands: BTreeMap::new(), said: Arc::default(), directory, file: config.to_owned() }
    }

    /// Takes in the command of an agent, if it has one.
    pub(crate) fn take(
        &mut self,
        name: &str,
        agent: &AgentConfig,
        environment: &ProcessEnvironment,
        config: &Path,
    ) -> Result<(), Missing> {
        if let Some(command) = agent.key_command.clone() {
            let command =
                command.meant(config, environment.path("HOME").as_deref()).map_err(|why| Missing {
                    why: format!("its key_command cannot be run: {why}"),
                    way_out: "mend key_command there".to_owned(),
                })?;
            self.commands.insert(name.to_owned(), command);
        }
        Ok(())
    }

    /// The key of an agent, if its command was asked already.
    pub(crate) fn said(&self, agent: &str) -> Option<Secret> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).get(agent).cloned()
    }

    pub(crate) fn keep(&self, agent: String, key: Secret) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(agent, key);
    }

    /// The way to an agent's key, where a command has to be asked for it.
    pub(crate) fn fetch(&self, agent: &str) -> Option<Fetch> {
        let command = self.commands.get(agent).filter(|_| self.said(agent).is_none())?.clone();
        let directory = self.directory.clone();
        let place = format!("[agents.{agent}] in {}", self.file.display());
        let key = Box::pin(async move {
            let said = ask(&command, directory, WITHIN).await;
            said.map_err(|why| format!("{why}; {place} has it"))
        });
        Some(Fetch { agent: agent.to_owned(), key })
    }
}

/// A command that is being asked; dropped, it is ended.
pub(crate) struct Fetch {
    pub(crate) agent: String,
    key: Pin<Box<dyn Future<Output = Result<String, String>>>>,
}

impl Fetch {
    /// The key, or why there is none. May be dropped and called again; not once it has answered.
    pub(crate) async fn key(&mut self) -> Result<Secret, String> {
        self.key.as_mut().await.map(Secret::new)
    }
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch").field("agent", &self.agent).finish_non_exhaustive()
    }
}

/// Runs a command; gives what it says, or why that is no key. `within` is how long it may take.
async fn ask(command: &KeyCommand, directory: PathBuf, within: Duration) -> Result<String, String> {
    let program = visible_line(&command.program).into_owned();
    let failed = |why: String| format!("key_command failed: {program}: {why}");
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    // Whatever happens from here on, nothing that it started goes on.
    let group = Group(Cell::new(child.id().and_then(|id| Pid::from_raw(id.cast_signed()))));
    let (said, complained) = (child.stdout.take(), child.stderr.take());
    let ended = async {
        let status = child.wait().await;
        // What it left running may hold its output open for ever.
        group.end();
        status
    };
    let all = async { tokio::join!(read(said), read(complained), ended) };
    let (said, complained, status) = tokio::time::timeout(within, all)
        .await
        .map_err(|_| failed(format!("it had not ended after {} s", within.as_secs())))?;
    let status = status.map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        let complained = String::from_utf8_lossy(&complained);
        let complained: String = visible_line(complained.trim()).chars().take(TOLD).collect();
        let ended = status.to_string();
        return Err(failed(if complained.is_empty() { ended } else { format!("{complained} ({ended})") }));
    }
    key_in(said).map_err(|why| failed(why.to_owned()))
}

/// The key that it said.
fn key_in(said: Vec<u8>) -> Result<String, &'static str> {
    if said.len() > MOST {
        return Err("it says more than 64 KB");
    }
    let text = String::from_utf8(said).map_err(|_| "what it says is no UTF-8 text")?;
    let key = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    match key {
        "" => Err("it says nothing"),
        key if key.contains('\n') => Err("it says several lines, and a key is one"),
        key if key.chars().any(char::is_control) => Err("what it says has control characters in it"),
        key if !key.trim().bytes().all(|byte| byte.is_ascii_graphic()) || key.trim().is_empty() => {
            Err("what it says is no key: there are blanks in it, or characters that no key has")
        }
        key => Ok(key.trim().to_owned()),
    }
}

/// All that comes, up to one byte more than may be; the rest is read and dropped, so that nobody waits to write it.
async fn read(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut piece = [0; 4096];
    // What cannot be read ends it: a key that is cut is no key, and the exit tells.
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let room = (MOST + 1).saturating_sub(kept.len());
        kept.extend(piece.iter().take(count.min(room)));
    }
    kept
}

/// The processes of a command, by the number of the first. They end with it; once it is over, the number may be somebody
/// else's and is not used again.
struct Group(Cell<Option<Pid>>);

impl Group {
    fn end(&self) {
        if let Some(leader) = self.0.take() {
            // Nobody is left in it: that is what is wanted.
            let _gone = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    async fn key(words: &[&str], within: Duration) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let command = KeyCommand::try_from(words).map_err(str::to_owned)?;
        ask(&command, PathBuf::from("/"), within).await
    }

    #[tokio::test]
    async fn what_a_program_says_is_the_key_and_all_else_a_reason() {
        for (script, expected) in [
            ("echo sk-1", Ok("sk-1")),
            ("printf sk-2", Ok("sk-2")),
            ("printf 'sk-3\\r\\n'", Ok("sk-3")),
            ("printf ' sk-4 '", Ok("sk-4")),
            (
                "printf 'sk 4'",
                Err(
                    "key_command failed: sh: what it says is no key: there are blanks in it, or characters that no key has",
                ),
            ),
            ("echo sk-5; echo said aside >&2", Ok("sk-5")),
            ("read word; echo \"sk-$word\"", Ok("sk-")),
            ("true", Err("key_command failed: sh: it says nothing")),
            ("echo", Err("key_command failed: sh: it says nothing")),
            ("printf 'a\\nb\\n'", Err("key_command failed: sh: it says several lines, and a key is one")),
            ("printf 'a\\033[31m'", Err("key_command failed: sh: what it says has control characters in it")),
            ("printf '\\377'", Err("key_command failed: sh: what it says is no UTF-8 text")),
            (
                "echo sk-secret; printf 'no \\033[31mentry' >&2; exit 3",
                Err("key_command failed: sh: no <U+001B>[31mentry (exit status: 3)"),
            ),
            ("exit 4", Err("key_command failed: sh: exit status: 4")),
            ("head -c 70000 /dev/zero", Err("key_command failed: sh: it says more than 64 KB")),
        ] {
            let came = key(&["sh", "-c", script], WITHIN).await;
            assert_eq!(came.as_deref().map_err(String::as_str), expected, "{script}");
        }
        let came = key(&["no-such-program-anywhere"], WITHIN).await.unwrap_err();
        assert!(came.contains("no-such-program-anywhere: No such file"), "{came}");
        assert!(key(&[], WITHIN).await.unwrap_err().contains("names no program"));
        assert!(key(&["a", "b\0"], WITHIN).await.unwrap_err().contains("zero byte"));
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_ended_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let pids = dir.path().join("pids");
        for (script, expected) in [
            // It waits for ever; it says more than anybody reads; it left somebody with its output.
            ("echo $$ >> PIDS; sleep 1000 & echo $! >> PIDS; wait", Err("it had not ended after 0 s")),
            ("echo $$ >> PIDS; while :; do echo x; done", Err("it had not ended after 0 s")),
            ("sleep 1000 & echo $! >> PIDS; echo sk-1", Ok("sk-1")),
        ] {
            std::fs::write(&pids, "").unwrap();
            let script = script.replace("PIDS", &pids.to_string_lossy());
            let within = if expected.is_ok() { WITHIN } else { Duration::from_millis(300) };
            let came = key(&["sh", "-c", &script], within).await;
            match expected {
                Ok(key) => assert_eq!(came.as_deref(), Ok(key)),
                Err(why) => assert!(came.as_ref().unwrap_err().contains(why), "{came:?}"),
            }
            let started = std::fs::read_to_string(&pids).unwrap();
            assert!(!started.is_empty(), "{script}");
            for pid in started.lines() {
                wait_gone(pid);
            }
        }
    }

    /// Waits until that process runs no more: what was killed may still have to die.
    fn wait_gone(pid: &str) {
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let runs = |stat: &str| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim().starts_with('Z'));
        for _look in 0..1_000_000 {
            if !runs(&state()) {
                return;
            }
            std::thread::yield_now();
        }
        panic!("process {pid} goes on: {}", state());
    }
}
