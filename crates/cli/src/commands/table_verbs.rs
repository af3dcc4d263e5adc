//! `q close`, `q pin`, `q tag`, `q move` and the like: verbs that tell the core one thing about a session. They are made of
//! the table of actions, the row of each says all there is to it.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, FromArgMatches, Subcommand, value_parser};
use q_core::{Command, PromptNo, SessionId, SettingChange, Summary, TagChange, Token};
use q_term::command::table::{CommandRow, ROWS};
use q_term::command::{Among, Arguments, CoreCommand, Flags, Param};

use crate::client::{Client, token};
use crate::commands::follow_up::FollowUp;
use crate::commands::queue;
use crate::commands::settings::{self, Wanted};
use crate::context::Context;
use crate::error::CliError;
use crate::{input, out};

/// What stands in usages for any number of changes of tags.
const TAGS: &str = "+TAG|-TAG";
/// And for a setting and its value.
const SETTING: &str = "SETTING";
const VALUE: &str = "VALUE";

/// What a verb is about, and how the core's command is made of it.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Session(Among, fn(SessionId, &Arguments) -> Command),
    Turn(fn(SessionId, Token, &Arguments) -> Command),
    Prompt(fn(SessionId, PromptNo, &Arguments) -> Command),
}

impl Subject {
    /// None of a call: that is answered by its id, which no row has.
    fn of(core: CoreCommand) -> Option<Self> {
        match core {
            CoreCommand::Session(among, build) => Some(Self::Session(among, build)),
            CoreCommand::Turn(build) => Some(Self::Turn(build)),
            CoreCommand::Prompt(build) => Some(Self::Prompt(build)),
            CoreCommand::Call(..) => None,
        }
    }
}

/// A verb as it was typed.
#[derive(Debug)]
pub(crate) struct TableVerb {
    subject: Subject,
    address: String,
    /// The number of a waiting prompt, as `q queue` prints it.
    prompt: Option<u64>,
    /// Its new text, in words.
    words: Option<Vec<String>>,
    arguments: Arguments,
    /// Where it is about settings: the one to be shown, and whether as JSON.
    settings: Option<(Option<String>, bool)>,
}

/// The rows that a verb is made of, with it, its parameters and what the core is told.
fn rows() -> impl Iterator<Item = (&'static CommandRow, &'static str, Vec<Param>, Subject)> {
    ROWS.iter().filter(|row| !row.about.is_empty()).filter_map(|row| {
        let (verb, params) = row.shell_verb()?;
        Some((row, verb, params.collect(), Subject::of(row.core?)?))
    })
}

fn command(
    row: &'static CommandRow,
    verb: &'static str,
    params: &[Param],
    subject: Subject,
) -> clap::Command {
    let args = params.iter().map(|param| arg(*param, subject));
    let command = clap::Command::new(verb).about(row.about).args(args);
    let command = if params.iter().any(|param| param.word == SETTING) {
        command.arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("One JSON object"))
    } else {
        command
    };
    let force = Arg::new("force").long("force").action(ArgAction::SetTrue);
    if row.may_force() {
        command.arg(force.help("Also while it works: its turn is interrupted"))
    } else {
        command
    }
}

fn arg(param: Param, subject: Subject) -> Arg {
    let arg = Arg::new(param.word).required(!param.is_optional);
    match param.word {
        "NAME" => arg.help("1-40 letters, digits, - _ .; begins with a letter"),
        "PROMPT" if param.is_optional => {
            arg.value_parser(value_parser!(u64)).help("Its number; the next one when left out")
        }
        "PROMPT" => {
            arg.value_parser(value_parser!(u64)).help("Its number, as `q queue` and `q send` print it")
        }
        "PLACE" => arg.value_parser(value_parser!(u32)).help("1 is the next to be sent"),
        // Standard input may be all of it.
        "TEXT" => arg.required(false).num_args(0..).help("The text; standard input is added to it"),
        "undo" => arg.value_parser(["undo"]).help("Take the newest summary back"),
        SETTING => arg.help(
            "model, temperature, max_tokens, reasoning, mode or budget_tokens; without one, shows them",
        ),
        VALUE => arg.allow_hyphen_values(true).help("Its value; `default` leaves it to the agent"),
        TAGS => arg
            .num_args(0..)
            .allow_hyphen_values(true) // so does one that is taken off
            .help("`+TAG` or `TAG` adds, `-TAG` removes; without any, shows them"),
        _ if matches!(subject, Subject::Session(Among::Archived | Among::Trashed, _)) => {
            arg.help("Name, unique prefix, or id")
        }
        _ => arg.help("Name, slot number, unique prefix, or id"),
    }
}

impl Subcommand for TableVerb {
    fn augment_subcommands(root: clap::Command) -> clap::Command {
        root.subcommands(rows().map(|(row, verb, params, subject)| command(row, verb, &params, subject)))
    }

    fn augment_subcommands_for_update(root: clap::Command) -> clap::Command {
        Self::augment_subcommands(root)
    }

    fn has_subcommand(name: &str) -> bool {
        rows().any(|(_, verb, ..)| verb == name)
    }
}

impl FromArgMatches for TableVerb {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let none = || clap::Error::new(ErrorKind::InvalidSubcommand);
        let (name, typed) = matches.subcommand().ok_or_else(none)?;
        let (row, _, params, subject) = rows().find(|(_, verb, ..)| *verb == name).ok_or_else(none)?;
        let has = |word: &str| params.iter().any(|param| param.word == word);
        let text = |word: &str| has(word).then(|| typed.get_one::<String>(word).cloned()).flatten();
        let place = has("PLACE").then(|| typed.get_one::<u32>("PLACE").copied()).flatten();
        let words = || typed.get_many::<String>("TEXT").unwrap_or_default().cloned().collect();
        let tags = || {
            let typed = if has(TAGS) { typed.get_many::<String>(TAGS) } else { None };
            typed.unwrap_or_default().map(|word| TagChange::typed(word)).collect()
        };
        let change = |name: &String| Some(SettingChange { name: name.clone(), value: text(VALUE)? });
        let setting = text(SETTING);
        Ok(Self {
            subject,
            settings: has(SETTING).then(|| (setting.clone(), typed.get_flag("json"))),
            address: text("SESSION").unwrap_or_default(),
            prompt: has("PROMPT").then(|| typed.get_one::<u64>("PROMPT").copied()).flatten(),
            words: has("TEXT").then(words),
            arguments: Arguments {
                name: text("NAME"),
                tags: tags(),
                changes: setting.as_ref().and_then(change).into_iter().collect(),
                place: place.and_then(|place| usize::try_from(place).ok()),
                flags: Flags {
                    undo: text("undo").is_some(),
                    force: row.may_force() && typed.get_flag("force"),
                    ..Flags::default()
                },
                ..Arguments::default()
            },
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

pub(crate) async fn run(context: &Context, verb: TableVerb) -> Result<ExitCode, CliError> {
    let TableVerb { subject, address, prompt, words, mut arguments, settings } = verb;
    if let Some(words) = words {
        arguments.text = Some(input::prompt(&words, &context.environment)?);
    }
    if arguments.place == Some(0) {
        let prompt = prompt.unwrap_or_default();
        return Err(CliError::usage("places begin at 1").hint(format!("q move {address} {prompt} 1")));
    }
    match subject {
        Subject::Session(among, build) => {
            let mut client = Client::attach(context, false).await?;
            let session = client.resolve_first(&address, |session| among.has(session)).await?;
            let command = build(session.id, &arguments);
            if let Some((only, json)) = settings {
                let change = Some(command).filter(|_| !arguments.changes.is_empty());
                settings::set(context, &mut client, session, Wanted { change, only, json }).await?;
                return Ok(ExitCode::SUCCESS);
            }
            match FollowUp::of(&command) {
                Some(FollowUp::Enter(_)) => reopen(&mut client, &session, command).await?,
                Some(FollowUp::SayTags(_)) => {
                    // Without any change there is nothing to tell the core: they are asked for.
                    let changes = !arguments.tags.is_empty();
                    tag(&mut client, session, Some(command).filter(|_| changes)).await?;
                }
                Some(FollowUp::GoTo | FollowUp::Wake(_) | FollowUp::Keep | FollowUp::Say(_)) | None => {
                    client.carry_out(&session, command).await?;
                }
            }
        }
        Subject::Turn(build) => {
            let mut client = Client::attach(context, false).await?;
            let session = client.resolve(&address).await?;
            client.command(build(session.id, token()?, &arguments)).await?;
        }
        Subject::Prompt(build) => {
            let (mut client, session, prompt) = waiting_prompt(context, &address, prompt).await?;
            let told = client.carry_out(&session, build(session.id, prompt, &arguments)).await;
            told.map_err(|error| error.hint(format!("`q queue {address}` lists what waits, with numbers")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The prompt of that number, or the next to be sent.
async fn waiting_prompt(
    context: &Context,
    address: &str,
    prompt: Option<u64>,
) -> Result<(Client, Summary, PromptNo), CliError> {
    if let Some(prompt) = prompt {
        let mut client = Client::attach(context, false).await?;
        let session = client.resolve(address).await?;
        return Ok((client, session, PromptNo(prompt)));
    }
    let (client, session, queue) = queue::waiting(context, address).await?;
    let next = queue.first().map(|next| next.prompt).ok_or_else(|| {
        CliError::failed(format!("nothing waits in {}", session.name))
            .hint(format!("q send {address} PROMPT sends one"))
    })?;
    Ok((client, session, next))
}

/// It may have another name then, if its own is taken.
async fn reopen(client: &mut Client, session: &Summary, command: Command) -> Result<(), CliError> {
    client.command(command).await?;
    let now = client.resolve(&session.id.to_string()).await?;
    let renamed =
        if now.name == session.name { String::new() } else { format!(" (`{}` is taken)", session.name) };
    out::note(&format!("{} is open again, in slot {}{renamed}", now.name, now.slot));
    Ok(())
}

/// Changes a session's tags, and prints those it has then.
async fn tag(client: &mut Client, mut session: Summary, change: Option<Command>) -> Result<(), CliError> {
    if let Some(change) = change {
        client.command(change).await?;
        session = client.resolve(&session.id.to_string()).await?;
    }
    session.tags.iter().try_for_each(|tag| out::line(tag.as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn typed(words: &[&str]) -> TableVerb {
        let root = TableVerb::augment_subcommands(clap::Command::new("q"));
        TableVerb::from_arg_matches(&root.try_get_matches_from([&["q"], words].concat()).unwrap()).unwrap()
    }

    #[test]
    fn a_verb_of_the_table_is_read_as_its_usage_says() {
        let verb = typed(&["move", "api", "7", "2"]);
        assert_eq!((verb.address.as_str(), verb.prompt, verb.arguments.place), ("api", Some(7), Some(2)));
        let verb = typed(&["now", "api"]);
        assert_eq!((verb.prompt, verb.words), (None, None));
        let verb = typed(&["edit", "api", "7", "anew", "it"]);
        assert_eq!(verb.words, Some(vec!["anew".to_owned(), "it".to_owned()]));
        let verb = typed(&["tag", "api", "+work", "-old"]);
        assert_eq!(verb.arguments.tags, ["+work", "-old"].map(TagChange::typed));
        assert!(typed(&["tag", "api"]).arguments.tags.is_empty());
        assert!(typed(&["close", "api", "--force"]).arguments.flags.force);
        assert_eq!(typed(&["rename", "api", "other"]).arguments.name.as_deref(), Some("other"));
    }

    #[test]
    fn every_verb_of_the_table_can_be_built() {
        TableVerb::augment_subcommands(clap::Command::new("q")).debug_assert();
        assert!(rows().count() > 0);
    }
}
