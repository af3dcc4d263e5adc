//! Nobody is left without a word: every wish is answered, and once.

use std::collections::BTreeSet;

use proptest::prelude::*;
use q_core::{Effect, Effects, Input, RequestId};
use q_model::system::SystemUnderTest;

use super::workloads::workload;
use super::{cases, tight};

proptest! {
    #![proptest_config(cases())]

    /// Each wish has exactly one reply; one that waits for a session to wake has it when the host stops, at the latest.
    /// Broken by: forgetting who waits, answering one wish for another.
    #[test]
    fn every_wish_is_answered_once(steps in workload(100)) {
        let mut system = SystemUnderTest::new(tight());
        let mut open = BTreeSet::new();
        for step in &steps {
            let (input, effects) = system.play(step);
            answered(&mut open, &input, &effects)?;
        }
        let effects = system.handle(Input::Stopping);
        answered(&mut open, &Input::Stopping, &effects)?;
        prop_assert!(open.is_empty(), "{open:?} are not answered");
    }
}

fn answered(open: &mut BTreeSet<RequestId>, input: &Input, effects: &Effects) -> Result<(), TestCaseError> {
    if let Input::Wish { to, .. } = input {
        open.insert(to.request);
    }
    // The host died, and with it every client's connection.
    if matches!(input, Input::Started) {
        open.clear();
    }
    for effect in effects.at_once.iter().chain(&effects.after) {
        if let Effect::Reply { to, answer } = effect {
            prop_assert!(open.remove(&to.request), "{answer:?} answers nobody");
        }
    }
    Ok(())
}
