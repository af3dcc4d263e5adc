//! The page of the prompts that wait in a session, as it is seen.

use crate::screens::three;
use crate::world::{But, World};

#[test]
fn the_queue_of_a_session() {
    let queued = three().remove(0).queued(&["and then run the tests", "write\na changelog"]);
    let mut world = World::with(80, 24, vec![queued]);
    world.say("/queue");
    insta::assert_snapshot!(world.frame());
    world.type_text("/move 2");
    insta::assert_snapshot!("a_command_about_it", world.frame());
}
