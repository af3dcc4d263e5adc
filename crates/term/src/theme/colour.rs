//! Colours by their parts, how well one is read on another, and what terminals of less colour show of them.

use core::str::FromStr;

use ratatui::style::Color;

/// A colour by its parts in sRGB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rgb {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

/// The text is no colour that is written as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRgb;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourDepth {
    /// Its own, whatever those are.
    Sixteen,
    /// A cube of six by six by six and a row of grays, beside those.
    TwoHundredFiftySix,
    Full,
}

impl ColourDepth {
    /// By what terminals say of themselves in the environment, as most programs read it: nothing is asked of one.
    pub fn told_by(colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        match colorterm {
            Some("truecolor" | "24bit") => Self::Full,
            _ if term.ends_with("-direct") || term.contains("kitty") || term.contains("ghostty") => {
                Self::Full
            }
            _ if term.contains("256color") => Self::TwoHundredFiftySix,
            _ => Self::Sixteen,
        }
    }
}

/// Of 256 colours the cube has these parts, and behind it the grays begin with 8 and are 10 apart.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
const CUBE_FROM: u8 = 16;
const GRAYS_FROM: u8 = 232;
const GRAYS: u8 = 24;

impl Rgb {
    /// The colour that is written `0xrrggbb`.
    pub(crate) const fn of(number: u32) -> Self {
        let [_, red, green, blue] = number.to_be_bytes();
        Self { red, green, blue }
    }

    /// How well one is read on the other, in hundredths: 100 for the same colour, 2100 for black on white (WCAG 2.2).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 100 and 2100"
    )]
    pub fn contrast(self, other: Self) -> u32 {
        let (one, other) = (self.luminance(), other.luminance());
        let (light, dark) = if one > other { (one, other) } else { (other, one) };
        ((light + 0.05) / (dark + 0.05) * 100.0) as u32
    }

    /// Its relative luminance, between 0 and 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// As a terminal shows it; nothing where that has colours of its own only.
    pub(crate) fn shown(self, depth: ColourDepth) -> Option<Color> {
        match depth {
            ColourDepth::Sixteen => None,
            ColourDepth::TwoHundredFiftySix => Some(Color::Indexed(self.nearest().0)),
            ColourDepth::Full => Some(Color::Rgb(self.red, self.green, self.blue)),
        }
    }

    /// The nearest of the 256, by its number and its parts.
    pub(crate) fn nearest(self) -> (u8, Self) {
        let of_cube =
            |part: u8| (0_u8..).zip(CUBE).min_by_key(|(_, known)| known.abs_diff(part)).unwrap_or_default();
        let [(red, r), (green, g), (blue, b)] = [self.red, self.green, self.blue].map(of_cube);
        let in_cube = (CUBE_FROM + 36 * red + 6 * green + blue, Self { red: r, green: g, blue: b });
        let gray = |step: u8| {
            let part = 8 + 10 * step;
            (GRAYS_FROM + step, Self { red: part, green: part, blue: part })
        };
        let all = (0..GRAYS).map(gray).chain([in_cube]);
        all.min_by_key(|(_, known)| self.distance(*known)).unwrap_or(in_cube)
    }

    fn distance(self, other: Self) -> u32 {
        let part = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
        part(self.red, other.red) + part(self.green, other.green) + part(self.blue, other.blue)
    }
}

impl FromStr for Rgb {
    type Err = NotRgb;

    fn from_str(text: &str) -> Result<Self, NotRgb> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NotRgb)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotRgb);
        }
        u32::from_str_radix(digits, 16).map(Self::of).map_err(|_| NotRgb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrasts_are_those_of_the_recommendation() {
        for (one, other, contrast) in [
            (0, 0x00ff_ffff, 2100),
            (0x00ff_ffff, 0x00ff_ffff, 100),
            (0x0077_7777, 0x00ff_ffff, 447),
            (0x0000_00ff, 0, 244),
        ] {
            assert_eq!(Rgb::of(one).contrast(Rgb::of(other)), contrast, "{one:06x} {other:06x}");
            assert_eq!(Rgb::of(other).contrast(Rgb::of(one)), contrast);
        }
    }

    #[test]
    fn the_nearest_of_256_is_found() {
        for (colour, number) in
            [(0, 16), (0x00ff_ffff, 231), (0x00ff_0000, 196), (0x0080_8080, 244), (0x005f_87af, 67)]
        {
            assert_eq!(Rgb::of(colour).nearest().0, number, "{colour:06x}");
        }
    }

    #[test]
    fn terminals_say_how_many_colours_they_have() {
        for (colorterm, term, depth) in [
            (Some("truecolor"), Some("xterm-256color"), ColourDepth::Full),
            (None, Some("xterm-kitty"), ColourDepth::Full),
            (None, Some("tmux-256color"), ColourDepth::TwoHundredFiftySix),
            (Some(""), Some("linux"), ColourDepth::Sixteen),
            (None, None, ColourDepth::Sixteen),
        ] {
            assert_eq!(ColourDepth::told_by(colorterm, term), depth, "{colorterm:?} {term:?}");
        }
    }
}
