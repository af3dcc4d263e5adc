//! How a value begins: its kind, with a number at once, or the length of what follows.

use rmp::Marker;
use serde::de::{Error, Unexpected};

use crate::error::ReadError;

/// How a value begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ValueStart {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// Bytes of a text.
    Text(usize),
    /// Bytes that are no text.
    Binary(usize),
    /// Elements of a list.
    List(usize),
    /// Pairs of a map.
    Map(usize),
    /// Bytes of a kind that `q` does not write. They are passed over where a later version put them.
    Extension(usize),
}

impl ValueStart {
    /// The objection to this where something else is wanted.
    pub(crate) fn instead_of(self, wanted: &'static str) -> ReadError {
        let found = match self {
            Self::Nil => Unexpected::Unit,
            Self::Bool(truth) => Unexpected::Bool(truth),
            Self::Unsigned(number) => Unexpected::Unsigned(number),
            Self::Signed(number) => Unexpected::Signed(number),
            Self::Float(number) => Unexpected::Float(number),
            Self::Text(_) => Unexpected::Other("a text"),
            Self::Binary(_) => Unexpected::Other("bytes"),
            Self::List(_) => Unexpected::Seq,
            Self::Map(_) => Unexpected::Map,
            Self::Extension(_) => Unexpected::Other("an extension"),
        };
        ReadError::invalid_type(found, &wanted)
    }
}

/// Takes the beginning of a value from `rest`.
pub(crate) fn take(rest: &mut &[u8]) -> Result<ValueStart, ReadError> {
    let [first] = bytes(rest)?;
    Ok(match Marker::from_u8(first) {
        Marker::Null => ValueStart::Nil,
        Marker::False => ValueStart::Bool(false),
        Marker::True => ValueStart::Bool(true),
        Marker::FixPos(number) => ValueStart::Unsigned(number.into()),
        Marker::FixNeg(number) => ValueStart::Signed(number.into()),
        Marker::U8 => ValueStart::Unsigned(u8::from_be_bytes(bytes(rest)?).into()),
        Marker::U16 => ValueStart::Unsigned(u16::from_be_bytes(bytes(rest)?).into()),
        Marker::U32 => ValueStart::Unsigned(u32::from_be_bytes(bytes(rest)?).into()),
        Marker::U64 => ValueStart::Unsigned(u64::from_be_bytes(bytes(rest)?)),
        Marker::I8 => ValueStart::Signed(i8::from_be_bytes(bytes(rest)?).into()),
        Marker::I16 => ValueStart::Signed(i16::from_be_bytes(bytes(rest)?).into()),
        Marker::I32 => ValueStart::Signed(i32::from_be_bytes(bytes(rest)?).into()),
        Marker::I64 => ValueStart::Signed(i64::from_be_bytes(bytes(rest)?)),
        Marker::F32 => ValueStart::Float(f32::from_be_bytes(bytes(rest)?).into()),
        Marker::F64 => ValueStart::Float(f64::from_be_bytes(bytes(rest)?)),
        Marker::FixStr(length) => ValueStart::Text(length.into()),
        Marker::Str8 => ValueStart::Text(length_8(rest)?),
        Marker::Str16 => ValueStart::Text(length_16(rest)?),
        Marker::Str32 => ValueStart::Text(length_32(rest)?),
        Marker::Bin8 => ValueStart::Binary(length_8(rest)?),
        Marker::Bin16 => ValueStart::Binary(length_16(rest)?),
        Marker::Bin32 => ValueStart::Binary(length_32(rest)?),
        Marker::FixArray(length) => ValueStart::List(length.into()),
        Marker::Array16 => ValueStart::List(length_16(rest)?),
        Marker::Array32 => ValueStart::List(length_32(rest)?),
        Marker::FixMap(length) => ValueStart::Map(length.into()),
        Marker::Map16 => ValueStart::Map(length_16(rest)?),
        Marker::Map32 => ValueStart::Map(length_32(rest)?),
        // Behind the length of an extension stands its kind, one byte.
        Marker::FixExt1 => ValueStart::Extension(1 + 1),
        Marker::FixExt2 => ValueStart::Extension(1 + 2),
        Marker::FixExt4 => ValueStart::Extension(1 + 4),
        Marker::FixExt8 => ValueStart::Extension(1 + 8),
        Marker::FixExt16 => ValueStart::Extension(1 + 16),
        Marker::Ext8 => ValueStart::Extension(1 + length_8(rest)?),
        Marker::Ext16 => ValueStart::Extension(1 + length_16(rest)?),
        Marker::Ext32 => ValueStart::Extension(length_32(rest)?.saturating_add(1)),
        Marker::Reserved => return Err(ReadError::Value("no value begins with 0xc1".into())),
    })
}

fn length_8(rest: &mut &[u8]) -> Result<usize, ReadError> {
    Ok(u8::from_be_bytes(bytes(rest)?).into())
}

fn length_16(rest: &mut &[u8]) -> Result<usize, ReadError> {
    Ok(u16::from_be_bytes(bytes(rest)?).into())
}

fn length_32(rest: &mut &[u8]) -> Result<usize, ReadError> {
    usize::try_from(u32::from_be_bytes(bytes(rest)?)).map_err(|_| ReadError::Short)
}

/// Takes `N` bytes from `rest`.
fn bytes<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], ReadError> {
    let (taken, behind) = rest.split_first_chunk::<N>().ok_or(ReadError::Short)?;
    *rest = behind;
    Ok(*taken)
}
