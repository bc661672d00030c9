use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use super::{Output, check_names, documented, find, names};
use crate::errors::Errors;

fn messages(source: &str) -> Vec<String> {
    let (output, mut errors): (Type, _) = (parse_quote!(Output), Errors::default());
    if let Some(found) = find::beside(source, &format_ident!("Chat"), &output) {
        check_names(&output, &found, &mut errors);
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

#[test]
fn only_the_enum_beside_the_struct_is_looked_at() {
    let wrong = r#"enum Output { A, #[serde(rename = "A")] B }"#;
    assert_eq!(messages(&format!("struct Chat; {wrong}")).len(), 1);
    assert_eq!(messages(&format!("mod a {{ mod b {{ {wrong} struct Chat; }} }}")).len(), 1);
    for elsewhere in [
        format!("struct Chat; use other::Output; mod a {{ {wrong} }}"),
        format!("{wrong} mod a {{ struct Chat; }}"),
        format!("struct Chat; #[cfg(test)] {wrong}"),
        format!("struct Chat; {wrong} #[cfg(test)] enum Output {{}}"),
        format!("{wrong} fn f() {{ struct Chat; }}"),
        format!("struct Chat; {wrong} and what is no Rust"),
    ] {
        assert_eq!(messages(&elsewhere), [""; 0], "{elsewhere}");
    }
}
