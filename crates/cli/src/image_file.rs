//! Image files: known by their bytes, never by their name; whole, as far as their own headers say, and not larger than models
//! take. Nothing of a picture is decoded here.

use std::path::Path;

use q_core::limits::IMAGE_BYTES;
use q_core::{ImageKind, NewImage};
use q_term::words;

/// The most pixels of a side: what the strictest server takes.
const MOST_PIXELS: u32 = 8_000;

/// What the file of an image begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";
const GIFS: [&[u8]; 2] = [b"GIF87a", b"GIF89a"];

/// Whether a file is named as the image that it may not be.
pub(crate) fn is_named(path: &Path) -> bool {
    let endings = ["png", "jpg", "jpeg", "gif", "webp"];
    path.extension().is_some_and(|ending| endings.iter().any(|name| ending.eq_ignore_ascii_case(name)))
}

/// What kind of image begins so, if one does.
pub(crate) fn kind(bytes: &[u8]) -> Option<ImageKind> {
    if bytes.starts_with(PNG) {
        Some(ImageKind::Png)
    } else if bytes.starts_with(JPEG) {
        Some(ImageKind::Jpeg)
    } else if GIFS.iter().any(|beginning| bytes.starts_with(beginning)) {
        Some(ImageKind::Gif)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(ImageKind::WebP)
    } else {
        None
    }
}

/// The image that these bytes are, or why it is not sent.
pub(crate) fn image(name: &str, kind: ImageKind, bytes: &[u8]) -> Result<NewImage, String> {
    if bytes.len() as u64 > IMAGE_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    let size = match kind {
        ImageKind::Png => png(bytes),
        ImageKind::Jpeg => jpeg(bytes),
        ImageKind::Gif => gif(bytes),
        ImageKind::WebP => webp(bytes),
    };
    let (width, height) = size
        .filter(|(width, height)| *width > 0 && *height > 0)
        .ok_or_else(|| format!("it begins as a {} image and is none, or is cut off", kind.word()))?;
    if width.max(height) > MOST_PIXELS {
        return Err(format!("it has {width}×{height} pixels, and {MOST_PIXELS} a side is the most"));
    }
    Ok(NewImage { name: name.to_owned(), kind, width, height, data: base64(bytes) })
}

/// Why an image of so many bytes is not sent.
pub(crate) fn too_large(size: u64) -> String {
    let (size, most) = (words::size(size), words::size(IMAGE_BYTES));
    format!("the image has {size}, and {most} is the most that one may have; make it smaller")
}

/// Big-endian numbers at a place.
fn four(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn two(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

fn two_little(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?).into())
}

/// Width and height, where all chunks are there up to the last one.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = (four(bytes, 16)?, four(bytes, 20)?);
    let mut at = PNG.len();
    let mut is_first = true;
    loop {
        let length = four(bytes, at)? as usize;
        let name = bytes.get(at + 4..at + 8)?;
        if is_first && (name != b"IHDR" || length != 13) {
            return None;
        }
        is_first = false;
        // A check of four bytes stands behind each.
        at = at.checked_add(length)?.checked_add(12)?;
        if at > bytes.len() {
            return None;
        }
        if name == b"IEND" {
            return Some(size);
        }
    }
}

/// Width and height of the first frame, where an end of the image stands behind its beginning.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    let mut size = None;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xff => at += 1, // filled up
            0x01 | 0xd0..=0xd7 => at += 2,
            0xda => break,
            0xd8 | 0xd9 => return None,
            _segment => {
                let length = two(bytes, at + 2)? as usize;
                // Every frame's header but those of tables.
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    size = size.or(Some((two(bytes, at + 7)?, two(bytes, at + 5)?)));
                }
                at = at.checked_add(2)?.checked_add(length.max(2))?;
            }
        }
    }
    let scan = bytes.get(at..)?;
    scan.windows(2).rev().any(|pair| pair == [0xff, 0xd9]).then_some(size?)
}

/// Width and height of the canvas, where the file ends as such a file does.
fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    let last = bytes.iter().rev().find(|byte| **byte != 0)?;
    (*last == b';' && bytes.len() > 13).then_some((two_little(bytes, 6)?, two_little(bytes, 8)?))
}

/// Width and height, in the form of the first chunk, where all bytes are there that the file promises.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let promised = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    if (promised as usize).checked_add(8)? > bytes.len() {
        return None;
    }
    let three = |at: usize| {
        let [low, middle, high] = *bytes.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes([low, middle, high, 0]))
    };
    match bytes.get(12..16)? {
        b"VP8X" => Some((three(24)? + 1, three(27)? + 1)),
        b"VP8L" if *bytes.get(20)? == 0x2f => {
            let bits = u32::from_le_bytes(*bytes.get(21..)?.first_chunk()?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8 " if bytes.get(23..26)? == [0x9d, 0x01, 0x2a] => {
            Some((two_little(bytes, 26)? & 0x3fff, two_little(bytes, 28)? & 0x3fff))
        }
        _other => None,
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that this base64 stands for, whole and padded; nothing of any other text.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let fours = text.as_bytes().chunks(4);
    let last = fours.len().checked_sub(1)?;
    for (place, four) in fours.enumerate() {
        let digits = four.strip_suffix(b"==").or_else(|| four.strip_suffix(b"=")).unwrap_or(four);
        if four.len() < 4 || (digits.len() < 4 && place < last) {
            return None;
        }
        let value = |digit: &u8| DIGITS.iter().position(|known| known == digit).map(|at| at as u32);
        let bits = digits.iter().try_fold(0, |bits, digit| Some(bits << 6 | value(digit)?))?;
        let spread = (bits << (6 * (4 - digits.len()))).to_be_bytes();
        bytes.extend(spread.iter().skip(1).take(digits.len() - 1));
    }
    Some(bytes)
}

/// Those bytes in base64, padded.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) as usize & 63;
            let is_there = digit <= three.len();
            text.push(DIGITS.get(index).filter(|_| is_there).map_or('=', |digit| char::from(*digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]
    use super::*;

    /// A whole file of each kind, of so many pixels.
    fn files(width: u16, height: u16) -> [(ImageKind, Vec<u8>); 6] {
        let (wide, high) = (width.to_be_bytes(), height.to_be_bytes());
        let (w, h) = (width.to_le_bytes(), height.to_le_bytes());
        let png = png_file(width.into(), height.into());
        let frame = [&b"\xff\xc0\x00\x0b\x08"[..], &high, &wide, b"\x01\x01\x11\x00"].concat();
        let jpeg = [b"\xff\xd8\xff\xe0\x00\x04ab", &frame[..], b"\xff\xda\x00\x02data\xff\xd9"].concat();
        let gif = [&b"GIF89a"[..], &w, &h, b"\0\0\0pixels;"].concat();
        let riff =
            |chunk: &[u8]| [b"RIFF", &(chunk.len() as u32 + 4).to_le_bytes()[..], b"WEBP", chunk].concat();
        let lossy = riff(&[&b"VP8 \x0c\0\0\0abc\x9d\x01\x2a"[..], &w, &h, b"ab"].concat());
        let bits = (u32::from(width) - 1) | (u32::from(height) - 1) << 14;
        let lossless = riff(&[&b"VP8L\x06\0\0\0\x2f"[..], &bits.to_le_bytes(), b"x"].concat());
        let three = |value: u16| (u32::from(value) - 1).to_le_bytes()[..3].to_vec();
        let extended = riff(&[&b"VP8X\x0a\0\0\0\0\0\0\0"[..], &three(width), &three(height)].concat());
        [
            (ImageKind::Png, png),
            (ImageKind::Jpeg, jpeg),
            (ImageKind::Gif, gif),
            (ImageKind::WebP, lossy),
            (ImageKind::WebP, lossless),
            (ImageKind::WebP, extended),
        ]
    }

    fn png_file(width: u32, height: u32) -> Vec<u8> {
        let chunk =
            |name: &[u8], body: &[u8]| [&(body.len() as u32).to_be_bytes(), name, body, b"crc!"].concat();
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), b"\x08\x02\0\0\0"].concat();
        [PNG, &chunk(b"IHDR", &header), &chunk(b"IDAT", b"pixels"), &chunk(b"IEND", b"")].concat()
    }

    #[test]
    fn each_kind_is_known_by_its_bytes_and_says_its_size() {
        for (width, height) in [(1, 1), (640, 480), (7999, 8000)] {
            for (expected, bytes) in files(width, height) {
                assert_eq!(kind(&bytes), Some(expected));
                let image = image("a", expected, &bytes).unwrap();
                assert_eq!((image.width, image.height), (width.into(), height.into()), "{expected:?}");
                assert_eq!(image.size(), Some(bytes.len() as u64));
            }
        }
        for bytes in [&b""[..], b"\x89PNG", b"RIFF\0\0\0\0WAVE", b"<svg/>", b"BM", b"GIF88a", b"II*\0"] {
            assert_eq!(kind(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_lies_or_is_cut_off_is_no_image() {
        for (expected, bytes) in files(640, 480) {
            for length in 0..bytes.len() {
                let cut = image("a", expected, &bytes[..length]);
                assert!(cut.is_err(), "{expected:?} of {length} bytes: {cut:?}");
            }
        }
        for (kind, bytes) in [
            (ImageKind::Png, [PNG, b"no chunk at all, and long enough for a header"].concat()),
            (ImageKind::Png, png_file(0, 4)),
            (ImageKind::Jpeg, [JPEG, b"\xe0\xff\xff"].concat()),
            (ImageKind::Jpeg, b"\xff\xd8\xff\xda\x00\x02data\xff\xd9".to_vec()),
            (ImageKind::WebP, b"RIFF\xff\xff\xff\xffWEBPVP8X".to_vec()),
        ] {
            let fault = image("a", kind, &bytes).unwrap_err();
            assert!(fault.contains("is none, or is cut off"), "{fault}");
        }
        let fault = image("a", ImageKind::Png, &png_file(10_000, 10_000)).unwrap_err();
        assert_eq!(fault, "it has 10000×10000 pixels, and 8000 a side is the most");
        let large = vec![0; IMAGE_BYTES as usize + 1];
        let fault = image("a", ImageKind::Png, &large).unwrap_err();
        assert_eq!(fault, "the image has 3.9 MB, and 3.9 MB is the most that one may have; make it smaller");
    }

    #[test]
    fn base64_is_as_everybody_writes_it() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
            let meant = Some(bytes.as_bytes().to_vec()).filter(|bytes| !bytes.is_empty());
            assert_eq!(from_base64(text), meant);
        }
        for none in ["Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", "Zm=v", "Zmäv"] {
            assert_eq!(from_base64(none), None, "{none}");
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbf]), "/++/");
    }

    /// Whatever bytes come, none is read that is not there, and what is taken has a size.
    #[test]
    fn any_bytes_are_an_image_or_none() {
        for (_, bytes) in files(640, 480) {
            for at in 0..bytes.len() {
                for value in [0, 1, 0x7f, 0xd8, 0xff] {
                    let mut bytes = bytes.clone();
                    bytes[at] = value;
                    let image = kind(&bytes).and_then(|kind| image("a", kind, &bytes).ok());
                    assert!(image.is_none_or(|image| image.width > 0 && image.height > 0), "{at}: {value}");
                }
            }
        }
    }
}
