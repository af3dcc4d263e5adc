//! What a session is beside its entries, read from the store: what an export or a list of rules needs, and no list of sessions shows.

use q_core::{Record, SessionId};
use q_store::{Store, StoreError};

use q_proto::{Facts, Response, WireRule};

pub(super) fn read(store: &dyn Store, session: SessionId) -> Result<Response, StoreError> {
    Ok(facts(store, session)?.map_or(Response::Done, |facts| Response::Facts(facts.into())))
}

/// The facts of a session, if it is in the store.
fn facts(store: &dyn Store, session: SessionId) -> Result<Option<Facts>, StoreError> {
    let Some(head) = store.head(session)? else { return Ok(None) };
    let text = |seq| -> Result<String, StoreError> {
        let found = store.records(session, seq, 1)?.into_iter().next();
        Ok(match found.map(|stamped| stamped.record) {
            Some(Record::Queued { text, .. } | Record::Edited { text, .. } | Record::Drafted { text }) => {
                text
            }
            Some(_) | None => String::new(),
        })
    };
    let queue = head.queue.iter().map(|waiting| text(waiting.queued)).collect::<Result<_, _>>()?;
    let draft = if head.draft.0 == 0 { String::new() } else { text(head.draft)? };
    Ok(Some(Facts {
        origin: head.origin,
        system_prompt: head.setup.system_prompt,
        running: head.turn.is_some(),
        queue,
        draft,
        rules: head.rules.into_iter().map(WireRule).collect(),
    }))
}
