//! The seam to an HTTP client: what a server at an address is asked, and how it answers. Who builds agents links a client already
//! and lends it here.
//!
//! Not here: how a connection is made, and how bytes become messages (the client), what the messages are (`remote`).

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// What comes of waiting.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The longest message of a server, in bytes: whatever comes is no longer.
pub const MESSAGE_BYTES: usize = 4 << 20;
/// How much is kept of what comes with a refusal, in bytes.
pub const REFUSAL_BYTES: usize = 2 << 10;

/// Asks servers over HTTP: no redirect is followed, nothing is sent twice.
pub trait HttpClient: fmt::Debug + Send + Sync {
    /// Sends a request and waits for the head of its answer. Dropped, the connection is closed.
    fn ask(&self, request: HttpRequest) -> Waiting<'static, Result<Box<dyn HttpAnswer>, HttpTrouble>>;

    /// Whether an address may be asked, or opened, at the word of the server at `named_by`; says why not. What a server of the world
    /// names is the world's.
    fn may_lead_to(&self, url: &str, named_by: &str) -> Result<(), String>;
}

/// One request, as it is sent once.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: HttpMethod,
    pub url: String,
    /// They may hold keys: nothing of them is repeated in any complaint.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// How long the server may stay silent, before its head and in its body.
    pub patience: Duration,
    /// The address of the server that named this one, where nobody else did: what names lead to is looked at, too, as
    /// [`HttpClient::may_lead_to`] looks at names.
    pub named_by: Option<String>,
}

/// What the protocol asks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    Post,
    Get,
    Delete,
}

/// An answer whose body is still to come; dropped, the connection is closed.
pub trait HttpAnswer: Send {
    fn status(&self) -> u16;

    /// A header of its head, where that is text.
    fn header(&self, name: &str) -> Option<&str>;

    /// The next message, at most [`MESSAGE_BYTES`] long: a body of JSON is one, an event stream has one in each event. Of a refusal
    /// the beginning of its body. `None` at the end.
    fn next(&mut self) -> Waiting<'_, Result<Option<Vec<u8>>, String>>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTrouble {
    pub why: String,
    /// Whether the server may have got the request all the same.
    pub may_have_arrived: bool,
}

/// The headers hold keys, and an address may.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("method", &self.method).finish_non_exhaustive()
    }
}
