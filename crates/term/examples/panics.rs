//! Takes the terminal, as the attached client does, and panics: `tests/it/panic.rs` looks at what is left.

use q_term::guard::Guard;

fn main() -> std::io::Result<()> {
    let _guard = Guard::enter(true)?;
    panic!("on purpose, with the terminal taken");
}
