//! The terminal taken and given back: raw mode, the alternate screen, bracketed paste, focus events, the kitty
//! protocol's keys, the mouse. Whatever ends the client, the terminal is as it was.
//!
//! Nothing is ever asked of the terminal: an answer may come late and be taken for typing. Only this file speaks to it.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{SetCursorStyle, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::queue;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;

use crate::backend::QuietBackend;

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, ours while this lives.
#[derive(Debug)]
#[must_use = "dropping it gives the terminal back"]
pub struct Guard {
    /// Whether the mouse is ours with it.
    mouse: bool,
}

impl Guard {
    /// Takes the terminal on standard output, and its mouse where that is wanted. From here on a panic gives it back before it is
    /// reported.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        restore_before_panic_report();
        let guard = Self { mouse };
        guard.resume()?;
        Ok(guard)
    }

    /// Gives the terminal back for a while, as when the client is suspended.
    pub fn pause(&self) {
        restore();
    }

    /// Takes it again after [`Guard::pause`], or after others had it meanwhile; what is on the screen must be painted anew.
    pub fn resume(&self) -> io::Result<()> {
        // Said first, so that half a success is undone too.
        TAKEN.store(true, Ordering::SeqCst);
        // It may be believed to be raw already, while a shell has changed that.
        disable_raw_mode()?;
        enable_raw_mode()?;
        take(&mut io::stdout(), self.mouse)
    }

    /// What frames are drawn with.
    pub fn terminal(&self) -> io::Result<Terminal<QuietBackend<Stdout>>> {
        Terminal::new(QuietBackend::new(io::stdout()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back if it is ours. Safe to call again, and from wherever the client ends: a panic, a signal's
/// handler task, an error on the way out.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // The terminal may be gone; then there is nothing to give back.
        let _gone = give_back(&mut io::stdout());
        let _gone = disable_raw_mode();
    }
}

/// Clicks, what moves while a button is held, and the wheel; in the form that is good for screens of any width. What else
/// moves is not asked for: an idle terminal wakes nobody.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// The same given back, and the one form that others ask for besides.
const GIVE_MOUSE_BACK: &str = "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l";

fn take(out: &mut impl Write, mouse: bool) -> io::Result<()> {
    let flags =
        KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES | KeyboardEnhancementFlags::REPORT_ALTERNATE_KEYS;
    queue!(out, EnterAlternateScreen)?;
    // Each screen has its own stack of flags. On this one a client that was killed may have left some.
    queue!(out, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags(flags))?;
    queue!(out, EnableBracketedPaste, EnableFocusChange, SetCursorStyle::SteadyBar)?;
    // A client that was killed may have left the mouse taken.
    out.write_all(if mouse { TAKE_MOUSE } else { GIVE_MOUSE_BACK }.as_bytes())?;
    out.flush()
}

fn give_back(out: &mut impl Write) -> io::Result<()> {
    out.write_all(GIVE_MOUSE_BACK.as_bytes())?;
    queue!(
        out,
        EndSynchronizedUpdate,
        DisableFocusChange,
        DisableBracketedPaste,
        PopKeyboardEnhancementFlags
    )?;
    queue!(out, SetCursorStyle::DefaultUserShape, LeaveAlternateScreen, Show)?;
    out.flush()
}

fn restore_before_panic_report() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use vt100::{MouseProtocolEncoding, MouseProtocolMode};

    fn screen_after(bytes: &[u8]) -> vt100::Parser {
        let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        parser.process(b"$ q");
        parser.process(bytes);
        parser
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let mut bytes = Vec::new();
        take(&mut bytes, true).unwrap();
        let taken = screen_after(&bytes);
        assert!(taken.screen().alternate_screen() && taken.screen().bracketed_paste());
        assert_eq!(mouse(&taken), (MouseProtocolMode::ButtonMotion, MouseProtocolEncoding::Sgr));
        give_back(&mut bytes).unwrap();
        let back = screen_after(&bytes);
        assert_eq!(mouse(&back), NO_MOUSE);
        assert!(
            !back.screen().alternate_screen()
                && !back.screen().bracketed_paste()
                && !back.screen().hide_cursor()
        );
        assert_eq!(back.screen().contents(), "$ q");
    }

    const NO_MOUSE: (MouseProtocolMode, MouseProtocolEncoding) =
        (MouseProtocolMode::None, MouseProtocolEncoding::Default);

    fn mouse(parser: &vt100::Parser) -> (MouseProtocolMode, MouseProtocolEncoding) {
        (parser.screen().mouse_protocol_mode(), parser.screen().mouse_protocol_encoding())
    }

    #[test]
    fn a_mouse_that_was_left_taken_is_the_terminals_where_it_is_not_wanted() {
        let mut bytes = b"\x1b[?1003h\x1b[?1006h".to_vec();
        take(&mut bytes, false).unwrap();
        assert_eq!(mouse(&screen_after(&bytes)), NO_MOUSE);
    }

    fn taken_and_given_back() -> String {
        let mut bytes = Vec::new();
        take(&mut bytes, true).unwrap();
        give_back(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn flags_are_pushed_and_popped_on_the_alternate_screen_only() {
        let written = taken_and_given_back();
        let place = |sequence: &str| written.find(sequence).unwrap();
        let last = |sequence: &str| written.rfind(sequence).unwrap();
        let (enter, push, leave) = (place("\x1b[?1049h"), place("\x1b[>5u"), place("\x1b[?1049l"));
        assert!(enter < place("\x1b[<1u") && place("\x1b[<1u") < push);
        assert!(push < last("\x1b[<1u") && last("\x1b[<1u") < leave);
    }

    #[test]
    fn nothing_is_asked_of_the_terminal() {
        let written = taken_and_given_back();
        for question in ["\x1b[?u", "\x1b[6n", "\x1b[c", "\x1b[0c", "\x1b[>c", "$p", "\x1b]"] {
            assert!(!written.contains(question), "{question:?}");
        }
    }

    #[test]
    fn giving_back_what_was_never_taken_does_nothing() {
        restore();
        restore();
        assert!(!TAKEN.load(Ordering::SeqCst));
    }
}
