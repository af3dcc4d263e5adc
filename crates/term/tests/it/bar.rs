//! The bar at every width: what is always in it, and that names stay names.

use q_core::{Activity, Snapshot};
use unicode_width::UnicodeWidthStr;

use crate::world::{But, World, session};

const NAMES: [&str; 10] = [
    "api",
    "billing-service",
    "charts",
    "docs",
    "editor-keys",
    "fuzz",
    "grafana-dashboards-and-alerts",
    "host",
    "inbox",
    "journal-of-changes",
];

/// So many sessions, of which two need the person where there are enough.
fn sessions(count: usize) -> Vec<Snapshot> {
    let one = |(place, name): (usize, &&str)| {
        let shot = session(place as u32 + 1, name);
        match place {
            2 => shot.activity(Activity::NeedsApproval),
            7 => shot.activity(Activity::Interrupted),
            1 => shot.activity(Activity::Working),
            _ => shot,
        }
    };
    NAMES.iter().enumerate().take(count).map(one).collect()
}

/// The figure behind that sign, where the sign stands by itself.
fn figure(bar: &str, sign: char) -> usize {
    let said = bar.split_whitespace().find_map(|word| word.strip_prefix(sign)?.parse().ok());
    said.unwrap_or_default()
}

#[test]
fn the_one_in_view_and_who_needs_the_person_are_always_there() {
    for count in 1..=NAMES.len() {
        for front in [1, count.div_ceil(2), count] {
            let key = format!("Alt+{}", front.min(9));
            let front = front.min(9);
            for width in 1..=200 {
                let mut world = World::with(width, 6, sessions(count)).after(&[&key]);
                let frame = world.frame();
                let bar = frame.lines().next().unwrap_or_default();
                let at = format!("{count} sessions, {front} in view, {width} columns: {bar:?}");
                assert!(bar.width() <= width.into(), "{at}");
                let is_named = |slot: usize| {
                    let start: String = NAMES[slot - 1].chars().take(3).collect();
                    bar.contains(&format!(" {slot} {start}")) || bar.contains(&format!("[{slot} {start}"))
                };
                if width >= 3 {
                    assert!(bar.contains(&format!("[{front}")), "{at}");
                }
                if width >= 24 {
                    assert!(is_named(front), "{at}");
                }
                if width >= 40 {
                    let whole = NAMES[front - 1].len() > 13
                        || bar.contains(&format!("[{front} {}", NAMES[front - 1]));
                    assert!(whole, "{at}");
                }
                if width >= 12 {
                    let hidden = (1..=count).filter(|slot| *slot != front && !is_named(*slot));
                    let waiting = hidden.clone().filter(|slot| [3, 8].contains(slot));
                    assert_eq!(figure(bar, '+'), hidden.count(), "{at}");
                    assert_eq!(figure(bar, '?'), waiting.count(), "{at}");
                }
            }
        }
    }
}

#[test]
fn a_narrow_bar_names_some_and_counts_the_others() {
    let mut world = World::with(40, 12, sessions(10)).after(&["Alt+5"]);
    assert_eq!(world.frame().lines().next(), Some(" q  3 charts ? [5 editor-keys] +8 ?1"));
    let mut world = World::with(80, 24, sessions(10)).after(&["Alt+5"]);
    let frame = world.frame();
    let bar = frame.lines().next().unwrap_or_default();
    assert_eq!(bar, " q  3 charts ? [5 editor-keys] 6 fuzz  8 host !  +6       10 of 10 · 2 need you");
}
