//! Files that hold a model, made from nothing: small, of random weights, whole enough for whatever reads such files. What it says
//! makes no sense, and always the same.

use std::io::{self, Write as _};
use std::path::Path;

/// What stands in a header.
#[derive(Clone, Debug)]
pub enum Fact {
    U32(u32),
    F32(f32),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
}

/// A tensor of plain numbers, the size that varies fastest first.
#[derive(Clone, Debug)]
pub struct PlainTensor {
    pub name: String,
    pub sizes: Vec<u64>,
    pub numbers: Vec<f32>,
}

/// A file before it is written.
#[derive(Clone, Debug, Default)]
pub struct GgufFile {
    pub facts: Vec<(String, Fact)>,
    pub tensors: Vec<PlainTensor>,
}

/// Tokens that control the model; in front of them stand the 256 bytes, and behind those what is merged.
const CONTROLS: [&str; 3] = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"];
const MERGED: [&str; 6] = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r"];
const TEMPLATE: &str = "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}{% endfor %}";

impl GgufFile {
    /// A model of two layers.
    pub fn small() -> Self {
        let (width, heads, kept, inner) = (64, 4, 2, 96);
        let mut words: Vec<String> = (0..=u8::MAX).map(|byte| written(byte).to_string()).collect();
        words.extend(MERGED.map(|pair| pair.replace(' ', "")));
        let plain = words.len();
        words.extend(CONTROLS.map(str::to_owned));
        let kinds = (0..words.len()).map(|at| if at < plain { 1 } else { 3 }).collect();
        let vocabulary = words.len() as u64;
        let end = vocabulary as u32 - 2;
        let text = |text: &str| Fact::Text(text.to_owned());
        let facts = [
            ("general.architecture", text("llama")),
            ("general.name", text("Small")),
            ("llama.block_count", Fact::U32(2)),
            ("llama.context_length", Fact::U32(512)),
            ("llama.embedding_length", Fact::U32(width)),
            ("llama.feed_forward_length", Fact::U32(inner)),
            ("llama.attention.head_count", Fact::U32(heads)),
            ("llama.attention.head_count_kv", Fact::U32(kept)),
            ("llama.attention.layer_norm_rms_epsilon", Fact::F32(1e-5)),
            ("llama.rope.freq_base", Fact::F32(10_000.0)),
            ("tokenizer.ggml.model", text("gpt2")),
            ("tokenizer.ggml.pre", text("smollm")),
            ("tokenizer.ggml.tokens", Fact::Texts(words)),
            ("tokenizer.ggml.token_type", Fact::I32s(kinds)),
            ("tokenizer.ggml.merges", Fact::Texts(MERGED.map(str::to_owned).into())),
            ("tokenizer.ggml.eos_token_id", Fact::U32(end)),
            ("tokenizer.chat_template", text(TEMPLATE)),
        ];
        let (width, inner) = (u64::from(width), u64::from(inner));
        let kept = width / u64::from(heads) * u64::from(kept);
        let mut sizes =
            vec![("token_embd".to_owned(), vec![width, vocabulary]), ("output_norm".to_owned(), vec![width])];
        for layer in 0..2 {
            for (part, size) in [
                ("attn_norm", vec![width]),
                ("attn_q", vec![width, width]),
                ("attn_k", vec![width, kept]),
                ("attn_v", vec![width, kept]),
                ("attn_output", vec![width, width]),
                ("ffn_norm", vec![width]),
                ("ffn_gate", vec![width, inner]),
                ("ffn_up", vec![width, inner]),
                ("ffn_down", vec![inner, width]),
            ] {
                sizes.push((format!("blk.{layer}.{part}"), size));
            }
        }
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5
        };
        let tensors = sizes.into_iter().map(|(name, sizes)| {
            let count: u64 = sizes.iter().product();
            let numbers = (0..count).map(|_| if sizes.len() == 1 { 1.0 } else { random() }).collect();
            PlainTensor { name: format!("{name}.weight"), sizes, numbers }
        });
        Self { facts: facts.map(|(name, fact)| (name.to_owned(), fact)).into(), tensors: tensors.collect() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, fact: Fact) -> Self {
        self.facts.retain(|(other, _)| other != name);
        self.facts.push((name.to_owned(), fact));
        self
    }

    /// All of its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.facts.len() as u64).to_le_bytes());
        for (name, fact) in &self.facts {
            put_text(&mut bytes, name);
            match fact {
                Fact::U32(number) => bytes.extend([4_u32, *number].map(u32::to_le_bytes).concat()),
                Fact::F32(number) => bytes.extend([6_u32.to_le_bytes(), number.to_le_bytes()].concat()),
                Fact::Text(text) => {
                    bytes.extend(8_u32.to_le_bytes());
                    put_text(&mut bytes, text);
                }
                Fact::Texts(texts) => {
                    bytes.extend([9_u32, 8].map(u32::to_le_bytes).concat());
                    bytes.extend((texts.len() as u64).to_le_bytes());
                    for text in texts {
                        put_text(&mut bytes, text);
                    }
                }
                Fact::I32s(numbers) => {
                    bytes.extend([9_u32, 5].map(u32::to_le_bytes).concat());
                    bytes.extend((numbers.len() as u64).to_le_bytes());
                    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                }
            }
        }
        let mut offset = 0_u64;
        for PlainTensor { name, sizes, numbers } in &self.tensors {
            put_text(&mut bytes, name);
            bytes.extend((sizes.len() as u32).to_le_bytes());
            bytes.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
            bytes.extend(0_u32.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            offset += (numbers.len() as u64 * 4).next_multiple_of(32);
        }
        for PlainTensor { numbers, .. } in &self.tensors {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::File::create(path)?.write_all(&self.bytes())
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// How vocabularies of GPT-2's kind write a byte.
fn written(byte: u8) -> char {
    let is_seen = |byte: u8| (b'!'..=b'~').contains(&byte) || (byte >= 0xa1 && byte != 0xad);
    if is_seen(byte) {
        return char::from(byte);
    }
    let place = (0..byte).filter(|byte| !is_seen(*byte)).count() as u32;
    char::from_u32(256 + place).unwrap_or('?')
}
