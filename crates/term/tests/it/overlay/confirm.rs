//! The question before a session that works is ended, as it is seen.

use crate::screens::three;
use crate::world::World;

#[test]
fn closing_what_works() {
    insta::assert_snapshot!(World::with(80, 24, three()).after(&["Ctrl+X", "w"]).frame());
}

#[test]
fn deleting_what_works() {
    insta::assert_snapshot!(World::with(80, 24, three()).told("/delete").frame());
}
