//! The question before a session that works is ended, as it is seen.

use crate::screens::three;
use crate::world::World;

#[test]
fn closing_what_works() {
    let mut world = World::with(80, 24, three());
    world.keys(&["Ctrl+X", "w"]);
    insta::assert_snapshot!(world.frame());
}

#[test]
fn deleting_what_works() {
    let mut world = World::with(80, 24, three());
    world.say("/delete");
    insta::assert_snapshot!(world.frame());
}
