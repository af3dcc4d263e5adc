//! What is typed to filter the list of sessions: words that are looked for, and terms such as `is:waiting`, `kind:debug` and
//! `#tag`. All of them must fit; of what fits, the best stands first.
//!
//! Not here: what the list looks like (`switcher`).

use q_core::attention::{self, Need};
use q_core::{Activity, Presence, Summary};

/// More of what is typed is not looked at: each letter costs a walk through every name.
const LETTERS: usize = 64;
/// How much of a directory is looked through; its end says most.
const DIRECTORY: usize = 128;

/// Whether a session is what a word says.
type Holds = fn(&Summary) -> bool;

/// What a session can be asked to be, by the word for it.
const STATES: &[(&str, Holds)] = &[
    ("waiting", |session| attention::need(session).is_some()),
    ("asking", |session| attention::need(session) == Some(Need::Answer)),
    ("working", |session| session.activity == Activity::Working),
    ("failed", |session| session.activity == Activity::Failed),
    ("interrupted", |session| session.activity == Activity::Interrupted),
    ("idle", |session| session.activity == Activity::Idle && session.presence == Presence::Live),
    ("asleep", |session| session.presence == Presence::Hibernated),
    ("closed", |session| session.presence == Presence::Closed),
    ("unread", |session| session.unread > 0),
    ("queued", |session| session.queued > 0),
    ("pinned", |session| session.pinned),
];

/// What is typed, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SessionFilter(Vec<FilterTerm>);

/// One word of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FilterTerm {
    /// Letters of a name, or of what else is known of the session.
    Word(String),
    /// A state whose word begins so.
    Is(String),
    Kind(String),
    Tag(String),
    Agent(String),
    Directory(String),
}

impl SessionFilter {
    pub(super) fn of(typed: &str) -> Self {
        let typed: String = typed.chars().take(LETTERS).collect::<String>().to_lowercase();
        let term = |word: &str| {
            let named = word.split_once(':').map(|(name, rest)| (name, rest.to_owned()));
            match named {
                Some(("is", rest)) => FilterTerm::Is(rest),
                Some(("kind", rest)) => FilterTerm::Kind(rest),
                Some(("tag", rest)) => FilterTerm::Tag(rest),
                Some(("agent", rest)) => FilterTerm::Agent(rest),
                Some(("in", rest)) => FilterTerm::Directory(rest),
                Some(_) | None => match word.strip_prefix('#') {
                    Some(tag) => FilterTerm::Tag(tag.to_owned()),
                    None => FilterTerm::Word(word.to_owned()),
                },
            }
        };
        Self(typed.split_whitespace().map(term).collect())
    }

    /// How well it fits, more being better; nothing where it does not. A word that is known of nothing else may be said in the
    /// conversation, which is looked through last.
    pub(super) fn score(&self, session: &Summary, is_said: impl Fn(&str) -> bool) -> Option<u32> {
        let score = |term: &FilterTerm| match term {
            FilterTerm::Word(word) => term.score(session).or_else(|| is_said(word).then_some(0)),
            FilterTerm::Is(_)
            | FilterTerm::Kind(_)
            | FilterTerm::Tag(_)
            | FilterTerm::Agent(_)
            | FilterTerm::Directory(_) => term.score(session),
        };
        self.0.iter().try_fold(0_u32, |sum, term| Some(sum.saturating_add(score(term)?)))
    }
}

impl FilterTerm {
    fn score(&self, session: &Summary) -> Option<u32> {
        let fits = |fits: bool| fits.then_some(0);
        match self {
            Self::Word(word) => word_score(word, session),
            // While it is being typed each that it may become fits.
            Self::Is(state) => {
                fits(STATES.iter().any(|(word, holds)| word.starts_with(state.as_str()) && holds(session)))
            }
            Self::Kind(kind) => fits(session.kind.word().to_lowercase().starts_with(kind)),
            Self::Tag(tag) => {
                fits(session.tags.iter().any(|known| known.as_str().to_lowercase().starts_with(tag)))
            }
            Self::Agent(agent) => {
                let named = format!("{}·{}", session.agent, session.model);
                fits(named.to_lowercase().contains(agent))
            }
            Self::Directory(directory) => fits(end_of(&session.directory).contains(directory)),
        }
    }
}

/// The end of a directory, folded.
fn end_of(directory: &str) -> String {
    let from = directory.char_indices().rev().nth(DIRECTORY - 1).map_or(0, |(at, _)| at);
    directory.get(from..).unwrap_or_default().to_lowercase()
}

/// A name counts for more than all else that is known of a session; in a last answer only the whole word counts, since
/// letters in their order stand in any sentence.
fn word_score(word: &str, session: &Summary) -> Option<u32> {
    const NAME: u32 = 1_000;
    const OTHER: u32 = 300;
    if session.slot > 0 && session.slot.to_string() == word {
        return Some(NAME * 2);
    }
    if let Some(score) = fuzzy_score(word, &session.name.folded(), false) {
        return Some(NAME + score);
    }
    let tags = session.tags.iter().map(|tag| tag.as_str().to_lowercase());
    let others = [
        session.kind.word().to_lowercase(),
        session.agent.to_lowercase(),
        session.model.to_lowercase(),
        end_of(&session.directory),
    ];
    let best = tags.chain(others).filter_map(|text| fuzzy_score(word, &text, true)).max();
    let said = || session.preview.to_lowercase().contains(word).then_some(0);
    best.map(|score| OTHER + score).or_else(said)
}

/// How well letters fit a text that has them in this order: runs and the beginnings of words count. Where it is `strict`, each
/// letter has to go on from the one before or begin a word.
fn fuzzy_score(letters: &str, text: &str, strict: bool) -> Option<u32> {
    const WHOLE: u32 = 100;
    const RUN: u32 = 8;
    const BEGINNING: u32 = 6;
    if let Some(at) = text.find(letters) {
        let begins = at == 0 || text.get(..at).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
        let exact = if text == letters { WHOLE } else { 0 };
        return Some(WHOLE * 2 + exact + if at == 0 { WHOLE } else { u32::from(begins) * WHOLE / 2 });
    }
    let text: Vec<char> = text.chars().collect();
    let begins = |at: usize| {
        at.checked_sub(1).and_then(|before| text.get(before)).is_none_or(|c| !c.is_alphanumeric())
    };
    // For each place, the best score of the letters so far with the last of them there.
    let mut best: Vec<Option<u32>> = Vec::new();
    for (number, letter) in letters.chars().enumerate() {
        let mut earlier: Option<u32> = (number == 0).then_some(0);
        let mut next = Vec::with_capacity(text.len());
        for (at, other) in text.iter().enumerate() {
            let run = at.checked_sub(1).and_then(|before| best.get(before).copied().flatten());
            let jump = earlier.filter(|_| !strict || begins(at));
            let jump = jump.map(|score| score + if begins(at) { BEGINNING } else { 0 });
            let here = run.map(|score| score + RUN).max(jump);
            next.push(here.filter(|_| *other == letter));
            earlier = earlier.max(best.get(at).copied().flatten());
        }
        best = next;
    }
    best.into_iter().flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_fit_in_their_order_and_runs_and_beginnings_fit_best() {
        for (letters, text) in
            [("rev", "review-auth"), ("ra", "review-auth"), ("vw", "review"), ("ä", "prägen")]
        {
            assert!(fuzzy_score(letters, text, false).is_some(), "{letters} in {text}");
        }
        for (letters, text) in [("wr", "review"), ("xx", "x"), ("rev", "rave")] {
            assert_eq!(fuzzy_score(letters, text, false), None, "{letters} in {text}");
        }
        let score = |letters, text| fuzzy_score(letters, text, false).unwrap();
        for (letters, best_first) in [
            ("api", &["api", "api-two", "my-api", "rapid", "a-p-i"][..]),
            ("dba", &["debug-api", "double-xax"]),
            ("ra", &["review-auth", "garbage-area"]),
        ] {
            let scores: Vec<u32> = best_first.iter().map(|text| score(letters, text)).collect();
            assert!(scores.is_sorted_by(|better, worse| better >= worse), "{letters}: {scores:?}");
        }
    }

    #[test]
    fn where_it_is_strict_a_letter_goes_on_or_begins_a_word() {
        let fits = |letters| fuzzy_score(letters, "/home/ann/src/api", true).is_some();
        assert_eq!(["srcapi", "sa", "hai", "nr"].map(fits), [true, true, false, false]);
        assert_eq!(fuzzy_score("debug", "development", true), None);
    }

    #[test]
    fn what_is_typed_is_read_as_terms_and_bounded() {
        let read = SessionFilter::of("  Rev is:wait KIND:debug #web in:src agent:gpt a:b ");
        let terms = [
            FilterTerm::Word("rev".into()),
            FilterTerm::Is("wait".into()),
            FilterTerm::Kind("debug".into()),
            FilterTerm::Tag("web".into()),
            FilterTerm::Directory("src".into()),
            FilterTerm::Agent("gpt".into()),
            FilterTerm::Word("a:b".into()),
        ];
        assert_eq!(read, SessionFilter(terms.to_vec()));
        assert_eq!(
            SessionFilter::of(&"x".repeat(1_000)),
            SessionFilter(vec![FilterTerm::Word("x".repeat(LETTERS))])
        );
    }
}
