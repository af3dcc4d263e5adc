//! `run`: a command in the session's directory, as the program and its arguments; a shell only where one is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{PipeWriter, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::mpsc;

use crate::bounds::CommandBounds;
use crate::definition::ToolDefinition;
use crate::directory::WorkingDirectory;
use crate::group::{CommandGroup, Groups, ending};
use crate::supervise::MAX_INPUT;
use crate::view::{MAX_OUTPUT, without_tags};

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "run",
    about: "Runs a command in the session's directory and tells what it put out (standard output and error together) and how it ended. Give argv: the program and its arguments, which are passed on as they are. Give shell instead only where a pipe, a redirection or a variable is needed. It has no standard input, ends with all it started, and may take 120 seconds unless more are given. With background it goes on while you do other things, as a server does: you are told its number for processes, output and stop; it ends with the session. The person is asked first.",
    schema: SCHEMA,
    reads: false,
};

/// The same in a sandbox. A tool of its own, so that leave for it is never leave for the other.
pub(crate) const SANDBOXED: ToolDefinition = ToolDefinition {
    name: "run_sandboxed",
    about: "Runs a command as run does, in a sandbox: it may change files only beneath the session's directory and in TMPDIR, nothing beneath .git or .q, and has no network. Prefer it; call run only for what cannot be done so. The person is asked first.",
    schema: SCHEMA,
    reads: false,
};

const SCHEMA: &str = r#"{"type":"object","properties":{"argv":{"type":"array","minItems":1,"items":{"type":"string"},"description":"The program and its arguments"},"shell":{"type":"string","description":"A line for /bin/sh, in the place of argv"},"seconds":{"type":"integer","minimum":1,"maximum":600,"description":"How long it may take; 120 unless given"},"background":{"type":"boolean","description":"Whether it goes on in the background; it has no seconds then"}},"additionalProperties":false}"#;

/// How long a command may take, unless said and at most, in seconds.
const SECONDS: u64 = 120;
const MAX_SECONDS: u64 = 600;
/// The longest command, in bytes.
const MAX_COMMAND: usize = 64 << 10;
/// How much of the beginning of what it puts out is kept, in bytes; the rest of what is told is the end.
const BEGINNING: usize = 16 << 10;
/// How long what it left in the pipe is read when it has ended.
const DRAIN: Duration = Duration::from_millis(200);
const PIECE: usize = 8 << 10;

/// The variables that a command gets, of those of the client that brought the agent. No key is among them.
pub const PASSED_ON: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_COLLATE",
    "LC_NUMERIC",
    "LC_TIME",
    "TZ",
    "TMPDIR",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
    "VIRTUAL_ENV",
    "NVM_DIR",
];
/// How a program is told to supervise a command: the arguments before those that say which.
pub const SUPERVISE: [&str; 2] = ["host", "command"];
/// How it is told that what comes in is the command's.
pub const SERVES: &str = "--serves";
/// How it is told that it is to become the command itself, in a sandbox; where files may be changed there; and what must stay.
pub const HELD: &str = "--held";
pub const WRITABLE: &str = "--writable";
pub const PROTECTED: &str = "--protected";
/// How it is told what the command may take, and how much of what comes in is its input.
pub const PROCESSES: &str = "--processes";
pub const MEMORY: &str = "--memory";
pub const INPUT: &str = "--input";
/// Where programs are looked for when nobody says.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunArguments {
    argv: Option<Vec<String>>,
    shell: Option<String>,
    seconds: Option<u64>,
    #[serde(default)]
    background: bool,
}

/// What is executed, for how many seconds at most, and whether in a sandbox or in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    argv: Vec<String>,
    seconds: u64,
    pub(crate) is_sandboxed: bool,
    pub(crate) is_background: bool,
    /// What it reads, within [`MAX_INPUT`]; mostly nothing.
    input: Vec<u8>,
}

/// What all commands of a session run with.
#[derive(Debug)]
pub(crate) struct CommandSettings {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) umask: u32,
    /// The program that supervises them; nothing for none.
    pub(crate) supervisor: Option<PathBuf>,
    /// Whether they can be held to a sandbox.
    pub(crate) sandbox: bool,
    /// What is `q`'s own, and changed by none in the sandbox.
    pub(crate) protected: Vec<PathBuf>,
    /// What each may take; nothing where whoever supervises them is not to be told.
    pub(crate) bounds: Option<CommandBounds>,
}

impl CommandLine {
    /// The program and its arguments, as they are executed.
    pub(crate) fn argv(&self) -> &[String] {
        &self.argv
    }

    /// A line for the shell that the person typed: it has its time, which they end.
    pub(crate) fn typed(line: &str) -> Result<Self, String> {
        let arguments =
            RunArguments { argv: None, shell: Some(line.into()), seconds: None, background: false };
        Ok(Self { seconds: u64::MAX, ..Self::of(arguments, false)? })
    }

    /// One that is told something, which it reads to its end.
    pub(crate) fn told(argv: &[String], input: Vec<u8>, seconds: u64) -> Result<Self, String> {
        if input.len() > MAX_INPUT {
            return Err(format!("its input is longer than {MAX_INPUT} bytes"));
        }
        let argv = Some(argv.to_owned());
        let arguments = RunArguments { argv, shell: None, seconds: Some(seconds), background: false };
        Ok(Self { input, ..Self::of(arguments, false)? })
    }

    pub(crate) fn of(arguments: RunArguments, is_sandboxed: bool) -> Result<Self, String> {
        let RunArguments { argv, shell, seconds, background } = arguments;
        if background && seconds.is_some() {
            return Err("what goes on in the background has no seconds: stop ends it".into());
        }
        let argv = match (argv, shell) {
            (Some(argv), None) => argv,
            (None, Some(line)) => ["/bin/sh".into(), "-c".into(), line].into(),
            (Some(_), Some(_)) | (None, None) => return Err("give either argv or shell".into()),
        };
        if argv.first().is_none_or(String::is_empty) {
            return Err("argv names no program".into());
        }
        if argv.iter().map(String::len).sum::<usize>() > MAX_COMMAND {
            return Err(format!("the command is longer than {MAX_COMMAND} bytes"));
        }
        if argv.iter().any(|argument| argument.contains('\0')) {
            return Err("the command has a zero byte in it".into());
        }
        let seconds = seconds.unwrap_or(SECONDS).clamp(1, MAX_SECONDS);
        Ok(Self { argv, seconds, is_sandboxed, is_background: background, input: Vec::new() })
    }
}

/// What a command gets, of these variables.
pub(crate) fn environment(given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut passed: BTreeMap<String, String> =
        PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), given.get(*name)?.clone()))).collect();
    passed.entry("PATH".into()).or_insert_with(|| PATH.into());
    // Nobody sits in front of it.
    for (name, value) in
        [("TERM", "dumb"), ("PAGER", "cat"), ("GIT_PAGER", "cat"), ("GIT_TERMINAL_PROMPT", "0")]
    {
        passed.insert(name.into(), value.into());
    }
    passed
}

/// Starts it, with the end of the pipe that it puts out into. Given up, it ends.
pub(crate) fn start(
    directory: &WorkingDirectory,
    settings: &CommandSettings,
    groups: &Groups,
    program: &CommandLine,
) -> Result<(CommandGroup, Receiver), String> {
    if !directory.is_where_it_was() {
        return Err(format!(
            "{} is not the directory any more that the session works in; it was not run",
            directory.path().display()
        ));
    }
    let name = program.argv.first().map_or("", String::as_str);
    let told = |error: std::io::Error| format!("{name} cannot be run: {error}");
    let (output, into) = std::io::pipe().map_err(told)?;
    let (mut command, lifeline) = settings.command(program).map_err(told)?;
    command.current_dir(directory.for_commands()).env_clear().envs(&settings.environment);
    command.stdout(into.try_clone().map_err(told)?).stderr(into);
    let group = groups.start(command, lifeline).map_err(told)?;
    Ok((group, Receiver::from_owned_fd(OwnedFd::from(output)).map_err(told)?))
}

/// Runs it. What it puts out goes to `progress` as it comes, and comes back within a bound, with how it ended. Given up, it ends.
pub(crate) async fn carry_out(
    directory: &WorkingDirectory,
    (group, mut output): (CommandGroup, Receiver),
    program: &CommandLine,
    progress: &mpsc::Sender<String>,
) -> Result<String, String> {
    let mut kept = Kept::default();
    let limit = Duration::from_secs(program.seconds);
    let ran = async {
        tokio::select! {
            () = group.leader_ends() => {}
            // Whoever closed the pipe may go on working.
            () = take_in(&mut output, &mut kept, progress) => group.leader_ends().await,
        }
    };
    if tokio::time::timeout(limit, ran).await.is_err() {
        drop(group);
        let rest = kept.text();
        return Err(format!(
            "it took longer than {} seconds and was ended. Until then it put out:\n{rest}",
            program.seconds
        ));
    }
    // What it left behind may hold the pipe open for ever.
    let _left_open = tokio::time::timeout(DRAIN, take_in(&mut output, &mut kept, progress)).await;
    let ended = group.conclude().await.map_err(|error| format!("nobody knows how it ended: {error}"))?;
    let text = format!("{}{}", kept.text(), ended.remark());
    match ending(ended.status) {
        None => Ok(text),
        Some(ending) if program.is_sandboxed => {
            Err(format!("{ending}\n{text}{}", in_sandbox(directory.path())))
        }
        Some(ending) => Err(format!("{ending}\n{text}")),
    }
}

impl CommandSettings {
    /// What starts it: itself, or who supervises it, with what it sees the end of this process by.
    fn command(&self, program: &CommandLine) -> std::io::Result<(Command, Option<PipeWriter>)> {
        let mut argv = program.argv.iter();
        let Some(supervisor) = &self.supervisor else {
            let mut command = Command::new(argv.next().map_or("", String::as_str));
            command.args(argv).stdin(Stdio::null());
            return Ok((command, None));
        };
        let mut command = Command::new(supervisor);
        command.args(SUPERVISE).arg(format!("--umask={:03o}", self.umask));
        if program.is_sandboxed {
            // It is in the session's directory by then.
            command.args([WRITABLE, "."]);
            for path in &self.protected {
                command.arg(PROTECTED).arg(path);
            }
        }
        if let Some(CommandBounds { processes, memory }) = self.bounds {
            command.arg(format!("{PROCESSES}={processes}")).arg(format!("{MEMORY}={memory}"));
        }
        let (end, mut lifeline) = std::io::pipe()?;
        if !program.input.is_empty() {
            command.arg(format!("{INPUT}={}", program.input.len()));
            lifeline.write_all(&program.input)?;
        }
        command.arg("--").args(argv).stdin(end);
        Ok((command, Some(lifeline)))
    }
}

/// What to think of when a command of the sandbox has failed.
fn in_sandbox(directory: &Path) -> String {
    format!(
        "(It ran in a sandbox: it may change files only beneath {} and in TMPDIR, nothing beneath .git or .q, and has no network. Where that is why it failed, run does it without, once the person says so; q may have asked already.)\n",
        directory.display()
    )
}

/// Reads until nobody holds the other end.
async fn take_in(output: &mut Receiver, kept: &mut Kept, progress: &mpsc::Sender<String>) {
    let mut piece = vec![0; PIECE];
    let mut begun = Vec::new();
    while let Ok(count @ 1..) = output.read(&mut piece).await {
        let bytes = piece.get(..count).unwrap_or_default();
        kept.push(bytes);
        begun.extend_from_slice(bytes);
        // A character that is cut comes with the next piece.
        let whole = begun.len() - cut(&begun);
        let text: Vec<u8> = begun.drain(..whole).collect();
        if !text.is_empty() {
            let _nobody_watches = progress.send(String::from_utf8_lossy(&text).into_owned()).await;
        }
    }
}

/// How many bytes at the end are the beginning of a character.
fn cut(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        Ok(_) => 0,
        Err(_) => {
            let last = bytes.len().saturating_sub(3);
            (last..bytes.len())
                .find(|at| {
                    bytes.get(*at..).is_some_and(|end| {
                        std::str::from_utf8(end)
                            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
                    })
                })
                .map_or(0, |at| bytes.len() - at)
        }
    }
}

/// The beginning and the end of what was put out.
#[derive(Debug, Default)]
struct Kept {
    beginning: Vec<u8>,
    end: std::collections::VecDeque<u8>,
    left_out: usize,
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        let room = BEGINNING - self.beginning.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.beginning.extend_from_slice(first);
        self.end.extend(rest);
        let over = self.end.len().saturating_sub(MAX_OUTPUT - BEGINNING);
        self.end.drain(..over);
        self.left_out += over;
    }

    fn text(self) -> String {
        let end: Vec<u8> = self.end.into();
        let mut text = if self.left_out == 0 {
            String::from_utf8_lossy(&[self.beginning, end].concat()).into_owned()
        } else {
            let mut text = String::from_utf8_lossy(&self.beginning).into_owned();
            let _never = write!(text, "\n(… {} bytes are left out here …)\n", self.left_out);
            text.push_str(&String::from_utf8_lossy(&end));
            text
        };
        text = without_tags(text.into()).into_owned();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_argv_or_a_shell_and_nothing_else() {
        let of = |argv: Option<&[&str]>, shell: Option<&str>, seconds| {
            let argv = argv.map(|argv| argv.iter().map(|argument| (*argument).to_owned()).collect());
            CommandLine::of(
                RunArguments { argv, shell: shell.map(str::to_owned), seconds, background: false },
                false,
            )
        };
        assert_eq!(
            of(Some(&["ls", "a b"]), None, None).map(|program| program.argv),
            Ok(vec!["ls".into(), "a b".into()])
        );
        let shell = of(None, Some("a | b"), Some(9_000));
        assert_eq!(
            shell.map(|program| (program.argv.join(" "), program.seconds)),
            Ok(("/bin/sh -c a | b".into(), 600))
        );
        for (argv, shell) in [
            (None, None),
            (Some(["ls"].as_slice()), Some("ls")),
            (Some(&[]), None),
            (Some(&[""]), None),
            (Some(&["a\0"]), None),
        ] {
            assert!(of(argv, shell, None).is_err(), "{argv:?} {shell:?}");
        }
        assert!(of(Some(&["x".repeat(70_000).as_str()]), None, None).is_err());
    }

    #[test]
    fn no_key_is_passed_on() {
        let given = [
            ("PATH", "/bin"),
            ("OPENAI_API_KEY", "sk-canary"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("LD_PRELOAD", "x"),
            ("HOME", "/h"),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let passed = environment(&given);
        let names: Vec<&str> = passed.keys().map(String::as_str).collect();
        assert_eq!(names, ["GIT_PAGER", "GIT_TERMINAL_PROMPT", "HOME", "PAGER", "PATH", "TERM"]);
        assert_eq!(environment(&BTreeMap::new()).get("PATH").map(String::as_str), Some(PATH));
    }

    #[test]
    fn of_much_output_beginning_and_end_are_kept() {
        let mut kept = Kept::default();
        kept.push(b"first\n");
        for _ in 0..100_000 {
            kept.push(b"middle\n");
        }
        kept.push(b"last\n");
        let text = kept.text();
        assert!(text.starts_with("first\n") && text.ends_with("last\n"), "{}", text.len());
        assert!(text.contains("bytes are left out here") && text.len() < MAX_OUTPUT + 100, "{}", text.len());
    }

    #[test]
    fn a_character_that_is_cut_waits_for_its_rest() {
        for (bytes, expected) in [
            (b"a".as_slice(), 0),
            (b"a\xc3", 1),
            (b"a\xe2\x82", 2),
            (b"\xff\xe2\x82", 2),
            (b"\xff", 0),
            (b"", 0),
        ] {
            assert_eq!(cut(bytes), expected, "{bytes:?}");
        }
    }
}
