//! What a session's agent lets people choose or type, asked of its host.

use q_core::SessionId;
use q_proto::message::WireOffers;
use q_proto::{Request, Response};
use q_term::offers::OfferList;

use crate::client::{Client, unexpected};
use crate::error::CliError;

pub(crate) fn request(session: SessionId) -> Request {
    Request::Offers { session: session.into() }
}

/// With what the client knows of commands that somebody wrote.
pub(crate) fn list(WireOffers { mode, modes, commands }: WireOffers, written: Vec<String>) -> OfferList {
    OfferList { mode, modes, commands, written }
}

pub(crate) async fn ask(client: &mut Client, session: SessionId) -> Result<OfferList, CliError> {
    let Response::Offers(offers) = client.ask(request(session)).await? else { return Err(unexpected()) };
    Ok(list(*offers, Vec::new()))
}
