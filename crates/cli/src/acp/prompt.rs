//! A prompt as an editor sends it, in blocks, as the text and the images that q sends.

use q_core::NewImage;
use q_term::sanitize::visible_line;
use q_term::{quoted, typed};
use serde_json::Value;

use crate::image_file;
use crate::named_files::FilledPrompt;

/// What addresses of files begin with.
const FILE: &str = "file://";

/// The blocks as one prompt: what was typed as it is, and behind it the texts that came along, each as a quoted file. It is
/// sent whole or not at all; then with why not.
pub(super) fn of_blocks(blocks: &Value, directory: &str) -> Result<FilledPrompt, String> {
    let blocks = blocks.as_array().ok_or("a prompt is a list of blocks")?;
    let (mut text, mut behind, mut images) = (String::new(), String::new(), Vec::new());
    for block in blocks {
        let member = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        match member("type") {
            "text" => text.push_str(&typed::text(member("text"))),
            "resource_link" => {
                let (name, uri) = (visible_line(member("name")), visible_line(member("uri")));
                text.extend(["[", &name, "](", shown(&uri, directory), ")"]);
            }
            "resource" => {
                let resource = block.get("resource").unwrap_or(&Value::Null);
                let member = |name: &str| resource.get(name).and_then(Value::as_str);
                let uri = visible_line(member("uri").unwrap_or_default());
                match (member("text"), member("blob")) {
                    (Some(said), _) => {
                        behind.push_str(&quoted::block(shown(&uri, directory), &typed::text(said)));
                    }
                    (None, Some(blob)) => images.push(image(shown(&uri, directory), blob)?),
                    (None, None) => return Err("a resource has a text or a blob".to_owned()),
                }
            }
            "image" => {
                let uri = visible_line(member("uri"));
                let name = Some(shown(&uri, directory)).filter(|name| !name.is_empty());
                images.push(image(name.unwrap_or("image"), member("data"))?);
            }
            "audio" => return Err("sound is not taken: q's agents read text and images".to_owned()),
            other => return Err(format!("a block of the type `{other}` is not taken")),
        }
    }
    text.push_str(&behind);
    Ok(FilledPrompt { text, images })
}

/// An address as it is shown: a file by its path, beneath the session's directory by the rest of it.
fn shown<'a>(uri: &'a str, directory: &str) -> &'a str {
    let path = uri.strip_prefix(FILE).unwrap_or(uri);
    let beneath = path.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/'));
    beneath.filter(|rest| !rest.is_empty() && !directory.is_empty()).unwrap_or(path)
}

/// An image by its bytes, whatever it is said to be.
fn image(name: &str, base64: &str) -> Result<NewImage, String> {
    let bytes = image_file::from_base64(base64).ok_or_else(|| format!("{name}: this is no base64"))?;
    let kind =
        image_file::kind(&bytes).ok_or_else(|| format!("{name}: this is no image that models take"))?;
    image_file::image(name, kind, &bytes).map_err(|why| format!("{name}: {why}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use serde_json::json;

    use super::*;

    const GIF: &str = "R0lGODlhAgADAAAAAHBpeGVsczs=";

    #[test]
    fn blocks_become_what_was_typed_with_files_behind() {
        for (blocks, text, images) in [
            (json!([]), "", 0),
            (json!([{ "type": "text", "text": "a\r\n" }, { "type": "text", "text": "b" }]), "a\nb", 0),
            (
                json!([
                    { "type": "text", "text": "see " },
                    { "type": "resource", "resource": { "uri": "file:///w/a.rs", "text": "fn a() {}\n" } },
                    { "type": "resource_link", "name": "b.rs", "uri": "file:///elsewhere/b.rs#L1" },
                    { "type": "text", "text": "?" },
                ]),
                "see [b.rs](/elsewhere/b.rs#L1)?\n\nFile a.rs (1 line, 10 B):\n```\nfn a() {}\n```",
                0,
            ),
            (
                json!([{ "type": "resource_link", "name": "a\u{202e}b\n", "uri": "file:///w/\u{1b}[2Jc" }]),
                "[a<U+202E>b ](<U+001B>[2Jc)",
                0,
            ),
            (json!([{ "type": "image", "data": GIF, "mimeType": "image/png" }]), "", 1),
            (json!([{ "type": "resource", "resource": { "uri": "x:y", "blob": GIF } }]), "", 1),
        ] {
            let filled = of_blocks(&blocks, "/w").unwrap();
            assert_eq!((filled.text.as_str(), filled.images.len()), (text, images), "{blocks}");
        }
    }

    #[test]
    fn what_is_not_taken_is_said_and_nothing_is_sent() {
        for (blocks, why) in [
            (json!("text"), "a list of blocks"),
            (json!([{ "type": "text", "text": "a" }, { "type": "audio", "data": "aGk=" }]), "sound"),
            (json!([{ "type": "video" }]), "`video`"),
            (json!([7]), "``"),
            (json!([{ "type": "image", "data": "aGk=" }]), "no image"),
            (json!([{ "type": "image", "data": "a" }]), "no base64"),
            (json!([{ "type": "resource", "resource": {} }]), "a text or a blob"),
            (
                json!([{ "type": "resource", "resource": { "uri": "file:///w/a.pdf", "blob": "aGk=" } }]),
                "a.pdf",
            ),
        ] {
            let told = of_blocks(&blocks, "/w").map(|_| ()).unwrap_err();
            assert!(told.contains(why), "{blocks}: {told}");
        }
    }
}
