//! `q-local` as it ships, with what computes: a model of random weights answers over its socket, in `q` too. What it says means
//! nothing, and is the same whenever it is asked the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use q_agent::{
    AgentSpec, Dialect, HttpSpec, Message, NetworkEnvironment, RequestShape, Role, Seat, ServerProgram, Turn,
    shape,
};
use q_core::{AgentEvent, FailureKind, SessionId, Usage};
use q_testkit::gguf::GgufFile;
use q_testkit::home::Home;

const Q_LOCAL: &str = env!("CARGO_BIN_EXE_q-local");

struct World {
    root: tempfile::TempDir,
    model: PathBuf,
}

impl World {
    fn new() -> Self {
        let root = tempfile::Builder::new().prefix("q-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let model = root.path().join("small.gguf");
        GgufFile::small().write(&model).unwrap();
        Self { root, model }
    }

    fn spec(&self, most: u64) -> HttpSpec {
        let socket = self.root.path().join("socket").display().to_string();
        let model = self.model.display().to_string();
        let arguments = ["serve", "--socket", &socket, "--model", &model, "--idle", "1"].map(str::to_owned);
        HttpSpec {
            dialect: Dialect::ChatCompletions,
            base_url: format!("unix:{socket}"),
            key: None,
            model: "small".into(),
            idle_timeout: Duration::from_mins(1),
            first_byte: None,
            retries: 0,
            shape: RequestShape {
                temperature: shape::number(0.0),
                max_tokens: Some(most),
                ..RequestShape::default()
            },
            network: NetworkEnvironment::default(),
            program: Some(ServerProgram { path: Q_LOCAL.into(), arguments: arguments.into() }),
        }
    }
}

async fn answer(spec: HttpSpec, text: &str) -> (String, Option<Usage>, AgentEvent) {
    let turn = Turn { messages: vec![Message::words(Role::User, text)], ..Turn::default() };
    let mut events = AgentSpec::Http(Arc::new(spec))
        .agent()
        .open(Seat::of(SessionId(1)))
        .turn(turn, stream::pending().boxed());
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

#[tokio::test]
async fn random_weights_answer_over_a_socket_that_is_started_for_it() {
    let world = World::new();
    // Longer than what is read at once, and beyond what memory begins with.
    let prompt = "hello wörld 12 ".repeat(28);
    let (one, other) = tokio::join!(answer(world.spec(40), &prompt), answer(world.spec(40), &prompt));
    assert_eq!(one, other, "side by side they do not meet");
    let (said, usage, ending) = one;
    let cut = |ending: &AgentEvent| matches!(ending, AgentEvent::Failed(failure) if failure.kind == FailureKind::LengthLimit);
    assert!(ending == AgentEvent::Done || cut(&ending), "{ending:?}");
    let usage = usage.expect("it is counted");
    assert!(!said.is_empty() && usage.input > 256, "{said:?} {usage:?}");
    let again = answer(world.spec(40), &prompt).await;
    assert_eq!(again.0, said);
    let other = answer(world.spec(40), "hello").await;
    assert_ne!(other.0, said, "what is asked matters");
}

#[tokio::test]
async fn a_file_that_lacks_a_tensor_is_told_and_the_server_ends() {
    let world = World::new();
    let mut file = GgufFile::small();
    file.tensors.retain(|tensor| tensor.name != "blk.1.ffn_up.weight");
    file.write(&world.model).unwrap();
    let (_, _, ending) = answer(world.spec(4), "x").await;
    let AgentEvent::Failed(failure) = ending else { panic!("{ending:?}") };
    assert!(failure.detail.contains("has no blk.1.ffn_up.weight"), "{failure:?}");
}

#[test]
fn it_answers_in_q() {
    let q = Path::new(Q_LOCAL).with_file_name("q");
    assert!(q.is_file(), "{} is not there: cargo build -p q-cli builds it", q.display());
    let home = Home::new();
    // It ends soon after the test, which the host that started it does not see to.
    home.configure("[agents.local]\nprovider = \"local\"\nkeep_alive = 1\n");
    let model = home.path().join("small.gguf");
    GgufFile::small().write(&model).unwrap();
    let run = |arguments: &[&str]| {
        let mut command: Command = home.command(&q);
        command.args(arguments).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let used = run(&["model", "use", &model.display().to_string()]);
    assert_eq!(used.0, Some(0), "{used:?}");
    let listed = run(&["model", "list"]);
    assert!(listed.1.contains("* small"), "{listed:?}");
    let (_, said, complaint) = run(&["chat", "hello"]);
    assert!(!said.trim().is_empty(), "{complaint}");
    let check = run(&["agents", "check", "local"]);
    assert!(check.1.contains("tokens read"), "{check:?}");
}
