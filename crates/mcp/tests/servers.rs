//! Servers that do what they should not, each in a process of its own: what comes of a call of theirs, and what becomes of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
use std::path::PathBuf;
use std::time::Duration;

use q_mcp::{
    CallListener, ListedTool, McpSpec, Pin, PinnedTools, ServedEnding, ServedReply, ServerOrigin,
    ServingMeans, SessionServers,
};
use q_testkit::clock::{now, until};
use q_testkit::process::is_alive;
use q_testkit::program_double::ProgramDouble;
use q_tools::ToolSettings;
use tempfile::TempDir;
use tokio::sync::mpsc;

struct Bench {
    _root: TempDir,
    directory: PathBuf,
    double: ProgramDouble,
    spec: McpSpec,
    pinned: PinnedTools,
}

impl Bench {
    fn new(mode: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().canonicalize().unwrap();
        let double = ProgramDouble::mcp(&directory);
        let spec = McpSpec {
            environment: [double.variable(), ("TOKEN".into(), "t".into())].into(),
            timeout: Duration::from_secs(20),
            ..McpSpec::new("s", double.command(mode))
        };
        let pinned = PinnedTools { directory: directory.join("state/mcp") };
        Self { _root: root, directory, double, spec, pinned }
    }

    /// A session that has it; nothing of it was started.
    async fn session(&self) -> SessionServers {
        let environment = [("OPENAI_API_KEY", "canary"), ("PATH", "/usr/bin:/bin")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = ToolSettings { environment, ..ToolSettings::default() };
        let session = SessionServers::new(ServingMeans::new(settings, None));
        session.become_these(std::slice::from_ref(&self.spec), &self.pinned).await;
        session
    }

    /// A session that was offered what the server has.
    async fn offered(&self) -> SessionServers {
        let session = self.session().await;
        let (tools, _) = session.offer().await;
        assert_eq!(names(&tools), ["s__old", "s__say"]);
        session
    }
}

fn names(tools: &[(String, ListedTool)]) -> Vec<&str> {
    tools.iter().map(|(name, _)| name.as_str()).collect()
}

async fn call(session: &SessionServers, tool: &str) -> ServedReply {
    let (progress, mut hear) = mpsc::channel(1);
    let watching = tokio::spawn(async move { while hear.recv().await.is_some() {} });
    // Nobody puts questions to anybody.
    let listener = CallListener { progress, ..nobody() };
    let reply = session.call(tool, "{\"text\":\"x\"}", &listener).await;
    drop(listener);
    watching.await.unwrap();
    reply
}

/// A call that nobody hears.
fn nobody() -> CallListener {
    CallListener { progress: mpsc::channel(1).0, questions: mpsc::channel(1).0 }
}

#[tokio::test]
async fn a_server_starts_when_it_is_seen_or_called_and_gets_no_keys() {
    let bench = Bench::new("plain");
    let session = bench.session().await;
    assert_eq!(bench.double.processes().len(), 0, "a session that asked nothing has started nothing");
    let (tools, notices) = session.offer().await;
    assert_eq!(names(&tools), ["s__old", "s__say"]);
    assert!(notices.len() == 1 && notices[0].contains("\"no name\""), "{notices:?}");
    assert_eq!(tools[1].1.description, "Says it.");
    let reply = call(&session, "s__say").await;
    let [process] = bench.double.processes()[..] else { panic!("{:?}", bench.double.processes()) };
    // Not in the session's directory, where whatever lies there would be taken for a part of it.
    let expected = format!("pid {process} in {}/state/mcp/s.d, token t, key none", bench.directory.display());
    assert_eq!((reply.text, reply.ending), (expected, ServedEnding::Done));
    session.end().await;
    assert!(!is_alive(process), "it ends with its session");
    // What was accepted is offered to the next session before anything is started.
    let next = bench.session().await;
    assert_eq!(names(&next.offer().await.0), ["s__old", "s__say"]);
    assert_eq!(bench.double.processes().len(), 1);
    assert_eq!(call(&next, "s__say").await.ending, ServedEnding::Done);
    assert_eq!(bench.double.processes().len(), 2);
    let second = bench.double.processes()[1];
    drop(next);
    until("the end of a server whose session is dropped", || !is_alive(second)).await;
}

#[tokio::test]
async fn what_a_server_says_of_a_call_is_told_and_the_call_runs_once() {
    let asked = "you declined\n(The server wanted to ask the person something: q declined";
    let unknown = "whether it did anything is unknown";
    for (ending, modes) in [
        (ServedEnding::Done, vec![("twice", "first"), ("asks", asked)]),
        (
            ServedEnding::Failed,
            vec![("fails", "it cannot be"), ("refuses", "the server refuses it: no such")],
        ),
        (
            ServedEnding::CutShort,
            vec![
                ("odd", "q does not understand"),
                ("endless", unknown),
                ("chatters", "it said more than it may"),
            ],
        ),
    ] {
        for (mode, told) in modes {
            a_call_ends(mode, ending, told).await;
        }
    }
}

async fn a_call_ends(mode: &str, ending: ServedEnding, told: &str) {
    let bench = Bench::new(mode);
    let session = bench.offered().await;
    let reply = call(&session, "s__say").await;
    assert!(reply.text.contains(told) && reply.ending == ending, "{mode}: {reply:?}");
    assert_eq!(bench.double.calls(), 1, "{mode}");
    if mode == "asks" {
        let refused = |line: &String| line.contains("\"id\":900") && line.contains("\"error\"");
        assert!(bench.double.heard().iter().any(refused), "no model is lent");
    }
    session.end().await;
    let processes = bench.double.processes();
    assert!(processes.iter().all(|process| !is_alive(*process)), "{mode}: {processes:?}");
}

#[tokio::test]
async fn a_server_that_ends_is_told_and_started_again_a_little_later() {
    let bench = Bench::new("dies");
    let session = bench.offered().await;
    let reply = call(&session, "s__say").await;
    assert_eq!(reply.ending, ServedEnding::CutShort, "it may have done something");
    assert!(reply.text.contains("whether it did anything is unknown"), "{reply:?}");
    assert!(reply.text.contains("the disk is on fire"), "{reply:?}");
    assert_eq!((bench.double.processes().len(), bench.double.calls()), (1, 1), "it is not run again");
    // The next call waits for the moment and is carried out: whoever asks again at once is not refused for it.
    let ended = now();
    let reply = call(&session, "s__say").await;
    assert!(ended.elapsed() > Duration::from_millis(500), "not at once");
    assert_eq!(reply.ending, ServedEnding::CutShort);
    assert_eq!((bench.double.processes().len(), bench.double.calls()), (2, 2));
    session.end().await;
}

#[tokio::test]
async fn a_call_that_is_given_up_is_cancelled_and_its_server_ended_unless_it_says_it_ended() {
    for (mode, ends) in [("silent", true), ("late", false)] {
        let bench = Bench::new(mode);
        let session = bench.offered().await;
        let [process] = bench.double.processes()[..] else { panic!("one process") };
        let listener = nobody();
        let calling = session.call("s__say", "{}", &listener);
        tokio::select! {
            reply = calling => panic!("{mode}: {reply:?}"),
            () = until("the call", || bench.double.calls() == 1) => {}
        }
        let is_cancelled =
            || bench.double.heard().iter().any(|line| line.contains("notifications/cancelled"));
        until("the word that nobody waits", is_cancelled).await;
        if ends {
            until("the end of it", || !is_alive(process)).await;
        } else {
            let listener = nobody();
            tokio::select! {
                reply = session.call("s__say", "{}", &listener) => panic!("{mode}: {reply:?}"),
                () = until("the next call", || bench.double.calls() == 2) => {}
            }
            assert_eq!(bench.double.processes(), [process], "{mode}: the same one goes on");
        }
        session.end().await;
    }
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up() {
    let mut bench = Bench::new("silent");
    bench.spec.timeout = Duration::from_millis(50);
    let session = bench.offered().await;
    let reply = call(&session, "s__say").await;
    assert_eq!(reply.ending, ServedEnding::CutShort);
    assert!(reply.text.contains("whether it did anything is unknown"), "{reply:?}");
    // It was ended from here, which is no fault of its: the next call has another one.
    let reply = call(&session, "s__say").await;
    assert!(reply.text.contains("took longer"), "{reply:?}");
    let processes = bench.double.processes();
    assert_eq!((processes.len(), bench.double.calls()), (2, 2));
    until("the end of both", || processes.iter().all(|process| !is_alive(*process))).await;
    session.end().await;
}

#[tokio::test]
async fn what_has_changed_is_not_offered_and_not_called_until_it_is_accepted() {
    let bench = Bench::new("plain");
    bench.offered().await.end().await;
    bench.double.change(true);
    // Nobody has started it since: what was accepted is offered, and found to be another when it is called.
    let session = bench.offered().await;
    let reply = call(&session, "s__say").await;
    assert!(
        reply.text.contains("changed this tool since the person accepted it, so it did not run"),
        "{reply:?}"
    );
    assert_eq!(bench.double.calls(), 0);
    let (tools, notices) = session.offer().await;
    assert_eq!(names(&tools), Vec::<&str>::new(), "neither what is other nor what is new");
    assert!(notices.iter().any(|notice| notice.contains("q mcp check s")), "{notices:?}");
    let before = bench.pinned.read("s").unwrap().unwrap();
    let now = ["new", "say"].map(|name| ListedTool {
        name: name.into(),
        description: if name == "new" { "Comes." } else { "Says it louder." }.into(),
        schema: before.tools[0].schema.clone(),
    });
    bench.pinned.accept("s", &Pin::new(&bench.spec.command, now.into())).unwrap();
    let (tools, notices) = session.offer().await;
    assert_eq!((names(&tools), notices), (vec!["s__new", "s__say"], Vec::new()));
    assert_eq!(call(&session, "s__say").await.ending, ServedEnding::Done);
    session.end().await;
}

#[tokio::test]
async fn a_list_that_changes_under_way_is_looked_at_before_the_next_call() {
    let bench = Bench::new("changes");
    let session = bench.offered().await;
    let identity = session.identity("s__say");
    assert_eq!(call(&session, "s__say").await.text, "it is done");
    let known = session.check("s__say", "{}").await.unwrap_err();
    assert!(known.contains("so it did not run"), "nothing to ask about: {known}");
    let reply = call(&session, "s__say").await;
    assert_eq!(reply, ServedReply { text: known, ending: ServedEnding::NeverRan });
    assert_eq!(bench.double.calls(), 1);
    session.offer().await;
    assert_ne!(session.identity("s__say"), identity, "a permission for what it was is none for what it is");
    session.end().await;
}

#[tokio::test]
async fn another_command_is_not_started_before_it_is_accepted() {
    let mut bench = Bench::new("plain");
    bench.offered().await.end().await;
    bench.spec.command = bench.double.command("fails");
    let session = bench.session().await;
    let (tools, notices) = session.offer().await;
    assert!(
        tools.is_empty() && notices[0].contains("its command is not the one that was accepted"),
        "{notices:?}"
    );
    assert_eq!(bench.double.processes().len(), 1);
    session.end().await;
}

#[tokio::test]
async fn a_server_that_is_removed_ends_and_is_not_accepted_again() {
    let bench = Bench::new("plain");
    let session = bench.offered().await;
    let [process] = bench.double.processes()[..] else { panic!("one process") };
    bench.pinned.forget("s").unwrap();
    let reply = call(&session, "s__say").await;
    assert!(reply.ending == ServedEnding::NeverRan && reply.text.contains("was removed"), "{reply:?}");
    session.become_these(&[], &bench.pinned).await;
    until("the end of it", || !is_alive(process)).await;
    let (tools, notices) = session.offer().await;
    assert_eq!((tools.len(), notices), (0, Vec::new()));
    assert_eq!((bench.pinned.read("s"), bench.double.calls()), (Ok(None), 0));
    session.end().await;
}

#[tokio::test]
async fn what_a_project_names_is_started_once_it_is_accepted_by_hand() {
    let mut bench = Bench::new("plain");
    bench.offered().await.end().await; // one of the person's own, of the same name
    let seen = bench.pinned.read("s").unwrap().unwrap();
    bench.spec.origin = ServerOrigin::Project("0a1b".into());
    bench.spec.directory = Some(bench.directory.clone());
    let session = bench.session().await;
    let (tools, notices) = session.offer().await;
    assert!(tools.is_empty() && notices[0].contains("`q mcp check s` in this directory"), "{notices:?}");
    assert_eq!(bench.double.processes().len(), 1, "it was not started");
    bench.pinned.accept("s.0a1b", &seen).unwrap();
    let (tools, notices) = session.offer().await;
    assert!(
        tools.is_empty() && notices[0].contains("its command is not the one"),
        "without its variables: {notices:?}"
    );
    bench.pinned.accept("s.0a1b", &Pin::new(&bench.spec.accepted_words(), seen.tools)).unwrap();
    assert_eq!(names(&session.offer().await.0), ["s__old", "s__say"]);
    let reply = call(&session, "s__say").await;
    assert!(reply.text.contains(&format!("in {},", bench.directory.display())), "{reply:?}");
    session.end().await;
}

#[tokio::test]
async fn a_list_without_end_is_cut_and_that_is_said() {
    let bench = Bench::new("pages");
    let session = bench.session().await;
    let (tools, notices) = session.offer().await;
    assert_eq!(names(&tools), ["s__say"]);
    assert!(notices.iter().any(|notice| notice.contains("behind page 16")), "{notices:?}");
    session.end().await;
}

#[tokio::test]
async fn progress_is_told_while_a_call_runs() {
    let bench = Bench::new("progress");
    let session = bench.offered().await;
    let (progress, mut hear) = mpsc::channel(1);
    let listener = CallListener { progress, ..nobody() };
    tokio::select! {
        reply = session.call("s__say", "{}", &listener) => panic!("{reply:?}"),
        told = hear.recv() => assert_eq!(told.as_deref(), Some("1/2 half way\n")),
    }
    session.end().await;
}

#[tokio::test]
async fn what_cannot_be_started_is_told() {
    for (command, told) in [
        (vec!["/nowhere/at/all".to_owned()], "/nowhere/at/all cannot be run"),
        (
            vec!["/bin/sh".into(), "-c".into(), "echo broken >&2; exit 7".into()],
            "it ended (exit code 7); it said: broken",
        ),
    ] {
        let mut bench = Bench::new("plain");
        bench.spec.command = command;
        let session = bench.session().await;
        let (tools, notices) = session.offer().await;
        assert!(tools.is_empty() && notices[0].contains(told), "{notices:?}");
        assert!(
            session.check("s__say", "{}").await.unwrap_err().contains("there is no tool"),
            "nothing to ask about"
        );
        session.end().await;
        assert_eq!(bench.pinned.read("s"), Ok(None));
    }
}
