//! Scenarios: one behaviour a file under `tests/scenarios`, named as a sentence. A line that begins with `>` is told to the
//! core; the lines beneath are its effects. `UPDATE=1` rewrites them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read their environment"
)]

use std::fmt::Write as _;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use q_core::trace::{Player, limits};

#[test]
fn every_scenario_happens_as_written() {
    let mut wrong = Vec::new();
    for (file, written) in scenarios() {
        let Ok(happened) = catch_unwind(|| play(&written)) else {
            wrong.push(format!("{} makes the core panic, see above", file.display()));
            continue;
        };
        if written != happened {
            if std::env::var_os("UPDATE").is_some() {
                replace(&file, &happened);
            } else {
                wrong.push(format!("{}\n--- happened ---\n{happened}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n(UPDATE=1 rewrites, then read the difference)", wrong.join("\n"));
}

#[test]
fn every_scenario_says_what_it_shows() {
    for (file, written) in scenarios() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let is_sentence = name.split('-').count() > 2
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(is_sentence, "{name} is not a sentence in kebab-case");
        let first = written.lines().next().unwrap();
        assert!(
            first.ends_with('.') && !first.starts_with('>'),
            "{name} begins with no explanation: {first}"
        );
    }
}

fn scenarios() -> Vec<(PathBuf, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let mut scenarios: Vec<_> = files.map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect();
    scenarios.sort();
    scenarios
}

/// Replaces a file at once: another test may be reading it.
fn replace(file: &Path, text: &str) {
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file.file_name().unwrap());
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

/// Plays a script and writes it down with what happened.
fn play(script: &str) -> String {
    let mut player = Player::new(limits(script).unwrap());
    let mut out = String::new();
    for line in script.lines() {
        match line.strip_prefix("> ") {
            Some(told) => {
                writeln!(out, "{line}").unwrap();
                for effect in player.play(told).unwrap() {
                    writeln!(out, "  {effect}").unwrap();
                }
            }
            None if line.starts_with("  ") => {} // what happened before; written anew
            None => writeln!(out, "{line}").unwrap(),
        }
    }
    out
}
