//! Images of a prompt in format 1: what is known of each. Their bytes stand beside a record, in base64.

use std::borrow::Cow;

use q_core::{ImagePlace, Seq};
use serde::{Deserialize, Serialize};

use super::word::ImageKind;

/// [`q_core::Image`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ImageV1<'a> {
    #[serde(rename = "name", borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "kind")]
    kind: ImageKind,
    #[serde(rename = "width")]
    width: u32,
    #[serde(rename = "height")]
    height: u32,
    #[serde(rename = "size")]
    size: u64,
    /// The record beside which it stands, and where in that.
    #[serde(rename = "kept", default, skip_serializing_if = "Option::is_none")]
    kept: Option<(u64, u64)>,
}

pub(super) fn written(images: &[q_core::Image]) -> Vec<ImageV1<'_>> {
    images.iter().map(ImageV1::from).collect()
}

pub(super) fn read(images: Vec<ImageV1<'_>>) -> Vec<q_core::Image> {
    images.into_iter().map(q_core::Image::from).collect()
}

impl<'a> From<&'a q_core::Image> for ImageV1<'a> {
    fn from(image: &'a q_core::Image) -> Self {
        let q_core::Image { name, kind, width, height, size, kept } = image;
        let kept = kept.map(|ImagePlace { record, from }| (record.0, from));
        Self { name: name.into(), kind: (*kind).into(), width: *width, height: *height, size: *size, kept }
    }
}

impl From<ImageV1<'_>> for q_core::Image {
    fn from(image: ImageV1<'_>) -> Self {
        let ImageV1 { name, kind, width, height, size, kept } = image;
        let kept = kept.map(|(record, from)| ImagePlace { record: Seq(record), from });
        Self { name: name.into_owned(), kind: kind.into(), width, height, size, kept }
    }
}
