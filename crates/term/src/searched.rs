//! What of an entry is searched: its text as it was written, in the words in which it is shown.

use std::borrow::Cow;

use q_core::{Body, Entry};

use crate::pattern::Pattern;
use crate::plan;
use crate::quoted;
use crate::sanitize;
use crate::sources;
use crate::words;

/// What an entry says, to be searched; what `q` says by itself is not.
pub(crate) fn text(entry: &Entry) -> Cow<'_, str> {
    match &entry.body {
        Body::Prompt(prompt) => quoted::folded(&prompt.text),
        Body::Call(call) => words::call(call).into(),
        Body::Plan(steps) => plan::listed(steps).into(),
        Body::Sources(told) => sources::whole(told).into(),
        Body::Answer(_) | Body::Thinking(_) | Body::Output(_) | Body::Result(_) | Body::Compaction(_) => {
            entry.text().into()
        }
        Body::ProjectFiles(_)
        | Body::Stop(_)
        | Body::Continued
        | Body::Repair(_)
        | Body::LeftOut(_)
        | Body::Reversed(_) => "".into(),
    }
}

/// The lines of an entry in which it stands, each with the entry's number in front, cut where they are long.
pub fn lines(entry: &Entry, pattern: &Pattern) -> Vec<String> {
    /// Characters before a place, and behind where it begins.
    const AROUND: (usize, usize) = (40, 100);
    let text = text(entry);
    let mut lines: Vec<String> = Vec::new();
    let mut shown = 0;
    for at in pattern.places(&text).filter(|at| text.is_char_boundary(*at)) {
        if at < shown {
            continue; // it stands in the line that was said last
        }
        let (before, behind) = text.split_at(at);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let cut = line.char_indices().rev().nth(AROUND.0).map_or(0, |(cut, _)| cut);
        let behind = behind.split('\n').next().unwrap_or_default();
        let end = behind.char_indices().nth(AROUND.1).map_or(behind.len(), |(end, _)| end);
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        let (line, rest) = (line.get(cut..).unwrap_or_default(), behind.get(..end).unwrap_or_default());
        let said = sanitize::visible_line(&format!("{line}{rest}")).into_owned();
        lines.push(format!("[{}] {}{}{}", entry.no, dots(cut > 0), said.trim(), dots(end < behind.len())));
        shown = at + end;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use q_core::{EntryNo, WallTime};

    #[test]
    fn each_line_with_a_place_is_said_once() {
        let entry = |text: &str| Entry { no: EntryNo(7), at: WallTime(0), body: Body::Answer(text.into()) };
        let said = |wanted: &str, text: &str| lines(&entry(text), &Pattern::typed(wanted).unwrap());
        assert_eq!(said("b", "a b b\nc\n  B\u{1b}\n"), ["[7] a b b", "[7] B<U+001B>"]);
        let long = format!("{}needle{}", "x".repeat(100), "y".repeat(200));
        let [line] = said("needle", &long).try_into().unwrap();
        assert!(line.starts_with("[7] …xxx") && line.contains("xneedley") && line.ends_with("y…"), "{line}");
        assert!(said("none", &long).is_empty());
    }
}
