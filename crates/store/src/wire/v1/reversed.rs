//! Changes that were reversed in format 1.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::is_default;

/// [`q_core::Reversed`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReversedV1<'a> {
    #[serde(rename = "redo", default, skip_serializing_if = "is_default")]
    redo: bool,
    #[serde(rename = "files", borrow)]
    files: Vec<Cow<'a, str>>,
    #[serde(rename = "more", default, skip_serializing_if = "is_default")]
    more: u64,
}

impl<'a> From<&'a q_core::Reversed> for ReversedV1<'a> {
    fn from(reversed: &'a q_core::Reversed) -> Self {
        let files = reversed.files.iter().map(|file| file.as_str().into()).collect();
        Self { redo: reversed.redo, files, more: reversed.more }
    }
}

impl From<ReversedV1<'_>> for q_core::Reversed {
    fn from(reversed: ReversedV1<'_>) -> Self {
        let files = reversed.files.into_iter().map(Cow::into_owned).collect();
        Self { redo: reversed.redo, files, more: reversed.more }
    }
}
