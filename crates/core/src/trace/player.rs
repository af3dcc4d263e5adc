//! Plays scripts: a core, a clock, and a disk that never fails.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Directive, Disk, Faulty, look, parse, print};
use crate::effect::Effects;
use crate::id::SessionId;
use crate::input::Input;
use crate::limits::Limits;
use crate::multiplexer::{Multiplexer, RecoverError};
use crate::time::{Instant, Now, WallTime};

/// A core that is told the lines of a script.
#[derive(Clone, Debug)]
pub struct Player {
    pub core: Multiplexer,
    pub disk: Disk,
    now: Now,
    lines: u64,
}

impl Player {
    /// A new core, at the beginning of time.
    pub fn new(limits: Limits) -> Self {
        Self { core: Multiplexer::new(limits), disk: Disk::default(), now: Now::default(), lines: 0 }
    }

    /// One that played these lines, with the usual limits.
    #[cfg(test)]
    #[allow(clippy::unwrap_used, reason = "tests may panic")]
    pub(crate) fn played(lines: &[&str]) -> Self {
        let mut player = Self::new(Limits::default());
        for line in lines {
            player.play(line).unwrap();
        }
        player
    }

    /// Reads a line, does what it says, and gives what happened, a line each.
    pub fn play(&mut self, line: &str) -> Result<Vec<String>, Faulty> {
        self.lines += 1;
        let line = parse(line, self.lines)?;
        self.pass(line.after, line.wall);
        Ok(match line.directive {
            Directive::Look(session) => look::session(self.core.view(), session),
            Directive::Inbox => look::inbox(self.core.view()),
            Directive::Due => [look::due(self.now, self.core.next_deadline())].into(),
            directive @ (Directive::Input(_)
            | Directive::Loaded(_)
            | Directive::Crash
            | Directive::Lose(..)
            | Directive::Cut(..)) => match self.carry_out(directive) {
                Ok(effects) => effects.as_ref().map(print).unwrap_or_default(),
                Err(error) => [format!("cannot recover: {error}")].into(),
            },
        })
    }

    /// Does what a line says; `None` where the core was told nothing: it was only looked at, or the disk was damaged.
    pub fn carry_out(&mut self, directive: Directive) -> Result<Option<Effects>, RecoverError> {
        match directive {
            Directive::Input(input) => return Ok(Some(self.handle(input))),
            Directive::Loaded(session) => return Ok(Some(self.load(session))),
            Directive::Crash => return self.crash().map(Some),
            Directive::Lose(session, seq) => self.disk.lose(session, seq),
            Directive::Cut(session, seq) => self.disk.cut(session, seq),
            Directive::Look(_) | Directive::Inbox | Directive::Due => {}
        }
        Ok(None)
    }

    /// Lets time pass; the calendar with it, unless it jumps to `wall`.
    pub fn pass(&mut self, time: Duration, wall: Option<WallTime>) {
        self.now.mono = self.now.mono.after(time);
        self.now.wall = wall.unwrap_or_else(|| self.now.wall.after(time));
    }

    /// Gives the core an input now, and writes what it wants written.
    pub fn handle(&mut self, input: Input) -> Effects {
        let effects = self.core.handle(self.now, input);
        if let Some(batch) = &effects.batch {
            self.disk.write(batch);
        }
        effects
    }

    /// Gives the core what the disk has of a session.
    pub fn load(&mut self, session: SessionId) -> Effects {
        let stored = self.disk.stored(session).map(Box::new).ok_or_else(|| String::from("it is not stored"));
        self.handle(Input::Loaded { session, stored })
    }

    /// The host dies: all that is not written is gone. Then it starts again.
    pub fn crash(&mut self) -> Result<Effects, RecoverError> {
        self.core = Multiplexer::recover(self.core.limits().clone(), self.disk.all())?;
        Ok(self.handle(Input::Started))
    }

    /// What time it is.
    pub const fn now(&self) -> Now {
        self.now
    }

    /// Goes to this point of time, if it is not past.
    pub fn go_to(&mut self, at: Instant) {
        let time = at.since(self.now.mono);
        self.pass(time, None);
    }
}

/// The limits that a script sets in lines like `limit live_sessions 2`: sizes in bytes, times in milliseconds.
pub fn limits(script: &str) -> Result<Limits, Faulty> {
    let mut limits = Limits::default();
    for line in script.lines().filter(|line| line.starts_with("limit ")) {
        set(&mut limits, line)
            .ok_or_else(|| Faulty { line: line.into(), fault: "no such limit, or no number".into() })?;
    }
    Ok(limits)
}

fn set(limits: &mut Limits, line: &str) -> Option<()> {
    let mut words = line.split_whitespace().skip(1);
    let (name, number) = (words.next()?, words.next()?.parse::<u64>().ok()?);
    let (size, time) = (usize::try_from(number).ok()?, Duration::from_millis(number));
    let count = u32::try_from(number).ok();
    match name {
        "live_sessions" => limits.live_sessions = size,
        "hibernate_after" => limits.hibernate_after = time,
        "trash_for" => limits.trash_for = time,
        "store_bytes" => limits.store_bytes = number,
        "agent_calls" => limits.agent_calls = size,
        "agent_calls_in_view" => limits.agent_calls_in_view = size,
        "waking_wishes" => limits.waking_wishes = size,
        "queued_prompts" => limits.queued_prompts = size,
        "queued_bytes" => limits.queued_bytes = size,
        "prompt_bytes" => limits.prompt_bytes = size,
        "image_bytes" => limits.image_bytes = number,
        "system_prompt_bytes" => limits.system_prompt_bytes = size,
        "answer_bytes" => limits.answer_bytes = size,
        "turn_entries" => limits.turn_entries = count?,
        "turn_calls" => limits.turn_calls = count?,
        "open_calls" => limits.open_calls = size,
        "result_bytes" => limits.result_bytes = size,
        "result_kept_bytes" => limits.result_kept_bytes = size,
        "output_bytes" => limits.output_bytes = size,
        "approval_for" => limits.approval_for = time,
        "allowed_tools" => limits.allowed_tools = size,
        "tail_bytes" => limits.tail_bytes = size,
        "memory_bytes" => limits.memory_bytes = size,
        "soft_memory" => limits.soft_memory = number,
        "hard_memory" => limits.hard_memory = number,
        "stream_bytes" => limits.stream_bytes = size,
        "stream_delay" => limits.stream_delay = time,
        "compact_at" => limits.compact_at = number,
        "budget_tokens" => limits.budget_tokens = number,
        "budget_tokens_per_day" => limits.budget_tokens_per_day = number,
        "leave_after" => limits.leave_after = time,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_set_and_no_other() {
        let names = [
            "live_sessions",
            "hibernate_after",
            "trash_for",
            "store_bytes",
            "agent_calls",
            "agent_calls_in_view",
            "waking_wishes",
            "queued_prompts",
            "queued_bytes",
            "prompt_bytes",
            "image_bytes",
            "system_prompt_bytes",
            "answer_bytes",
            "turn_entries",
            "turn_calls",
            "open_calls",
            "result_bytes",
            "result_kept_bytes",
            "output_bytes",
            "approval_for",
            "allowed_tools",
            "tail_bytes",
            "memory_bytes",
            "soft_memory",
            "hard_memory",
            "stream_bytes",
            "stream_delay",
            "compact_at",
            "budget_tokens",
            "budget_tokens_per_day",
            "leave_after",
        ];
        let all: String = names.map(|name| format!("limit {name} 7\n")).concat();
        let mut set = limits(&all).unwrap();
        for name in names {
            let one = limits(&format!("limit {name} 8")).unwrap();
            assert_ne!(one, Limits::default(), "{name}");
            let before = set.clone();
            set = limits(&format!("{all}limit {name} 8")).unwrap();
            assert_ne!(set, before, "{name} is another's");
        }
        for faulty in ["limit lives 1", "limit live_sessions", "limit live_sessions many"] {
            assert!(limits(faulty).is_err(), "{faulty}");
        }
    }
}
