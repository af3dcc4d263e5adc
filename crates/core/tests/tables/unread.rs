//! Unread: whether a session has something that no client has shown to its end. What each event makes of it.

use q_core::trace::Player;

use crate::states::SUBJECT;

/// Where a session stands: whether it is read, and where the only client is.
pub(crate) const STANDINGS: [(&str, &str); 5] = [
    ("read, nobody looks", "show c1 s1; show c1 nothing"),
    ("read, shown further up", "show c1 s1; show c1 s1 scrolled"),
    ("read, its end is shown", "show c1 s1"),
    ("unread, nobody looks", ""),
    ("unread, shown further up", "show c1 s1 scrolled"),
];

/// It is unread afterwards, unless somebody sees its end.
const NEWS: [bool; 5] = [true, true, false, true, true];
/// Whoever has read it goes on having read it.
const AS_BEFORE: [bool; 5] = [false, false, false, true, true];

/// What happens, the lines that tell it, and whether the session is unread after it, by standing.
pub(crate) const TABLE: [(&str, &str, [bool; 5]); 14] = [
    ("the agent says more", "text s1 \"more\"; tick after 100ms", NEWS),
    ("the agent thinks", "thinking s1 \"hm\"", NEWS),
    ("the agent wants a tool", "call s1 1 sh \"make\" consent", NEWS),
    ("the turn ends well", "done s1", AS_BEFORE),
    ("the turn fails", "failed s1 cut", NEWS),
    ("the turn is interrupted", "interrupt s1", NEWS),
    ("the person says something", "submit s1 \"and\"; steerable s1; steer s1 \"so\"", AS_BEFORE),
    ("it is marked unread", "unread s1", [true, true, true, true, true]),
    ("it is marked read", "read s1", [false, false, false, false, false]),
    ("a client shows its end", "show c1 s1", [false, false, false, false, false]),
    ("a client shows it further up", "show c1 s1 scrolled", AS_BEFORE),
    ("the client looks away", "show c1 nothing", AS_BEFORE),
    ("the client goes", "detach c1", AS_BEFORE),
    ("it is closed", "close s1 anyway", NEWS),
];

#[test]
fn unread_is_what_no_client_has_shown_to_its_end() {
    for (what, lines, unread) in TABLE {
        for ((standing, way), expected) in STANDINGS.into_iter().zip(unread) {
            let mut player = Player::new(q_core::Limits::default());
            let before = "attach c1; create s1 name a; submit s1 \"one\"; text s1 \"said\"";
            for line in [before, way, lines].join(";").split(';').filter(|line| !line.is_empty()) {
                player.play(line.trim()).unwrap();
            }
            let summary = player.core.view().summary(SUBJECT).unwrap();
            assert_eq!(summary.unread > 0, expected, "{standing}: {what}");
        }
    }
}
