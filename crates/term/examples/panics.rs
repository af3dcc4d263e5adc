//! Takes the terminal, as the attached client does, and panics: `tests/it/panic.rs` looks at what is left.

use q_term::guard::Guard;

fn main() -> std::io::Result<()> {
    let guard = Guard::enter(true)?;
    guard.set_title("q · 1 needs you")?;
    panic!("on purpose, with the terminal taken");
}
