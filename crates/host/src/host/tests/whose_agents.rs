//! Whose agents answer in which session.

use q_core::{AgentEvent, AgentFailure, Command, FailureKind, SessionId, Token};
use q_proto::message::NamedAgent;
use q_proto::{HostMessage, Id, Request, Response};

use super::{Bench, http};
use crate::reach::spec;

#[test]
fn a_session_keeps_the_agent_of_the_client_that_made_it() {
    let mut bench = Bench::with_client(false, "A of 1");
    bench.connect(2, false, &[("b", "B of 2")]);
    bench.connect(3, false, &[("a", "A of 3")]);
    let session = bench.create(1, "a");
    bench.disconnect(1);
    for (turn, client) in [(1, 2), (2, 3)] {
        bench.take_turn(turn, client, session);
    }
    assert_eq!(bench.addresses(), ["A of 1", "A of 1"]);
}

#[test]
fn after_a_restart_the_first_client_that_has_the_agent_lends_it() {
    let mut bench = Bench::with_client(false, "A of 1");
    let session = bench.create(1, "a");
    let mut bench = bench.restarted();
    bench.connect(2, false, &[("b", "B of 2")]);
    bench.submit(2, session, "why?");
    bench.commit();
    let failed = bench.host.core.view().summary(session.into()).unwrap().failure;
    assert_eq!(failed.map(|failure| failure.kind), Some(FailureKind::NotConfigured));
    assert!(bench.addresses().is_empty());

    bench.connect(3, false, &[("a", "A of 3")]);
    bench.connect(4, false, &[("a", "A of 4")]);
    bench.request(3, Command::Retry { session: session.into(), token: Token(77) }.into());
    bench.commit();
    bench.on_run(session, 2, AgentEvent::Done);
    bench.submit(4, session, "and then?");
    bench.commit();
    assert_eq!(bench.addresses(), ["A of 3", "A of 3"]);
}

#[test]
fn after_a_failed_turn_the_client_that_goes_on_lends_its_agent() {
    let mut bench = Bench::with_client(false, "wrong key");
    let session = bench.create(1, "a");
    bench.submit(1, session, "why?");
    bench.commit();
    let failure = AgentFailure { kind: FailureKind::WrongKey, detail: String::new() };
    bench.on_run(session, 1, AgentEvent::Failed(failure));
    bench.commit();
    bench.connect(2, false, &[("a", "right key")]);
    bench.request(2, Command::Retry { session: session.into(), token: Token(77) }.into());
    bench.commit();
    assert_eq!(bench.addresses(), ["wrong key", "right key"]);
}

#[test]
fn a_waiting_prompt_is_answered_by_the_agent_its_session_has() {
    let mut bench = Bench::with_client(false, "A of 1");
    bench.connect(2, false, &[]);
    let session = bench.create(1, "a");
    bench.submit(1, session, "first");
    bench.submit(2, session, "second");
    bench.commit();
    bench.disconnect(1);
    bench.disconnect(2);
    bench.on_run(session, 1, AgentEvent::Done);
    bench.commit();
    assert_eq!(bench.addresses(), ["A of 1", "A of 1"]);
}

#[test]
fn a_fork_has_the_agent_of_the_client_that_made_it() {
    let mut bench = Bench::with_client(false, "A of 1");
    bench.connect(2, false, &[("a", "A of 2")]);
    let session = bench.create(1, "a");
    let fork = Command::Fork { session: session.into(), id: SessionId::UNDRAWN, at: None, name: None };
    let fork = bench.request(2, fork.into());
    bench.commit();
    let Some(Ok(Response::Created { session: fork, .. })) = bench.answer(fork) else { panic!("no fork") };
    let fork = *fork;
    let reached = |session: Id| bench.host.agents.of(session.into(), "a").cloned();
    assert_eq!(reached(fork), Some(spec(http("A of 2"))));
    assert_eq!(reached(session), Some(spec(http("A of 1"))));
}

/// What the newest list says.
fn is_wanted(bench: &mut Bench, session: Id) -> bool {
    let id = bench.request(1, Request::List);
    let Some(Ok(Response::List(lines))) = bench.answer(id) else { panic!("no list") };
    lines.iter().find(|line| line.id == session).unwrap().wants_agent
}

#[test]
fn a_sessions_line_says_when_its_agent_is_wanted() {
    let (mut bench, session) = Bench::with_session(true);
    assert!(!is_wanted(&mut bench, session), "its maker brought it");
    bench.submit(1, session, "why?");
    bench.commit();
    let failure = AgentFailure { kind: FailureKind::WrongKey, detail: String::new() };
    bench.on_run(session, 1, AgentEvent::Failed(failure));
    bench.commit();
    assert!(is_wanted(&mut bench, session), "the last turn failed");
    bench.request(1, Command::Retry { session: session.into(), token: Token(77) }.into());
    bench.commit();
    assert!(!is_wanted(&mut bench, session), "the next one runs");
    bench.on_run(session, 2, AgentEvent::Done);
    bench.commit();

    bench.request(1, Command::Close { session: session.into(), even_if_working: false }.into());
    bench.commit();
    assert!(!is_wanted(&mut bench, session), "nothing is asked in the archive");
    bench.request(1, Command::Reopen { session: session.into() }.into());
    bench.commit();
    assert!(is_wanted(&mut bench, session), "what was known is forgotten");

    let mut bench = bench.restarted();
    bench.connect(1, true, &[("a", "A")]);
    let wanted = bench.host.world.sent.iter().find_map(|(_, message)| {
        if let HostMessage::Snapshot(shot) = message { Some(shot.line.wants_agent) } else { None }
    });
    assert_eq!(wanted, Some(true), "a host begins without keys");
}

#[test]
fn what_is_brought_for_another_agent_or_too_long_is_not_taken() {
    let mut bench = Bench::new();
    bench.connect(1, false, &[]);
    let session = bench.create(1, "a");
    let mut offer = |name: &str, reach| {
        let id = bench
            .request(1, Request::SetAgent { session, agent: NamedAgent { name: name.into(), reach }.into() });
        let code = bench.answer(id).unwrap().as_ref().err().map(|refused| refused.code.clone());
        (code, is_wanted(&mut bench, session))
    };
    assert_eq!(offer("b", http("B")), (None, true));
    assert_eq!(offer("a", http(&"x".repeat(1 << 20))), (Some("agent_too_long".into()), true));
    assert_eq!(offer("a", http("A")), (None, false));
}
