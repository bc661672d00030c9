//! Fields that serde reads without, as they have a default.

use syn::{Attribute, Fields, Item};

use super::{
    super::tokens::{Kind, depth, tokens},
    attributes::Attributes,
};

/// For each field of a struct that TypeScript has under a name, in their order, whether it has a default. Nothing where
/// these may be others than are written.
pub(super) fn of(item: &Item) -> Vec<bool> {
    let Item::Struct(item) = item else { return Vec::new() };
    let container = Attributes::of(&item.attrs);
    let attributes = item.attrs.iter().chain(item.fields.iter().flat_map(|field| &field.attrs));
    let is_conditional = |attribute: &Attribute| ["cfg", "cfg_attr"].iter().any(|name| attribute.path().is_ident(name));
    let is_other = container.ts(&["as", "type"]) || attributes.into_iter().any(is_conditional);
    if is_other || !matches!(item.fields, Fields::Named(_)) {
        return Vec::new();
    }
    // The tag is a field to TypeScript.
    let tag = (container.serde("tag") || container.ts(&["tag"])).then_some(false);
    let fields = item.fields.iter().map(|field| Attributes::of(&field.attrs));
    let named =
        fields.filter(|field| !field.ts(&["skip", "flatten"]) && !field.serde("skip") && !field.serde("flatten"));
    let default = |field: Attributes| {
        // Who says themselves whether it is optional is heard.
        (container.serde("default") || field.serde("default")) && !field.ts(&["optional"])
    };
    tag.into_iter().chain(named.map(default)).collect()
}

/// The declaration of a struct, with the fields optional that have a default.
pub(in super::super) fn with_defaults(text: &str, defaults: &[bool]) -> String {
    let all = tokens(text);
    let mut optional = String::with_capacity(text.len());
    let (mut copied, mut open, mut defaults) = (0, 0, defaults.iter());
    for (token, after) in all.iter().zip(all.iter().skip(1)) {
        open += depth(token);
        let is_field = open == 1 && token.kind == Kind::Word && (after.is(":") || after.is("?"));
        if is_field && defaults.next() == Some(&true) && after.is(":") {
            optional.extend([&text[copied..after.at], "?"]);
            copied = after.at;
        }
    }
    optional + &text[copied..]
}

#[cfg(test)]
mod tests {
    use super::{of, with_defaults};

    #[track_caller]
    fn assert_optional(item: &str, declared: &str, expected: &str) {
        let item = syn::parse_str(item).expect("it is an item");
        assert_eq!(with_defaults(declared, &of(&item)), expected);
    }

    #[test]
    fn a_field_with_a_default_is_optional() {
        let declared = "type A = { a: number, \n/** b: c */\nb: { a: string, c?: string }, \"c d\": Array<E>, };";
        let expected = "type A = { a: number, \n/** b: c */\nb?: { a: string, c?: string }, \"c d\"?: Array<E>, };";
        let item = r#"struct A { a: u8, #[serde(default)] b: B, #[serde(default = "f", rename = "c d")] c: Vec<E> }"#;
        assert_optional(item, declared, expected);
        assert_optional(
            "#[serde(default)] struct A { a: u8 }",
            "type A = { a: number, };",
            "type A = { a?: number, };",
        );
        let skipped =
            r#"#[serde(tag = "t")] struct A { #[serde(skip)] s: u8, #[serde(flatten)] f: F, #[serde(default)] a: u8 }"#;
        let declared = "type A = { \"t\": \"A\", a: number, f: number, };";
        assert_optional(skipped, declared, "type A = { \"t\": \"A\", a?: number, f: number, };");
    }

    #[test]
    fn what_is_told_of_a_field_is_kept() {
        let declared = "type A<T> = { a?: T | null, b: number, };";
        let told = "struct A<T> { #[serde(default)] a: Option<T>, #[serde(default)] #[ts(optional = false)] b: u8 }";
        assert_optional(told, declared, declared);
        for item in [
            "enum A { #[serde(other)] B }",
            "#[serde(default)] struct A(B, C);",
            "struct A { #[cfg(test)] c: u8, #[serde(default)] a: u8, #[serde(default)] b: u8 }",
            "#[serde(default)] #[ts(as = \"B\")] struct A { a: u8 }",
        ] {
            assert_optional(item, declared, declared);
        }
    }
}
