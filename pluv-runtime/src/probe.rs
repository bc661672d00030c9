//! A probe of how serde reads a type: the names of its fields, and the fields that may be missing.
//!
//! ts-rs ignores attributes of serde that it does not support, and has no type for what clients send. So the type is
//! deserialized again and again from values that are made up as serde asks for them, until nothing new is learned:
//! each time with the fields that serde was seen to require, and one other.

use std::{
    any::type_name,
    collections::{BTreeMap, BTreeSet},
    error, fmt, mem,
};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};

/// Texts to try for a type that is read from a text.
const TEXTS: &[&str] = &[
    "",
    "1",
    "2026-01-02",
    "2026-01-02T03:04:05Z",
    "03:04:05",
    "00000000-0000-4000-8000-000000000000",
    "127.0.0.1",
    "https://example.com",
];

/// The depth up to which values are made up: a type that must contain itself has none.
const MAX_DEPTH: usize = 32;

/// The path of a type in Rust, as `type_name` writes it.
type Path = &'static str;

/// Knowledge of how serde reads types.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    structs: BTreeMap<(Path, &'static str), StructInfo>,
    enums: BTreeMap<Path, EnumInfo>,
    /// The struct that serde reads in place of a type, usually the type itself.
    pub(crate) read_as: BTreeMap<Path, Path>,
    /// Types in whose place serde reads a text, a number, a list and the like.
    pub(crate) scalars: BTreeSet<Path>,
    /// The text to try for a type.
    texts: BTreeMap<Path, usize>,
    /// The structs and enums that are being read.
    open: Vec<Path>,
    has_learned: bool,
}

/// A struct, or a variant with fields.
#[derive(Debug, Default)]
pub(crate) struct StructInfo {
    pub(crate) fields: BTreeSet<&'static str>,
    required: BTreeSet<&'static str>,
    /// Fields that may be missing.
    pub(crate) omissible: BTreeSet<&'static str>,
    /// Fields of type `Option`, and whether null is a value of what they contain.
    pub(crate) options: BTreeMap<&'static str, bool>,
    unexplored: Vec<&'static str>,
}

#[derive(Debug)]
struct EnumInfo {
    /// A variant that can be made up.
    variant: &'static str,
    unexplored: Vec<&'static str>,
}

impl Probe {
    /// Probes `T`, and returns a value of it if one can be made up.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            self.has_learned = false;
            let value = T::deserialize(Source { probe: self, expected: type_name::<T>(), field: None }).ok();
            if !self.has_learned {
                return value;
            }
        }
    }

    /// Returns the struct of that path, if serde was seen to read it.
    pub(crate) fn find(&self, path: Path) -> Option<&StructInfo> {
        self.structs.get(&(path, ""))
    }

    /// Returns whether the innermost type is read inside itself, where it gets no more than it needs.
    fn is_recursive(&self) -> bool {
        self.open.split_last().is_some_and(|(last, outer)| outer.contains(last))
    }

    /// Reads with `read` while `path` is open. Returns whether nothing was learned meanwhile.
    fn enter<T>(&mut self, path: Path, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> (Result<T, Error>, bool) {
        if self.open.len() >= MAX_DEPTH {
            return (Err(Error::Other), false);
        }
        let had_learned = mem::take(&mut self.has_learned);
        self.open.push(path);
        let result = read(self);
        self.open.pop();
        let is_explored = !self.has_learned;
        self.has_learned |= had_learned;
        (result, is_explored)
    }

    fn read_struct<V: Visitor<'static>>(
        &mut self,
        key: (Path, &'static str),
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let is_recursive = self.open.contains(&key.0) && key.1.is_empty();
        let info = self.structs.entry(key).or_insert_with(|| {
            self.has_learned = true;
            StructInfo {
                fields: fields.iter().copied().collect(),
                unexplored: fields.to_vec(),
                ..StructInfo::default()
            }
        });
        let explored = info.unexplored.last().copied().filter(|_| !is_recursive);
        // The one to explore comes first, as one that can't be made up ends the struct.
        let others = info.required.iter().copied().filter(|field| Some(*field) != explored);
        let present: Vec<_> = explored.into_iter().chain(others).collect();
        let (result, is_explored) = self.enter(key.0, |probe| {
            visitor.visit_map(Entries { probe, key, fields: present.clone().into_iter(), value: None })
        });
        let info = self.structs.entry(key).or_default();
        match result {
            Err(Error::Missing(field)) => self.has_learned |= info.required.insert(field),
            Ok(_) => info.omissible.extend(info.fields.iter().filter(|field| !present.contains(field))),
            Err(Error::Other) => {}
        }
        if explored.is_some() && is_explored && !matches!(result, Err(Error::Missing(_))) {
            info.unexplored.pop();
            self.has_learned = true;
        }
        result
    }
}

/// The reason why a value can't be made up.
#[derive(Debug)]
enum Error {
    /// A struct lacks a field.
    Missing(&'static str),
    Other,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

/// A value that is made up as serde asks for it.
struct Source<'p> {
    probe: &'p mut Probe,
    /// The type that is expected, or nothing where it is not known.
    expected: Path,
    /// The field of a struct that the value is for, and whether it is in an `Option` there.
    field: Option<((Path, &'static str), &'static str, bool)>,
}

impl Source<'_> {
    /// Returns a value in the same place, of a type that is not known.
    fn inner(self) -> Self {
        Self { expected: "", ..self }
    }

    fn is_nullable(&mut self) {
        if let Some((key, field, true)) = self.field
            && let Some(info) = self.probe.structs.get_mut(&key)
        {
            info.options.insert(field, true);
        }
    }

    fn elements<V: Visitor<'static>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.probe.scalars.insert(self.expected);
        visitor.visit_seq(Elements { probe: self.probe, left: len })
    }

    fn text<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        self.probe.scalars.insert(self.expected);
        let tried = self.probe.texts.entry(type_name::<V::Value>()).or_default();
        let result = visitor.visit_borrowed_str(TEXTS[*tried]);
        if result.is_err() && *tried + 1 < TEXTS.len() {
            *tried += 1;
            self.probe.has_learned = true;
        }
        result
    }
}

macro_rules! scalars {
    ($($read:ident: $visit:ident($value:expr),)*) => {$(
        fn $read<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
            self.probe.scalars.insert(self.expected);
            visitor.$visit($value)
        }
    )*};
}

macro_rules! texts {
    ($($read:ident,)*) => {$(
        fn $read<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
            self.text(visitor)
        }
    )*};
}

macro_rules! nulls {
    ($($read:ident($($name:ty)?),)*) => {$(
        fn $read<V: Visitor<'static>>(mut self, $(_: $name,)? visitor: V) -> Result<V::Value, Error> {
            self.is_nullable();
            visitor.visit_unit()
        }
    )*};
}

impl Deserializer<'static> for Source<'_> {
    type Error = Error;

    scalars! {
        deserialize_bool: visit_bool(false),
        deserialize_i8: visit_i8(1),
        deserialize_i16: visit_i16(1),
        deserialize_i32: visit_i32(1),
        deserialize_i64: visit_i64(1),
        deserialize_i128: visit_i128(1),
        deserialize_u8: visit_u8(1),
        deserialize_u16: visit_u16(1),
        deserialize_u32: visit_u32(1),
        deserialize_u64: visit_u64(1),
        deserialize_u128: visit_u128(1),
        deserialize_f32: visit_f32(1.0),
        deserialize_f64: visit_f64(1.0),
        deserialize_char: visit_char('a'),
        deserialize_bytes: visit_borrowed_bytes(&[]),
        deserialize_byte_buf: visit_borrowed_bytes(&[]),
    }

    texts! { deserialize_str, deserialize_string, deserialize_identifier, }

    nulls! { deserialize_any(), deserialize_ignored_any(), deserialize_unit(), deserialize_unit_struct(&'static str), }

    fn deserialize_option<V: Visitor<'static>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.is_nullable();
        if let Some((key, field, false)) = self.field
            && let Some(info) = self.probe.structs.get_mut(&key)
        {
            info.options.entry(field).or_default();
        }
        if self.probe.is_recursive() {
            return visitor.visit_none();
        }
        let expected = unwrap(type_name::<V::Value>(), "core::option::Option<").unwrap_or_default();
        let field = self.field.map(|(key, field, _)| (key, field, true));
        visitor.visit_some(Source { expected: unbox(expected), field, ..self })
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self.inner())
    }

    fn deserialize_seq<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        let len = usize::from(!self.probe.is_recursive());
        self.elements(len, visitor)
    }

    fn deserialize_tuple<V: Visitor<'static>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.elements(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'static>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.elements(len, visitor)
    }

    fn deserialize_map<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = usize::from(!self.probe.is_recursive());
        visitor.visit_map(Elements { probe: self.probe, left })
    }

    fn deserialize_struct<V: Visitor<'static>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let path = type_name::<V::Value>();
        self.probe.read_as.insert(self.expected, path);
        self.probe.read_as.insert(path, path);
        self.probe.read_struct((path, ""), fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (path, probe) = (type_name::<V::Value>(), self.probe);
        let first = variants.first().copied().unwrap_or_default();
        let is_recursive = probe.open.contains(&path);
        let info = probe.enums.entry(path).or_insert_with(|| {
            probe.has_learned = true;
            EnumInfo { variant: first, unexplored: variants.to_vec() }
        });
        let explored = info.unexplored.last().copied().filter(|_| !is_recursive);
        let variant = explored.unwrap_or(info.variant);
        let (result, is_explored) = probe.enter(path, |probe| visitor.visit_enum(Variant { probe, path, variant }));
        let info = probe.enums.entry(path).or_insert(EnumInfo { variant, unexplored: Vec::new() });
        if result.is_ok() {
            info.variant = variant;
        }
        if explored.is_some() && is_explored {
            info.unexplored.pop();
            probe.has_learned = true;
        }
        result
    }
}

/// Returns the type in a box, which serde reads as that type.
fn unbox(path: Path) -> Path {
    unwrap(path, "alloc::boxed::Box<").unwrap_or(path)
}

fn unwrap(path: Path, wrapper: &str) -> Option<Path> {
    path.strip_prefix(wrapper)?.strip_suffix('>')
}

/// Returns the value of a seed. The lack of a field in it is none of the containing struct's.
fn seed<S: DeserializeSeed<'static>>(
    seed: S,
    probe: &mut Probe,
    field: Option<((Path, &'static str), &'static str, bool)>,
) -> Result<S::Value, Error> {
    seed.deserialize(Source { probe, expected: unbox(type_name::<S::Value>()), field }).map_err(|_| Error::Other)
}

/// The elements of a list, or the entries of a map.
struct Elements<'p> {
    probe: &'p mut Probe,
    left: usize,
}

impl SeqAccess<'static> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'static>>(&mut self, element: S) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed(element, self.probe, None).map(Some)
    }
}

impl MapAccess<'static> for Elements<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'static>>(&mut self, key: S) -> Result<Option<S::Value>, Error> {
        self.next_element_seed(key)
    }

    fn next_value_seed<S: DeserializeSeed<'static>>(&mut self, value: S) -> Result<S::Value, Error> {
        seed(value, self.probe, None)
    }
}

/// The fields of a struct that are present.
struct Entries<'p> {
    probe: &'p mut Probe,
    key: (Path, &'static str),
    fields: std::vec::IntoIter<&'static str>,
    value: Option<&'static str>,
}

impl MapAccess<'static> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'static>>(&mut self, key: S) -> Result<Option<S::Value>, Error> {
        self.value = self.fields.next();
        let name: Option<StrDeserializer<'static, Error>> = self.value.map(IntoDeserializer::into_deserializer);
        name.map(|name| key.deserialize(name)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'static>>(&mut self, value: S) -> Result<S::Value, Error> {
        seed(value, self.probe, self.value.map(|field| (self.key, field, false)))
    }
}

/// A variant of an enum.
struct Variant<'p> {
    probe: &'p mut Probe,
    path: Path,
    variant: &'static str,
}

impl EnumAccess<'static> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'static>>(self, name: S) -> Result<(S::Value, Self), Error> {
        let variant: StrDeserializer<'static, Error> = self.variant.into_deserializer();
        Ok((name.deserialize(variant)?, self))
    }
}

impl VariantAccess<'static> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'static>>(self, value: S) -> Result<S::Value, Error> {
        seed(value, self.probe, None)
    }

    fn tuple_variant<V: Visitor<'static>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements { probe: self.probe, left: len })
    }

    fn struct_variant<V: Visitor<'static>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.probe.read_struct((self.path, self.variant), fields, visitor)
    }
}
