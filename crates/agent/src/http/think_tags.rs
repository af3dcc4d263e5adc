//! Thoughts that stand in the text, between `<think>` and `</think>`: what models say that know no other place for them. They
//! come in front of the answer or not at all, and some servers keep the first tag for themselves.

/// What a piece of text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Words of the answer.
    Words(String),
    /// Words of a thought.
    Thought(String),
}

const OPEN: [&str; 2] = ["<think>", "<thinking>"];
const CLOSE: [&str; 2] = ["</think>", "</thinking>"];

/// Text on its way, divided. What may become a tag is held back until it is one or is none.
#[derive(Debug, Default)]
pub(super) struct ThinkTags {
    place: Place,
    held: String,
}

/// Where in the answer it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nothing but blanks came.
    #[default]
    Before,
    Inside,
    /// Behind a thought: blanks in front of the answer belong to neither.
    Behind,
    /// In the answer, to its end.
    Answer,
}

impl ThinkTags {
    /// Takes a piece in.
    pub(super) fn read(&mut self, piece: &str) -> Vec<Said> {
        self.held.push_str(piece);
        let mut said = Vec::new();
        loop {
            let text = std::mem::take(&mut self.held);
            match self.place {
                Place::Answer => {
                    said.extend((!text.is_empty()).then_some(Said::Words(text)));
                    return said;
                }
                Place::Before | Place::Behind => {
                    let begun = text.trim_start();
                    if let Some(rest) = OPEN.iter().find_map(|tag| begun.strip_prefix(tag)) {
                        self.held = rest.to_owned();
                        self.place = Place::Inside;
                    } else if OPEN.iter().any(|tag| tag.starts_with(begun)) {
                        self.held = text;
                        return said;
                    } else {
                        self.held = if self.place == Place::Behind { begun.to_owned() } else { text };
                        self.place = Place::Answer;
                    }
                }
                Place::Inside => {
                    let end = CLOSE.iter().filter_map(|tag| Some((text.find(tag)?, tag.len()))).min();
                    let (thought, rest) = if let Some((at, length)) = end {
                        self.place = Place::Behind;
                        (text.get(..at), text.get(at + length..))
                    } else {
                        let at = beginning_of_tag(&text);
                        (text.get(..at), text.get(at..))
                    };
                    let thought = thought.unwrap_or_default();
                    said.extend((!thought.is_empty()).then(|| Said::Thought(thought.to_owned())));
                    self.held = rest.unwrap_or_default().to_owned();
                    if self.place == Place::Inside {
                        return said;
                    }
                }
            }
        }
    }

    /// What is still held back when nothing more comes.
    pub(super) fn rest(self) -> Option<Said> {
        let Self { place, held } = self;
        let is_blank = held.trim().is_empty();
        match place {
            Place::Inside => (!held.is_empty()).then_some(Said::Thought(held)),
            Place::Behind if is_blank => None,
            Place::Before | Place::Behind | Place::Answer => (!held.is_empty()).then_some(Said::Words(held)),
        }
    }
}

/// Where at the end of a text something stands that may become the end of a thought; its length where nothing does.
fn beginning_of_tag(text: &str) -> usize {
    let longest = CLOSE.iter().map(|tag| tag.len()).max().unwrap_or_default();
    let from = text.len().saturating_sub(longest);
    let places = text.char_indices().map(|(at, _)| at).skip_while(|at| *at < from);
    let begins = |at: &usize| {
        let rest = text.get(*at..).unwrap_or_default();
        CLOSE.iter().any(|tag| tag.starts_with(rest))
    };
    places.into_iter().find(begins).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(pieces: &[&str]) -> (String, String) {
        let (mut words, mut thoughts) = (String::new(), String::new());
        let mut put = |said| match said {
            Said::Words(text) => words.push_str(&text),
            Said::Thought(text) => thoughts.push_str(&text),
        };
        let mut tags = ThinkTags::default();
        for piece in pieces {
            tags.read(piece).into_iter().for_each(&mut put);
        }
        tags.rest().into_iter().for_each(put);
        (thoughts, words)
    }

    #[test]
    fn thoughts_and_words_are_told_apart_wherever_they_are_cut() {
        for (text, thoughts, words) in [
            ("<think>hm</think>\n\nso", "hm", "so"),
            ("\n<think>\nhm\n</think>so", "\nhm\n", "so"),
            ("<thinking>a</thinking> b", "a", "b"),
            ("<think></think>so", "", "so"),
            ("<think>a < b </thin </think>ü", "a < b </thin ", "ü"),
            ("<think>never ends", "never ends", ""),
            ("<think>ends in </thi", "ends in </thi", ""),
            ("<think>a</think><think>b</think>c", "ab", "c"),
            ("so <think>no</think>", "", "so <think>no</think>"),
            (" so", "", " so"),
            ("<thin", "", "<thin"),
            ("<b>bold</b>", "", "<b>bold</b>"),
            ("", "", ""),
        ] {
            let expected = (thoughts.to_owned(), words.to_owned());
            assert_eq!(divided(&[text]), expected, "{text:?}");
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let (left, right) = text.split_at(at);
                assert_eq!(divided(&[left, right]), expected, "{text:?} cut at {at}");
            }
        }
    }
}
