//! What the whole screen looks like and how it calls: notifications, the title of the window, the width of text.

use q_term::notification::{NotificationSetting, TitleSetting};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::Config;

/// The narrowest and the widest that prose may be set: less is no text any more, more no terminal has.
const WIDTHS: std::ops::RangeInclusive<u16> = 20..=1_000;

/// What the configuration says of the whole screen, for whoever draws it.
#[derive(Debug)]
pub(crate) struct ScreenSettings {
    /// How the person is notified, and whether sessions are named by it.
    pub(crate) notify: NotificationSetting,
    pub(crate) notify_names: bool,
    pub(crate) title: TitleSetting,
    pub(crate) text_width: Option<u16>,
    /// Whether anything is said because it may help, the tour of a first start included.
    pub(crate) hints: bool,
}

impl ScreenSettings {
    pub(crate) const fn of(config: &Config) -> Self {
        let Config { notify, notify_names, title, text_width, hints, .. } = *config;
        let hints = match hints {
            Some(hints) => hints,
            None => true,
        };
        Self { notify, notify_names, title, text_width, hints }
    }
}

/// How the person is notified, by its word.
pub(super) fn notification<'de, D: Deserializer<'de>>(from: D) -> Result<NotificationSetting, D::Error> {
    let word = String::deserialize(from)?;
    NotificationSetting::of(&word)
        .ok_or_else(|| D::Error::unknown_variant(&word, &NotificationSetting::WORDS))
}

/// What the title says, by its word.
pub(super) fn title<'de, D: Deserializer<'de>>(from: D) -> Result<TitleSetting, D::Error> {
    let word = String::deserialize(from)?;
    TitleSetting::of(&word).ok_or_else(|| D::Error::unknown_variant(&word, &TitleSetting::WORDS))
}

/// The widest that prose is set, in columns.
pub(super) fn text_width<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    let columns = u16::deserialize(from)?;
    if WIDTHS.contains(&columns) {
        return Ok(Some(columns));
    }
    let (least, most) = (WIDTHS.start(), WIDTHS.end());
    Err(D::Error::custom(format!(
        "text_width is from {least} to {most} columns; without it text takes the width there is"
    )))
}
