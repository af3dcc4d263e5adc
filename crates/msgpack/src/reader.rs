//! Reads values from bytes, each in the one form that `q` writes.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::error::{MAX_DEPTH, ReadError};
use crate::start::{self, ValueStart};

/// What is still to be read.
pub(crate) struct Reader<'de> {
    rest: &'de [u8],
    depth: u8,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    fn start(&mut self) -> Result<ValueStart, ReadError> {
        start::take(&mut self.rest)
    }

    fn slice(&mut self, length: usize) -> Result<&'de [u8], ReadError> {
        let (taken, behind) = self.rest.split_at_checked(length).ok_or(ReadError::Short)?;
        self.rest = behind;
        Ok(taken)
    }

    fn text(&mut self) -> Result<&'de str, ReadError> {
        let start = self.start()?;
        let ValueStart::Text(length) = start else { return Err(start.instead_of("a text")) };
        Ok(str::from_utf8(self.slice(length)?)?)
    }

    /// Reads what stands one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ReadError>) -> Result<T, ReadError> {
        if self.depth == MAX_DEPTH {
            return Err(ReadError::Deep);
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Reads what a list or a map has inside, to its end. An element takes a byte at least, so that a length beyond the
    /// bytes is known before room is made for it.
    fn inside<T>(
        &mut self,
        elements: usize,
        read: impl FnOnce(&mut Inside<'_, 'de>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        if elements > self.rest.len() {
            return Err(ReadError::Short);
        }
        self.deeper(|reader| {
            let mut inside = Inside { reader, left: elements };
            let value = read(&mut inside)?;
            if inside.left == 0 { Ok(value) } else { Err(ReadError::Value("more than was asked for".into())) }
        })
    }

    /// Passes over one value with all that stands in it.
    fn skip(&mut self) -> Result<(), ReadError> {
        let mut values = 1_usize;
        while values > 0 {
            values -= 1;
            match self.start()? {
                ValueStart::Nil
                | ValueStart::Bool(_)
                | ValueStart::Unsigned(_)
                | ValueStart::Signed(_)
                | ValueStart::Float(_) => {}
                ValueStart::Text(length) | ValueStart::Binary(length) | ValueStart::Extension(length) => {
                    self.slice(length)?;
                }
                ValueStart::List(elements) => values = values.saturating_add(elements),
                ValueStart::Map(pairs) => values = values.saturating_add(pairs.saturating_mul(2)),
            }
        }
        Ok(())
    }
}

/// Methods that read alike: a number is given as it stands, and the type that is read says whether it fits. What a type says of
/// itself in parentheses changes nothing of how it is read.
macro_rules! alike {
    ($read:ident: $($method:ident$(($($says:ty),*))?)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($(_: $says,)*)? visitor: V) -> Result<V::Value, ReadError> {
            self.$read(visitor)
        }
    )*};
}

impl<'de> Reader<'de> {
    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        if let ValueStart::Unsigned(number) = start {
            visitor.visit_u64(number)
        } else if let ValueStart::Signed(number) = start {
            visitor.visit_i64(number)
        } else {
            Err(start.instead_of("a whole number"))
        }
    }

    /// Numbers too long for `MessagePack` stand as their 16 bytes.
    fn long_number(&mut self) -> Result<[u8; 16], ReadError> {
        let start = self.start()?;
        let ValueStart::Binary(length) = start else { return Err(start.instead_of("a number of 16 bytes")) };
        self.slice(length)?.try_into().map_err(|_| start.instead_of("a number of 16 bytes"))
    }

    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn binary<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        let ValueStart::Binary(length) = start else { return Err(start.instead_of("bytes")) };
        visitor.visit_borrowed_bytes(self.slice(length)?)
    }

    fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        let ValueStart::Float(number) = start else { return Err(start.instead_of("a number with a point")) };
        visitor.visit_f64(number)
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        let ValueStart::List(elements) = start else { return Err(start.instead_of("a list")) };
        self.inside(elements, |elements| visitor.visit_seq(elements))
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        let ValueStart::Map(pairs) = start else { return Err(start.instead_of("a map")) };
        self.inside(pairs, |pairs| visitor.visit_map(pairs))
    }

    fn newtype<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn nil<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        if start == ValueStart::Nil { visitor.visit_unit() } else { Err(start.instead_of("nothing")) }
    }
}

/// The name of a type.
type Name = &'static str;
/// The names of its fields or variants, which stand in the text as well.
type Names = &'static [Name];

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = ReadError;

    alike! { number: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }
    alike! { number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }
    alike! { float: deserialize_f32 deserialize_f64 }
    alike! { string: deserialize_char deserialize_str deserialize_string deserialize_identifier }
    alike! { binary: deserialize_bytes deserialize_byte_buf }
    alike! { list: deserialize_seq deserialize_tuple(usize) deserialize_tuple_struct(Name, usize) }
    alike! { map: deserialize_map deserialize_struct(Name, Names) }
    alike! { nil: deserialize_unit deserialize_unit_struct(Name) }
    alike! { newtype: deserialize_newtype_struct(Name) }

    /// Nothing is read without being known: a type that asks for whatever comes would take forms that `q` never writes.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ReadError> {
        Err(ReadError::Value("a type that says what it is must be asked for".into()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let start = self.start()?;
        let ValueStart::Bool(truth) = start else { return Err(start.instead_of("true or false")) };
        visitor.visit_bool(truth)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_i128(i128::from_be_bytes(self.long_number()?))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u128(u128::from_be_bytes(self.long_number()?))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut behind = self.rest;
        if start::take(&mut behind)? == ValueStart::Nil {
            self.rest = behind;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: Name, _: Names, visitor: V) -> Result<V::Value, ReadError> {
        let mut behind = self.rest;
        if start::take(&mut behind)? != ValueStart::Map(1) {
            return visitor.visit_enum(Variant { reader: self, has_content: false });
        }
        self.rest = behind;
        self.deeper(|reader| visitor.visit_enum(Variant { reader, has_content: true }))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// What is left inside of a list or a map.
struct Inside<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl Inside<'_, '_> {
    /// Whether there is another, which is then begun.
    fn next(&mut self) -> bool {
        let another = self.left > 0;
        self.left -= usize::from(another);
        another
    }
}

impl<'de> SeqAccess<'de> for Inside<'_, 'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        if self.next() { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Inside<'_, 'de> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        if self.next() { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A variant: its name alone, or a map from its name to its content.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    has_content: bool,
}

impl<'a, 'de> Variant<'a, 'de> {
    fn content(self) -> Result<&'a mut Reader<'de>, ReadError> {
        if self.has_content {
            Ok(self.reader)
        } else {
            Err(ReadError::Value("a variant without its content".into()))
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ReadError> {
        Ok((seed.deserialize(&mut *self.reader)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        if self.has_content { serde::Deserialize::deserialize(self.reader) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.content()?.list(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.content()?.map(visitor)
    }
}
