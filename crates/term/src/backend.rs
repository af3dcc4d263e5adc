//! Frames as bytes: ratatui's back end, made quiet. A frame that changes nothing writes nothing; one that does is
//! written in one piece, as one synchronized update; and the terminal is never asked where its cursor is.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Draws into `out`, a frame in one piece, and asks the terminal nothing.
#[derive(Debug)]
pub struct QuietBackend<W: Write> {
    inner: CrosstermBackend<Frame>,
    /// What `inner` wrote since the last flush.
    frame: Frame,
    out: W,
    cursor: Option<Position>,
    cursor_shown: Option<bool>,
}

/// Bytes that wait to be written together.
#[derive(Clone, Debug, Default)]
struct Frame(Rc<RefCell<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> QuietBackend<W> {
    /// A back end for a terminal of which nothing is known.
    pub fn new(out: W) -> Self {
        let frame = Frame::default();
        Self { inner: CrosstermBackend::new(frame.clone()), frame, out, cursor: None, cursor_shown: None }
    }

    /// What is on the terminal is not known any more.
    pub fn forget(&mut self) {
        self.cursor = None;
        self.cursor_shown = None;
    }
}

impl<W: Write> Backend for QuietBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.cursor = None; // drawing moves it
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown.replace(false) == Some(false) { Ok(()) } else { self.inner.hide_cursor() }
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown.replace(true) == Some(true) { Ok(()) } else { self.inner.show_cursor() }
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor.replace(position) == Some(position) {
            Ok(())
        } else {
            self.inner.set_cursor_position(position)
        }
    }

    fn clear(&mut self) -> io::Result<()> {
        self.forget();
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.forget();
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut frame = self.frame.0.borrow_mut();
        if frame.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(frame.len() + 16);
        queue!(bytes, BeginSynchronizedUpdate)?;
        bytes.append(&mut frame);
        queue!(bytes, EndSynchronizedUpdate)?;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    #[test]
    fn a_frame_that_changes_nothing_writes_nothing() {
        let written = Frame::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, 20, 4));
        let mut terminal =
            Terminal::with_options(QuietBackend::new(written.clone()), TerminalOptions { viewport }).unwrap();
        let mut draw = |text: &str, cursor: (u16, u16)| {
            terminal
                .draw(|frame| {
                    frame.render_widget(text, frame.area());
                    frame.set_cursor_position(cursor);
                })
                .unwrap();
            std::mem::take(&mut *written.0.borrow_mut())
        };
        let first = draw("hello", (5, 0));
        assert!(first.starts_with(b"\x1b[?2026h") && first.ends_with(b"\x1b[?2026l"), "{first:?}");
        assert_eq!(draw("hello", (5, 0)), b"", "nothing changed");
        let moved = draw("hello", (6, 0));
        assert!(!moved.is_empty() && moved.len() < 30, "only the cursor: {moved:?}");
        assert!(draw("hallo", (6, 0)).len() > moved.len());
        assert!(draw("hallo", (6, 0)).is_empty());
    }
}
