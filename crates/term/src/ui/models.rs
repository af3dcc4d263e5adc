//! The models that a session's agent lists, as far as they are known: no key press waits for a server.

use q_core::settings::DEFAULT;
use q_core::{Command, Mirror, SessionId};

use crate::overlay::{ModelsSheet, OverlaySubject};
use crate::sanitize;
use crate::ui::state::Ui;

impl Ui {
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

    /// The models that a session's agent lists: shown where they were asked for, else offered for what is typed.
    pub fn listed(&mut self, mirror: &Mirror, session: SessionId, models: Vec<String>, shows: bool) {
        let Some(here) = mirror.get(session) else { return };
        self.models.insert(here.summary.agent.clone(), models.clone());
        if shows {
            self.open_page(" models ", OverlaySubject::Session(session), ModelsSheet { session, models });
        } else {
            self.offer_anew(mirror, Some(session));
        }
    }
}
