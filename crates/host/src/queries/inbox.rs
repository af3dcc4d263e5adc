//! What waits for the person, over all sessions.

use q_core::View;

use q_proto::Answer;

pub(crate) fn answer(view: View<'_>) -> Answer {
    let calls = view.inbox().into_iter();
    Answer::Inbox(calls.map(|(session, call)| (session.into(), call.into())).collect())
}
