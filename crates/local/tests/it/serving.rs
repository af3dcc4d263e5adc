//! The server at its socket, with weights that follow a script: asked by the agent that ships, and by whoever sends odd bytes.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use futures_util::StreamExt as _;
use q_agent::{HttpSpec, RequestShape};
use q_core::{AgentEvent, FailureKind};
use q_local::LocalError;
use q_local::serve::{ServerSettings, serve, take};
use q_local::weights::Weights;
use q_testkit::server_script::ServerScript;

use crate::support::{World, answer, ask};
use crate::world::{PATIENCE, Scripted, Told};

const LONG: Duration = Duration::from_hours(1);

/// A server in a thread of its own; ends as it does by itself.
struct Server {
    done: Receiver<Result<(), LocalError>>,
}

fn start(
    world: &World,
    idle: Duration,
    load: impl FnOnce() -> Result<Box<dyn Weights>, LocalError> + Send + 'static,
) -> Server {
    let (told, done) = std::sync::mpsc::channel();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (socket, model) = (world.socket(), world.file());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ended = runtime.block_on(async move {
            let served = take(&socket).await?.expect("nobody serves yet");
            ready.send(()).unwrap();
            serve(served, model, ServerSettings { idle, created: 1, seed: 1 }, |_| load()).await
        });
        let _nobody_waits = told.send(ended);
    });
    let is_ready = is_ready.recv_timeout(PATIENCE).is_ok();
    assert!(is_ready, "the server is not ready: {:?}", done.recv_timeout(PATIENCE));
    Server { done }
}

/// What comes back for these bytes, until the server hangs up.
#[expect(clippy::disallowed_methods, reason = "the server is this test's own")]
fn raw(socket: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // Whoever is told no may be hung up on before all was said.
    let _hung_up = stream.write_all(bytes);
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        said.extend(&piece[..length]);
    }
    String::from_utf8_lossy(&said).into_owned()
}

fn post(body: &str) -> Vec<u8> {
    format!("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn failed(ending: AgentEvent) -> (FailureKind, String) {
    let AgentEvent::Failed(failure) = ending else { panic!("{ending:?}") };
    (failure.kind, failure.detail)
}

#[tokio::test]
async fn an_answer_streams_to_the_agent_and_is_counted() {
    let world = World::new();
    let (weights, _told) = Scripted::new(&world.file(), "hello wörld 🙂");
    let _server = start(&world, LONG, || Ok(Box::new(weights)));
    let mode = std::fs::metadata(world.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (said, usage, ending) = answer(world.spec(), "hello").await;
    assert_eq!((said.as_str(), ending), ("hello wörld 🙂", AgentEvent::Done));
    let usage = usage.expect("it is counted");
    assert!(usage.input > 10 && usage.output > 5, "{usage:?}");
    let shape = RequestShape { max_tokens: Some(2), ..RequestShape::default() };
    let (said, _, ending) = answer(HttpSpec { shape, ..world.spec() }, "hello").await;
    assert_eq!((said.as_str(), failed(ending).0), ("hello w", FailureKind::LengthLimit));
    let models = raw(&world.socket(), b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(models.contains(r#""id":"small""#) && models.contains(r#""context_length":512"#), "{models}");
    let whole = raw(&world.socket(), &post(r#"{"messages":[{"role":"user","content":"x"}]}"#));
    assert!(whole.contains("hello wörld 🙂") && whole.contains(r#""finish_reason":"stop""#), "{whole}");
}

#[tokio::test]
async fn what_cannot_be_answered_is_told_in_words_that_the_agent_knows() {
    let world = World::new();
    let (weights, told) = Scripted::new(&world.file(), "hello");
    let _server = start(&world, LONG, || Ok(Box::new(weights)));
    let other = HttpSpec { model: "other".into(), ..world.spec() };
    let (kind, detail) = failed(answer(other, "x").await.2);
    assert!(kind == FailureKind::UnknownModel && detail.contains("but small"), "{kind:?} {detail}");
    let (kind, detail) = failed(answer(world.spec(), &"x".repeat(600)).await.2);
    assert!(kind == FailureKind::ContextTooLong && detail.contains("512"), "{kind:?} {detail}");
    for (bytes, status) in [
        (post("{"), "400"),
        (post(r#"{"messages":[]}"#), "400"),
        (b"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "405"),
        (b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "404"),
        (
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n".to_vec(),
            "413",
        ),
        ([b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'y'; 64 << 10], b"\r\n\r\n".to_vec()].concat(), "431"),
        (b"no http at all\r\n\r\n".to_vec(), "400"),
    ] {
        let said = raw(&world.socket(), &bytes);
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
    }
    assert!(told.try_recv().is_err(), "nothing was computed for any of them");
}

#[tokio::test]
async fn nothing_is_computed_for_who_went_away() {
    let world = World::new();
    let (weights, told) = Scripted::new(&world.file(), "hello ");
    let _server = start(&world, LONG, || Ok(Box::new(weights.endless())));
    let mut events = ask(world.spec(), "x");
    while !matches!(events.next().await, Some(AgentEvent::Text(_))) {}
    drop(events);
    loop {
        if told.recv_timeout(PATIENCE).expect("it is given up") == Told::Dropped {
            break;
        }
    }
}

#[tokio::test]
async fn answers_are_made_side_by_side_and_who_waits_is_let_in_when_one_ends() {
    let world = World::new();
    let (weights, told) = Scripted::new(&world.file(), "hello ");
    let weights = weights.endless();
    let _server = start(&world, LONG, || Ok(Box::new(weights)));
    let mut under_way: Vec<_> = (0..5).map(|_| ask(world.spec(), "x")).collect();
    // Four speak at once; the fifth has to wait, and is not taken for cut off.
    let mut spoke = 0;
    for events in under_way.iter_mut().take(4) {
        while !matches!(events.next().await, Some(AgentEvent::Text(_))) {}
        spoke += 1;
    }
    assert_eq!(spoke, 4);
    drop(under_way.remove(0));
    let mut last = under_way.pop().expect("the fifth");
    while !matches!(last.next().await, Some(AgentEvent::Text(_))) {}
    let began = told.try_iter().filter(|told| *told == Told::Began).count();
    assert_eq!(began, 5);
}

#[tokio::test]
async fn whoever_waits_for_the_weights_is_answered_or_told_why_not() {
    let world = World::new();
    let server = start(&world, LONG, || Err(LocalError::new("the file is damaged")));
    let (kind, detail) = failed(answer(world.spec(), "x").await.2);
    assert!(kind == FailureKind::ServerError && detail.contains("the file is damaged"), "{kind:?} {detail}");
    assert_eq!(server.done.recv_timeout(PATIENCE), Ok(Ok(())), "it ends, so that the next one begins anew");
    assert!(!world.socket().exists());
}

#[tokio::test]
async fn a_server_that_nobody_asks_ends_and_another_takes_its_place() {
    let world = World::new();
    for _ in 0..2 {
        let (weights, _told) = Scripted::new(&world.file(), "hello");
        let server = start(&world, Duration::from_millis(50), || Ok(Box::new(weights)));
        assert_eq!(server.done.recv_timeout(PATIENCE), Ok(Ok(())));
        assert!(!world.socket().exists());
    }
    // What a killed one left is no hindrance.
    drop(std::os::unix::net::UnixListener::bind(world.socket()).unwrap());
    let (weights, _told) = Scripted::new(&world.file(), "hello");
    let (weights, permit) = weights.with_permits();
    let server = start(&world, Duration::from_millis(50), || Ok(Box::new(weights)));
    let mut events = ask(world.spec(), "x");
    permit.send(()).unwrap();
    while !matches!(events.next().await, Some(AgentEvent::Text(_))) {}
    assert!(
        server.done.recv_timeout(Duration::from_millis(200)).is_err(),
        "an answer under way is no idleness"
    );
    drop(permit);
    drop(events);
    assert_eq!(server.done.recv_timeout(PATIENCE), Ok(Ok(())));
}

#[tokio::test]
async fn one_serves_however_many_start() {
    let world = World::new();
    let (weights, _told) = Scripted::new(&world.file(), "hello");
    let _server = start(&world, LONG, || Ok(Box::new(weights)));
    assert!(take(&world.socket()).await.unwrap().is_none(), "the second finds that somebody serves");
    std::fs::set_permissions(world.root.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let told = take(&world.root.path().join("other")).await.unwrap_err().to_string();
    assert!(told.contains("yours alone"), "{told}");
}

/// A shell script that is asked to serve, and ends.
fn program(world: &World, script: &str) -> q_agent::ServerProgram {
    let path = world.root.path().join("serves");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    q_agent::ServerProgram { path, arguments: vec!["one".into(), "two".into()] }
}

#[tokio::test]
async fn the_agent_starts_what_serves_and_says_what_that_said() {
    let world = World::new();
    let why = "echo \"no model: $1 $2 ${HOME-no home}\"";
    let asked = HttpSpec { program: Some(program(&world, why)), ..world.spec() };
    let (kind, detail) = failed(answer(asked, "x").await.2);
    assert!(kind == FailureKind::Unreachable && detail.contains("no model: one two no home"), "{detail}");
    let asked = HttpSpec { program: Some(program(&world, "exit 3")), ..world.spec() };
    let (_, detail) = failed(answer(asked, "x").await.2);
    assert!(detail.contains("without a word"), "{detail}");
    // It serves once it is asked to.
    let path = world.root.path().join("serves-when-asked");
    let script = ServerScript::write(&path);
    let program = q_agent::ServerProgram { path, arguments: vec!["one".into()] };
    let asked = HttpSpec { program: Some(program), ..world.spec() };
    let answering = tokio::spawn(answer(asked, "x"));
    let started = tokio::task::spawn_blocking(move || (script.arguments(PATIENCE), script));
    let (arguments, script) = started.await.unwrap();
    assert_eq!(arguments.as_deref(), Some("one"));
    let (weights, _told) = Scripted::new(&world.file(), "hello");
    let _server = start(&world, LONG, || Ok(Box::new(weights)));
    script.let_it_be_ready();
    let (said, _, ending) = answering.await.unwrap();
    assert_eq!((said.as_str(), ending), ("hello", AgentEvent::Done));
}
