//! The help page, as it is seen.

use crate::screens::one;
use crate::world::World;

#[test]
fn help() {
    let mut world = World::with(80, 24, one());
    world.keys(&["F1"]);
    insta::assert_snapshot!(world.frame());
}

#[test]
fn help_wide_and_scrolled() {
    let mut world = World::with(120, 40, one());
    world.keys(&["Ctrl+X", "?", "End"]);
    insta::assert_snapshot!(world.frame());
}

#[test]
fn help_on_a_topic() {
    let mut world = World::with(80, 24, one());
    world.say("/help rename");
    insta::assert_snapshot!(world.frame());
}
