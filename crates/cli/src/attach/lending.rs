//! The terminal lent to a program for a while: a pager, or an editor. The sessions go on meanwhile, and what they say is drawn
//! afterwards; where q ends first, so does the program.

use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use q_core::SessionId;
use q_term::guard;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::attach::attached::Attached;
use crate::attach::draft_editor::RunningEditor;
use crate::attach::signals::{self, SignalNews};
use crate::error::CliError;
use crate::keyboard::Keyboard;
use crate::process_group;
use crate::taken_terminal::cook;

/// What reads where no other program is named.
const PAGER: &str = "less";

/// How long a program that has the terminal may take to end, each time it is told to.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is looked whether what a program started has ended, which nobody tells.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Who has the terminal.
pub(super) struct Lending {
    program: Child,
    to: LentTo,
}

/// What it is lent for.
pub(super) enum LentTo {
    /// A pager, and who prints what it reads: that ends by itself, or when nobody reads any more.
    Pager { _source: Child },
    /// The editor of a draft.
    Editor(RunningEditor),
}

impl Lending {
    pub(super) const fn new(program: Child, to: LentTo) -> Self {
        Self { program, to }
    }

    /// Ends the program, which may have the terminal otherwise when nobody is there any more to take it back: by a hangup, as when
    /// its terminal goes, and then by force. Gives the file in which a draft is left.
    pub(super) async fn end(mut self) -> Option<PathBuf> {
        // What a program started is nobody's once that has ended: it is known from before.
        let mut processes: Vec<Pid> = Vec::new();
        for signal in [Signal::HUP, Signal::TERM, Signal::KILL] {
            let others = self.processes().into_iter().filter(|pid| !processes.contains(pid));
            processes.extend(others.collect::<Vec<_>>());
            processes.retain(|pid| kill_process(*pid, signal).is_ok());
            if timeout(PATIENCE, self.all_ended(&processes)).await.is_ok() {
                break;
            }
        }
        let _as_it_is = guard::mend(&mut io::stdout()).and_then(|()| cook(io::stdout()));
        match self.to {
            LentTo::Editor(editor) => Some(editor.path),
            LentTo::Pager { .. } => None,
        }
    }

    /// Waits for the end of the program and of all these.
    async fn all_ended(&mut self, processes: &[Pid]) {
        let _ended = self.program.wait().await;
        while processes.iter().any(|pid| test_kill_process(*pid).is_ok()) {
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The program, and what it started.
    fn processes(&self) -> Vec<Pid> {
        let program = self.program.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        program.map(process_group::with_descendants).unwrap_or_default()
    }
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

/// Waits for the end of the program that has the terminal. May be dropped and called again.
pub(super) async fn ended(lending: &mut Option<Lending>) -> io::Result<ExitStatus> {
    match lending {
        Some(lending) => lending.program.wait().await,
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
        self.lending.is_some()
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
            Ok(Lending::new(program, LentTo::Pager { _source: source }))
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

    /// Takes the terminal back from a program that ended, and what it leaves; says what went wrong with it.
    pub(super) fn take_back(&mut self, ended: io::Result<ExitStatus>) -> Result<(), CliError> {
        let Some(Lending { program: _, to }) = self.lending.take() else { return Ok(()) };
        match (to, ended) {
            (LentTo::Editor(editor), ended) => self.take_draft(editor, ended),
            (LentTo::Pager { .. }, Ok(status)) if status.code() == Some(127) => {
                self.ui.warn("the pager was not found; PAGER names another");
            }
            (LentTo::Pager { .. }, Ok(_)) => {}
            (LentTo::Pager { .. }, Err(error)) => self.ui.warn(format!("the pager broke: {error}")),
        }
        self.go_on()?;
        self.draw()
    }
}
