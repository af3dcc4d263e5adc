//! The terminal taken and given back: raw mode, the alternate screen where that is wanted, bracketed paste, focus events, the
//! kitty protocol's keys, the mouse. Whatever ends the client, the terminal is as it was.
//!
//! Nothing is ever asked of the terminal: an answer may come late and be taken for typing. Only this file speaks to it.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

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
use ratatui::layout::Size;

use crate::backend::QuietBackend;
use crate::inline::{self, InlineOutput};
use crate::notification::NotificationWay;
use crate::sanitize;
use crate::{Face, InlineFrame};

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether that is without its alternate screen.
static INLINE: AtomicBool = AtomicBool::new(false);
/// Whether the title of its window is ours, and the one before is kept by the terminal.
static TITLED: AtomicBool = AtomicBool::new(false);

/// How many rows of the terminal above the cursor are the inline face's: they are erased when it is given back.
static REGION: AtomicU16 = AtomicU16::new(0);

/// The thread that draws on it: a panic in any other ends neither this process nor what it shows.
static DRAWS: Mutex<Option<ThreadId>> = Mutex::new(None);
/// What is to be said of panics in other threads once the terminal is given back, which would stand amid what is drawn.
static UNSAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// More panics than that are not told.
const MOST_UNSAID: usize = 8;

/// Has the terminal keep the window's title, on a stack that most have.
const KEEP_TITLE: &str = "\x1b[22;2t";
/// Has it take that title again; emptied first, for terminals that keep none and have one of their own then.
const TITLE_BEFORE: &str = "\x1b]2;\x1b\\\x1b[23;2t";

/// The terminal, ours while this lives.
#[derive(Debug)]
#[must_use = "dropping it gives the terminal back"]
pub struct Guard {
    taking: Taking,
}

/// What of the terminal is taken.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    /// Its alternate screen with the mouse, if that is wanted; or a few rows where the cursor is.
    pub face: Face,
    pub mouse: bool,
}

impl Guard {
    /// Takes the terminal on standard output. From here on a panic in this thread gives it back before it is reported; one in
    /// another is reported once it is given back.
    pub fn enter(taking: Taking) -> io::Result<Self> {
        *DRAWS.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        restore_before_panic_report();
        let guard = Self { taking };
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
        let is_taken = TAKEN.swap(true, Ordering::SeqCst);
        // It may be believed to be raw already, while a shell has changed that.
        disable_raw_mode()?;
        enable_raw_mode()?;
        INLINE.store(self.taking.face == Face::Inline, Ordering::SeqCst);
        let mut out = io::stdout();
        if is_taken && self.taking.face == Face::Inline {
            // Who stopped it did not say so: its flags are still there, on the only screen that it has.
            queue!(out, PopKeyboardEnhancementFlags)?;
        }
        take(&mut out, self.taking)
    }

    /// Gives the window a title, and keeps the one before until the terminal is given back. What cannot be shown of it is
    /// written out, so that nothing of it is taken for anything else.
    pub fn set_title(&self, title: &str) -> io::Result<()> {
        let is_kept = TITLED.swap(true, Ordering::SeqCst);
        let mut out = io::stdout();
        write_title(&mut out, title, is_kept)
    }

    /// Tells the person that they are wanted, with a text where the terminal shows any.
    pub fn notify(&self, way: NotificationWay, text: &str) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(&way.bytes(text))?;
        out.flush()
    }

    /// What frames are drawn with.
    pub fn terminal(&self) -> io::Result<Terminal<QuietBackend<Stdout>>> {
        Terminal::new(QuietBackend::new(io::stdout()))
    }

    /// What frames of the inline face are drawn with, from the line on in which the cursor is; `reflows` where the terminal
    /// breaks lines anew when it becomes narrower.
    pub fn region(&self, reflows: bool) -> InlineRegion {
        InlineRegion { out: InlineOutput::new(io::stdout(), reflows) }
    }
}

/// The rows that the inline face draws; what of them is above the cursor is noted, for whoever gives the terminal back.
#[derive(Debug)]
pub struct InlineRegion {
    out: InlineOutput<Stdout>,
}

impl InlineRegion {
    /// Draws a frame for a terminal of the size that this one has now, and others while rows are left that stay.
    pub fn draw(&mut self, mut frame: impl FnMut(Size) -> InlineFrame) -> io::Result<()> {
        let (width, height) = crossterm::terminal::size()?;
        loop {
            let next = frame(Size { width, height });
            let goes_on = next.goes_on;
            self.out.show(next)?;
            REGION.store(self.out.rows_above_cursor(), Ordering::SeqCst);
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// The terminal may have another size, or somebody wrote on it: the next frame is drawn whole, where the last one was.
    pub fn forget(&mut self) -> io::Result<()> {
        let (columns, _) = crossterm::terminal::size()?;
        self.out.resized(columns);
        REGION.store(self.out.rows_above_cursor(), Ordering::SeqCst);
        Ok(())
    }

    /// Others had the terminal: the next frame is drawn where they left the cursor.
    pub fn begin_anew(&mut self) {
        self.out.begin_anew();
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
        let region = INLINE.load(Ordering::SeqCst).then(|| REGION.swap(0, Ordering::SeqCst));
        let _gone = give_back(&mut io::stdout(), TITLED.swap(false, Ordering::SeqCst), region);
        let _gone = disable_raw_mode();
        let unsaid = std::mem::take(&mut *UNSAID.lock().unwrap_or_else(PoisonError::into_inner));
        for panic in unsaid {
            let _gone = writeln!(io::stderr(), "{panic}");
        }
    }
}

/// Clicks, what moves while a button is held, and the wheel; in the form that is good for screens of any width. What else
/// moves is not asked for: an idle terminal wakes nobody.
const TAKE_MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
/// The same given back, and the one form that others ask for besides.
const GIVE_MOUSE_BACK: &str = "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l";

fn take(out: &mut impl Write, Taking { face, mouse }: Taking) -> io::Result<()> {
    let flags =
        KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES | KeyboardEnhancementFlags::REPORT_ALTERNATE_KEYS;
    if face == Face::Full {
        queue!(out, EnterAlternateScreen)?;
        // Each screen has its own stack of flags. On this one a client that was killed may have left some; on the other they may
        // be the shell's.
        queue!(out, PopKeyboardEnhancementFlags)?;
    }
    queue!(out, PushKeyboardEnhancementFlags(flags))?;
    queue!(out, EnableBracketedPaste, EnableFocusChange, SetCursorStyle::SteadyBar)?;
    // A client that was killed may have left the mouse taken. Where the scrollback is the terminal's, so is the mouse.
    out.write_all(if mouse && face == Face::Full { TAKE_MOUSE } else { GIVE_MOUSE_BACK }.as_bytes())?;
    out.flush()
}

fn write_title(out: &mut impl Write, title: &str, is_kept: bool) -> io::Result<()> {
    let keep = if is_kept { "" } else { KEEP_TITLE };
    // In one piece: a frame may stand before it, and what is typed in a shell may stand behind it.
    let bytes = format!("{keep}\x1b]2;{}\x1b\\", sanitize::visible_line(title));
    out.write_all(bytes.as_bytes())?;
    out.flush()
}

/// Gives it back; `region` is what of the inline face is above the cursor, where that is the face.
fn give_back(out: &mut impl Write, is_titled: bool, region: Option<u16>) -> io::Result<()> {
    out.write_all(GIVE_MOUSE_BACK.as_bytes())?;
    queue!(out, EndSynchronizedUpdate)?;
    if let Some(above) = region {
        inline::erase(out, above)?;
    }
    queue!(out, DisableFocusChange, DisableBracketedPaste, PopKeyboardEnhancementFlags)?;
    queue!(out, SetCursorStyle::DefaultUserShape)?;
    if region.is_none() {
        queue!(out, LeaveAlternateScreen)?;
    }
    queue!(out, Show)?;
    out.write_all(if is_titled { TITLE_BEFORE } else { "" }.as_bytes())?;
    out.flush()
}

/// All that any program may have left of a terminal that it took, undone: safe at any time, for where nothing was left nothing
/// changes. The cursor is saved first, since leaving the alternate screen takes it where it was saved last.
const MEND: &str = concat!(
    "\x1b[?2026l\x1b[?1006l\x1b[?1015l\x1b[?1005l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l",
    // The kitty protocol's keys and xterm's, of the alternate screen and of the other.
    "\x1b[<9u\x1b[>4m\x1b7\x1b[?1049l\x1b[<9u\x1b[?1l\x1b>",
    "\x1b[0 q\x1b[?25h\x1b[?7h\x1b(B\x0f\x1b[0m\x1b[23;2t",
);

/// Undoes what a program that was killed left of a terminal.
pub fn mend(out: &mut impl Write) -> io::Result<()> {
    out.write_all(MEND.as_bytes())?;
    out.flush()
}

fn restore_before_panic_report() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let draws = *DRAWS.lock().unwrap_or_else(PoisonError::into_inner);
            let thread = thread::current();
            if draws.is_some_and(|draws| draws != thread.id()) && TAKEN.load(Ordering::SeqCst) {
                let mut unsaid = UNSAID.lock().unwrap_or_else(PoisonError::into_inner);
                if unsaid.len() < MOST_UNSAID {
                    unsaid.push(format!("thread '{}' {panic}", thread.name().unwrap_or("unnamed")));
                }
                return;
            }
            restore();
            report(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use vt100::{MouseProtocolEncoding, MouseProtocolMode};

    const FULL: Taking = Taking { face: Face::Full, mouse: true };

    fn screen_after(bytes: &[u8]) -> vt100::Parser {
        let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        parser.process(b"$ q");
        parser.process(bytes);
        parser
    }

    #[test]
    fn what_is_taken_is_given_back() {
        let mut bytes = Vec::new();
        take(&mut bytes, FULL).unwrap();
        let taken = screen_after(&bytes);
        assert!(taken.screen().alternate_screen() && taken.screen().bracketed_paste());
        assert_eq!(mouse(&taken), (MouseProtocolMode::ButtonMotion, MouseProtocolEncoding::Sgr));
        give_back(&mut bytes, false, None).unwrap();
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
        take(&mut bytes, Taking { mouse: false, ..FULL }).unwrap();
        assert_eq!(mouse(&screen_after(&bytes)), NO_MOUSE);
    }

    fn taken_and_given_back() -> String {
        let mut bytes = Vec::new();
        take(&mut bytes, FULL).unwrap();
        give_back(&mut bytes, false, None).unwrap();
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
    fn a_title_is_kept_once_and_the_one_before_comes_back_last() {
        let mut bytes = Vec::new();
        take(&mut bytes, FULL).unwrap();
        write_title(&mut bytes, "q", false).unwrap();
        write_title(&mut bytes, "q\x1b]2;\x07\u{9c} · 1 needs you", true).unwrap();
        give_back(&mut bytes, true, None).unwrap();
        let written = String::from_utf8(bytes).unwrap();
        assert_eq!((written.matches("\x1b[22;2t").count(), written.matches("\x1b[23;2t").count()), (1, 1));
        let place = |sequence: &str| written.find(sequence).unwrap();
        assert!(place("\x1b[?1049h") < place("\x1b[22;2t") && place("\x1b[22;2t") < place("\x1b]2;q"));
        assert!(written.ends_with("\x1b]2;\x1b\\\x1b[23;2t"), "{written:?}");
        // Two titles and the empty one, and nothing that is asked.
        let sequences: Vec<&str> = written.split("\x1b]").skip(1).collect();
        assert_eq!(sequences.len(), 3, "what stands in a title begins none: {written:?}");
        for sequence in sequences {
            let (title, _) = sequence.split_once("\x1b\\").unwrap();
            assert!(title.starts_with("2;") && !title.contains('?'), "{title:?}");
            assert!(!title.chars().any(char::is_control), "{title:?}");
        }
    }

    #[test]
    fn giving_back_what_was_never_taken_does_nothing() {
        restore();
        restore();
        assert!(!TAKEN.load(Ordering::SeqCst));
    }
}
