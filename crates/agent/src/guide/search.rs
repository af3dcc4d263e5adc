//! Which sections fit a question: Okapi BM25 over terms, headings weighing more than text.

use std::collections::BTreeMap;

use super::manual::Section;
use super::words::terms;

/// How soon more of the same term stops counting, and how much a long section is held back (the usual values).
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.75;

/// What a term weighs by where it stands: in a section's title, in its other words, in its text.
const WEIGHTS: [f32; 3] = [4.0, 2.0, 1.0];

/// How much of a question the best section must cover, by weight of its terms. Below that the question is about something
/// else, and a section that happens to share a word with it is no answer.
const COVERED: f32 = 0.5;

/// The terms of each section, and in how many sections each term stands.
#[derive(Debug)]
pub(super) struct Index {
    /// For each term, the sections that have it and how much of it.
    postings: BTreeMap<String, BTreeMap<usize, f32>>,
    /// Each section's length relative to the average.
    lengths: Vec<f32>,
}

impl Index {
    /// Reads the sections in.
    pub(super) fn new(sections: &[Section]) -> Self {
        let mut postings: BTreeMap<String, BTreeMap<usize, f32>> = BTreeMap::new();
        let mut lengths = Vec::with_capacity(sections.len());
        for (at, section) in sections.iter().enumerate() {
            let mut length = 0.0;
            for (text, weight) in [section.title, section.also, &section.body].into_iter().zip(WEIGHTS) {
                for term in terms(text) {
                    *postings.entry(term).or_default().entry(at).or_default() += weight;
                    length += weight;
                }
            }
            lengths.push(length);
        }
        let average = lengths.iter().sum::<f32>() / lengths.len().max(1) as f32;
        for length in &mut lengths {
            *length /= average;
        }
        Self { postings, lengths }
    }

    /// The sections that fit, best first; none if the question is about something else.
    pub(super) fn search(&self, question: &str) -> Vec<usize> {
        let mut asked = terms(question);
        asked.sort_unstable();
        asked.dedup();
        let mut found: BTreeMap<usize, Fit> = BTreeMap::new();
        let mut whole = 0.0;
        for term in &asked {
            let sections = self.postings.get(term);
            let rarity = self.rarity(sections.map_or(0, BTreeMap::len));
            whole += rarity;
            for (at, much) in sections.into_iter().flatten() {
                let fit = found.entry(*at).or_default();
                fit.covered += rarity;
                let length = self.lengths.get(*at).copied().unwrap_or(1.0);
                let held_back = SATURATION * (1.0 - LENGTH + LENGTH * length);
                fit.score += rarity * much * (SATURATION + 1.0) / (much + held_back);
            }
        }
        let mut fits: Vec<(usize, Fit)> =
            found.into_iter().filter(|(_, fit)| fit.covered >= COVERED * whole).collect();
        fits.sort_by(|(_, one), (_, other)| other.score.total_cmp(&one.score));
        fits.into_iter().map(|(at, _)| at).collect()
    }

    /// What a term that this many sections have tells about which one is meant.
    fn rarity(&self, having: usize) -> f32 {
        let (all, having) = (self.lengths.len() as f32, having as f32);
        ((all - having + 0.5) / (having + 0.5)).ln_1p()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Fit {
    score: f32,
    covered: f32,
}
