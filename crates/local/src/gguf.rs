//! The header of a GGUF file: what it says of the model, and where its tensors are. Read with a bound on everything, since files
//! come from anywhere; what it says of tensors fits into the file, or the file is refused.
//!
//! Not here: what the facts mean (`shape`, `tokenizer`), the tensors' bytes (`candle`).

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::error::LocalError;

/// How a file begins.
const MAGIC: [u8; 4] = *b"GGUF";
/// The longest header, in bytes: eight times that of a model with a vocabulary of 256,000 words.
const MAX_HEADER: u64 = 128 << 20;
/// The most facts and tensors; models have some 50 and some hundreds.
const MAX_FACTS: u64 = 4096;
const MAX_TENSORS: u64 = 32_768;
/// The longest name of a fact or tensor, and the longest text, in bytes.
const MAX_NAME: u64 = 1024;
const MAX_TEXT: u64 = 4 << 20;
/// The most elements of all lists together, each of which may take more memory than bytes.
const MAX_ELEMENTS: u64 = 4 << 20;
/// The most dimensions of a tensor.
const MAX_DIMENSIONS: u32 = 4;
/// The largest power of two that tensors may stand at.
const MAX_ALIGNMENT: u64 = 1 << 16;

/// One thing that a file says of its model.
#[derive(Clone, Debug, PartialEq)]
pub enum GgufValue {
    /// A number without fractions.
    Int(i64),
    /// A number with them.
    Float(f64),
    Bool(bool),
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A list of numbers.
    Ints(Vec<i64>),
    /// A list that nothing here asks for.
    Other,
}

/// Where one tensor stands, and how its numbers are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufTensor {
    pub name: String,
    /// How its numbers are written, in the format's number for it.
    pub kind: u32,
    /// Its sizes, the one that varies slowest first.
    pub dimensions: Vec<usize>,
    /// Where it begins in the file, and how long it is, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

/// What stands before the tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufHeader {
    facts: BTreeMap<String, GgufValue>,
    tensors: BTreeMap<String, GgufTensor>,
}

impl GgufHeader {
    /// Reads it. The file is `length` bytes long.
    pub fn read(from: impl Read, length: u64) -> Result<Self, LocalError> {
        let mut reader = Reader { from: from.take(MAX_HEADER), read: 0, elements: 0 };
        reader.header(length).map_err(|fault| match fault {
            Fault::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                LocalError::new("it is no whole GGUF file: it ends within its header, or that is too long")
            }
            Fault::Io(error) => LocalError::new(format!("it cannot be read: {error}")),
            Fault::Wrong(why) => LocalError::new(format!("it is no GGUF file that can be used: {why}")),
        })
    }

    /// A number without fractions.
    pub fn int(&self, name: &str) -> Option<i64> {
        let GgufValue::Int(value) = self.facts.get(name)? else { return None };
        Some(*value)
    }

    pub fn float(&self, name: &str) -> Option<f64> {
        match self.facts.get(name)? {
            GgufValue::Float(value) => Some(*value),
            GgufValue::Int(value) => Some(*value as f64),
            GgufValue::Bool(_)
            | GgufValue::Text(_)
            | GgufValue::Texts(_)
            | GgufValue::Ints(_)
            | GgufValue::Other => None,
        }
    }

    pub fn bool(&self, name: &str) -> Option<bool> {
        let GgufValue::Bool(value) = self.facts.get(name)? else { return None };
        Some(*value)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        let GgufValue::Text(value) = self.facts.get(name)? else { return None };
        Some(value)
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Option<&[String]> {
        let GgufValue::Texts(values) = self.facts.get(name)? else { return None };
        Some(values)
    }

    /// A list of numbers.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        let GgufValue::Ints(values) = self.facts.get(name)? else { return None };
        Some(values)
    }

    /// A tensor by its name.
    pub fn tensor(&self, name: &str) -> Option<&GgufTensor> {
        self.tensors.get(name)
    }
}

enum Fault {
    Io(io::Error),
    Wrong(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn wrong<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Wrong(why.into()))
}

struct Reader<R> {
    from: io::Take<R>,
    /// Bytes read so far.
    read: u64,
    /// Elements of lists so far.
    elements: u64,
}

impl<R: Read> Reader<R> {
    fn header(&mut self, length: u64) -> Result<GgufHeader, Fault> {
        if self.bytes()? != MAGIC {
            return wrong("it does not begin as one does");
        }
        let version = u32::from_le_bytes(self.bytes()?);
        if !matches!(version, 2 | 3) {
            return wrong(format!("its version is {version}; 2 and 3 are known"));
        }
        let tensor_count = self.count("tensors", MAX_TENSORS)?;
        let fact_count = self.count("facts", MAX_FACTS)?;
        let mut facts = BTreeMap::new();
        for _ in 0..fact_count {
            let name = self.text(MAX_NAME)?;
            let kind = u32::from_le_bytes(self.bytes()?);
            let value = self.value(kind)?;
            facts.insert(name, value);
        }
        let mut described = Vec::new();
        for _ in 0..tensor_count {
            described.push(self.tensor()?);
        }
        let alignment = match facts.get("general.alignment") {
            None => 32,
            Some(GgufValue::Int(alignment)) => u64::try_from(*alignment).unwrap_or(0),
            Some(_another) => 0,
        };
        if !alignment.is_power_of_two() || alignment > MAX_ALIGNMENT {
            return wrong("its alignment is none");
        }
        let data = self.read.next_multiple_of(alignment);
        let mut tensors = BTreeMap::new();
        for mut tensor in described {
            let begins = data.checked_add(tensor.offset);
            let ends = begins.and_then(|begins| begins.checked_add(tensor.length));
            let (Some(begins), Some(ends)) = (begins, ends) else { return wrong("a tensor is nowhere") };
            if ends > length {
                return wrong(format!(
                    "its tensors end at byte {ends} or later, and the file at {length}: it is not whole"
                ));
            }
            tensor.offset = begins;
            tensors.insert(tensor.name.clone(), tensor);
        }
        Ok(GgufHeader { facts, tensors })
    }

    fn tensor(&mut self) -> Result<GgufTensor, Fault> {
        let name = self.text(MAX_NAME)?;
        let dimension_count = u32::from_le_bytes(self.bytes()?);
        if dimension_count == 0 || dimension_count > MAX_DIMENSIONS {
            return wrong(format!("a tensor has {dimension_count} dimensions"));
        }
        let (mut dimensions, mut elements) = (Vec::new(), 1_u64);
        for _ in 0..dimension_count {
            let size = u64::from_le_bytes(self.bytes()?);
            elements = match elements.checked_mul(size) {
                Some(elements) if size > 0 => elements,
                Some(_) | None => return wrong("the size of a tensor is none"),
            };
            let Ok(size) = usize::try_from(size) else {
                return wrong("a tensor is too large for this machine");
            };
            dimensions.push(size);
        }
        let kind = u32::from_le_bytes(self.bytes()?);
        let offset = u64::from_le_bytes(self.bytes()?);
        let Some((block, bytes)) = layout(kind) else {
            return wrong(format!("tensors of kind {kind} are not known"));
        };
        let row = dimensions.first().copied().unwrap_or(0) as u64;
        let length = (elements / block).checked_mul(bytes);
        let (Some(length), true) = (length, row.is_multiple_of(block)) else {
            return wrong("the size of a tensor does not fit its kind");
        };
        // The file has the one first that varies fastest.
        dimensions.reverse();
        Ok(GgufTensor { name, kind, dimensions, offset, length })
    }

    fn value(&mut self, kind: u32) -> Result<GgufValue, Fault> {
        Ok(match kind {
            8 => GgufValue::Text(self.text(MAX_TEXT)?),
            9 => self.list()?,
            kind => self.scalar(kind)?,
        })
    }

    fn scalar(&mut self, kind: u32) -> Result<GgufValue, Fault> {
        Ok(match kind {
            0 => GgufValue::Int(u8::from_le_bytes(self.bytes()?).into()),
            1 => GgufValue::Int(i8::from_le_bytes(self.bytes()?).into()),
            2 => GgufValue::Int(u16::from_le_bytes(self.bytes()?).into()),
            3 => GgufValue::Int(i16::from_le_bytes(self.bytes()?).into()),
            4 => GgufValue::Int(u32::from_le_bytes(self.bytes()?).into()),
            5 => GgufValue::Int(i32::from_le_bytes(self.bytes()?).into()),
            6 => GgufValue::Float(f32::from_le_bytes(self.bytes()?).into()),
            7 => GgufValue::Bool(self.bytes::<1>()? != [0]),
            10 => match i64::try_from(u64::from_le_bytes(self.bytes()?)) {
                Ok(value) => GgufValue::Int(value),
                Err(_) => return wrong("a number is too large"),
            },
            11 => GgufValue::Int(i64::from_le_bytes(self.bytes()?)),
            12 => GgufValue::Float(f64::from_le_bytes(self.bytes()?)),
            kind => return wrong(format!("facts of kind {kind} are not known")),
        })
    }

    fn list(&mut self) -> Result<GgufValue, Fault> {
        let kind = u32::from_le_bytes(self.bytes()?);
        let count = u64::from_le_bytes(self.bytes()?);
        self.elements = self.elements.saturating_add(count);
        if self.elements > MAX_ELEMENTS {
            return wrong(format!("its lists have more than {MAX_ELEMENTS} elements"));
        }
        // Nothing is reserved by what is announced: each element is there before the next is asked for.
        if kind == 8 {
            let mut texts = Vec::new();
            for _ in 0..count {
                texts.push(self.text(MAX_TEXT)?);
            }
            return Ok(GgufValue::Texts(texts));
        }
        let mut ints = Vec::new();
        for _ in 0..count {
            if let GgufValue::Int(value) = self.scalar(kind)? {
                ints.push(value);
            }
        }
        Ok(if ints.len() as u64 == count { GgufValue::Ints(ints) } else { GgufValue::Other })
    }

    fn text(&mut self, longest: u64) -> Result<String, Fault> {
        let length = u64::from_le_bytes(self.bytes()?);
        if length > longest {
            return wrong(format!("a text has {length} bytes"));
        }
        let mut bytes = Vec::new();
        let got = self.from.by_ref().take(length).read_to_end(&mut bytes)?;
        self.read += got as u64;
        if got as u64 != length {
            return Err(Fault::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        // A word of a vocabulary need not be one of any language.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    fn count(&mut self, what: &str, most: u64) -> Result<u64, Fault> {
        let count = u64::from_le_bytes(self.bytes()?);
        if count > most {
            wrong(format!("it announces {count} {what}; {most} are the limit"))
        } else {
            Ok(count)
        }
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.read += N as u64;
        Ok(bytes)
    }
}

/// How many numbers a block of a kind has, and how many bytes.
const fn layout(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),      // F32
        1 | 30 => (1, 2), // F16, BF16
        2 => (32, 18),    // Q4_0
        3 => (32, 20),    // Q4_1
        6 => (32, 22),    // Q5_0
        7 => (32, 24),    // Q5_1
        8 => (32, 34),    // Q8_0
        10 => (256, 84),  // Q2_K
        11 => (256, 110), // Q3_K
        12 => (256, 144), // Q4_K
        13 => (256, 176), // Q5_K
        14 => (256, 210), // Q6_K
        _ => return None,
    })
}
