//! What tools changed: begun to be read when it is asked for, and shown once it is there.

use q_core::SessionId;
use q_term::ChangesPage;
use q_term::command::Action;

use crate::attach::attached::Attached;
use crate::attach::reading_changes::{ReadChanges, ReadingChanges};
use crate::changes::{WantedChanges, text};
use crate::error::CliError;

impl Attached<'_> {
    /// Begins to read what tools changed in a session; what was being read before is of no use any more.
    pub(super) fn read_changes(&mut self, session: SessionId, action: Action, at_once: bool) {
        let Some(here) = self.client.mirror.get(session) else { return };
        let Some(wanted) = WantedChanges::of(self.context, &here.summary, action) else { return };
        let look = wanted.look;
        let reading = tokio::task::spawn_blocking(move || wanted.read());
        self.changes = Some(ReadingChanges { session, look, at_once, reading });
    }

    /// Shows it, or has it carried out where that was said beforehand and no file stands against it.
    pub(super) fn show_changes(&mut self, read: ReadChanges) -> Result<(), CliError> {
        let ReadChanges { session, look, at_once, outcome } = read;
        self.stale = true;
        let set = match outcome {
            Ok(Some(set)) => set,
            Ok(None) => {
                self.ui.notify(look.nothing());
                return Ok(());
            }
            Err(why) => {
                self.ui.warn(why);
                return Ok(());
            }
        };
        let command = look.command(&set);
        if at_once && let Some(command) = &command {
            let intents = self.ui.tell(session, command);
            return self.carry(intents).map(|_| ());
        }
        let on_yes = command.zip(look.yes());
        self.ui.show_changes(ChangesPage { session, text: text(look, &set), on_yes });
        Ok(())
    }
}
