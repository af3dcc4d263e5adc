//! `/model NAME` and `/set SETTING`, completed from what is known: no key press waits for a server.

use q_core::settings::{DEFAULT, NAMES};
use q_core::{Command, Mirror, SessionId};

use crate::intent::Intent;
use crate::overlay::{ModelsSheet, OverlaySubject};
use crate::sanitize;
use crate::settings;
use crate::ui::state::Ui;

/// In front of the name of a model.
const BEFORE_MODEL: [&str; 2] = ["/model ", "/set model "];
const BEFORE_SETTING: &str = "/set ";

impl Ui {
    /// Completes what is typed, or asks for what it could be; whether a setting is being typed.
    pub(super) fn complete_setting(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) -> bool {
        let editor = &self.pane().editor;
        let typed = editor.text().to_owned();
        let is_at_end = editor.cursor() == typed.len();
        if let Some(begun) = BEFORE_MODEL.iter().find_map(|before| typed.strip_prefix(before))
            && is_at_end
        {
            self.complete_model(mirror, begun, intents);
        } else if let Some(begun) = typed.strip_prefix(BEFORE_SETTING).filter(|_| is_at_end) {
            self.complete_from(begun, &NAMES.map(str::to_owned), "setting");
        } else {
            return false;
        }
        true
    }

    /// What to say of a model that is set where its agent's list is known and lacks it: it is asked all the same, as lists are
    /// not always whole.
    pub fn unlisted(&self, mirror: &Mirror, command: &Command) -> Option<String> {
        let (session, changes) = command.setting_changes()?;
        let agent = &mirror.get(session)?.summary.agent;
        let models = self.models.get(agent).filter(|models| !models.is_empty())?;
        let set = changes.iter().find(|change| change.name == "model" && change.value != DEFAULT)?;
        let agent = sanitize::visible_line(agent);
        (!models.contains(&set.value))
            .then(|| format!("; {agent} does not list it, `/model` shows what it lists"))
    }

    fn complete_model(&mut self, mirror: &Mirror, begun: &str, intents: &mut Vec<Intent>) {
        let Some(here) = self.focus.and_then(|id| mirror.get(id)) else {
            return self.warn("there is no session yet; type a prompt, or /new");
        };
        if let Some(models) = self.models.get(&here.summary.agent).cloned() {
            self.complete_from(begun, &models, "model");
        } else {
            intents.push(Intent::Models { session: here.summary.id, shows: false });
            self.notify("asking for the names of its models");
        }
    }

    /// What is typed grows as far as the names are one.
    pub(super) fn complete_from(&mut self, begun: &str, names: &[String], what: &str) {
        let (fitting, shared) = settings::completions(names, begun);
        if let Some(grown) = shared.get(begun.len()..) {
            self.pane_mut().editor.insert(grown);
        }
        match fitting.as_slice() {
            [] => self.notify(format!("no {what} begins with {}", sanitize::visible_line(begun))),
            [_] => {}
            names => self.notify_names(names.iter().copied()),
        }
    }

    /// The models that a session's agent lists: shown where they were asked for, else what is typed is completed now.
    pub fn listed(&mut self, mirror: &Mirror, session: SessionId, models: Vec<String>, shows: bool) {
        let Some(here) = mirror.get(session) else { return };
        self.models.insert(here.summary.agent.clone(), models.clone());
        if shows {
            self.open_page(" models ", OverlaySubject::Session(session), ModelsSheet { session, models });
        } else if self.focus == Some(session) {
            self.notice = None;
            self.complete_setting(mirror, &mut Vec::new());
        }
    }
}
