//! Rust sources as their compiler takes them outside of tests: comments, texts and unit tests blanked, every line in its
//! place. What is looked for here is then found in code only. Not here: a grammar; the tree is formatted, and lines do.

use std::ops::Range;

use crate::tree::{File, Tree};

/// A file below `crates/NAME/src` that is compiled outside of tests.
pub(super) struct Code<'a> {
    pub(super) file: &'a File,
    /// The crate's folder below `crates`.
    pub(super) package: &'a str,
    /// As long as the file, in lines.
    pub(super) lines: Vec<String>,
    /// Lines of unit tests, from 0.
    tests: Vec<Range<usize>>,
}

impl<'a> Code<'a> {
    /// The code of all crates, files of tests left out.
    pub(super) fn of(tree: &'a Tree) -> Vec<Self> {
        let mut all: Vec<Self> = tree.sources().filter_map(Self::of_file).collect();
        let tests: Vec<String> = all.iter().flat_map(Self::test_modules).collect();
        let is_test = |path: &str| {
            tests.iter().any(|module| {
                path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            })
        };
        all.retain(|code| !is_test(&code.file.path));
        all
    }

    fn of_file(file: &'a File) -> Option<Self> {
        let (package, inner) = file.path.strip_prefix("crates/")?.split_once('/')?;
        inner.strip_prefix("src/")?;
        let mut lines: Vec<String> = blanked(&file.text).lines().map(str::to_owned).collect();
        let tests = tests(&lines);
        for line in tests.iter().cloned().flatten() {
            // The declaration of a test module that is a file is still needed, to know that file.
            if !lines[line].starts_with("mod ") || lines[line].contains('{') {
                lines[line].clear();
            }
        }
        Some(Self { file, package, lines, tests })
    }

    /// Where the files of its test modules would be, without their ending.
    fn test_modules(&self) -> Vec<String> {
        let declared = self.tests.iter().cloned().flatten().filter_map(|line| {
            let name = self.lines[line].strip_prefix("mod ")?.strip_suffix(';')?;
            Some(format!("{}{name}", self.room()))
        });
        declared.collect()
    }

    /// The folder its child modules are in, with a `/` at the end.
    pub(super) fn room(&self) -> String {
        let stem = self.file.path.trim_end_matches(".rs");
        let top = ["/mod", "/lib", "/main"].iter().find_map(|top| stem.strip_suffix(top));
        format!("{}/", top.unwrap_or(stem))
    }

    /// Its path below the crate's `src`.
    pub(super) fn inner(&self) -> &'a str {
        self.file.path.split_once("/src/").map_or("", |(_, inner)| inner)
    }

    /// Whether a line, from 0, is one of a unit test.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&line))
    }

    /// How many lines hold code.
    pub(super) fn size(&self) -> usize {
        self.lines.iter().filter(|line| !line.trim().is_empty()).count()
    }
}

/// The items behind `#[cfg(test)]`, in lines: up to the `;` or the brace that ends them.
fn tests(lines: &[String]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(begin) = lines.iter().skip(next).position(|line| line.trim() == "#[cfg(test)]") {
        let begin = next + begin;
        let mut depth = 0_usize;
        let ends = |line: &String| {
            let deepest = depth + line.matches('{').count();
            depth = deepest.saturating_sub(line.matches('}').count());
            depth == 0 && (deepest > 0 || line.trim_end().ends_with([';', ',']))
        };
        let end = lines.iter().skip(begin).position(ends).map_or(lines.len(), |length| begin + length + 1);
        found.push(begin..end);
        next = end;
    }
    found
}

/// The text without what stands in comments, strings and characters; its lines stay where they are.
fn blanked(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = code.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (skipped, shown) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), ""),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), ""),
            '"' => (string(rest), "\"\""),
            'r' if !in_word || code.ends_with('b') => raw(rest).map_or((1, "r"), |length| (length, "\"\"")),
            '\'' => character(rest).map_or((1, "'"), |length| (length, "' '")),
            other => (other.len_utf8(), &rest[..other.len_utf8()]),
        };
        let (gone, behind) = rest.split_at(skipped);
        code.push_str(shown);
        if shown != "\n" {
            code.extend(gone.matches('\n'));
        }
        rest = behind;
    }
    code
}

/// The length of the string that begins here.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The length of the raw string that begins here, if one does.
fn raw(text: &str) -> Option<usize> {
    let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&closing).map_or(body.len(), |at| at + closing.len());
    Some(2 + hashes + length)
}

/// The length of the character that begins here, if it is none of a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut inner = text[1..].chars();
    match inner.next()? {
        // `'\''`, `'\u{1F600}'`
        '\\' => text.get(3..)?.find('\'').map(|at| at + 4),
        c => (inner.next() == Some('\'')).then_some(c.len_utf8() + 2),
    }
}

/// Identifiers of a line, in order.
pub(super) fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
pub(super) mod fixture {
    use crate::tree::{File, Tree};

    /// A tree of these files: paths and texts.
    pub(in crate::tidy) fn tree(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Tree { files: files.iter().map(file).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::tree;
    use super::*;

    #[test]
    fn comments_and_texts_are_blanked_and_lines_stay() {
        for (text, code) in [
            ("a // b\nc", "a \nc"),
            ("a /* b\n */ c", "a \n c"),
            ("a(\"b // \\\" c\\\\\") d", "a(\"\") d"),
            ("a(\"b\nc\") d", "a(\"\"\n) d"),
            ("a(r#\"b \" c\"#, br\"d\\\") e", "a(\"\", b\"\") e"),
            ("a('\"', '\\'', '\\u{1F600}', 'é') b", "a(' ', ' ', ' ', ' ') b"),
            ("fn a<'b>(c: &'b str) {}", "fn a<'b>(c: &'b str) {}"),
            ("for r in bar {}", "for r in bar {}"),
        ] {
            assert_eq!(blanked(text), code, "{text}");
        }
    }

    #[test]
    fn unit_tests_are_no_code_and_what_stands_behind_them_is() {
        let text = "a();\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\n#[cfg(test)]\nuse c;\nd();\n";
        let tree = tree(&[("crates/x/src/a.rs", text)]);
        let code = &Code::of(&tree)[0];
        assert_eq!(code.lines.iter().filter(|line| !line.is_empty()).collect::<Vec<_>>(), ["a();", "d();"]);
        assert_eq!(code.size(), 2);
        assert!(code.is_test(3) && !code.is_test(0) && !code.is_test(8));
    }

    #[test]
    fn files_of_tests_are_left_out() {
        let tree = tree(&[
            ("crates/x/src/a.rs", "#[cfg(test)]\nmod tests;\nmod b;\n"),
            ("crates/x/src/a/tests/mod.rs", ""),
            ("crates/x/src/a/tests/more.rs", ""),
            ("crates/x/src/a/b.rs", ""),
            ("crates/x/tests/a.rs", ""),
            ("xtask/src/a.rs", ""),
        ]);
        let paths: Vec<&str> = Code::of(&tree).iter().map(|code| code.file.path.as_str()).collect();
        assert_eq!(paths, ["crates/x/src/a.rs", "crates/x/src/a/b.rs"]);
    }
}
