//! Values of SQL: the parameters of a statement, and the columns of a row.

use crate::error::{Error, Result};

/// The largest integer that a JavaScript number, through which the platform passes integers, holds exactly.
pub(crate) const MAX_INTEGER: i64 = (1 << 53) - 1;

/// A value of SQL: a parameter, or a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// An integer from -(2^53 - 1) to 2^53 - 1.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident($value:ident) $expression:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$variant($expression)
            }
        })*
    };
}

from! {
    i64 => Integer(value) value;
    u32 => Integer(value) value.into();
    u64 => Integer(value) value.try_into().unwrap_or(i64::MAX);
    &str => Text(value) value.to_owned();
    String => Text(value) value;
    Vec<u8> => Blob(value) value;
}

/// A type that can be a parameter of a statement; [`params!`](crate::params) converts each by it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of SQL",
    note = "a parameter is an integer, a float, a bool, a text, bytes or an `Option` of these"
)]
pub trait ToValue {
    /// Returns the value to bind.
    ///
    /// # Errors
    /// When an integer is beyond 2^53 - 1: store it as TEXT.
    fn to_value(&self) -> Result<Value>;
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(impl ToValue for $type {
            fn to_value(&self) -> Result<Value> {
                i64::try_from(*self).ok().filter(|value| (-MAX_INTEGER..=MAX_INTEGER).contains(value)).map(Value::Integer).ok_or_else(|| {
                    Error::internal(format!("the parameter {self} is an integer beyond 2^53 - 1: store it as TEXT"))
                })
            }
        })*
    };
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! to_value {
    ($($type:ty => $value:ident $expression:expr;)*) => {
        $(impl ToValue for $type {
            fn to_value(&self) -> Result<Value> {
                let $value = self;
                Ok($expression)
            }
        })*
    };
}

to_value! {
    f32 => value Value::Real((*value).into());
    f64 => value Value::Real(*value);
    bool => value Value::Integer((*value).into());
    str => value Value::Text(value.to_owned());
    String => value Value::Text(value.clone());
    [u8] => value Value::Blob(value.to_vec());
    Vec<u8> => value Value::Blob(value.clone());
    Value => value value.clone();
    () => _value Value::Null;
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Result<Value> {
        self.as_ref().map_or(Ok(Value::Null), T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Result<Value> {
        (**self).to_value()
    }
}

impl<T: ToValue + ?Sized> ToValue for std::rc::Rc<T> {
    fn to_value(&self) -> Result<Value> {
        (**self).to_value()
    }
}

/// The parameters of a statement, made by [`params!`](crate::params).
#[derive(Debug)]
pub struct Params(pub(crate) Result<Vec<Value>>);

impl Params {
    #[doc(hidden)]
    #[must_use]
    pub fn new<const N: usize>(values: [Result<Value>; N]) -> Self {
        Self(values.into_iter().collect())
    }
}

/// The parameters of a statement, in the order of its question marks: integers, floats, bools, texts, bytes, or an `Option` of
/// these. Integers beyond 2^53 - 1 are an error when the statement runs: store them as TEXT.
///
/// ```
/// let (topic, average) = ("lunch", 3.5);
/// let params = pluv::params![topic, average, None::<i64>];
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        $crate::Params::new([$($crate::ToValue::to_value(&$value)),*])
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_converted() {
        let (text, bytes) = (String::from("a"), vec![1_u8]);
        let values = params![1, true, 2.5, text, &text, bytes, Some("b"), None::<u8>, ()].0.expect("all can be bound");
        let expected = [
            Value::Integer(1),
            Value::Integer(1),
            Value::Real(2.5),
            "a".into(),
            "a".into(),
            vec![1].into(),
            "b".into(),
            Value::Null,
            Value::Null,
        ];
        assert_eq!(values, expected);
        assert!(params![].0.expect("there is none").is_empty());
    }

    #[test]
    fn integers_beyond_a_javascript_number_are_refused() {
        assert!(params![MAX_INTEGER, -MAX_INTEGER].0.is_ok());
        for error in [params![MAX_INTEGER + 1].0, params![i64::MIN].0, params![u64::MAX].0] {
            let error = error.expect_err("it is too large").to_string();
            assert!(error.ends_with("is an integer beyond 2^53 - 1: store it as TEXT"), "{error}");
        }
    }
}
