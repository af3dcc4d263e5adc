//! The line for a new name, as it is seen.

use crate::screens::one;
use crate::world::World;

#[test]
fn renaming() {
    let mut world = World::with(80, 24, one());
    world.keys(&["Ctrl+X", "r", "Backspace"]);
    insta::assert_snapshot!(world.frame());
}
