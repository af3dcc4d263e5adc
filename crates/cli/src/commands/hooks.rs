//! `q hooks`: commands that are told what happens in sessions; which there are here, whether they work, and a project's accepted.

use std::process::ExitCode;

use q_agent::Toolbox;
use q_host::{Happening, Hook, HookReader};
use q_proto::{Request, Response};
use q_term::words;
use serde::Serialize;

use crate::client::{Client, unexpected};
use crate::commands::{HooksAcceptArgs, HooksCheckArgs, HooksVerb};
use crate::config::{self, Config, hooks};
use crate::context::Context;
use crate::error::CliError;
use crate::hooks_file::{self, ProjectHooks};
use crate::{json, out};

/// One of `q hooks list --json`; docs/json.md promises it.
#[derive(Serialize)]
struct HookJson<'a> {
    event: &'static str,
    command: &'a [String],
    timeout_seconds: u64,
    directory: String,
    /// The file that names it.
    file: String,
    accepted: bool,
}

/// All that there are here.
struct HooksHere {
    reader: HookReader,
    own: Vec<Hook>,
    project: Option<ProjectHooks>,
}

impl HooksHere {
    fn new(context: &Context) -> Result<Self, CliError> {
        let config: Config = config::read(&context.agents.file)?;
        let reader = hooks_file::reader(&context.environment, &context.place, &config);
        let directory = &context.environment.directory;
        let own = hooks_file::own(&reader, &config.hooks, directory);
        Ok(Self { project: hooks_file::of_project(&reader, directory), reader, own })
    }

    /// Each with whether it runs.
    fn all(&self) -> impl Iterator<Item = (&Hook, String, bool)> {
        let own = self.own.iter().map(|hook| (hook, self.reader.file.display().to_string(), true));
        let project = self.project.iter().flat_map(|project| {
            let named = project.hooks.iter().flatten();
            named.map(|hook| (hook, project.file.display().to_string(), project.is_accepted))
        });
        own.chain(project)
    }
}

pub(crate) async fn run(context: &Context, verb: HooksVerb) -> Result<ExitCode, CliError> {
    let here = HooksHere::new(context)?;
    match verb {
        HooksVerb::List(args) => list(context, &here, args.json).await?,
        HooksVerb::Check(args) => return check(context, &here, &args).await,
        HooksVerb::Accept(args) => accept(context, &here, &args)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(context: &Context, here: &HooksHere, as_json: bool) -> Result<(), CliError> {
    if as_json {
        let shape = here.all().map(|(hook, file, accepted)| HookJson {
            event: hook.event.name(),
            command: &hook.command,
            timeout_seconds: hook.seconds,
            directory: hook.directory.display().to_string(),
            file,
            accepted,
        });
        return json::print(&shape.collect::<Vec<_>>());
    }
    let mut is_empty = true;
    for (hook, file, accepted) in here.all() {
        is_empty = false;
        let state = if accepted { "" } else { "; not accepted, so it does not run: q hooks accept" };
        let (event, command) = (hook.event.name(), words::argv(&hook.command));
        out::line(&format!("{event:<18} {command}  ({} s, of {file}{state})", hook.seconds))?;
    }
    if is_empty {
        let events: Vec<&str> = q_host::HookEvent::ALL.iter().map(|event| event.name()).collect();
        out::note(&format!(
            "no hooks; [[hooks]] in {} names an event ({}) and a command",
            here.reader.file.display(),
            events.join(", ")
        ));
    }
    note_faults(context, here).await
}

/// Says what does not run, and what did not go well since the host started.
async fn note_faults(context: &Context, here: &HooksHere) -> Result<(), CliError> {
    if let Some(ProjectHooks { file, hooks: Err(why), .. }) = &here.project {
        out::note(&format!("{}: {why}; none of its hooks runs", file.display()));
    }
    let Some(mut client) = Client::attach_existing(context, false).await? else { return Ok(()) };
    let Response::Stats(stats) = client.ask(Request::Stats).await? else { return Err(unexpected()) };
    for (code, times) in stats.errors {
        let (what, said) = match code.as_str() {
            "hook_failed" => ("hook", "did not end well"),
            "hook_dropped" => ("hook", "did not run, since too many waited or one waited for a minute"),
            "hook_unread" => ("event", "found a configuration that could not be read"),
            _other => continue,
        };
        let times = words::counted(usize::try_from(times).unwrap_or(usize::MAX), what);
        out::note(&format!("{times} {said} since the host started: q host logs, q hooks check EVENT"));
    }
    Ok(())
}

async fn check(
    context: &Context,
    here: &HooksHere,
    HooksCheckArgs { event }: &HooksCheckArgs,
) -> Result<ExitCode, CliError> {
    let Some(event) = hooks::named(event) else {
        return Err(CliError::usage(format!("there is no event {event}")).hint("q hooks list"));
    };
    let mut tried = 0;
    let mut failed = 0;
    for (hook, file, accepted) in here.all().filter(|(hook, ..)| hook.event == event) {
        let command = words::argv(&hook.command);
        if !accepted {
            out::note(&format!("{command}: not accepted, so it was not run: q hooks accept (of {file})"));
            continue;
        }
        tried += 1;
        let sample = Happening { event: event.name(), ..hooks_file::sample(&context.environment.directory) };
        let toolbox = Toolbox::new(hook.directory.clone(), &here.reader.settings);
        let told = (here.reader.told)(&sample);
        let reply = toolbox.giving(hook.variables.clone()).run_told(&hook.command, told, hook.seconds).await;
        failed += usize::from(reply.is_failed);
        let how = if reply.is_failed { "failed" } else { "exit code 0" };
        out::line(&format!("{command}: {how}\n{}", reply.text.trim_end()))?;
    }
    if tried == 0 {
        return Err(CliError::failed(format!("no hook runs for {} here", event.name())).hint("q hooks list"));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn accept(
    context: &Context,
    here: &HooksHere,
    HooksAcceptArgs { yes }: &HooksAcceptArgs,
) -> Result<(), CliError> {
    let Some(project) = &here.project else {
        return Err(CliError::failed("no trusted project names hooks here")
            .hint("q trust, for a directory with a .q/hooks.toml"));
    };
    let file = project.file.display();
    let hooks = match &project.hooks {
        Ok(hooks) => hooks,
        Err(why) => return Err(CliError::failed(format!("{file}: {why}"))),
    };
    out::line(project.text.trim_end())?;
    // Last, and each in a line: however the file is laid out, what would run is on the screen with the question.
    for hook in hooks {
        out::note(&format!("{:<18} {}", hook.event.name(), words::argv(&hook.command)));
    }
    if !yes && !context.environment.input_is_terminal {
        return Err(
            CliError::usage("nobody can be asked here whether these may run").hint("q hooks accept --yes")
        );
    }
    if !yes && !out::ask("May these run, without being asked about again? [y/N] ")? {
        return Err(CliError::failed("they do not run"));
    }
    hooks_file::accept(&context.place, project)?;
    out::note(&format!("these hooks of {file} run from now on, as long as it stays exactly so"));
    Ok(())
}
