//! Takes the terminal, as the attached client does, and panics: `tests/it/panic.rs` looks at what is left.

use std::io::Write as _;

use q_term::guard::Guard;

fn main() -> std::io::Result<()> {
    let guard = Guard::enter(q_term::guard::Taking { face: q_term::Face::Full, mouse: true })?;
    guard.set_title("q · 1 needs you")?;
    // That of another thread changes nothing here, and is told at the end.
    let _broke = std::thread::spawn(|| panic!("in another thread")).join();
    std::io::stdout().write_all(b"drawn after it")?;
    panic!("on purpose, with the terminal taken");
}
