//! The manual as it ships in the binary, in sections.
//!
//! Each file has one `#` title, for readers of the files, and a section at each `##` heading. A comment `<!-- also: … -->`
//! in a section lists words people use for it that do not stand in it; it is searched and not shown.

/// One section of the manual: what a question is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Other words for it.
    pub(super) also: &'static str,
    /// Its text, in Markdown.
    pub(super) body: String,
}

const FILES: &[&str] = &[
    include_str!("../../manual/01-what-q-is.md"),
    include_str!("../../manual/02-getting-started.md"),
    include_str!("../../manual/03-sessions.md"),
    include_str!("../../manual/04-switching.md"),
    include_str!("../../manual/05-background.md"),
    include_str!("../../manual/06-prompts.md"),
    include_str!("../../manual/07-models.md"),
    include_str!("../../manual/08-host.md"),
    include_str!("../../manual/09-crashes.md"),
    include_str!("../../manual/10-scripting.md"),
    include_str!("../../manual/11-plain.md"),
    include_str!("../../manual/12-keys.md"),
    include_str!("../../manual/13-commands.md"),
    include_str!("../../manual/14-limits.md"),
    include_str!("../../manual/15-data.md"),
    include_str!("../../manual/16-tools.md"),
    include_str!("../../manual/17-mcp.md"),
    include_str!("../../manual/18-acp.md"),
    include_str!("../../manual/19-editors.md"),
];

/// All of it, in reading order.
pub(super) fn sections() -> Vec<Section> {
    FILES.iter().flat_map(|file| file.split("\n## ").skip(1)).map(section).collect()
}

/// The section of that title with its heading, in Markdown: for whoever shows the manual itself.
pub(super) fn titled(title: &str) -> Option<String> {
    let section = sections().into_iter().find(|section| section.title == title)?;
    Some(format!("## {}\n\n{}\n", section.title, section.body))
}

fn section(text: &'static str) -> Section {
    let (title, text) = text.split_once('\n').unwrap_or((text, ""));
    let comment = text.strip_prefix("<!-- also: ").and_then(|text| text.split_once(" -->"));
    let (also, body) = comment.unwrap_or(("", text));
    Section { title, also, body: joined(body.trim()) }
}

/// `markdown` with each paragraph on one line: the files are wrapped for their readers, a terminal wraps by its own width.
fn joined(markdown: &str) -> String {
    let mut joined = String::with_capacity(markdown.len());
    let mut in_code = false;
    for line in markdown.lines() {
        let fence = line.starts_with("```");
        let begins =
            line.is_empty() || line.starts_with(['-', '|', '`']) && (fence || !line.starts_with('`'));
        let numbered = line.starts_with(|c: char| c.is_ascii_digit());
        if joined.is_empty() || joined.ends_with("\n\n") {
        } else if in_code || fence || begins || numbered || joined.ends_with("```") {
            joined.push('\n');
        } else {
            joined.push(' ');
        }
        joined.push_str(if in_code { line } else { line.trim_start() });
        if line.is_empty() {
            joined.push('\n');
        }
        in_code ^= fence;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_a_title_other_words_and_a_body() {
        let sections = sections();
        assert!(sections.len() > 25);
        for section in &sections {
            assert!(!section.also.is_empty(), "{}", section.title);
            assert!(
                section.body.len() > 100 && section.body.len() < 2_000,
                "{}: {}",
                section.title,
                section.body.len()
            );
            assert!(!section.body.contains("<!--"), "{}", section.title);
            assert_eq!(section.body.matches("```").count() % 2, 0, "{}", section.title);
        }
    }

    #[test]
    fn paragraphs_are_joined_and_nothing_else() {
        for (wrapped, whole) in [
            ("one\ntwo\n\nthree", "one two\n\nthree"),
            ("- one\n  two\n- three", "- one two\n- three"),
            ("1. one\n2. two", "1. one\n2. two"),
            ("|a|\n|-|\n|b|", "|a|\n|-|\n|b|"),
            ("see:\n\n```sh\na\n  b\n```\n\nand\nmore", "see:\n\n```sh\na\n  b\n```\n\nand more"),
            ("```sh\na\n\nb\n```", "```sh\na\n\nb\n```"),
            ("one\n`two` three", "one `two` three"),
        ] {
            assert_eq!(joined(wrapped), whole, "{wrapped}");
        }
    }
}
