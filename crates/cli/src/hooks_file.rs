//! The hooks of sessions in a directory: those of the configuration, and those that a trusted project names in its `.q/hooks.toml`,
//! once that file was accepted as it is, byte by byte, with the files beneath `.q` that it names. Read whenever something happens, by the host.
//!
//! The person's own run in the session's directory where that is trusted, and in the home directory otherwise: what lies in the way
//! of a program by its name, as `node_modules/.bin` does, would be run in its place.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use q_core::SessionId;
use q_host::{Happening, Hook, HookReader, HooksThere};
use q_proto::Place;
use q_tools::{HOOKS_FILE, MAX_INPUT, OWN_OF_PROJECTS, ProjectPlace, digest_of, hexadecimal};
use serde::Serialize;

use crate::config::hooks::{self, HookConfig};
use crate::config::{self, Config};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::mcp_servers::by_relative_path;
use crate::places::config_file;
use crate::{json, state_file, tool_environment, trust_file};

/// The longest file of a project's, in bytes, and the most files that are accepted.
const MOST_BYTES: usize = 64 << 10;
const MOST: usize = 1000;
/// And the longest that a hook of a project names.
const MOST_OF_NAMED: u64 = 1 << 20;
const ABOVE: &str = "\
# Files of projects that name hooks, as they were accepted. `q hooks accept` writes this file anew.
";
/// Where the desktop is reached, for the person's own hooks.
const DESKTOP: &str = "XDG_RUNTIME_DIR";

/// A project's file that names hooks.
#[derive(Clone, Debug)]
pub(crate) struct ProjectHooks {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
    /// By what it is accepted: its bytes, and those of the files that its hooks name.
    digest: String,
    pub(crate) is_accepted: bool,
    /// What it names; or why nothing of it can be used.
    pub(crate) hooks: Result<Vec<Hook>, String>,
}

/// Who reads and tells hooks, with what commands get of this environment.
pub(crate) fn reader(environment: &ProcessEnvironment, place: &Place, config: &Config) -> HookReader {
    let tools = tool_environment::of_host(environment, config);
    let settings = q_host::reach::tool_settings(tools);
    let desktop = environment.text(DESKTOP).map(|value| (DESKTOP.to_owned(), value.to_owned()));
    HookReader {
        file: config_file(environment).unwrap_or_default(),
        trusted: place.trusted(),
        accepted: place.accepted_hooks(),
        variables: desktop.into_iter().collect(),
        settings,
        read: |reader, directory| {
            let own = config::read(&reader.file).map(|config| own(reader, &config.hooks, directory));
            let (own, fault) = match own {
                Ok(own) => (own, None),
                Err(error) => (Vec::new(), Some(error.on_one_line())),
            };
            let of_project = of_project(reader, directory).filter(|project| project.is_accepted);
            let of_project = of_project.and_then(|project| project.hooks.ok()).unwrap_or_default();
            HooksThere { own, of_project, fault }
        },
        told,
    }
}

/// Those of the configuration, as they run for a session in that directory.
pub(crate) fn own(reader: &HookReader, hooks: &[HookConfig], directory: &Path) -> Vec<Hook> {
    let home = reader.settings.environment.get("HOME").map_or("/", String::as_str);
    let place = trusted(reader, directory).map_or_else(|| PathBuf::from(home), |(directory, _)| directory);
    hooks.iter().map(|hook| hook_in(hook, &place, reader.variables.clone())).collect()
}

/// A session's directory and what of it is trusted, by canonical paths; nothing where it is not.
fn trusted(reader: &HookReader, directory: &Path) -> Option<(PathBuf, PathBuf)> {
    let directory = directory.canonicalize().ok()?;
    let trusted = trust_file::read(&reader.trusted).unwrap_or_default();
    let root = trust_file::above(&trusted, &directory)?.to_owned();
    Some((directory, root))
}

fn hook_in(hook: &HookConfig, place: &Path, variables: Vec<(String, String)>) -> Hook {
    let (event, command, seconds) = (hook.event, hook.command.clone(), hook.seconds());
    Hook { event, command, seconds, directory: place.to_owned(), variables }
}

/// What the project of that directory names, if it is trusted and names any: the nearest file counts.
pub(crate) fn of_project(reader: &HookReader, directory: &Path) -> Option<ProjectHooks> {
    let (directory, root) = trusted(reader, directory)?;
    let (project, text) = ProjectPlace::of(&directory, Some(&root)).lowest(HOOKS_FILE)?;
    let file = project.join(HOOKS_FILE);
    let (text, hooks) = match text {
        Err(why) => (String::new(), Err(why)),
        Ok(text) if text.len() > MOST_BYTES => {
            (String::new(), Err(format!("it is longer than {MOST_BYTES} bytes")))
        }
        Ok(text) => {
            let hooks = config::project_hooks(&text);
            (text, hooks)
        }
    };
    let (pinned, hooks) = match hooks.and_then(|hooks| Ok((named_files(&project, &hooks)?, hooks))) {
        Ok((pinned, hooks)) => (pinned, Ok(hooks)),
        Err(why) => (Vec::new(), Err(why)),
    };
    let in_project = |hook: &HookConfig| hook_in(hook, &project, Vec::new());
    let hooks = hooks.map(|hooks| hooks.iter().map(in_project).collect());
    let known = accepted(&reader.accepted).unwrap_or_default();
    let parts = [text.as_bytes()].into_iter().chain(pinned.iter().map(Vec::as_slice));
    let digest = hexadecimal(&digest_of(parts));
    let is_accepted = known.iter().any(|one| *one == (digest.clone(), file.clone()));
    Some(ProjectHooks { file, text, digest, is_accepted, hooks })
}

/// What stands in the files beneath the project's `.q` that its hooks name: they were accepted with it. A file elsewhere in the
/// project is an error: commands in the sandbox change those, and a hook runs outside of it.
fn named_files(project: &Path, hooks: &[HookConfig]) -> Result<Vec<Vec<u8>>, String> {
    let own = project.join(OWN_OF_PROJECTS).canonicalize();
    let mut pinned = Vec::new();
    for (hook, word) in hooks.iter().flat_map(|hook| hook.command.iter().map(move |word| (hook, word))) {
        let found = project.join(word).canonicalize();
        let Some(path) = found.ok().filter(|path| path.is_file() && path.starts_with(project)) else {
            continue;
        };
        if !own.as_ref().is_ok_and(|own| path.starts_with(own)) {
            return Err(format!(
                "[[hooks]] for {} names {word}, which commands in the sandbox may change: move it beneath {OWN_OF_PROJECTS}",
                hook.event.name()
            ));
        }
        let failed = |why: String| format!("{word}, which a hook names, cannot be used: {why}");
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(|error| failed(error.to_string()))?;
        file.take(MOST_OF_NAMED + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > MOST_OF_NAMED {
            return Err(failed(format!("it is longer than {MOST_OF_NAMED} bytes")));
        }
        pinned.push(bytes);
    }
    Ok(pinned)
}

/// The digests of what was accepted, each with its file.
fn accepted(path: &Path) -> Result<Vec<(String, PathBuf)>, CliError> {
    let text = state_file::text(path, "the list of accepted hooks")?.unwrap_or_default();
    let pair = |line: &str| line.split_once(' ').map(|(digest, file)| (digest.to_owned(), file.into()));
    Ok(text.lines().filter(|line| !line.starts_with('#')).filter_map(pair).take(MOST).collect())
}

/// Has what stands in a project's file count, exactly as it is.
pub(crate) fn accept(place: &Place, project: &ProjectHooks) -> Result<(), CliError> {
    let path = place.accepted_hooks();
    let named = project.file.to_str().filter(|name| !name.contains(['\n', '\r']));
    let named = named.ok_or_else(|| CliError::usage("the file has a name that cannot be kept in a line"))?;
    state_file::rewrite(place, &path, || {
        let mut all = accepted(&path)?;
        all.retain(|(_, file)| *file != project.file);
        if all.len() >= MOST {
            return Err(CliError::failed(format!("{MOST} files of hooks are accepted, the most allowed")));
        }
        let mut text = ABOVE.to_owned();
        for (digest, file) in &all {
            let _never = writeln!(text, "{digest} {}", file.display());
        }
        let _never = writeln!(text, "{} {named}", project.digest);
        Ok(Some(text))
    })?;
    Ok(())
}

/// Why one of the person's own runs nowhere.
pub(crate) fn own_fault(hooks: &[HookConfig]) -> Option<String> {
    hooks::fault(hooks).or_else(|| {
        let beneath = hooks.iter().find(|hook| by_relative_path(&hook.command))?;
        Some(format!(
            "[[hooks]] for {}: its program is named by a part of its path: name all of it",
            beneath.event.name()
        ))
    })
}

/// What a hook reads; docs/json.md promises it.
#[derive(Serialize)]
struct HappeningJson<'a> {
    version: u32,
    event: &'a str,
    at_ms: u64,
    session: &'a str,
    name: &'a str,
    directory: &'a str,
    agent: &'a str,
    model: &'a str,
    turn: Option<u64>,
    outcome: Option<&'a str>,
    failure: Option<&'a str>,
    tool: Option<&'a str>,
    needs: Option<&'a str>,
    answer: &'a str,
}

/// One line of JSON, with as much of the answer as there is room for.
fn told(happening: &Happening) -> Vec<u8> {
    let mut answer = happening.answer.as_str();
    loop {
        let shape = HappeningJson {
            version: 1,
            event: happening.event,
            at_ms: happening.at.0,
            session: &happening.session,
            name: &happening.name,
            directory: &happening.directory,
            agent: &happening.agent,
            model: &happening.model,
            turn: happening.turn,
            outcome: happening.outcome,
            failure: happening.failure,
            tool: happening.tool.as_deref(),
            needs: happening.needs,
            answer,
        };
        let line = json::text(&shape).unwrap_or_default() + "\n";
        if line.len() <= MAX_INPUT || answer.is_empty() {
            return line.into_bytes();
        }
        answer = &answer[..answer.floor_char_boundary(answer.len() / 2)];
    }
}

/// What `q hooks check` tells in the place of something that happened.
pub(crate) fn sample(directory: &Path) -> Happening {
    Happening {
        at: q_host::clock::wall(),
        session: SessionId(0).to_string(),
        name: "sample".into(),
        directory: directory.display().to_string(),
        agent: "guide".into(),
        turn: Some(1),
        answer: "This is a sample: nothing happened.".into(),
        ..Happening::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_projects_hooks_name_files_of_its_own_directory_which_are_accepted_with_them() {
        let place = tempfile::tempdir().unwrap();
        let project = place.path().canonicalize().unwrap();
        fs::create_dir(project.join(".q")).unwrap();
        for (file, text) in [(".q/notify.sh", "echo"), ("notify.sh", "echo")] {
            fs::write(project.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink("../notify.sh", project.join(".q/link.sh")).unwrap();
        let whole = project.join("notify.sh").display().to_string();
        let is_accepted = |words: &[&str]| {
            let text = format!("[[hooks]]\nevent = \"turn.ended\"\ncommand = {words:?}\n");
            named_files(&project, &config::project_hooks(&text).unwrap()).ok()
        };
        for (words, pinned) in [
            (&["sh", ".q/notify.sh"][..], Some(vec![b"echo".to_vec()])),
            (&["sh", "-c", "cat >>notify.sh"], Some(Vec::new())),
            (&["sh", "not-there.sh"], Some(Vec::new())),
            (&["sh", "notify.sh"], None),
            (&["sh", "./.q/../notify.sh"], None),
            (&["sh", ".q/link.sh"], None),
            (&[whole.as_str()], None),
        ] {
            assert_eq!(is_accepted(words), pinned, "{words:?}");
        }
    }
}
