//! Golden bytes of every record and of a head: what is on people's disks cannot change unnoticed.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fmt::Write as _;

use q_core::session::head::{InFlight, WaitingPrompt};
use q_core::{
    AgentFailure, Ending, EntryNo, FailureKind, Head, Interrupter, Kind, Mark, NameOrigin, Presence,
    PromptNo, Record, Seq, SessionId, Stamped, Token, TurnNo, Usage, WallTime,
};

use super::{decode_head, decode_record, encode_head, encode_record};
use crate::envelope;
use crate::error::StoreError;

const SESSION: SessionId = SessionId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
const USAGE: Usage = Usage { input: 1200, output: 34 };

fn records() -> Vec<(&'static str, Record)> {
    let ended = |ending| Record::Ended { turn: TurnNo(1), ending, usage: USAGE };
    let failed = AgentFailure { kind: FailureKind::RateLimited, detail: "429".into() };
    vec![
        (
            "created",
            Record::Created {
                name: "fix-login".parse().unwrap(),
                origin: NameOrigin::Chosen,
                slot: 3,
                kind: Kind::Debug,
                agent: "openai".into(),
                model: "gpt".into(),
                directory: "/src/api".into(),
            },
        ),
        ("renamed", Record::Renamed { name: "Пример".parse().unwrap(), origin: NameOrigin::Automatic }),
        ("closed", Record::Closed),
        ("queued", Record::Queued { prompt: PromptNo(1), token: Token(u128::MAX - 1), text: "why?".into() }),
        ("unqueued", Record::Unqueued { prompt: PromptNo(1) }),
        ("began", Record::Began { turn: TurnNo(1), prompt: PromptNo(1), queued: Seq(300) }),
        ("said", Record::Said { turn: TurnNo(1), entry: EntryNo(70_000), text: "because".into() }),
        ("ended: done", ended(Ending::Done)),
        ("ended: interrupted by the user", ended(Ending::Interrupted(Interrupter::User))),
        ("ended: interrupted by a stop", ended(Ending::Interrupted(Interrupter::Stop))),
        ("ended: interrupted by a crash", ended(Ending::Interrupted(Interrupter::Crash))),
        ("ended: failed", ended(Ending::Failed(failed))),
        ("seen", Record::Seen { through: Mark { entry: EntryNo(5), bytes: 1 << 40 } }),
        ("drafted", Record::Drafted { text: "half a tho".into() }),
    ]
}

fn head() -> Head {
    Head {
        id: SESSION,
        name: "fix-login".parse().unwrap(),
        origin: NameOrigin::Placeholder,
        slot: 2,
        kind: Kind::Review,
        agent: "openai".into(),
        model: String::new(),
        directory: "/src/api".into(),
        presence: Presence::Live,
        turn: Some(InFlight { turn: TurnNo(4), answer: Some(EntryNo(9)) }),
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
        preview: "because".into(),
        created: WallTime(1_700_000_000_000),
        touched: WallTime(1_700_000_000_001),
        seq: Seq(17),
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

#[test]
fn records_on_disk_stay_as_they_are() {
    let mut prev = 0;
    let mut dumps = String::new();
    for (seq, (title, record)) in (1..).zip(records()) {
        let stamped = stamped(seq, record);
        let (value, check) =
            envelope::seal(SESSION, stamped.seq, prev, |out| encode_record(&stamped, out)).unwrap();
        prev = check;
        dumps += &dump(title, &value);
    }
    insta::assert_snapshot!(dumps);
}

#[test]
fn a_head_on_disk_stays_as_it_is() {
    let (value, _) = envelope::seal(SESSION, envelope::HEAD, 99, |out| encode_head(&head(), out)).unwrap();
    insta::assert_snapshot!(dump("head", &value));
}

#[test]
fn what_is_encoded_is_decoded() {
    for (title, record) in records() {
        let stamped = stamped(5, record);
        let mut payload = Vec::new();
        encode_record(&stamped, &mut payload).unwrap();
        assert_eq!(decode_record(SESSION, Seq(5), &payload).unwrap(), stamped, "{title}");
    }
    for kind in Kind::ALL {
        let head = Head { kind, last: None, turn: None, last_prompt: None, ..head() };
        let mut payload = Vec::new();
        encode_head(&head, &mut payload).unwrap();
        assert_eq!(decode_head(SESSION, &payload).unwrap(), head);
    }
}

#[test]
fn the_words_of_failures_are_their_codes() {
    // The codes are public already, in `--json`; two vocabularies for one thing would drift apart.
    for kind in FailureKind::ALL {
        let failure = AgentFailure { kind, detail: String::new() };
        let stamped =
            stamped(1, Record::Ended { turn: TurnNo(1), ending: Ending::Failed(failure), usage: USAGE });
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
        let payload = rmp_serde::to_vec_named(&Future { at: 7, rec, later: "new" }).unwrap();
        decode_record(SESSION, Seq(1), &payload)
    };
    let known = read(FutureRecord::Unqueued { prompt: 3, reason: "new" }).unwrap();
    assert_eq!(known.record, Record::Unqueued { prompt: PromptNo(3) });
    let unknown = read(FutureRecord::Teleported { to: 3 });
    assert!(matches!(unknown, Err(StoreError::FutureVersion { found }) if found.contains("teleported")));
}
