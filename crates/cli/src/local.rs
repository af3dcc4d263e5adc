//! The model on this machine, as far as `q` knows of it: where the program that serves one is, which model is used, and how both
//! together are an agent. All else is that program's (`q-local`), which is another process, built apart.

use std::path::{Path, PathBuf};

use q_proto::Place;
use q_proto::shaping::Program;

use crate::config::path;
use crate::environment::ProcessEnvironment;
use crate::missing::Missing;
use crate::trusted;

const PROGRAM: &str = "q-local";
/// In the directory of models: the path of the one that is used, on one line.
const IN_USE: &str = "in-use";
/// How a model's file ends.
const ENDING: &str = "gguf";

/// Where `q-local` is: beside `q`, or in a directory of `PATH`.
pub(crate) fn program(environment: &ProcessEnvironment) -> Result<PathBuf, Missing> {
    let beside = environment.program.parent().map(|directory| directory.join(PROGRAM));
    let beside = beside.filter(|place| place.is_absolute() && place.is_file());
    beside.or_else(|| environment.program_on_path(PROGRAM)).ok_or_else(|| Missing {
        why: format!("{PROGRAM}, which serves models, is neither beside q nor on PATH"),
        way_out: "build it from q's source: cargo install --path crates/local --features engine".to_owned(),
    })
}

/// The model of this name, of that path, or the one that is used where none is named; its file need not be there.
fn file(
    model: &str,
    place: &Place,
    environment: &ProcessEnvironment,
    config: &Path,
) -> Result<PathBuf, Missing> {
    let pull = || "q model pull smollm2 fetches a small one; q model use PATH takes a file".to_owned();
    let file = if model.is_empty() {
        in_use(place)
            .ok_or_else(|| Missing { why: "no model is on this machine yet".to_owned(), way_out: pull() })?
    } else if model.contains('/') {
        let home = environment.path("HOME");
        let unmeant = |why| Missing { why, way_out: "name a model, or the path of its file".to_owned() };
        path::meant(Path::new(model), config, home.as_deref()).map_err(unmeant)?
    } else {
        place.models().join(format!("{model}.{ENDING}"))
    };
    if file.is_file() {
        return Ok(file);
    }
    Err(Missing { why: format!("its model is not at {}", file.display()), way_out: pull() })
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
    environment: &ProcessEnvironment,
    config: &Path,
) -> Result<Served, Missing> {
    let program = program(environment)?;
    let file = file(model, place, environment, config)?;
    let socket = place.model_socket(&file);
    let text = |path: &Path| match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Missing {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs;

    use super::*;

    struct World {
        root: tempfile::TempDir,
        place: Place,
        environment: ProcessEnvironment,
    }

    fn world() -> World {
        let root = tempfile::tempdir().unwrap();
        let place = Place::new(root.path().join("data"), root.path().join("state"), root.path().join("run"));
        let bin = root.path().join("bin");
        fs::create_dir_all(place.models()).unwrap();
        fs::create_dir_all(&bin).unwrap();
        let variables = [("PATH", bin.to_str().unwrap()), ("HOME", root.path().to_str().unwrap())];
        let environment = ProcessEnvironment::of(&variables, "/");
        World { root, place, environment }
    }

    impl World {
        fn served(&self, model: &str) -> Result<Served, Missing> {
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
        let missing = |model: &str| {
            world.served(model).err().map(|missing| (missing.why, missing.way_out)).unwrap_or_default()
        };
        assert!(missing("").0.contains("q-local"), "{:?}", missing(""));
        assert!(missing("").1.contains("cargo install"), "{:?}", missing(""));
        world.put("bin/q-local", "");
        assert!(missing("").1.contains("q model pull"), "{:?}", missing(""));
        assert!(missing("other").0.contains("data/models/other.gguf"), "{:?}", missing("other"));
        assert_eq!(in_use(&world.place), None);
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
            let served = world.served(model).unwrap_or_else(|missing| panic!("{model}: {}", missing.why));
            let socket = world.place.model_socket(file).display().to_string();
            assert_eq!((served.model.as_str(), served.base_url), (name, format!("unix:{socket}")), "{model}");
            assert_eq!(served.program.path, program.display().to_string());
            let file = file.display().to_string();
            assert_eq!(
                served.program.arguments,
                ["serve", "--socket", &socket, "--model", &file, "--idle", "7"]
            );
        }
        assert_eq!(in_use(&world.place), Some(mine));
    }
}
