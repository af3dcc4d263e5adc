//! Everything the core can be told.

use alloc::string::String;

use crate::agent::AgentEvent;
use crate::effect::Tag;
use crate::id::{ClientId, PromptNo, SessionId, Token, TurnNo};
use crate::kind::Kind;

/// One fact or one wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The host is up and has given the core what was stored: mark what a crash cut short.
    Started,
    /// The host is going to stop in good order: end what runs, write what waits.
    Stopping,
    /// A client came.
    Attached(ClientId),
    /// A client went, for whatever reason.
    Detached(ClientId),
    /// What a client shows now.
    Showing {
        /// Which client.
        client: ClientId,
        /// The session on its screen, if any.
        session: Option<SessionId>,
        /// Whether the end of the transcript is in sight.
        at_end: bool,
    },
    /// A client wants something; exactly one [`crate::Effect::Reply`] with this tag answers.
    Wish {
        /// Whom to answer.
        tag: Tag,
        /// What it wants.
        command: Command,
    },
    /// An agent said something in a turn.
    Agent {
        /// The session it works for.
        session: SessionId,
        /// The turn it answers; of any other turn it is late and ignored.
        turn: TurnNo,
        /// What it said.
        event: AgentEvent,
    },
    /// Nothing happened but the passing of time.
    Tick,
}

/// What a client may want. Sessions are named by id: addresses are resolved where they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A new session.
    Create {
        /// Its id, drawn by the host.
        id: SessionId,
        /// Its name as typed; without one it is named after its first prompt.
        name: Option<String>,
        /// What it is for.
        kind: Kind,
        /// Which agent answers.
        agent: String,
        /// Which model; empty where the agent has none.
        model: String,
        /// Where it works.
        directory: String,
    },
    /// Another name.
    Rename {
        /// Which session.
        session: SessionId,
        /// The name as typed.
        name: String,
    },
    /// Archive it.
    Close {
        /// Which session.
        session: SessionId,
        /// Also when a turn runs, which is then interrupted.
        even_if_working: bool,
    },
    /// A prompt: begins a turn, or waits while one runs.
    Submit {
        /// Which session.
        session: SessionId,
        /// The client's mark: the same one again is answered, not taken again.
        token: Token,
        /// What was typed.
        text: String,
    },
    /// Take back a waiting prompt.
    Unqueue {
        /// Which session.
        session: SessionId,
        /// Which prompt.
        prompt: PromptNo,
    },
    /// Stop the running turn; keep prompt and text.
    Interrupt {
        /// Which session.
        session: SessionId,
    },
    /// Ask again what failed or was interrupted; with waiting prompts and nothing to retry, go on with those.
    Retry {
        /// Which session.
        session: SessionId,
        /// The client's mark, as in [`Command::Submit`].
        token: Token,
    },
    /// Keep what is typed and not sent.
    SaveDraft {
        /// Which session.
        session: SessionId,
        /// All of it; empty to clear.
        text: String,
    },
}
