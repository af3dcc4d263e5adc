//! What is said of a command that was carried out, where what it did is not in sight.

use q_core::{Answer, Command, PendingCall, SettingChange, Wants, settings};

use crate::rules;
use crate::way::Way;

/// What the person is told of a command that was carried out, of the session of that name, and how it is taken back;
/// nothing where what happened is in sight anyway.
#[expect(clippy::wildcard_enum_match_arm, reason = "what any other command did is in sight")]
pub fn notice(command: &Command, name: &str, way: Way) -> Option<String> {
    let q = way.before();
    let text = match command {
        Command::Close { .. } => match way {
            Way::Slash => format!("closed {name}; its history stays, /reopen {name} brings it back"),
            Way::Shell => format!("closed {name}; its history stays: q show {name}, q reopen {name}"),
        },
        // Inside q the new name is in sight.
        Command::Rename { name: new, .. } if way == Way::Shell => format!("{name} is now {new}"),
        Command::Reopen { .. } => format!("{name} is open again"),
        Command::Trash { .. } => format!("{name} is in the trash; {q}restore {name} takes it out"),
        Command::Restore { .. } => format!("{name} is in the archive again; {q}reopen {name} opens it"),
        Command::Erase { .. } => format!("{name} and its history are gone"),
        Command::Pin { pinned: true, .. } => {
            format!("{name} is pinned: it never hibernates by itself; {q}unpin {name} lets it again")
        }
        Command::Pin { pinned: false, .. } => format!("{name} may hibernate by itself again"),
        Command::Compact { undo: false, .. } if way == Way::Shell => {
            format!("{name} is being summarised: q wait {name}, q show {name}")
        }
        Command::Set { changes, .. } => set(changes, name)?,
        Command::MarkUnread { .. } => format!("{name} is unread until it is shown again"),
        Command::MarkRead { .. } => format!("{name} is read"),
        Command::Answer { answer: Answer::Once, .. } => "allowed, this once".to_owned(),
        Command::Answer { answer: Answer::Always, .. } => {
            let permissions = match way {
                Way::Slash => "/permissions",
                Way::Shell => "q permissions",
            };
            format!(
                "allowed, and such calls are not asked about again in {name}; {permissions} takes that back"
            )
        }
        Command::SetRule { rule, stands: true, .. } => format!("{name} has the rule: {}", rules::words(rule)),
        Command::SetRule { rule, stands: false, .. } => {
            format!("{name} no longer has the rule: {}", rules::words(rule))
        }
        Command::Answer { answer: Answer::Deny, .. } => "denied; the agent goes on without it".to_owned(),
        Command::Answer { answer: Answer::Words(_), .. } => "the agent was told".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// What an answer means beyond its call, of those that wait in its session: the rule that it makes, as it was shown with the call, and
/// that the call runs in its order, behind what nobody has answered yet.
pub fn what_follows(command: &Command, pending: &[PendingCall]) -> Option<String> {
    let Command::Answer { call, answer: answer @ (Answer::Once | Answer::Always), .. } = command else {
        return None;
    };
    let answered = pending.iter().find(|pending| pending.call == *call).filter(|_| *answer == Answer::Always);
    let made = answered.and_then(|answered| answered.always.as_ref());
    let rule = made.map(|rule| format!("the rule: {}", rules::words(rule)));
    let waits = pending.iter().any(|pending| pending.call < *call && pending.wants != Wants::Words);
    let order = waits.then(|| "it runs once what was asked before it is answered".to_owned());
    let said: Vec<String> = rule.into_iter().chain(order).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// What was set, in words; nothing of nothing.
fn set(changes: &[SettingChange], name: &str) -> Option<String> {
    let said = changes.iter().map(|change| match change.value.as_str() {
        settings::DEFAULT => format!("{} of {name} is the agent's own again", change.name),
        value => format!("{} of {name} is {value}", change.name),
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// What is said behind that where a turn runs.
pub const FROM_NEXT_TURN: &str = "; it counts from the next turn on, this one was asked before";
