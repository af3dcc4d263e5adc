//! Thoughts that stand in the text, between `<think>` and `</think>`: what models say that know no other place for them. They
//! come in front of the answer or not at all, and some servers keep the first tag for themselves: what does not begin with a tag
//! is held back, since it is a thought if a closing one comes.

/// What a piece of text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TaggedText {
    /// Words of the answer.
    Words(String),
    /// Words of a thought.
    Thought(String),
}

const OPEN: [&str; 2] = ["<think>", "<thinking>"];
const CLOSE: [&str; 2] = ["</think>", "</thinking>"];
/// How all of [`OPEN`] and of [`CLOSE`] begin, and how each goes on: one search finds whichever comes first.
const OPEN_BEGINS: &str = "<think";
const CLOSE_BEGINS: &str = "</think";
const TAG_ENDS: [&str; 2] = [">", "ing>"];
/// The longest of all tags, in bytes.
const LONGEST: usize = "</thinking>".len();
/// Blanks that may stand in front of a thought, in bytes. Behind more, what comes is the answer.
const MAX_BLANKS: usize = 4 << 10;
/// The longest thought that begins without a tag, in bytes. What is longer was an answer.
const MAX_UNOPENED: usize = 256 << 10;

/// Text on its way, divided. What may become a tag is held back until it is one or is none.
#[derive(Debug, Default)]
pub(super) struct ThinkTags {
    state: TagState,
    held: String,
    /// Tags that were opened in a thought and not closed by its end.
    opened: usize,
}

/// Where in the answer it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TagState {
    /// Nothing but blanks came.
    #[default]
    Before,
    Inside,
    /// In what is a thought if a closing tag comes.
    Unopened,
    /// Behind a thought: blanks in front of the answer belong to neither.
    Behind,
    /// In the answer, to its end.
    Answer,
}

impl ThinkTags {
    /// Takes a piece in. The work is linear in it: what is divided is walked over once, and not much is ever held back.
    pub(super) fn read(&mut self, piece: &str) -> Vec<TaggedText> {
        // What was held back has no tag in it, but for one that is cut.
        let mut looked = self.held.len().saturating_sub(LONGEST);
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        let mut rest = text.as_str();
        let mut said = Vec::new();
        loop {
            match self.state {
                TagState::Answer => {
                    said.extend((!rest.is_empty()).then(|| TaggedText::Words(rest.to_owned())));
                    return said;
                }
                TagState::Before | TagState::Behind => {
                    let begun = rest.trim_start();
                    let has_room = self.state == TagState::Behind || rest.len() - begun.len() <= MAX_BLANKS;
                    if self.state == TagState::Behind {
                        rest = begun;
                    }
                    let thought = OPEN.iter().find_map(|tag| begun.strip_prefix(tag)).filter(|_| has_room);
                    if let Some(thought) = thought {
                        rest = thought;
                        self.state = TagState::Inside;
                    } else if has_room && OPEN.iter().any(|tag| tag.starts_with(begun)) {
                        rest.clone_into(&mut self.held);
                        return said;
                    } else if has_room && self.state == TagState::Before {
                        self.state = TagState::Unopened;
                        looked = 0;
                    } else {
                        self.state = TagState::Answer;
                    }
                }
                TagState::Unopened => match self.unopened(rest, std::mem::take(&mut looked)) {
                    Some((thought, behind)) => {
                        said.push(TaggedText::Thought(thought.to_owned()));
                        rest = behind;
                    }
                    None if self.state == TagState::Answer => {}
                    None => {
                        let done = text.len() - rest.len();
                        text.drain(..done);
                        self.held = text;
                        return said;
                    }
                },
                TagState::Inside => {
                    let (end, next) = tag(rest, CLOSE_BEGINS).unwrap_or_else(|| {
                        let at = beginning_of_tag(rest);
                        (at, at)
                    });
                    let (thought, behind) = (rest.get(..end), rest.get(next..));
                    let thought = thought.filter(|thought| !thought.is_empty());
                    self.opened += thought.map_or(0, opening_tags);
                    said.extend(thought.map(|thought| TaggedText::Thought(thought.to_owned())));
                    rest = behind.unwrap_or_default();
                    if end == next {
                        rest.clone_into(&mut self.held);
                        return said;
                    }
                    self.state = TagState::Behind;
                    if let Some(left) = self.opened.checked_sub(1) {
                        self.opened = left;
                        self.state = TagState::Unopened;
                        looked = 0;
                    }
                }
            }
        }
    }

    /// The thought that ends in `rest`, and what is behind it; up to `looked` no tag begins. Where none can end, it was the answer.
    fn unopened<'a>(&mut self, rest: &'a str, looked: usize) -> Option<(&'a str, &'a str)> {
        let from = rest.floor_char_boundary(looked);
        let new = rest.get(from..).unwrap_or_default();
        let close = tag(new, CLOSE_BEGINS);
        let before = close.map_or(new, |(end, _)| new.get(..end).unwrap_or_default());
        let is_opened_first = tag(before, OPEN_BEGINS).is_some();
        match close {
            Some((end, next)) if !is_opened_first && from + end <= MAX_UNOPENED => {
                self.state = if self.opened > 0 { TagState::Unopened } else { TagState::Behind };
                self.opened = self.opened.saturating_sub(1);
                Some((rest.get(..from + end)?, rest.get(from + next..)?))
            }
            _none => {
                if is_opened_first || close.is_some() || rest.len() > MAX_UNOPENED + LONGEST {
                    self.state = TagState::Answer;
                }
                None
            }
        }
    }

    /// What is still held back when nothing more comes.
    pub(super) fn rest(self) -> Option<TaggedText> {
        let Self { state, held, opened: _ } = self;
        let is_blank = held.trim().is_empty();
        match state {
            TagState::Inside => (!held.is_empty()).then_some(TaggedText::Thought(held)),
            TagState::Behind if is_blank => None,
            TagState::Before | TagState::Unopened | TagState::Behind | TagState::Answer => {
                (!held.is_empty()).then_some(TaggedText::Words(held))
            }
        }
    }
}

/// Where the first tag begins of those that begin so, and what is behind it.
fn tag(text: &str, begins: &str) -> Option<(usize, usize)> {
    text.match_indices(begins).find_map(|(at, begun)| {
        let behind = text.get(at + begun.len()..)?;
        let end = TAG_ENDS.iter().find(|end| behind.starts_with(**end))?;
        Some((at, at + begun.len() + end.len()))
    })
}

/// How many thoughts begin in one.
fn opening_tags(thought: &str) -> usize {
    let mut rest = thought;
    std::iter::from_fn(|| {
        let (_, next) = tag(rest, OPEN_BEGINS)?;
        rest = rest.get(next..)?;
        Some(())
    })
    .count()
}

/// Where at the end of a text something stands that may become a tag; its length where nothing does.
fn beginning_of_tag(text: &str) -> usize {
    let from = text.len().saturating_sub(LONGEST);
    let places = text.char_indices().map(|(at, _)| at).skip_while(|at| *at < from);
    let begins = |at: &usize| {
        let rest = text.get(*at..).unwrap_or_default();
        OPEN.iter().chain(&CLOSE).any(|tag| tag.starts_with(rest))
    };
    places.into_iter().find(begins).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(pieces: &[&str]) -> (String, String) {
        let (mut words, mut thoughts) = (String::new(), String::new());
        let mut put = |said| match said {
            TaggedText::Words(text) => words.push_str(&text),
            TaggedText::Thought(text) => thoughts.push_str(&text),
        };
        let mut tags = ThinkTags::default();
        for piece in pieces {
            tags.read(piece).into_iter().for_each(&mut put);
        }
        tags.rest().into_iter().for_each(put);
        (thoughts, words)
    }

    /// Ten times as much takes about ten times as long: 200,000 thoughts would take minutes if each looked at all the rest.
    #[test]
    fn a_text_of_nothing_but_thoughts_is_walked_over_once() {
        let text = "<think></think>".repeat(200_000);
        assert_eq!(divided(&[&text, "so"]), (String::new(), "so".to_owned()));
        let (opens, closes) = ("<think>".repeat(50_000), "</think>".repeat(50_000));
        let thought = opens.split_at("<think>".len()).1.to_owned();
        assert_eq!(divided(&[&opens, &closes, "so"]), (thought, "so".to_owned()));
        let open = "</think ".repeat(200_000);
        assert_eq!(divided(&["<think>", &open, "</think>so"]), (open, "so".to_owned()));
    }

    #[test]
    fn blanks_in_front_are_held_back_up_to_a_bound_and_the_same_wherever_they_are_cut() {
        for (blanks, thinks) in [(MAX_BLANKS, true), (MAX_BLANKS + 1, false)] {
            let blank = " ".repeat(blanks);
            let text = format!("{blank}<think>a</think>b");
            let expected =
                if thinks { ("a".to_owned(), "b".to_owned()) } else { (String::new(), text.clone()) };
            assert_eq!(divided(&[&text]), expected, "{blanks}");
            assert_eq!(divided(&[&blank, "<think>a</think>b"]), expected, "{blanks}");
            let mut tags = ThinkTags::default();
            for _ in 0..blanks + 100 {
                tags.read(" ");
                assert!(tags.held.len() <= MAX_BLANKS, "{}", tags.held.len());
            }
        }
        let mut tags = ThinkTags::default();
        tags.read("<think>a</think>");
        tags.read(&" ".repeat(10_000));
        assert_eq!(tags.held, "", "blanks behind a thought belong to nothing");
    }

    #[test]
    fn thoughts_and_words_are_told_apart_wherever_they_are_cut() {
        for (text, (thoughts, words)) in [
            ("<think>hm</think>\n\nso", ("hm", "so")),
            ("\n<think>\nhm\n</think>so", ("\nhm\n", "so")),
            ("<thinking>a</thinking> b", ("a", "b")),
            ("<think></think>so", ("", "so")),
            ("<think>a < b </thin </think>ü", ("a < b </thin ", "ü")),
            ("<think>never ends", ("never ends", "")),
            ("<think>ends in </thi", ("ends in </thi", "")),
            ("<think>a</think><think>b</think>c", ("ab", "c")),
            ("plan, plan</think>\nso", ("plan, plan", "so")),
            (" plan</thinking>so</think>", (" plan", "so</think>")),
            ("<think>a<think>b</think>c</think>d", ("a<think>bc", "d")),
            ("<think>what is <think>?</think>\nso", ("what is <think>?", "\nso")),
            ("</think>so", ("", "so")),
        ] {
            assert_divided(text, thoughts, words);
        }
        for words in ["so <think>no</think>", " so", "<thin", "<b>bold</b>", ""] {
            assert_divided(words, "", words);
        }
    }

    /// The text as one piece, and cut in two at each place.
    fn assert_divided(text: &str, thoughts: &str, words: &str) {
        let expected = (thoughts.to_owned(), words.to_owned());
        assert_eq!(divided(&[text]), expected, "{text:?}");
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let (left, right) = text.split_at(at);
            assert_eq!(divided(&[left, right]), expected, "{text:?} cut at {at}");
        }
    }
}
