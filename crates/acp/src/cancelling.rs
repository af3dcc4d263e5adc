//! A turn that is given up: its agent is told, and ended where it does not end its turn in time.

use std::time::Duration;

use serde_json::json;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use crate::frame::{Frame, INTERNAL, RequestId};
use crate::opening::OpenSession;
use crate::permission::cancelled;

/// How long an agent may take to end a turn that was cancelled; it is ended then.
const GRACE: Duration = Duration::from_secs(2);

/// Ends a turn that nobody waits for: what it asked is answered, it is told, and ended where it does not end its turn in time.
pub(crate) fn cancel(
    mut place: OwnedMutexGuard<Option<OpenSession>>,
    prompt: u64,
    permissions: Vec<RequestId>,
    others: Vec<RequestId>,
) {
    let Some(mut open) = place.take() else { return };
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        for id in &permissions {
            open.connection.answer(id, &cancelled());
        }
        for id in &others {
            open.connection.refuse(id, INTERNAL, "the turn is cancelled");
        }
        open.connection.begin();
        open.connection.notify("session/cancel", &json!({ "sessionId": open.id }));
        let ended = async {
            loop {
                match open.connection.next().await {
                    Ok(Frame::Answer { to, answer }) if to == prompt => return Some(answer.is_ok()),
                    Ok(Frame::Request { id, method, .. }) if method == "session/request_permission" => {
                        open.connection.answer(&id, &cancelled());
                    }
                    Ok(Frame::Request { id, .. }) => {
                        open.connection.refuse(&id, INTERNAL, "the turn is cancelled");
                    }
                    Ok(Frame::Answer { .. } | Frame::Notice { .. } | Frame::Noise) => {}
                    Err(_) => return None,
                }
            }
        };
        if let Ok(Some(is_taken)) = timeout(GRACE, ended).await {
            if is_taken {
                open.tell_all();
            }
            *place = Some(open);
        }
    });
}
