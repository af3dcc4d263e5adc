//! What a server replies: whatever bytes come, and however they are cut, an answer or a failure, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| q_agent::http::reply::fuzz_reply(bytes));
