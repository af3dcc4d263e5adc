//! Imports: whatever a session had comes over, and whatever comes over could have happened.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use q_core::{
    AgentFailure, Body, CallNo, CallOutput, Called, ClientId, Command, Effect, Effects, Entry, EntryNo,
    FailureKind, Fault, Import, Input, Interrupter, Item, NameOrigin, Outcome, Refusal, Reply, ReplyTo,
    RequestId, Resulted, SessionId, Setup, Stop, Usage, WallTime, Wants,
};
use q_model::system::SystemUnderTest;

use super::conversation::{entries, sound};
use super::workloads::workload;
use super::{cases, played, tight};

const ID: SessionId = SessionId(900);

proptest! {
    #![proptest_config(cases())]

    /// Every session of every workload can be imported, and has the same entries then; what was in flight has an end. A
    /// second time changes nothing at all.
    /// Broken by: a rule for imports that a session's own life does not keep; numbering results by the file.
    #[test]
    fn a_session_comes_over_as_it_was(steps in workload(80), part in 1usize..5) {
        let system = played(&steps, tight());
        let open: Vec<_> = system.disk().heads.values().filter(|head| head.presence.is_open()).cloned().collect();
        for head in open {
            let there = entries(&system, head.id);
            let (here, beside) = imported(&whole(&system, head.id), part, head.turn.is_some())?;
            let (again, _) = imported(&beside, part, false)?;
            prop_assert_eq!(&bodies(&beside)[..there.len()], bodies(&whole(&system, head.id)));
            prop_assert_eq!(bodies(&again), bodies(&here));
            sound(&here)?;
            let ends = bodies(&here).split_off(there.len());
            prop_assert_eq!(&bodies(&here)[..there.len()], bodies(&there));
            let cut = |(_, body): &(WallTime, Body)| {
                matches!(body, Body::Stop(Stop::Interrupted(Interrupter::Crash)) | Body::Result(Resulted { outcome: Outcome::CutShort, .. }))
            };
            prop_assert!(ends.iter().all(cut), "{:?}", ends);
            prop_assert!(ends.is_empty() || head.turn.is_some() || head.fork.is_some(), "{:?}", ends);
        }
    }

    /// Whatever a file says: it is refused and nothing of the part is taken, or what was taken makes a conversation in which
    /// every call has its result.
    /// Broken by: taking a result for no call; leaving calls open; taking half a part.
    #[test]
    fn what_comes_in_could_have_happened(hostile in vec(entry(), 0..30).prop_map(numbered), part in 1usize..5, running: bool) {
        let mut system = SystemUnderTest::new(tight());
        prop_assert!(granted(&command(&mut system, begin(running))).is_ok());
        for part in hostile.chunks(part) {
            let before = system.disk().heads[&ID].seq;
            let items = part.iter().cloned().map(Item::Entry).collect();
            let effects = command(&mut system, Command::ImportPart { session: ID, items });
            if granted(&effects).is_err() {
                prop_assert_eq!(system.disk().heads[&ID].seq, before);
            }
        }
        let ended = granted(&command(&mut system, Command::EndImport { session: ID }));
        prop_assert_eq!(ended, Ok(Reply::Done));
        let all = entries(&system, ID);
        sound(&all)?;
        let calls: Vec<_> = all.iter().filter(|entry| matches!(entry.body, Body::Call(_))).map(|call| call.no).collect();
        for call in calls {
            let results = all.iter().filter(|entry| matches!(&entry.body, Body::Result(result) if result.of == call));
            prop_assert_eq!(results.count(), 1, "results of {}", call);
        }
        prop_assert!(system.disk().heads[&ID].turn.is_none());
    }
}

/// A session's entries, each result with all that is kept of it.
fn whole(system: &SystemUnderTest, id: SessionId) -> Vec<Entry> {
    let mut entries = entries(system, id);
    for entry in &mut entries {
        if let Body::Result(result) = &mut entry.body {
            result.text += system.disk().beside(id, entry.no);
        }
    }
    entries
}

/// The entries of a session that was imported with these; and the same with all that is kept of results.
fn imported(there: &[Entry], part: usize, running: bool) -> Result<(Vec<Entry>, Vec<Entry>), TestCaseError> {
    let mut system = SystemUnderTest::new(tight());
    prop_assert!(granted(&command(&mut system, begin(running))).is_ok());
    for part in there.chunks(part) {
        let items = part.iter().cloned().map(Item::Entry).collect();
        let effects = command(&mut system, Command::ImportPart { session: ID, items });
        prop_assert_eq!(granted(&effects), Ok(Reply::Done));
    }
    let ended = granted(&command(&mut system, Command::EndImport { session: ID }));
    prop_assert_eq!(ended, Ok(Reply::Done));
    Ok((entries(&system, ID), whole(&system, ID)))
}

/// What entries tell, wherever they are: results and outputs by the place of their call.
fn bodies(entries: &[Entry]) -> Vec<(WallTime, Body)> {
    let place = |no| EntryNo(entries.iter().position(|entry| entry.no == no).unwrap_or(usize::MAX) as u64);
    let told = entries.iter().cloned().map(|mut entry| {
        if let Body::Result(Resulted { of, .. }) | Body::Output(CallOutput { of, .. }) = &mut entry.body {
            *of = place(*of);
        }
        (entry.at, entry.body)
    });
    told.collect()
}

fn begin(running: bool) -> Command {
    Command::Import(Box::new(Import {
        id: ID,
        typed: None,
        name: "a".into(),
        origin: NameOrigin::Chosen,
        setup: Setup::default(),
        tags: Vec::new(),
        pinned: false,
        created: WallTime(0),
        touched: WallTime(0),
        usage: Usage::default(),
        running,
    }))
}

fn command(system: &mut SystemUnderTest, command: Command) -> Effects {
    let to = ReplyTo { client: ClientId(1), request: RequestId(0) };
    system.handle(Input::Wish { to, command })
}

fn granted(effects: &Effects) -> Result<Reply, Refusal> {
    let mut replies = effects.after.iter().filter_map(|effect| match effect {
        Effect::Reply { answer, .. } => Some(answer.clone()),
        _ => None,
    });
    replies.next_back().unwrap()
}

/// Numbers that mostly climb, as in a file.
fn numbered(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut last = 0;
    for entry in &mut entries {
        last += u64::from(entry.no.0 > 0);
        entry.no = EntryNo(last);
    }
    entries
}

fn entry() -> impl Strategy<Value = Entry> {
    let text = || select(["", " ", "a", "two", "much more than that is far too long to keep"].to_vec());
    let outcome = select(Outcome::ALL.to_vec());
    let body = prop_oneof![
        3 => text().prop_map(|text| Body::Prompt(text.into())),
        3 => text().prop_map(|text| Body::Answer(text.into())),
        1 => text().prop_map(|text| Body::Thinking(text.into())),
        4 => text().prop_map(|input| {
            Body::Call(Called { no: CallNo(1), tool: "ls".into(), input: input.into(), wants: Wants::Consent })
        }),
        3 => (0..12u64, outcome, text(), 0..9u64, 0..9u64).prop_map(|(of, outcome, text, kept, whole)| {
            Body::Result(Resulted { of: EntryNo(of), outcome, text: text.into(), kept, whole })
        }),
        1 => Just(Body::Stop(Stop::Interrupted(Interrupter::User))),
        1 => Just(Body::Stop(Stop::Failed(AgentFailure { kind: FailureKind::Cut, detail: String::new() }))),
        1 => Just(Body::Repair(Fault::LogCut { lost: None })),
    ];
    (0..16u64, 0..9u64, body).prop_map(|(no, at, body)| Entry { no: EntryNo(no), at: WallTime(at), body })
}
