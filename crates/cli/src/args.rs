//! What stands behind each verb, as it is typed, with its help. The verbs themselves are in `commands`, or in the file of
//! their command where that has several. Not here: files, environment, meaning.

use q_tools::{CommandBounds, Sandbox, SupervisedCommand};

use crate::age::Age;
use crate::call_id::CallId;

#[derive(Debug, clap::Args)]
pub(crate) struct AttachArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
}

/// How sessions are made that an editor asks for: the protocol has no words for that.
#[derive(Debug, clap::Args)]
pub(crate) struct AcpArgs {
    /// Kind of the sessions that the editor makes
    #[arg(long, default_value = "")]
    pub(crate) kind: String,
    /// Who answers in them
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Which model
    #[arg(long)]
    pub(crate) model: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// The prompt; standard input is added to it, and files that it names: @path
    pub(crate) prompt: Vec<String>,
    /// Send every @name as it is, and read no file
    #[arg(long)]
    pub(crate) no_files: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// Erase it and its history at once, for good
    #[arg(long)]
    pub(crate) now: bool,
    /// Also while it works, and without asking
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct QueueArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// One JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is done with the directories that are trusted.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TrustVerb {
    /// Trust a directory: its AGENTS.md and the like go to models with each turn of sessions there
    Trust(TrustArgs),
    /// Trust a directory no longer
    Untrust(UntrustArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrustArgs {
    /// With all beneath it; here when left out
    pub(crate) directory: Option<std::path::PathBuf>,
    /// List those that are trusted
    #[arg(long, conflicts_with = "directory")]
    pub(crate) list: bool,
    /// With --list, one JSON array
    #[arg(long, requires = "list")]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UntrustArgs {
    /// As it was trusted; here when left out
    pub(crate) directory: Option<std::path::PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ContextArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

// No documentation here: clap would print it as what the verb does.
#[derive(Debug, clap::Args)]
pub(crate) struct ProcessesArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// End the one of that number first, with all it started
    #[arg(long, value_name = "NUMBER")]
    pub(crate) kill: Option<u64>,
    /// A JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

// No documentation here: clap would print it as what the verb does.
#[derive(Debug, clap::Args)]
pub(crate) struct JsonArgs {
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UsageArgs {
    /// Name, slot number, unique prefix, or id; without one, all sessions
    pub(crate) session: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// The file: lines like `submit s1 "why?"`
    pub(crate) file: std::path::PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ModelsArgs {
    /// The agent's name
    pub(crate) name: String,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Its name
    pub(crate) name: String,
    /// Another model than its own
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PullArgs {
    /// Its name
    pub(crate) name: String,
    /// The package index that has it (`Q_MODEL_INDEX`, or as pip has it)
    #[arg(long, value_name = "URL")]
    pub(crate) index: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UseArgs {
    /// Its name, or the path of a GGUF file (with a / in it)
    pub(crate) model: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// One JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    /// Its name, or the path of its file
    pub(crate) model: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InboxArgs {
    /// One JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ApproveArgs {
    /// Name, slot number, unique prefix, or id; left out, it is the only call that waits anywhere
    pub(crate) session: Option<String>,
    /// Its id, as `q inbox` lists it; left out at a terminal, it is shown and asked about
    pub(crate) id: Option<CallId>,
    /// Such calls always, in this session: which these are, is shown, or listed as `always` by `q inbox --json`
    #[arg(long, conflicts_with = "all")]
    pub(crate) always: bool,
    #[command(flatten)]
    pub(crate) several: AllArgs,
}

/// All that waits in one session, in the place of one id.
#[derive(Debug, clap::Args)]
pub(crate) struct AllArgs {
    /// Every call that waits in the session now; each is printed
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    /// Of those, the calls of this tool
    #[arg(long, requires = "all")]
    pub(crate) tool: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DenyArgs {
    /// Name, slot number, unique prefix, or id; left out, it is the only call that waits anywhere
    pub(crate) session: Option<String>,
    /// Its id, as `q inbox` lists it; left out at a terminal, it is shown and asked about
    pub(crate) id: Option<CallId>,
    #[command(flatten)]
    pub(crate) several: AllArgs,
    /// What to do instead, after `--`
    #[arg(last = true)]
    pub(crate) words: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PermissionsArgs {
    /// One JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<PermissionsVerb>,
}

/// What can be done with rules for calls.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PermissionsVerb {
    /// List them, with their ids: those of directories, of everywhere, and of open sessions
    List(ListRulesArgs),
    /// Add one; it counts from the next call on
    Add(AddRuleArgs),
    /// Remove one; what it allowed asks again from the next call on
    Remove(RemoveRuleArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListRulesArgs {
    /// Only those that concern this session
    #[arg(long, value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// One JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AddRuleArgs {
    /// Deny beats ask, ask beats allow
    pub(crate) effect: EffectWord,
    /// run, `run_sandboxed`, edit, write, read, list, search
    pub(crate) tool: String,
    /// Calls whose command begins with these words; last, as all that follows belongs to it
    #[arg(long, value_name = "WORD", num_args = 1.., allow_hyphen_values = true, conflicts_with = "path")]
    pub(crate) argv: Option<Vec<String>>,
    /// Calls whose command is exactly that
    #[arg(long, requires = "argv")]
    pub(crate) exactly: bool,
    /// Calls that open such a path beneath the session's directory: src/**, *.md
    #[arg(long, value_name = "GLOB")]
    pub(crate) path: Option<String>,
    /// In sessions of this directory; . for the one you are in
    #[arg(long, value_name = "DIR", group = "scope")]
    pub(crate) here: Option<std::path::PathBuf>,
    /// In this session alone
    #[arg(long, value_name = "SESSION", group = "scope")]
    pub(crate) session: Option<String>,
    /// In all sessions there are
    #[arg(long, group = "scope")]
    pub(crate) everywhere: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemoveRuleArgs {
    /// As `q permissions` lists it
    pub(crate) id: String,
}

/// What becomes of such calls.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum EffectWord {
    Allow,
    Ask,
    Deny,
}

impl EffectWord {
    pub(crate) const fn effect(self) -> q_core::RuleEffect {
        match self {
            Self::Allow => q_core::RuleEffect::Allow,
            Self::Ask => q_core::RuleEffect::Ask,
            Self::Deny => q_core::RuleEffect::Deny,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct AnswerArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// The answer; standard input is added to it
    pub(crate) words: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CleanupArgs {
    /// Closed sessions of any age; no others are ever proposed
    #[arg(long)]
    pub(crate) closed: bool,
    /// Closed sessions that were not used for so long: 90m, 12h, 30d, 2w
    #[arg(long, value_name = "AGE")]
    pub(crate) older_than: Option<Age>,
    /// Empty the trash instead: erases what is in it, for good
    #[arg(long, conflicts_with_all = ["closed", "older_than"])]
    pub(crate) trash: bool,
    /// Show, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ForkArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// The new session's name; a numbered form of the other's when left out
    pub(crate) name: Option<String>,
    /// The last entry to take over, as `q show --numbers` prints it; all when left out
    #[arg(long, value_name = "N")]
    pub(crate) at: Option<u64>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// json for `q import`, md or html for people; by the file's ending when left out
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,
    /// Where to; standard output when left out
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<std::path::PathBuf>,
    /// Also if the file is there already
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// The forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    Json,
    Md,
    Html,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The file, or - for standard input
    pub(crate) file: std::path::PathBuf,
    /// The session's name; the file's when left out, numbered if it is taken
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChatArgs {
    /// The prompt; standard input is added to it, and is all of it for `-`; so are files that it names: @path
    pub(crate) prompt: Vec<String>,
    /// Send every @name as it is, and read no file
    #[arg(long)]
    pub(crate) no_files: bool,
    /// In this session instead of a new one
    #[arg(short, long, conflicts_with = "new")]
    pub(crate) session: Option<String>,
    /// In a new session of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) new: Option<String>,
    /// Which agent answers (see `q agents`)
    #[arg(long, conflicts_with = "session")]
    pub(crate) agent: Option<String>,
    /// Which of its models
    #[arg(long, conflicts_with = "session")]
    pub(crate) model: Option<String>,
    /// Let every call of these tools run in this turn, unasked: edit,run. Each is said; what a rule denies stays denied
    #[arg(long, value_name = "TOOLS", value_delimiter = ',')]
    pub(crate) yes_to: Vec<String>,
    /// One JSON object instead of the text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// 1-40 letters, digits, - _ .; named after its first prompt when left out
    pub(crate) name: Option<String>,
    /// development, debug, planning, review, or one that your config defines
    #[arg(long, default_value = "development")]
    pub(crate) kind: String,
    /// Tags, by which `q ls --tag` finds it
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Which agent answers (see `q agents`)
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Which of its models
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Where it works; here when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<std::path::PathBuf>,
    /// Stay in the shell
    #[arg(short, long)]
    pub(crate) detached: bool,
    /// One JSON object (with -d)
    #[arg(long, requires = "detached")]
    pub(crate) json: bool,
    /// Send every @name as it is, and read no file
    #[arg(long)]
    pub(crate) no_files: bool,
    /// A first prompt, after `--`; standard input is added to it, and files that it names: @path
    #[arg(last = true)]
    pub(crate) prompt: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LsArgs {
    /// Closed and thrown-away ones too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only those that need you, as `q inbox` lists them: a question, a failure, something unread
    #[arg(long)]
    pub(crate) waiting: bool,
    /// Only those with this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// Size, kind, tags, agent and directory of each
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// One JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    /// Name, slot number, unique prefix, or id
    #[arg(required = true)]
    pub(crate) sessions: Vec<String>,
    /// Until one of them is done
    #[arg(long)]
    pub(crate) any: bool,
    /// Give up after this many seconds (exit code 1)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// Only the newest entries
    #[arg(long, value_name = "N")]
    pub(crate) tail: Option<usize>,
    /// Only this entry, with all that is kept of a large result
    #[arg(long, value_name = "N", conflicts_with = "tail")]
    pub(crate) entry: Option<u64>,
    /// With the number of each entry, for `q fork --at` and `--entry`
    #[arg(long)]
    pub(crate) numbers: bool,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StopArgs {
    /// At once, where it does not do so by itself; what was acknowledged is kept
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RestartArgs {
    /// Once no turn runs
    #[arg(long)]
    pub(crate) wait: bool,
    /// Also where an agent waits for an answer of yours: its turn is interrupted, and asks anew
    #[arg(long, conflicts_with = "wait")]
    pub(crate) now: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Only with a store that is there already
    #[arg(long)]
    pub(crate) existing: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProbeArgs {
    /// The store
    pub(crate) store: std::path::PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CommandArgs {
    /// The umask for what it makes
    #[arg(long, value_parser = octal)]
    pub(crate) umask: u32,
    /// Hold it to a sandbox in which it may change files only beneath these directories
    #[arg(long, value_name = "DIR")]
    pub(crate) writable: Vec<std::path::PathBuf>,
    /// What stays as it is even there
    #[arg(long, value_name = "PATH")]
    pub(crate) protected: Vec<std::path::PathBuf>,
    /// Become it, in that sandbox: it is supervised already
    #[arg(long)]
    pub(crate) held: bool,
    /// Pass on to it what comes in
    #[arg(long)]
    pub(crate) serves: bool,
    /// The most processes that it may have; 0 for any number
    #[arg(long, default_value_t = 0)]
    pub(crate) processes: u64,
    /// The most bytes of memory that these may take; 0 for any number
    #[arg(long, default_value_t = 0)]
    pub(crate) memory: u64,
    /// How many bytes of what comes in are its input
    #[arg(long, default_value_t = 0)]
    pub(crate) input: usize,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub(crate) argv: Vec<String>,
}

impl CommandArgs {
    /// What is to be run.
    pub(crate) fn supervised(self) -> SupervisedCommand {
        let Self { umask, writable, protected, held, serves, processes, memory, input, argv } = self;
        let bounds = CommandBounds { processes, memory };
        let sandbox = (!writable.is_empty()).then_some(Sandbox { writable, protected });
        SupervisedCommand { argv, sandbox, umask, serves, bounds, input, is_held: held }
    }
}

fn octal(text: &str) -> Result<u32, std::num::ParseIntError> {
    u32::from_str_radix(text, 8)
}

/// The verbs about changes of files.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ChangesVerb {
    /// Take back what tools changed in files in the newest turn that changed any: shows it, and asks
    Undo(ReverseArgs),
    /// Make again what was undone last: shows it, and asks
    Redo(ReverseArgs),
    /// Show what a session's tools changed in files
    Diff(DiffArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReverseArgs {
    #[command(flatten)]
    pub(crate) shown: DiffArgs,
    /// Do it without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Only show it, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// Name, slot number, unique prefix, or id
    pub(crate) session: String,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
