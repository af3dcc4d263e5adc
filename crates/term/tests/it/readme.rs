//! The keys and commands that the README names are those of the table.

use std::collections::BTreeSet;

use q_term::command::Action;
use q_term::command::table::{self, LEADER};
use q_term::keymap::Keymap;
use q_term::keys::Chord;

const README: &str = include_str!("../../../../README.md");

/// What stands between backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn chord(written: &str) -> Chord {
    // The README writes the key as keyboards do.
    let written = written.replace("PgDn", "PageDown").replace("PgUp", "PageUp");
    written.parse().unwrap_or_else(|_| panic!("the README names the key {written}"))
}

/// What each of several ways to press does: keys after the leader, or keys by themselves, on an empty prompt.
fn pressed(cell: &str) -> Vec<Option<Action>> {
    let way = |way: &str| {
        let chords: Vec<Chord> = quoted(way).map(chord).collect();
        match chords.split_first() {
            Some((first, rest)) if *first == LEADER => {
                rest.iter().map(|key| Keymap::default().by_leader(*key)).collect()
            }
            _ => chords.iter().map(|key| Keymap::default().by_chord(*key, true)).collect::<Vec<_>>(),
        }
    };
    cell.split(", ").flat_map(way).collect()
}

#[test]
fn the_keys_and_commands_it_names_are_those_of_the_table() {
    let is_row = |line: &&str| line.starts_with("| ") && line.matches('|').count() == 4;
    let begin = README.find("| to | press | or type |").unwrap();
    let rows: Vec<&str> = README[begin..].lines().skip(2).take_while(is_row).collect();
    assert!(rows.len() > 10, "the README's table is not where it was: {rows:?}");
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let typed = quoted(cells[3]).map(|command| {
            let word = command.trim_start_matches('/').split(' ').next().unwrap_or_default();
            table::by_slash(word).unwrap_or_else(|| panic!("there is no {command}: {row}"))
        });
        let typed: Vec<_> = typed.collect();
        let pressed: BTreeSet<Option<Action>> = pressed(cells[2]).into_iter().collect();
        let with_keys = typed.iter().filter(|row| !row.leader.is_empty() || !row.direct.is_empty());
        let keyed: BTreeSet<Option<Action>> = with_keys.map(|row| Some(row.action)).collect();
        assert_eq!(pressed, keyed, "what is pressed is not what is typed: {row}");
    }
}
