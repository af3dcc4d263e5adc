//! How a host ends: in good order, or because its store failed.

use q_core::{AgentEvent, ClientId};
use q_proto::{Id, Request};

use super::{Bench, create};
use crate::events::HostEvent;
use crate::host::End;

#[test]
fn after_a_failed_commit_nothing_more_is_acknowledged_and_everyone_is_told() {
    let mut bench = Bench::with_client(true, "A");
    bench.connect(2, false, &[]);
    let session = bench.create(1, "a");
    let submitted = bench.submit(1, session, "why?");
    bench.news();
    bench.fail();
    assert!(matches!(bench.host.ended(), Some(End::StoreFailed(_))));
    bench.host.send_farewell();
    assert_eq!(bench.news(), [(1, "going, to come again"), (2, "going, to come again")]);
    assert!(bench.answer(submitted).is_none() && bench.host.world.asked.is_empty());
}

#[test]
fn a_stop_waits_for_what_is_being_written() {
    let (mut bench, session) = Bench::with_turn(true);
    bench.on_run(session, 1, AgentEvent::Text("bec".into()));
    bench.on_run(session, 1, AgentEvent::Text("ause".into()));
    bench.host.on(HostEvent::Terminate);
    assert_eq!(bench.host.world.cancelled.len(), 1);
    assert!(bench.host.ended().is_none(), "the end of the turn is not written yet");
    let late = bench.request(1, create("a"));
    bench.commit();
    assert!(matches!(bench.answer(late), Some(Err(refused)) if refused.code == "stopping"));
    assert!(matches!(bench.host.ended(), Some(End::Orderly)));
    assert_eq!(bench.farewell(), [(1, "going")]);
}

#[test]
fn a_store_that_fails_while_the_host_stops_is_a_failed_store() {
    let (mut bench, session) = Bench::with_session(true);
    bench.submit(1, session, "why?");
    let stop = bench.request(1, Request::Stop);
    assert!(matches!(bench.answer(stop), Some(Ok(_))));
    bench.fail();
    assert!(matches!(bench.host.ended(), Some(End::StoreFailed(_))));
}

#[test]
fn a_deserted_host_leaves_at_its_deadline_and_not_before() {
    let mut bench = Bench::new();
    bench.connect(1, true, &[]);
    bench.disconnect(1);
    let deadline = bench.host.next_deadline().unwrap();
    bench.host.on(HostEvent::Deadline);
    assert!(bench.host.ended().is_none(), "a wake-up that is too early does no harm");
    bench.host.world.now = std::time::Duration::from_micros(deadline.at.0);
    bench.host.on(HostEvent::Deadline);
    assert!(matches!(bench.host.ended(), Some(End::Orderly)));
}

#[test]
fn without_random_bits_nothing_is_created_and_the_client_is_told() {
    let mut bench = Bench::with_client(false, "A");
    bench.host.world.no_entropy = true;
    let created = bench.request(1, create("a"));
    assert!(matches!(bench.answer(created), Some(Err(refused)) if refused.code == "entropy"));
    assert!(bench.host.world.commits.is_empty());
    assert!(bench.host.connections.contains_key(&ClientId(1)));
}

#[test]
fn a_host_that_only_reads_refuses_what_would_be_kept_until_there_is_room() {
    let (mut bench, session) = Bench::with_session(true);
    bench.commit();
    bench.host.only_read("no space".into());
    let written = bench.host.world.commits.len();
    for refused in [bench.request(1, create("a")), bench.submit(1, session, "why?")] {
        let answer = bench.answer(refused);
        assert!(matches!(answer, Some(Err(refused)) if refused.message == "read only: no space"));
    }
    let status = bench.request(1, Request::Status);
    assert!(matches!(bench.answer(status), Some(Ok(_))));
    assert_eq!(bench.host.world.commits.len(), written);
    bench.host.on(HostEvent::Room);
    assert!(matches!(bench.host.ended(), Some(End::Restart)));
    assert_eq!(bench.farewell(), [(1, "going, to come again")]);
}

#[test]
fn what_a_client_was_told_is_missed_where_it_is_not() {
    let (bench, session) = Bench::with_turn(true);
    let nobody = Id(u128::MAX);
    for (told, missed) in [
        (vec![], vec![]),
        (vec![(session, 1)], vec![]),
        (vec![(session, 2)], vec![session]),
        (vec![(session, 0), (nobody, 1)], vec![nobody]),
    ] {
        assert_eq!(bench.host.missed(&told), missed, "{told:?}");
    }
}
