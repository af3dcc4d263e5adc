//! What waits for the person, over all sessions.

use q_core::View;

use q_proto::Response;

pub(crate) fn answer(view: View<'_>) -> Response {
    let calls = view.inbox().into_iter();
    Response::Inbox(calls.map(|(session, call)| (session.into(), call.into())).collect())
}
