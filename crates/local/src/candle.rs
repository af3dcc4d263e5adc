//! What computes, by candle: a model of the architecture `llama` on the processor.
//!
//! Weights stay as short as their file has them, with one exception, and are shared by all conversations; the words' own numbers
//! are unpacked row by row where they are needed, since all of them at once would be more than everything else. What a conversation
//! has read takes memory as it grows.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use candle_core::quantized::ggml_file::qtensor_from_ggml;
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{DType, Device, Module as _, Tensor};
use candle_nn::ops::{rms_norm, silu, softmax_last_dim};
use candle_nn::rotary_emb::rope_i;

use crate::error::LocalError;
use crate::model_file::ModelFile;
use crate::serve::MAX_CONTEXT;
use crate::shape::ModelShape;
use crate::weights::{Sequence, Weights};

/// Tokens that a conversation's memory grows by, at least.
const GROWS_BY: usize = 256;

impl From<candle_core::Error> for LocalError {
    fn from(error: candle_core::Error) -> Self {
        Self::new(format!("the computation failed: {error}"))
    }
}

/// Reads all weights of a model.
pub(crate) fn load(model: &ModelFile) -> Result<Box<dyn Weights>, LocalError> {
    let reader =
        TensorReader { model, file: File::open(&model.path).map_err(|error| unread(model, &error))? };
    Ok(Box::new(LoadedLlama(Arc::new(reader.llama()?))))
}

fn unread(model: &ModelFile, error: &std::io::Error) -> LocalError {
    LocalError::new(format!("{} cannot be read: {error}", model.path.display()))
}

/// The weights of a model, and what is the same for all conversations.
struct Llama {
    shape: ModelShape,
    words: Arc<QTensor>,
    layers: Vec<Layer>,
    norm: Tensor,
    output: QMatMul,
    /// Cosines and sines of each position.
    cos: Tensor,
    sin: Tensor,
}

struct Layer {
    attention_norm: Tensor,
    query: QMatMul,
    key: QMatMul,
    value: QMatMul,
    attention_output: QMatMul,
    inner_norm: Tensor,
    gate: QMatMul,
    up: QMatMul,
    down: QMatMul,
}

struct LoadedLlama(Arc<Llama>);

impl Weights for LoadedLlama {
    fn sequence(&self) -> Box<dyn Sequence> {
        Box::new(LlamaSequence { model: Arc::clone(&self.0), kept: Vec::new(), length: 0 })
    }
}

/// A conversation as far as it was read.
struct LlamaSequence {
    model: Arc<Llama>,
    kept: Vec<Kept>,
    length: usize,
}

/// Keys and values of what was read, with space for more.
struct Kept {
    keys: Tensor,
    values: Tensor,
}

impl Sequence for LlamaSequence {
    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>, LocalError> {
        let model = Arc::clone(&self.model);
        let count = tokens.len();
        if self.length + count > model.cos.dim(0)? {
            return Err(LocalError::new("the conversation is longer than the model's positions"));
        }
        self.make_space(count)?;
        let mut x = model.words.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
        let mask = (count > 1).then(|| mask(self.length, count)).transpose()?;
        for (layer, kept) in model.layers.iter().zip(&self.kept) {
            let attended = layer.attend(&x, &model, kept, self.length, mask.as_ref())?;
            x = (x + attended)?;
            let inner = rms_norm(&x, &layer.inner_norm, model.shape.epsilon as f32)?;
            let inner = (silu(&layer.gate.forward(&inner)?)? * layer.up.forward(&inner)?)?;
            x = (x + layer.down.forward(&inner)?)?;
        }
        self.length += count;
        let last = x.narrow(0, count - 1, 1)?.contiguous()?;
        let last = rms_norm(&last, &model.norm, model.shape.epsilon as f32)?;
        Ok(model.output.forward(&last)?.squeeze(0)?.to_vec1()?)
    }
}

impl LlamaSequence {
    /// Sees to it that so many tokens more can be kept.
    fn make_space(&mut self, count: usize) -> Result<(), LocalError> {
        let ModelShape { layers, kept_heads, .. } = self.model.shape;
        let needed = self.length + count;
        let there = self.kept.first().map_or(Ok(0), |kept| kept.keys.dim(1))?;
        if needed <= there {
            return Ok(());
        }
        // Half as much again, so that what is copied stays in proportion to what was read.
        let space = needed.max(there + there / 2).next_multiple_of(GROWS_BY);
        let size = (kept_heads, space, self.model.shape.head_width());
        let larger = |old: Option<&Tensor>| -> Result<Tensor, LocalError> {
            let new = Tensor::zeros(size, DType::F32, &Device::Cpu)?;
            if let Some(old) = old {
                new.slice_set(&old.narrow(1, 0, self.length)?.contiguous()?, 1, 0)?;
            }
            Ok(new)
        };
        let mut kept = Vec::with_capacity(layers);
        for layer in 0..layers {
            let old = self.kept.get(layer);
            let (keys, values) = (larger(old.map(|old| &old.keys))?, larger(old.map(|old| &old.values))?);
            kept.push(Kept { keys, values });
        }
        self.kept = kept;
        Ok(())
    }
}

impl Layer {
    /// What the newest tokens take from each other and from all before them.
    fn attend(
        &self,
        x: &Tensor,
        model: &Llama,
        kept: &Kept,
        before: usize,
        mask: Option<&Tensor>,
    ) -> Result<Tensor, LocalError> {
        let ModelShape { heads, kept_heads, epsilon, .. } = model.shape;
        let (width, count) = (model.shape.head_width(), x.dim(0)?);
        let x = rms_norm(x, &self.attention_norm, epsilon as f32)?;
        let (cos, sin) = (model.cos.narrow(0, before, count)?, model.sin.narrow(0, before, count)?);
        let turned = |projected: Tensor, heads: usize| -> Result<Tensor, LocalError> {
            let apart = projected.reshape((1, count, heads, width))?.transpose(1, 2)?.contiguous()?;
            Ok(rope_i(&apart, &cos, &sin)?)
        };
        let query = turned(self.query.forward(&x)?, heads)?;
        let key = turned(self.key.forward(&x)?, kept_heads)?.squeeze(0)?;
        let value =
            self.value.forward(&x)?.reshape((count, kept_heads, width))?.transpose(0, 1)?.contiguous()?;
        kept.keys.slice_set(&key, 1, before)?;
        kept.values.slice_set(&value, 1, before)?;
        let all = before + count;
        let (keys, values) = (kept.keys.narrow(1, 0, all)?, kept.values.narrow(1, 0, all)?);
        // Heads that share keys stand behind each other: they are one matrix.
        let shared = heads / kept_heads * count;
        let query = (query.reshape((kept_heads, shared, width))? * (width as f64).sqrt().recip())?;
        let mut scores = query.matmul(&keys.transpose(1, 2)?)?;
        if let Some(mask) = mask {
            scores = scores
                .reshape((heads, count, all))?
                .broadcast_add(mask)?
                .reshape((kept_heads, shared, all))?;
        }
        let taken = softmax_last_dim(&scores)?.matmul(&values.contiguous()?)?;
        let taken = taken
            .reshape((heads, count, width))?
            .transpose(0, 1)?
            .contiguous()?
            .reshape((count, heads * width))?;
        Ok(self.attention_output.forward(&taken)?)
    }
}

/// Nothing is taken from what comes later.
fn mask(before: usize, count: usize) -> Result<Tensor, LocalError> {
    let all = before + count;
    let row =
        |at: usize| (0..all).map(move |other| if other > before + at { f32::NEG_INFINITY } else { 0.0 });
    let mask: Vec<f32> = (0..count).flat_map(row).collect();
    Ok(Tensor::from_vec(mask, (count, all), &Device::Cpu)?)
}

struct TensorReader<'a> {
    model: &'a ModelFile,
    file: File,
}

impl TensorReader<'_> {
    fn llama(mut self) -> Result<Llama, LocalError> {
        let shape = self.model.shape.clone();
        let ModelShape { layers, width, heads: _, kept_heads, inner, .. } = shape;
        let vocabulary = self.model.tokenizer.size();
        let kept = kept_heads * shape.head_width();
        let words = Arc::new(short(self.read("token_embd.weight", &[vocabulary, width])?)?);
        let output = match self.model.header.tensor("output.weight") {
            Some(_) => self.matrix("output.weight", vocabulary, width)?,
            None => QMatMul::from_arc(Arc::clone(&words))?,
        };
        let norm = self.vector("output_norm.weight", width)?;
        let mut above = Vec::with_capacity(layers);
        for layer in 0..layers {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            above.push(Layer {
                attention_norm: self.vector(&name("attn_norm"), width)?,
                query: self.matrix(&name("attn_q"), width, width)?,
                key: self.matrix(&name("attn_k"), kept, width)?,
                value: self.matrix(&name("attn_v"), kept, width)?,
                attention_output: self.matrix(&name("attn_output"), width, width)?,
                inner_norm: self.vector(&name("ffn_norm"), width)?,
                gate: self.matrix(&name("ffn_gate"), inner, width)?,
                up: self.matrix(&name("ffn_up"), inner, width)?,
                down: self.matrix(&name("ffn_down"), width, inner)?,
            });
        }
        let (cos, sin) = self.positions()?;
        Ok(Llama { shape, words, layers: above, norm, output, cos, sin })
    }

    fn positions(&mut self) -> Result<(Tensor, Tensor), LocalError> {
        let shape = &self.model.shape;
        let half = shape.head_width() / 2;
        let positions = shape.context.min(MAX_CONTEXT);
        let stretched = match self.model.header.tensor("rope_freqs.weight") {
            Some(_) => self.vector("rope_freqs.weight", half)?.to_vec1::<f32>()?,
            None => vec![1.0; half],
        };
        let frequency =
            |at: usize| shape.frequency_base.powf(-(at as f64) / half as f64) / f64::from(stretched[at]);
        let frequencies: Vec<f64> = (0..half).map(frequency).collect();
        let table = |of: fn(f64) -> f64| -> Result<Tensor, LocalError> {
            let row = |position: usize| {
                frequencies.iter().map(move |frequency| of(position as f64 * frequency) as f32)
            };
            let table: Vec<f32> = (0..positions).flat_map(row).collect();
            Ok(Tensor::from_vec(table, (positions, half), &Device::Cpu)?)
        };
        Ok((table(f64::cos)?, table(f64::sin)?))
    }

    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<QMatMul, LocalError> {
        Ok(QMatMul::from_qtensor(self.read(name, &[rows, columns])?)?)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor, LocalError> {
        Ok(self.read(name, &[length])?.dequantize(&Device::Cpu)?)
    }

    fn read(&mut self, name: &str, dimensions: &[usize]) -> Result<QTensor, LocalError> {
        let model = self.model;
        let found = model.header.tensor(name);
        let found =
            found.ok_or_else(|| LocalError::new(format!("{} has no {name}", model.path.display())))?;
        if found.dimensions != dimensions {
            return Err(LocalError::new(format!(
                "{}: {name} is {:?} and should be {dimensions:?}",
                model.path.display(),
                found.dimensions
            )));
        }
        let kind = kind(found.kind).ok_or_else(|| {
            LocalError::new(format!("{name} is written in a way that is not computed here"))
        })?;
        let length = usize::try_from(found.length).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length]; // as long as a part of the file, which was looked at
        let read =
            self.file.seek(SeekFrom::Start(found.offset)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|error| unread(model, &error))?;
        let tensor = qtensor_from_ggml(kind, &bytes, dimensions.to_vec(), &Device::Cpu)?;
        // Its own kernel is slow: written anew, answers come half as fast again, for less than a second once.
        if kind == GgmlDType::Q4_1 {
            return Ok(QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)?);
        }
        Ok(tensor)
    }
}

/// Numbers of full length are made short ones.
fn short(tensor: QTensor) -> Result<QTensor, LocalError> {
    if matches!(tensor.dtype(), GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16) {
        return Ok(QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)?);
    }
    Ok(tensor)
}

/// How numbers are written, by the format's number for it.
const fn kind(kind: u32) -> Option<GgmlDType> {
    Some(match kind {
        0 => GgmlDType::F32,
        1 => GgmlDType::F16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        30 => GgmlDType::BF16,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_testkit::gguf::GgufFile;

    use super::*;

    /// What was read piece by piece is what was read at once.
    #[test]
    fn a_conversation_is_the_same_however_it_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        GgufFile::small().write(file.path()).unwrap();
        let weights = load(&ModelFile::open(file.path()).unwrap()).unwrap();
        let tokens: Vec<u32> = (0..300).map(|at| at * 7 % 256).collect();
        let whole = weights.sequence().read(&tokens).unwrap();
        assert!(
            whole.iter().any(|logit| logit.to_bits() != whole[0].to_bits())
                && whole.iter().all(|logit| logit.is_finite())
        );
        for length in [1, 32, 299] {
            let mut sequence = weights.sequence();
            let last = tokens.chunks(length).map(|piece| sequence.read(piece).unwrap()).last().unwrap();
            let apart = whole.iter().zip(&last).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-3, "read {length} at once: {apart}");
        }
        let mut too_long = weights.sequence();
        assert!(too_long.read(&vec![1; 513]).is_err());
    }
}
