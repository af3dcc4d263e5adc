//! The states a session can be in, each as the lines that lead there, and those it cannot be in, with the reason.

use q_core::Activity::{Failed, Idle, Interrupted, NeedsApproval, NeedsInput, Working};
use q_core::Presence::{Closed, Hibernated, Live, Trashed};
use q_core::trace::{Player, limits};
use q_core::{Activity, Presence, SessionId};

/// The session that the tables are about.
pub(crate) const SUBJECT: SessionId = SessionId(1);

/// What comes before each way: somebody is there, and so is another session, which stays as it is.
const BEFORE: &str = "started; attach c9; create s2 name other; pin s2";
/// How the session is made.
const NAMED: &str = "create s1 name a";

const DONE: &str = "submit s1 \"one\" token 1; text s1 \"first\"; done s1";
const FAILED: &str = "submit s1 \"one\" token 1; text s1 \"first\"; failed s1 cut";
const INTERRUPTED: &str = "submit s1 \"one\" token 1; text s1 \"first\"; interrupt s1";
const WORKS: &str =
    "submit s1 \"one\" token 1; steerable s1; call s1 1 ls \"ls\"; text s1 \"on\"; text s1 \" it\"";
const ASKS: &str = "submit s1 \"one\" token 1; call s1 1 sh \"make\" consent";
const WONDERS: &str = "submit s1 \"one\" token 1; call s1 1 ask \"which?\" words";

/// A state of that session.
pub(crate) struct State {
    /// What is special about it; empty for the plain one of each activity and presence.
    pub(crate) but: &'static str,
    pub(crate) activity: Activity,
    pub(crate) presence: Presence,
    /// How it is made.
    made: &'static str,
    /// What leads there from that, lines with semicolons between.
    way: String,
    /// A limit that is set, if one is.
    limit: &'static str,
}

impl State {
    /// A core with the session in this state.
    pub(crate) fn reach(&self) -> Player {
        let mut player = Player::new(limits(self.limit).unwrap());
        for line in [BEFORE, self.made, &self.way].join(";").split(';') {
            player.play(line.trim()).unwrap();
        }
        let summary = player.core.view().summary(SUBJECT).unwrap();
        assert_eq!((summary.activity, summary.presence), (self.activity, self.presence), "{}", self.way);
        player
    }

    /// As people say it.
    pub(crate) fn name(&self) -> String {
        let state = format!("{} {}", self.activity.words(), self.presence.word());
        if self.but.is_empty() { state } else { format!("{state} ({})", self.but) }
    }
}

/// Every state that can be: the plain ones, and behind them those with something special.
pub(crate) fn possible() -> Vec<State> {
    let plain = |activity, presence, way: &str| State {
        but: "",
        activity,
        presence,
        made: NAMED,
        way: way.into(),
        limit: "",
    };
    let special = |activity, presence, but, way: &str| State { but, ..plain(activity, presence, way) };
    let mut states = Vec::from([
        plain(Idle, Live, DONE),
        plain(Working, Live, WORKS),
        plain(NeedsApproval, Live, ASKS),
        plain(NeedsInput, Live, WONDERS),
        plain(Failed, Live, FAILED),
        plain(Interrupted, Live, INTERRUPTED),
    ]);
    for (presence, how) in [(Hibernated, "tick after 30min"), (Closed, "close s1"), (Trashed, "trash s1")] {
        for (activity, way) in [(Idle, DONE), (Failed, FAILED), (Interrupted, INTERRUPTED)] {
            states.push(plain(activity, presence, &format!("{way}; {how}")));
        }
    }
    let queued = |way: &str| format!("submit s1 \"one\" token 1; submit s1 \"two\" token 2; {way}");
    states.extend([
        special(Working, Live, "a prompt waits", &queued("steerable s1")),
        special(Failed, Live, "a prompt waits", &queued("failed s1 cut")),
        special(Interrupted, Live, "a prompt waits", &queued("interrupt s1")),
        special(Interrupted, Hibernated, "a prompt waits", &queued("interrupt s1; tick after 30min")),
        special(
            NeedsApproval,
            Live,
            "a question waits too",
            &format!("{ASKS}; call s1 2 ask \"which?\" words"),
        ),
        special(Idle, Live, "on a screen", &format!("{DONE}; show c9 s1")),
        special(Idle, Live, "pinned", &format!("{DONE}; pin s1")),
        special(Idle, Live, "with a fork", &format!("{DONE}; fork s1 s3")),
        special(Idle, Trashed, "with a fork", &format!("{DONE}; fork s1 s3; trash s1")),
        special(Idle, Hibernated, "being read", &format!("{DONE}; tick after 30min; wake s1")),
        special(Idle, Closed, "being read", &format!("{DONE}; tick after 30min; wake s1; close s1")),
        special(Idle, Live, "the host stops", &format!("{DONE}; stopping")),
        State {
            made: "create s1",
            ..special(Working, Live, "nobody named it", "submit s1 \"hello\" token 1")
        },
        State {
            limit: "limit agent_calls 1",
            ..special(
                Working,
                Live,
                "it waits for its agent",
                "submit s2 \"busy\"; submit s1 \"one\" token 1",
            )
        },
        State { limit: "limit live_sessions 2", ..special(Idle, Live, "all places are taken", DONE) },
        State {
            limit: "limit hard_memory 1000",
            ..special(Failed, Live, "the host is full", &format!("show c9 s1; {FAILED}; memory 1000"))
        },
    ]);
    states
}

/// Why a session cannot be in a state, if it cannot.
pub(crate) const fn impossible(activity: Activity, presence: Presence) -> Option<&'static str> {
    match (activity, presence) {
        (Working | NeedsApproval | NeedsInput, Hibernated) => {
            Some("a session whose turn runs does not hibernate")
        }
        (Working | NeedsApproval | NeedsInput, Closed) => Some("closing ends the turn"),
        (Working | NeedsApproval | NeedsInput, Trashed) => Some("throwing away ends the turn"),
        (_, Live) | (Idle | Failed | Interrupted, Hibernated | Closed | Trashed) => None,
    }
}
