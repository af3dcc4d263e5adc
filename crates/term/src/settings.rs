//! What is set in a session and which models there are, in lines for the person: the same on the whole screen, line by line
//! and in the shell.

use q_core::settings::{DEFAULT, NAMES};
use q_core::{SettingChange, SettingFault, Summary};
use serde_json::{Map, Value};

use crate::sanitize;

/// Those that shape requests beyond what most people set: where nobody does, there is nothing of them.
const OF_REQUESTS: [&str; 4] = ["body", "omit", "first_byte", "idle_timeout"];

/// What the agent's own configuration says of the settings, as the client that shows them has it; nothing where it leaves
/// one to the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredSettings {
    pub model: Option<String>,
    pub temperature: Option<String>,
    pub max_tokens: Option<String>,
    pub reasoning: Option<String>,
    pub body: Option<String>,
    pub omit: Option<String>,
    pub first_byte: Option<String>,
    pub idle_timeout: Option<String>,
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
            "body" => &self.body,
            "omit" => &self.omit,
            "first_byte" => &self.first_byte,
            "idle_timeout" => &self.idle_timeout,
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
            None if OF_REQUESTS.contains(&name) => SettingOrigin::Agent,
            None => SettingOrigin::Provider,
        };
        SettingLine { name, value, origin }
    };
    NAMES.into_iter().map(line).collect()
}

/// Whether it is shown among all of them: what few ever set is not, where nobody did.
pub fn is_of_note(line: &SettingLine) -> bool {
    line.value.is_some() || !(line.name == "mode" || OF_REQUESTS.contains(&line.name))
}

/// A setting and its value as they are typed or handed over: a body has to be a JSON object, which the core cannot see, and is
/// one line from here on. Whatever else may be wrong is refused by the core.
pub fn change(name: &str, value: &str) -> Result<SettingChange, SettingFault> {
    let mut value = value.to_owned();
    if name == "body" && value != DEFAULT {
        serde_json::from_str::<Map<String, Value>>(&value).map_err(|_| SettingFault::Body)?;
        // Outside of its texts, where none can stand, a control character is a blank.
        value = value.trim().replace(char::is_control, " ");
    }
    Ok(SettingChange { name: name.to_owned(), value })
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
        (None, SettingOrigin::Agent) => format!("{name} default (agent)"),
        (None, _) => format!("{name} default (provider)"),
    }
}

/// All of them, or the one that is asked for, in one line.
pub fn shown(session: &Summary, configured: &ConfiguredSettings, only: Option<&str>) -> String {
    let all = all(session, configured);
    let asked = only.and_then(|only| all.iter().find(|line| line.name == only));
    match (asked, only) {
        (Some(line), _) => words(line),
        (None, Some("headers")) => SettingFault::Headers.to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_object_in_one_line_and_nothing_else_is_looked_at() {
        for (typed, taken) in [
            (r#"{"top_p": 0.9}"#, r#"{"top_p": 0.9}"#),
            ("\n{\n\t\"a\": {}\n}\n", r#"{  "a": {} }"#),
            ("default", "default"),
        ] {
            assert_eq!(change("body", typed).map(|change| change.value).as_deref(), Ok(taken), "{typed}");
        }
        for none in ["", "[1]", "1", "{", "{a: 1}", "{'a': 1}", r#"{"a": 1,}"#, "{} {}", "{\"a\": \"\n\"}"] {
            assert_eq!(change("body", none), Err(SettingFault::Body), "{none}");
        }
        assert_eq!(change("model", "{").map(|change| change.value).as_deref(), Ok("{"));
    }
}
