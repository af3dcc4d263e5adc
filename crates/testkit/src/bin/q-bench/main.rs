//! `q-bench`: what `q` costs, measured from outside: the real binary in real pseudo-terminals, on sessions with a past.
//! Started by `cargo xtask bench`, which builds the release binary first.

mod budget;
mod cost;
mod floor;
mod prepare;
mod start;
mod statistics;
mod switch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use budget::Figure;
use q_testkit::home::Home;

/// What is measured, and how long.
struct Plan {
    /// The binary under test.
    program: PathBuf,
    /// Sessions open at once.
    sessions: usize,
    entries: usize,
    /// Starts measured of each sort.
    starts: usize,
    switches: usize,
}

impl Plan {
    /// Reads the command line: `--q PATH [--quick] [--entries N] [--switches N] [--starts N]`.
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut plan =
            Self { program: PathBuf::new(), sessions: 10, entries: 1_000, starts: 40, switches: 400 };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().unwrap_or_default();
                value.parse().map_err(|_| format!("{argument} wants a number, not `{value}`"))
            };
            match argument.as_str() {
                "--q" => plan.program = arguments.next().unwrap_or_default().into(),
                "--quick" => (plan.starts, plan.switches) = (20, 200),
                "--entries" => plan.entries = number()?,
                "--switches" => plan.switches = number()?,
                "--starts" => plan.starts = number()?,
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        if !plan.program.is_file() {
            return Err(format!("--q wants the path of the q binary, not `{}`", plan.program.display()));
        }
        Ok(plan)
    }
}

fn main() -> ExitCode {
    let plan = match Plan::from_arguments(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(fault) => {
            say(&format!("q-bench: {fault}"));
            return ExitCode::from(2);
        }
    };
    let figures = measure(&plan);
    say(&budget::table(&figures));
    let broken = figures.iter().filter(|figure| figure.breaks_gate()).count();
    if broken > 0 {
        say(&format!("q-bench: {broken} of the owner's gates broken"));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn measure(plan: &Plan) -> Vec<Figure> {
    let home = Home::new();
    prepare::sessions(&home, plan);
    let mut figures = start::measure(&home, plan);
    figures.extend(switch::measure(&home, plan));
    figures.extend(cost::measure(&home, plan));
    figures
}

/// Says a line to the person; a closed pipe is no reason to stop measuring.
fn say(line: &str) {
    writeln!(io::stdout().lock(), "{line}").ok();
}
