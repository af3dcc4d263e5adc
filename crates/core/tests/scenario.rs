//! Scenarios: one behaviour a file under `tests/scenarios`, named as a sentence. A line that begins with `>` is told to the
//! core; the lines beneath are its effects. `UPDATE=1` rewrites them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read their environment"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use q_core::trace::{Line, parse, print};
use q_core::{
    Effects, Head, Input, Instant, Limits, Multiplexer, Now, Presence, SessionId, Stamped, Stored, WallTime,
};

#[test]
fn every_scenario_happens_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let written = fs::read_to_string(file).unwrap();
        let happened = play(&written);
        if written != happened {
            if std::env::var_os("UPDATE").is_some() {
                fs::write(file, &happened).unwrap();
            } else {
                wrong.push(format!("{}\n--- happened ---\n{happened}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n(UPDATE=1 rewrites, then read the difference)", wrong.join("\n"));
    assert!(files.len() >= 20, "scenarios are missing: {}", files.len());
}

/// Plays a script and writes it down with what happened.
fn play(script: &str) -> String {
    let mut stage = Stage::new(script);
    let mut out = String::new();
    for (number, line) in script.lines().enumerate() {
        match line.strip_prefix("> ") {
            Some(told) => {
                writeln!(out, "{line}").unwrap();
                for effect in stage.tell(told, number as u64) {
                    writeln!(out, "  {effect}").unwrap();
                }
            }
            None if line.starts_with("  ") => {} // what happened before; written anew
            None => writeln!(out, "{line}").unwrap(),
        }
    }
    out
}

/// A core and what it wrote.
struct Stage {
    core: Multiplexer,
    limits: Limits,
    now: u64,
    heads: BTreeMap<SessionId, Head>,
    log: Vec<Stamped>,
}

impl Stage {
    /// `limit NAME NUMBER` lines in the comment set limits.
    fn new(script: &str) -> Self {
        let mut limits = Limits::default();
        for words in script
            .lines()
            .filter_map(|line| line.strip_prefix("limit "))
            .map(|line| line.split(' ').collect::<Vec<_>>())
        {
            let number = words[1].parse().unwrap();
            match words[0] {
                "live_sessions" => limits.live_sessions = number,
                "queued_prompts" => limits.queued_prompts = number,
                "queued_bytes" => limits.queued_bytes = number,
                "prompt_bytes" => limits.prompt_bytes = number,
                "answer_bytes" => limits.answer_bytes = number,
                "stream_bytes" => limits.stream_bytes = number,
                other => panic!("no limit {other}"),
            }
        }
        Self {
            core: Multiplexer::new(limits.clone()),
            limits,
            now: 0,
            heads: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    fn tell(&mut self, line: &str, number: u64) -> Vec<String> {
        match parse(line, number).unwrap() {
            Line::Told { after, input } => {
                self.now += after.as_micros() as u64;
                let effects = self.handle(input);
                print(&effects)
            }
            Line::Crash => {
                let tail = |head: &Head| {
                    self.log
                        .iter()
                        .filter(|r| r.session == head.id && head.presence == Presence::Live)
                        .cloned()
                        .collect()
                };
                let stored = self.heads.values().map(|head| Stored {
                    head: head.clone(),
                    tail: tail(head),
                    trimmed: false,
                });
                self.core = Multiplexer::recover(self.limits.clone(), stored.collect::<Vec<_>>()).unwrap();
                let effects = self.handle(Input::Started);
                print(&effects)
            }
        }
    }

    fn handle(&mut self, input: Input) -> Effects {
        let effects =
            self.core.handle(Now { mono: Instant(self.now), wall: WallTime(self.now / 1000) }, input);
        if let Some(batch) = &effects.batch {
            self.log.extend(batch.records.iter().cloned());
            self.heads.extend(batch.heads.iter().map(|head| (head.id, head.clone())));
        }
        effects
    }
}
