//! What in a prompt is a server's: `/SERVER:PROMPT ARGUMENTS` is one of its prompts, `@SERVER:URI` one of its resources. Whether there is
//! such a server, only a client can say.

use q_core::is_typed_name;

/// The longest name of a server and of a prompt, in bytes.
const SERVER_BYTES: usize = 24;
const PROMPT_BYTES: usize = 128;

/// One of a server's own prompts, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServedPrompt<'a> {
    pub server: &'a str,
    /// Empty where somebody asks what there is.
    pub name: &'a str,
    /// All behind its name.
    pub words: &'a str,
}

/// The prompt of a server that a line is; nothing where it is none. A pasted log is several lines, and none.
pub fn prompt(text: &str) -> Option<ServedPrompt<'_>> {
    let line = text.trim_end().strip_prefix('/').filter(|line| !line.contains('\n'))?;
    let (word, words) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (server, name) = split(word)?;
    let is_name = name.len() <= PROMPT_BYTES && !name.chars().any(char::is_control);
    is_name.then_some(ServedPrompt { server, name, words: words.trim() })
}

/// The server and the address behind an `@`.
pub fn resource(name: &str) -> Option<(&str, &str)> {
    split(name).filter(|(_, uri)| !uri.is_empty())
}

/// The name of a server, and what stands behind its colon.
fn split(word: &str) -> Option<(&str, &str)> {
    let (server, rest) = word.split_once(':')?;
    is_server(server).then_some((server, rest))
}

/// A name that can be typed, and is no longer than a server's may be.
fn is_server(name: &str) -> bool {
    name.len() <= SERVER_BYTES
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && is_typed_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_of_a_server_is_a_line_that_begins_with_its_name() {
        let found = |text| prompt(text).map(|one| (one.server, one.name, one.words));
        for (text, expected) in [
            ("/files:review a.rs dry", Some(("files", "review", "a.rs dry"))),
            ("/my-server_2:a/b \n", Some(("my-server_2", "a/b", ""))),
            ("/files:", Some(("files", "", ""))),
            ("files:review", None),
            ("/files", None),
            ("/:review", None),
            ("/2:review", None),
            ("/usr/lib:12: no such file", None),
            ("/files:12: no\n/files:13: no", None),
            ("//files:review", None),
            ("/größe:review", None),
            ("/abcdefghijklmnopqrstuvwxy:review", None),
        ] {
            assert_eq!(found(text), expected, "{text:?}");
        }
        assert_eq!(resource("files:x://y"), Some(("files", "x://y")));
        assert_eq!((resource("files:"), resource("a/b:c"), resource("files")), (None, None, None));
    }
}
