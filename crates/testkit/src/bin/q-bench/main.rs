//! `q-bench`: what `q` costs, measured from outside: the real binary in real pseudo-terminals, on sessions with a past.
//! Started by `cargo xtask bench`, which builds the release binary first.

mod budget;
mod children;
mod console;
mod cost;
mod faults;
mod floor;
mod plan;
mod prepare;
mod start;
mod statistics;
mod stream;
mod switch;

use std::process::ExitCode;

use budget::Figure;
use plan::Plan;
use q_testkit::home::Home;

fn main() -> ExitCode {
    let plan = match Plan::from_arguments(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(fault) => {
            console::print(&format!("q-bench: {fault}"));
            return ExitCode::from(2);
        }
    };
    let figures = measure(&plan);
    console::print(&budget::table(&figures));
    let broken = figures.iter().filter(|figure| figure.breaks_gate()).count();
    if broken > 0 {
        console::print(&format!("q-bench: {broken} of the owner's gates broken"));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn measure(plan: &Plan) -> Vec<Figure> {
    if plan.stream_only {
        return stream::measure(plan);
    }
    if plan.children_only {
        return children::measure(plan);
    }
    let home = Home::new();
    prepare::sessions(&home, plan);
    let mut figures = start::measure(&home, plan);
    figures.extend(switch::measure(&home, plan));
    figures.extend(cost::measure(&home, plan));
    drop(home);
    figures.extend(children::measure(plan));
    figures.extend(stream::measure(plan));
    figures
}
