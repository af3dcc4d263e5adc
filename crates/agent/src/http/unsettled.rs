//! What is told of a file that a call would write, while earlier calls of the same answer have not ended: what they do to that file
//! nobody has seen, so nothing is told that they may make untrue.

use q_core::{CallSubject, Circumstance};

/// What stands around a call, behind calls that may change something and have not ended: what these are about.
pub(super) fn around(
    circumstance: Circumstance,
    subject: &CallSubject,
    open: &[CallSubject],
) -> Circumstance {
    match circumstance {
        Circumstance::New | Circumstance::Replaces(_)
            if open.iter().any(|open| may_change(open, subject)) =>
        {
            Circumstance::Plain
        }
        known @ (Circumstance::Plain
        | Circumstance::Unheld
        | Circumstance::Denied
        | Circumstance::New
        | Circumstance::Replaces(_)) => known,
    }
}

/// Whether a call may change what another one is about: only of one that is for a single file is it known that it leaves others alone.
/// Some systems have one file by names of either case.
fn may_change(open: &CallSubject, subject: &CallSubject) -> bool {
    match (open, subject) {
        (CallSubject::File { path, .. }, CallSubject::File { path: written, .. }) => {
            path.to_lowercase() == written.to_lowercase()
        }
        _another => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_of_a_file_that_an_earlier_call_may_change_yet() {
        let file = |path: &str| CallSubject::File { path: path.into(), is_private: false };
        let command = CallSubject::Command(vec!["make".into()]);
        let replaces = Circumstance::replaces(3, "-a\n".to_owned());
        for (known, open, is_told) in [
            (Circumstance::New, vec![], true),
            (Circumstance::New, vec![file("b"), file("c")], true),
            (Circumstance::New, vec![file("b"), file("a")], false),
            (replaces.clone(), vec![file("A")], false),
            (replaces.clone(), vec![command.clone()], false),
            (replaces, vec![CallSubject::Other], false),
            (Circumstance::Unheld, vec![command], true),
        ] {
            let expected = if is_told { known.clone() } else { Circumstance::Plain };
            assert_eq!(around(known, &file("a"), &open), expected, "{open:?}");
        }
    }
}
