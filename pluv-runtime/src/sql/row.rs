//! Rows of SQL into types of serde: a struct by the names of the columns, a tuple by their order, or the only column.

use std::{fmt, vec};

use serde::{
    Deserialize, Deserializer, de,
    de::value::{MapDeserializer, SeqDeserializer},
    forward_to_deserialize_any,
};

use super::value::{MAX_INTEGER, Value};

/// Reads a row.
///
/// # Errors
/// Which column does not fit, and why.
pub(crate) fn from_row<'de, T: Deserialize<'de>>(columns: &'de [String], values: Vec<Value>) -> Result<T, RowError> {
    T::deserialize(Row { columns, values })
}

/// Why a row is not what was asked for.
#[derive(Debug)]
pub(crate) struct RowError(String);

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RowError {}

impl de::Error for RowError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Row<'de> {
    columns: &'de [String],
    values: Vec<Value>,
}

impl Row<'_> {
    /// The value of the only column.
    fn single(mut self) -> Result<Column, RowError> {
        let count = self.values.len();
        self.values.pop().filter(|_| count == 1).map(Column).ok_or_else(|| {
            RowError(format!("a row of {count} columns is read as one value: read it as a struct or a tuple"))
        })
    }
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = RowError;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.columns {
            [_] => self.single()?.deserialize_any(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        let columns =
            self.columns.iter().map(String::as_str).zip(self.values).map(|(name, value)| (name, Named { name, value }));
        visitor.visit_map(MapDeserializer::new(columns))
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        // The bytes of a blob are a sequence too.
        match (self.columns, &self.values[..]) {
            ([_], [Value::Blob(_)]) => self.single()?.deserialize_seq(visitor),
            _ => visitor.visit_seq(SeqDeserializer::new(self.values.into_iter().map(Column))),
        }
    }

    fn deserialize_tuple<V: de::Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_seq(SeqDeserializer::new(self.values.into_iter().map(Column)))
    }

    fn deserialize_tuple_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match &self.values[..] {
            [Value::Null] => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_bool<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        self.single()?.deserialize_bool(visitor)
    }

    fn deserialize_unit<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit_struct identifier
    }
}

/// A column with its name, for its errors.
struct Named<'de> {
    name: &'de str,
    value: Value,
}

macro_rules! named {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: de::Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, RowError> {
            let name = self.name;
            Column(self.value).$method($($argument,)* visitor).map_err(|RowError(error)| RowError(format!("column `{name}`: {error}")))
        })*
    };
}

impl<'de> Deserializer<'de> for Named<'de> {
    type Error = RowError;

    named! {
        deserialize_any()
        deserialize_bool()
        deserialize_option()
        deserialize_seq()
        deserialize_newtype_struct(name: &'static str)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

impl<'de> de::IntoDeserializer<'de, RowError> for Named<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The value of a column.
struct Column(Value);

impl de::IntoDeserializer<'_, RowError> for Column {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Column {
    type Error = RowError;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Integer(value) if !(-MAX_INTEGER..=MAX_INTEGER).contains(&value) => {
                Err(RowError(format!("the integer {value} is beyond 2^53 - 1: store it as TEXT")))
            }
            Value::Integer(value) => visitor.visit_i64(value),
            Value::Real(value) => visitor.visit_f64(value),
            Value::Text(text) => visitor.visit_string(text),
            Value::Blob(bytes) => visitor.visit_byte_buf(bytes),
        }
    }

    fn deserialize_bool<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.0 {
            Value::Integer(value @ (0 | 1)) => visitor.visit_bool(value == 1),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        match self.0 {
            Value::Blob(bytes) => {
                visitor.visit_seq(SeqDeserializer::<vec::IntoIter<u8>, RowError>::new(bytes.into_iter()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        match self.0 {
            Value::Text(text) => visitor.visit_enum(de::IntoDeserializer::<RowError>::into_deserializer(text)),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Past {
        id: u32,
        topic: String,
        average: f64,
        done: bool,
        note: Option<String>,
        color: Color,
        bytes: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    struct Id {
        #[expect(dead_code, reason = "it is never read")]
        id: u32,
    }

    fn read<T: for<'de> Deserialize<'de>>(row: &[(&str, Value)]) -> Result<T, String> {
        let columns: Vec<_> = row.iter().map(|(name, _)| (*name).to_owned()).collect();
        from_row(&columns, row.iter().map(|(_, value)| value.clone()).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_struct_is_read_by_the_names_of_the_columns() {
        let row = [
            ("average", Value::Integer(3)),
            ("id", Value::Integer(7)),
            ("topic", "lunch".into()),
            ("done", Value::Integer(1)),
            ("note", Value::Null),
            ("color", "red".into()),
            ("bytes", vec![1, 2].into()),
            ("more", Value::Null),
        ];
        let past = Past {
            id: 7,
            topic: "lunch".into(),
            average: 3.0,
            done: true,
            note: None,
            color: Color::Red,
            bytes: vec![1, 2],
        };
        assert_eq!(read(&row), Ok(past));
        assert_eq!(read::<Past>(&row[1..]), Err("missing field `average`".to_owned()));
    }

    #[test]
    fn tuples_scalars_and_maps_are_read() {
        let row = [("a", Value::Integer(1)), ("b", Value::Real(0.5))];
        assert_eq!(read(&row), Ok((1, 0.5)));
        assert_eq!(read(&row), Ok(vec![1.0, 0.5]));
        assert_eq!(read(&row), Ok(BTreeMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 0.5)])));
        assert_eq!(read(&[("a", Value::Integer(5))]), Ok(5_u8));
        assert_eq!(read(&[("a", "x".into())]), Ok("x".to_owned()));
        assert_eq!(read(&[("a", Value::Null)]), Ok(None::<String>));
        assert_eq!(read(&[("a", "x".into())]), Ok(Some("x".to_owned())));
        assert_eq!(read(&[("a", vec![1, 2].into())]), Ok(vec![1_u8, 2]));
        assert_eq!(read(&row), Ok(serde_json::json!({ "a": 1, "b": 0.5 })));
    }

    #[test]
    fn errors_name_the_column() {
        let row = [("id", "x".into())];
        let error = read::<Id>(&row).expect_err("it is a text");
        assert!(error.starts_with("column `id`: invalid type: string \"x\""), "{error}");
        let large = [("id", Value::Integer(MAX_INTEGER + 1))];
        let error = read::<i64>(&large).expect_err("it is too large");
        assert_eq!(error, "the integer 9007199254740992 is beyond 2^53 - 1: store it as TEXT");
        let two = [("a", Value::Null), ("b", Value::Null)];
        let error = read::<i64>(&two).expect_err("there are two");
        assert!(error.starts_with("invalid type: map, expected i64"), "{error}");
        let error = read::<bool>(&two).expect_err("there are two");
        assert_eq!(error, "a row of 2 columns is read as one value: read it as a struct or a tuple");
    }
}
