//! Why-comments: lines that are a `//` comment and no documentation, per 1,000 lines of code, unit tests aside. What code
//! does it says itself; a comment inside it says why.

use std::collections::BTreeMap;

use super::super::code::Code;
use super::super::product::Product;

/// Lines of a crate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    code: usize,
    comments: usize,
}

impl Lines {
    fn per_thousand(self) -> f64 {
        self.comments as f64 * 1000.0 / self.code.max(1) as f64
    }
}

pub(super) fn print(product: &Product<'_>) {
    println!("why-comments per 1,000 lines of code:");
    for (package, lines) in by_package(product.shipped.iter().chain(&product.testing)) {
        println!(
            "  {package:<12} {:>6.1}   {} beside {} lines of code",
            lines.per_thousand(),
            lines.comments,
            lines.code
        );
    }
}

fn by_package<'a>(code: impl Iterator<Item = &'a Code<'a>>) -> BTreeMap<&'a str, Lines> {
    let mut packages = BTreeMap::<&str, Lines>::new();
    for code in code {
        let lines = packages.entry(code.package).or_default();
        lines.code += code.size();
        let comments = code
            .file
            .text
            .lines()
            .enumerate()
            .filter(|(index, line)| is_comment(line) && !code.is_test(*index));
        lines.comments += comments.count();
    }
    packages
}

fn is_comment(line: &str) -> bool {
    line.trim_start().strip_prefix("//").is_some_and(|rest| !rest.starts_with(['/', '!']))
}

#[cfg(test)]
mod tests {
    use super::super::super::product::fixture::tree;
    use super::*;

    #[test]
    fn comments_count_beside_code_and_documentation_and_tests_do_not() {
        let text = "//! A room.\n\n/// What.\nfn a() {\n    // Why,\n    // at length.\n    b(); // aside\n}\n\
                    #[cfg(test)]\nmod tests {\n    // Why.\n}\n";
        let tree = tree(&[("crates/core/src/a.rs", text), ("crates/core/src/b.rs", "c();\n")]);
        let product = Product::of(&tree);
        let lines = by_package(product.shipped.iter())["core"];
        assert_eq!(lines, Lines { code: 4, comments: 2 });
        assert!((lines.per_thousand() - 500.0).abs() < 0.01);
    }
}
