//! What this person was shown of q itself: one small file, for the tour and the hints. Nothing depends on it: what cannot be read
//! is as if everything had been shown, so that nobody is told the same at each start.

use std::fs;

use q_term::learned::Learned;

use crate::context::Context;
use crate::state_file;

/// More bytes than this are none of ours.
const MOST: u64 = 4096;

/// What was shown before; at a first start, nothing.
pub(crate) fn read(context: &Context, has_sessions: bool) -> Learned {
    let first = Learned::nothing(has_sessions || !context.screen.hints);
    let path = context.place.learned();
    match fs::symlink_metadata(&path) {
        Ok(found) if found.len() > MOST => Learned::default(),
        Ok(_) | Err(_) => match state_file::text(&path, "what you were shown") {
            Ok(text) => text.map_or(first, |text| Learned::read(&text)),
            Err(_) => Learned::default(),
        },
    }
}

/// Keeps it, with what another terminal kept meanwhile. Where that cannot be done, something is shown once more.
pub(crate) fn keep(context: &Context, learned: &Learned) {
    let path = context.place.learned();
    let _shown_again = state_file::rewrite(&context.place, &path, || {
        let there = state_file::text(&path, "what you were shown")?;
        let before = there.map_or(Learned::nothing(true), |text| Learned::read(&text));
        Ok(Some(learned.clone().with_hints_of(&before).written()))
    });
}
