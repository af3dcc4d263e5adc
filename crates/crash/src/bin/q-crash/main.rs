//! `q-crash`: the crash rigs of the store. Each is a process of its own, so that the memory it says it took is its own.
//! Started by `cargo xtask crash`.

use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use q_crash::flips::Extent;
use q_crash::points::Point;
use q_crash::report::RigReport;
use q_crash::{cuts, flips, kills, points, scenarios, writer};

/// How much each rig does for each change, and nightly.
const POINTS: usize = 600;
const KILLS: [u64; 2] = [330, 10_000];
const IMAGES: [u64; 2] = [5_000, 100_000];
const FLIPS: usize = 5_500;
/// Of the stores in which they are: with one there is a block that begins with rows that are gone, with one a block of nothing
/// else.
const FLIP_SEEDS: [u64; 3] = [1, 3, 6];
const FLIPS_IN_LARGE: usize = 20_000;

/// The exit code for a rig that cannot run here.
const SKIPPED: u8 = 77;

/// The rigs, in the order in which they run.
const RIGS: &[&str] = &["points", "kills", "images", "flips"];

/// What the command line asks for.
#[derive(Default)]
struct RigOptions {
    full: bool,
    only: Option<String>,
    /// Plays this one alone.
    seed: Option<u64>,
    point: Option<Point>,
    flip: Option<String>,
}

impl RigOptions {
    /// Reads `[--full] [--only RIG [--seed S [--flip PLACES] | --point SCENARIO:CALL:N]]`.
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted = Self::default();
        while let Some(argument) = arguments.next() {
            if argument == "--full" {
                wanted.full = true;
                continue;
            }
            let value = arguments.next().unwrap_or_default();
            match argument.as_str() {
                "--only" if RIGS.contains(&value.as_str()) => wanted.only = Some(value),
                "--only" => return Err(format!("there is no rig `{value}`; there are {}", RIGS.join(", "))),
                "--seed" => {
                    let seed = value.parse();
                    wanted.seed = Some(seed.map_err(|_| format!("--seed wants a number, not `{value}`"))?);
                }
                "--point" => {
                    let point = point(&value);
                    wanted.point =
                        Some(point.ok_or_else(|| format!("--point wants SCENARIO:CALL:N, not `{value}`"))?);
                }
                "--flip" => wanted.flip = Some(value),
                unknown => return Err(format!("unknown argument `{unknown}`")),
            }
        }
        if wanted.only.is_none() && (wanted.seed.is_some() || wanted.point.is_some()) {
            return Err("--seed and --point want --only".into());
        }
        Ok(wanted)
    }
}

fn point(written: &str) -> Option<Point> {
    let [scenario, call, nth] = written.split(':').collect::<Vec<_>>().try_into().ok()?;
    Some(Point { scenario: scenario.into(), call: call.into(), nth: nth.parse().ok()? })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["write", scenario, dir] => write(scenario, Path::new(dir)),
        ["write-together", seed, round, dir] => write_together(seed, round, Path::new(dir)),
        _ => RigOptions::from_arguments(arguments.iter().cloned()).and_then(|wanted| run(&wanted)),
    };
    done.unwrap_or_else(|fault| {
        print_line(&format!("q-crash: {fault}"));
        ExitCode::from(2)
    })
}

fn write(scenario: &str, dir: &Path) -> Result<ExitCode, String> {
    let scenario = scenarios::all().into_iter().find(|known| known.name == scenario);
    let scenario = scenario.ok_or("there is no such scenario")?;
    writer::write(&scenario, dir).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn write_together(seed: &str, round: &str, dir: &Path) -> Result<ExitCode, String> {
    let number = |word: &str| word.parse().map_err(|_| format!("`{word}` is no number"));
    writer::write_together(&kills::lives(number(seed)?, number(round)?), dir)
        .map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn run(wanted: &RigOptions) -> Result<ExitCode, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let Some(rig) = &wanted.only else { return run_all(&program, wanted.full) };
    // A panic is a broken promise like any other and is reported as one.
    panic::set_hook(Box::new(|_| ()));
    let scale = usize::from(wanted.full);
    let seed = wanted.seed.unwrap_or(1);
    let number = |numbers: [u64; 2]| if wanted.seed.is_some() { 1 } else { numbers[scale] };
    let reports: Vec<RigReport> = match rig.as_str() {
        "points" => {
            if let Some(why) = points::why_not() {
                print_line(&format!("points: skipped: {why}"));
                return Ok(ExitCode::from(SKIPPED));
            }
            vec![match &wanted.point {
                Some(point) => points::run_one(&program, point)?,
                None => points::run(&program, (!wanted.full).then_some(POINTS)),
            }]
        }
        "kills" => vec![kills::run(&program, seed, number(KILLS))],
        "images" => vec![cuts::run(seed, number(IMAGES))],
        _ if wanted.flip.is_some() => {
            let written = wanted.flip.as_deref().unwrap_or_default();
            let extent = match (wanted.full, written.starts_with("large:")) {
                (true, true) => Extent::Large(FLIPS_IN_LARGE),
                (true, false) => Extent::EveryByte,
                (false, _) => Extent::Spread(FLIPS),
            };
            let report = flips::run_one(seed, extent, written);
            vec![report.ok_or_else(|| format!("--flip wants SAMPLE:FILE:PLACE, not `{written}`"))?]
        }
        _ if wanted.full => {
            vec![flips::run(seed, Extent::EveryByte), flips::run(seed, Extent::Large(FLIPS_IN_LARGE))]
        }
        _ => {
            let seeds = wanted.seed.map_or_else(|| FLIP_SEEDS.to_vec(), |seed| vec![seed]);
            seeds.into_iter().map(|seed| flips::run(seed, Extent::Spread(FLIPS))).collect()
        }
    };
    for report in &reports {
        print_line(&report.to_string());
    }
    let is_well = reports.iter().all(|report| report.failures.is_empty());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Each rig in a process of its own.
fn run_all(program: &PathBuf, full: bool) -> Result<ExitCode, String> {
    let (mut failed, mut skipped) = (false, false);
    for rig in RIGS {
        let mut command = Command::new(program);
        command.args(["--only", rig]).args(full.then_some("--full"));
        let status = command.status().map_err(|error| error.to_string())?;
        match status.code() {
            Some(0) => {}
            Some(code) if code == i32::from(SKIPPED) => skipped = true,
            Some(_) | None => {
                print_line(&format!("{rig}: FAILED: {status}\n  again: cargo xtask crash --only {rig}"));
                failed = true;
            }
        }
    }
    Ok(match (failed, skipped) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(SKIPPED),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Says a line to the person; a closed pipe is no reason to stop.
fn print_line(line: &str) {
    writeln!(io::stdout().lock(), "{line}").ok();
}
