//! What becomes of types that ts-rs wrote.

use std::path::Path;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    file::{CLIENT, TAKEN, file},
    layout::{laid_out, uncommented},
    mend::mended,
    optional::optional,
    outputs, source,
    tokens::{Kind, tokens},
};
use crate::{
    __private::{Call, Env, Outcome},
    Context, EventInfo, Handlers, Hooks, Limits, NoStorage, Options, Room,
    error::{Error, Result},
    schema::{
        Description, EventTypes, RoomTypes,
        description::{self, Output},
        types::{Declarations, TypeInfo, Typed},
    },
};

fn listed<T: Typed>() -> std::result::Result<Vec<Output>, String> {
    let mut declared = Declarations::default();
    let definition = T::definition(&mut declared).expect("it has a type");
    outputs(&definition, &declared)
}

#[track_caller]
fn assert_refused<T: Typed>(part: &str) {
    let message = listed::<T>().expect_err("it can't be sent");
    assert!(message.contains(part), "`{part}` is expected in `{message}`");
}

#[derive(Serialize, TS)]
struct Fields {
    x: u64,
}

#[derive(TS)]
struct List(#[expect(dead_code, reason = "its type alone is read")] Vec<Fields>);

/// What there is to send.
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
    assert_eq!(laid_out(text, 0), expected);
}

#[test]
fn names_are_escaped_and_keys_are_such_as_a_map_may_have() {
    let mended = |text: &str| mended(text);
    assert_eq!(
        mended(r#"{ "it's "q" \ x": number, "a": "b\"c" | "d"e", }"#),
        r#"{ "it's \"q\" \\ x": number, "a": "b\"c" | "d\"e", }"#
    );
    assert_eq!(mended("{ [key in boolean]: boolean }"), r#"{ [key in "true" | "false"]?: boolean }"#);
    let generic = "type Map<K, V = string> = { a: { [key in K]: V }, b: { [key in Color]?: V }, };";
    assert_eq!(mended(generic), generic.replace("key in K", "key in K & (string | number)"));
    let unchanged = "type Same<T> = { \n/**\n * [key in boolean] \"\"a\n */\na: [T, \"x\"], };";
    assert_eq!(mended(unchanged), unchanged);
}

#[derive(TS)]
struct MaybeNull(#[expect(dead_code, reason = "its type alone is read")] Option<u8>);

#[test]
fn an_option_of_what_may_be_null_may_be_left_out() {
    let mut declared = Declarations::default();
    let names = [<serde_json::Value as Typed>::name, <MaybeNull as Typed>::name];
    assert_eq!(names.map(|name| name(&mut declared)), [Some("JsonValue".to_owned()), Some("MaybeNull".to_owned())]);
    let optional = |ty: &str| optional(&format!("type A = {{ a: {ty}, b: null, }}"), &declared);
    for ty in ["null | null", "JsonValue | null", "MaybeNull | null", "number | JsonValue | null"] {
        assert_eq!(optional(ty), format!("type A = {{ a?: {ty}, b: null, }}"));
    }
    for ty in ["null", "JsonValue", "number | null", "Array<null> | null", "{ [key in string]: null | null }"] {
        assert_eq!(optional(ty), format!("type A = {{ a: {ty}, b: null, }}"));
    }
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
    let all = tokens(&code);
    let parameters = ["A", "I", "K", "O", "R", "T", "U"];
    let words = all.iter().zip(all.iter().skip(1)).filter(|(_, token)| token.kind == Kind::Word);
    for (before, token) in words {
        let is_type = token.text.starts_with(char::is_uppercase) && !token.text.contains(['.', '"']);
        let is_own =
            token.text.starts_with("Pluv") || token.text.starts_with("PLUV_") || parameters.contains(&token.text);
        // What is made anew is a value, as is what is extended.
        let is_value = ["new", "extends", "instanceof"].contains(&before.text) || before.is("`");
        let is_key = before.kind == Kind::Comment || before.is("{") || before.is(";");
        if is_type && !is_own && !is_value && !is_key {
            assert!(TAKEN.contains(&token.text), "`{}` would be the user's: write `globalThis.{0}`", token.text);
        }
    }
}

#[test]
fn a_comment_is_read() {
    assert_eq!(uncommented("/**\n * One.\n *\n *   Two.\n */\n"), "One.\n\n  Two.");
    assert_eq!(uncommented("/** One.\n   Two. */\n"), "One.\nTwo.");
}

/// A room of these types.
struct Sample<const KIND: usize>;

/// Who is there.
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

    #[derive(ts_rs::TS)]
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
    const OPTIONS: Options = Options::new("Sample", "SAMPLE").path("/sample").has_user();
    const TYPES: RoomTypes =
        RoomTypes::new("A room.").user::<User>().output::<Good>().with_messages(&[("oneThing", "Says */ a thing.")]);
}

impl<const KIND: usize> Handlers for Sample<KIND> {
    type Room = Self;
    const EVENTS: &'static [EventInfo] = &[
        EventInfo::event("take", "Takes */ it."),
        EventInfo::procedure("ask", if KIND == 4 { "nothing" } else { "askResult" }, ""),
    ];
    const EVENT_TYPES: &'static [EventTypes] =
        &[INPUTS[KIND % INPUTS.len()], EventTypes::new().answer::<Vec<Fields>>()];
    const HOOKS: Hooks = Hooks::none();

    fn create(_: &Env) -> Result<(Self, Limits)> {
        Ok((Self, Limits::new()))
    }

    async fn dispatch(&self, _: &Context<'_, Self>, _: Call<'_>) -> Result<Outcome> {
        Err(Error::internal("nobody calls it"))
    }
}

#[test]
fn a_room_is_a_file() {
    let text = file(&Description::of::<Sample<0>>()).expect("it is one");
    let (types, client) = text.split_once("// ---").expect("both are there");
    let expected = r#"// The room `Sample`, made by `cargo test`: what is changed here is lost.
/* eslint-disable */

// @ts-ignore: `connect` does without the package.
import type { CrdtLibraryType, NoopCrdtDocFactory } from "@pluv/crdt";

export type Fields = {
  x: number;
};

/** Who is there. */
export type User = {
  id: string;
};

/** What there is to send. */
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
    // What only `connect` reads.
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
    room.outputs.list = listed::<Reserved>();
    let output = reason(room);
    assert!(output.starts_with("the output type of `Sample`: `$exit`"), "{output}");
}

#[test]
fn the_types_of_a_room_are_found_in_its_sources() {
    let read =
        |read: fn(&Path) -> std::result::Result<source::Defaults, String>| read(env!("CARGO_MANIFEST_DIR").as_ref());
    assert_eq!(read(source::read::<Sample<0>>), Ok(source::Defaults::new()), "what is sent as well is left alone");
    assert_eq!(read(source::read::<Sample<1>>), Ok([("Fields".to_owned(), vec![true])].into()));
    let reason = read(source::read::<Sample<3>>).expect_err("it has two names");
    let expected = "src/schema/typescript/tests.rs: the field `y` of `PluvRoom` is called one thing where it is read";
    assert!(reason.starts_with(expected), "{reason}");
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
        "types": { "Fields": "type Fields = { x: number, };", "User": "/**\n * Who is there.\n */\ntype User = { id: string, };" },
    });
    assert_eq!(json, expected);
    let info = Sample::<0>::TYPES.user.map(|info: TypeInfo| format!("{info:?}"));
    assert_eq!(info.as_deref(), Some("Some(\"User\")"));
}
