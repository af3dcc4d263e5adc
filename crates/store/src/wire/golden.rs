//! Golden bytes of every record and of a head: what is on people's disks cannot change unnoticed.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod beside_answers;
mod images;
mod marks;
mod reversals;
mod rules;
mod settings;
mod shell_lines;

use std::fmt::Write as _;

use q_core::{
    AgentFailure, Answer, Body, Call, CallNo, CallOutput, Called, Compaction, Digest, Ending, EntryNo,
    Environment, FailureKind, Fault, Fork, Head, InFlight, Interrupter, Kind, Mark, NameOrigin, OpenCall,
    Outcome, PlanStep, Policy, Presence, PromptNo, Record, Resulted, ResumeHandle, RuleEffect, Seal, Sent,
    Seq, SessionId, Setup, Spending, Stamped, StepState, Stop, Token, ToolRule, TurnNo, Usage, Voice,
    WaitingPrompt, WallTime, Wants, Why, WindowUse,
};

use beside_answers::{project_records, seal_records, source_records, torn_records};
use marks::{acknowledged_head, mark_records};
use reversals::reversed_records;
use rules::{rule_records, rules_head};
use settings::{budget_head, budget_records, mode_records, settings_head, settings_records, shaped_records};
use shell_lines::{shell_line_head, shell_line_records};

use super::{decode_head, decode_record, encode_head, encode_record};
use crate::error::StoreError;
use crate::{blob, envelope, key};

const SESSION: SessionId = SessionId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
const USAGE: Usage = Usage { input: 1200, output: 34, cached: 0, cache_written: 0, reasoning: 0, guessed: 0 };

const FORK: Fork = Fork { parent: SessionId(5), through: Seq(600), last: EntryNo(590), entries: None };
const SENT: Sent = Sent { entries: 267, left_out: 4733 };

fn setup(kind: Kind, model: &str) -> Setup {
    Setup {
        kind,
        agent: "openai".into(),
        model: model.into(),
        directory: "/src/api".into(),
        ..Setup::default()
    }
}

fn call() -> Call {
    let digest = Digest::numbered(u64::MAX);
    Call { no: CallNo(2), tool: "sh".into(), input: "ls".into(), digest, wants: Wants::Consent }
}

fn answered(answer: Answer) -> Record {
    Record::Answered { turn: TurnNo(1), call: CallNo(2), answer }
}

fn records() -> Vec<(&'static str, Record)> {
    let ended =
        |ending| Record::Ended { turn: TurnNo(1), ending, usage: USAGE, reason: String::new(), window: None };
    let failed = AgentFailure { kind: FailureKind::RateLimited, detail: "429".into() };
    vec![
        (
            "created",
            Record::Created {
                name: "fix-login".parse().unwrap(),
                origin: NameOrigin::Chosen,
                slot: 3,
                setup: setup(Kind::Debug, "gpt"),
                fork: None,
            },
        ),
        ("renamed", Record::Renamed { name: "Пример".parse().unwrap(), origin: NameOrigin::Automatic }),
        ("closed", Record::Closed),
        (
            "queued",
            Record::Queued {
                prompt: PromptNo(1),
                token: Token(u128::MAX - 1),
                text: "why?".into(),
                images: Vec::new(),
                runs: false,
            },
        ),
        ("unqueued", Record::Unqueued { prompt: PromptNo(1) }),
        ("began", Record::Began { turn: TurnNo(1), prompt: PromptNo(1), queued: Seq(300), runs: false }),
        (
            "said",
            Record::Said {
                turn: TurnNo(1),
                entry: EntryNo(70_000),
                voice: Voice::Answer,
                text: "because".into(),
            },
        ),
        ("ended: done", ended(Ending::Done)),
        ("ended: interrupted by the user", ended(Ending::Interrupted(Interrupter::User))),
        ("ended: interrupted by a stop", ended(Ending::Interrupted(Interrupter::Stop))),
        ("ended: interrupted by a crash", ended(Ending::Interrupted(Interrupter::Crash))),
        ("ended: failed", ended(Ending::Failed(failed))),
        ("seen", Record::Seen { through: Mark { entry: EntryNo(5), bytes: 1 << 40 } }),
        ("drafted", Record::Drafted { text: "half a tho".into() }),
    ]
}

/// Records that came with the whole session model.
fn later_records() -> Vec<(&'static str, Record)> {
    vec![
        (
            "created: a fork with everything",
            Record::Created {
                name: "fork".parse().unwrap(),
                origin: NameOrigin::Automatic,
                slot: 4,
                setup: Setup {
                    kind: Kind::Custom("docs".parse().unwrap()),
                    system_prompt: "write docs".into(),
                    environment: Environment(77),
                    policy: Policy::Deny,
                    ..setup(Kind::Debug, "gpt")
                },
                fork: Some(FORK),
            },
        ),
        ("reopened", Record::Reopened { slot: 5 }),
        ("hibernated: room", Record::Hibernated { why: Why::Room }),
        ("hibernated: unused", Record::Hibernated { why: Why::Unused }),
        ("hibernated: memory", Record::Hibernated { why: Why::Memory }),
        ("woken", Record::Woken),
        ("trashed", Record::Trashed),
        ("restored", Record::Restored),
        ("erased", Record::Erased),
        ("tagged", Record::Tagged { tags: vec!["a".parse().unwrap(), "b".parse().unwrap()] }),
        ("pinned", Record::Pinned { pinned: true }),
        ("policy", Record::PolicySet { policy: Policy::Deny }),
        (
            "edited",
            Record::Edited { prompt: PromptNo(2), text: "anew".into(), images: Vec::new(), runs: false },
        ),
        ("moved", Record::Moved { prompt: PromptNo(2), place: 3 }),
        (
            "steered",
            Record::Steered { turn: TurnNo(1), prompt: PromptNo(3), token: Token(4), text: "faster".into() },
        ),
        (
            "thought",
            Record::Said { turn: TurnNo(1), entry: EntryNo(9), voice: Voice::Thinking, text: "hm".into() },
        ),
        ("called", Record::Called { turn: TurnNo(1), call: call(), waits: true }),
        ("answered: once", answered(Answer::Once)),
        ("answered: always", answered(Answer::Always)),
        ("answered: deny", answered(Answer::Deny)),
        ("answered: words", answered(Answer::Words("rather not".into()))),
        (
            "resulted",
            Record::Resulted {
                turn: TurnNo(1),
                call: CallNo(2),
                of: EntryNo(30),
                outcome: Outcome::CutShort,
                text: "half".into(),
                kept: 4,
                whole: 400_000,
            },
        ),
        ("retried", Record::Retried { prompt: PromptNo(2), token: Token(5) }),
        ("unread", Record::MarkedUnread),
        ("repaired: prompt", Record::Repaired { fault: Fault::PromptLost(PromptNo(4)) }),
        ("repaired: log", Record::Repaired { fault: Fault::LogCut { lost: Some(3) } }),
    ]
}

/// Records that came with imports, in their own dump: the others keep their places.
fn imported_records() -> Vec<(&'static str, Record)> {
    let imported = |body| Record::Imported { at: WallTime(1_600_000_000_000), body };
    let failed = AgentFailure { kind: FailureKind::Cut, detail: "EOF".into() };
    let Call { no, tool, input, wants, .. } = call();
    let result =
        Resulted { of: EntryNo(4), outcome: Outcome::Done, text: "a b".into(), kept: 3, whole: 70_000 };
    vec![
        ("imported: prompt", imported(Body::Prompt("why?".into()))),
        ("imported: answer", imported(Body::Answer("because".into()))),
        ("imported: thinking", imported(Body::Thinking("hm".into()))),
        ("imported: call", imported(Body::Call(Called { no, tool, input, wants }))),
        ("imported: result", imported(Body::Result(result))),
        ("imported: interrupted", imported(Body::Stop(Stop::Interrupted(Interrupter::Stop)))),
        ("imported: failed", imported(Body::Stop(Stop::Failed(failed)))),
        ("imported: prompt lost", imported(Body::Repair(Fault::PromptLost(PromptNo(4))))),
        ("imported: log cut", imported(Body::Repair(Fault::LogCut { lost: None }))),
        (
            "import ended",
            Record::ImportEnded {
                created: WallTime(1_600_000_000_000),
                touched: WallTime(1_600_000_000_001),
                usage: USAGE,
            },
        ),
    ]
}

fn head() -> Head {
    let (name, setup) = ("fix-login".parse().unwrap(), setup(Kind::Review, ""));
    let created = Record::Created { name, origin: NameOrigin::Placeholder, slot: 2, setup, fork: None };
    Head {
        turn: Some(InFlight { entries: 0, answer: Some(EntryNo(9)), ..InFlight::new(TurnNo(4)) }),
        last: Some(Ending::Interrupted(Interrupter::Crash)),
        last_prompt: Some(WaitingPrompt { prompt: PromptNo(6), queued: Seq(7) }),
        queue: vec![WaitingPrompt { prompt: PromptNo(8), queued: Seq(10) }],
        taken: vec![(Token(11), PromptNo(6)), (Token(u128::MAX), PromptNo(8))],
        turns: TurnNo(4),
        prompts: PromptNo(8),
        entries: 12,
        end: Mark { entry: EntryNo(9), bytes: 13 },
        seen: Mark { entry: EntryNo(9), bytes: 14 },
        unread: 15,
        draft: Seq(16),
        usage: USAGE,
        spending: Spending { in_all: USAGE.total(), day: 0, on_day: 0 },
        bytes: 0,
        preview: "because".into(),
        created: WallTime(1_700_000_000_000),
        touched: WallTime(1_700_000_000_001),
        seq: Seq(17),
        ..Head::created(&stamped(1, created)).unwrap()
    }
}

fn stamped(seq: u64, record: Record) -> Stamped {
    Stamped { session: SESSION, seq: Seq(seq), at: WallTime(1_700_000_000_000), record }
}

/// Sixteen bytes a line, as numbers and as text.
fn dump(title: &str, bytes: &[u8]) -> String {
    let mut out = format!("{title}\n");
    for line in bytes.chunks(16) {
        let numbers: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = line
            .iter()
            .map(|&byte| if (0x20..0x7f).contains(&byte) { char::from(byte) } else { '.' })
            .collect();
        writeln!(out, "  {:<47}  {text}", numbers.join(" ")).unwrap();
    }
    out
}

/// Results of which more is kept than their records hold, in their own dump too.
fn large_results() -> Vec<(&'static str, Record)> {
    let (of, outcome, text) = (EntryNo(30), Outcome::Done, String::from("half"));
    let body = Resulted { of, outcome, text: text.clone(), kept: 7, whole: 400_000 };
    let (turn, call) = (TurnNo(1), CallNo(2));
    vec![
        ("resulted", Record::Resulted { turn, call, of, outcome, text, kept: 7, whole: 400_000 }),
        ("imported: result", Record::Imported { at: WallTime(1_600_000_000_000), body: Body::Result(body) }),
    ]
}

/// What came with the figures of what is sent, in its own dump.
fn sent_records() -> Vec<(&'static str, Record)> {
    let (turn, sent) = (TurnNo(3), SENT);
    vec![
        ("sent: said", Record::Sent { turn, sent, is_said: true }),
        ("sent", Record::Sent { turn, sent, is_said: false }),
        (
            "imported: left out",
            Record::Imported { at: WallTime(1_600_000_000_000), body: Body::LeftOut(SENT) },
        ),
        (
            "created: a fork of known size",
            Record::Created {
                name: "fork".parse().unwrap(),
                origin: NameOrigin::Automatic,
                slot: 4,
                setup: setup(Kind::Debug, "gpt"),
                fork: Some(Fork { entries: Some(12), ..FORK }),
            },
        ),
    ]
}

/// What came with the agents' contract, in its own dump.
fn seat_records() -> Vec<(&'static str, Record)> {
    let (turn, of) = (TurnNo(3), EntryNo(30));
    let step = |text: &str, state| PlanStep { text: text.into(), state };
    let steps =
        vec![step("read", StepState::Done), step("fix", StepState::Active), step("test", StepState::Open)];
    let imported = |body| Record::Imported { at: WallTime(1_600_000_000_000), body };
    let voice = Voice::Output { of };
    vec![
        ("put out", Record::Said { turn, entry: EntryNo(31), voice, text: "1 of 2".into() }),
        ("planned", Record::Planned { turn, steps: steps.clone() }),
        ("answering", Record::Answering { turn, model: "m-2026".into() }),
        ("resumable", Record::Resumable { turn, handle: ResumeHandle("sess-1".into()) }),
        (
            "ended: done, with a reason",
            Record::Ended { turn, ending: Ending::Done, usage: USAGE, reason: "stop".into(), window: None },
        ),
        (
            "ended: with what was cached, thought and guessed",
            Record::Ended {
                turn,
                ending: Ending::Done,
                usage: Usage { cached: 1000, cache_written: 100, reasoning: 20, guessed: 7, ..USAGE },
                reason: String::new(),
                window: None,
            },
        ),
        ("imported: output", imported(Body::Output(CallOutput { of, text: "1 of 2".into() }))),
        ("imported: plan", imported(Body::Plan(steps))),
        (
            "sealed",
            Record::Sealed { turn, seal: Seal { by: "anthropic m".into(), content: "{\"a\":1}".into() } },
        ),
    ]
}

/// What came with answers that are gone on with, in its own dump.
fn continued_records() -> Vec<(&'static str, Record)> {
    vec![
        ("continued", Record::Continued { turn: TurnNo(4), prompt: PromptNo(2), token: Token(5) }),
        ("imported: continued", Record::Imported { at: WallTime(1_600_000_000_000), body: Body::Continued }),
    ]
}

/// As [`later_head`], with what came with that.
fn seat_head() -> Head {
    let turn = InFlight {
        answer: Some(EntryNo(31)),
        voice: Voice::Output { of: EntryNo(30) },
        output: 96,
        ..InFlight::new(TurnNo(4))
    };
    Head {
        turn: Some(turn),
        reason: "tool_use".into(),
        answering: "m-2026".into(),
        resume: Some(ResumeHandle("sess-1".into())),
        ..later_head()
    }
}

/// All of them sealed, one after the other.
fn dump_log(records: impl IntoIterator<Item = (&'static str, Record)>) -> String {
    let mut prev = 0;
    let mut dumps = String::new();
    for (seq, (title, record)) in (1..).zip(records) {
        let stamped = stamped(seq, record);
        let (value, check) =
            envelope::seal(SESSION, stamped.seq, prev, |out| encode_record(&stamped, out)).unwrap();
        prev = check;
        dumps += &dump(title, &value);
    }
    dumps
}

#[test]
fn large_results_on_disk_stay_as_they_are() {
    let pieces = blob::rows(SESSION, Seq(1), 99, 4, "way");
    let pieces: String = pieces.map(|(_, value)| dump("a piece", &value)).collect();
    insta::assert_snapshot!(dump_log(large_results()) + &pieces);
}

fn dump_head(head: &Head) -> String {
    let (value, _) = envelope::seal(SESSION, key::HEAD_SEQ, 99, |out| encode_head(head, out)).unwrap();
    dump("head", &value)
}

/// As [`head`], with all that a head may have.
fn full_head() -> Head {
    let open = OpenCall {
        no: CallNo(2),
        entry: EntryNo(30),
        tool: "sh".into(),
        digest: call().digest,
        wants: Wants::Words,
        waits: true,
    };
    Head {
        setup: Setup {
            system_prompt: "write docs".into(),
            environment: Environment(77),
            policy: Policy::Deny,
            ..setup(Kind::Custom("docs".parse().unwrap()), "gpt")
        },
        fork: Some(FORK),
        tags: vec!["a".parse().unwrap()],
        pinned: true,
        rules: vec![ToolRule::any(RuleEffect::Allow, "cargo".into())],
        presence: Presence::Trashed,
        trashed: Some(WallTime(1_700_000_000_009)),
        turn: Some(InFlight {
            voice: Voice::Thinking,
            said: 300,
            entries: 4,
            last_call: CallNo(2),
            unasked: 1,
            calls: vec![open],
            ..InFlight::new(TurnNo(4))
        }),
        bytes: 70_000,
        ..head()
    }
}

/// As [`full_head`], with what came later.
fn later_head() -> Head {
    let fork = Some(Fork { entries: Some(12), ..FORK });
    Head { failures: 3, sent: Some(SENT), fork, ..full_head() }
}

/// What came with summaries, in its own dump.
fn compactions() -> Vec<(&'static str, Record)> {
    let turn = TurnNo(4);
    let compacted = |compaction| Record::Compacted { turn, compaction, usage: USAGE };
    let stopped = |stop| compacted(Compaction::Stopped(stop));
    let summary = |left_out| Compaction::Summary { text: "so far".into(), of: 9000, left_out };
    let failure = AgentFailure { kind: FailureKind::NotShorter, detail: "9 bytes for 8".into() };
    let ended = |window| Record::Ended {
        turn,
        ending: Ending::Done,
        usage: USAGE,
        reason: String::new(),
        window: Some(window),
    };
    let imported = |body| Record::Imported { at: WallTime(1_600_000_000_000), body };
    vec![
        ("compacting", Record::Compacting { turn }),
        ("compacted: a summary", compacted(summary(0))),
        ("compacted: a summary of the newest", compacted(summary(17))),
        ("compacted: interrupted", stopped(Stop::Interrupted(Interrupter::Crash))),
        ("compacted: failed", stopped(Stop::Failed(failure))),
        ("compacted: undone", compacted(Compaction::Undone)),
        ("imported: a summary", imported(Body::Compaction(summary(0)))),
        ("ended: counted", ended(WindowUse { tokens: 1234, is_counted: true, of: 128_000, bytes: 0 })),
        ("ended: guessed", ended(WindowUse { tokens: 99, is_counted: false, of: 0, bytes: 0 })),
    ]
}

fn compacting_head() -> Head {
    Head {
        turn: Some(InFlight { compacts: true, entries: 0, ..InFlight::new(TurnNo(4)) }),
        window: Some(WindowUse { tokens: 1234, is_counted: true, of: 128_000, bytes: 0 }),
        summaries: 2,
        ..seat_head()
    }
}

/// As [`compacting_head`], with what is needed to undo its summaries.
fn replaced_head() -> Head {
    Head { replaced: vec![(9000, 400), (70_000, 1200)], ..compacting_head() }
}

/// Records under the name of the dump of how they are on disk. Each is a dump of its own, so that what is added later changes no older one.
fn dumped_records() -> Vec<(&'static str, Vec<(&'static str, Record)>)> {
    vec![
        ("records_on_disk_stay_as_they_are", [records(), later_records()].concat()),
        ("imported_records_on_disk_stay_as_they_are", imported_records()),
        ("records_of_what_is_sent_on_disk_stay_as_they_are", sent_records()),
        ("records_of_the_agents_contract_on_disk_stay_as_they_are", seat_records()),
        ("records_of_what_is_gone_on_with_on_disk_stay_as_they_are", continued_records()),
        ("records_of_sources_on_disk_stay_as_they_are", source_records()),
        ("records_of_seals_on_disk_stay_as_they_are", seal_records()),
        ("records_of_project_files_on_disk_stay_as_they_are", project_records()),
        ("records_of_torn_answers_on_disk_stay_as_they_are", torn_records()),
        ("compactions_on_disk_stay_as_they_are", compactions()),
        ("records_of_settings_on_disk_stay_as_they_are", settings_records()),
        ("records_of_budgets_on_disk_stay_as_they_are", budget_records()),
        ("records_of_modes_on_disk_stay_as_they_are", mode_records()),
        ("records_of_shaped_requests_on_disk_stay_as_they_are", shaped_records()),
        ("records_of_reversals_on_disk_stay_as_they_are", reversed_records()),
        ("records_of_shell_lines_on_disk_stay_as_they_are", shell_line_records()),
        ("records_of_rules_on_disk_stay_as_they_are", rule_records()),
        ("records_of_marks_on_disk_stay_as_they_are", mark_records()),
    ]
}

/// As [`dumped_records`], of heads.
fn dumped_heads() -> Vec<(&'static str, Head)> {
    vec![
        ("a_head_of_what_was_sent_on_disk_stays_as_it_is", later_head()),
        ("a_head_on_disk_stays_as_it_is", head()),
        ("a_full_head_on_disk_stays_as_it_is", full_head()),
        ("a_head_of_the_agents_contract_on_disk_stays_as_it_is", seat_head()),
        ("a_head_that_is_compacted_on_disk_stays_as_it_is", compacting_head()),
        ("a_head_whose_summaries_can_be_undone_on_disk_stays_as_it_is", replaced_head()),
        ("a_head_with_settings_on_disk_stays_as_it_is", settings_head()),
        ("a_head_with_a_budget_on_disk_stays_as_it_is", budget_head()),
        ("a_head_whose_turn_is_a_line_on_disk_stays_as_it_is", shell_line_head()),
        ("a_head_with_rules_on_disk_stays_as_it_is", rules_head()),
        ("a_head_of_a_known_failure_on_disk_stays_as_it_is", acknowledged_head()),
    ]
}

#[test]
fn what_is_on_disk_stays_as_it_is() {
    for (name, records) in dumped_records() {
        insta::assert_snapshot!(name, dump_log(records));
    }
    for (name, head) in dumped_heads() {
        insta::assert_snapshot!(name, dump_head(&head));
    }
}

#[test]
fn what_is_encoded_is_decoded() {
    let records = dumped_records().into_iter().flat_map(|(_, records)| records);
    for (title, record) in records.chain(large_results()) {
        let stamped = stamped(5, record);
        let mut payload = Vec::new();
        encode_record(&stamped, &mut payload).unwrap();
        assert_eq!(decode_record(SESSION, Seq(5), &payload).unwrap(), stamped, "{title}");
    }
    let bare = Head { last: None, turn: None, last_prompt: None, ..head() };
    let presences = Presence::ALL.map(|presence| Head { presence, ..head() });
    let heads = dumped_heads().into_iter().map(|(_, head)| head);
    for head in heads.chain([bare]).chain(presences) {
        let mut payload = Vec::new();
        encode_head(&head, &mut payload).unwrap();
        assert_eq!(decode_head(SESSION, &payload).unwrap(), head);
    }
}

/// A turn that failed, and nothing more about it.
fn failed(kind: FailureKind) -> Record {
    let ending = Ending::Failed(AgentFailure { kind, detail: String::new() });
    Record::Ended { turn: TurnNo(1), ending, usage: USAGE, reason: String::new(), window: None }
}

#[test]
fn the_words_of_failures_are_their_codes() {
    // The codes are public already, in `--json`; two vocabularies for one thing would drift apart.
    for kind in FailureKind::ALL {
        let stamped = stamped(1, failed(kind));
        let mut payload = Vec::new();
        encode_record(&stamped, &mut payload).unwrap();
        let written = payload.windows(kind.code().len()).any(|window| window == kind.code().as_bytes());
        assert!(written, "{}", kind.code());
        assert_eq!(decode_record(SESSION, Seq(1), &payload).unwrap(), stamped);
    }
}

#[derive(serde::Serialize)]
struct Future<R> {
    at: u64,
    rec: R,
    later: &'static str,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum FutureRecord {
    Unqueued { prompt: u64, reason: &'static str },
    Teleported { to: u64 },
}

#[test]
fn a_newer_field_is_passed_over_and_a_newer_record_is_the_future() {
    let read = |rec| {
        let payload = q_msgpack::write(&Future { at: 7, rec, later: "new" }).unwrap();
        decode_record(SESSION, Seq(1), &payload)
    };
    let known = read(FutureRecord::Unqueued { prompt: 3, reason: "new" }).unwrap();
    assert_eq!(known.record, Record::Unqueued { prompt: PromptNo(3) });
    let unknown = read(FutureRecord::Teleported { to: 3 });
    assert!(matches!(unknown, Err(StoreError::FutureVersion { found }) if found.contains("teleported")));
}

/// An earlier q that meets a kind of failure it has no word for knows that it is too old, and takes nothing for damage.
#[test]
fn a_newer_kind_of_failure_is_the_future() {
    let mut payload = Vec::new();
    encode_record(&stamped(1, failed(FailureKind::RateLimited)), &mut payload).unwrap();
    let at = payload.windows(12).position(|window| window == b"rate_limited").unwrap();
    payload[at..at + 12].copy_from_slice(b"sent_to_moon");
    let read = decode_record(SESSION, Seq(1), &payload);
    assert!(matches!(read, Err(StoreError::FutureVersion { found }) if found.contains("sent_to_moon")));
}
