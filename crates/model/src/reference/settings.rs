//! What is set in a session, by its name, as people read it.

use q_core::{SessionId, SettingChange};

use super::Model;
use super::deeds::Answered;
use super::wishes::Granted;

impl Model {
    /// All of it, or nothing; a turn that was asked already goes on as it was asked.
    pub(super) fn set(&mut self, id: SessionId, changes: &[SettingChange]) -> Granted {
        let at = self.open(id)?;
        let mut after = self.sessions[at].terms.settings.clone();
        for SettingChange { name, value } in changes {
            let read = match name.as_str() {
                "model" | "reasoning" | "mode" => is_word(value).then(|| value.clone()),
                "temperature" => temperature(value),
                "max_tokens" => value.parse().ok().filter(|most| (1..=10_000_000).contains(most)).map(text),
                "budget_tokens" if value == "off" => Some(value.clone()),
                "budget_tokens" => {
                    value.parse().ok().filter(|most| (1..=1_000_000_000_000).contains(most)).map(text)
                }
                _ => return Err("bad_setting"),
            };
            match read {
                _ if value == "default" => drop(after.remove(name)),
                Some(read) => drop(after.insert(name.clone(), read)),
                None => return Err("bad_setting"),
            }
        }
        let session = &mut self.sessions[at];
        if session.terms.settings == after {
            return Ok(Answered::Done);
        }
        if session.terms.settings.get("model") != after.get("model") {
            session.agent.told.answering.clear();
        }
        // What it may cost counts at once: no agent is told of that.
        let before = &session.terms.settings;
        let is_told = after.iter().chain(before).any(|(name, value)| {
            let is_same = after.get(name) == Some(value) && before.get(name) == Some(value);
            *name != "budget_tokens" && !is_same
        });
        session.terms.settings = after;
        self.note(at);
        self.go_on_within_budget(at);
        let is_asked = self.sessions[at].turn.as_ref().is_some_and(|turn| turn.held.is_none());
        Ok(if is_asked && is_told { Answered::FromNextTurn } else { Answered::Done })
    }
}

fn text(number: u64) -> String {
    number.to_string()
}

fn is_word(value: &str) -> bool {
    !value.is_empty() && value.len() <= 32 && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// As a number of 64 bits has it: three decimals are exact enough to be written as they were.
fn temperature(value: &str) -> Option<String> {
    let number: f64 = value.parse().ok()?;
    ((0.0..=2.0).contains(&number) && value.len() <= 5).then(|| number.to_string())
}
