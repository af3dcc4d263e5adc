//! How a session's turns are asked from here on, as the person sets it.

use crate::effect::Reply;
use crate::id::SessionId;
use crate::multiplexer::step::Step;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::session::live::RunState;
use crate::settings::SettingChange;

impl Step<'_> {
    /// A turn that runs was asked already: what is set meanwhile counts from the next one on, and the reply says so.
    pub(super) fn set(&mut self, id: SessionId, changes: &[SettingChange]) -> Result<Reply, Refusal> {
        let settings = &*self.open(id)?.head().setup.settings;
        let after = settings.changed(changes)?;
        if after == *settings {
            return Ok(Reply::Done);
        }
        // What a session may cost counts at once.
        let is_told = after.of_agent() != settings.of_agent();
        self.record(id, Record::SettingsSet { settings: after });
        self.changed(id);
        self.go_on_within_budget(id);
        let is_asked = self.live(id).is_some_and(|live| live.run == RunState::Running);
        Ok(if is_asked && is_told { Reply::FromNextTurn } else { Reply::Done })
    }
}
