//! What is said of files that were put back.

use q_core::Reversed;

use crate::sanitize;

/// Files that are as they were again, in a line.
pub fn reversed(reversed: &Reversed) -> String {
    let names = reversed.files.iter().map(|file| sanitize::visible_line(file).into_owned());
    let more = (reversed.more > 0).then(|| format!("{} more", reversed.more));
    let files = names.chain(more).collect::<Vec<_>>().join(", ");
    let did = if reversed.redo { "made again what was undone in" } else { "undone what was changed in" };
    format!("{did} {files}; the agent is told with the next prompt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_back_is_said_in_a_line_whatever_the_names() {
        let of = |redo, files: &[&str], more| Reversed {
            redo,
            files: files.iter().map(|&file| file.to_owned()).collect(),
            more,
        };
        for (of, said) in [
            (
                of(false, &["a.rs", "b.rs"], 0),
                "undone what was changed in a.rs, b.rs; the agent is told with the next prompt",
            ),
            (
                of(true, &["a.rs"], 3),
                "made again what was undone in a.rs, 3 more; the agent is told with the next prompt",
            ),
        ] {
            assert_eq!(reversed(&of), said);
        }
        let hostile = reversed(&of(false, &["a\u{1b}[2J\nb"], 0));
        assert!(hostile.lines().count() == 1 && !hostile.contains('\u{1b}'), "{hostile}");
    }
}
