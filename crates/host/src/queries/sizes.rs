//! What every session takes where it is stored.

use q_core::View;

use crate::wire::Answer;

pub(crate) fn answer(view: View<'_>) -> Answer {
    Answer::Sizes(view.sizes().map(|(session, bytes)| (session.into(), bytes)).collect())
}
