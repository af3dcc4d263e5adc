//! The terminal taken, drawn on, and given back.

use std::io::{self, Stdout, Write};

use q_core::Mirror;
use q_term::backend::QuietBackend;
use q_term::guard::{Guard, InlineRegion, Taking};
use q_term::notification::NotificationWay;
use q_term::{Face, Ui};
use ratatui::{Frame, Terminal};
use tokio::process::{Child, Command};

use crate::attach::{clipboard, job};
use crate::error::CliError;

/// The whole screen. Dropping it gives the terminal back.
pub(super) struct Screen {
    canvas: Canvas,
    guard: Guard,
    /// Whether the shell has the terminal until this process is continued.
    paused: bool,
    /// How the person is notified, if at all.
    way: Option<NotificationWay>,
    /// What the title of the window says, if it is ours.
    title: Option<String>,
}

/// What is drawn on.
enum Canvas {
    Whole(Terminal<QuietBackend<Stdout>>),
    Region(InlineRegion),
}

impl Screen {
    /// Takes what the face is drawn on; `way` is how the person is called, and `reflows` whether the terminal breaks lines anew
    /// when it becomes narrower.
    pub(super) fn take(
        taking: Taking,
        way: Option<NotificationWay>,
        reflows: bool,
    ) -> Result<Self, CliError> {
        let guard = Guard::enter(taking).map_err(failed)?;
        let canvas = match taking.face {
            Face::Full => Canvas::Whole(guard.terminal().map_err(failed)?),
            Face::Inline => Canvas::Region(guard.region(reflows)),
        };
        Ok(Self { canvas, guard, paused: false, way, title: None })
    }

    /// Draws what changed, where the terminal is ours; whether it is.
    pub(super) fn draw(&mut self, ui: &mut Ui, mirror: &Mirror) -> Result<bool, CliError> {
        if self.paused {
            return Ok(false);
        }
        let now = q_host::clock::wall();
        let paint = |frame: &mut Frame<'_>| {
            q_term::lay_out(ui, mirror, frame.area(), now);
            q_term::draw(frame, ui, mirror);
        };
        let drawn = match &mut self.canvas {
            Canvas::Whole(terminal) => terminal.draw(paint).map(|_| ()),
            Canvas::Region(region) => region.draw(|size| q_term::inline_frame(ui, mirror, size, now)),
        };
        drawn.map(|()| true).map_err(failed)
    }

    /// What is on the screen is not known any more: the next frame is drawn whole.
    pub(super) fn forget(&mut self) -> Result<(), CliError> {
        if self.paused {
            return Ok(()); // it is not ours, and is painted whole when it is again
        }
        let forgotten = match &mut self.canvas {
            Canvas::Whole(terminal) => {
                terminal.backend_mut().forget();
                terminal.clear()
            }
            Canvas::Region(region) => region.forget(),
        };
        forgotten.map_err(failed)
    }

    /// Gives the window that title, where it has another one and the terminal is ours.
    pub(super) fn show_title(&mut self, title: Option<String>) -> Result<(), CliError> {
        if self.paused || title == self.title {
            return Ok(());
        }
        if let Some(title) = &title {
            self.guard.set_title(title).map_err(failed)?;
        }
        self.title = title;
        Ok(())
    }

    /// Tells the person that they are wanted.
    pub(super) fn notify(&self, text: &str) -> Result<(), CliError> {
        let way = self.way.filter(|_| !self.paused);
        way.map_or(Ok(()), |way| self.guard.notify(way, text).map_err(failed))
    }

    pub(super) fn ring() -> Result<(), CliError> {
        let mut out = io::stdout();
        out.write_all(b"\x07").and_then(|()| out.flush()).map_err(failed)
    }

    /// Hands a text to the clipboard of whoever sits at the terminal, as far as that takes it: it is asked nothing, and says nothing.
    pub(super) fn copy(text: &str, in_tmux: bool) -> Result<(), CliError> {
        let mut out = io::stdout();
        out.write_all(clipboard::sequence(text, in_tmux).as_bytes())
            .and_then(|()| out.flush())
            .map_err(failed)
    }

    /// Lends the terminal to a program, which is started with it as it was found. What happens meanwhile is not drawn; once the
    /// program has ended, [`Screen::go_on`] takes the terminal back.
    pub(super) fn lend(&mut self, program: &mut Command) -> io::Result<Child> {
        self.guard.pause();
        self.paused = true;
        program.spawn()
    }

    /// Gives the terminal to the shell and stops, until this process is continued and told so.
    pub(super) fn suspend(&mut self) -> Result<(), CliError> {
        self.guard.pause();
        self.paused = true;
        self.title = None; // the one before is there again
        job::stop().map_err(failed)
    }

    /// This process goes on after it was stopped: takes the terminal, which others had, and paints it whole.
    pub(super) fn go_on(&mut self) -> Result<(), CliError> {
        self.guard.resume().map_err(failed)?;
        (self.paused, self.title) = (false, None);
        if let Canvas::Region(region) = &mut self.canvas {
            region.begin_anew();
        }
        self.forget()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` takes")]
fn failed(error: io::Error) -> CliError {
    CliError::failed(format!("the terminal cannot be used: {error}"))
        .hint("q --plain works without cursor movement")
}
