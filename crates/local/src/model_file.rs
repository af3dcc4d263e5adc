//! A model's file, looked at before anything is computed: all that is needed but its tensors.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::error::LocalError;
use crate::gguf::GgufHeader;
use crate::markup::Markup;
use crate::shape::ModelShape;
use crate::tokenizer::Tokenizer;

/// A file that holds a model which can be used here.
#[derive(Clone, Debug)]
pub struct ModelFile {
    pub path: PathBuf,
    /// What it is called: the file's name without its ending.
    pub name: String,
    /// What it says of itself.
    pub header: GgufHeader,
    pub shape: ModelShape,
    pub tokenizer: Tokenizer,
    /// How conversations are written for it.
    pub markup: Markup,
}

impl ModelFile {
    pub fn open(path: &Path) -> Result<Self, LocalError> {
        Self::read(path).map_err(|error| error.of(path.display()))
    }

    fn read(path: &Path) -> Result<Self, LocalError> {
        let unreadable = |error: std::io::Error| LocalError::new(format!("it cannot be read: {error}"));
        let file = File::open(path).map_err(unreadable)?;
        let found = file.metadata().map_err(unreadable)?;
        if !found.is_file() {
            return Err(LocalError::new("it is no file"));
        }
        let header = GgufHeader::read(BufReader::with_capacity(1 << 20, file), found.len())?;
        let shape = ModelShape::of(&header)?;
        let tokenizer = Tokenizer::of(&header)?;
        let markup = Markup::of(&header, &tokenizer)?;
        Ok(Self { path: path.to_owned(), name: name_of(path), header, shape, tokenizer, markup })
    }
}

/// What a model in that file is called.
pub fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned())
}
