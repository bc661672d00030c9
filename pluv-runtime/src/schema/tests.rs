//! Types of ts-rs, from their text to the file of a room.

use std::{collections::BTreeMap, marker::PhantomData};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ts_rs::TS;

use super::{
    file::{CLIENT, TAKEN, describe, file},
    outputs::{Output, outputs},
    syntax::{Kind, Part, lay_out, parse, repair, uncomment},
};
use crate::{
    __private::{Env, Outcome},
    Context, EventInfo, Handlers, Hooks, Limits, Message, NoStorage, Options, Room,
    api::{Declarations, EventTypes, RoomTypes, Typed},
    error::{Error, Result},
    schema::description::{self, Description},
};

fn listed<T: Typed>() -> std::result::Result<Vec<Output>, String> {
    let mut declared = Declarations::default();
    let definition = T::definition(&mut declared);
    outputs(&definition.text, &declared, &[])
}

#[track_caller]
fn assert_refused<T: Typed>(part: &str) {
    let message = listed::<T>().expect_err("it can't be sent");
    assert!(message.contains(part), "`{part}` is expected in `{message}`");
}

#[derive(Serialize, Deserialize, TS)]
struct Fields {
    x: u64,
}

#[derive(TS)]
struct List(#[expect(dead_code, reason = "its type alone is read")] Vec<Fields>);

/// The messages.
#[derive(Serialize, TS)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
#[expect(dead_code, reason = "its type alone is read")]
enum Good {
    OneThing { text: String, pair: (u8, u8) },
    Nothing,
    Held(Fields),
    Maybe(Option<Fields>),
}

#[test]
fn an_adjacently_tagged_enum_is_a_list_of_messages() {
    let outputs = listed::<Good>().expect("it can be sent");
    let outputs: Vec<_> = outputs.iter().map(|output| (&*output.name, &*output.data)).collect();
    let one = "{ text: string, pair: [number, number], }";
    assert_eq!(outputs, [("oneThing", one), ("nothing", "null"), ("held", "Fields"), ("maybe", "Fields | null")]);
    assert_eq!(listed::<crate::NoOutput>(), Ok(Vec::new()));
}

macro_rules! output {
    ($(#[$attribute:meta])* $name:ident { $($variants:tt)* }) => {
        #[derive(TS)]
        #[ts(rename = "Output")]
        $(#[$attribute])*
        #[allow(dead_code, reason = "its type alone is read")]
        enum $name { $($variants)* }
    };
}

output!(External { A { x: u8 } });
output!(UnitsAlone { A, B });
output!(#[ts(tag = "type")] Internal { A { x: u8 } });
output!(#[ts(tag = "type")] InternalHolds { A(Fields) });
output!(#[ts(tag = "kind", content = "data")] OtherTag { A { x: u8 } });
output!(#[ts(tag = "type", content = "content")] OtherContent { A { x: u8 } });
output!(#[ts(untagged)] Untagged { A { x: u8 } });

#[test]
fn what_is_no_enum_with_type_and_data_is_told_how_to_be_one() {
    let part = "put `#[serde(tag = \"type\", content = \"data\")]` on it";
    assert_refused::<External>(part);
    assert_refused::<UnitsAlone>(part);
    assert_refused::<Internal>(part);
    assert_refused::<InternalHolds>(part);
    assert_refused::<OtherTag>(part);
    assert_refused::<OtherContent>(part);
    assert_refused::<Untagged>(part);
    assert_refused::<Fields>(part);
    assert_refused::<External>("it can't be sent as `{ \"A\": { x: number, } }`");
}

output!(#[ts(tag = "type", content = "data")] Reserved { #[ts(rename = "$exit")] Exit {} });
output!(#[ts(tag = "type", content = "data")] Twice { A, #[ts(rename = "A")] B { x: u8 } });
output!(#[ts(tag = "type", content = "data")] Number { A(u32) });
output!(#[ts(tag = "type", content = "data")] Array { A(Vec<Fields>) });
output!(#[ts(tag = "type", content = "data")] Pair { A(u8, u8) });
output!(#[ts(tag = "type", content = "data")] Held { A(List) });

#[test]
fn messages_that_clients_could_not_read_are_told() {
    assert_refused::<Reserved>("`$exit` can't be sent: names that begin with `$` belong to the protocol");
    assert_refused::<Twice>("two of its variants are called `A`");
    assert_refused::<Number>("the data of `A` must be an object, and is `number`");
    assert_refused::<Array>("the data of `A` must be an object");
    assert_refused::<Pair>("the data of `A` must be an object, and is `[number, number]`");
    assert_refused::<Held>("the data of `A` must be an object, and is `List`");
}

#[test]
fn a_type_is_laid_out() {
    let text = "type A<T> = { a: Array<T>, \n/**\n * The `*/` of\n * it.\n */\n\"b c\"?: { [key in string]: T | null }, c: {  }, } & B";
    let expected = "\
type A<T> = {
  a: Array<T>;
  /**
   * The `*\\/` of
   * it.
   */
  \"b c\"?: { [key in string]: T | null };
  c: {};
} & B";
    assert_eq!(lay_out(text, 0), expected);
}

#[test]
fn names_are_escaped_and_keys_are_such_as_a_map_may_have() {
    assert_eq!(
        repair(r#"{ "it's "q" \ x": number, "a": "b\"c" | "d"e", }"#),
        r#"{ "it's \"q\" \\ x": number, "a": "b\"c" | "d\"e", }"#
    );
    assert_eq!(repair("{ [key in boolean]: boolean }"), r#"{ [key in "true" | "false"]?: boolean }"#);
    let generic = "type Map<K, V = string> = { a: { [key in K]: V }, b: { [key in Color]?: V }, };";
    assert_eq!(repair(generic), generic.replace("key in K", "key in K & (string | number)"));
    let unchanged = "type Same<T> = { \n/**\n * [key in boolean] \"\"a\n */\na: [T, \"x\"], };";
    assert_eq!(repair(unchanged), unchanged);
}

#[derive(TS)]
#[ts(rename = "Outer")]
#[expect(dead_code, reason = "its type alone is read")]
struct FlattensOption {
    #[ts(flatten)]
    inner: Option<Fields>,
}

#[test]
fn a_type_that_has_none_in_typescript_is_told() {
    let mut room = Description::of::<Sample<0>>();
    <FlattensOption as Typed>::name(&mut room.declared);
    let reason = file(&room).expect_err("it can't be one");
    assert_eq!(
        reason,
        "of what `Sample` sends or takes, `Outer` can't be written in TypeScript, `Fields | null cannot be flattened`: \
         in place of an `Option`, flatten a struct whose fields are options"
    );
}

#[test]
fn the_client_calls_no_type_by_a_name_that_a_user_may_give_another() {
    let code: Vec<_> = CLIENT.lines().map(|line| line.split("// ").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut all = Vec::new();
    flatten(&parse(&code), &mut all);
    let parameters = ["A", "I", "K", "O", "R", "T", "U"];
    let words = all.iter().zip(all.iter().skip(1)).filter(|(_, (kind, _))| *kind == Kind::Word);
    for ((before_kind, before), (_, word)) in words {
        let is_type = word.starts_with(char::is_uppercase) && !word.contains(['.', '"']);
        let is_own = word.starts_with("Pluv") || word.starts_with("PLUV_") || parameters.contains(word);
        // The operand of `new` is a value, as is a base class.
        let is_value = ["new", "extends", "instanceof", "`"].contains(before);
        let is_key = *before_kind == Kind::Comment || ["{", ";"].contains(before);
        if is_type && !is_own && !is_value && !is_key {
            assert!(TAKEN.contains(word), "`{word}` would be the user's: write `globalThis.{word}`");
        }
    }
}

/// Lists all words, signs and brackets.
fn flatten<'a>(parts: &[Part<'a>], all: &mut Vec<(Kind, &'a str)>) {
    for part in parts {
        if part.kind == Kind::Group {
            all.push((Kind::Sign, &part.text[..1]));
            flatten(&part.inner, all);
            all.push((Kind::Sign, &part.text[part.text.len() - 1..]));
        } else {
            all.push((part.kind, part.text));
        }
    }
}

#[test]
fn the_text_of_a_comment_is_read() {
    assert_eq!(uncomment("/**\n * One.\n *\n *   Two.\n */\n"), "One.\n\n  Two.");
    assert_eq!(uncomment("/** One.\n   Two. */\n"), "One.\nTwo.");
}

/// A room of these types.
struct Sample<const KIND: usize>;

/// A user.
#[derive(serde::Serialize, Deserialize, TS)]
struct User {
    id: String,
}

mod other {
    #[derive(serde::Deserialize, ts_rs::TS)]
    pub(super) struct Fields {
        #[expect(dead_code, reason = "its type alone is read")]
        #[serde(default)]
        y: String,
    }

    #[derive(serde::Deserialize, ts_rs::TS)]
    pub(super) struct Sample;

    #[derive(serde::Deserialize, ts_rs::TS)]
    pub(super) struct PluvRoom {
        #[expect(dead_code, reason = "its type alone is read")]
        #[serde(rename(deserialize = "x"))]
        y: u8,
    }
}

const INPUTS: [EventTypes; 4] = [
    EventTypes::new().input::<Fields>(),
    EventTypes::new().input::<other::Fields>(),
    EventTypes::new().input::<other::Sample>(),
    EventTypes::new().input::<other::PluvRoom>(),
];

impl<const KIND: usize> Room for Sample<KIND> {
    type User = User;
    type Presence = crate::Json;
    type Output = Good;
    type Storage = NoStorage;
    const OPTIONS: Options = Options { path: "/sample", has_user: true, ..Options::new("Sample", "SAMPLE") };
    const TYPES: RoomTypes =
        RoomTypes::new("A room.").user::<User>().output::<Good>().with_messages(&[("oneThing", "Says */ a thing.")]);
}

impl<const KIND: usize> Handlers for Sample<KIND> {
    type Room = Self;
    type Handle = crate::Handle<Self>;
    const EVENTS: &'static [EventInfo] = &[
        EventInfo::event("take", "Takes */ it."),
        EventInfo::procedure("ask", if KIND == 4 { "nothing" } else { "askResult" }, ""),
    ];
    const EVENT_TYPES: &'static [EventTypes] =
        &[INPUTS[KIND % INPUTS.len()], EventTypes::new().answer::<Vec<Fields>>()];
    const HOOKS: Hooks = Hooks::none();

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Ok((Self, Limits::new()))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        Err(Error::internal("nobody calls it"))
    }
}

#[test]
fn a_room_is_a_file() {
    let text = file(&Description::of::<Sample<0>>()).expect("it is one");
    let (types, client) = text.split_once("// ---").expect("both are there");
    let expected = r#"// The room `Sample`, generated by `cargo test`: do not edit.
/* eslint-disable */

// @ts-ignore: `connect` does without the package.
import type { CrdtLibraryType, NoopCrdtDocFactory } from "@pluv/crdt";

export type Fields = {
  x: number;
};

/** A user. */
export type User = {
  id: string;
};

/** The messages. */
export type SampleOutput = {
  /** Says *\/ a thing. */
  oneThing: {
    text: string;
    pair: [number, number];
  };
  nothing: null;
  held: Fields;
  maybe: Fields | null;
  askResult: Array<Fields>;
};

/** A room. */
export type Sample = {
  _defs: {
    authorize: PluvAuthorize<User>;
    crdt: CrdtLibraryType<NoopCrdtDocFactory>;
    events: {
      /** Takes *\/ it. */
      take: PluvEvent<PluvInput<Fields>, SampleOutput>;
      ask: PluvEvent<{}, SampleOutput>;
    };
    // Used by `connect` only.
    procedures: {
      ask: { input: {}; answer: Array<Fields> };
    };
    output: SampleOutput;
    presence: { [name: string]: any };
  };
};

"#;
    assert_eq!(types, expected);
    assert!(client.ends_with("(name, { path: \"/sample\", authorize: true }, options);\n}\n"));
}

#[test]
fn a_room_that_can_be_no_file_is_told_why() {
    let reason = |room: Description| file(&room).expect_err("it can't be one");
    let clash = reason(Description::of::<Sample<1>>());
    assert!(clash.contains("two types that `Sample` sends or takes are called `Fields`"), "{clash}");
    for (room, name) in [(Description::of::<Sample<2>>(), "Sample"), (Description::of::<Sample<3>>(), "PluvRoom")] {
        let taken = reason(room);
        assert!(taken.starts_with(&format!("the type `{name}` can't be called so")), "{taken}");
    }
    let answer = reason(Description::of::<Sample<4>>());
    assert!(answer.contains("`nothing` is an output of `Sample`, and the answer of the procedure `ask`"), "{answer}");
    let mut room = Description::of::<Sample<0>>();
    let ask = room.calls.pop().expect("it is there");
    room.calls.extend([ask.clone(), description::Call { name: "question", ..ask }]);
    let twice = reason(room);
    assert!(
        twice.starts_with(
            "`askResult` is the answer of the procedure `ask` of `Sample`, and the answer of the procedure `question`"
        ),
        "{twice}"
    );
    let mut room = Description::of::<Sample<0>>();
    room.calls[1].name = "then";
    let then = reason(room);
    assert!(then.starts_with("`Sample` has a procedure `then`"), "{then}");
    let mut room = Description::of::<Sample<0>>();
    room.outputs = listed::<Reserved>();
    let output = reason(room);
    assert!(output.starts_with("the output type of `Sample`: `$exit`"), "{output}");
}

/// A room that reads a `T`.
struct Reads<T>(PhantomData<T>);

impl<T: 'static> Room for Reads<T> {
    type User = ();
    type Presence = crate::Json;
    type Output = crate::NoOutput;
    type Storage = NoStorage;
    const OPTIONS: Options = Options::new("Reads", "READS");
}

impl<T: Typed + DeserializeOwned + 'static> Handlers for Reads<T> {
    type Room = Self;
    type Handle = crate::Handle<Self>;
    const EVENTS: &'static [EventInfo] = &[EventInfo::event("take", "")];
    const EVENT_TYPES: &'static [EventTypes] = &[EventTypes::new().input::<T>()];
    const HOOKS: Hooks = Hooks::none();

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Ok((Self(PhantomData), Limits::new()))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        Err(Error::internal("nobody calls it"))
    }
}

/// A room whose presence is a `T`.
struct Shows<T>(PhantomData<T>);

impl<T: Typed + Serialize + DeserializeOwned + Default + 'static> Room for Shows<T> {
    type User = ();
    type Presence = T;
    type Output = crate::NoOutput;
    type Storage = NoStorage;
    const OPTIONS: Options = Options::new("Shows", "SHOWS");
    const TYPES: RoomTypes = RoomTypes::new("").presence::<T>();
}

impl<T: Typed + Serialize + DeserializeOwned + Default + 'static> Handlers for Shows<T> {
    type Room = Self;
    type Handle = crate::Handle<Self>;
    const EVENTS: &'static [EventInfo] = &[];
    const HOOKS: Hooks = Hooks::none();

    async fn create(_: &Env, _: &str) -> Result<(Self, Limits)> {
        Ok((Self(PhantomData), Limits::new()))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Message<'_>) -> Result<Outcome> {
        Err(Error::internal("nobody calls it"))
    }
}

#[track_caller]
fn assert_declared<R: Handlers>(expected: &[(&str, &str)]) {
    let room = describe::<R>().expect("serde reads and writes what is declared");
    let declared: BTreeMap<_, _> = room.declared.types.iter().map(|(name, ty)| (&**name, &*ty.text)).collect();
    for (name, fields) in expected {
        assert_eq!(declared.get(name), Some(&&*format!("type {name} = {{ {fields} }};")));
    }
}

#[track_caller]
fn assert_undeclared<R: Handlers>(expected: &[&str]) {
    let reasons = describe::<R>().map(drop).expect_err("ts-rs declares something else");
    let reasons: Vec<_> = reasons.lines().collect();
    assert_eq!(reasons.len(), expected.len(), "{reasons:#?}");
    for (reason, expected) in reasons.iter().zip(expected) {
        assert!(reason.starts_with(expected), "`{expected}` is expected in `{reason}`");
    }
}

/// Types whose values are only read or written by serde.
macro_rules! types {
    ($($(#[$attribute:meta])* $kind:ident $name:ident $body:tt)*) => {$(
        #[derive(Default, Serialize, Deserialize, TS)]
        #[allow(dead_code, reason = "serde alone uses it")]
        $(#[$attribute])*
        $kind $name $body
    )*};
}

types! {
    struct Defaults {
        a: u8,
        #[doc = " A comment: with a colon."]
        #[serde(default)] b: Nested,
        #[serde(default = "text", rename = "c d")] c: String,
        option: Option<u8>,
        #[serde(default)] #[ts(optional = nullable)] told: u8,
        #[serde(alias = "renamed")] alias: u8,
        #[serde(default, alias = "renamed too")] alias_too: u8,
    }
    struct Nested { list: Vec<InList>, map: BTreeMap<String, InMap>, choice: Choice, #[serde(skip)] skipped: u8 }
    struct InList { x: u8, #[serde(default)] y: u8, again: Option<Box<InList>>, more: Vec<InList> }
    struct InMap { x: Maybe, #[serde(default)] y: u8 }
    enum Choice { #[default] A, B(InChoice), C { #[serde(default)] c: InVariant }, D(Box<Choice>, u8) }
    struct InChoice { #[serde(default)] y: u8 }
    struct InVariant { #[serde(default)] y: u8 }
    #[serde(default)] struct All { x: u8, y: String }
}

#[derive(Default, Serialize, Deserialize, TS)]
struct Maybe(Option<InOption>);

#[derive(Serialize, Deserialize, TS)]
struct InOption {
    address: std::net::IpAddr,
    #[serde(default)]
    y: u8,
}

fn text() -> String {
    String::new()
}

#[test]
fn a_field_with_a_default_is_optional_in_a_type_that_is_only_read() {
    assert_declared::<Reads<Defaults>>(&[
        (
            "Defaults",
            "a: number, \n/**\n * A comment: with a colon.\n */\nb?: Nested, \"c d\"?: string, option: number | null, told?: number, alias: number, alias_too?: number,",
        ),
        ("Nested", "list: Array<InList>, map: { [key in string]: InMap }, choice: Choice,"),
        ("InList", "x: number, y?: number, again: InList | null, more: Array<InList>,"),
        ("InMap", "x: Maybe, y?: number,"),
        ("InOption", "address: string, y?: number,"),
        ("InChoice", "y?: number,"),
        ("InVariant", "y?: number,"),
    ]);
    assert_declared::<Reads<All>>(&[("All", "x?: number, y?: string,")]);
    assert_declared::<Shows<All>>(&[("All", "x: number, y: string,")]);
}

types! {
    struct OfNull { unit: Option<()>, json: Option<serde_json::Value>, maybe: Option<Maybe>, number: Option<u8>, list: Option<Vec<Option<u8>>> }
}

#[test]
fn an_option_of_a_type_with_null_is_optional() {
    let fields = "unit?: null | null, json?: JsonValue | null, maybe?: Maybe | null, number: number | null, list: Array<number | null> | null,";
    assert_declared::<Reads<OfNull>>(&[("OfNull", fields)]);
    assert_declared::<Shows<OfNull>>(&[("OfNull", fields)]);
}

types! {
    struct Renamed { #[serde(rename(serialize = "a", deserialize = "b"))] r#type: u8 }
    #[serde(rename_all(deserialize = "UPPERCASE"))] struct RenamedAll { a: u8 }
    struct RenamedInside { list: Vec<Renamed>, option: Option<RenamedAll> }
    #[serde(rename_all(deserialize = "UPPERCASE"))] #[ts(rename_all = "UPPERCASE")] struct Told { a: u8 }
    struct NotRead { #[serde(skip_deserializing)] a: u8, #[serde(skip_deserializing)] #[ts(optional = nullable)] b: u8 }
    #[serde(tag = "kind")] struct Tagged { a: u8 }
}

#[test]
fn a_field_that_is_read_by_another_name_is_reported() {
    assert_undeclared::<Reads<Renamed>>(&["`Renamed` is read without the field `type`, as by"]);
    assert_undeclared::<Reads<RenamedAll>>(&["`RenamedAll` is read without the field `a`"]);
    assert_undeclared::<Reads<RenamedInside>>(&["`Renamed` is read without", "`RenamedAll` is read without"]);
    assert_undeclared::<Reads<NotRead>>(&["`NotRead` is read without the field `a`"]);
    assert_declared::<Reads<Told>>(&[("Told", "A: number,")]);
    assert_declared::<Reads<Tagged>>(&[("Tagged", "\"kind\": \"Tagged\", a: number,")]);
}

types! {
    #[serde(try_from = "String", into = "String")] struct FromText { a: u8 }
    #[serde(from = "Nested")] struct FromNested { a: u8 }
    #[serde(transparent)] struct Transparent { a: u8 }
    struct Converted { text: Box<FromText>, list: Vec<FromNested>, option: Option<Transparent> }
    #[serde(from = "Fields")] #[ts(as = "Fields")] struct FromFields { a: u8 }
}

impl TryFrom<String> for FromText {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        Ok(Self { a: text.parse()? })
    }
}

impl From<FromText> for String {
    fn from(value: FromText) -> Self {
        value.a.to_string()
    }
}

impl Clone for FromText {
    fn clone(&self) -> Self {
        Self { a: self.a }
    }
}

impl From<Nested> for FromNested {
    fn from(_: Nested) -> Self {
        Self { a: 0 }
    }
}

impl From<Fields> for FromFields {
    fn from(_: Fields) -> Self {
        Self { a: 0 }
    }
}

#[test]
fn a_type_that_is_read_as_another_one_is_reported() {
    assert_undeclared::<Reads<FromText>>(&["`FromText` is read as another type than ts-rs declares"]);
    assert_undeclared::<Reads<FromNested>>(&["`FromNested` is read without the field `a`"]);
    assert_undeclared::<Reads<Transparent>>(&["`Transparent` is read as another type"]);
    let expected = ["`FromNested` is read without", "`FromText` is read as", "`Transparent` is read as"];
    assert_undeclared::<Reads<Converted>>(&expected);
    assert_declared::<Reads<FromFields>>(&[("FromFields", "x: number,")]);
}

types! {
    struct Sent {
        #[serde(skip_serializing_if = "Option::is_none")] omitted: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")] followed: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")] #[ts(optional)] told: Option<u8>,
        #[serde(rename(serialize = "other"))] renamed: u8,
    }
}

#[test]
fn a_field_that_a_presence_may_be_sent_without_is_reported() {
    let reason = |field| format!("`Sent` may be sent without the field `{field}`, as by");
    assert_undeclared::<Shows<Sent>>(&[&reason("omitted"), &reason("renamed")]);
}

/// A type that contains itself and has no value.
#[derive(Deserialize, TS)]
struct Endless {
    #[expect(dead_code, reason = "serde alone uses it")]
    inner: Box<Self>,
}

#[test]
fn a_type_without_values_is_probed_in_finite_time() {
    assert_declared::<Reads<Endless>>(&[("Endless", "inner: Endless,")]);
}

#[test]
fn the_types_of_a_room_are_probed() {
    let declared = describe::<Sample<0>>().expect("all is as declared").declared;
    assert_eq!(declared.types["Fields"].text, "type Fields = { x: number, };");
    assert_declared::<Reads<other::Fields>>(&[("Fields", "y?: string,")]);
    assert_undeclared::<Sample<3>>(&["`PluvRoom` is read without the field `y`"]);
}

#[test]
fn a_room_is_data() {
    let json = Description::of::<Sample<0>>().into_json();
    let expected = serde_json::json!({
        "name": "Sample",
        "docs": "A room.",
        "path": "/sample",
        "authorize": true,
        "storage": false,
        "user": "User",
        "events": [{ "name": "take", "docs": "Takes */ it.", "input": "Fields" }],
        "procedures": [{ "name": "ask", "docs": "", "reply": "askResult", "answer": "Array<Fields>" }],
        "outputs": [
            { "name": "oneThing", "docs": "Says */ a thing.", "data": "{ text: string, pair: [number, number], }" },
            { "name": "nothing", "docs": "", "data": "null" },
            { "name": "held", "docs": "", "data": "Fields" },
            { "name": "maybe", "docs": "", "data": "Fields | null" },
        ],
        "types": { "Fields": "type Fields = { x: number, };", "User": "/**\n * A user.\n */\ntype User = { id: string, };" },
    });
    assert_eq!(json, expected);
}
