//! What is set in a session and which models there are, in lines for the person: the same on the whole screen, line by line
//! and in the shell.

use q_core::Summary;
use q_core::settings::NAMES;

use crate::sanitize;

/// What the agent's own configuration says of the settings, as the client that shows them has it; nothing where it leaves
/// one to the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredSettings {
    pub model: Option<String>,
    pub temperature: Option<String>,
    pub max_tokens: Option<String>,
    pub reasoning: Option<String>,
}

/// Where the value of a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingOrigin {
    /// It was set in the session.
    Session,
    /// The session was made with it, or its agent is configured so.
    Agent,
    /// Nobody said anything: what the provider does then.
    Provider,
    /// What the configuration's `[limits]` say, which the host has.
    Limits,
}

/// One setting of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingLine {
    pub name: &'static str,
    /// Nothing where it is the provider's own.
    pub value: Option<String>,
    pub origin: SettingOrigin,
}

impl SettingOrigin {
    /// Its word in `--json`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Agent => "agent",
            Self::Provider => "provider",
            Self::Limits => "limits",
        }
    }
}

impl ConfiguredSettings {
    fn value(&self, name: &str) -> Option<String> {
        let value = match name {
            "model" => &self.model,
            "temperature" => &self.temperature,
            "max_tokens" => &self.max_tokens,
            "reasoning" => &self.reasoning,
            _ => return None,
        };
        value.clone().filter(|value| !value.is_empty())
    }
}

/// Every setting of a session, in their order.
pub fn all(session: &Summary, configured: &ConfiguredSettings) -> Vec<SettingLine> {
    let line = |name: &'static str| {
        if let Some(value) = session.settings.value(name) {
            return SettingLine { name, value: Some(value), origin: SettingOrigin::Session };
        }
        // A session keeps the model that it was made with, whatever is configured since.
        let made_with = Some(session.model.clone()).filter(|model| name == "model" && !model.is_empty());
        let value = made_with.or_else(|| configured.value(name));
        let origin = match value {
            Some(_) => SettingOrigin::Agent,
            None if name == "budget_tokens" => SettingOrigin::Limits,
            None => SettingOrigin::Provider,
        };
        SettingLine { name, value, origin }
    };
    NAMES.into_iter().map(line).collect()
}

/// Whether it is shown among all of them: a mode that nobody set is of no use but to agents over ACP.
pub fn is_of_note(line: &SettingLine) -> bool {
    line.name != "mode" || line.value.is_some()
}

/// The setting in words: `temperature 0.2 (set here)`.
pub fn words(line: &SettingLine) -> String {
    let SettingLine { name, value, origin } = line;
    let value = value.as_deref().map(sanitize::visible_line);
    match (value, origin) {
        (Some(value), SettingOrigin::Session) => format!("{name} {value} (set here)"),
        (Some(value), SettingOrigin::Agent | SettingOrigin::Provider | SettingOrigin::Limits) => {
            format!("{name} {value} (agent)")
        }
        (None, SettingOrigin::Limits) => format!("{name} default (limits)"),
        (None, _) => format!("{name} default (provider)"),
    }
}

/// All of them, or the one that is asked for, in one line.
pub fn shown(session: &Summary, configured: &ConfiguredSettings, only: Option<&str>) -> String {
    let all = all(session, configured);
    let asked = only.and_then(|only| all.iter().find(|line| line.name == only));
    match (asked, only) {
        (Some(line), _) => words(line),
        (None, Some(only)) => {
            let only = sanitize::visible_line(only);
            format!("there is no setting `{only}`; there are {}", NAMES.join(", "))
        }
        (None, None) => {
            let all: Vec<String> = all.iter().filter(|line| is_of_note(line)).map(words).collect();
            format!(
                "{}; `/set temperature 0.2` changes one, `/set temperature default` clears it",
                all.join(" · ")
            )
        }
    }
}

/// The models of a session's agent, the one it asks marked, and how another is chosen.
pub fn models(session: &Summary, models: &[String]) -> Vec<String> {
    let own = sanitize::visible_line(&session.model);
    let asked = if own.is_empty() { "the server's own model".to_owned() } else { own.into_owned() };
    let count = crate::words::counted(models.len(), "model");
    let agent = sanitize::visible_line(&session.agent).into_owned();
    let mut lines = vec![format!("{asked} is asked here; {agent} lists {count}, `/model NAME` changes it")];
    lines.extend(models.iter().map(|model| {
        let mark = if *model == session.model { "*" } else { " " };
        format!("{mark} {}", sanitize::visible_line(model))
    }));
    lines
}

/// The names that begin as it is typed, and how far all of them are one.
pub(crate) fn completions<'a>(models: &'a [String], begun: &str) -> (Vec<&'a str>, &'a str) {
    let fitting: Vec<&str> =
        models.iter().map(String::as_str).filter(|name| name.starts_with(begun)).collect();
    let Some((first, rest)) = fitting.split_first() else { return (Vec::new(), "") };
    let alike = |name: &&str| {
        let pairs = first.char_indices().zip(name.chars());
        let differs = pairs.into_iter().find(|((_, one), other)| one != other);
        differs.map_or(first.len().min(name.len()), |((at, _), _)| at)
    };
    let shared = rest.iter().map(alike).min().unwrap_or(first.len());
    let shared = first.get(..shared).unwrap_or_default();
    (fitting, shared)
}
