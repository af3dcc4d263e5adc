//! Completion of what is typed, as far as the client knows of it: files by their names, and what people wrote themselves. All names
//! beneath a directory are looked for beside everything else, for as long as somebody who types would wait; those that begin as it
//! is typed, too, where the directory does not answer at once.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use q_core::SessionId;
use q_host::clock::Clock;
use tokio::sync::oneshot;

use crate::attach::attached::Attached;
use crate::environment::ProcessEnvironment;
use crate::named_files::{Base, can_be_typed};
use crate::own_texts;

/// Names that nobody has found by then are not found.
const PATIENCE: Duration = Duration::from_millis(500);

/// So long a key waits for the names that begin so: keys that come together find what they would find one after the other.
const AT_ONCE: Duration = Duration::from_millis(15);

/// A name that is being typed.
#[derive(Debug)]
pub(super) struct BegunName {
    session: Option<SessionId>,
    begun: String,
}

/// Where the names that begin as it is typed are being looked for. One directory is read at a time: of what is typed meanwhile
/// only the last is looked for.
#[derive(Debug)]
pub(super) struct FindingNames {
    typed: BegunName,
    names: oneshot::Receiver<Vec<String>>,
    next: Option<BegunName>,
}

impl FindingNames {
    fn beneath(directory: PathBuf, environment: ProcessEnvironment, typed: BegunName) -> Self {
        let (found, names) = oneshot::channel();
        let (done, is_done) = mpsc::channel::<()>();
        let begun = typed.begun.clone();
        tokio::task::spawn_blocking(move || {
            let names = Base::new(&directory, &environment).beginning_with(&begun);
            let _nobody_waits = found.send(names);
            drop(done);
        });
        // Nothing is ever sent: it is done when the sender is gone, and late where it is not.
        let _done_or_late = is_done.recv_timeout(AT_ONCE);
        Self { typed, names, next: None }
    }

    /// What was typed, the names, and what was typed since; waits for ever where nothing is looked for. May be dropped and called
    /// again.
    pub(super) async fn found(finding: &mut Option<Self>) -> (BegunName, Vec<String>, Option<BegunName>) {
        let Some(asked) = finding else { return std::future::pending().await };
        let names = (&mut asked.names).await.unwrap_or_default();
        match finding.take() {
            Some(Self { typed, next, .. }) => (typed, names, next),
            None => std::future::pending().await,
        }
    }
}

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
    /// Says which files begin so, at once where the directory is read by then. All names are told when they are found.
    pub(super) fn complete(&mut self, session: Option<SessionId>, begun: String, anew: bool) {
        self.find_names(BegunName { session, begun });
        if anew {
            self.files = Some(FindingFiles::beneath(session, self.directory(session)));
        }
    }

    fn find_names(&mut self, typed: BegunName) {
        if let Some(finding) = &mut self.names {
            finding.next = Some(typed);
            return;
        }
        let directory = self.directory(typed.session);
        let mut finding = FindingNames::beneath(directory, self.context.environment.clone(), typed);
        match finding.names.try_recv() {
            Ok(names) => {
                let BegunName { session, begun } = finding.typed;
                self.ui.completed(&self.client.mirror, session, &begun, names);
            }
            Err(_) => self.names = Some(finding),
        }
    }

    /// The names that begin so were found, later than at once.
    pub(super) fn found_names(
        &mut self,
        (BegunName { session, begun }, names, next): (BegunName, Vec<String>, Option<BegunName>),
    ) {
        self.ui.completed(&self.client.mirror, session, &begun, names);
        self.stale = true;
        if let Some(next) = next {
            self.find_names(next);
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
