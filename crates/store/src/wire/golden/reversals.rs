//! What came with changes that are taken back.

use q_core::{Body, Record, Reversed, WallTime};

/// Records that came with them.
pub(super) fn reversed_records() -> Vec<(&'static str, Record)> {
    let undone = Reversed { redo: false, files: vec!["a.rs".into(), "b/c.rs".into()], more: 0 };
    let redone = Reversed { redo: true, files: vec!["a.rs".into()], more: 3 };
    vec![
        ("reversed: undo", Record::Reversed { reversed: undone.clone() }),
        ("reversed: redo", Record::Reversed { reversed: redone }),
        (
            "imported: reversed",
            Record::Imported { at: WallTime(1_600_000_000_000), body: Body::Reversed(undone) },
        ),
    ]
}
