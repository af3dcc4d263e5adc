//! Texts to tokens and back, as the model's file says: byte-pair encoding over bytes, in the form that GPT-2 began.
//!
//! Work is bounded by the length of the text times its logarithm, whatever stands in it. No text makes a token that controls the
//! model: those are written by `markup` alone.

mod split;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

pub use split::PreTokenizer;

use crate::error::LocalError;
use crate::gguf::GgufHeader;

/// The kinds of tokens that are no text: unknown, controlling, made by users of the vocabulary.
const NO_TEXT: [i64; 2] = [2, 3];

/// A vocabulary, and how texts are written in it.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// The bytes of each token; of one that controls, none.
    bytes: Vec<Vec<u8>>,
    /// The tokens of single bytes.
    single: BTreeMap<u8, u32>,
    /// Which two become which, and how early.
    merges: BTreeMap<(u32, u32), (u32, u32)>,
    /// Tokens that control the model, by their names.
    controls: BTreeMap<String, u32>,
    /// Those that end an answer.
    ends: Vec<u32>,
    rule: PreTokenizer,
}

impl Tokenizer {
    /// The one of a file.
    pub fn of(header: &GgufHeader) -> Result<Self, LocalError> {
        let missing = |what: &str| LocalError::new(format!("it has no {what}, so its texts cannot be read"));
        let model = header.text("tokenizer.ggml.model").unwrap_or("none");
        if model != "gpt2" {
            return Err(LocalError::new(format!(
                "its tokenizer is {model:.40}; q-local knows gpt2 (byte-level BPE)"
            )));
        }
        let name = header.text("tokenizer.ggml.pre").unwrap_or("default");
        let rule = PreTokenizer::of(name).ok_or_else(|| {
            LocalError::new(format!("its texts are cut by the rule {name:.40}, which is not known here"))
        })?;
        let words = header.texts("tokenizer.ggml.tokens").ok_or_else(|| missing("vocabulary"))?;
        let pairs = header.texts("tokenizer.ggml.merges").ok_or_else(|| missing("merges"))?;
        let kinds = header.ints("tokenizer.ggml.token_type").unwrap_or_default();
        let unwritten: BTreeMap<char, u8> = (0..=u8::MAX).map(|byte| (written(byte), byte)).collect();
        let mut ids = BTreeMap::new();
        let mut tokenizer = Self {
            bytes: Vec::with_capacity(words.len()),
            single: BTreeMap::new(),
            merges: BTreeMap::new(),
            controls: BTreeMap::new(),
            ends: Vec::new(),
            rule,
        };
        for ((id, word), kind) in (0_u32..).zip(words).zip(kinds.iter().copied().chain(std::iter::repeat(1)))
        {
            let bytes: Vec<u8> = word.chars().filter_map(|c| unwritten.get(&c).copied()).collect();
            if NO_TEXT.contains(&kind) {
                tokenizer.controls.insert(word.clone(), id);
                tokenizer.bytes.push(Vec::new());
                continue;
            }
            if let [byte] = bytes[..] {
                tokenizer.single.entry(byte).or_insert(id);
            }
            ids.entry(word.as_str()).or_insert(id);
            tokenizer.bytes.push(bytes);
        }
        // What no text has, as some bytes of 256, vocabularies may leave out; such a byte is passed over.
        if !(b' '..=b'~').all(|byte| tokenizer.single.contains_key(&byte)) {
            return Err(missing("token for some letters"));
        }
        for (rank, pair) in (0_u32..).zip(pairs) {
            let Some((left, right)) = pair.split_once(' ') else { continue };
            let whole = format!("{left}{right}");
            if let (Some(left), Some(right), Some(whole)) =
                (ids.get(left), ids.get(right), ids.get(whole.as_str()))
            {
                tokenizer.merges.entry((*left, *right)).or_insert((rank, *whole));
            }
        }
        let named = ["<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>"];
        let end =
            |name: &str| u32::try_from(header.int(name)?).ok().filter(|id| (*id as usize) < words.len());
        tokenizer.ends = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"]
            .into_iter()
            .filter_map(end)
            .collect();
        let by_name: Vec<u32> = named.iter().filter_map(|name| tokenizer.control(name)).collect();
        tokenizer.ends.extend(by_name);
        if tokenizer.ends.is_empty() {
            return Err(missing("token that ends an answer"));
        }
        Ok(tokenizer)
    }

    /// How many tokens there are.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// A token that controls the model.
    pub fn control(&self, name: &str) -> Option<u32> {
        self.controls.get(name).copied()
    }

    /// Whether it ends an answer.
    pub fn is_end(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }

    /// The bytes that a token stands for, which need not be whole characters.
    pub fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// Writes a text in tokens behind those that are there.
    pub fn write(&self, text: &str, tokens: &mut Vec<u32>) {
        for piece in self.rule.pieces(text) {
            self.write_piece(piece.as_bytes(), tokens);
        }
    }

    /// Merges neighbours, earliest rule first and leftmost first among equals, until no rule is left for any.
    fn write_piece(&self, piece: &[u8], tokens: &mut Vec<u32>) {
        // Where a token was merged away there is none; neighbours are found by links.
        let mut parts: Vec<Option<u32>> = piece.iter().map(|byte| self.single.get(byte).copied()).collect();
        let mut next: Vec<usize> = (1..=parts.len()).collect();
        let mut before: Vec<Option<usize>> = (0..parts.len()).map(|at| at.checked_sub(1)).collect();
        let mut due = BinaryHeap::new();
        let propose = |due: &mut BinaryHeap<_>, parts: &[Option<u32>], left: usize, right: usize| {
            if let (Some(Some(one)), Some(Some(other))) = (parts.get(left), parts.get(right))
                && let Some((rank, whole)) = self.merges.get(&(*one, *other))
            {
                due.push(Reverse((*rank, left, right, *one, *other, *whole)));
            }
        };
        for left in 0..parts.len() {
            propose(&mut due, &parts, left, left + 1);
        }
        while let Some(Reverse((_, left, right, one, other, whole))) = due.pop() {
            // Either may have become part of another meanwhile.
            if parts[left] != Some(one) || parts[right] != Some(other) || next[left] != right {
                continue;
            }
            parts[left] = Some(whole);
            parts[right] = None;
            next[left] = next[right];
            if let Some(before) = before.get_mut(next[left]) {
                *before = Some(left);
            }
            propose(&mut due, &parts, left, next[left]);
            if let Some(before) = before[left] {
                propose(&mut due, &parts, before, left);
            }
        }
        tokens.extend(parts.into_iter().flatten());
    }
}

/// The character by which vocabularies write a byte: itself where it can be seen, one from 256 on where not.
fn written(byte: u8) -> char {
    let is_seen = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if is_seen(byte) {
        return char::from(byte);
    }
    let place = (0..byte).filter(|byte| !is_seen(*byte)).count();
    u32::try_from(256 + place).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
