//! A question of an MCP server, from what its call is given: who asks comes first, since the words are the server's own and could be
//! anybody's.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::layout::wrap::truncated;
use crate::sanitize;

/// What stands behind the name of a server in that of its question.
const ASKS: &str = "__asks";
/// The most of it in one line, in columns.
const LINE: usize = 160;

/// What such a call is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    asks: String,
    wrong: Option<String>,
    #[serde(default, rename = "for")]
    fields: Map<String, Value>,
    answer: String,
}

/// The whole question, in lines; of one that is not understood what it was given.
pub(crate) fn whole(tool: &str, input: &str) -> String {
    let Some(Asked { asks, wrong, fields, answer }) = understood(tool, input) else {
        return format!("{} {}", who(tool), sanitize::visible(input));
    };
    let about = |(name, about): (&String, &Value)| {
        let about = about.as_str().map_or_else(|| about.to_string(), str::to_owned);
        sanitize::visible_line(&format!("{name}: {about}")).into_owned()
    };
    let wrong = wrong.map(|wrong| format!("not taken before: {}", sanitize::visible_line(&wrong)));
    let asks = format!("{} {}", who(tool), sanitize::visible(&asks));
    let how = format!("({})", sanitize::visible_line(&answer));
    let lines = [asks].into_iter().chain(fields.iter().map(about)).chain(wrong).chain([how]);
    lines.collect::<Vec<String>>().join("\n")
}

/// The question in one line, cut.
pub(crate) fn line(tool: &str, input: &str) -> String {
    let asks = understood(tool, input).map_or_else(|| input.to_owned(), |asked| asked.asks);
    truncated(&format!("{} {}", who(tool), sanitize::visible_line(&asks)), LINE).into_owned()
}

fn understood(tool: &str, input: &str) -> Option<Asked> {
    tool.ends_with(ASKS).then(|| serde_json::from_str(input).ok()).flatten()
}

fn who(tool: &str) -> String {
    match tool.strip_suffix(ASKS) {
        Some(server) => format!("the MCP server {} asks you:", sanitize::exact_line(server)),
        None => "asks you:".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_stands_first_and_a_line_has_an_end() {
        let long = "x".repeat(3000);
        for (tool, asks, begins, whole_ends) in [
            (
                "ms__asks",
                "? may this run: ls",
                "the MCP server ms asks you: ? may this run: ls",
                "\nn: text\n(words)",
            ),
            ("ms__asks", long.as_str(), "the MCP server ms asks you: xxx", "\nn: text\n(words)"),
            ("ask", "Which?", "asks you: {\"asks\":", "}"),
        ] {
            let given =
                serde_json::json!({ "asks": asks, "for": { "n": "text" }, "answer": "words" }).to_string();
            let (whole, line) = (whole(tool, &given), line(tool, &given));
            assert!(whole.starts_with(begins) && whole.ends_with(whole_ends), "{whole}");
            assert!(line.starts_with(begins) && line.chars().count() <= LINE, "{line}");
        }
        assert_eq!(line("ask", "Which?"), "asks you: Which?");
    }
}
