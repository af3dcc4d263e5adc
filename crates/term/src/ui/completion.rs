//! Tab: what is being typed is completed, a command, a setting or the name of a file.

use q_core::Mirror;

use crate::intent::Intent;
use crate::sanitize;
use crate::ui::state::Ui;

/// So many names are shown where several fit.
const SHOWN: usize = 8;

impl Ui {
    /// Completes what is typed, or asks for what it could be.
    pub(super) fn complete(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        if !self.complete_setting(mirror, intents)
            && !self.complete_command(intents)
            && !self.complete_file(intents)
        {
            self.notify(self.completes());
        }
    }

    /// Says which names fit, where several do.
    pub(super) fn notify_names<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a str>) {
        let more = names.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown: Vec<_> = names.take(SHOWN).map(sanitize::visible_line).collect();
        self.notify(format!("{}{more}", shown.join("  ")));
    }
}
