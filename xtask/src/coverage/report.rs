//! What the reader of counts prints, line by line, made into lines covered and not.

use std::collections::BTreeMap;

/// The lines of one file that count, with whether they ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines(BTreeMap<usize, bool>);

/// Lines of all files together.
#[derive(Debug, Default)]
pub(super) struct Total {
    pub(super) covered: usize,
    pub(super) all: usize,
}

/// The files whose path begins like that. Each begins with its path; a line is `number|count|text`, its count blank where
/// nothing is counted.
pub(super) fn files<'a>(shown: &'a str, place: &str) -> BTreeMap<&'a str, Lines> {
    let mut files = BTreeMap::new();
    let mut current = None;
    for line in shown.lines() {
        let mut columns = line.splitn(3, '|').map(str::trim);
        let number = columns.next().and_then(|number| number.parse::<usize>().ok());
        match (number, columns.next()) {
            (Some(number), Some(count)) => {
                if let (Some(path), Ok(count)) = (current, count.parse::<u64>()) {
                    let Lines(lines) = files.entry(path).or_default();
                    lines.insert(number, count > 0);
                }
            }
            _ if line.is_empty() => {}
            _ => current = Some(line).filter(|path| path.starts_with(place)),
        }
    }
    files
}

impl Lines {
    /// Without the items that only tests have.
    pub(super) fn without_tests(mut self, source: &str) -> Self {
        let lines: Vec<&str> = source.lines().collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        for (start, attribute) in lines.iter().enumerate() {
            if attribute.trim() != "#[cfg(test)]" {
                continue;
            }
            // Formatted code ends an item at the brace below its beginning, or on the line that begins it.
            let ends = |line: &&str| {
                indent(line) == indent(attribute)
                    && (line.trim_start().starts_with('}') || line.ends_with(';'))
            };
            let length = lines.iter().skip(start).position(ends).unwrap_or(lines.len());
            self.0.retain(|number, _| !(start + 1..=start + 1 + length).contains(number));
        }
        self
    }

    /// One line for a person: how much, and the lines that never ran.
    pub(super) fn row(&self, path: &str) -> String {
        let covered = self.covered();
        let row =
            format!("{:>5.1} %  {covered:>4}/{:<4}  {path}", percent(covered, self.0.len()), self.0.len());
        match self.gaps().as_slice() {
            [] => row,
            gaps => format!("{row}: {}", gaps.join(", ")),
        }
    }

    fn covered(&self) -> usize {
        self.0.values().filter(|ran| **ran).count()
    }

    /// Ranges of lines that never ran; what does not count does not end a range.
    fn gaps(&self) -> Vec<String> {
        let mut gaps: Vec<(usize, usize)> = Vec::new();
        let mut goes_on = false;
        for (&number, &ran) in &self.0 {
            match gaps.last_mut() {
                _ if ran => {}
                Some((_, end)) if goes_on => *end = number,
                _ => gaps.push((number, number)),
            }
            goes_on = !ran;
        }
        gaps.iter()
            .map(|(start, end)| if start == end { start.to_string() } else { format!("{start}–{end}") })
            .collect()
    }
}

impl Total {
    pub(super) fn add(&mut self, lines: &Lines) {
        self.covered += lines.covered();
        self.all += lines.0.len();
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "\
/x/tree/crates/core/src/a.rs
    1|       |//! A | b.
    2|      3|fn a() {
    3|      0|    b();
    4|       |
    5|      0|    c();
    6|      3|}
    7|       |#[cfg(test)]
    8|       |mod tests {
    9|      1|    fn t() {
   10|      0|    }
   11|       |}
   12|      0|fn d() {}

/x/registry/other.rs
    1|      0|fn a() {
";

    #[test]
    fn a_report_is_read_and_tests_do_not_count() {
        let files = files(SHOWN, "/x/tree/crates/core/src/");
        assert_eq!(files.len(), 1);
        let source: String =
            SHOWN.lines().skip(1).take(12).fold(String::new(), |text, line| {
                text + line.splitn(3, '|').nth(2).unwrap_or_default() + "\n"
            });
        let lines = files["/x/tree/crates/core/src/a.rs"].clone();
        assert_eq!(lines.row("a.rs"), " 42.9 %     3/7     a.rs: 3–5, 10–12");
        assert_eq!(lines.without_tests(&source).row("a.rs"), " 40.0 %     2/5     a.rs: 3–5, 12");
    }

    #[test]
    fn one_item_for_tests_does_not_take_the_rest_along() {
        let all = Lines((1..=6).map(|number| (number, true)).collect());
        for (source, left) in [
            ("#[cfg(test)]\nextern crate std;\nfn a() {\n}\nfn b() {\n}\n", vec![3, 4, 5, 6]),
            ("    #[cfg(test)]\n    fn a() {\n        b();\n    }\nfn b() {\n}\n", vec![5, 6]),
            ("fn a() {\n}\nfn b() {\n}\nfn c() {\n}\n", vec![1, 2, 3, 4, 5, 6]),
        ] {
            let Lines(lines) = all.clone().without_tests(source);
            assert_eq!(lines.into_keys().collect::<Vec<_>>(), left, "{source}");
        }
    }
}
