//! A room whose types have every shape that serde supports.

#![allow(missing_docs, reason = "what they are called says what they show")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU64,
};

use chrono::{DateTime, NaiveDate, Utc};
use pluv::prelude::*;
use serde_json::Value;

/// A connected user.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    pub id: String,
    pub born: Option<NaiveDate>,
}

/// The part of a user that everyone sees.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    pub is_typing: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Color {
    DeepRed,
    Blue,
}

/// Fields under other names.
///
/// In two paragraphs.
#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Renamed {
    /// In camelCase.
    pub two_words: String,
    #[serde(rename = "kebab-case")]
    pub kebab: String,
    pub r#type: u8,
    #[serde(rename = "a \"quoted\" \\ name")]
    pub quoted: u8,
    #[serde(skip)]
    pub skipped: u8,
}

/// Fields that can be omitted.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Optional {
    pub option: Option<u32>,
    pub nested: Option<Box<Self>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<String>,
    pub json: Option<Value>,
    pub unit: Option<()>,
    #[serde(default)]
    pub default: u32,
    #[serde(default)]
    #[ts(optional = nullable)]
    pub explicit: u32,
    pub required: bool,
}

/// Numbers of every size.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Numbers {
    pub byte: u8,
    pub signed: i64,
    pub unsigned: u64,
    pub huge: i128,
    pub size: usize,
    pub float: f64,
    pub not_zero: NonZeroU64,
    pub list: Vec<i64>,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Maps {
    pub by_name: HashMap<String, u32>,
    pub by_number: BTreeMap<u64, Vec<String>>,
    pub by_color: BTreeMap<Color, bool>,
    pub by_bool: BTreeMap<bool, u32>,
    pub set: BTreeSet<char>,
    pub map: Map<u64, Set>,
}

/// A type with the name of a type of JavaScript.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Map<K: Ord, V> {
    pub entries: BTreeMap<K, V>,
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[ts(rename = "URL")]
pub struct Address {
    pub host: String,
}

/// A list with a constant length.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Set {
    pub repetitions: u32,
    pub video: Option<Address>,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Inner {
    pub inner: u32,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Side {
    pub side: f64,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Flattened {
    pub outer: u32,
    #[serde(flatten)]
    pub inner: Inner,
    #[serde(flatten)]
    pub shape: Internal,
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum External {
    Unit,
    Newtype(u32),
    Tuple(u32, String),
    Fields {
        two_words: u32,
    },
    #[serde(rename = "a \"quoted\" variant")]
    Quoted,
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Internal {
    Empty,
    Circle { the_radius: f64 },
    Wrapped(Side),
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(tag = "t", content = "c")]
pub enum Adjacent {
    Unit,
    Newtype(Vec<u8>),
    Fields { x: i32 },
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum Untagged {
    Text(String),
    Number(u64),
    Fields { x: Option<i32> },
}

#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(tag = "v")]
pub struct Tagged {
    pub x: u8,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Newtype(pub Vec<Inner>);

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Pair(pub u8, pub Option<String>);

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Collections {
    pub tuple: (u8, String),
    pub array: [u8; 3],
    pub newtype: Newtype,
    pub pair: Pair,
    pub unit: (),
    pub external: Vec<External>,
    pub adjacent: Vec<Adjacent>,
    pub untagged: Vec<Untagged>,
    pub tagged: Tagged,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Times {
    pub at: DateTime<Utc>,
    pub day: NaiveDate,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Anything {
    pub value: Value,
    pub object: serde_json::Map<String, Value>,
}

/// A part of a longer list.
#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<u64>,
}

/// A recursive type.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Tree {
    pub children: Vec<Self>,
}

/// Everything that this room can send.
#[derive(Debug, Serialize, TS)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    /// With fields.
    Said {
        /// The text, which may have a `*/` in it.
        text: String,
        color: Option<Color>,
    },
    /// Without any.
    Cleared,
    Paged(Page<Inner>),
    #[serde(rename = "späť")]
    Back {},
    #[serde(rename_all = "camelCase")]
    Counted {
        so_far: u64,
    },
}

/// A room for every shape.
#[pluv::room(user = User, presence = Presence, output = Output, path = "/shapes")]
#[derive(Debug)]
pub struct Shapes;

#[pluv::room]
impl Shapes {
    /// Fields under other names.
    #[event]
    fn rename(&self, _cx: &Context, _input: Renamed) {}

    #[event]
    fn optional(&self, _cx: &Context, _input: Optional) {}

    #[event]
    fn numbers(&self, _cx: &Context, _input: Numbers) {}

    #[event]
    fn maps(&self, _cx: &Context, _input: Maps) {}

    #[event]
    fn flattened(&self, _cx: &Context, _input: Flattened) {}

    #[event(name = "SOME_COLLECTIONS")]
    fn collections(&self, _cx: &Context, _input: Collections) {}

    #[event]
    fn times(&self, _cx: &Context, _input: Times) {}

    #[event]
    fn anything(&self, _cx: &Context, _input: Anything) {}

    #[event]
    fn nothing(&self, cx: &Context) {
        cx.broadcast(Output::Cleared);
    }

    /// Returns a page of messages.
    #[procedure]
    async fn history(&self, _cx: &Context, input: Page<u64>) -> Result<Page<Inner>> {
        Ok(Page { items: Vec::new(), next: input.next })
    }

    #[procedure(reply = "counted2")]
    fn count(&self) -> u64 {
        0
    }

    #[procedure]
    fn tree<'a>(&'a self, _cx: &'a Context<'_, Self>) -> Result<std::borrow::Cow<'a, [Tree]>> {
        Ok(Vec::new().into())
    }

    #[procedure]
    fn hidden(&self) -> impl Serialize {
        0
    }
}

/// A room in the body of a function has no bindings, as a test can't run there: rustc warns of it in `cargo test`.
#[must_use]
#[allow(unnameable_test_items, reason = "the room's test of its bindings")]
pub fn local() -> &'static str {
    #[pluv::room(wrangler = false)]
    struct Local;

    #[pluv::room]
    impl Local {
        #[event]
        fn ping(&self) {}
    }

    <Local as pluv::Room>::OPTIONS.name
}
