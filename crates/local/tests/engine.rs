//! `q-local` as it ships, with what computes: a model of random weights answers over its socket, in `q` too. What it says means
//! nothing, and is the same whenever it is asked the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use q_agent::{HttpSpec, RequestShape, ServerProgram, shape};
use q_core::{AgentEvent, FailureKind};
use q_testkit::gguf::GgufFile;
use q_testkit::home::Home;

use support::{World, answer};

const Q_LOCAL: &str = env!("CARGO_BIN_EXE_q-local");

/// The program that ships, started for whoever asks; it says at most so many tokens.
fn spec(world: &World, most: u64) -> HttpSpec {
    let paths = [world.socket(), world.model.clone()].map(|path| path.display().to_string());
    let [socket, model] = &paths;
    let arguments = ["serve", "--socket", socket, "--model", model, "--idle", "1"].map(str::to_owned);
    let shape =
        RequestShape { temperature: shape::number(0.0), max_tokens: Some(most), ..RequestShape::default() };
    let program = Some(ServerProgram { path: Q_LOCAL.into(), arguments: arguments.into() });
    HttpSpec { shape, program, ..world.spec() }
}

#[tokio::test]
async fn random_weights_answer_over_a_socket_that_is_started_for_it() {
    let world = World::new();
    // Longer than what is read at once, and beyond what memory begins with.
    let prompt = "hello wörld 12 ".repeat(28);
    let (one, other) = tokio::join!(answer(spec(&world, 40), &prompt), answer(spec(&world, 40), &prompt));
    assert_eq!(one, other, "side by side they do not meet");
    let (said, usage, ending) = one;
    let cut = |ending: &AgentEvent| matches!(ending, AgentEvent::Failed(failure) if failure.kind == FailureKind::LengthLimit);
    assert!(ending == AgentEvent::Done || cut(&ending), "{ending:?}");
    let usage = usage.expect("it is counted");
    assert!(!said.is_empty() && usage.input > 256, "{said:?} {usage:?}");
    let again = answer(spec(&world, 40), &prompt).await;
    assert_eq!(again.0, said);
    let other = answer(spec(&world, 40), "hello").await;
    assert_ne!(other.0, said, "what is asked matters");
}

#[tokio::test]
async fn a_file_that_lacks_a_tensor_is_told_and_the_server_ends() {
    let world = World::new();
    let mut file = GgufFile::small();
    file.tensors.retain(|tensor| tensor.name != "blk.1.ffn_up.weight");
    file.write(&world.model).unwrap();
    let (_, _, ending) = answer(spec(&world, 4), "x").await;
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
