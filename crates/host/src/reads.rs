//! Reads of the store beside the loop. A panic in one is its own error: whoever waits for it is answered, and nobody else
//! notices.

use std::panic::{AssertUnwindSafe, catch_unwind};

use q_core::{SessionId, Stored};
use q_store::{Store, StoreError};

use q_proto::{Answer, Refused};

/// What is stored of a session, or why it cannot be read.
pub(crate) fn stored(
    store: &dyn Store,
    session: SessionId,
    tail_bytes: usize,
) -> Result<Box<Stored>, String> {
    let read = || match store.head(session)? {
        Some(head) => store.stored(head, tail_bytes).map(Some),
        None => Ok(None),
    };
    match unless_it_panics(session, read) {
        Ok(Some(stored)) => Ok(Box::new(stored)),
        Ok(None) => Err("it is not in the store".to_owned()),
        Err(why) => Err(why),
    }
}

/// What is read of a session, as the answer to who asked.
pub(crate) fn answer(
    store: &dyn Store,
    session: SessionId,
    read: impl FnOnce(&dyn Store) -> Result<Answer, StoreError>,
) -> Result<Answer, Refused> {
    let refused = |message| Refused { code: "store".into(), message, limit: false };
    unless_it_panics(session, || read(store)).map_err(refused)
}

fn unless_it_panics<T>(
    session: SessionId,
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, String> {
    let why = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => return Ok(read),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "reading it panicked; `q host logs` says where more is told".to_owned(),
    };
    tracing::error!(target: "q::store", %session, why, "a session cannot be read");
    Err(why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_panic_is_the_error_of_its_read() {
        let read = unless_it_panics::<()>(SessionId(1), || panic!("as a test does"));
        assert!(read.is_err_and(|why| why.contains("panicked")));
        assert_eq!(unless_it_panics(SessionId(1), || Ok(7)), Ok(7));
    }
}
