//! Values that serde serializes have the generated TypeScript type, and values that serde rejects do not.
//!
//! `bindings/samples.ts` has these values, and `cargo xtask test --only typescript` checks it.

use std::{env, ffi::OsStr, fmt::Write as _, fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_value, json, to_string, to_value};
use shapes::{
    Address, Anything, Collections, Color, External, Flattened, Inner, Internal, Map, Maps, Numbers, Optional, Page,
    Presence, Renamed, Set, Side, Times, Tree, User,
};
use ts_rs::{Config, TS};

/// Values with their types, as TypeScript.
#[derive(Default)]
struct Samples(String);

impl Samples {
    /// Adds a value that serde serializes and deserializes.
    fn serialized<T: TS + Serialize + DeserializeOwned>(&mut self, value: &T) {
        let json = to_string(value).expect("it can be written");
        let again: T = serde_json::from_str(&json).expect("it can be read");
        assert_eq!(to_value(again).expect("it can be written"), to_value(value).expect("it can be written"));
        self.satisfies(&json, &name::<T>());
        self.satisfies(&json, &format!("PluvInput<{}>", name::<T>()));
    }

    /// Adds JSON that serde deserializes as a `T`.
    fn deserialized<T: TS + DeserializeOwned>(&mut self, json: &Value) {
        from_value::<T>(json.clone()).expect("it can be read");
        self.satisfies(&json.to_string(), &format!("PluvInput<{}>", name::<T>()));
    }

    /// Adds JSON that serde rejects as a `T`.
    fn rejected<T: TS + DeserializeOwned>(&mut self, json: &Value) {
        assert!(from_value::<T>(json.clone()).is_err(), "{json} can be read");
        self.0.push_str("// @ts-expect-error\n");
        self.satisfies(&json.to_string(), &format!("PluvInput<{}>", name::<T>()));
    }

    fn satisfies(&mut self, json: &str, ty: &str) {
        writeln!(self.0, "({json}) satisfies {ty};").expect("a text takes more");
    }
}

fn name<T: TS>() -> String {
    T::name(&Config::new().with_large_int("number"))
}

#[test]
fn values_of_serde_have_the_typescript_type() {
    let mut samples = Samples::default();

    samples.serialized(&User { id: "u".into(), born: None });
    samples.serialized(&Presence::default());
    samples.serialized(&Presence { is_typing: true, color: Some(Color::DeepRed) });

    let renamed = Renamed { two_words: "\"\u{1f600}".into(), kebab: "k".into(), r#type: 1, quoted: 2, skipped: 5 };
    samples.serialized(&renamed);
    samples.rejected::<Renamed>(&json!({ "two_words": "", "kebab-case": "", "type": 1, "a \"quoted\" \\ name": 1 }));
    samples.rejected::<Renamed>(&json!({ "twoWords": "", "type": 1, "a \"quoted\" \\ name": 1 }));
    samples.rejected::<Renamed>(&json!({ "twoWords": "", "kebab-case": "", "type": 1 }));

    let inner = Optional {
        option: Some(1),
        nested: None,
        absent: Some("a".into()),
        json: Some(json!([1])),
        unit: None,
        default: 1,
        explicit: 1,
        required: true,
    };
    samples.serialized(&inner);
    samples.serialized(&Optional {
        option: None,
        nested: Some(Box::new(inner)),
        absent: None,
        json: None,
        unit: None,
        default: 1,
        explicit: 1,
        required: true,
    });
    samples.deserialized::<Optional>(&json!({ "required": true }));
    samples.deserialized::<Optional>(&json!({ "required": true, "option": null, "nested": { "required": false } }));
    samples.rejected::<Optional>(&json!({ "option": 1 }));
    samples.rejected::<Optional>(&json!({ "required": true, "nested": {} }));
    samples.rejected::<Optional>(&json!({ "required": true, "default": null }));
    samples.rejected::<Optional>(&json!({ "required": true, "option": "1" }));

    samples.serialized(&Numbers {
        byte: 1,
        signed: -(1 << 53),
        unsigned: 1 << 53,
        huge: 1 << 53,
        size: 1,
        float: 0.5,
        not_zero: std::num::NonZeroU64::MIN,
        list: vec![1, -1],
    });

    let set = Set { repetitions: 1, video: Some(Address { host: "videos.example".into() }) };
    samples.serialized(&Maps {
        by_name: [("a b".to_owned(), 1)].into(),
        by_number: [(7, vec!["x".to_owned()])].into(),
        by_color: [(Color::Blue, true)].into(),
        by_bool: [(true, 1)].into(),
        set: ['x'].into(),
        map: Map { entries: [(1, set)].into() },
    });
    let maps =
        json!({ "by_name": {}, "by_number": {}, "by_color": {}, "by_bool": {}, "set": [], "map": { "entries": {} } });
    samples.deserialized::<Maps>(&maps);
    let with = |field: &str, value: Value| {
        let mut maps = maps.clone();
        maps[field] = value;
        maps
    };
    samples.rejected::<Maps>(&with("by_color", json!({ "green": true })));
    samples.rejected::<Maps>(&with("by_bool", json!({ "yes": 1 })));
    samples.rejected::<Maps>(&with("map", json!({ "entries": { "1": { "repetitions": "1" } } })));

    for shape in [Internal::Empty, Internal::Circle { the_radius: 1.5 }, Internal::Wrapped(Side { side: 1.5 })] {
        samples.serialized(&Flattened { outer: 1, inner: Inner { inner: 2 }, shape });
    }
    samples.rejected::<Flattened>(&json!({ "outer": 1, "inner": { "inner": 2 }, "kind": "empty" }));
    samples.rejected::<Flattened>(&json!({ "outer": 1, "inner": 2, "kind": "circle" }));

    let external = vec![
        External::Unit,
        External::Newtype(1),
        External::Tuple(1, "a".into()),
        External::Fields { two_words: 1 },
        External::Quoted,
    ];
    let adjacent = vec![shapes::Adjacent::Unit, shapes::Adjacent::Newtype(vec![1]), shapes::Adjacent::Fields { x: -1 }];
    let untagged = vec![
        shapes::Untagged::Text("a".into()),
        shapes::Untagged::Number(1),
        shapes::Untagged::Fields { x: Some(1) },
        shapes::Untagged::Fields { x: None },
    ];
    samples.serialized(&Collections {
        tuple: (1, "a".into()),
        array: [1, 2, 3],
        newtype: shapes::Newtype(vec![Inner { inner: 1 }]),
        pair: shapes::Pair(1, None),
        unit: (),
        external,
        adjacent,
        untagged,
        tagged: shapes::Tagged { x: 1 },
    });
    samples.rejected::<External>(&json!({ "fields": { "twoWords": 1 } }));
    samples.rejected::<External>(&json!("Unit"));

    samples.serialized(&Times {
        at: "2026-01-02T03:04:05.678Z".parse().expect("it is a time"),
        day: "2026-01-02".parse().expect("it is a day"),
    });
    samples.rejected::<Times>(&json!({ "at": 5, "day": "2026-01-02" }));

    let object = json!({ "a": [1, "b", null, { "c": true }] });
    samples.serialized(&Anything { value: object.clone(), object: object.as_object().cloned().unwrap_or_default() });
    samples.serialized(&Anything { value: Value::Null, object: serde_json::Map::default() });
    samples.rejected::<Anything>(&json!({ "object": {} }));

    samples.serialized(&Page { items: vec![Inner { inner: 1 }], next: Some(u64::from(u32::MAX)) });
    samples.serialized(&Page::<u64> { items: vec![], next: None });
    samples.deserialized::<Page<Inner>>(&json!({ "items": [] }));
    samples.rejected::<Page<Inner>>(&json!({ "items": [1] }));
    samples.serialized(&Tree { children: vec![Tree { children: vec![] }] });

    place(&samples.0);
}

/// Writes the file or checks it, as the room's own is.
fn place(samples: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings");
    let room = fs::read_to_string(directory.join("Shapes.ts")).expect("`cargo test` wrote it before");
    let names = room.lines().filter_map(|line| line.strip_prefix("export type ")?.split([' ', '<']).next());
    let text = format!(
        "// Generated by `cargo test`: do not edit.\n/* eslint-disable */\n\nimport type {{ {} }} from \"./Shapes\";\n\n{samples}",
        names.collect::<Vec<_>>().join(", "),
    );
    let path = directory.join("samples.ts");
    if env::var_os("PLUV_BINDINGS").as_deref() != Some(OsStr::new("check")) {
        fs::write(&path, &text).expect("it can be written");
    }
    assert_eq!(fs::read_to_string(&path).expect("it is there"), text, "run `cargo test` and commit what it wrote");
}
