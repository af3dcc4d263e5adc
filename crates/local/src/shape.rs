//! How large a model of the architecture `llama` is, as its file says it, within bounds that this machine can be asked to meet.

use crate::error::LocalError;
use crate::gguf::GgufHeader;

/// The only architecture that is known here.
const ARCHITECTURE: &str = "llama";
/// Numbers are kept in blocks of so many.
const BLOCK: usize = 32;

/// The sizes of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelShape {
    /// Layers, one above the other.
    pub layers: usize,
    /// Numbers that stand for one token.
    pub width: usize,
    /// Heads of attention, and those that keep keys and values: each of these serves several of the others.
    pub heads: usize,
    /// Those that keep keys and values.
    pub kept_heads: usize,
    /// Numbers inside a layer's second half.
    pub inner: usize,
    /// Tokens that a conversation may have, the answer counted in.
    pub context: usize,
    /// The base of the positions' frequencies.
    pub frequency_base: f64,
    /// What keeps a division by nothing away.
    pub epsilon: f64,
}

impl ModelShape {
    /// The sizes that a file tells.
    pub fn of(header: &GgufHeader) -> Result<Self, LocalError> {
        let architecture = header.text("general.architecture").unwrap_or("none");
        if architecture != ARCHITECTURE {
            return Err(LocalError::new(format!(
                "its architecture is {architecture:.40}; q-local knows {ARCHITECTURE} (Llama, SmolLM2 and their kin)"
            ))
            .hint("run another server for it (llama.cpp, Ollama): they are agents of their own"));
        }
        let size = |name: &str, most: usize| {
            let value = header.int(&format!("{ARCHITECTURE}.{name}")).unwrap_or(0);
            let value = usize::try_from(value).unwrap_or(0);
            if (1..=most).contains(&value) {
                Ok(value)
            } else {
                Err(LocalError::new(format!("its {name} is {value}; 1 to {most} can be used")))
            }
        };
        let layers = size("block_count", 512)?;
        let width = size("embedding_length", 65_536)?;
        let heads = size("attention.head_count", 1024)?;
        let kept_heads = size("attention.head_count_kv", 1024).unwrap_or(heads);
        let inner = size("feed_forward_length", 1 << 20)?;
        let context = size("context_length", 1 << 24)?;
        let fits = width.is_multiple_of(heads)
            && heads.is_multiple_of(kept_heads)
            && (width / heads).is_multiple_of(2)
            && width.is_multiple_of(BLOCK)
            && inner.is_multiple_of(BLOCK);
        if !fits {
            return Err(LocalError::new("its sizes do not fit together"));
        }
        let positive = |name: &str, usual: f64| {
            let value = header.float(&format!("{ARCHITECTURE}.{name}")).unwrap_or(usual);
            if value.is_finite() && value > 0.0 { value } else { usual }
        };
        Ok(Self {
            layers,
            width,
            heads,
            kept_heads,
            inner,
            context,
            frequency_base: positive("rope.freq_base", 10_000.0),
            epsilon: positive("attention.layer_norm_rms_epsilon", 1e-5),
        })
    }

    /// Numbers of one head.
    pub const fn head_width(&self) -> usize {
        self.width / self.heads
    }
}
