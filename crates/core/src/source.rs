//! Sources: what an answer rests on by its provider's word. Hostile text, and believed by nobody: `q` opens none of it.
//!
//! Not here: how they are shown, and which dialect says them how (the frontends, the agent).

use alloc::string::String;
use alloc::vec::Vec;

/// The most sources that are kept of what is told at once, and bytes of each text of one.
pub const SOURCES: usize = 64;
pub const SOURCE_TITLE_BYTES: usize = 256;
pub const SOURCE_PLACE_BYTES: usize = 2048;
pub const SOURCE_QUOTE_BYTES: usize = 512;
/// Bytes of all of them: as many as that are long ones.
pub const SOURCES_BYTES: usize = 64 << 10;

/// One source. At least one of its texts says something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// What it is called; empty where nobody said.
    pub title: String,
    /// Where it is: mostly an address, or a place in a document; empty where nobody said.
    pub place: String,
    /// The words of it that count; empty where nobody said.
    pub quote: String,
}

impl Source {
    /// Bytes of its texts.
    pub const fn bytes(&self) -> usize {
        self.title.len() + self.place.len() + self.quote.len()
    }

    /// Whether both are the same to a reader. Of one place several pieces may be quoted, and the first is kept.
    fn is_same(&self, other: &Self) -> bool {
        if self.place.is_empty() && self.title.is_empty() {
            return other.place.is_empty() && other.title.is_empty() && self.quote == other.quote;
        }
        self.place == other.place && (!self.place.is_empty() || self.title == other.title)
    }

    fn bounded(mut self) -> Self {
        for (text, limit) in [
            (&mut self.title, SOURCE_TITLE_BYTES),
            (&mut self.place, SOURCE_PLACE_BYTES),
            (&mut self.quote, SOURCE_QUOTE_BYTES),
        ] {
            if text.len() > limit {
                let mark = "…";
                text.truncate(text.floor_char_boundary(limit - mark.len()));
                text.push_str(mark);
            }
        }
        self
    }
}

/// Sources that were told at once, in their order, each of them once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub all: Vec<Source>,
    /// More that were told and are not kept.
    pub left_out: u64,
}

impl Sources {
    /// Takes one in, as far as there is room for it. One that says nothing, or is there already, changes nothing; but a text
    /// that is missing there is filled in.
    pub fn add(&mut self, source: Source) {
        let source = source.bounded();
        if source.bytes() == 0 {
            return;
        }
        let (count, bytes) = (self.all.len(), self.bytes());
        if let Some(known) = self.all.iter_mut().find(|known| known.is_same(&source)) {
            for (known, said) in [(&mut known.title, source.title), (&mut known.quote, source.quote)] {
                if known.is_empty() && bytes + said.len() <= SOURCES_BYTES {
                    *known = said;
                }
            }
        } else if count < SOURCES && bytes + source.bytes() <= SOURCES_BYTES {
            self.all.push(source);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Takes in what is told behind them.
    pub fn join(&mut self, told: Self) {
        self.left_out = self.left_out.saturating_add(told.left_out);
        told.all.into_iter().for_each(|source| self.add(source));
    }

    /// The same within what is kept, whoever says them.
    #[must_use]
    pub fn bounded(self) -> Self {
        let mut kept = Self::default();
        kept.join(self);
        kept
    }

    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.all.iter().map(Source::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn source(title: &str, place: &str, quote: &str) -> Source {
        Source { title: title.into(), place: place.into(), quote: quote.into() }
    }

    fn told(sources: impl IntoIterator<Item = Source>) -> Sources {
        let mut told = Sources::default();
        sources.into_iter().for_each(|source| told.add(source));
        told
    }

    #[test]
    fn each_is_kept_once_with_all_that_is_known_of_it() {
        let all = told([
            source("", "https://a", ""),
            source("A", "https://a", "so"),
            source("another name", "https://a", "and so"),
            source("", "", ""),
            source("Book", "", "one"),
            source("Book", "", "two"),
            source("Book", "page 3", ""),
            source("", "", "quoted"),
            source("", "", "quoted"),
        ]);
        let expected = [
            source("A", "https://a", "so"),
            source("Book", "", "one"),
            source("Book", "page 3", ""),
            source("", "", "quoted"),
        ];
        assert_eq!(all, Sources { all: expected.into(), left_out: 0 });
    }

    #[test]
    fn what_is_too_much_is_counted_and_what_is_too_long_is_cut() {
        let many = told((0..SOURCES + 3).map(|no| source("", &format!("https://{no}"), "")));
        assert_eq!((many.all.len(), many.left_out), (SOURCES, 3));
        assert_eq!(many.clone().bounded(), many);
        let long = "ü".repeat(SOURCE_PLACE_BYTES);
        let cut = told([source(&long, &long, &long)]).all.remove(0);
        assert!(cut.title.len() <= SOURCE_TITLE_BYTES && cut.title.ends_with("ü…"), "{}", cut.title);
        assert!(cut.place.len() <= SOURCE_PLACE_BYTES && cut.quote.len() <= SOURCE_QUOTE_BYTES);
        let large = told((0..SOURCES).map(|no| source(&no.to_string(), &format!("{no}{long}"), "")));
        assert!(large.bytes() <= SOURCES_BYTES && large.left_out > 0);
        assert_eq!(large.all.len() as u64 + large.left_out, SOURCES as u64);
    }
}
