//! A client's mirror, fed by what the core tells, shows what the core has: after every line of every scenario.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may panic")]

use std::fs;
use std::path::Path;

use q_core::trace::{Directive, Player, limits, parse};
use q_core::{Effect, Effects, EntryNo, Limits, Mirror, Presence, SessionId, Snapshot};

#[test]
fn a_mirror_follows_the_core() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    for file in fs::read_dir(directory).unwrap() {
        let file = file.unwrap().path();
        let script = fs::read_to_string(&file).unwrap();
        let mut player = Player::new(limits(&script).unwrap());
        let mut mirror = Mirror::default();
        for (number, line) in script.lines().filter_map(|line| line.strip_prefix("> ")).enumerate() {
            let what = format!("{}: {line}", file.display());
            let line = parse(line, number as u64).unwrap();
            player.pass(line.after, line.wall);
            let died = line.directive == Directive::Crash;
            let Some(effects) = player.carry_out(line.directive).unwrap() else { continue };
            if died {
                mirror = snapshots(&player);
            }
            follow(&mut mirror, &player, effects, &what);
            compare(&mirror, &player, &what);
        }
    }
}

/// What streams is told at once; what an agent did before that may still be on its way to the disk.
#[test]
fn what_is_told_late_has_its_place() {
    let mut player = Player::new(Limits::default());
    let mut mirror = Mirror::default();
    let mut late = Vec::new();
    for (number, line) in [
        "create s1 name a",
        "submit s1 \"go\"",
        "call s1 1 sh \"ls\"",
        "result s1 1 done \"a b\"",
        "text s1 \"two files\"",
        "text s1 \", a and b\"",
    ]
    .into_iter()
    .enumerate()
    {
        let Directive::Input(input) = parse(line, number as u64).unwrap().directive else { continue };
        let mut effects = player.handle(input);
        if number > 1 {
            late.append(&mut effects.after);
        }
        follow(&mut mirror, &player, effects, line);
    }
    let entries = |mirror: &Mirror| -> Vec<EntryNo> {
        mirror.get(SessionId(1)).unwrap().entries.iter().map(|one| one.no).collect()
    };
    assert_eq!(entries(&mirror), [3, 6].map(EntryNo), "the call is not written yet");
    follow(&mut mirror, &player, Effects { after: late.clone(), ..Effects::default() }, "written");
    assert_eq!(entries(&mirror), [3, 4, 5, 6].map(EntryNo));
    follow(&mut mirror, &player, Effects { after: late, ..Effects::default() }, "told twice");
    compare(&mirror, &player, "at rest");
}

/// What a client that comes now begins with.
fn snapshots(player: &Player) -> Mirror {
    let mut mirror = Mirror::default();
    for summary in player.core.view().sessions().filter(|summary| summary.presence.is_open()) {
        let whole = player.core.view().snapshot(summary.id, usize::MAX);
        mirror.load(whole.unwrap_or_else(|| Snapshot::line(summary)));
    }
    mirror
}

fn follow(mirror: &mut Mirror, player: &Player, effects: Effects, what: &str) {
    for effect in effects.at_once.into_iter().chain(effects.after) {
        if let Effect::Update(update) = effect {
            assert_eq!(mirror.apply(update), Ok(()), "{what}");
        } else if let Effect::Resync { session } = effect
            && let Some(snapshot) = player.core.view().snapshot(session, usize::MAX)
        {
            mirror.load(snapshot);
        }
    }
}

fn compare(mirror: &Mirror, player: &Player, what: &str) {
    let view = player.core.view();
    let open: Vec<_> = view.sessions().filter(|summary| summary.presence.is_open()).collect();
    assert_eq!(mirror.len(), open.len(), "{what}");
    for summary in open {
        let mirrored = mirror.get(summary.id).unwrap();
        let shown = &mirrored.summary;
        assert_eq!(
            (&shown.name, shown.slot, shown.presence),
            (&summary.name, summary.slot, summary.presence),
            "{what}"
        );
        assert_eq!((shown.activity, shown.held), (summary.activity, summary.held), "{what}");
        assert_eq!((shown.queued, shown.pending), (summary.queued, summary.pending), "{what}");
        assert_eq!(shown.unread, summary.unread, "{what}");
        assert_eq!(
            (&shown.tags, shown.pinned, shown.policy, &shown.model, &shown.settings),
            (&summary.tags, summary.pinned, summary.policy, &summary.model, &summary.settings),
            "{what}"
        );
        if summary.presence == Presence::Live {
            let snapshot = view.snapshot(summary.id, usize::MAX).unwrap();
            // The core lets old entries go earlier than a mirror does.
            let known = mirrored.entries.len().saturating_sub(snapshot.entries.len());
            assert!(mirrored.entries.iter().skip(known).eq(&snapshot.entries), "{what}");
            assert_eq!(mirrored.queue, snapshot.queue, "{what}");
            assert_eq!(mirrored.draft, snapshot.draft, "{what}");
            assert_eq!(mirrored.pending, snapshot.pending, "{what}");
        }
    }
}
