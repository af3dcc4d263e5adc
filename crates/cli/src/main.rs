//! The `q` binary.
fn main() {}
