//! The list of sessions, as it is seen.

use crate::screens::three;
use crate::world::World;

#[test]
fn the_switcher() {
    let mut world = World::with(80, 24, three());
    world.keys(&["Ctrl+X", "l", "Down"]);
    insta::assert_snapshot!(world.frame());
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
    let mut world = World::with(20, 5, three());
    world.keys(&["Alt+S"]);
    insta::assert_snapshot!(world.frame());
}
