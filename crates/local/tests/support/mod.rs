//! What both test programs share: a directory with a model in it, and an agent that is asked and heard to its end.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use q_agent::{AgentSpec, HttpSpec, Message, Patience, Role, Seat, Turn};
use q_core::{AgentEvent, SessionId, Usage};
use q_testkit::gguf::GgufFile;

/// A directory for this user alone, with a model in it.
pub(crate) struct World {
    pub(crate) root: tempfile::TempDir,
    pub(crate) model: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        // Directly below the root: the path of a socket is short.
        let root = tempfile::Builder::new().prefix("q-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let model = root.path().join("small.gguf");
        GgufFile::small().write(&model).unwrap();
        Self { root, model }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.root.path().join("model.gguf-socket")
    }

    /// The model behind that socket, asked once.
    pub(crate) fn spec(&self) -> HttpSpec {
        HttpSpec {
            base_url: format!("unix:{}", self.socket().display()),
            model: "small".into(),
            patience: Patience { retries: 0, ..Patience::default() },
            ..HttpSpec::default()
        }
    }
}

pub(crate) fn ask(spec: HttpSpec, text: &str) -> stream::BoxStream<'static, AgentEvent> {
    let turn = Turn { messages: vec![Message::words(Role::User, text)], ..Turn::default() };
    AgentSpec::Http(Arc::new(spec)).agent().open(Seat::of(SessionId(1))).turn(turn, stream::pending().boxed())
}

/// What was said in all, what it used, and how it ended.
pub(crate) async fn answer(spec: HttpSpec, text: &str) -> (String, Option<Usage>, AgentEvent) {
    let mut events = ask(spec, text);
    let (mut said, mut usage) = (String::new(), None);
    loop {
        let event = events.next().await.expect("an ending");
        if let AgentEvent::Text(words) = &event {
            said.push_str(words);
        } else if let AgentEvent::Usage(counted) = event {
            usage = Some(counted);
        } else if matches!(event, AgentEvent::Done | AgentEvent::Failed(_)) {
            return (said, usage, event);
        }
    }
}
