//! Images as each dialect has them.

use serde_json::Value;

use super::is_text;
use crate::dialect::Dialect;

pub(super) const NO_IMAGE: &str = "an image is none";

pub(super) fn is_base64(data: &Value) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    data.as_str()
        .is_some_and(|data| !data.is_empty() && data.len().is_multiple_of(4) && data.bytes().all(is_digit))
}

fn is_media_type(word: &Value) -> bool {
    ["image/png", "image/jpeg", "image/gif", "image/webp"].iter().any(|known| word == known)
}

/// Whether it is an image as this dialect has it.
pub(super) fn is_image(dialect: Dialect, block: &Value) -> bool {
    let address = |address: &Value| {
        let held = address.as_str().and_then(|address| address.strip_prefix("data:")?.split_once(";base64,"));
        held.is_some_and(|(media_type, data)| is_media_type(&media_type.into()) && is_base64(&data.into()))
    };
    match dialect {
        Dialect::ChatCompletions => block["type"] == "image_url" && address(&block["image_url"]["url"]),
        Dialect::Responses => block["type"] == "input_image" && address(&block["image_url"]),
        Dialect::Anthropic => {
            let source = &block["source"];
            let is_whole = source["type"] == "base64" && is_media_type(&source["media_type"]);
            block["type"] == "image" && is_whole && is_base64(&source["data"])
        }
        Dialect::Gemini => {
            let data = &block["inlineData"];
            is_media_type(&data["mimeType"]) && is_base64(&data["data"])
        }
        Dialect::Bedrock => {
            let format = block["image"]["format"].as_str();
            let is_known = format.is_some_and(|format| ["png", "jpeg", "gif", "webp"].contains(&format));
            is_known && is_base64(&block["image"]["source"]["bytes"])
        }
        Dialect::Ollama => false, // beside the words, not among them
    }
}

/// Whether a content is words and at least one image, and nothing else.
pub(super) fn is_illustrated(dialect: Dialect, content: &Value) -> bool {
    let kind = if dialect == Dialect::Responses { "input_text" } else { "text" };
    let (images, words): (Vec<&Value>, Vec<&Value>) =
        content.as_array().into_iter().flatten().partition(|part| is_image(dialect, part));
    let are_words = words.iter().all(|part| part["type"] == kind && is_text(&part["text"]));
    !images.is_empty() && !words.is_empty() && are_words
}
