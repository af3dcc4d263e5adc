//! What was heard and not handed on yet: pieces of one kind that come together are handed on together.

use std::collections::VecDeque;

use q_core::{AgentEvent, Source, Sources};

/// The longest text that is handed on at once, in bytes: whoever stores and shows it does so piece by piece.
const LONGEST: usize = 16 << 10;

/// Agent events in the order in which the stream brought them.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: VecDeque<AgentEvent>,
}

impl EventQueue {
    /// Words of the answer.
    pub(super) fn push_text(&mut self, words: String) {
        match self.events.back_mut() {
            Some(AgentEvent::Text(text)) if text.len() + words.len() <= LONGEST => text.push_str(&words),
            _other => self.in_parts(words, AgentEvent::Text),
        }
    }

    /// Words of a thought.
    pub(super) fn push_thought(&mut self, words: String) {
        match self.events.back_mut() {
            Some(AgentEvent::Thinking(text)) if text.len() + words.len() <= LONGEST => text.push_str(&words),
            _other => self.in_parts(words, AgentEvent::Thinking),
        }
    }

    /// Something that the answer rests on; one that says nothing is none.
    pub(super) fn push_source(&mut self, source: Source) {
        if let Some(AgentEvent::Sources(told)) = self.events.back_mut() {
            return told.add(source);
        }
        let mut told = Sources::default();
        told.add(source);
        if !told.is_empty() {
            self.events.push_back(AgentEvent::Sources(told));
        }
    }

    pub(super) fn push(&mut self, event: AgentEvent) {
        self.events.push_back(event);
    }

    /// The next to hand on.
    pub(super) fn next(&mut self) -> Option<AgentEvent> {
        self.events.pop_front()
    }

    fn in_parts(&mut self, words: String, event: fn(String) -> AgentEvent) {
        let mut rest = words.as_str();
        while rest.len() > LONGEST {
            let (part, behind) = rest.split_at(rest.floor_char_boundary(LONGEST));
            self.events.push_back(event(part.to_owned()));
            rest = behind;
        }
        if rest.len() == words.len() {
            if !words.is_empty() {
                self.events.push_back(event(words));
            }
        } else {
            self.events.push_back(event(rest.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_kind_are_joined_and_long_ones_divided() {
        let mut queue = EventQueue::default();
        for words in ["a", "", "b"] {
            queue.push_text(words.into());
        }
        queue.push_thought("c".into());
        queue.push_text("ü".repeat(LONGEST));
        queue.push(AgentEvent::Done);
        let mut lengths = Vec::new();
        let mut whole = String::new();
        while let Some(event) = queue.next() {
            if let AgentEvent::Text(text) = &event {
                assert!(text.len() <= LONGEST);
                whole.push_str(text);
                lengths.push(text.len());
            } else if let AgentEvent::Thinking(text) = &event {
                lengths.push(text.len() * 1000);
            } else {
                lengths.push(0);
            }
        }
        assert_eq!(lengths, [2, 1000, LONGEST, LONGEST, 0]);
        assert_eq!(whole, format!("ab{}", "ü".repeat(LONGEST)));
    }
}
