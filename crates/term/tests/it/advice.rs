//! Advice names what is typed where it is read: slash commands inside q, verbs in the shell.

use q_core::{
    AgentFailure, CallNo, EntryNo, FailureKind, Fault, Interrupter, Outcome, PromptNo, Refusal, Resulted,
    SessionId, Stop,
};
use q_term::Way;
use q_term::command::table::{ROWS, by_slash};
use q_term::{advice, words};

/// What is said about things that went wrong, before it is put in anybody's way.
fn refusals() -> Vec<String> {
    let name = || "api".to_owned();
    let refusals = [
        Refusal::NoSuchSession { id: SessionId(1) },
        Refusal::SessionClosed { name: name() },
        Refusal::SessionTrashed { name: name() },
        Refusal::NotInTrash { name: name() },
        Refusal::CannotWake { why: "a damaged record".into() },
        Refusal::TooManyLive { limit: 10 },
        Refusal::SessionsFull { size: 2, limit: 1 },
        Refusal::TooManyTags { limit: 8 },
        Refusal::QueueFull { limit: 100 },
        Refusal::QueueTooLong { size: 2, limit: 1 },
        Refusal::NotQueued { prompt: PromptNo(1) },
        Refusal::NotSteerable { name: name() },
        Refusal::CallOver { call: CallNo(1) },
        Refusal::DigestDiffers,
        Refusal::NothingToRetry,
        Refusal::StillWorking { name: name() },
    ];
    refusals.iter().map(ToString::to_string).collect()
}

fn told(way: Way) -> Vec<String> {
    let mut told: Vec<String> =
        refusals().iter().map(|refusal| advice::render(refusal, way).into_owned()).collect();
    let stops = [Interrupter::User, Interrupter::Stop, Interrupter::Crash].map(Stop::Interrupted);
    told.extend(stops.iter().map(|stop| words::stop(stop, way)));
    let failures = FailureKind::ALL.map(|kind| AgentFailure { kind, detail: "500: oops".into() });
    told.extend(failures.iter().map(|failure| words::failed(failure, way)));
    told.push(words::repair(Fault::LogCut { lost: None }, way));
    let result = Resulted { of: EntryNo(1), outcome: Outcome::Done, text: "a".into(), kept: 9, whole: 9 };
    told.extend(words::rest(EntryNo(2), &result, way));
    told
}

#[test]
fn inside_q_no_advice_names_a_verb_that_has_a_slash_command() {
    let has_slash = |verb: &str| {
        let flagged = verb.contains(" -");
        let name = verb.split(' ').take(2).collect::<Vec<_>>().join(" ");
        !flagged
            && ROWS
                .iter()
                .any(|row| !row.slash.is_empty() && row.cli.is_some_and(|cli| cli.starts_with(&name)))
    };
    for said in told(Way::Slash) {
        let parts: Vec<&str> = said.split('`').collect();
        for (place, part) in parts.iter().enumerate().filter(|(place, _)| place % 2 == 1) {
            if part.starts_with("q ") {
                assert!(!has_slash(part), "{said}");
                let after = parts.get(place + 1).copied().unwrap_or_default();
                assert!(after.starts_with(" in a shell"), "{said}");
            }
            assert!(!part.starts_with('/'), "{said}");
        }
    }
}

#[test]
fn in_the_shell_no_advice_names_a_slash_command() {
    for said in told(Way::Shell) {
        for (place, _) in said.match_indices('/') {
            let (before, rest) = said.split_at(place);
            let word: String = rest.chars().skip(1).take_while(|letter| letter.is_alphanumeric()).collect();
            let begins = before.is_empty() || before.ends_with([' ', '`', '(']);
            assert!(!begins || by_slash(&word).is_none(), "{said}");
        }
    }
}

#[test]
fn no_failure_claims_text_that_may_not_be_there() {
    for said in told(Way::Slash).iter().chain(&told(Way::Shell)) {
        assert!(!said.contains("so far"), "{said}");
    }
}

#[test]
fn what_a_server_said_is_not_rewritten() {
    let failure = AgentFailure { kind: FailureKind::ServerError, detail: "run `/retry` or `q ls`".into() };
    let said = words::failed(&failure, Way::Shell);
    assert_eq!(said, "the server failed (run `/retry` or `q ls`): `q retry SESSION` asks again");
    let said = words::failed_in("api", &failure);
    assert_eq!(said, "the server failed (run `/retry` or `q ls`): `q retry api` asks again");
}

/// Commands in what the core says stand between backquotes: anything else would be said as it is in both ways.
#[test]
fn refusals_name_commands_between_backquotes_only() {
    for said in refusals().iter().cloned().chain(FailureKind::ALL.map(|kind| kind.way_out().to_owned())) {
        let outside: String = said.split('`').step_by(2).collect();
        for word in outside.split_whitespace().filter_map(|word| word.strip_prefix('/')) {
            let word = word.trim_end_matches(|last: char| !last.is_alphanumeric());
            assert!(by_slash(word).is_none(), "{said}");
        }
    }
}
