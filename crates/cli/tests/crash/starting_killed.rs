//! Hosts are killed while they start, also for the very first time: the next one starts, and nothing is lost.

use std::process::Stdio;
use std::time::Duration;

use crate::chance::{Chance, let_pass};
use crate::world::{World, program};

const ROUNDS: u32 = 30;
const LONGEST_START: Duration = Duration::from_millis(60);

#[test]
fn a_host_killed_while_it_starts_is_in_nobodys_way() {
    let mut chance = Chance::of("host killed while it starts");
    let mut fresh = World::new();
    let old = World::new();
    old.q_ok(&["new", "-d", "kept"]);
    for round in 0..ROUNDS {
        start_and_kill(&fresh, &mut chance);
        if round % 3 == 2 {
            fresh.q_ok(&["new", "-d", "first"]);
            fresh.home.host_pid();
            fresh = World::new();
        }
        old.q_ok(&["host", "stop"]);
        start_and_kill(&old, &mut chance);
        let listed = old.q_ok(&["ls"]);
        assert!(listed.contains("kept"), "round {round}: {listed}");
        old.home.host_pid();
    }
    println!("host killed {} times while it started: 0 sessions lost", 2 * ROUNDS);
}

fn start_and_kill(world: &World, chance: &mut Chance) {
    let mut command = world.home.command(program());
    command.args(["host", "run"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut host = command.spawn().expect("a process");
    let_pass(chance.moment(LONGEST_START));
    host.kill().expect("a process of ours");
    host.wait().expect("its end");
}
