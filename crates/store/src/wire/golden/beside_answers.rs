//! What stands beside an answer: what it rests on, what a project said for it, what was sealed of it.

use q_core::{Body, Fault, ProjectFile, ProjectFiles, Record, Source, Sources, TurnNo, WallTime};

/// What came with sources, in its own dump.
pub(super) fn source_records() -> Vec<(&'static str, Record)> {
    let source = |title: &str, place: &str, quote: &str| Source {
        title: title.into(),
        place: place.into(),
        quote: quote.into(),
    };
    let all = vec![source("A page", "https://a.test/b", "so"), source("", "https://a.test/c", "")];
    let sources = Sources { all, left_out: 2 };
    let some = Sources { left_out: 0, ..sources.clone() };
    vec![
        ("cited", Record::Cited { turn: TurnNo(4), sources }),
        (
            "imported: sources",
            Record::Imported { at: WallTime(1_600_000_000_000), body: Body::Sources(some) },
        ),
    ]
}

/// What came with project files, in its own dump.
pub(super) fn project_records() -> Vec<(&'static str, Record)> {
    let file = |path: &str, left_out| ProjectFile { path: path.into(), bytes: 9, left_out, fingerprint: 7 };
    let files = ProjectFiles { all: vec![file("AGENTS.md", 0), file("a/CLAUDE.md", 3)], withheld: false };
    let withheld = ProjectFiles { all: vec![file("AGENTS.md", 0)], withheld: true };
    let body = Body::ProjectFiles(withheld);
    vec![
        ("project read", Record::ProjectRead { turn: TurnNo(4), files }),
        ("imported: project", Record::Imported { at: WallTime(1_600_000_000_000), body }),
    ]
}

/// What came with more sealed than is kept, in its own dump.
pub(super) fn seal_records() -> Vec<(&'static str, Record)> {
    fault_records(["repaired: seals", "imported: seals"], Fault::SealsTooLong)
}

/// What came with an answer that lacks parts, in its own dump.
pub(super) fn torn_records() -> Vec<(&'static str, Record)> {
    fault_records(["repaired: torn", "imported: torn"], Fault::AnswerTorn { parts: 2 })
}

/// What did not fit, here and as it is taken over from elsewhere.
fn fault_records([here, elsewhere]: [&'static str; 2], fault: Fault) -> Vec<(&'static str, Record)> {
    let imported = Record::Imported { at: WallTime(1_600_000_000_000), body: Body::Repair(fault) };
    vec![(here, Record::Repaired { fault }), (elsewhere, imported)]
}
