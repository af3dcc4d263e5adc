//! Frames of the inline face as bytes: rows that stay go above a region that is drawn again in its place. The terminal is never
//! asked where its cursor is: every move is from where the last frame left it, so whatever stands above stays.

use std::io::{self, Write};

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::InlineFrame;

const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";
const PLAIN: &str = "\x1b[0m";
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
/// Erases what is right of the cursor, and what is below it.
const ERASE_LINE: &str = "\x1b[K";
const ERASE_BELOW: &str = "\x1b[J";

/// Draws into `out`, a frame in one piece.
#[derive(Debug)]
pub struct InlineOutput<W: Write> {
    out: W,
    /// What is there, if that is known.
    drawn: Option<Buffer>,
    /// The cursor's place in it: how many rows of the terminal are above it that are this region's.
    cursor: Position,
    is_cursor_shown: bool,
    /// Whether the terminal breaks rows anew when it becomes narrower.
    reflows: bool,
}

impl<W: Write> InlineOutput<W> {
    /// For a terminal whose cursor stands where the first row is to be.
    pub const fn new(out: W, reflows: bool) -> Self {
        Self { out, drawn: None, cursor: Position::ORIGIN, is_cursor_shown: true, reflows }
    }

    /// The rows of the terminal above the cursor that are this region's.
    pub const fn rows_above_cursor(&self) -> u16 {
        self.cursor.y
    }

    /// What is there is not known any more, but for where it begins.
    pub fn forget(&mut self) {
        self.drawn = None;
    }

    /// The cursor stands somewhere else, at the beginning of a line, and nothing of the region is there.
    pub fn begin_anew(&mut self) {
        self.forget();
        self.cursor = Position::ORIGIN;
        self.is_cursor_shown = true;
    }

    /// The terminal has so many columns now: what was drawn may take more rows of it.
    pub fn resized(&mut self, columns: u16) {
        let Some(drawn) = self.drawn.take() else { return };
        let columns = columns.max(1);
        if !self.reflows || columns >= drawn.area.width {
            return;
        }
        let rows = |y: u16| used(&drawn, y).saturating_sub(1) / columns + 1;
        let above: u16 = (0..self.cursor.y).map(rows).sum();
        self.cursor = Position { x: self.cursor.x % columns, y: above + self.cursor.x / columns };
    }

    /// Writes what stays, and draws what changed of the rest.
    pub fn show(&mut self, frame: InlineFrame) -> io::Result<()> {
        let InlineFrame { above, region, cursor, goes_on: _ } = frame;
        let mut bytes = Vec::new();
        let mut at = self.cursor;
        let known = self.drawn.as_ref().filter(|drawn| above.is_none() && drawn.area == region.area);
        if let Some(drawn) = known {
            at = changes(&mut bytes, drawn, &region, at)?;
        } else {
            to_first_row(&mut bytes, at)?;
            for (rows, stays) in above.iter().map(|above| (above, true)).chain([(&region, false)]) {
                for y in 0..rows.area.height {
                    row(&mut bytes, rows, y)?;
                    bytes.extend(if stays || y + 1 < rows.area.height { "\r\n" } else { "" }.as_bytes());
                }
            }
            bytes.extend(ERASE_BELOW.as_bytes());
            at = Position { x: u16::MAX, y: region.area.height.saturating_sub(1) };
        }
        if let Some(to) = cursor {
            moved(&mut bytes, at, to)?;
            at = to;
        }
        if cursor.is_some() != self.is_cursor_shown {
            bytes.extend(if cursor.is_some() { SHOW_CURSOR } else { HIDE_CURSOR }.as_bytes());
        }
        (self.drawn, self.cursor, self.is_cursor_shown) = (Some(region), at, cursor.is_some());
        if bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(&[BEGIN.as_bytes(), &bytes, END.as_bytes()].concat())?;
        self.out.flush()
    }
}

/// Erases a region whose cursor stands so many rows below its first, and leaves the cursor there.
pub fn erase(out: &mut impl Write, rows_above_cursor: u16) -> io::Result<()> {
    to_first_row(out, Position { x: 0, y: rows_above_cursor })?;
    write!(out, "{PLAIN}{ERASE_BELOW}")
}

fn to_first_row(out: &mut impl Write, at: Position) -> io::Result<()> {
    out.write_all(b"\r")?;
    if at.y > 0 { write!(out, "\x1b[{}A", at.y) } else { Ok(()) }
}

/// Moves the cursor within the region. Behind a row that is full it may stand in its last column or behind that: so the column
/// is always said.
fn moved(out: &mut impl Write, from: Position, to: Position) -> io::Result<()> {
    if from == to {
        return Ok(());
    }
    match to.y.cmp(&from.y) {
        std::cmp::Ordering::Less => write!(out, "\x1b[{}A", from.y - to.y)?,
        std::cmp::Ordering::Greater => write!(out, "\x1b[{}B", to.y - from.y)?,
        std::cmp::Ordering::Equal => {}
    }
    write!(out, "\x1b[{}G", to.x + 1)
}

/// Draws what differs, and says where the cursor is then.
fn changes(out: &mut Vec<u8>, before: &Buffer, after: &Buffer, from: Position) -> io::Result<Position> {
    let mut at = from;
    let mut look = None;
    for (x, y, cell) in before.diff(after) {
        moved(out, at, Position { x, y })?;
        styled(out, &mut look, cell)?;
        at = Position { x: x + cell.symbol().width().max(1) as u16, y };
        if at.x >= after.area.width {
            at.x = u16::MAX; // nobody knows where
        }
    }
    if look.is_some() {
        out.extend(PLAIN.as_bytes());
    }
    Ok(at)
}

/// A row, and nothing behind it.
fn row(out: &mut Vec<u8>, buffer: &Buffer, y: u16) -> io::Result<()> {
    let used = used(buffer, y);
    let (mut x, mut look) = (0, None);
    while x < used {
        let Some(cell) = buffer.cell((x, y)) else { break };
        styled(out, &mut look, cell)?;
        x += cell.symbol().width().max(1) as u16;
    }
    if look.is_some() {
        out.extend(PLAIN.as_bytes());
    }
    if x < buffer.area.width {
        out.extend(ERASE_LINE.as_bytes());
    }
    Ok(())
}

/// The columns of a row up to the last that is not empty.
fn used(buffer: &Buffer, y: u16) -> u16 {
    let is_used = |x: &u16| buffer.cell((*x, y)).is_some_and(|cell| *cell != Cell::EMPTY);
    (0..buffer.area.width).rev().find(is_used).map_or(0, |last| last + 1)
}

/// How a cell looks.
type Look = (Color, Color, Modifier);

fn styled(out: &mut Vec<u8>, look: &mut Option<Look>, cell: &Cell) -> io::Result<()> {
    let wanted = (cell.fg, cell.bg, cell.modifier);
    let is_plain = wanted == (Color::Reset, Color::Reset, Modifier::empty());
    if look.is_some_and(|known| known != wanted) || (look.is_none() && !is_plain) {
        out.extend(b"\x1b[0");
        for (modifier, code) in MODIFIERS {
            if cell.modifier.contains(modifier) {
                write!(out, ";{code}")?;
            }
        }
        colour(out, cell.fg, 30)?;
        colour(out, cell.bg, 40)?;
        out.push(b'm');
        *look = Some(wanted);
    }
    out.extend(cell.symbol().as_bytes());
    Ok(())
}

const MODIFIERS: [(Modifier, u8); 7] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

/// A colour as parameters: of the foreground from 30 on, of the background from 40.
fn colour(out: &mut Vec<u8>, colour: Color, base: u8) -> io::Result<()> {
    let code = match colour {
        Color::Reset => return Ok(()),
        Color::Rgb(red, green, blue) => return write!(out, ";{};2;{red};{green};{blue}", base + 8),
        Color::Indexed(index) => return write!(out, ";{};5;{index}", base + 8),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
    };
    write!(out, ";{}", base + code)
}
