//! `q new`: creates a session, which is opened then unless the person stays in the shell. What all other ways to a new one
//! share is here, too.

use std::path::Path;

use q_core::{Command, Environment, Policy, SessionId, Setup};
use q_term::command::Arguments;
use q_term::kinds::looks_only;
use q_term::suggest::nearest;
use serde::Serialize;

use crate::args::NewArgs;
use crate::client::{Client, Created};
use crate::config::Tools;
use crate::context::Context;
use crate::error::CliError;
use crate::input::PromptInput;
use crate::{json, out};

#[derive(Serialize)]
struct NewJson {
    id: String,
    name: String,
    slot: u32,
    prompt: Option<u64>,
}

/// Gives the session that is to be opened, unless the person stays in the shell.
pub(crate) async fn run(context: &Context, args: NewArgs) -> Result<Option<SessionId>, CliError> {
    let directory = directory(context, args.cwd.as_deref())?;
    // Before anything is made: a prompt that cannot be read leaves no session behind.
    let prompt = match args.prompt.as_slice() {
        [] => None,
        words => {
            let said = PromptInput::read(words, &context.environment)?;
            Some(said.with_files(args.no_files, &directory, &context.environment)?)
        }
    };
    let wanted = SessionRequest {
        name: args.name,
        kind: args.kind,
        agent: args.agent,
        model: args.model,
        directory,
        tags: args.tags,
        attended: !args.detached && context.environment.input_is_terminal,
    };
    let command = command(context, wanted)?;
    let mut client = Client::attach(context, false).await?;
    let id = make(&mut client, command).await?;
    let prompt = match prompt {
        None => None,
        Some(said) => Some(client.submit(id, said).await?),
    };
    if !args.detached {
        return Ok(Some(id));
    }
    let session = client.resolve(&id.to_string()).await?;
    if let Some(tools) = looks_only(&session) {
        out::note(&tools);
    }
    if args.json {
        let shape =
            NewJson { id: id.to_string(), name: session.name.to_string(), slot: session.slot, prompt };
        json::print(&shape)?;
    } else {
        out::line(session.name.as_str())?;
    }
    Ok(None)
}

/// A new session as it was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionRequest {
    pub(crate) name: Option<String>,
    /// The word of its kind; empty for the usual one.
    pub(crate) kind: String,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) directory: String,
    pub(crate) tags: Vec<String>,
    /// Whether a person sits in front of what will be said in it.
    pub(crate) attended: bool,
}

impl SessionRequest {
    /// As it is typed inside q: in the directory where this terminal was opened.
    pub(crate) fn typed(context: &Context, typed: Arguments) -> Self {
        let wish = typed.wish.unwrap_or_default();
        Self {
            name: typed.name,
            kind: typed.kind,
            agent: wish.agent,
            model: wish.model,
            directory: context.environment.directory.to_string_lossy().into_owned(),
            attended: context.environment.input_is_terminal,
            ..Self::default()
        }
    }
}

/// Creates a session; says which one hibernated for it.
async fn make(client: &mut Client, command: Command) -> Result<SessionId, CliError> {
    let Created { id, hibernated, ended } = client.create(command).await?;
    if let Some(name) = hibernated {
        out::note(&q_term::words::made_room(&name, ended));
    }
    Ok(id)
}

/// The command for a new session with the agent that was asked for, or the default one.
pub(crate) fn command(context: &Context, wanted: SessionRequest) -> Result<Command, CliError> {
    let SessionRequest { name, kind, agent, model, directory, tags, attended } = wanted;
    let (system_prompt, tools) = template(context, &kind)?;
    let (agent, model) = agent_and_model(context, agent.as_deref(), model, attended)?;
    let kind = q_proto::kind(&kind)
        .map_err(|fault| CliError::usage(format!("this cannot be a kind of session: {fault}")))?;
    let policy = tools.map_or(kind.policy(), Policy::from);
    let environment = Environment::default(); // the host knows it
    let settings = Box::default();
    let setup = Setup { kind, system_prompt, agent, model, directory, environment, policy, settings };
    Ok(Command::Create { id: SessionId::UNDRAWN, name, setup, tags })
}

/// The agent that was asked for, or the default one, and the model that it is asked for.
fn agent_and_model(
    context: &Context,
    agent: Option<&str>,
    model: Option<String>,
    attended: bool,
) -> Result<(String, String), CliError> {
    let agent = context.agents.choose(agent, attended)?;
    // A variable that names a model means one behind an API: an agent of its own knows models by other names.
    let is_program = matches!(agent.reach, q_proto::message::Reach::Acp { .. });
    let named = context.environment.text("Q_MODEL").filter(|_| !is_program);
    let model = model.or_else(|| named.map(str::to_owned)).unwrap_or_else(|| agent.reach.model().to_owned());
    let model = if agent.name == crate::agents::GUIDE { String::new() } else { model };
    Ok((agent.name.clone(), model))
}

/// Who answers in a new session unless another is asked for, in a word for people. One that cannot be asked from here is
/// named all the same: what there is can be read, and a new session or a prompt says why.
pub(crate) fn answers(context: &Context) -> String {
    agent_and_model(context, None, None, true).map_or_else(
        |_| format!("{} (cannot be asked from here: `q agents`)", context.agents.default),
        |(agent, model)| q_term::words::agent_and_model(&agent, &model),
    )
}

/// What the configuration says of a kind: its system prompt, and what its tools may do; nothing of what is as `q` brings it.
fn template(context: &Context, word: &str) -> Result<(String, Option<Tools>), CliError> {
    if let Some(kind) = context.templates.get(word) {
        return Ok((kind.system_prompt.clone(), kind.tools));
    }
    if word.is_empty() || context.kinds.knows(word) {
        return Ok((String::new(), None));
    }
    let error = CliError::usage(format!("there is no kind of session `{word}`"));
    Err(if let Some(near) = nearest(word, context.kinds.words()) {
        error.hint(format!("did you mean `{near}`?"))
    } else {
        let words: Vec<&str> = context.kinds.words().collect();
        error.hint(format!("the kinds are {}; your config may define more: [kinds.NAME]", words.join(", ")))
    })
}

/// The directory that was named, or the one this program was started in; absolute, and there.
pub(crate) fn directory(context: &Context, given: Option<&Path>) -> Result<String, CliError> {
    let Some(given) = given else { return Ok(context.environment.directory.to_string_lossy().into_owned()) };
    let directory = context.environment.directory.join(given);
    match directory.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path.to_string_lossy().into_owned()),
        Ok(_) => Err(CliError::usage(format!("{} is not a directory", given.display()))),
        Err(error) => Err(CliError::usage(format!("{} cannot be used: {error}", given.display()))),
    }
}
