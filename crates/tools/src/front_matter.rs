//! What stands above a Markdown file between two lines of `---`: names with texts, in the plain form in which people write them. What is
//! nested or listed beneath a name is a part of its text, since nobody here asks for such.
//!
//! Hostile text: linear in its length, and no more of it is looked at than front matter may have.

/// The longest front matter, in bytes.
const MOST: usize = 16 << 10;
const FENCE: &str = "---";
const MARK: char = '\u{feff}';
/// What in YAML says that a text stands in the lines beneath.
const BENEATH: [&str; 6] = [">", "|", ">-", "|-", ">+", "|+"];

/// A Markdown file taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter {
    fields: Vec<(String, String)>,
    /// What stands beneath it, its lines ended by `\n` alone.
    pub(crate) body: String,
}

impl FrontMatter {
    /// Takes a file apart; without front matter all of it is its body. Says why where front matter is begun and has no end.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix(MARK).unwrap_or(text);
        let mut lines = text.split_inclusive('\n');
        if lines.next().is_none_or(|first| first.trim_end() != FENCE) {
            return Ok(Self { fields: Vec::new(), body: body(text) });
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        let (mut taken, mut is_within) = (0, false);
        for line in lines.by_ref() {
            taken += line.len();
            if taken > MOST {
                break;
            }
            if line.trim_end() == FENCE {
                let fields = fields.into_iter().map(|(name, value)| (name, unquoted(&value))).collect();
                return Ok(Self { fields, body: body(&lines.collect::<String>()) });
            }
            if line.starts_with([' ', '\t']) && is_within {
                if let Some((_, value)) = fields.last_mut() {
                    let blank = if value.is_empty() { "" } else { " " };
                    value.push_str(blank);
                    value.push_str(line.trim());
                }
                continue;
            }
            let field = line.split_once(':').filter(|(name, _)| is_name(name));
            is_within = field.is_some();
            if let Some((name, value)) = field {
                let value = Some(value.trim()).filter(|value| !BENEATH.contains(value)).unwrap_or_default();
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        Err(format!("its front matter has no second line of {FENCE} within {MOST} bytes"))
    }

    /// What is written behind that name, the first time; empty where it is not.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn body(text: &str) -> String {
    text.replace("\r\n", "\n").trim_matches('\n').trim_end().to_owned()
}

/// A text without the quotes around it. What is escaped is read once, from the left: a backslash that was escaped escapes nothing.
fn unquoted(value: &str) -> String {
    let within = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    match (within('"'), within('\'')) {
        (Some(text), _) => unescaped(text),
        (None, Some(text)) => text.replace("''", "'"),
        (None, None) => value.to_owned(),
    }
}

fn unescaped(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            read.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => read.push(' '),
            Some(escaped @ ('"' | '\\')) => read.push(escaped),
            Some(other) => read.extend([letter, other]),
            None => read.push(letter),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_their_texts_stand_above_the_body() {
        for (text, about, hint, body) in [
            ("Look.", "", "", "Look."),
            ("---\ndescription: Looks\n---\nLook.\n", "Looks", "", "Look."),
            ("\u{feff}---\r\ndescription: Looks\r\n---\r\n\r\na\r\nb\r\n", "Looks", "", "a\nb"),
            (
                "---\ndescription: \"Says \\\"a: b\\\"\"\nargument-hint: [FILE]\n---\n",
                "Says \"a: b\"",
                "[FILE]",
                "",
            ),
            (
                "---\ndescription: \"a\\\\nb\\nc\\d\\\\\"\nargument-hint: \"\\\\\\\"\"\n---\n",
                "a\\nb c\\d\\",
                "\\\"",
                "",
            ),
            ("---\ndescription: >-\n  Looks\n  twice\nother:\n  - a\n---\nb", "Looks twice", "", "b"),
            ("---\ndescription: 'it''s'\ndescription: second\n---\nb", "it's", "", "b"),
            ("---\n# a remark\n- item\n  nested: text\ndescription:Looks\n---\nb", "Looks", "", "b"),
            ("--- \nno name: x\n---\nb", "", "", "b"),
            ("a\n---\ndescription: x\n---\n", "", "", "a\n---\ndescription: x\n---"),
            ("", "", "", ""),
        ] {
            let read = FrontMatter::of(text).unwrap();
            let said = (read.field("description"), read.field("argument-hint"), read.body.as_str());
            assert_eq!(said, (about, hint, body), "{text:?}");
        }
    }

    #[test]
    fn front_matter_that_does_not_end_is_a_fault_and_not_a_text() {
        let long = format!("---\ndescription: {}\n---\nb", "a".repeat(10 << 20));
        for text in
            ["---\ndescription: x\n", "---\n", "---", "---\n----\n", &long, &"---\na: b\n c".repeat(9_000)]
        {
            let why = FrontMatter::of(text).unwrap_err();
            assert!(why.contains("has no second line of ---"), "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(---\r?\n)?([a-z:\"' >|-]{0,9}\r?\n){0,9}(---\n)?.{0,20}") {
            drop(FrontMatter::of(&text));
        }
    }
}
