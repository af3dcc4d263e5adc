//! `q-screens`: the real binary in a terminal, in front of scripted models, and its real frames as pictures. Started by `cargo xtask
//! screens`; the pictures stand in the README, so what is shown there is what there is.

#![allow(clippy::print_stderr, reason = "it talks to a person")]

mod scenes;
mod svg;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let &["--q", program, "--into", directory] = words.as_slice() else {
        eprintln!("usage: q-screens --q PATH --into DIRECTORY");
        return ExitCode::from(2);
    };
    let directory = PathBuf::from(directory);
    for (name, picture) in scenes::all(program.as_ref()) {
        let file = directory.join(format!("{name}.svg"));
        if let Err(error) = std::fs::write(&file, picture) {
            eprintln!("{}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
