//! Notifications: how a terminal is told that the person is wanted, by what is known of it from its variables, and the bytes
//! that do it. Nothing is ever asked of the terminal.
//!
//! Not here: when the person is wanted (`ui::watch`), who writes the bytes ([`crate::guard`]).

use crate::sanitize;

/// How notifications are given, as it is configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NotificationSetting {
    /// As the terminal is known to take them; by its bell where nothing is known.
    #[default]
    Auto,
    /// In this way, whatever the terminal is.
    Always(NotificationWay),
    /// Nobody is told of anything.
    None,
}

/// A way in which terminals show notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationWay {
    /// The bell, which marks a window or a tab, and which tmux hands on (`monitor-bell`).
    Bell,
    /// Text alone, as iTerm2 began it.
    Osc9,
    /// Kitty's, which takes the place of the one before and is dropped where the window is in front.
    Osc99,
    /// A title and a text, as rxvt-unicode began it.
    Osc777,
}

/// What the title of the terminal's window says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TitleSetting {
    /// How many sessions need the person; no name, since titles are seen by others and kept by window managers.
    #[default]
    Count,
    /// The name of the session in view as well.
    Name,
    /// The title is left alone.
    None,
}

impl NotificationSetting {
    /// The words for it in the configuration.
    pub const WORDS: [&'static str; 6] = ["auto", "bell", "osc9", "osc99", "osc777", "none"];

    /// The setting of that word.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "bell" => Self::Always(NotificationWay::Bell),
            "osc9" => Self::Always(NotificationWay::Osc9),
            "osc99" => Self::Always(NotificationWay::Osc99),
            "osc777" => Self::Always(NotificationWay::Osc777),
            "none" => Self::None,
            _ => return None,
        })
    }

    /// The way for a terminal with these variables; nothing where none is wanted.
    pub fn way<'a>(self, variable: impl Fn(&str) -> Option<&'a str>) -> Option<NotificationWay> {
        match self {
            Self::Auto => Some(NotificationWay::known(variable)),
            Self::Always(way) => Some(way),
            Self::None => None,
        }
    }
}

impl TitleSetting {
    /// The words for it in the configuration.
    pub const WORDS: [&'static str; 3] = ["count", "name", "none"];

    /// The setting of that word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Count, Self::Name, Self::None]
            .into_iter()
            .zip(Self::WORDS)
            .find_map(|(setting, known)| (known == word).then_some(setting))
    }

    /// The same for a terminal with these variables: those that show a title's bytes as text have none.
    #[must_use]
    pub fn for_terminal<'a>(self, variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        match variable("TERM") {
            None | Some("dumb" | "linux" | "vt52" | "vt100" | "vt220" | "ansi" | "cons25") => Self::None,
            Some(_) => self,
        }
    }
}

/// Terminals that show notifications: how, by the program's name in `TERM_PROGRAM`, and by the beginning of `TERM`, which comes
/// along over ssh.
const KNOWN: [(NotificationWay, &[&str], &[&str]); 3] = [
    (
        NotificationWay::Osc9,
        &["iTerm.app", "WezTerm", "ghostty", "WarpTerminal", "rio"],
        &["xterm-ghostty", "ghostty", "wezterm"],
    ),
    (NotificationWay::Osc99, &["kitty"], &["xterm-kitty"]),
    (NotificationWay::Osc777, &[], &["foot", "rxvt-unicode"]),
];
/// Who stands between: it takes the bell, and hands nothing else on unless it is told to.
const MULTIPLEXERS: [&str; 3] = ["TMUX", "STY", "ZELLIJ"];

impl NotificationWay {
    fn known<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let is_multiplexed = MULTIPLEXERS.iter().any(|name| variable(name).is_some());
        if is_multiplexed || term.starts_with("tmux") || term.starts_with("screen") {
            return Self::Bell;
        }
        let program = variable("TERM_PROGRAM").unwrap_or_default();
        let by_program = KNOWN.iter().find(|(_, programs, _)| programs.contains(&program));
        let by_term = || KNOWN.iter().find(|(.., terms)| terms.iter().any(|begin| term.starts_with(begin)));
        let found = by_program.or_else(by_term).map(|(way, ..)| *way);
        let is_kitty = || variable("KITTY_WINDOW_ID").is_some().then_some(Self::Osc99);
        found.or_else(is_kitty).unwrap_or(Self::Bell)
    }

    /// The bytes that say `text`, of which nothing can end them early: what is no character that shows is written out.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        let text = sanitize::visible_line(text);
        match self {
            Self::Bell => b"\x07".to_vec(),
            Self::Osc9 => format!("\x1b]9;{text}\x1b\\").into_bytes(),
            Self::Osc99 => format!("\x1b]99;i=q:o=unfocused;{text}\x1b\\").into_bytes(),
            // A semicolon would begin another field.
            Self::Osc777 => format!("\x1b]777;notify;q;{}\x1b\\", text.replace(';', ",")).into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationWay::{Bell, Osc9, Osc99, Osc777};

    #[test]
    fn a_terminal_is_told_in_the_way_it_is_known_to_take() {
        for (variables, way) in [
            (&[][..], Bell),
            (&[("TERM", "xterm-256color")], Bell),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], Osc9),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], Bell),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "vscode")], Bell),
            (&[("TERM", "xterm-kitty")], Osc99),
            (&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "3")], Osc99),
            (&[("TERM", "xterm-ghostty")], Osc9),
            (&[("TERM", "foot-extra")], Osc777),
            (&[("TERM", "rxvt-unicode-256color")], Osc777),
            // Inside of tmux the outer terminal's variables are still there.
            (&[("TERM", "tmux-256color"), ("TERM_PROGRAM", "iTerm.app")], Bell),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0")], Bell),
            (&[("TERM", "xterm-kitty"), ("ZELLIJ", "0")], Bell),
            (&[("TERM", "screen.xterm-256color"), ("KITTY_WINDOW_ID", "3")], Bell),
        ] {
            let known =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            assert_eq!(NotificationSetting::Auto.way(known), Some(way), "{variables:?}");
            assert_eq!(NotificationSetting::None.way(known), None);
            assert_eq!(NotificationSetting::Always(Osc9).way(known), Some(Osc9), "what is configured counts");
        }
    }

    #[test]
    fn every_word_of_the_configuration_is_a_setting_of_its_own() {
        let ways = NotificationSetting::WORDS.map(NotificationSetting::of);
        let titles = TitleSetting::WORDS.map(TitleSetting::of);
        for (place, way) in ways.iter().enumerate() {
            assert!(way.is_some() && !ways[..place].contains(way), "{way:?}");
        }
        for (place, title) in titles.iter().enumerate() {
            assert!(title.is_some() && !titles[..place].contains(title), "{title:?}");
        }
        assert_eq!((NotificationSetting::of("beep"), TitleSetting::of("off")), (None, None));
    }

    #[test]
    fn a_text_cannot_end_its_sequence_or_begin_another() {
        let hostile = "a;b\x07c\x1b\\d\x1b]0;e\u{9c}f\ng";
        for way in [Osc9, Osc99, Osc777] {
            let bytes = String::from_utf8(way.bytes(hostile)).unwrap();
            let inner = bytes.strip_prefix("\x1b]").and_then(|rest| rest.strip_suffix("\x1b\\")).unwrap();
            assert!(!inner.chars().any(char::is_control), "{inner:?}");
            assert!(!inner.contains('?'), "nothing is asked");
        }
        assert_eq!(Bell.bytes(hostile), b"\x07");
        let fields = String::from_utf8(Osc777.bytes("a;b")).unwrap().matches(';').count();
        assert_eq!(fields, 3);
    }

    #[test]
    fn a_terminal_that_would_show_a_title_as_text_has_none() {
        for (term, setting) in [
            (Some("xterm-256color"), TitleSetting::Name),
            (Some("tmux-256color"), TitleSetting::Name),
            (Some("linux"), TitleSetting::None),
            (None, TitleSetting::None),
        ] {
            assert_eq!(TitleSetting::Name.for_terminal(|_| term), setting, "{term:?}");
        }
    }
}
