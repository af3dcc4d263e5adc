//! A conversation made to fit where all of it does not: long texts keep their beginning and their end, what tools said first;
//! only where that is not enough the oldest texts go.
//!
//! Not here: how much fits ([`crate::WindowUse`]).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::conversation::{Message, Part, Role, push};

/// No text is made shorter than this, in bytes.
const LEAST: usize = 200;
/// As long as this much is left of what tools said, in bytes, the others' words stay whole.
const LEAST_OF_TOOLS: usize = 1000;
/// The most that a mark takes, without the words in it, in bytes.
const MARK: usize = 70;

/// A conversation that fits, in words: whoever is asked with it is offered no tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    pub messages: Vec<Message>,
    /// How many of the oldest texts are not in it.
    pub left_out: u64,
}

/// These messages within `room` bytes, about. The first text, which may be a summary, and the newest one always stay.
pub fn fit(messages: &[Message], room: u64) -> Fitted {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let parts = messages.iter().flat_map(|message| message.parts.iter().map(|part| (message.role, part)));
    let mut texts: Vec<(Role, bool, String)> =
        parts.filter_map(|(role, part)| Some((role, is_of_tools(part), part.as_text()?))).collect();
    let sizes = |texts: &[(Role, bool, String)], tools: bool| -> Vec<usize> {
        texts.iter().filter(|text| text.1 == tools).map(|text| text.2.len()).collect()
    };
    let words: usize = sizes(&texts, false).iter().sum();
    let of_tools = level(sizes(&texts, true), room.saturating_sub(words));
    let all = texts.iter().map(|text| text.2.len()).collect();
    let (most, most_of_tools) = if of_tools >= LEAST_OF_TOOLS && words <= room {
        (usize::MAX, of_tools)
    } else {
        let most = level(all, room).max(LEAST);
        (most, most)
    };
    for (_, is_of_tools, text) in &mut texts {
        *text = shortened(text, if *is_of_tools { most_of_tools } else { most }, "");
    }
    let mut bytes: usize = texts.iter().map(|text| text.2.len()).sum();
    let mut left_out = 0;
    while bytes > room && texts.len() - left_out > 2 {
        left_out += 1;
        bytes -= texts.get(left_out).map_or(0, |text| text.2.len());
    }
    let mut fitted = Vec::new();
    for (place, (role, _, text)) in texts.into_iter().enumerate() {
        if place == 0 || place > left_out {
            push(&mut fitted, role, Part::Text(text));
        }
        if place == 0 && left_out > 0 {
            push(&mut fitted, role, Part::Text(format!("(… {left_out} older texts are left out here …)")));
        }
    }
    Fitted { messages: fitted, left_out: left_out as u64 }
}

const fn is_of_tools(part: &Part) -> bool {
    match part {
        Part::Call { .. } | Part::Result { .. } => true,
        Part::Text(_) | Part::Sealed(_) | Part::GoOn | Part::Image { .. } => false,
    }
}

/// How long each text may be such that all together have at most `room` bytes; what is shorter leaves its rest to the others.
fn level(mut sizes: Vec<usize>, mut room: usize) -> usize {
    sizes.sort_unstable();
    let mut left = sizes.len();
    for size in sizes {
        let share = room / left.max(1);
        if size > share {
            return share;
        }
        room -= size;
        left -= 1;
    }
    usize::MAX
}

/// A text of at most `most` bytes: beginning and end are kept, in whole lines where it has some, with a mark between them that
/// says how much is missing, and `words` behind that. What is left of a text is never less than its mark.
pub fn shortened(text: &str, most: usize, words: &str) -> String {
    if text.len() <= most {
        return text.to_string();
    }
    let kept = most.saturating_sub(MARK + words.len());
    let (begins, ends) = (kept - kept / 3, text.len() - kept / 3);
    let beginning = text.get(..text.floor_char_boundary(begins)).unwrap_or_default();
    let end = text.get(text.ceil_char_boundary(ends)..).unwrap_or_default();
    let beginning = match beginning.rfind('\n') {
        Some(line) if line > beginning.len() / 2 => beginning.get(..line).unwrap_or_default(),
        Some(_) | None => beginning,
    };
    let end = match end.find('\n') {
        Some(line) if line < end.len() / 2 => end.get(line + 1..).unwrap_or_default(),
        Some(_) | None => end,
    };
    let missing = text.len() - beginning.len() - end.len();
    format!("{beginning}\n(… {missing} bytes are left out here{words} …)\n{end}")
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::agent::Outcome;
    use crate::conversation::{broken, bytes};
    use crate::id::EntryNo;

    /// So many turns, each with a prompt, a call, its result and an answer of these sizes.
    fn talked(turns: u64, prompt: usize, result: usize, answer: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        for turn in 1..=turns {
            let (entry, input) = (EntryNo(turn), "{}".into());
            let text = |what: &str, size: usize| Part::Text(format!("{what} {turn} {}", "x".repeat(size)));
            push(&mut messages, Role::User, text("prompt", prompt));
            push(&mut messages, Role::Assistant, Part::Call { entry, tool: "read".into(), input });
            let text = format!("result {turn} {}", "line\n".repeat(result / 5));
            push(&mut messages, Role::User, Part::Result { of: entry, outcome: Outcome::Done, text });
            push(&mut messages, Role::Assistant, Part::Text(format!("answer {turn} {}", "x".repeat(answer))));
        }
        messages
    }

    #[test]
    fn every_turn_is_in_it_as_long_as_there_is_room_for_some_of_each() {
        for (turns, prompt, result, answer, room) in [
            (1, 10, 65_000, 100, 24_000),
            (20, 100, 17_000, 300, 24_000),
            (20, 65_000, 10, 300, 24_000),
            (25, 5_000, 5_000, 5_000, 24_000),
            (3, 10, 10, 10, 24_000),
        ] {
            let messages = talked(turns, prompt, result, answer);
            let fitted = fit(&messages, room);
            assert_eq!(fitted.left_out, 0, "{turns} {prompt} {result}");
            assert!(bytes(&fitted.messages) <= room, "{}", bytes(&fitted.messages));
            assert_eq!(broken(&fitted.messages), None);
            let all: String = fitted.messages.iter().map(Message::text).collect();
            for turn in 1..=turns {
                for what in ["prompt", "result", "answer"] {
                    assert!(
                        all.contains(&format!("{what} {turn} ")),
                        "{what} {turn} of {turns} is not there"
                    );
                }
            }
        }
    }

    #[test]
    fn what_tools_said_is_shortened_before_what_people_and_models_said() {
        let fitted = fit(&talked(2, 3_000, 17_000, 3_000), 24_000);
        let texts: Vec<String> = fitted.messages.iter().map(Message::text).collect();
        for text in texts {
            assert_eq!(text.contains("are left out here"), text.contains("result"), "{text}");
        }
    }

    #[test]
    fn where_nothing_can_be_shorter_the_oldest_go_but_the_first() {
        let messages = talked(100, 300, 300, 300);
        let fitted = fit(&messages, 24_000);
        let all: String = fitted.messages.iter().map(Message::text).collect();
        assert!(fitted.left_out > 0 && bytes(&fitted.messages) <= 24_000 + 100, "{}", fitted.left_out);
        assert!(all.starts_with("prompt 1 ") && all.contains("answer 100 ") && !all.contains("prompt 2 "));
        assert!(all.contains(&format!("(… {} older texts are left out here …)", fitted.left_out)), "{all}");
        assert_eq!(broken(&fitted.messages), None);
        // However little room there is, something of the conversation is there.
        let least = fit(&messages, 0);
        assert_eq!((least.left_out, least.messages.len(), broken(&least.messages)), (398, 2, None));
        assert_eq!(fit(&[], 0), Fitted { messages: vec![], left_out: 0 });
    }

    #[test]
    fn a_shortened_text_keeps_beginning_and_end_in_whole_lines() {
        for text in ["line of a text\n".repeat(1000), "x".repeat(9_000), "ä€🙂".repeat(2000)] {
            for most in [0, 1, 100, 200, 1000, 8_999] {
                let short = shortened(&text, most, ": why");
                assert!(short.len() <= most.max(100), "{most}: {}", short.len());
                assert!(short.contains("bytes are left out here: why …)"), "{short}");
                if most >= 200 {
                    let begins = short.chars().zip(text.chars()).take(20).all(|(one, other)| one == other);
                    assert!(begins && text.ends_with(short.rsplit(" …)\n").next().unwrap_or("?")), "{short}");
                }
            }
            assert_eq!(shortened(&text, text.len(), ""), text);
        }
        let lines = shortened(&"line\n".repeat(100), 300, "");
        assert!(lines.lines().all(|line| line == "line" || line.starts_with("(…")), "{lines}");
    }
}
