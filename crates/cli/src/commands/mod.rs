//! Every command with where it is carried out: as a verb in the shell, and as a slash command where lines are read. Each is
//! in a file of its own; those that tell the core one thing about a session have none, their rows in the table of actions
//! say all there is to them.

pub(crate) mod agents;
pub(crate) mod agents_check;
pub(crate) mod changes;
pub(crate) mod chat;
pub(crate) mod cleanup;
pub(crate) mod delete;
pub(crate) mod doctor;
pub(crate) mod export;
mod fix_terminal;
pub(crate) mod follow_up;
mod fork;
pub(crate) mod hooks;
pub(crate) mod host;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod keys;
pub(crate) mod ls;
pub(crate) mod mcp;
mod mcp_login;
pub(crate) mod model;
pub(crate) mod new;
pub(crate) mod next_request;
pub(crate) mod permissions;
pub(crate) mod processes;
pub(crate) mod queue;
pub(crate) mod quota;
pub(crate) mod replay;
pub(crate) mod send;
pub(crate) mod settings;
mod setup;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod table_verbs;
mod terminal_habits;
pub(crate) mod trust;
pub(crate) mod usage;
pub(crate) mod wait;
pub(crate) mod yes_to;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use q_term::command::Action;
use q_term::command::UserCommand;
use q_term::offers::OfferUse;

use crate::acp;
use crate::args::{
    AcpArgs, AttachArgs, ChangesVerb, ChatArgs, CheckArgs, CleanupArgs, ContextArgs, DeleteArgs, ExportArgs,
    ForkArgs, ImportArgs, JsonArgs, LsArgs, ModelsArgs, NewArgs, PermissionsArgs, ProcessesArgs, QueueArgs,
    ReplayArgs, SendArgs, ShowArgs, TrustVerb, UsageArgs, WaitArgs,
};
use crate::context::Context;
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::help;
use crate::plain::actions::print_help;
use crate::plain::frontend::{Frontend, Next};
use host::HostArgs;
use inbox::CallVerb;
use mcp::McpVerb;
use model::ModelVerb;
use table_verbs::TableVerb;

/// What scripts go by.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 no such session, 4 refused by a limit, 5 host unreachable, 6 waits for your answer, 130 interrupted";

/// Many AI conversations in one terminal.
///
/// Without a command, q opens (and starts its background host if none runs).
///
/// Many sessions: `q new -d NAME` makes one without opening it, `q send NAME PROMPT` gives it work, `q ls` shows what all of
/// them do, `q wait NAME` waits for one, `q show NAME` prints what it said, and `q attach NAME` opens q there. In q, `/new`,
/// `/switch NAME` and `/sessions` do the same, and none of them stops when you leave: `/help multi-session` says more.
///
/// No agent yet? `q setup` leads to one.
#[derive(Debug, Parser)]
#[command(name = "q", bin_name = "q", version, disable_help_subcommand = true, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Line by line, without cursor movement: for screen readers and simple terminals
    #[arg(long, global = true, conflicts_with = "face")]
    pub(crate) plain: bool,
    /// How q is shown: full, inline (what is said stays in the terminal's scrollback) or plain
    #[arg(long, global = true, value_name = "FACE")]
    pub(crate) face: Option<FaceSetting>,
    /// Nothing moves by itself: no spinner, no seconds that count
    #[arg(long, global = true)]
    pub(crate) no_motion: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// How q is shown in a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FaceSetting {
    /// On a screen of its own
    #[default]
    Full,
    /// What is said stays in the terminal's scrollback, above a few rows that are drawn
    Inline,
    /// Line by line, without cursor movement
    Plain,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Open q at a session
    Attach(AttachArgs),
    /// One prompt, one answer on standard output
    #[command(after_help = EXIT_CODES)]
    Chat(ChatArgs),
    #[command(about = "Create a session")]
    New(NewArgs),
    #[command(about = "List sessions")]
    Ls(LsArgs),
    /// Queue a prompt and print its number
    Send(SendArgs),
    /// Wait until sessions have nothing left to do
    #[command(after_help = EXIT_CODES)]
    Wait(WaitArgs),
    /// Print a session's transcript
    Show(ShowArgs),
    #[command(flatten)]
    Table(TableVerb),
    /// Throw a session away; it stays in the trash for a while
    Delete(DeleteArgs),
    /// Throw old sessions away: shows which, asks, and can be undone until the trash is emptied
    Cleanup(CleanupArgs),
    /// List the prompts that wait in a session
    Queue(QueueArgs),
    #[command(flatten)]
    Call(CallVerb),
    #[command(flatten)]
    Changes(ChangesVerb),
    /// Rules by which calls of tools run, ask or are denied
    Permissions(PermissionsArgs),
    #[command(flatten)]
    Trust(TrustVerb),
    /// Make a session that begins with another one's history
    Fork(ForkArgs),
    /// Write a session down, for q or for people
    Export(ExportArgs),
    /// Make a session from a file that `q export` wrote
    Import(ImportArgs),
    /// Your own figures since the host started
    Stats(JsonArgs),
    /// Tokens that sessions cost, and how full their models' windows are
    Usage(UsageArgs),
    /// What the next request of a session would have, part by part
    Context(ContextArgs),
    /// What commands go on in a session's background
    Processes(ProcessesArgs),
    /// Choose who answers: a few questions, tried before it is written into the configuration
    Setup(SetupArgs),
    /// The agents q knows here, and where each comes from
    Agents(AgentsArgs),
    /// Models that answer on this machine, without any network
    Model {
        #[command(subcommand)]
        verb: ModelVerb,
    },
    /// MCP servers: tools that models may call beside q's own
    Mcp {
        #[command(subcommand)]
        verb: McpVerb,
    },
    /// Commands that are told what happens in sessions
    Hooks {
        #[command(subcommand)]
        verb: HooksVerb,
    },
    /// Show what arrives when a key is pressed, and what it means; or the keys in force
    Keys {
        #[command(subcommand)]
        verb: Option<KeysVerb>,
    },
    /// Give the terminal back as it was before a program was killed that had taken it; safe at any time
    FixTerminal,
    /// Read the whole store and say what is wrong with it; changes nothing
    Doctor(JsonArgs),
    #[command(about = "The background host")]
    Host(HostArgs),
    /// Serve an editor at standard input: q's sessions over the Agent Client Protocol
    Acp(AcpArgs),
    /// Say more of a topic, or of a command
    Help(HelpArgs),
    /// Play a trace (a scenario, a failing simulation) and print what happens
    Replay(ReplayArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct AgentsArgs {
    #[arg(long, help = "One JSON array")]
    json: bool,
    #[command(subcommand)]
    verb: Option<AgentsVerb>,
}

// No documentation here: clap would print it as what the verb does.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct SetupArgs {
    /// Who answers: a provider (anthropic, openai, ollama …), a program over ACP (claude-code, codex …), local, or server
    #[arg(long)]
    pub(crate) provider: Option<String>,
    #[arg(long, help = "What the agent is called; as the provider when left out")]
    pub(crate) name: Option<String>,
    /// Ask nothing: it is tried, and written if it answers
    #[arg(long, requires = "provider")]
    pub(crate) yes: bool,
    #[arg(long, value_name = "ADDRESS", help = "Where its server is, if not where the provider has it")]
    pub(crate) base_url: Option<String>,
    #[arg(long, help = "Which model is asked")]
    pub(crate) model: Option<String>,
    #[arg(long, value_name = "VARIABLE", help = "The variable that holds its key")]
    pub(crate) key_env: Option<String>,
}

// No documentation here: clap would print it as what the verb does.
#[derive(Debug, clap::Args)]
pub(crate) struct HelpArgs {
    #[arg(value_name = "TOPIC|COMMAND", help = "Without one, the topics are listed")]
    pub(crate) words: Vec<String>,
}

/// What can be done with agents.
#[derive(Debug, Subcommand)]
enum AgentsVerb {
    /// Ask one for a word, and say what works
    Check(CheckArgs),
    /// The models that its server lists
    Models(ModelsArgs),
}

/// What can be asked about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// The keys in force, with the slash command and the verb of each action
    List(JsonArgs),
}

/// What can be done with hooks.
#[derive(Debug, Subcommand)]
pub(crate) enum HooksVerb {
    /// The hooks of the configuration and of this project
    List(JsonArgs),
    /// Run those for an event once, with a sample of what they are told
    Check(HooksCheckArgs),
    /// Show this project's hooks, and have them run as long as their file stays as it is
    Accept(HooksAcceptArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct HooksAcceptArgs {
    #[arg(long, help = "Without asking, where nobody can be asked")]
    pub(crate) yes: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HooksCheckArgs {
    /// As turn.ended or needs.you
    pub(crate) event: String,
}

/// What a verb of the shell leads to.
pub(crate) enum AfterVerb {
    Exit(ExitCode),
    /// q opens, at the session of that address.
    Open(String),
}

impl Verb {
    /// Carries it out. Configuration is read only by those that need it: the others must work, or say themselves what is
    /// wrong, where there is a mistake in it.
    pub(crate) async fn run(self, environment: &ProcessEnvironment) -> Result<AfterVerb, CliError> {
        let context = || Context::new(environment.clone());
        let code = match self {
            Self::Attach(args) => return Ok(AfterVerb::Open(args.session)),
            Self::New(args) => match new::run(&context()?, args).await? {
                Some(session) => return Ok(AfterVerb::Open(session.to_string())),
                None => ExitCode::SUCCESS,
            },
            Self::Chat(args) => chat::run(context(), args).await?,
            Self::Ls(args) => ls::run(&context()?, args).await?,
            Self::Send(args) => send::run(&context()?, args).await?,
            Self::Wait(args) => wait::run(&context()?, args).await?,
            Self::Show(args) => show::run(&context()?, args).await?,
            Self::Table(verb) => table_verbs::run(&context()?, verb).await?,
            Self::Delete(args) => delete::run(&context()?, args).await?,
            Self::Cleanup(args) => cleanup::run(&context()?, args).await?,
            Self::Queue(args) => queue::run(&context()?, args).await?,
            Self::Call(verb) => inbox::run(&context()?, verb).await?,
            Self::Changes(verb) => changes::run(&context()?, verb).await?,
            Self::Permissions(args) => permissions::run(&context()?, args).await?,
            Self::Trust(verb) => trust::run(&context()?, verb)?,
            Self::Fork(args) => fork::run(&context()?, args).await?,
            Self::Export(args) => export::run(&context()?, args).await?,
            Self::Import(args) => import::run(&context()?, args).await?,
            Self::Usage(args) => usage::run(&context()?, args).await?,
            Self::Processes(args) => processes::run(&context()?, args).await?,
            Self::Context(args) => next_request::run(&context()?, args).await?,
            Self::Stats(args) => stats::run(&context()?, args).await?,
            Self::Setup(args) => setup::run(environment, args).await?,
            Self::Agents(AgentsArgs { json, verb }) => match verb {
                None => agents::run(&context()?, json)?,
                Some(AgentsVerb::Check(args)) => agents_check::run(&context()?, args).await?,
                Some(AgentsVerb::Models(args)) => settings::models(&context()?, args).await?,
            },
            Self::Model { verb } => model::run(&context()?, verb)?,
            Self::Mcp { verb } => mcp::run(&context()?, verb).await?,
            Self::Hooks { verb } => hooks::run(&context()?, verb).await?,
            Self::Keys { verb } => keys::run(environment, verb).await?,
            Self::FixTerminal => fix_terminal::run()?,
            Self::Doctor(args) => doctor::run(environment, args).await?,
            Self::Host(args) => host::run(environment, args).await?,
            Self::Acp(args) => acp::run(&context()?, args).await?,
            Self::Replay(args) => replay::run(&context()?, &args)?,
            Self::Help(args) => help::run(&args)?,
        };
        Ok(AfterVerb::Exit(code))
    }
}

/// Carries out a slash command where lines are read.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what the core alone is told has no arm: its row says what"
)]
pub(crate) async fn carry_out(frontend: &mut Frontend<'_>, command: UserCommand) -> Result<Next, CliError> {
    let UserCommand { action, arguments } = &command;
    match action {
        Action::New => drop(frontend.make(command.arguments).await?),
        Action::Switch => frontend.switch(arguments.session.as_deref()).await?,
        Action::Steer => frontend.steer(arguments.text.clone().unwrap_or_default()).await?,
        Action::Unqueue => frontend.take_back(arguments.number).await?,
        Action::EditQueued if arguments.text.is_none() => frontend.take_back(arguments.number).await?,
        Action::Help => print_help(arguments.text.as_deref())?,
        Action::Tag if arguments.tags.is_empty() => frontend.print_tags_here()?,
        Action::Set if arguments.changes.is_empty() => frontend.print_settings(arguments.text.as_deref())?,
        Action::Model if arguments.changes.is_empty() => frontend.print_models().await?,
        Action::Mode if arguments.changes.is_empty() => frontend.print_offers(&OfferUse::Modes).await?,
        Action::Commands => frontend.print_offers(&OfferUse::Commands).await?,
        Action::Skill => frontend.skill(arguments.text.as_deref()).await?,
        Action::List => frontend.print_sessions()?,
        Action::Next => frontend.step(1).await?,
        Action::Previous => frontend.step(-1).await?,
        Action::Last => frontend.go_back().await?,
        Action::Attend => frontend.attend().await?,
        Action::Inbox => frontend.print_inbox()?,
        Action::Undo | Action::Redo | Action::Diff => {
            frontend.print_changes(*action, arguments.flags.force).await?;
        }
        Action::Permissions => frontend.print_rules().await?,
        Action::Trust => frontend.trust_here()?,
        Action::Queue => frontend.print_queue()?,
        Action::Find => frontend.print_found(arguments.text.as_deref()).await?,
        Action::Copy | Action::Pager | Action::Tour => return Err(frontend.only_on_a_screen()),
        Action::Usage => frontend.print_usage()?,
        Action::Processes | Action::Kill => {
            frontend.print_processes(arguments.number.map(|number| number as u64)).await?;
        }
        Action::Context => frontend.print_context().await?,
        Action::Detach => return Ok(Next::Leave(ExitCode::SUCCESS)),
        _told_to_the_core => frontend.send_to_core(command).await?,
    }
    Ok(Next::Go)
}
