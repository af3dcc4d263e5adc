//! Project files in format 1.

use std::borrow::Cow;

use q_core::{ProjectFile, ProjectFiles, TurnNo};
use serde::{Deserialize, Serialize};

/// [`ProjectFile`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
struct ProjectFileV1<'a> {
    #[serde(rename = "path", borrow)]
    path: Cow<'a, str>,
    #[serde(rename = "bytes")]
    bytes: u64,
    #[serde(rename = "left_out", default, skip_serializing_if = "super::is_default")]
    left_out: u64,
    #[serde(rename = "fingerprint")]
    fingerprint: u64,
}

/// [`ProjectFiles`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ProjectFilesV1<'a> {
    #[serde(rename = "files", borrow)]
    files: Vec<ProjectFileV1<'a>>,
    #[serde(rename = "withheld", default, skip_serializing_if = "super::is_default")]
    withheld: bool,
}

impl<'a> From<&'a ProjectFiles> for ProjectFilesV1<'a> {
    fn from(ProjectFiles { all, withheld }: &'a ProjectFiles) -> Self {
        let written = all.iter().map(|file| {
            let ProjectFile { path, bytes, left_out, fingerprint } = file;
            let (bytes, left_out, fingerprint) = (*bytes, *left_out, *fingerprint);
            ProjectFileV1 { path: path.into(), bytes, left_out, fingerprint }
        });
        Self { files: written.collect(), withheld: *withheld }
    }
}

impl From<ProjectFilesV1<'_>> for ProjectFiles {
    fn from(ProjectFilesV1 { files, withheld }: ProjectFilesV1<'_>) -> Self {
        let read = files.into_iter().map(|ProjectFileV1 { path, bytes, left_out, fingerprint }| {
            ProjectFile { path: path.into_owned(), bytes, left_out, fingerprint }
        });
        Self { all: read.collect(), withheld }
    }
}

/// [`q_core::Record::ProjectRead`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ProjectReadV1<'a> {
    #[serde(rename = "turn")]
    turn: u64,
    #[serde(rename = "of", borrow)]
    project: ProjectFilesV1<'a>,
}

impl<'a> From<(TurnNo, &'a ProjectFiles)> for ProjectReadV1<'a> {
    fn from((turn, files): (TurnNo, &'a ProjectFiles)) -> Self {
        Self { turn: turn.0, project: files.into() }
    }
}

impl ProjectReadV1<'_> {
    pub(super) fn into_core(self) -> q_core::Record {
        q_core::Record::ProjectRead { turn: TurnNo(self.turn), files: self.project.into() }
    }
}
