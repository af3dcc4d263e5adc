//! Commands that failed in the sandbox, for the rest of their turn: the person is asked whether one runs without it, once each.

use q_core::{CallSubject, Circumstance};
use q_tools::may_be_denied;

/// In how many calls of a turn the person is asked for the model: one that fails by the dozen has them asked no more.
const MOST: usize = 3;
/// How many commands are remembered; of older ones no question says that they failed.
const REMEMBERED: usize = 16;

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct HeldCommands {
    /// Those of which no call without the sandbox came yet.
    failed: Vec<CallSubject>,
    /// Those that the person was asked about, whatever they answered: who said no is not asked again because the model tries again.
    asked: Vec<CallSubject>,
}

impl HeldCommands {
    /// One failed, and that is what came of it; whether the person is to be asked now.
    pub(super) fn fails(&mut self, subject: CallSubject, text: &str) -> bool {
        if self.failed.len() == REMEMBERED {
            self.failed.remove(0);
        }
        let is_asked = self.asked.len() < MOST && may_be_denied(text) && !self.asked.contains(&subject);
        if is_asked {
            self.asked.push(subject.clone());
        }
        self.failed.push(subject);
        is_asked
    }

    /// What stands around a call without the sandbox: whether the same failed in it. That is said once.
    pub(super) fn around(&mut self, subject: &CallSubject) -> Option<Circumstance> {
        let before = self.failed.len();
        self.failed.retain(|failed| failed != subject);
        (self.failed.len() < before).then_some(Circumstance::Denied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(word: &str) -> CallSubject {
        CallSubject::Command(vec![word.into()])
    }

    #[test]
    fn what_failed_is_asked_about_once_and_only_so_often() {
        let denied = "touch: Read-only file system";
        let mut held = HeldCommands::default();
        assert!(!held.fails(command("a"), "assertion failed"));
        assert_eq!(held.around(&command("b")), None);
        assert_eq!(held.around(&command("a")), Some(Circumstance::Denied));
        assert_eq!(held.around(&command("a")), None);
        let mut asked = |words: [&str; 6]| words.map(|word| held.fails(command(word), denied));
        assert_eq!(asked(["c", "c", "e", "c", "f", "g"]), [true, false, true, false, true, false]);
        for _ in 0..50 {
            held.fails(command("d"), denied);
        }
        assert_eq!(held.around(&command("c")), None, "it is forgotten");
    }
}
