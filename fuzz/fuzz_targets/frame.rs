//! The host's door: whatever bytes arrive, a frame or a fault, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| q_proto::fuzz_frame(bytes));
