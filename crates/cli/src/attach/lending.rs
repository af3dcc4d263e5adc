//! The terminal lent to a program for a while: a pager. The sessions go on meanwhile, and what they say is drawn afterwards.

use std::future::pending;
use std::io;
use std::process::{ExitStatus, Stdio};

use q_core::SessionId;
use tokio::process::{Child, Command};

use crate::attach::attached::Attached;
use crate::attach::draft_editor::DraftEditor;
use crate::attach::signals::{self, SignalNews};
use crate::error::CliError;
use crate::keyboard::Keyboard;

/// What reads where no other program is named.
const PAGER: &str = "less";

/// Who has the terminal.
pub(super) struct Lending {
    program: Child,
    /// What it is, for the person.
    what: &'static str,
    /// Who prints what it reads; it ends by itself, or when nobody reads any more.
    _source: Child,
}

/// Whether that signal is the keyboard's word to the program that has the terminal, which shares its group with this process:
/// then it is nothing to this process.
pub(super) const fn is_for_program(signal: SignalNews) -> bool {
    match signal {
        SignalNews::End(number) => number == signals::INTERRUPT || number == signals::QUIT,
        // It is stopped with this process, and goes on with it.
        SignalNews::Stop => false,
        SignalNews::GoOn => true,
    }
}

/// Waits for the end of the program that has the terminal.
pub(super) async fn ended(lending: &mut Option<Lending>) -> (&'static str, io::Result<ExitStatus>) {
    match lending {
        Some(lending) => (lending.what, lending.program.wait().await),
        None => pending().await,
    }
}

impl Attached<'_> {
    /// Lets go of the keyboard before a program gets the terminal, and takes it again once that has ended: both would read it.
    pub(super) fn hand_over(&mut self, keys: &mut Keyboard) -> Result<(), CliError> {
        let was_lent = self.is_lent();
        if let Some(session) = self.to_page.take() {
            keys.pause();
            self.open_pager(session)?;
        }
        if self.draft.is_some() && !self.is_lent() {
            keys.pause();
            self.lend_terminal()?;
        }
        if !self.is_lent() {
            return keys.go_on();
        }
        if !was_lent {
            keys.keep_text();
        }
        Ok(())
    }

    /// Whether another program has the terminal.
    pub(super) fn is_lent(&self) -> bool {
        self.lending.is_some() || self.draft.as_ref().is_some_and(DraftEditor::runs)
    }

    /// Opens the transcript of a session, as `q show` prints it, in the person's pager.
    fn open_pager(&mut self, session: SessionId) -> Result<(), CliError> {
        let environment = &self.context.environment;
        let pager = environment.text("PAGER").unwrap_or(PAGER).to_owned();
        let printing = Command::new(&environment.program)
            .args(["show", &session.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let lent = printing.and_then(|mut source| {
            let printed: Stdio = source.stdout.take().map_or(Ok(Stdio::null()), TryInto::try_into)?;
            // Named by the person's own shell variable, which may have options in it.
            let mut program = Command::new("sh");
            program.args(["-c", &pager]).stdin(printed);
            let program = self.screen.lend(&mut program)?;
            Ok(Lending { program, what: "the pager", _source: source })
        });
        match lent {
            Ok(lending) => self.lending = Some(lending),
            Err(error) => {
                self.ui.warn(format!("no pager can be started: {error}"));
                self.stale = true;
                self.go_on()?;
            }
        }
        Ok(())
    }

    /// Takes the terminal back from a program that ended, and says what went wrong with it.
    pub(super) fn take_back(
        &mut self,
        (what, ended): (&'static str, io::Result<ExitStatus>),
    ) -> Result<(), CliError> {
        self.lending = None;
        self.stale = true;
        self.go_on()?;
        match ended.map(|status| status.code()) {
            Ok(Some(127)) => self.ui.warn(format!("{what} was not found; PAGER names another")),
            Ok(_) => {}
            Err(error) => self.ui.warn(format!("{what} broke: {error}")),
        }
        Ok(())
    }
}
