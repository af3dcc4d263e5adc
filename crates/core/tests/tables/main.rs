//! Tables: what happens to a session in each state, whatever the core is told. `UPDATE=1` rewrites what is committed:
//! `outcomes.txt` here, and `docs/states.md`, which is drawn from the tables.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic and read their environment"
)]

mod cells;
mod changes;
mod document;
mod focus;
mod inputs;
mod states;
mod unread;
#[allow(dead_code, reason = "shared with another test, which uses more of it")]
#[path = "../vocabulary/mod.rs"]
mod vocabulary;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use q_core::trace::{Directive, parse};
use q_core::{AgentEvent, Command, Input};

use vocabulary::{Word, word, words};

#[test]
fn every_input_in_every_state_has_its_outcome() {
    committed("crates/core/tests/tables/outcomes.txt", &cells::outcomes());
}

#[test]
fn the_document_of_states_is_true() {
    committed("docs/states.md", &document::draw());
}

#[test]
fn the_table_of_inputs_has_every_word() {
    let mut told: BTreeSet<Word> = BTreeSet::new();
    for line in inputs::INPUTS {
        let directive = parse(line, 1).unwrap().directive;
        let Directive::Input(input) = directive else {
            assert!(matches!(directive, Directive::Loaded(_)), "{directive:?} tells the core nothing");
            told.insert(("Input", "Loaded"));
            continue;
        };
        told.insert(word(&input));
        if let Input::Wish { command, .. } = &input {
            told.insert(word(command));
        } else if let Input::Agent { event, .. } = &input {
            told.insert(word(event));
        }
    }
    let all = words::<Input>().chain(words::<Command>()).chain(words::<AgentEvent>());
    let missing: Vec<Word> = all.filter(|word| !told.contains(word)).collect();
    assert!(missing.is_empty(), "no line of the table tells {missing:?}");
}

/// Asserts that a committed file is this text.
fn committed(path: &str, text: &str) {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path);
    let written = fs::read_to_string(&file).unwrap_or_default();
    if written != text {
        assert!(
            std::env::var_os("UPDATE").is_some(),
            "{path} is stale (UPDATE=1 rewrites it); it should be\n{text}"
        );
        fs::write(file, text).unwrap();
    }
}
