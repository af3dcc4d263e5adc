//! MCP servers at an address: asked as models are, within bounds, each session for itself, and nothing twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use q_agent::http::ServerHttp;
use q_agent::{NetworkEnvironment, ToolSettings};
use q_mcp::{
    CallListener, McpSpec, PinnedTools, RemoteServer, ServedEnding, ServedReply, ServerOrigin, ServingMeans,
    SessionServers,
};
use q_testkit::clock::until;
use q_testkit::mcp_address::McpAddress;
use tempfile::TempDir;
use tokio::sync::mpsc;

struct Bench {
    _root: TempDir,
    far: McpAddress,
    spec: McpSpec,
    pinned: PinnedTools,
}

impl Bench {
    fn new(mode: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let far = McpAddress::start(mode);
        let spec = at(far.url());
        let pinned = PinnedTools { directory: root.path().join("mcp") };
        Self { _root: root, far, spec, pinned }
    }

    async fn session(&self) -> SessionServers {
        let http = ServerHttp { network: NetworkEnvironment::default() };
        let session = SessionServers::new(ServingMeans::new(ToolSettings::default(), Some(Arc::new(http))));
        session.become_these(std::slice::from_ref(&self.spec), &self.pinned).await;
        session
    }

    /// A session that was offered what the server has.
    async fn offered(&self) -> SessionServers {
        let session = self.session().await;
        let (tools, notices) = session.offer().await;
        assert_eq!(tools.len(), 1, "{notices:?}");
        session
    }
}

fn at(url: String) -> McpSpec {
    let remote = RemoteServer { url, headers: BTreeMap::from([("X-Team".into(), "hidden-canary".into())]) };
    McpSpec { remote: Some(remote), timeout: Duration::from_secs(20), ..McpSpec::new("s", Vec::new()) }
}

async fn call(session: &SessionServers) -> (ServedReply, Vec<String>) {
    let (progress, mut hear) = mpsc::channel(8);
    let listener = CallListener { progress, questions: mpsc::channel(1).0 };
    let reply = session.call("s__say", "{}", &listener).await;
    drop(listener);
    let mut told = Vec::new();
    while let Some(line) = hear.recv().await {
        told.push(line);
    }
    (reply, told)
}

#[tokio::test]
async fn a_server_at_an_address_is_asked_in_a_session_that_is_ended() {
    let bench = Bench::new("plain");
    let session = bench.offered().await;
    let (reply, _) = call(&session).await;
    assert_eq!((reply.text.as_str(), reply.ending), ("in session-1", ServedEnding::Done));
    session.end().await;
    let heard = bench.far.heard();
    let first = &heard[0];
    assert_eq!((first.asked.as_str(), first.header("mcp-session-id")), ("POST /mcp", None));
    assert_eq!(first.header("accept"), Some("application/json, text/event-stream"));
    let last = heard.last().unwrap();
    assert_eq!((last.asked.as_str(), last.header("mcp-session-id")), ("DELETE /mcp", Some("session-1")));
    for request in &heard[1..] {
        assert_eq!(request.header("mcp-session-id"), Some("session-1"), "{request:?}");
        assert_eq!(request.header("mcp-protocol-version"), Some("2025-06-18"), "{request:?}");
        assert_eq!(request.header("x-team"), Some("hidden-canary"), "{request:?}");
    }
    assert_eq!(bench.far.count("tools/list"), 1, "a list is asked for once");
    // What was accepted is offered to the next session before anything is asked.
    let next = bench.session().await;
    assert_eq!((next.offer().await.0.len(), bench.far.heard().len()), (1, heard.len()));
}

#[tokio::test]
async fn what_comes_as_events_is_heard_and_a_list_that_changes_is_looked_at() {
    let bench = Bench::new("streams");
    let session = bench.offered().await;
    let (reply, progress) = call(&session).await;
    assert_eq!((reply.text.as_str(), reply.ending), ("in session-1", ServedEnding::Done));
    assert_eq!(progress, ["1/2\n"]);
    until("somebody who listens", || bench.far.listening() == 1).await;
    bench.far.change();
    let lists = || bench.far.count("tools/list");
    let mut reply = call(&session).await.0;
    while reply.ending == ServedEnding::Done {
        reply = call(&session).await.0;
    }
    assert!(reply.text.contains("has changed this tool"), "{reply:?}");
    assert_eq!((reply.ending, lists()), (ServedEnding::NeverRan, 2));
}

#[tokio::test]
async fn what_a_server_at_an_address_says_of_a_call_is_told_and_the_call_is_sent_once() {
    let unknown = "whether it did anything is unknown";
    for (mode, ending, told, calls) in [
        ("forgets", ServedEnding::Done, "in session-2", 2),
        ("forgets always", ServedEnding::NeverRan, "forgets each session at once", 2),
        ("fails", ServedEnding::CutShort, "it answers with status 500; it said: the disk is on fire", 1),
        ("refuses", ServedEnding::Failed, "it answers with status 400; it said: no such thing", 1),
        ("cuts", ServedEnding::CutShort, unknown, 1),
        ("chatters", ServedEnding::CutShort, "it said more than it may", 1),
    ] {
        let bench = Bench::new(mode);
        let session = bench.offered().await;
        let (reply, _) = call(&session).await;
        assert!(reply.text.contains(told) && reply.ending == ending, "{mode}: {reply:?}");
        assert_eq!(bench.far.count("tools/call"), calls, "{mode}");
        session.end().await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_reached_says_why_and_shows_no_key() {
    let gone = { McpAddress::start("plain").url() };
    for (mode, told) in [
        ("locked", "it wants to know who asks (401): name a key by key_env"),
        ("elsewhere", "it is elsewhere (307 /other?key=…), which is not followed"),
        ("gone", "onnection refused"),
    ] {
        let mut bench = Bench::new(mode);
        let remote = bench.spec.remote.as_mut().unwrap();
        remote.headers.insert("Authorization".into(), "Bearer sk-canary-2".into());
        if mode == "gone" {
            remote.url.clone_from(&gone);
        }
        let session = bench.session().await;
        let (tools, notices) = session.offer().await;
        let notices = notices.join("\n");
        assert!(tools.is_empty() && notices.contains(told), "{mode}: {notices}");
        assert!(!notices.contains("canary-2") && !notices.contains("hidden"), "{mode}: {notices}");
        assert!(!format!("{:?} {session:?}", bench.spec).contains("canary"), "{mode}");
        assert!(
            bench.far.heard().iter().all(|heard| heard.asked.ends_with("/mcp")),
            "no redirect is followed"
        );
    }
    let mut bench = Bench::new("locked");
    let remote = bench.spec.remote.as_mut().unwrap();
    remote.headers.insert("Authorization".into(), "Bearer sk-canary".into());
    assert_eq!(bench.session().await.offer().await.0.len(), 1, "with the key it is let in");
}

#[tokio::test]
async fn resources_are_listed_and_read_by_tools_of_their_own() {
    let bench = Bench::new("reads");
    let session = bench.session().await;
    let (tools, _) = session.offer().await;
    let names: Vec<&str> = tools.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["s__list_resources", "s__read_resource", "s__say"]);
    for (tool, input, told) in [
        ("s__list_resources", "{}", "far:/1  one  \n"),
        ("s__read_resource", "{\"uri\":\"far:/1\"}", "far:/1:\nwhat it says"),
        ("s__read_resource", "{}", "\"uri\" must be a text of up to 4096 bytes"),
    ] {
        let listener = CallListener { progress: mpsc::channel(1).0, questions: mpsc::channel(1).0 };
        let reply = session.call(tool, input, &listener).await;
        assert_eq!(reply.text, told, "{tool} {input}");
    }
    assert_eq!(bench.far.count("resources/read"), 1);
}

#[tokio::test]
async fn another_address_is_not_asked_before_it_is_accepted() {
    let mut bench = Bench::new("plain");
    bench.offered().await.end().await;
    let heard = bench.far.heard().len();
    let url = bench.far.url();
    for spec in [at(format!("{url}/x")), McpSpec::new("s", vec![url.clone()])] {
        bench.spec = spec;
        let (tools, notices) = bench.session().await.offer().await;
        assert!(tools.is_empty() && notices[0].contains("not the one that was accepted"), "{notices:?}");
    }
    // A project's is accepted with its headers, and by hand.
    let spec = McpSpec { origin: ServerOrigin::Project("here".into()), ..at(url.clone()) };
    assert_eq!(spec.accepted_words(), ["", &url, "X-Team: hidden-canary"]);
    bench.spec = spec;
    assert!(bench.session().await.offer().await.1[0].contains("before you accept it"));
    assert_eq!(bench.far.heard().len(), heard, "nobody was asked");
}
