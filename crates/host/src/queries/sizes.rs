//! What every session takes where it is stored.

use q_core::View;

use q_proto::Response;

pub(crate) fn answer(view: View<'_>) -> Response {
    Response::Sizes(view.sizes().map(|(session, bytes)| (session.into(), bytes)).collect())
}
