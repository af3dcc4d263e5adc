//! The help page, as it is seen.

use crate::screens::one;
use crate::world::World;

#[test]
fn help() {
    insta::assert_snapshot!(World::with(80, 24, one()).after(&["F1"]).frame());
}

#[test]
fn help_wide_and_scrolled() {
    insta::assert_snapshot!(World::with(120, 40, one()).after(&["Ctrl+X", "?", "End"]).frame());
}

#[test]
fn help_on_a_topic() {
    insta::assert_snapshot!(World::with(80, 24, one()).told("/help rename").frame());
}
