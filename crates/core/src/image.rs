//! Images: pictures that go with a prompt. Their bytes stand beside the record of the prompt that brought them, in base64,
//! since every model is sent them so; what is known of them stands in the prompt.
//!
//! Not here: how a file is recognised as one (whoever reads it does that), and when their bytes are read (the host's).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::id::Seq;

/// What a picture is written in: what every model takes that takes any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageKind {
    Png,
    Jpeg,
    Gif,
    WebP,
}

impl ImageKind {
    pub const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Gif, Self::WebP];

    /// Its word, in traces, stores and documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::WebP => "webp",
        }
    }

    /// The kind of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }
}

/// What is known of an image of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What it was named by.
    pub name: String,
    pub kind: ImageKind,
    /// In pixels, as its header says.
    pub width: u32,
    pub height: u32,
    /// Bytes of its file.
    pub size: u64,
    /// Where it is kept; of one that an import names, nowhere.
    pub kept: Option<ImagePlace>,
}

/// Where an image is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImagePlace {
    /// The record beside which it stands.
    pub record: Seq,
    /// Where its base64 begins, counted from the beginning of that record's text.
    pub from: u64,
}

/// An image as it comes with a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewImage {
    pub name: String,
    pub kind: ImageKind,
    pub width: u32,
    pub height: u32,
    /// Its file in base64, padded.
    pub data: String,
}

/// What an image costs at most, in tokens: larger ones are made smaller by those who look at them.
const MOST_TOKENS: u64 = 1600;
/// So many pixels are a token, about: what Anthropic counts by. Others count less for large ones.
const PIXELS_PER_TOKEN: u64 = 750;
/// Bytes of a text that make a token, about.
const BYTES_PER_TOKEN: u64 = 4;

impl Image {
    /// How long it is in base64.
    pub const fn encoded(&self) -> u64 {
        self.size.div_ceil(3).saturating_mul(4)
    }

    /// As many bytes of text as would cost about what it does: an estimate, until a server has counted.
    pub fn as_text_bytes(&self) -> u64 {
        let pixels = u64::from(self.width).saturating_mul(self.height.into());
        pixels.div_ceil(PIXELS_PER_TOKEN).clamp(1, MOST_TOKENS) * BYTES_PER_TOKEN
    }

    /// What it weighs in memory: what is known of it, not its bytes.
    pub const fn weight(&self) -> usize {
        size_of::<Self>() + self.name.len()
    }

    /// What stands for it where it cannot be looked at, for models.
    pub fn words(&self, why: &str) -> String {
        let Self { name, width, height, .. } = self;
        format!("[image {name}, {width}×{height}: {why}]")
    }
}

impl NewImage {
    /// Bytes of its file; nothing if its base64 is none.
    pub fn size(&self) -> Option<u64> {
        let data = self.data.as_bytes();
        let padding = data.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
        let (digits, _) = data.split_at_checked(data.len() - padding)?;
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let is_whole = data.len().is_multiple_of(4) && !digits.is_empty() && digits.iter().all(is_digit);
        is_whole.then(|| (data.len() / 4 * 3 - padding) as u64)
    }

    /// One of a single point.
    #[cfg(test)]
    pub(crate) fn png(name: &str, data: &str) -> Self {
        Self { name: name.into(), kind: ImageKind::Png, width: 1, height: 1, data: data.into() }
    }
}

/// What is kept of new images with a prompt of `text` in that record, and what stands beside it.
pub(crate) fn keep(images: Vec<NewImage>, record: Seq, text: &str) -> (Vec<Image>, String) {
    let mut beside = String::new();
    let mut kept = Vec::new();
    for image in images {
        let size = image.size().unwrap_or_default();
        let NewImage { name, kind, width, height, data } = image;
        let from = (text.len() + beside.len()) as u64;
        kept.push(Image { name, kind, width, height, size, kept: Some(ImagePlace { record, from }) });
        // One image needs no second copy of itself.
        if beside.is_empty() { beside = data } else { beside.push_str(&data) }
    }
    (kept, beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_base64_has_a_size() {
        for (data, size) in [("aGk=", 2), ("aA==", 1), ("aGkh", 3), ("aGkhaGk=", 5)] {
            assert_eq!(NewImage::png("a", data).size(), Some(size), "{data}");
        }
        for data in ["", "====", "aGk", "a===", "aG=k", "aGk\n", "aG-_", "äa"] {
            assert_eq!(NewImage::png("a", data).size(), None, "{data}");
        }
    }

    #[test]
    fn each_is_found_behind_the_text_and_those_before_it() {
        let (kept, beside) =
            keep([NewImage::png("a", "aGk="), NewImage::png("b", "aGkh")].into(), Seq(7), "look");
        assert_eq!(beside, "aGk=aGkh");
        let places: Vec<_> = kept.iter().map(|image| (image.size, image.encoded(), image.kept)).collect();
        let at = |from| Some(ImagePlace { record: Seq(7), from });
        assert_eq!(places, [(2, 4, at(4)), (3, 4, at(8))]);
    }

    #[test]
    fn an_image_is_counted_by_its_pixels_and_no_more_than_those_who_look_do() {
        for (width, height, tokens) in [
            (1, 1, 1),
            (640, 480, 410),
            (1000, 1000, 1334),
            (10_000, 10_000, 1600),
            (u32::MAX, u32::MAX, 1600),
        ] {
            let NewImage { name, kind, .. } = NewImage::png("a", "aGk=");
            let image = Image { name, kind, width, height, size: 2, kept: None };
            assert_eq!(image.as_text_bytes(), tokens * BYTES_PER_TOKEN, "{width}x{height}");
        }
    }
}
