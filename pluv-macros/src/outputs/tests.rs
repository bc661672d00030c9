use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use super::{Output, documented, names, read};
use crate::{beside::Beside, errors::Errors};

fn messages(source: &str) -> Vec<String> {
    let (output, mut errors): (Type, _) = (parse_quote!(Output), Errors::default());
    if let Some(beside) = Beside::of_struct(source, true, &format_ident!("Chat")) {
        read(&output, &beside, &mut errors);
    }
    errors.messages()
}

#[track_caller]
fn assert_names(item: proc_macro2::TokenStream, expected: &[&str]) {
    let item = syn::parse2(item).expect("it is an enum");
    let names: Vec<_> = names::written(&item).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, expected);
}

#[test]
fn variants_are_called_as_serde_calls_them() {
    assert_names(
        quote!(
            enum O {
                MessageSent { id: u32 },
                r#Gone,
            }
        ),
        &["MessageSent", "Gone"],
    );
    let cases = [
        ("lowercase", "messagesent"),
        ("UPPERCASE", "MESSAGESENT"),
        ("PascalCase", "MessageSent"),
        ("camelCase", "messageSent"),
        ("snake_case", "message_sent"),
        ("SCREAMING_SNAKE_CASE", "MESSAGE_SENT"),
        ("kebab-case", "message-sent"),
        ("SCREAMING-KEBAB-CASE", "MESSAGE-SENT"),
    ];
    for (case, name) in cases {
        assert_names(
            quote!(
                #[serde(tag = "type", rename_all = #case)]
                enum O {
                    MessageSent,
                }
            ),
            &[name],
        );
        assert_names(
            quote!(
                #[serde(rename_all(deserialize = "x", serialize = #case))]
                enum O {
                    MessageSent,
                }
            ),
            &[name],
        );
    }
    assert_names(
        quote!(
            #[serde(rename_all = "camelCase")]
            enum O {
                #[serde(rename = "a", alias = "b")]
                One,
                #[serde(rename(serialize = "c"), bound(serialize = "T: X"))]
                Two,
                #[serde(rename(deserialize = "d"))]
                Three,
                #[serde(skip)]
                Four,
                #[serde(skip_serializing)]
                Five,
                #[cfg(test)]
                Six,
            }
        ),
        &["a", "c", "three"],
    );
}

#[test]
fn two_of_one_name_and_those_of_the_protocol_are_reported() {
    let source = r#"
        struct Chat;
        enum Output {
            Said { text: String },
            #[serde(rename = "Said")]
            Spoken { text: String },
            #[serde(rename = "$exit")]
            Exit,
        }
    "#;
    let [twice, reserved] = &messages(source)[..] else { panic!("two errors are expected") };
    assert!(twice.starts_with("`Output::Said` and `Output::Spoken` are both sent as `Said`: rename"), "{twice}");
    assert!(reserved.starts_with("`Output::Exit` can't be sent as `$exit`: names that begin"), "{reserved}");
}

#[test]
fn doc_comments_of_variants_are_read() {
    let found = parse_quote! {
        #[serde(rename_all = "camelCase")]
        enum Output {
            /// Someone said something.
            /// It is short.
            MessageSent { text: String },
            Silent,
        }
    };
    let docs = "Someone said something.\nIt is short.".to_owned();
    assert_eq!(documented(&found), [Output { name: "messageSent".to_owned(), docs }]);
}

#[track_caller]
fn assert_shape(item: &str, part: Option<&str>) {
    let messages = messages(&format!("struct Chat; struct Data {{ a: u8 }} #[derive(Serialize)] {item}"));
    match (part, &messages[..]) {
        (None, []) => {}
        (Some(part), [message]) if message.contains(part) => {}
        _ => panic!("{part:?} is expected of `{item}`, and it is {messages:#?}"),
    }
}

#[test]
fn an_output_writes_what_clients_read() {
    let write = Some("write `#[serde(tag = \"type\", content = \"data\")]` on it");
    for attributes in
        ["", "#[serde(tag = \"type\")]", "#[serde(untagged)]", "#[serde(tag = \"type\", content = \"payload\")]"]
    {
        assert_shape(&format!("{attributes} enum Output {{ Said {{ text: String }} }}"), write);
    }
    assert_shape(
        "#[serde(tag = \"type\", content = \"data\")] enum Output { Said { text: String }, Gone, Is(Data) }",
        None,
    );
    // What serde is given in place of it can't be seen.
    assert_shape("#[serde(into = \"Other\")] enum Output { Said }", None);
    assert_shape("#[serde(remote = \"Other\")] enum Output { Said }", None);
    assert_shape("struct Output { text: String }", Some("`Output` is no enum"));
    assert_shape("struct Output { r#type: String, data: Data }", None);
    assert_shape("struct Output { #[serde(rename = \"type\")] kind: String, data: Data }", None);
}

#[test]
fn an_output_by_hand_is_not_looked_into() {
    assert_eq!(messages("struct Chat; enum Output { Said(u8) }"), [""; 0]);
}

#[test]
fn the_data_of_an_output_is_an_object() {
    let tagged = |variants: &str| format!("#[serde(tag = \"type\", content = \"data\")] enum Output {{ {variants} }}");
    let no_object = Some("the data of `Output::Said` is no object");
    for data in ["u32", "String", "Vec<Data>", "(u8, u8)", "[u8; 2]", "&'static str", "Data, Data", ""] {
        assert_shape(&tagged(&format!("Said({data})")), no_object);
    }
    for data in ["Data", "other::Text", "HashMap<String, u8>", "Option<Data>", "Box<Data>"] {
        assert_shape(&tagged(&format!("Said({data})")), None);
    }
    assert_shape(&tagged("#[serde(skip)] Said(u32)"), None);
    assert_shape(&tagged("#[serde(with = \"module\")] Said(u32)"), None);
    assert_shape(&tagged("Said(#[serde(with = \"module\")] u32)"), None);
    assert_shape(&(tagged("Said(String)") + "struct String { a: u8 }"), None);
}
