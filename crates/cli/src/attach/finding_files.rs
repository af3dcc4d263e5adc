//! Completion of what is typed, as far as the client knows of it: files by their names, and what people wrote themselves. All names
//! beneath a directory are looked for beside everything else, for as long as somebody who types would wait.

use std::path::PathBuf;
use std::time::Duration;

use q_core::SessionId;
use q_host::clock::Clock;
use tokio::sync::oneshot;

use crate::attach::attached::Attached;
use crate::named_files::{Base, can_be_typed};
use crate::own_texts;

/// Names that nobody has found by then are not found.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where all names are being looked for.
#[derive(Debug)]
pub(super) struct FindingFiles {
    session: Option<SessionId>,
    names: oneshot::Receiver<Vec<String>>,
}

impl FindingFiles {
    fn beneath(session: Option<SessionId>, directory: PathBuf) -> Self {
        let (found, names) = oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let clock = Clock::start();
            let until = clock.mono().after(PATIENCE);
            // Where nobody waits any more nobody is told.
            let given_up = || found.is_closed() || clock.mono() >= until;
            let mut names = directory
                .canonicalize()
                .map(|directory| q_tools::file_names(&directory, given_up))
                .unwrap_or_default();
            names.retain(|name| can_be_typed(name));
            let _nobody_waits = found.send(names);
        });
        Self { session, names }
    }

    /// The session they are for, and all of them; waits for ever where none are looked for. May be dropped and called again.
    pub(super) async fn found(finding: &mut Option<Self>) -> (Option<SessionId>, Vec<String>) {
        let Some(asked) = finding else { return std::future::pending().await };
        let names = (&mut asked.names).await.unwrap_or_default();
        let session = asked.session;
        *finding = None;
        (session, names)
    }
}

impl Attached<'_> {
    /// Says which files begin so. Answered at once, since a key is waited for: what is looked at is bounded. All names are told when
    /// they are found.
    pub(super) fn complete(&mut self, session: Option<SessionId>, begun: &str, anew: bool) {
        let directory = self.directory(session);
        let names = Base::new(&directory, &self.context.environment).beginning_with(begun);
        self.ui.completed(&self.client.mirror, session, begun, names);
        if anew {
            self.files = Some(FindingFiles::beneath(session, directory));
        }
    }

    /// Says which commands and skills people wrote themselves.
    pub(super) fn complete_command(&mut self, session: Option<SessionId>) {
        let directory = self.directory(session);
        let written = own_texts::all(self.context, &directory);
        self.ui.completed_command(&self.client.mirror, session, written);
    }

    /// All names were found.
    pub(super) fn found_files(&mut self, (session, names): (Option<SessionId>, Vec<String>)) {
        self.ui.found_files(&self.client.mirror, session, names);
        self.stale = true;
    }
}
