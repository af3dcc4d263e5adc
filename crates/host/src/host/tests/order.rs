//! What waits for a commit, and what does not.

use q_core::{AgentEvent, ClientId, Command, Presence, TurnNo};
use q_proto::message::Hello;
use q_proto::{ClientMessage, Request, Response};

use super::{Bench, Id, count, create};
use crate::events::{Allowance, HostEvent, ReversalReport};

#[test]
fn acknowledgements_and_asks_wait_for_their_commit() {
    let mut bench = Bench::with_client(true, "A");
    bench.news();
    let created = bench.request(1, create("a"));
    assert!(bench.news().is_empty(), "nothing is seen before it is durable");
    bench.commit();
    assert!(matches!(bench.answer(created), Some(Ok(Response::Created { .. }))));

    let submitted = bench.submit(1, Id(1), "why?");
    assert!(bench.answer(submitted).is_none() && bench.host.world.asked.is_empty());
    bench.commit();
    assert!(matches!(bench.answer(submitted), Some(Ok(Response::Accepted(1)))));
    assert_eq!(bench.addresses(), ["A"]);
}

#[test]
fn whoever_has_files_put_back_is_answered_once_that_is_done_and_written() {
    let (mut bench, session) = Bench::with_turn(false);
    bench.on_run(session, 1, AgentEvent::Done);
    let wish = Command::Reverse { session: session.into(), redo: false, turn: TurnNo(1) };
    let asked = bench.request(1, wish.into());
    assert!(bench.host.world.reversed.is_empty(), "nothing is done before what was decided is durable");
    bench.commit();
    assert_eq!(bench.host.world.reversed, [(session.into(), false, TurnNo(1), "/".to_owned())]);
    let outcome = Ok(vec!["a.rs".to_owned()]);
    bench.host.on(HostEvent::Reversed(ReversalReport { session: session.into(), redo: false, outcome }));
    assert!(bench.answer(asked).is_none());
    bench.commit();
    assert!(matches!(bench.answer(asked), Some(Ok(Response::Done))));
}

#[test]
fn streamed_text_waits_for_no_commit_of_another_session() {
    let mut bench = Bench::with_client(true, "A");
    let (one, two) = (bench.create(1, "a"), bench.create(1, "a"));
    bench.submit(1, one, "why?");
    bench.commit();
    bench.on_run(one, 1, AgentEvent::Text("because".into()));
    bench.news();
    let waiting = bench.submit(1, two, "and you?");
    bench.on_run(one, 1, AgentEvent::Text(" it is so".into()));
    assert_eq!(bench.news(), [(1, "update")], "the text goes out while the other's prompt is being written");
    assert!(bench.answer(waiting).is_none());
}

#[test]
fn what_one_group_makes_durable_is_released_in_order() {
    let (mut bench, session) = Bench::with_session(false);
    let submitted: Vec<u64> = (0..5).map(|n| bench.submit(1, session, &format!("prompt {n}"))).collect();
    let before = bench.host.world.sent.len();
    bench.commit_some(3);
    assert!(submitted[..3].iter().all(|&id| bench.answer(id).is_some()));
    assert!(submitted[3..].iter().all(|&id| bench.answer(id).is_none()));
    bench.commit();
    let order: Vec<String> = bench.host.world.sent[before..].iter().map(|(_, m)| format!("{m:?}")).collect();
    assert_eq!(order.len(), 5);
    for (place, (message, id)) in order.iter().zip(&submitted).enumerate() {
        assert!(message.contains(&format!("id: {id},")), "{place}: {message}");
    }
}

#[test]
fn a_turn_that_is_cancelled_while_it_is_being_written_is_never_asked() {
    let mut bench = Bench::with_client(false, "A");
    let (one, two) = (bench.create(1, "a"), bench.create(1, "a"));
    bench.submit(1, one, "why?");
    let other = bench.submit(1, two, "and you?");
    let interrupted = bench.request(1, Command::Interrupt { session: one.into() }.into());
    bench.commit();
    assert!(matches!(bench.answer(interrupted), Some(Ok(Response::Done))));
    assert!(matches!(bench.answer(other), Some(Ok(Response::Accepted(1)))));
    let asked: Vec<_> = bench.host.world.asked.iter().map(|request| request.seat.session).collect();
    assert_eq!(asked, [two.into()], "the other session's turn is asked all the same");
}

/// A page is read from the store, where what the asker has seen already must be.
#[test]
fn a_page_waits_for_what_is_being_written() {
    let (mut bench, session) = Bench::with_session(false);
    let at_once = bench.request(1, Request::Page { session, before: None, bytes: 1 });
    assert_eq!(bench.host.world.pages, [(ClientId(1), at_once)]);
    bench.submit(1, session, "why?");
    let later = bench.request(1, Request::Page { session, before: None, bytes: 1 });
    assert_eq!(bench.host.world.pages.len(), 1);
    bench.commit();
    assert_eq!(bench.host.world.pages, [(ClientId(1), at_once), (ClientId(1), later)]);
}

#[test]
fn who_lagged_gets_every_snapshot_again_and_nobody_else_does() {
    let mut bench = Bench::with_client(true, "A");
    bench.connect(2, true, &[]);
    bench.connect(3, false, &[]);
    bench.create(1, "a");
    bench.create(1, "a");
    bench.news();
    bench.host.on(HostEvent::Lagged { client: ClientId(2) });
    assert_eq!(bench.news(), [(2, "snapshot"), (2, "snapshot"), (2, "ready")]);
    bench.host.on(HostEvent::Lagged { client: ClientId(3) });
    assert!(bench.news().is_empty(), "it keeps no mirror");
}

/// Long ones, so that few go out together.
#[test]
fn snapshots_wait_for_who_reads_them_and_updates_for_their_snapshots() {
    let mut bench = Bench::with_client(true, "A");
    let sessions: Vec<Id> = (0..4).map(|_| bench.create(1, "a")).collect();
    for &session in &sessions {
        bench.submit(1, session, &"x".repeat(100 << 10));
        bench.commit();
    }
    bench.news();
    bench.connect(2, true, &[]);
    let some = [(2, "welcome"), (2, "snapshot"), (2, "snapshot")];
    assert_eq!(bench.news(), some, "more than this is not in its way");
    assert_eq!(bench.host.world.awaited, [ClientId(2)]);
    // Of what it knows it hears; of what it does not know yet, that it is gone.
    for (session, is_known) in [(sessions[0], true), (sessions[2], false)] {
        bench.on_run(session, 1, AgentEvent::Text("because".into()));
        bench.commit();
        let heard = count(&bench.news());
        assert!(heard.contains_key(&(1, "update")), "{heard:?}");
        assert_eq!(heard.contains_key(&(2, "update")), is_known, "{heard:?}");
    }
    bench.request(1, Command::Close { session: sessions[3].into(), even_if_working: true }.into());
    bench.commit();
    bench.news();
    bench.host.on(HostEvent::Drained { client: ClientId(2) });
    assert_eq!(bench.news(), [(2, "snapshot"), (2, "ready")], "the one that is closed is not shown");
    bench.on_run(sessions[2], 1, AgentEvent::Text(" it is so".into()));
    assert!(bench.news().contains(&(2, "update")));
}

#[test]
fn what_comes_late_or_from_nobody_changes_nothing() {
    let (mut bench, session) = Bench::with_turn(true);
    bench.request(1, Command::Interrupt { session: session.into() }.into());
    bench.commit();
    bench.news();
    let written = bench.host.world.commits.len();
    bench.on_run(session, 1, AgentEvent::Text("too late".into()));
    bench.on_run(session, 7, AgentEvent::Done);
    bench.on_run(Id(99), 1, AgentEvent::Done);
    bench.request(99, Request::Status);
    bench.submit(99, session, "from nobody");
    bench.disconnect(99);
    bench.host.on(HostEvent::Lagged { client: ClientId(99) });
    bench.host.on(HostEvent::Deadline);
    let message = ClientMessage::Hello(Hello::new(false));
    bench.host.on(HostEvent::Message { client: ClientId(1), message, allowance: Allowance::default() });
    bench.host.on(HostEvent::Drained { client: ClientId(99) });
    assert!(bench.news().is_empty());
    assert_eq!(bench.host.world.commits.len(), written);
}

#[test]
fn who_is_gone_is_told_nothing_and_its_prompt_is_kept() {
    let mut bench = Bench::with_client(true, "A");
    bench.connect(2, true, &[]);
    let session = bench.create(1, "a");
    bench.news();
    let submitted = bench.submit(1, session, "why?");
    bench.disconnect(1);
    bench.commit();
    assert!(bench.answer(submitted).is_none());
    let told = count(&bench.news());
    assert!(told.keys().all(|(client, _)| *client == 2), "{told:?}");
    assert_eq!(bench.addresses(), ["A"], "its agent answers although it left");
}

/// More of them than updates may wait for one client: it comes in all the same, once.
#[test]
fn sleeping_sessions_are_no_updates_that_a_slow_client_may_miss() {
    let mut bench = Bench::new();
    bench.connect(1, false, &[]);
    let session = bench.create(1, "a");
    bench.host.world.now += bench.host.core.limits().hibernate_after;
    bench.host.on(HostEvent::Deadline);
    bench.commit();
    assert_eq!(
        bench.host.core.view().summary(session.into()).map(|line| line.presence),
        Some(Presence::Hibernated)
    );
    bench.news();
    bench.connect(2, true, &[]);
    assert_eq!(bench.news(), [(2, "welcome"), (2, "snapshot"), (2, "ready")]);
}

#[test]
fn a_list_goes_on_behind_any_session_also_behind_one_that_is_gone() {
    let mut bench = Bench::with_client(false, "A");
    let all = [bench.create(1, "a"), bench.create(1, "a"), bench.create(1, "a")];
    let [_, second, third] = all;
    let erased = bench.request(1, Command::Erase { session: second.into(), even_if_working: true }.into());
    bench.commit();
    assert!(matches!(bench.answer(erased), Some(Ok(_))));
    for (request, expected) in [
        (Request::List, vec![all[0], third]),
        (Request::ListAfter { session: all[0] }, vec![third]),
        (Request::ListAfter { session: second }, vec![third]),
        (Request::ListAfter { session: third }, vec![]),
    ] {
        let list = bench.request(1, request);
        let Some(Ok(Response::List(lines))) = bench.answer(list) else { panic!("it is answered") };
        assert_eq!(lines.iter().map(|line| line.id).collect::<Vec<_>>(), expected);
    }
}
