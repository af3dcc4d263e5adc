//! Whose agents answer in which session.

use q_core::{AgentEvent, AgentFailure, FailureKind};

use super::Bench;
use crate::wire::Wish;

#[test]
fn a_session_keeps_the_agent_of_the_client_that_made_it() {
    let mut bench = Bench::new();
    bench.connect(1, false, &[("a", "A of 1")]);
    bench.connect(2, false, &[("b", "B of 2")]);
    bench.connect(3, false, &[("a", "A of 3")]);
    let session = bench.create(1, "a");
    bench.disconnect(1);
    for (turn, client) in [(1, 2), (2, 3)] {
        bench.submit(client, session, "why?");
        bench.commit();
        bench.hear(session, turn, AgentEvent::Done);
        bench.commit();
    }
    assert_eq!(bench.addresses(), ["A of 1", "A of 1"]);
}

#[test]
fn after_a_restart_the_first_client_that_has_the_agent_lends_it() {
    let mut bench = Bench::new();
    bench.connect(1, false, &[("a", "A of 1")]);
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
    bench.request(3, Wish::Retry { token: 77 }.of(session));
    bench.commit();
    bench.hear(session, 2, AgentEvent::Done);
    bench.submit(4, session, "and then?");
    bench.commit();
    assert_eq!(bench.addresses(), ["A of 3", "A of 3"]);
}

#[test]
fn after_a_failed_turn_the_client_that_goes_on_lends_its_agent() {
    let mut bench = Bench::new();
    bench.connect(1, false, &[("a", "wrong key")]);
    let session = bench.create(1, "a");
    bench.submit(1, session, "why?");
    bench.commit();
    let failure = AgentFailure { kind: FailureKind::WrongKey, detail: String::new() };
    bench.hear(session, 1, AgentEvent::Failed(failure));
    bench.commit();
    bench.connect(2, false, &[("a", "right key")]);
    bench.request(2, Wish::Retry { token: 77 }.of(session));
    bench.commit();
    assert_eq!(bench.addresses(), ["wrong key", "right key"]);
}

#[test]
fn a_waiting_prompt_is_answered_by_the_agent_its_session_has() {
    let mut bench = Bench::new();
    bench.connect(1, false, &[("a", "A of 1")]);
    bench.connect(2, false, &[]);
    let session = bench.create(1, "a");
    bench.submit(1, session, "first");
    bench.submit(2, session, "second");
    bench.commit();
    bench.disconnect(1);
    bench.disconnect(2);
    bench.hear(session, 1, AgentEvent::Done);
    bench.commit();
    assert_eq!(bench.addresses(), ["A of 1", "A of 1"]);
}
