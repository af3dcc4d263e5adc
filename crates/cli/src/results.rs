//! Results read on: an entry has the beginning of a large one, the store all that is kept of it.

use q_core::{Body, Entry, SessionId};
use q_proto::{Request, Response};

use crate::client::{Client, unexpected};
use crate::error::CliError;

/// How much is asked for at once, in bytes.
const RANGE_BYTES: u32 = 512 << 10;

/// Gives an entry all that is kept of its result.
pub(crate) async fn read_on(
    client: &mut Client,
    session: SessionId,
    entry: &mut Entry,
) -> Result<(), CliError> {
    let no = entry.no.0;
    let Body::Result(result) = &mut entry.body else { return Ok(()) };
    while (result.text.len() as u64) < result.kept {
        let from = result.text.len() as u64;
        let request = Request::Result { session: session.into(), entry: no, from, bytes: RANGE_BYTES };
        let Response::ByteRange(range) = client.ask(request).await? else { return Err(unexpected()) };
        if range.is_empty() {
            return Err(CliError::failed("the session went away while it was read"));
        }
        // It ends at a character, so that the next one begins at one.
        result.text.push_str(&range);
    }
    Ok(())
}
