//! `q setup`: leads to an agent by a few questions, tries it, shows what is to be written, and writes it. Nothing is anywhere before
//! the last yes.

use std::path::PathBuf;
use std::process::ExitCode;

use q_agent::http::address_fault;
use q_proto::Place;
use q_proto::message::Reach;
use q_term::suggest::nearest;

use super::{SetupArgs, agents_check, settings};
use crate::args::CheckArgs;
use crate::config::providers::LOCAL;
use crate::config::{self, Config};
use crate::context::{self, Context};
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::places::{config_file, place};
use crate::questions::{LineQuestion, ask, unless_left};
use crate::setup_choice::{AgentChoice, AgentOrigin, choices, listed, meant};
use crate::setup_draft::{AgentDraft, AgentKey, KEYS, name_fault};
use crate::{agent_key, config_text, local, out, state_file};

/// How many models of a server are listed; others are typed by name.
const LISTED: usize = 10;
/// What is fetched where no model is on this machine yet.
const SMALL: &str = "smollm2";
/// What is said before the first question.
const INTRODUCTION: &str = "Enter takes what stands in [ ], ? explains, Ctrl+C leaves.\n";

/// Where it is done, and what there is already.
struct SetupDesk<'a> {
    environment: &'a ProcessEnvironment,
    place: Place,
    file: PathBuf,
    config: Config,
    choices: Vec<AgentChoice>,
}

pub(crate) async fn run(environment: &ProcessEnvironment, args: SetupArgs) -> Result<ExitCode, CliError> {
    let (place, file) = (place(environment)?, config_file(environment)?);
    let config = context::config(environment)?;
    let choices = choices(environment, &place);
    let desk = SetupDesk { environment, place, file, config, choices };
    if args.yes {
        return desk.without_questions(&args).await;
    }
    if !environment.input_is_terminal || !environment.output_is_terminal {
        return desk.tell_instead(&args);
    }
    unless_left(desk.with_questions(&args)).await
}

impl SetupDesk<'_> {
    async fn with_questions(&self, args: &SetupArgs) -> Result<ExitCode, CliError> {
        out::line(INTRODUCTION)?;
        let mut before: Option<(String, AgentDraft)> = None;
        loop {
            // What was typed with the verb may be what was wrong.
            let args = if before.is_some() { &SetupArgs::default() } else { args };
            let choice = self.ask_who(args, before.as_ref().map(|(name, _)| name.as_str())).await?;
            let known = before.as_ref().map(|(_, draft)| draft).filter(|draft| draft.source == choice.source);
            let draft = self.ask_how(args, choice, known).await?;
            let works = self.try_out(&draft).await?;
            if self.is_confirmed(&draft, works).await? {
                return self.write(&draft);
            }
            before = Some((choice.name.clone(), draft));
        }
    }

    async fn ask_who(&self, args: &SetupArgs, before: Option<&str>) -> Result<&AgentChoice, CliError> {
        let of = |typed: &str| meant(&self.choices, typed, self.environment);
        if let Some(typed) = &args.provider {
            return of(typed).map_err(CliError::usage);
        }
        for line in listed(&self.choices) {
            out::line(&line)?;
        }
        let first = self.choices.first().map_or("", |choice| choice.name.as_str());
        let enter = before.unwrap_or(first);
        let about = "A number or a name. Those with a remark can answer at once; others want a\n\
                     key from their provider's pages, or a server of yours that runs: `server`\n\
                     is any that speaks OpenAI's protocol. Agents over ACP (claude-code, codex,\n\
                     opencode …) are listed once their programs are on PATH.";
        ask(LineQuestion { words: "Who answers", enter, about, is_secret: false }, |typed| {
            of(if typed.is_empty() { enter } else { typed })
        })
        .await
    }

    /// All that is asked of one that was chosen.
    async fn ask_how(
        &self,
        args: &SetupArgs,
        choice: &AgentChoice,
        before: Option<&AgentDraft>,
    ) -> Result<AgentDraft, CliError> {
        if choice.name == LOCAL && local::in_use(&self.place).is_none() {
            self.fetch_model().await?;
        }
        let mut draft = drafted(args, choice)?;
        if self.is_taken(&draft.name) {
            draft.name = self.ask_name(&draft.name).await?;
        }
        if draft.base_url.is_none()
            && let Some(usual) = asked_address(draft.source)
        {
            draft.base_url = ask_address(usual, before.and_then(|before| before.base_url.as_deref())).await?;
        }
        if args.key_env.is_none() {
            draft.key = self.ask_key(&draft).await?;
        }
        if args.model.is_none() && draft.lists_models() {
            let models = self.models(&draft).await;
            draft.model = ask_model(&draft, &models, before.map_or("", |before| &before.model)).await?;
        }
        Ok(draft)
    }

    fn is_taken(&self, name: &str) -> bool {
        // A file of keys may be the one of an agent of another name.
        let has_key = self.file.with_file_name(KEYS).join(name).exists();
        has_key || self.config.agents.contains_key(name) || self.config.mistaken.contains_key(name)
    }

    async fn ask_name(&self, taken: &str) -> Result<String, CliError> {
        let free = (2..1000).map(|no| format!("{taken}-{no}")).find(|name| !self.is_taken(name));
        let enter = free.as_deref().unwrap_or_default();
        let words = format!("{taken} is there already. The name of the new one");
        let about = format!("{taken} typed here replaces the one that there is; any other name leaves it.");
        ask(LineQuestion { words: &words, enter, about: &about, is_secret: false }, |typed| {
            let name = if typed.is_empty() { enter } else { typed };
            name_fault(name).map_or_else(|| Ok(name.to_owned()), Err)
        })
        .await
    }

    async fn ask_key(&self, draft: &AgentDraft) -> Result<AgentKey, CliError> {
        let (keys, name) = match draft.source {
            AgentOrigin::Provider(provider) if provider.keys.is_empty() => return Ok(AgentKey::Usual),
            AgentOrigin::Provider(provider) => (provider.keys, provider.name),
            AgentOrigin::Program(_) => return Ok(AgentKey::Usual),
            AgentOrigin::Server => (&[] as &[&str], "the server"),
        };
        let set = keys.iter().find(|key| self.environment.text(key).is_some());
        let enter = match (set, keys.first()) {
            (Some(variable), _) => format!("the one in {variable}"),
            (None, Some(variable)) => format!("later, in {variable}"),
            (None, None) => "none".to_owned(),
        };
        let about = format!(
            "What {name} knows you by, from its pages. What you type or paste is not\n\
             shown; it goes to a file of its own, which you alone can read, beside\n{}",
            self.file.display()
        );
        ask(
            LineQuestion { words: "Its key, not shown", enter: &enter, about: &about, is_secret: true },
            |typed| {
                if typed.is_empty() {
                    return Ok(AgentKey::Usual);
                }
                agent_key::checked(typed, "this").map(AgentKey::Typed).map_err(|missing| missing.why)
            },
        )
        .await
    }

    /// The models that its server lists; none, with a word why, where it says none.
    async fn models(&self, draft: &AgentDraft) -> Vec<String> {
        if draft.awaited_key(self.environment).is_some() {
            return Vec::new();
        }
        out::note("  asking for its models …");
        let listing = async {
            let reach: Reach = self.trial(draft)?.agents.reach(&draft.name, false).await?;
            settings::listed(reach).await
        };
        listing.await.unwrap_or_else(|error| {
            out::note(&format!("  its models are not known: {}", error.on_one_line()));
            Vec::new()
        })
    }

    /// q as it would be with it.
    fn trial(&self, draft: &AgentDraft) -> Result<Context, CliError> {
        let (table, environment) = draft.trial(self.environment);
        let text = self.with(draft, &table)?;
        Context::of(environment, config::parsed(&text, &self.file)?)
    }

    /// The configuration as it would be with that table.
    fn with(&self, draft: &AgentDraft, table: &str) -> Result<String, CliError> {
        let text = config_text::read(&self.file)?;
        config_text::with_agent(&text, &draft.name, table).ok_or_else(|| {
            let file = self.file.display();
            CliError::failed(format!(
                "{file} cannot be changed without touching more of it: nothing was written"
            ))
            .hint(format!(
                "put this there yourself:\nagent = \"{}\"\n\n{}",
                draft.name,
                draft.table()
            ))
        })
    }

    /// Tries it, and says what works; nothing where its key is still to come.
    async fn try_out(&self, draft: &AgentDraft) -> Result<Option<bool>, CliError> {
        if let Some(variable) = draft.awaited_key(self.environment) {
            out::line(&format!(
                "\nIt is not tried: {variable}, where its key is to be, is not set here yet."
            ))?;
            return Ok(None);
        }
        let context = self.trial(draft)?;
        out::line("\nIt is asked for a word …")?;
        let args = CheckArgs { name: draft.name.clone(), model: None, json: false };
        match agents_check::run(&context, args).await {
            Ok(_) => Ok(Some(true)),
            Err(error) => {
                let _code = out::complain(&error);
                Ok(Some(false))
            }
        }
    }

    /// Shows what would be written, and asks; no leads back to the questions.
    async fn is_confirmed(&self, draft: &AgentDraft, works: Option<bool>) -> Result<bool, CliError> {
        out::line(&format!("\nTo be written to {}, where all else stays as it is:\n", self.file.display()))?;
        let before = self.config.agent.as_ref().filter(|agent| **agent != draft.name);
        let before = before.map(|agent| format!("   (until now: {agent})")).unwrap_or_default();
        let table = if self.is_taken(&draft.name) { "\n(in the place of the one of that name)" } else { "" };
        let shown = format!("agent = \"{}\"{before}\n\n{}{}", draft.name, draft.table().trim_end(), table);
        out::line(&format!("    {}", shown.replace('\n', "\n    ")))?;
        if let Some((key, _)) = draft.key_file(&self.file) {
            out::line(&format!("\nand the key to {}, for you alone.", key.display()))?;
        }
        out::line("")?;
        let (asked, enter) = match works {
            Some(false) => ("It did not answer. b goes back to the questions, w writes it all the same", "b"),
            Some(true) | None => ("Write it? w writes it, b goes back to the questions", "w"),
        };
        let about = "Nothing is written yet, and nothing is if you leave with Ctrl+C. What is\nwritten is a text that you can change with an editor.";
        ask(LineQuestion { words: asked, enter, about, is_secret: false }, |typed| match typed {
            "" => Ok(enter == "w"),
            "w" | "W" | "y" | "yes" => Ok(true),
            "b" | "B" | "n" | "no" => Ok(false),
            other => Err(format!("`{other}` is neither w nor b")),
        })
        .await
    }

    /// The key first: whoever reads the configuration finds it.
    fn write(&self, draft: &AgentDraft) -> Result<ExitCode, CliError> {
        let text = self.with(draft, &draft.table())?;
        if let Some((file, key)) = draft.key_file(&self.file) {
            let failed = |error| CliError::failed(format!("{} cannot be written: {error}", file.display()));
            let directory = file.parent().unwrap_or(&file);
            std::fs::create_dir_all(directory)
                .and_then(|()| state_file::write(&file, key))
                .map_err(failed)?;
        }
        config_text::write(&self.file, &text).inspect_err(|_| {
            if let Some((file, _)) = draft.key_file(&self.file) {
                let _nobody_names_it = std::fs::remove_file(file);
            }
        })?;
        out::line(&format!("Written. {} answers in new sessions: q opens q.", draft.name))?;
        if let Some(variable) = draft.awaited_key(self.environment) {
            out::note(&format!("its key is still to come: export {variable}=..."));
        }
        let named = self.environment.text("Q_AGENT").filter(|named| *named != draft.name);
        if let Some(named) = named {
            out::note(&format!("Q_AGENT is {named} here and wins: unset Q_AGENT"));
        }
        if draft.lists_models() {
            out::note(
                "tools = true in its table lets it read files, and ask to change them and to run commands",
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Has the small model come to this machine.
    async fn fetch_model(&self) -> Result<(), CliError> {
        let words = format!("No model is on this machine yet. Fetch {SMALL} (98 MB)?");
        let about =
            "It is small and knows little, and needs no network. q model use FILE.gguf\ntakes another one.";
        ask(LineQuestion { words: &words, enter: "yes", about, is_secret: false }, |typed| match typed {
            "" | "y" | "yes" => Ok(()),
            _ => Err("without a model nobody answers; Ctrl+C leaves".to_owned()),
        })
        .await?;
        let mut pull = tokio::process::Command::new(&self.environment.program);
        pull.args(["model", "pull", SMALL]).kill_on_drop(true);
        let told = |why: String| CliError::failed(why).hint(format!("q model pull {SMALL} tries it again"));
        match pull.status().await {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(told(format!("{SMALL} was not fetched"))),
            Err(error) => Err(told(format!("q cannot be started again: {error}"))),
        }
    }

    /// For scripts: what is not said is as usual, and only what answers is written.
    async fn without_questions(&self, args: &SetupArgs) -> Result<ExitCode, CliError> {
        let choice = self.ask_who(args, None).await?;
        let mut draft = drafted(args, choice)?;
        if self.is_taken(&draft.name) {
            return Err(CliError::usage(format!("there is an agent {} already", draft.name)).hint(
                "--name NAME calls the new one otherwise; to replace it, leave out --yes and be asked",
            ));
        }
        if draft.base_url.is_none() && asked_address(draft.source) == Some("") {
            return Err(
                CliError::usage("where its server is, only you know").hint("say so: --base-url ADDRESS")
            );
        }
        if let Some(variable) = draft.awaited_key(self.environment) {
            return Err(CliError::failed(format!("{variable}, where its key is to be, is not set here"))
                .hint(format!(
                    "export {variable}=..., or name another: --key-env VARIABLE; nothing was written"
                )));
        }
        if draft.model.is_empty() && draft.usual_model().is_empty() && draft.lists_models() {
            draft.model = self.models(&draft).await.into_iter().next().unwrap_or_default();
        }
        let args = CheckArgs { name: draft.name.clone(), model: None, json: false };
        agents_check::run(&self.trial(&draft)?, args)
            .await
            .map_err(|error| error.hint(format!("nothing was written to {}", self.file.display())))?;
        self.write(&draft)
    }

    /// What to write by hand, where nobody can be asked.
    fn tell_instead(&self, args: &SetupArgs) -> Result<ExitCode, CliError> {
        let choice = match &args.provider {
            Some(typed) => Some(meant(&self.choices, typed, self.environment).map_err(CliError::usage)?),
            None => self.choices.iter().find(|choice| choice.ready.is_some()),
        };
        let choice = choice.or_else(|| self.choices.iter().find(|choice| choice.name == "anthropic"));
        let Some(choice) = choice else { return Err(CliError::usage("there is no terminal to ask at")) };
        let mut draft = drafted(args, choice)?;
        if draft.base_url.is_none() && asked_address(draft.source) == Some("") {
            draft.base_url = Some("https://NAME.example/v1".to_owned());
        }
        out::line(&format!("agent = \"{}\"\n\n{}", draft.name, draft.table().trim_end()))?;
        let file = self.file.display();
        Err(CliError::usage("there is no terminal to ask at, so nothing was written")
            .hint(format!("put the lines above into {file}"))
            .hint(format!("or have it tried and written unasked: q setup --provider {} --yes", choice.name)))
    }
}

/// What the words of the command line say of it, and where they do not, what is usual.
fn drafted(args: &SetupArgs, choice: &AgentChoice) -> Result<AgentDraft, CliError> {
    let name = args.name.clone().unwrap_or_else(|| choice.name.clone());
    if let Some(fault) = name_fault(&name) {
        return Err(CliError::usage(fault));
    }
    if let Some(fault) = args.base_url.as_deref().and_then(address_fault) {
        return Err(CliError::usage(fault));
    }
    Ok(AgentDraft {
        name,
        source: choice.source,
        base_url: args.base_url.clone(),
        model: args.model.clone().unwrap_or_default(),
        key: args.key_env.clone().map_or(AgentKey::Usual, AgentKey::Variable),
    })
}

/// The address that is offered where one is asked for: empty where only the person knows it, nothing where none is asked for.
fn asked_address(source: AgentOrigin) -> Option<&'static str> {
    match source {
        AgentOrigin::Server => Some(""),
        AgentOrigin::Program(_) => None,
        AgentOrigin::Provider(provider) => {
            let is_at_home = provider.keys.is_empty() && provider.name != LOCAL;
            (is_at_home || provider.base_url.is_empty()).then_some(provider.base_url)
        }
    }
}

/// Where its server is; nothing where it is where it usually is.
async fn ask_address(usual: &str, before: Option<&str>) -> Result<Option<String>, CliError> {
    let enter = before.unwrap_or(if usual.is_empty() { "http://127.0.0.1:8080/v1" } else { usual });
    let about = "The beginning of all its addresses, as its pages have it:\nhttp://127.0.0.1:8080/v1, https://NAME.openai.azure.com/openai/v1";
    ask(LineQuestion { words: "Its address", enter, about, is_secret: false }, |typed| {
        let address = if typed.is_empty() { enter } else { typed };
        match address_fault(address) {
            Some(why) => Err(why),
            None => Ok((address != usual).then(|| address.to_owned())),
        }
    })
    .await
}

/// The model; empty for the usual one.
async fn ask_model(draft: &AgentDraft, models: &[String], before: &str) -> Result<String, CliError> {
    let usual = draft.usual_model();
    for (no, model) in (1..).zip(models.iter().take(LISTED)) {
        out::line(&format!("{no:>4}  {}", q_term::sanitize::visible_line(model)))?;
    }
    if models.len() > LISTED {
        out::line(&format!("      and {} more, by name", models.len() - LISTED))?;
    }
    let by_itself = matches!(draft.source, AgentOrigin::Server);
    let first = models.first().map_or("", String::as_str);
    let known = [before, usual, first].into_iter().find(|name| !name.is_empty());
    let default = known.unwrap_or_default();
    let enter = if default.is_empty() && by_itself { "the server's own" } else { default };
    let about = "A number or a name. /model chooses another one for a session.\nA new one for all is written into the table.";
    let wanted = std::cell::RefCell::new(String::new());
    ask(LineQuestion { words: "Its model", enter, about, is_secret: false }, |typed| {
        let number =
            typed.parse::<usize>().ok().and_then(|no| models.iter().take(LISTED).nth(no.checked_sub(1)?));
        let name = match number {
            Some(model) => model.as_str(),
            None if typed.is_empty() => default,
            None => typed,
        };
        if name.is_empty() && !by_itself {
            return Err("it has none that would be the usual one: name one".to_owned());
        }
        let is_known = models.is_empty() || name == default || models.iter().any(|model| model == name);
        if !is_known && wanted.replace(name.to_owned()) != name {
            let near = nearest(name, models.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(format!(
                "its server does not list `{name}`{near} Typed once more it is taken as it is."
            ));
        }
        Ok(if name == usual { String::new() } else { name.to_owned() })
    })
    .await
}
