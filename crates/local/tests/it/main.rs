//! A model on this machine, tried without anything that computes: files, texts in tokens, the server with weights that follow a
//! script, and models that are fetched.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod files;
mod keeping;
mod pulling;
mod serving;
#[path = "../support/mod.rs"]
mod support;
mod world;
