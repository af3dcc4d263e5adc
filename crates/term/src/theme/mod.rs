//! Themes: what the named colours of the screen are. All that draws names colours (`style`); a theme says last of all what they look
//! like, and what the ground is that they stand on.
//!
//! Without a theme they are the terminal's own, which the person has chosen already.

mod colour;
mod named;

use core::fmt;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

pub use colour::{ColourDepth, Rgb};

/// What the colours are: each of those that text has can be read on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    pub ground: Rgb,
    pub text: Rgb,
    /// Of what stands back: remarks, hints, comments.
    pub muted: Rgb,
    pub red: Rgb,
    pub green: Rgb,
    pub yellow: Rgb,
    pub blue: Rgb,
    pub magenta: Rgb,
    pub cyan: Rgb,
}

/// Where the themes have no colours of their own.
pub const OF_THE_TERMINAL: &str = "terminal";
/// The least contrast of a text with its ground that can be read by most (WCAG 2.2, 1.4.3), in hundredths.
pub const READABLE: u32 = 450;

/// A theme of a file that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThemeFault {
    /// No colour of that name is missing in a theme.
    Missing(&'static str),
    /// There is no such colour in a theme.
    Unknown(String),
    /// It is not written as `#rrggbb`.
    NotAColour(&'static str),
}

impl fmt::Display for ThemeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "it says nothing of {name}"),
            Self::Unknown(name) => {
                write!(f, "there is no colour {name:?} in a theme; there are {}", Theme::NAMES.join(", "))
            }
            Self::NotAColour(name) => write!(f, "{name} is no colour: one is written as \"#1e2a3b\""),
        }
    }
}

impl Theme {
    /// The names of its colours, in the order of its fields.
    pub const NAMES: [&str; 9] =
        ["ground", "text", "muted", "red", "green", "yellow", "blue", "magenta", "cyan"];

    /// The themes that `q` brings, by name, beside the terminal's own colours.
    pub fn known() -> impl Iterator<Item = (&'static str, Self)> {
        named::THEMES.iter().map(|(name, colours)| (*name, Self::of(colours.map(Rgb::of))))
    }

    /// A theme of what a file says: each colour once, by its name.
    pub fn read<'a>(said: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ThemeFault> {
        let mut colours = [None; 9];
        for (name, written) in said {
            let known = Self::NAMES.iter().enumerate().find(|(_, known)| **known == name);
            let (place, &name) = known.ok_or_else(|| ThemeFault::Unknown(name.to_owned()))?;
            let colour = written.parse().map_err(|_| ThemeFault::NotAColour(name))?;
            if let Some(slot) = colours.get_mut(place) {
                *slot = Some(colour);
            }
        }
        for (name, colour) in Self::NAMES.into_iter().zip(colours) {
            if colour.is_none() {
                return Err(ThemeFault::Missing(name));
            }
        }
        Ok(Self::of(colours.map(Option::unwrap_or_default)))
    }

    const fn of(colours: [Rgb; 9]) -> Self {
        let [ground, text, muted, red, green, yellow, blue, magenta, cyan] = colours;
        Self { ground, text, muted, red, green, yellow, blue, magenta, cyan }
    }

    /// Its colours for texts that are hard to read on its ground, each with its contrast in hundredths.
    pub fn hard_to_read(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let Self { ground, text, muted, red, green, yellow, blue, magenta, cyan } = *self;
        let texts = [text, muted, red, green, yellow, blue, magenta, cyan];
        let named = Self::NAMES.into_iter().skip(1).zip(texts);
        named
            .map(move |(name, colour)| (name, colour.contrast(ground)))
            .filter(|(_, contrast)| *contrast < READABLE)
    }
}

/// A theme as a terminal can show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenTheme {
    ground: Color,
    text: Color,
    muted: Color,
    red: Color,
    green: Color,
    yellow: Color,
    blue: Color,
    magenta: Color,
    cyan: Color,
}

impl ScreenTheme {
    /// With colours as many as there are; nothing where the terminal has no more than sixteen, which are its own.
    pub fn of(theme: &Theme, depth: ColourDepth) -> Option<Self> {
        let shown = |colour: Rgb| colour.shown(depth);
        Some(Self {
            ground: shown(theme.ground)?,
            text: shown(theme.text)?,
            muted: shown(theme.muted)?,
            red: shown(theme.red)?,
            green: shown(theme.green)?,
            yellow: shown(theme.yellow)?,
            blue: shown(theme.blue)?,
            magenta: shown(theme.magenta)?,
            cyan: shown(theme.cyan)?,
        })
    }

    /// Gives what was drawn its colours. What is dim is so by a colour of its own: how a terminal dims nobody knows.
    pub(crate) fn paint(&self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            cell.bg = self.meant(cell.bg, self.ground);
            cell.fg = if cell.modifier.contains(Modifier::DIM) {
                cell.modifier.remove(Modifier::DIM);
                self.muted
            } else {
                self.meant(cell.fg, self.text)
            };
        }
    }

    const fn meant(&self, named: Color, otherwise: Color) -> Color {
        match named {
            Color::Reset => otherwise,
            Color::Black => self.ground,
            Color::White => self.text,
            Color::Gray | Color::DarkGray => self.muted,
            Color::Red | Color::LightRed => self.red,
            Color::Green | Color::LightGreen => self.green,
            Color::Yellow | Color::LightYellow => self.yellow,
            Color::Blue | Color::LightBlue => self.blue,
            Color::Magenta | Color::LightMagenta => self.magenta,
            Color::Cyan | Color::LightCyan => self.cyan,
            Color::Rgb(..) | Color::Indexed(_) => named,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn every_theme_can_be_read() {
        assert!(Theme::known().count() >= 6);
        for (name, theme) in Theme::known() {
            let hard: Vec<_> = theme.hard_to_read().collect();
            assert!(hard.is_empty(), "{name}: {hard:?}");
            // Nor by the colours that are nearest, where there are 256.
            let near = |colour: Rgb| colour.nearest().1;
            let texts = [
                theme.text,
                theme.muted,
                theme.red,
                theme.green,
                theme.yellow,
                theme.blue,
                theme.magenta,
                theme.cyan,
            ];
            for text in texts {
                assert!(near(text).contrast(near(theme.ground)) >= 400, "{name}: {text:?}");
            }
        }
    }

    #[test]
    fn a_file_names_each_colour_once() {
        let whole = Theme::NAMES.map(|name| (name, "#000000"));
        let but = |place: usize, said: (&'static str, &'static str)| {
            let mut changed = whole;
            changed[place] = said;
            Theme::read(changed)
        };
        assert_eq!(Theme::read(whole), Ok(Theme::of([Rgb::of(0); 9])));
        assert_eq!(but(3, ("red", "#ff0102")).map(|theme| theme.red), Ok(Rgb::of(0x00ff_0102)));
        assert_eq!(but(3, ("text", "#000000")), Err(ThemeFault::Missing("red")));
        assert_eq!(but(0, ("grund", "#000000")), Err(ThemeFault::Unknown("grund".into())));
        for written in ["red", "#fff", "000000", "#00000g", "#0000000", "#ééé"] {
            assert_eq!(but(8, ("cyan", written)), Err(ThemeFault::NotAColour("cyan")), "{written}");
        }
    }

    #[test]
    fn what_is_drawn_gets_the_themes_colours() {
        let theme = Theme::of([1, 2, 3, 4, 5, 6, 7, 8, 9].map(Rgb::of));
        let on_screen = ScreenTheme::of(&theme, ColourDepth::Full).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        buffer.set_string(0, 0, "a", Style::new());
        buffer.set_string(1, 0, "b", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        buffer.set_string(2, 0, "c", Style::new().fg(Color::Cyan).add_modifier(Modifier::DIM));
        on_screen.paint(&mut buffer);
        let look = |x: u16| (buffer[(x, 0)].fg, buffer[(x, 0)].bg, buffer[(x, 0)].modifier);
        let ground = Color::Rgb(0, 0, 1);
        assert_eq!(look(0), (Color::Rgb(0, 0, 2), ground, Modifier::empty()));
        assert_eq!(look(1), (Color::Rgb(0, 0, 4), ground, Modifier::BOLD));
        assert_eq!(look(2), (Color::Rgb(0, 0, 3), ground, Modifier::empty()));
        assert_eq!(look(3).1, ground, "also where nothing was drawn");
        assert_eq!(ScreenTheme::of(&theme, ColourDepth::Sixteen), None);
    }
}
