//! Focus: what one client shows. It is a client's own; sessions only know whether somebody shows them, or their end.

use q_core::trace::Player;
use q_core::{Limits, Record};

use crate::states::SUBJECT;

/// What a client shows, as far as a session can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// It is not attached.
    Away,
    /// Nothing, or another session.
    Elsewhere,
    /// The session, but not its end.
    FurtherUp,
    /// The session's end.
    AtEnd,
}

use Focus::{AtEnd, Away, Elsewhere, FurtherUp};

impl Focus {
    /// Every focus, in the order of the table.
    pub(crate) const ALL: [Self; 4] = [Away, Elsewhere, FurtherUp, AtEnd];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Away => "not attached",
            Elsewhere => "elsewhere",
            FurtherUp => "further up",
            AtEnd => "at its end",
        }
    }

    /// The lines that lead there.
    const fn way(self) -> &'static str {
        match self {
            Away => "",
            Elsewhere => "attach c1",
            FurtherUp => "attach c1; show c1 s1 scrolled",
            AtEnd => "attach c1; show c1 s1",
        }
    }

    /// What the only client shows, found out by what the core does next.
    fn of(player: &Player) -> Self {
        let mut alone = player.clone();
        if alone.play("tick after 1min").unwrap().iter().any(|effect| effect == "after leave") {
            return Away;
        }
        let mut old = player.clone();
        old.play("tick after 30min").unwrap();
        let slept = |player: &Player| {
            player
                .disk
                .log
                .iter()
                .any(|one| one.session == SUBJECT && matches!(one.record, Record::Hibernated { .. }))
        };
        if slept(&old) {
            return Elsewhere;
        }
        let mut speaks = player.clone();
        speaks.play("submit s1 \"one\"").unwrap();
        speaks.play("text s1 \"said\"").unwrap();
        if speaks.core.view().summary(SUBJECT).unwrap().unread > 0 { FurtherUp } else { AtEnd }
    }
}

/// What happens, the line that tells it, and what the client shows then, by what it showed before.
pub(crate) const TABLE: [(&str, &str, [Focus; 4]); 9] = [
    ("it comes", "attach c1", [Elsewhere, Elsewhere, FurtherUp, AtEnd]),
    ("it shows the session's end", "show c1 s1", [Away, AtEnd, AtEnd, AtEnd]),
    ("it scrolls up", "show c1 s1 scrolled", [Away, FurtherUp, FurtherUp, FurtherUp]),
    ("it shows another session", "show c1 s2", [Away, Elsewhere, Elsewhere, Elsewhere]),
    ("it shows none", "show c1 nothing", [Away, Elsewhere, Elsewhere, Elsewhere]),
    ("it goes", "detach c1", [Away, Away, Away, Away]),
    ("the session is marked unread", "unread s1", [Away, Elsewhere, FurtherUp, FurtherUp]),
    ("the session is renamed", "rename s1 b", [Away, Elsewhere, FurtherUp, AtEnd]),
    ("the host dies", "crash", [Away, Away, Away, Away]),
];

#[test]
fn focus_is_what_a_client_says_it_shows() {
    for (what, line, after) in TABLE {
        for (before, expected) in Focus::ALL.into_iter().zip(after) {
            let mut player = Player::new(Limits::default());
            let lines = ["started; create s1 name a; create s2 name other", before.way(), line].join(";");
            for line in lines.split(';').filter(|line| !line.is_empty()) {
                player.play(line.trim()).unwrap();
            }
            assert_eq!(Focus::of(&player), expected, "{}: {what}", before.words());
        }
    }
}
