//! Commands that go on: what is told of them, how many may, and that they end with their session.

use std::fs;
use std::time::Duration;

use q_tools::Toolbox;
use serde_json::{Value, json};

use crate::{Bench, OWNER};

/// A command that says which process it is, and waits for a file to end by.
fn goes_on(name: &str) -> Value {
    let line = format!("echo begun $$; while [ ! -e {name} ]; do sleep 0.05; done; echo over; exit 3");
    json!({ "shell": line, "background": true })
}

fn is_alive(pid: &str) -> bool {
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::test_kill_process(pid).is_ok()
}

/// The process id that a command has said, in what a model was told of its beginning.
fn pid(told: &str) -> String {
    told.lines().find_map(|line| line.strip_prefix("begun ")).unwrap().to_owned()
}

#[tokio::test]
async fn what_goes_on_in_the_background_is_told_piece_by_piece_and_its_end_once() {
    let bench = Bench::new();
    bench.toolbox.begin_turn(7);
    assert!(bench.toolbox.has_no_processes());
    let begun = bench.says("run", goes_on("end")).await;
    assert!(begun.starts_with("process 71 runs\nbegun "), "{begun}");
    assert_eq!(
        bench.says("output", json!({ "process": 71 })).await,
        "process 71 runs\n(it put out nothing since)\n"
    );
    assert!(bench.says("processes", json!({})).await.starts_with("process 71 runs ("));
    assert!(!bench.toolbox.have_processes_ended() && !bench.toolbox.has_no_processes());
    fs::write(bench.inside.join("end"), "").unwrap();
    // There is something to tell before it has ended.
    let mut told = String::new();
    while !told.contains("has ended") {
        told += &bench.says("output", json!({ "process": 71, "seconds": 20 })).await;
    }
    assert!(told.contains("over\n") && told.contains("process 71 has ended: exit code 3\n"), "{told}");
    assert!(!bench.toolbox.have_processes_ended(), "the model heard of it");
    assert_eq!(bench.says("stop", json!({ "process": 71 })).await, "process 71 had ended already\n");
    for tool in ["output", "stop"] {
        let said = bench.fails(tool, json!({ "process": 1 })).await;
        assert!(said.starts_with("there is no process 1 here"), "{said}");
    }
    let said = bench.fails("run", json!({ "argv": ["/nowhere/at/all"], "background": true })).await;
    assert!(said.contains("cannot be run"), "{said}");
    let said = bench.fails("run", json!({ "argv": ["false"], "background": true })).await;
    assert_eq!(said, "process 72 has ended: exit code 1\n(it put out nothing since)\n");
    bench.toolbox.begin_turn(8);
    let said = bench.fails("run", json!({ "argv": ["false"], "background": true })).await;
    assert!(said.starts_with("process 81 has ended"), "no number is used twice: {said}");
    assert!(
        bench
            .fails("run", json!({ "argv": ["true"], "background": true, "seconds": 1 }))
            .await
            .contains("has no seconds")
    );
}

#[tokio::test]
async fn what_nobody_reads_of_the_background_is_bounded_and_so_is_how_much_goes_on() {
    let bench = Bench::new();
    bench.toolbox.begin_turn(1);
    let flood =
        "while [ ! -e go ]; do sleep 0.05; done; yes | head -c 300000; echo last; touch written; sleep 600";
    bench.says("run", json!({ "shell": flood, "background": true })).await;
    fs::write(bench.inside.join("go"), "").unwrap();
    while !bench.inside.join("written").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut told = String::new();
    while !told.ends_with("last\n") {
        let said = bench.says("output", json!({ "process": 11, "seconds": 20 })).await;
        assert!(said.len() < (64 << 10) + 200, "{}", said.len());
        told += &said;
    }
    assert!(told.contains(" bytes before this are lost"), "{}", told.len());
    let mut all = Vec::new();
    for name in ["b", "c", "d"] {
        all.push(pid(&bench.says("run", goes_on(name)).await));
    }
    let said = bench.fails("run", goes_on("e")).await;
    assert_eq!(said, "4 processes run in the background of this session; stop one first");
    assert_eq!(bench.says("stop", json!({ "process": 12 })).await, "process 12 is ended\n");
    assert!(!bench.toolbox.have_processes_ended(), "the model ended it itself");
    assert!(bench.says("processes", json!({})).await.contains("process 12 has ended: it was stopped"));
    all.push(pid(&bench.says("run", goes_on("e")).await));
    // All that goes on ends with its session.
    bench.toolbox.end_processes();
    bench.toolbox.commands_are_over().await;
    assert!(all.iter().all(|pid| !is_alive(pid)), "{all:?}");
    assert!(bench.says("processes", json!({})).await.starts_with("no process runs"));
}

#[tokio::test]
async fn what_has_no_room_in_the_background_is_not_even_started() {
    let bench = Bench::new();
    bench.toolbox.begin_turn(1);
    for no in 1..=10 {
        let line = format!("touch made{no}; exit 1");
        let said = bench.fails("run", json!({ "shell": line, "background": true })).await;
        assert_eq!(said.contains("9 processes were started in this turn"), no == 10, "{said}");
        assert_eq!(bench.inside.join(format!("made{no}")).exists(), no < 10, "{no}");
    }
}

#[tokio::test]
async fn a_program_follows_what_it_has_running_by_whole_characters_and_what_ended_makes_room() {
    let bench = Bench::new();
    let start = |line: &str| {
        let input = json!({ "shell": line }).to_string();
        let digest = bench.toolbox.digest(OWNER, "run", &input);
        bench.toolbox.start_terminal(OWNER, &input, digest, 1000)
    };
    bench.toolbox.begin_turn(1);
    let wait = "while [ ! -e go ]; do sleep 0.05; done";
    let number = start(&format!("printf 'a\\303'; {wait}; printf '\\274b'")).unwrap();
    let came = bench.toolbox.terminal_comes_to(number, Some(0)).await.unwrap();
    assert_eq!((came.text.as_str(), came.put_out), ("a", 1), "half a character waits for its rest");
    fs::write(bench.inside.join("go"), "").unwrap();
    let (mut told, mut seen) = (came.text, came.put_out);
    loop {
        let came = bench.toolbox.terminal_comes_to(number, Some(seen)).await.unwrap();
        (told, seen) = (told + &came.text, came.put_out);
        if came.ended.is_some() {
            break;
        }
    }
    assert_eq!((told.as_str(), seen), ("aüb", 4));
    // Nobody releases any of these.
    let mut last = number;
    for _ in 0..40 {
        last = start("true").unwrap();
        assert!(bench.toolbox.terminal_comes_to(last, None).await.is_some_and(|came| came.ended.is_some()));
    }
    assert!(bench.toolbox.has_terminal(last) && !bench.toolbox.has_terminal(number));
    assert_eq!(bench.toolbox.processes().len(), 32);
    // What is refused takes no room from what ended.
    for _ in 0..4 {
        start("sleep 600").unwrap();
    }
    let ended = |toolbox: &Toolbox| toolbox.processes().iter().filter(|one| one.ended.is_some()).count();
    assert_eq!(ended(&bench.toolbox), 28);
    assert!(start("true").unwrap_err().contains("processes run in the background"));
    assert_eq!(ended(&bench.toolbox), 28);
    bench.toolbox.end_processes();
}
