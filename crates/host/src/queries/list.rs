//! Every session's line, in pages that fit into frames.

use q_core::{SessionId, Summary, View};

use q_proto::view::WireSummary;
use q_proto::{Response, list};

/// The lines behind that session's; without one from the first on.
pub(crate) fn answer(view: View<'_>, behind: Option<SessionId>) -> Response {
    let was_listed = |session: &Summary| behind.is_some_and(|behind| session.id <= behind);
    let line = |session: Summary| {
        let wants_agent = view.wants_agent(session.id);
        WireSummary::of(session, wants_agent)
    };
    Response::List(list::page(view.sessions().skip_while(was_listed).map(line)))
}
