//! What waits for an answer, where nothing does. (Agents that ask are not built in yet; the rest is tested in the terminal
//! crate.)

use serde_json::json;

use crate::world::World;

#[test]
fn an_empty_inbox_says_so_and_answers_have_a_way_out() {
    let world = World::new().with_sessions(&["api"]);
    world.q(&["inbox"]).succeeded().told("nothing needs you");
    assert_eq!(world.q(&["inbox", "--json"]).succeeded().json(), json!([]));
    for args in [&["approve", "api"][..], &["deny", "api"], &["answer", "api", "yes"]] {
        world.q(args).exited(1).told("waits in `api`").told("q inbox");
    }
    world.q(&["approve", "api", "everything"]).exited(2).told("not an id that `q inbox` prints");
    world.q(&["approve", "nobody"]).exited(3);
}

#[test]
fn the_commands_of_plain_mode_say_the_same() {
    let world = World::new().with_sessions(&["api"]);
    let said =
        world.q_reading(&["attach", "api"], "/inbox\n/approve\n/deny 3\n/answer yes\n/quit\n").succeeded();
    for line in ["* nothing needs you", "nothing in this session waits for that", "number 3"] {
        assert!(said.out.contains(line), "{line:?}: {}", said.out);
    }
}
