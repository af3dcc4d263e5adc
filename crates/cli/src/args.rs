//! What was typed. Not here: files, environment, meaning.

use clap::{Parser, Subcommand};

/// Many AI conversations in one terminal.
///
/// Without a command, q opens (and starts its background host if none runs).
#[derive(Debug, Parser)]
#[command(name = "q", version, max_term_width = 100, disable_help_subcommand = true)]
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
        /// The prompt; from standard input when left out
        prompt: Vec<String>,
    },
    /// Wait until sessions have nothing left to do
    Wait(WaitArgs),
    /// Print a session's transcript
    Show(ShowArgs),
    /// Give a session another name
    Rename {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// 1-40 letters, digits, - _ .; begins with a letter
        name: String,
    },
    /// Archive a session; its history stays
    Close {
        /// Name, slot number, unique prefix, or id
        session: String,
        /// Also while it works: its turn is interrupted
        #[arg(long)]
        force: bool,
    },
    /// Stop a session's running turn
    Interrupt {
        /// Name, slot number, unique prefix, or id
        session: String,
    },
    /// Ask again what failed or was interrupted
    Retry {
        /// Name, slot number, unique prefix, or id
        session: String,
    },
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
    },
    /// The background host
    Host(HostArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChatArgs {
    /// The prompt; from standard input when left out or `-`
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
    /// development, debug, planning or review
    #[arg(long, default_value = "development")]
    pub(crate) kind: String,
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
    /// A first prompt, after `--`
    #[arg(last = true)]
    pub(crate) prompt: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LsArgs {
    /// Closed ones too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only those that failed, were interrupted, or have something unread
    #[arg(long)]
    pub(crate) waiting: bool,
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
    Stop,
    /// Where its log is
    Logs,
    /// Be the host (q starts it by itself)
    #[command(hide = true)]
    Run,
}
