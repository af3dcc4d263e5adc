//! The palette: which meaning looks how. Only the terminal's own sixteen colours, and never colour alone.

pub(crate) use ratatui::style::Style;
use ratatui::style::{Color, Modifier};

use crate::kinds::Colour;

/// All styles, with or without colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) color: bool,
}

impl Palette {
    fn fg(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    pub(crate) const fn dim() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) const fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) const fn chosen() -> Style {
        Style::new().add_modifier(Modifier::REVERSED).add_modifier(Modifier::BOLD)
    }

    /// What the mouse selected.
    pub(crate) const fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A place of what is looked for.
    pub(crate) fn found(self) -> Style {
        self.fg(Color::Magenta).add_modifier(Modifier::UNDERLINED).add_modifier(Modifier::BOLD)
    }

    /// A word that stands for a text that is folded.
    pub(crate) fn folded(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::UNDERLINED)
    }

    pub(crate) fn kind(self, colour: Colour) -> Style {
        self.fg(colour.shown())
    }

    pub(crate) fn person(self) -> Style {
        self.fg(Color::Green).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn agent(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn code(self) -> Style {
        self.fg(Color::Yellow)
    }

    pub(crate) fn keyword(self) -> Style {
        self.fg(Color::Magenta)
    }

    pub(crate) fn string(self) -> Style {
        self.fg(Color::Green)
    }

    pub(crate) fn number(self) -> Style {
        self.fg(Color::Cyan)
    }

    /// Comments of code stand back, where there are colours to tell what stands in front by.
    pub(crate) const fn comment(self) -> Style {
        if self.color { Self::dim() } else { Style::new() }
    }

    pub(crate) fn added(self) -> Style {
        self.fg(Color::Green)
    }

    pub(crate) fn removed(self) -> Style {
        self.fg(Color::Red)
    }

    pub(crate) fn working(self) -> Style {
        self.fg(Color::Cyan)
    }

    pub(crate) fn unread(self) -> Style {
        self.fg(Color::Green).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn alarm(self) -> Style {
        self.fg(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn mark(self) -> Style {
        self.fg(Color::Green)
    }

    pub(crate) fn notice(self) -> Style {
        self.fg(Color::Yellow)
    }
}
