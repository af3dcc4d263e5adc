//! Who could answer, as `q setup` lists them: those that can at once come first.

use std::fmt::Write as _;

use q_proto::Place;
use q_term::suggest::nearest;

use crate::config::acp::{AcpPreset, PRESETS};
use crate::config::providers::{LOCAL, PROVIDERS, Provider};
use crate::environment::ProcessEnvironment;
use crate::local;

/// Any other server that speaks `OpenAI`'s protocol: what it is called in the list.
pub(crate) const SERVER: &str = "server";
/// How many names stand beside one another, each in a column of so many letters.
const ACROSS: usize = 4;
const COLUMN: usize = 18;

/// By what an agent is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentOrigin {
    Provider(&'static Provider),
    Program(&'static AcpPreset),
    /// A server of which the address alone is known.
    Server,
}

/// One that can be chosen.
#[derive(Clone, Debug)]
pub(crate) struct AgentChoice {
    /// What there is already by which it could answer at once.
    pub(crate) ready: Option<String>,
    pub(crate) source: AgentOrigin,
    pub(crate) name: String,
}

/// All of them, as this machine has them.
pub(crate) fn choices(environment: &ProcessEnvironment, place: &Place) -> Vec<AgentChoice> {
    // A provider of two names is listed once.
    let providers = PROVIDERS.iter().filter(|provider| provider.name != "google").map(|provider| {
        let ready = if provider.name == LOCAL {
            let what =
                if local::in_use(place).is_some() { "its model is here" } else { "fetches a small model" };
            local::program(environment).ok().map(|_| format!("on this machine, offline; {what}"))
        } else {
            let key = provider.keys.iter().find(|key| environment.text(key).is_some());
            key.map(|key| format!("{key} is set"))
        };
        AgentChoice { name: provider.name.to_owned(), source: AgentOrigin::Provider(provider), ready }
    });
    let programs = PRESETS.iter().filter_map(|preset| {
        let program = preset.command.first()?;
        environment.program_on_path(program)?;
        let ready = Some(format!("a program of its own: {program} is on PATH"));
        Some(AgentChoice { name: program_name(preset), source: AgentOrigin::Program(preset), ready })
    });
    let server = AgentChoice { name: SERVER.to_owned(), source: AgentOrigin::Server, ready: None };
    let mut all: Vec<AgentChoice> = providers.chain(programs).chain([server]).collect();
    // A small model is the last of what is ready: whoever has a key or a program set up wants that.
    all.sort_by_key(|choice| (choice.ready.is_none(), choice.name == LOCAL));
    all
}

/// What a program is called beside the providers, of which one has its name.
fn program_name(preset: &AcpPreset) -> String {
    let is_taken = PROVIDERS.iter().any(|provider| provider.name == preset.name);
    format!("{}{}", preset.name, if is_taken { "-cli" } else { "" })
}

/// They as they are shown, with their numbers.
pub(crate) fn listed(choices: &[AgentChoice]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut across = String::new();
    for (no, choice) in (1..).zip(choices) {
        if let Some(ready) = &choice.ready {
            lines.push(format!("{no:>4}  {:<14}{ready}", choice.name));
        } else {
            let _written = write!(across, "{no:>4}  {:<width$}", choice.name, width = COLUMN - 6);
            if across.len() >= ACROSS * COLUMN {
                lines.push(std::mem::take(&mut across));
            }
        }
    }
    lines.extend([across].into_iter().filter(|across| !across.is_empty()));
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The one that is meant by its number or name, or why none is.
pub(crate) fn meant<'a>(
    choices: &'a [AgentChoice],
    typed: &str,
    environment: &ProcessEnvironment,
) -> Result<&'a AgentChoice, String> {
    let typed = typed.to_lowercase();
    let name = if typed == "google" { "gemini" } else { &typed };
    let by_number = || typed.parse::<usize>().ok().and_then(|no| choices.get(no.checked_sub(1)?));
    let found = choices.iter().find(|choice| choice.name == name).or_else(by_number);
    if found.is_some_and(|choice| choice.name == LOCAL) {
        local::program(environment).map_err(|missing| format!("{}: {}", missing.why, missing.way_out))?;
    }
    found.ok_or_else(|| {
        if let Some(preset) = PRESETS.iter().find(|preset| program_name(preset) == typed) {
            let program = preset.command.first().unwrap_or(&"its program");
            return format!("{program} is not on PATH: {}", preset.install);
        }
        match nearest(name, choices.iter().map(|choice| choice.name.as_str())) {
            Some(near) => format!("nobody is called `{typed}`; did you mean `{near}`?"),
            None => format!("nobody is called `{typed}`: {}", names(choices)),
        }
    })
}

/// The names of all, for whoever sees no list.
fn names(choices: &[AgentChoice]) -> String {
    choices.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn who_can_answer_at_once_comes_first_and_is_meant_by_number_and_name() {
        let path = tempfile::tempdir().unwrap();
        std::fs::write(path.path().join("gemini"), "").unwrap();
        let variables =
            [("PATH", path.path().to_str().unwrap()), ("MISTRAL_API_KEY", "k"), ("GOOGLE_API_KEY", "k")];
        let environment = ProcessEnvironment::of(&variables, "/");
        let choices = choices(&environment, &Place::new("/n".into(), "/n".into(), "/n".into()));
        let lines = listed(&choices);
        assert_eq!(
            lines[..3],
            [
                "   1  gemini        GOOGLE_API_KEY is set",
                "   2  mistral       MISTRAL_API_KEY is set",
                "   3  gemini-cli    a program of its own: gemini is on PATH",
            ]
        );
        assert!(lines[3..].iter().all(|line| line.len() < 78), "{lines:?}");
        assert_eq!(lines.len(), 3 + 14_usize.div_ceil(ACROSS), "{lines:?}");
        let of = |typed: &str| meant(&choices, typed, &environment).map(|choice| choice.name.clone());
        for (typed, name) in
            [("2", "mistral"), ("OpenAI", "openai"), ("google", "gemini"), ("server", "server")]
        {
            assert_eq!(of(typed).as_deref(), Ok(name));
        }
        for (typed, why) in [
            ("0", "nobody is called"),
            ("99", "anthropic, "),
            ("mistrl", "did you mean `mistral`?"),
            ("codex", "npm install -g"),
            ("local", "q-local"),
        ] {
            let told = of(typed).unwrap_err();
            assert!(told.contains(why), "{typed}: {told}");
        }
    }
}
