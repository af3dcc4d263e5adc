//! The server: a socket for this user alone, connections within a bound, and an end when nobody has come for a while.
//!
//! | room | what lives there |
//! |---|---|
//! | `socket` | where it listens: one server a model, whoever starts it |
//! | `http` | what is asked over a connection |
//! | `request`, `response` | how that is written |

mod http;
mod request;
mod response;
mod socket;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

pub use socket::{ServedSocket, take};

use crate::error::LocalError;
use crate::model_file::ModelFile;
use crate::queue::answer_all;
use crate::weights::Weights;
use http::Desk;

/// Connections that are open at once; whoever comes then is hung up on.
const MAX_CONNECTIONS: usize = 128;
/// Tokens of a conversation with its answer, unless the model takes fewer: what is remembered of them costs memory.
pub(crate) const MAX_CONTEXT: usize = 8192;

/// What a server is, beside its model.
#[derive(Clone, Copy, Debug)]
pub struct ServerSettings {
    /// How long nobody comes before it ends.
    pub idle: Duration,
    /// Seconds since 1970, told with each answer.
    pub created: u64,
    /// What answers are drawn from that name no seed.
    pub seed: u64,
}

/// Serves a model at that socket until nobody has come for a while. `load` runs beside it: who comes meanwhile waits.
pub async fn serve(
    socket: ServedSocket,
    model: ModelFile,
    settings: ServerSettings,
    load: impl FnOnce(&ModelFile) -> Result<Box<dyn Weights>, LocalError> + Send + 'static,
) -> Result<(), LocalError> {
    let (jobs, asked) = channel();
    let (computes, is_over) = oneshot::channel::<()>();
    let model = Arc::new(model);
    let context = model.shape.context.min(MAX_CONTEXT);
    let computing = std::thread::Builder::new().name("weights".into()).spawn({
        let model = Arc::clone(&model);
        // Two conversations of full length, or many shorter ones.
        move || {
            let _dropped_at_the_end = computes;
            answer_all(&asked, || load(&model), &Arc::clone(&model), 2 * context);
        }
    });
    let computing = computing.map_err(|error| LocalError::new(format!("no thread can be had: {error}")))?;
    let desk = Arc::new(Desk::new(model, context, jobs, settings.created, settings.seed));
    listen(socket, &desk, settings.idle, is_over).await;
    drop(desk);
    computing.join().map_err(|_| LocalError::new("what computes panicked"))
}

/// Takes connections in until nobody has come for a while, or nothing computes any more.
async fn listen(socket: ServedSocket, desk: &Arc<Desk>, idle: Duration, mut is_over: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let take_in = |stream: UnixStream, connections: &mut JoinSet<()>| {
        if connections.len() < MAX_CONNECTIONS {
            connections.spawn(Arc::clone(desk).speak(stream));
        }
    };
    loop {
        tokio::select! {
            accepted = socket.accept() => if let Some(stream) = accepted { take_in(stream, &mut connections) },
            Some(_over) = connections.join_next() => {}
            _dropped = &mut is_over => break,
            () = tokio::time::sleep(idle), if connections.is_empty() => break,
        }
    }
    // From here on nobody finds the socket; who did so before is answered.
    let waiting = socket.leave();
    for stream in waiting {
        take_in(stream, &mut connections);
    }
    while connections.join_next().await.is_some() {}
}
