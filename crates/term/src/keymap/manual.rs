//! The table of actions as the manual prints it.

use std::fmt::Write;

use crate::command::table::{self, ROWS, When};
use crate::keymap::Keymap;
use crate::keys::Chord;

/// The table for the manual, as Markdown.
pub fn markdown() -> String {
    let mut text =
        String::from("| action | key | after Ctrl+X | command | from the shell |\n|---|---|---|---|---|\n");
    let code =
        |cell: &str| if cell.is_empty() { String::new() } else { format!("`{}`", cell.replace('|', "\\|")) };
    let keymap = Keymap::default();
    for (row, keys) in ROWS.iter().zip(keymap.actions()) {
        let on_empty = |(key, when): &(Chord, When)| match when {
            When::Always | When::Text => code(&key.to_string()),
            When::Empty => format!("{} on an empty prompt", code(&key.to_string())),
        };
        let direct = if keys.has_digits() {
            code(&keymap.direct_keys(row.action))
        } else {
            keys.direct.iter().map(on_empty).collect::<Vec<_>>().join(", ")
        };
        let (leader, command, cli) = (table::keys(&keys.leader), row.command(), row.cli.unwrap_or_default());
        // Writing to a string does not fail.
        let _written = writeln!(
            text,
            "| {} | {direct} | {} | {} | {} |",
            row.help,
            code(&leader),
            code(&command),
            code(cli)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_table() {
        insta::assert_snapshot!(markdown());
    }
}
