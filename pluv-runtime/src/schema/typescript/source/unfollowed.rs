//! What ts-rs does not follow, with what to write in its place.

use syn::{Field, Fields, Item, Type};

use super::attributes::Attributes;

/// Which way a type crosses the wire.
#[derive(Clone, Copy)]
pub(super) struct Direction {
    pub(super) is_read: bool,
    pub(super) is_written: bool,
}

/// What is not followed of a struct or an enum.
pub(super) fn unfollowed(item: &Item, direction: Direction) -> Vec<String> {
    let (name, attributes) = match item {
        Item::Struct(item) => (item.ident.to_string(), Attributes::of(&item.attrs)),
        Item::Enum(item) => (item.ident.to_string(), Attributes::of(&item.attrs)),
        _ => return Vec::new(),
    };
    // Its type is told, whatever serde makes of it.
    if attributes.ts(&["as", "type"]) {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    let mut tell = |of: Option<String>, reason: Option<String>| {
        let what = of.map_or_else(|| format!("`{name}`"), |of| format!("{of} of `{name}`"));
        reasons.extend(reason.map(|reason| format!("{what} {reason}")));
    };
    match item {
        Item::Struct(item) => {
            let is_named = matches!(item.fields, Fields::Named(_));
            tell(None, container(&attributes, direction, is_named));
            fields(&item.fields, &attributes, direction, &mut |field, reason| tell(Some(field), reason));
        }
        Item::Enum(item) => {
            tell(None, container(&attributes, direction, false));
            for found in &item.variants {
                let called = format!("the variant `{}`", found.ident);
                let attributes = Attributes::of(&found.attrs);
                if attributes.ts(&["skip", "as", "type"]) || attributes.serde("skip") {
                    continue;
                }
                tell(Some(called.clone()), variant(&attributes, direction));
                let mut tell = |field, reason| tell(Some(format!("{field} of {called}")), reason);
                fields(&found.fields, &attributes, direction, &mut tell);
            }
        }
        _ => {}
    }
    reasons
}

fn container(attributes: &Attributes, direction: Direction, is_named: bool) -> Option<String> {
    let Direction { is_read, is_written } = direction;
    if let Some(split) = names_split(attributes, &["rename_all", "rename_all_fields"]) {
        return Some(split);
    }
    let is_used = |(name, is_used): &(&'static str, bool)| *is_used && attributes.serde(name);
    let conversions = [("from", is_read), ("try_from", is_read), ("into", is_written)];
    if let Some((name, _)) = conversions.into_iter().find(is_used) {
        return Some(format!(
            "crosses the wire as another type, by `#[serde({name} = \"..\")]`, which ts-rs does not follow: name that \
             type with `#[ts(as = \"..\")]`"
        ));
    }
    (is_named && attributes.serde("transparent")).then(|| {
        "is `#[serde(transparent)]`, which ts-rs does not follow where a field has a name: name the field's type with \
         `#[ts(as = \"..\")]`"
            .to_owned()
    })
}

fn variant(attributes: &Attributes, direction: Direction) -> Option<String> {
    names_split(attributes, &["rename", "rename_all"]).or_else(|| {
        (direction.is_read && attributes.serde("skip_deserializing")).then(|| {
            "is not read, by `#[serde(skip_deserializing)]`, which ts-rs does not follow: write `#[ts(skip)]`, or make \
             two types of it if it is sent"
                .to_owned()
        })
    })
}

fn fields(
    fields: &Fields,
    container: &Attributes,
    direction: Direction,
    tell: &mut impl FnMut(String, Option<String>),
) {
    for (at, found) in fields.iter().enumerate() {
        let name = found.ident.as_ref().map_or_else(|| at.to_string(), ToString::to_string);
        tell(format!("the field `{}`", name.trim_start_matches("r#")), field(found, container, direction));
    }
}

fn field(field: &Field, container: &Attributes, direction: Direction) -> Option<String> {
    let Direction { is_read, is_written } = direction;
    let attributes = Attributes::of(&field.attrs);
    if attributes.ts(&["skip"]) || attributes.serde("skip") {
        return None;
    }
    if let Some(split) = names_split(&attributes, &["rename"]) {
        return Some(split);
    }
    if attributes.serde("flatten") && is_option(&field.ty) {
        return Some(
            "is flattened and an `Option`, for which ts-rs has no type: flatten a struct whose fields are options"
                .to_owned(),
        );
    }
    let is_used = |(name, is_used): &(&'static str, bool)| *is_used && attributes.serde(name);
    if !attributes.ts(&["as", "type"]) {
        let functions = [("deserialize_with", is_read), ("serialize_with", is_written)];
        if let Some((name, _)) = functions.into_iter().find(is_used) {
            return Some(format!(
                "crosses the wire as `#[serde({name} = \"..\")]` makes it, which ts-rs does not follow: write its type \
                 as in `#[ts(type = \"string\")]`"
            ));
        }
    }
    if attributes.ts(&["optional"]) || container.ts(&["optional_fields"]) && is_option(&field.ty) {
        return None;
    }
    let has_default = attributes.serde("default");
    let omitted = [
        ("skip_deserializing", is_read),
        ("skip_serializing", is_written && !has_default),
        ("skip_serializing_if", is_written && !has_default),
    ];
    omitted.into_iter().find(is_used).map(|(name, _)| {
        format!(
            "may be missing, by `#[serde({name})]`, which ts-rs does not follow: write `#[ts(optional = nullable)]`, or \
             `#[ts(skip)]` if clients neither send nor see it"
        )
    })
}

fn names_split(attributes: &Attributes, names: &[&str]) -> Option<String> {
    let split = names.iter().find(|name| attributes.is_split(name) && !attributes.ts(&[name]))?;
    Some(format!(
        "is called one thing where it is read and may be another where it is written, by `#[serde({split}(..))]`, which \
         ts-rs does not follow: write `#[ts({split} = \"..\")]` for what clients call it, and two types if they call it both"
    ))
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

#[cfg(test)]
mod tests {
    use super::{Direction, unfollowed};

    fn reasons(item: &str, is_read: bool, is_written: bool) -> Vec<String> {
        unfollowed(&syn::parse_str(item).expect("it is an item"), Direction { is_read, is_written })
    }

    #[track_caller]
    fn assert_told(item: &str, (is_read, is_written): (bool, bool), expected: &[&str]) {
        let found = reasons(item, is_read, is_written);
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (reason, expected) in found.iter().zip(expected) {
            assert!(reason.contains(expected), "`{expected}` is expected in `{reason}`");
        }
    }

    const READ: (bool, bool) = (true, false);
    const WRITTEN: (bool, bool) = (false, true);

    #[test]
    fn names_that_differ_by_direction_are_told() {
        let field = r#"struct A { #[serde(rename(serialize = "a", deserialize = "b"))] r#type: u8 }"#;
        let expected = "the field `type` of `A` is called one thing where it is read and may be another where it is \
                        written, by `#[serde(rename(..))]`, which ts-rs does not follow: write `#[ts(rename = \"..\")]`";
        assert_told(field, READ, &[expected]);
        assert_told(r#"#[serde(rename_all(serialize = "camelCase"))] struct A { a: u8 }"#, WRITTEN, &["`A` is called"]);
        assert_told(
            r#"#[serde(rename_all_fields(serialize = "camelCase"))] enum A { B { a: u8 } }"#,
            READ,
            &["`A` is"],
        );
        let variant =
            r#"enum A { #[serde(rename(deserialize = "b"))] B, #[serde(rename_all(serialize = "x"))] C { d: u8 } }"#;
        assert_told(variant, READ, &["the variant `B` of `A` is", "the variant `C` of `A` is"]);
        let told = r#"#[serde(rename_all(serialize = "x"))] #[ts(rename_all = "x")] struct A { #[serde(rename = "b")] a: u8 }"#;
        assert_told(told, READ, &[]);
        assert_told(r#"struct A { #[serde(rename(serialize = "a"))] #[ts(rename = "a")] b: u8 }"#, READ, &[]);
    }

    #[test]
    fn what_crosses_the_wire_as_another_type_is_told() {
        let expected = ["`A` crosses the wire as another type, by `#[serde(from = \"..\")]`"];
        assert_told(r#"#[serde(from = "String", into = "String")] struct A { a: u8 }"#, READ, &expected);
        assert_told(r#"#[serde(from = "String")] struct A { a: u8 }"#, WRITTEN, &[]);
        assert_told(r#"#[serde(into = "String")] enum A { B }"#, WRITTEN, &["`#[ts(as = \"..\")]`"]);
        assert_told(r#"#[serde(into = "String")] #[ts(as = "String")] enum A { B }"#, WRITTEN, &[]);
        assert_told("#[serde(transparent)] struct A { a: u8 }", READ, &["`A` is `#[serde(transparent)]`"]);
        assert_told("#[serde(transparent)] struct A(u8);", READ, &[]);
        let with = r#"struct A { #[serde(deserialize_with = "f")] a: u8, #[serde(serialize_with = "f")] #[ts(type = "string")] b: u8 }"#;
        assert_told(
            with,
            READ,
            &["the field `a` of `A` crosses the wire as `#[serde(deserialize_with = \"..\")]` makes it"],
        );
        assert_told(with, WRITTEN, &[]);
    }

    #[test]
    fn what_may_be_missing_is_told() {
        let omitted = r#"struct A { #[serde(skip_serializing_if = "f")] a: u8, #[serde(skip_deserializing)] b: u8 }"#;
        assert_told(omitted, WRITTEN, &["the field `a` of `A` may be missing, by `#[serde(skip_serializing_if)]`"]);
        assert_told(omitted, READ, &["the field `b` of `A` may be missing, by `#[serde(skip_deserializing)]`"]);
        assert_told("struct A { #[serde(default, skip_serializing_if = \"f\")] a: u8 }", WRITTEN, &[]);
        assert_told("struct A { #[serde(skip_serializing)] #[ts(optional = nullable)] a: u8 }", WRITTEN, &[]);
        assert_told("struct A { #[serde(skip)] a: u8, #[serde(skip_serializing)] #[ts(skip)] b: u8 }", WRITTEN, &[]);
        let all = r#"#[ts(optional_fields)] struct A { #[serde(skip_serializing_if = "f")] a: Option<u8> }"#;
        assert_told(all, WRITTEN, &[]);
        let variant = r#"enum A { B { #[serde(skip_serializing)] c: u8 }, #[serde(skip_deserializing)] D(u8) }"#;
        assert_told(variant, WRITTEN, &["the field `c` of the variant `B` of `A` may be missing"]);
        assert_told(variant, READ, &["the variant `D` of `A` is not read"]);
    }

    #[test]
    fn an_option_that_is_flattened_is_told() {
        let flattened = "struct A { #[serde(flatten)] a: std::option::Option<B>, #[serde(flatten)] c: C }";
        assert_told(flattened, READ, &["the field `a` of `A` is flattened and an `Option`"]);
    }
}
