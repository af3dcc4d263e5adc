//! The model on this machine, as far as `q` knows of it: where the program that serves one is, which model is used, and how both
//! together are an agent. All else is that program's (`q-local`), which is another process, built apart.

use std::path::{Path, PathBuf};

use q_proto::Place;
use q_proto::message::{NamedAgent, Reach};
use q_proto::network::Network;
use q_proto::shaping::{Program, Shaping};

use crate::agents::{IDLE_TIMEOUT_MS, Lack};
use crate::config::path;
use crate::environment::Environment;
use crate::trusted;

/// The provider, and the agent that is there without any configuration.
pub(crate) const LOCAL: &str = "local";
const PROGRAM: &str = "q-local";
/// In the directory of models: the path of the one that is used, on one line.
const IN_USE: &str = "in-use";
/// How a model's file ends.
const ENDING: &str = "gguf";

/// Where `q-local` is: beside `q`, or in a directory of `PATH`.
pub(crate) fn program(environment: &Environment) -> Result<PathBuf, Lack> {
    let beside = environment.program.parent().map(Path::to_path_buf);
    let variable = environment.path("PATH");
    let directories = variable.iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    let mut places = beside.into_iter().chain(directories).map(|directory| directory.join(PROGRAM));
    places.find(|place| place.is_absolute() && place.is_file()).ok_or_else(|| Lack {
        why: format!("{PROGRAM}, which serves models, is neither beside q nor on PATH"),
        way_out: "build it from q's source: cargo install --path crates/local --features engine".to_owned(),
    })
}

/// The model of this name, of that path, or the one that is used where none is named; its file need not be there.
fn file(model: &str, place: &Place, environment: &Environment, config: &Path) -> Result<PathBuf, Lack> {
    let pull = || "q model pull smollm2 fetches a small one; q model use PATH takes a file".to_owned();
    let file = if model.is_empty() {
        in_use(place)
            .ok_or_else(|| Lack { why: "no model is on this machine yet".to_owned(), way_out: pull() })?
    } else if model.contains('/') {
        let home = environment.path("HOME");
        let unmeant = |why| Lack { why, way_out: "name a model, or the path of its file".to_owned() };
        path::meant(Path::new(model), config, home.as_deref()).map_err(unmeant)?
    } else {
        place.models().join(format!("{model}.{ENDING}"))
    };
    if file.is_file() {
        return Ok(file);
    }
    Err(Lack { why: format!("its model is not at {}", file.display()), way_out: pull() })
}

/// The model that is used where none is named.
pub(crate) fn in_use(place: &Place) -> Option<PathBuf> {
    let text = trusted::read(&place.models().join(IN_USE)).ok()?;
    text.lines().next().map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Where the agent is, what its model is called, and what serves it.
pub(crate) struct Served {
    pub(crate) base_url: String,
    pub(crate) model: String,
    pub(crate) program: Program,
}

/// How a model on this machine is reached; `keep_alive` is how many seconds it stays in memory when nobody asks.
pub(crate) fn served(
    model: &str,
    keep_alive: Option<u64>,
    place: &Place,
    environment: &Environment,
    config: &Path,
) -> Result<Served, Lack> {
    let program = program(environment)?;
    let file = file(model, place, environment, config)?;
    let socket = place.model_socket(&file);
    let text = |path: &Path| match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Lack {
            why: format!("{} is no text that can be said to another program", path.display()),
            way_out: "name it otherwise".to_owned(),
        }),
    };
    let mut arguments =
        vec!["serve".to_owned(), "--socket".to_owned(), text(&socket)?, "--model".to_owned(), text(&file)?];
    arguments.extend(keep_alive.into_iter().flat_map(|seconds| ["--idle".to_owned(), seconds.to_string()]));
    let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Served {
        base_url: format!("unix:{}", text(&socket)?),
        model: name,
        program: Program { path: text(&program)?, arguments },
    })
}

/// The agent that is there as soon as a model is used; `None` where none is.
pub(crate) fn agent(
    place: &Place,
    environment: &Environment,
    config: &Path,
) -> Option<Result<NamedAgent, Lack>> {
    in_use(place)?;
    let reached = served("", None, place, environment, config).map(|served| NamedAgent {
        name: LOCAL.to_owned(),
        reach: Reach::Http {
            base_url: served.base_url,
            key: None,
            model: served.model,
            idle_timeout_ms: IDLE_TIMEOUT_MS,
            network: Network::default(),
            shaping: Shaping { program: Some(served.program), ..Shaping::default() },
        },
    });
    Some(reached)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs;

    use super::*;

    struct World {
        root: tempfile::TempDir,
        place: Place,
        environment: Environment,
    }

    fn world() -> World {
        let root = tempfile::tempdir().unwrap();
        let place = Place::new(root.path().join("data"), root.path().join("state"), root.path().join("run"));
        let bin = root.path().join("bin");
        fs::create_dir_all(place.models()).unwrap();
        fs::create_dir_all(&bin).unwrap();
        let variables = [("PATH", bin.to_str().unwrap()), ("HOME", root.path().to_str().unwrap())];
        let environment = Environment::of(&variables, "/");
        World { root, place, environment }
    }

    impl World {
        fn served(&self, model: &str) -> Result<Served, Lack> {
            served(model, Some(7), &self.place, &self.environment, Path::new("/c/config.toml"))
        }

        fn put(&self, path: &str, text: &str) -> PathBuf {
            let path = self.root.path().join(path);
            fs::write(&path, text).unwrap();
            path
        }
    }

    #[test]
    fn what_is_missing_is_said_one_after_the_other_with_its_way_out() {
        let world = world();
        let lack =
            |model: &str| world.served(model).err().map(|lack| (lack.why, lack.way_out)).unwrap_or_default();
        assert!(lack("").0.contains("q-local"), "{:?}", lack(""));
        assert!(lack("").1.contains("cargo install"), "{:?}", lack(""));
        world.put("bin/q-local", "");
        assert!(lack("").1.contains("q model pull"), "{:?}", lack(""));
        assert!(lack("other").0.contains("data/models/other.gguf"), "{:?}", lack("other"));
        assert!(agent(&world.place, &world.environment, Path::new("/c")).is_none());
    }

    #[test]
    fn a_model_is_reached_by_name_by_path_and_by_being_used() {
        let world = world();
        let program = world.put("bin/q-local", "");
        let smol = world.put("data/models/smollm2.gguf", "");
        let mine = world.put("mine.gguf", "");
        world.put("data/models/in-use", &format!("{}\n", mine.display()));
        for (model, name, file) in
            [("smollm2", "smollm2", &smol), ("~/mine.gguf", "mine", &mine), ("", "mine", &mine)]
        {
            let served = world.served(model).unwrap_or_else(|lack| panic!("{model}: {}", lack.why));
            let socket = world.place.model_socket(file).display().to_string();
            assert_eq!((served.model.as_str(), served.base_url), (name, format!("unix:{socket}")), "{model}");
            assert_eq!(served.program.path, program.display().to_string());
            let file = file.display().to_string();
            assert_eq!(
                served.program.arguments,
                ["serve", "--socket", &socket, "--model", &file, "--idle", "7"]
            );
        }
        let found = agent(&world.place, &world.environment, Path::new("/c")).unwrap();
        assert!(matches!(found, Ok(NamedAgent { reach: Reach::Http { model, .. }, .. }) if model == "mine"));
    }
}
