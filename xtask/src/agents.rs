//! `cargo xtask agents`: tools and agents as people have them: a working day with a scripted model, the reference servers of the Model
//! Context Protocol, and the agents over ACP that are installed. What cannot be tried here is said, with why.
//!
//! Not here: what is done and what must hold (`crates/cli/tests/e2e/working_day.rs`, `crates/cli/tests/e2e/reference.rs`).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, command, output, run as run_command};
use crate::surroundings::{cache, has_program, root};
use crate::{Fault, Outcome, Passed};

/// The reference servers that are tried, of one version.
const SERVERS: [&str; 2] = ["everything", "filesystem"];
const SERVERS_VERSION: &str = "2026.8.31";
/// Agents that q knows by name, and the program of each (`docs/acp.md`).
const AGENTS: [(&str, &str); 8] = [
    ("claude-code", "claude-agent-acp"),
    ("codex", "codex-acp"),
    ("opencode", "opencode"),
    ("kiro", "kiro-cli"),
    ("gemini", "gemini"),
    ("goose", "goose"),
    ("copilot", "copilot"),
    ("qwen", "qwen"),
];
/// How a test of these begins the line that says what it counted.
const COUNTED: [&str; 3] = ["working day: ", "server ", "agent "];

pub(crate) fn run() -> Outcome {
    let build = ["test", "--quiet", "--locked", "--package", "q-cli", "--test", "e2e"];
    run_command(cargo(&build).arg("--no-run"))?;
    let mut lines = counted(&mut test(&build, "working_day::"))?;
    let mut skipped = Vec::new();
    match reference_servers() {
        Ok(place) => {
            let mut servers = test(&build, "reference::servers");
            lines.extend(counted(servers.arg("--ignored").env("Q_REFERENCE_SERVERS", place))?);
        }
        Err(Fault(why)) => skipped.extend(SERVERS.map(|name| format!("server {name}: {why}"))),
    }
    let (here, missing): (Vec<_>, Vec<_>) = AGENTS.iter().partition(|(_, program)| has_program(program));
    skipped.extend(missing.iter().map(|(name, program)| format!("agent {name}: {program} is not on PATH")));
    if !here.is_empty() {
        let names: Vec<&str> = here.iter().map(|(name, _)| *name).collect();
        let mut agents = test(&build, "reference::agents");
        lines.extend(counted(agents.arg("--ignored").env("Q_REFERENCE_AGENTS", names.join(" ")))?);
    }
    println!("\n{}", lines.join("\n"));
    for what in &skipped {
        println!("skipped: {what}");
    }
    println!("agents: {} tried, {} skipped, failures 0", lines.len(), skipped.len());
    Ok(Passed::Fully)
}

/// The tests of that name, which say what they counted.
fn test(build: &[&str], name: &str) -> Command {
    let mut test = cargo(build);
    test.args(["--", "--nocapture", name]);
    test
}

/// Runs tests that must pass; gives the lines in which they say what they counted. One that says nothing was not run.
fn counted(test: &mut Command) -> Result<Vec<String>, Fault> {
    let said = output(test)?;
    let is_one = |line: &&str| COUNTED.iter().any(|begins| line.starts_with(begins));
    let lines: Vec<String> = said.lines().filter(is_one).map(str::to_owned).collect();
    if lines.is_empty() { Err(Fault(format!("no test counted anything:\n{said}"))) } else { Ok(lines) }
}

/// Where the reference servers are installed, of that version, once they are.
fn reference_servers() -> Result<PathBuf, Fault> {
    if !has_program("npm") || !has_program("node") {
        return Err(Fault("npm is not here".into()));
    }
    let place = cache()?.join("q-tools").join(format!("mcp-reference-{SERVERS_VERSION}"));
    if !SERVERS.iter().all(|name| is_installed(&place, name)) {
        std::fs::create_dir_all(&place).map_err(|error| Fault(format!("{}: {error}", place.display())))?;
        let mut install =
            command("npm", &["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        install.arg(&place).current_dir(root());
        let names = SERVERS.map(|name| format!("@modelcontextprotocol/server-{name}@{SERVERS_VERSION}"));
        run_command(install.args(names))?;
    }
    Ok(place)
}

fn is_installed(place: &Path, name: &str) -> bool {
    place.join("node_modules/@modelcontextprotocol").join(format!("server-{name}")).is_dir()
}
