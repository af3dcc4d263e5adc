//! What every session takes where it is stored.

use q_core::View;

use q_proto::Answer;

pub(crate) fn answer(view: View<'_>) -> Answer {
    Answer::Sizes(view.sizes().map(|(session, bytes)| (session.into(), bytes)).collect())
}
