//! The list of sessions, as it is seen.

use crate::screens::three;
use crate::world::World;

#[test]
fn the_switcher() {
    insta::assert_snapshot!(World::with(80, 24, three()).after(&["Ctrl+X", "l", "Down"]).frame());
}

#[test]
fn the_switcher_wide_and_filtered() {
    let mut world = World::with(120, 40, three());
    world.say("/sessions");
    world.type_text("re");
    insta::assert_snapshot!(world.frame());
}

#[test]
fn a_small_screen_with_a_list() {
    insta::assert_snapshot!(World::with(20, 5, three()).after(&["Alt+S"]).frame());
}
