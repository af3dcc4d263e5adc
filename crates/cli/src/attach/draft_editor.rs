//! What is typed, in the person's own editor: as a file that nobody else may read, while the terminal is lent to it and everything
//! else goes on. What comes of it stands at the prompt, and is not sent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use q_core::SessionId;
use tokio::process::Command;

use crate::attach::attached::Attached;
use crate::attach::lending::{Lending, LentTo};
use crate::error::CliError;

/// So many drafts of this process may have been left behind.
const MOST_LEFT: u32 = 16;

/// A draft that is to be edited.
pub(super) struct DraftToEdit {
    pub(super) session: Option<SessionId>,
    pub(super) text: String,
}

/// A draft that is being edited.
pub(super) struct RunningEditor {
    draft: DraftToEdit,
    pub(super) path: PathBuf,
    /// As the person names it.
    command: String,
}

impl Attached<'_> {
    /// Lends the terminal, of which nobody here may be reading any more. Where there is no editor, or no file, that is said.
    pub(super) fn lend_terminal(&mut self) -> Result<(), CliError> {
        let Some(draft) = self.draft.take() else { return Ok(()) };
        let environment = &self.context.environment;
        let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| environment.text(name));
        let Some(command) = named.map(str::trim).find(|command| !command.is_empty()).map(str::to_owned)
        else {
            self.ui.warn("no editor is named: set VISUAL or EDITOR where q is started");
            return self.draw();
        };
        let path = match self.draft_file(&draft.text) {
            Ok(path) => path,
            Err(error) => {
                self.ui.warn(format!("what is typed cannot be put into a file: {}", error.on_one_line()));
                return self.draw();
            }
        };
        // It may come with arguments, which a shell tells apart as it does everywhere else.
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{command} \"$1\""), "q"]).arg(&path);
        match self.screen.lend(&mut shell) {
            Ok(program) => {
                let editor = RunningEditor { draft, path, command };
                self.lending = Some(Lending::new(program, LentTo::Editor(editor)));
                Ok(())
            }
            Err(error) => {
                let _left_behind = fs::remove_file(&path);
                self.ui.warn(format!("{command} cannot be started: {error}"));
                self.go_on()?;
                self.draw()
            }
        }
    }

    /// The editor ended: what it wrote stands at the prompt, and where it failed all is as it was.
    pub(super) fn take_draft(&mut self, editor: RunningEditor, ended: io::Result<ExitStatus>) {
        let RunningEditor { draft: DraftToEdit { session, text }, path, command } = editor;
        let written = read(&path, self.context.limits.prompt_bytes);
        let is_kept = match (ended, written) {
            (Ok(status), Ok(written)) if status.success() => {
                let stands = self.ui.edited(&self.client.mirror, session, &text, &written);
                if stands {
                    self.typed = Some(self.clock.mono());
                } else {
                    let file = path.display();
                    self.ui
                        .warn(format!("the session it was typed in was closed elsewhere; it is in {file}"));
                }
                !stands
            }
            (Ok(status), Ok(written)) => {
                let differs = written != text;
                let kept =
                    if differs { format!("; what it wrote is in {}", path.display()) } else { String::new() };
                self.ui.warn(format!("{command} failed ({status}), and what was typed stays{kept}"));
                differs
            }
            (Err(error), _) | (Ok(_), Err(error)) => {
                let file = path.display();
                self.ui.warn(format!("what {command} wrote cannot be taken: {error}; it is in {file}"));
                true
            }
        };
        if !is_kept {
            let _gone = fs::remove_file(&path);
        }
    }

    /// A file for the draft that is there for nobody else.
    fn draft_file(&self, text: &str) -> Result<PathBuf, CliError> {
        let place = &self.context.place;
        place.prepare_state().map_err(|error| CliError::failed(error.to_string()))?;
        let failed = |error: io::Error| CliError::failed(error.to_string());
        for number in 0..MOST_LEFT {
            let path = place.draft(std::process::id(), number);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).map_err(failed)?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(CliError::failed(format!("{MOST_LEFT} drafts were left beside {}", place.logs().display())))
    }
}

/// What is in that file, unless the host would take no draft or prompt of it, which are bounded by `most` bytes.
fn read(path: &Path, most: usize) -> io::Result<String> {
    let mut text = String::new();
    // The line feed at its end is the editor's own.
    File::open(path)?.take(most as u64 + 2).read_to_string(&mut text)?;
    if text.strip_suffix('\n').unwrap_or(&text).len() > most {
        return Err(io::Error::other(format!("it has more than {most} bytes, limits.prompt_bytes")));
    }
    Ok(text)
}
