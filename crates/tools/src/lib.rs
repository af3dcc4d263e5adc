//! What a model may do in a session's directory: read, list and search files, write and edit them, run commands.
//!
//! Everything is resolved beneath that directory by handle, follows no link, and has a bound in output, time and work. What a
//! tool is given is hostile text; what it says is meant for a model.
//!
//! Not here: whether a tool may run (the core's consent), how it is offered to a model (the dialects).
//!
//! | room | what lives there |
//! |---|---|
//! | `definition` | what a model is told of a tool |
//! | `digest` | what things are recognised by |
//! | `checked_call` | what is known of a call before anybody is asked |
//! | `toolbox` | a call checked before anybody is asked, and carried out as it was checked |
//! | `read`, `list`, `search`, `write`, `edit`, `run`, `fetch`, `skill`, `todo` | the tools, one a file |
//! | `background` | commands that go on beside the conversation: `processes`, `output`, `stop` |
//! | `directory`, `relative_path` | paths, and what stands at them, beneath a handle |
//! | `replace` | a file's content changed in one step |
//! | `changes`, `kept_file` | files kept as they were, and put back |
//! | `file_names` | names of files, for a person who types one |
//! | `diff` | what is different, line by line |
//! | `seen` | which content of a file the model knows |
//! | `view` | content as a model sees it, within bounds |
//! | `private` | names of files that hold keys |
//! | `project` | a project's own files for agents |
//! | `text_place`, `front_matter` | Markdown files that prompts are made of |
//! | `command_file`, `skill_file` | slash commands and skills of the person and of projects |
//! | `group` | a command and all that it starts |
//! | `supervise` | the process that stands between a command and the host |
//! | `serving` | programs that are spoken to, and not only run |
//! | `spoken` | what such a program says, within bounds |
//! | `sandbox`, `own_mounts`, `denied_calls` | what a command is held to |
//! | `bounds` | how much a command may take |
//! | `denial` | whether a command failed because it was held |
//! | `left_behind` | what a command left behind where its supervisor did not end it |

mod background;
mod bounds;
mod changes;
mod checked_call;
mod child_end;
mod command_file;
mod definition;
mod denial;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod denied_calls;
mod diff;
mod digest;
mod directory;
mod edit;
mod fetch;
mod file_names;
mod front_matter;
mod group;
mod kept_file;
mod left_behind;
mod list;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod own_mounts;
mod private;
mod project;
mod read;
mod relative_path;
mod replace;
mod run;
mod sandbox;
mod search;
mod seen;
mod serving;
mod skill;
mod skill_file;
mod spoken;
mod supervise;
mod text_place;
mod todo;
mod toolbox;
mod view;
mod write;

pub use background::{ProcessEnd, TerminalOutput};
pub use bounds::CommandBounds;
pub use changes::{ChangeLog, ChangeSet, ChangedFile, FileChange, Reversal};
pub use checked_call::CheckedCall;
pub use command_file::{COMMANDS, CommandFile, CommandFiles, quoted_words, with_arguments};
pub use definition::ToolDefinition;
pub use denial::may_be_denied;
pub use digest::{digest_of, hexadecimal, sha256};
pub use fetch::WantedPage;
pub use file_names::file_names;
pub use project::{HOOKS_FILE, OWN_OF_PROJECTS, PROJECT_BYTES, ProjectPlace, ProjectText, SERVERS_FILE};
pub use run::{HELD, INPUT, MEMORY, PASSED_ON, PROCESSES, PROTECTED, SERVES, SUPERVISE, WRITABLE};
pub use sandbox::Sandbox;
pub use serving::{ServingGroup, ServingProgram, ServingPrograms};
pub use skill_file::{SKILLS, SkillFile, skill_files};
pub use spoken::{BoundedOutput, LastWords, Said};
pub use supervise::{MAX_INPUT, SupervisedCommand};
pub use text_place::TextKeeper;
pub use toolbox::{TOOLS, ToolReply, ToolSettings, Toolbox};
pub use view::{MAX_OUTPUT, without_hidden, without_tags};
