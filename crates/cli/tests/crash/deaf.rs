//! A host that does not answer: clients say so within a bounded time, and say what to do.

use q_testkit::process::is_alive;
use rustix::process::{Pid, Signal, kill_process};

use crate::starting::at_once;
use crate::world::{World, said};

#[test]
fn a_stopped_process_is_reported_and_can_be_ended_as_told() {
    let world = World::new();
    world.q_ok(&["new", "-d", "kept"]);
    let host = world.home.host_pid().expect("a host runs");
    kill_process(Pid::from_raw(host.cast_signed()).expect("a process id"), Signal::STOP).expect("a host");
    let commands = [&["ls"] as &[&str], &["host", "status"], &["host", "stop"]];
    for output in at_once(&world.home, commands.into_iter()) {
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).contains("`q host stop --force`"), "{}", said(&output));
    }
    world.q_ok(&["host", "stop", "--force"]);
    assert!(!is_alive(host));
    assert!(world.q_ok(&["ls"]).contains("kept"));
    world.home.host_pid();
}
