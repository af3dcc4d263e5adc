//! A host that runs and does not read, as one that is stopped: keys are answered, leaving is possible, and what it did not
//! take is given back.

use q_testkit::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};

use crate::run::send;
use crate::screen::{CTRL_D, Person as _, pasted};
use crate::world::{World, eventually};

/// More than a socket holds.
const LONG: usize = 1 << 20;

/// Stops the host until it is dropped.
struct Stopped(u32);

impl Stopped {
    fn host(world: &World) -> Self {
        let host = world.home.host_pid().expect("a host runs");
        send(host, Signal::STOP);
        Self(host)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        send(self.0, Signal::CONT);
    }
}

/// What ends a client.
type End = fn(&mut Terminal);

#[test]
fn keys_are_answered_and_leaving_is_possible() {
    let world = World::new().with_sessions(&["one"]);
    let ends: [(&str, End, u32); 3] = [
        ("Ctrl+D", |terminal| terminal.send(CTRL_D), 5),
        ("/quit", |terminal| terminal.send_line("/quit"), 5),
        ("SIGTERM", |terminal| send(terminal.pid(), Signal::TERM), 128 + 15),
    ];
    for (end, by, code) in ends {
        let mut terminal = world.open_at("one");
        let stopped = Stopped::host(&world);
        terminal.send(pasted(&format!("begin {}", "x".repeat(LONG))));
        terminal.send("\r");
        terminal.wait_prompt("one");
        terminal.type_at("one", "still here");
        terminal.send("\x15");
        terminal.wait_prompt("one");
        by(&mut terminal);
        assert_eq!(terminal.wait_exit().exit_code(), code, "{end}");
        assert!(!terminal.look(vt100::Screen::alternate_screen), "{end}");
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(raw.contains("not saved: begin xxx"), "{end}");
        drop(stopped);
        assert_eq!(world.server.requests().len(), 0, "{end}");
    }
}

#[test]
fn a_host_that_reads_again_takes_all() {
    let world = World::new().with_sessions(&["one"]);
    let mut terminal = world.open_at("one");
    let stopped = Stopped::host(&world);
    terminal.send(pasted(&format!("{} the end", "x ".repeat(LONG / 2))));
    terminal.send("\r");
    terminal.wait_prompt("one");
    terminal.type_at("one", "still here");
    drop(stopped);
    world.wait_for_requests(1);
}

#[test]
fn plain_mode_is_left_by_the_second_interrupt() {
    for typed in ["keep this", "/steer keep this"] {
        let mut world = World::new().with_sessions(&["one"]);
        world.home.set("TERM", "dumb");
        world.gated("dig", "Digging.\n", "never", "");
        let mut terminal = world.open();
        terminal.wait_text("[one] >");
        terminal.enter("dig", "Digging.");
        let _stopped = Stopped::host(&world);
        terminal.send_line(typed);
        terminal.wait_text(typed);
        // One that comes before the line was read interrupts the turn, and is one of the others.
        let pid = Pid::from_raw(terminal.pid().cast_signed()).unwrap();
        let interrupt = || kill_process(pid, Signal::INT).ok();
        eventually("that the host does not answer is said", || {
            interrupt();
            terminal.screen_text().contains("Ctrl+C again leaves")
        });
        interrupt();
        assert_eq!(terminal.wait_exit().exit_code(), 130);
        assert!(terminal.screen_text().contains("not sent: keep this"), "{}", terminal.screen_text());
    }
}
