//! What a session is doing, in signs that need no colour.

use q_core::{Activity, Presence, Summary};

use crate::style::{Palette, Style};

/// The sign of a session that hibernates.
const ASLEEP: &str = "zz";

/// Its signs, but for the one that moves while it works.
pub(crate) fn signs(palette: Palette, summary: &Summary) -> Vec<(String, Style)> {
    let mut signs = Vec::new();
    match summary.activity {
        Activity::Idle | Activity::Working => {}
        Activity::NeedsApproval | Activity::NeedsInput => signs.push(("?".to_owned(), palette.alarm())),
        Activity::Failed => signs.push(("✗".to_owned(), palette.alarm())),
        Activity::Interrupted => signs.push(("!".to_owned(), palette.alarm())),
    }
    if summary.presence == Presence::Hibernated {
        signs.push((ASLEEP.to_owned(), Palette::dim()));
    }
    if summary.unread > 0 {
        signs.push((format!("+{}", summary.unread), palette.unread()));
    }
    if summary.background > 0 {
        signs.push((format!("&{}", summary.background), Palette::dim()));
    }
    if summary.queued > 0 {
        signs.push((format!("({})", summary.queued), Palette::dim()));
    }
    signs
}
