//! What a call of q's own tools says in its JSON, with the same members as the tools take.
//!
//! Not here: how it is shown.

use serde::Deserialize;

/// The longest input that is read, in bytes; a longer one is shown as it is.
pub(crate) const MAX_READ: usize = 1 << 20;

/// The same members as the tools take, as strictly: what they would refuse is not understood here either.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadInput {
    pub(super) path: String,
    pub(super) from: Option<usize>,
    pub(super) lines: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListInput {
    #[serde(default)]
    pub(super) path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchInput {
    pub(super) pattern: String,
    #[serde(default)]
    pub(super) path: String,
    pub(super) files: Option<String>,
    #[serde(default)]
    pub(super) ignore_case: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunInput {
    pub(super) argv: Option<Vec<String>>,
    pub(super) shell: Option<String>,
    pub(super) seconds: Option<u64>,
    #[serde(default)]
    pub(super) background: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteInput {
    pub(super) path: String,
    pub(super) content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditInput {
    pub(super) path: String,
    pub(super) edits: Vec<EditedPiece>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditedPiece {
    pub(super) old: String,
    pub(super) new: String,
    #[serde(default)]
    pub(super) all: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FetchInput {
    pub(super) url: String,
    #[serde(default)]
    pub(super) from: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TodoInput {
    pub(super) steps: Vec<TodoLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TodoLine {
    pub(super) text: String,
    pub(super) state: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SkillInput {
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) from: Option<usize>,
}

/// Of `processes` nothing is given, of `output` and `stop` a number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcessInput {
    pub(super) process: Option<u64>,
    pub(super) seconds: Option<u64>,
}

/// A call as it is understood.
pub(super) enum ToolInput {
    Read(ReadInput),
    List(ListInput),
    Search(SearchInput),
    /// A command, and whether it runs in the sandbox.
    Run(RunInput, bool),
    Write(WriteInput),
    Edit(EditInput),
    Fetch(FetchInput),
    Todo(TodoInput),
    Skill(SkillInput),
    /// What it does with a process in the background, in words.
    Process(String),
}

impl ToolInput {
    pub(super) fn of(tool: &str, input: &str) -> Option<Self> {
        if input.len() > MAX_READ {
            return None;
        }
        // A model that has nothing to say about it says nothing.
        let input = if input.trim().is_empty() { "{}" } else { input };
        Some(match tool {
            "read" => Self::Read(serde_json::from_str(input).ok()?),
            "list" => Self::List(serde_json::from_str(input).ok()?),
            "search" => Self::Search(serde_json::from_str(input).ok()?),
            "write" => Self::Write(serde_json::from_str(input).ok()?),
            "edit" => Self::Edit(serde_json::from_str(input).ok()?),
            "fetch" => Self::Fetch(serde_json::from_str(input).ok()?),
            "todo" => Self::Todo(serde_json::from_str(input).ok()?),
            "skill" => Self::Skill(serde_json::from_str(input).ok()?),
            "processes" | "output" | "stop" => {
                let given: ProcessInput = serde_json::from_str(input).ok()?;
                Self::Process(match (tool, given.process, given.seconds) {
                    ("processes", None, None) => "list what goes on in the background".to_owned(),
                    ("output", Some(process), None) => format!("output of process {process}"),
                    ("output", Some(process), Some(seconds)) => {
                        format!("output of process {process}, waiting up to {seconds} s for more")
                    }
                    ("stop", Some(process), None) => format!("stop process {process}"),
                    _other => return None,
                })
            }
            "run" | "run_sandboxed" => {
                let run: RunInput = serde_json::from_str(input).ok()?;
                let has_time = run.background && run.seconds.is_some();
                if run.argv.is_some() == run.shell.is_some() || has_time {
                    return None;
                }
                Self::Run(run, tool == "run_sandboxed")
            }
            _other => return None,
        })
    }
}
