//! What the example expands to. `PLUV_SNAPSHOT=overwrite cargo test -p pluv-macros` writes it down anew, for a look at
//! the difference.

use std::{collections::BTreeMap, env, fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Item, Meta};

/// The expansions of a file's rooms, one after another.
fn expanded(source: &str) -> TokenStream {
    let file = syn::parse_file(source).expect("it is Rust");
    file.items.into_iter().filter_map(expand).collect()
}

fn expand(mut item: Item) -> Option<TokenStream> {
    let attributes = match &mut item {
        Item::Struct(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        _ => return None,
    };
    let room =
        attributes.iter().position(|attribute| attribute.path().segments.last().is_some_and(|s| s.ident == "room"))?;
    let options = match attributes.remove(room).meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    Some(crate::expand(options, item.into_token_stream()))
}

fn example() -> TokenStream {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/chat/src/lib.rs");
    expanded(&fs::read_to_string(path).expect("the example is there"))
}

#[test]
fn the_example_expands_as_it_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshot/chat.rs");
    let file = syn::parse2(example()).expect("an expansion is Rust");
    let text = format!(
        "// What the rooms of `examples/chat` expand to; see `snapshot.rs`.\n\n{}",
        prettyplease::unparse(&file)
    );
    if env::var_os("PLUV_SNAPSHOT").is_some_and(|what| what == "overwrite") {
        fs::write(&path, &text).expect("it can be written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let line = text.lines().zip(known.lines()).position(|(now, before)| now != before);
    let line = line.unwrap_or_else(|| text.lines().count().min(known.lines().count()));
    assert!(
        text == known,
        "line {} of {} is not what the example expands to: look at what has changed after \
         `PLUV_SNAPSHOT=overwrite cargo test -p pluv-macros`",
        line + 1,
        path.display(),
    );
}

/// What an expansion asks of the user's types: each call in it that names a type, and how often it stands there.
fn asked(tokens: TokenStream, asked: &mut BTreeMap<String, usize>) {
    const ASKS: [&str; 7] = ["received", "sent", "begun", "is_room", "has_handlers", "needs_user", "needs_document"];
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => self::asked(group.stream(), asked),
            TokenTree::Ident(ident) if ASKS.contains(&&*ident.to_string()) => {
                let call = tokens[i..].iter().take_while(|token| !matches!(token, TokenTree::Group(_)));
                *asked.entry(call.map(ToString::to_string).collect()).or_default() += 1;
            }
            _ => {}
        }
    }
}

fn all_asked(tokens: TokenStream) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    asked(tokens, &mut all);
    all
}

#[test]
fn nothing_is_asked_for_twice() {
    let all = all_asked(example());
    for ask in ["received::<User>", "sent::<User>", "begun::<Presence>", "sent::<Output>", "received::<SendMessage>"] {
        assert_eq!(all.get(ask), Some(&1), "{ask} in {all:#?}");
    }
    assert!(all.values().all(|count| *count == 1), "{all:#?}");
}

#[test]
fn a_type_that_two_handlers_name_is_asked_for_once() {
    let all = all_asked(expanded(
        "#[pluv::room]
        impl Chat {
            #[event]
            fn say(&self, cx: &Context<'_, Self>, input: Text) {}
            #[event]
            fn shout(&self, cx: &Context<'_, Self>, input: Text) {}
            #[procedure]
            fn first(&self) -> Text {}
            #[procedure]
            async fn last(&self) -> Result<Text> {}
        }",
    ));
    assert_eq!(all.get("received::<Text>"), Some(&1), "{all:#?}");
    assert_eq!(all.get("sent::<Text>"), Some(&1), "{all:#?}");
}

#[test]
fn what_borrows_is_asked_for_as_if_it_lived_for_ever() {
    let all = all_asked(expanded(
        "#[pluv::room]
        impl Chat {
            #[procedure]
            fn name<'a>(&'a self) -> Result<&'a str> {}
            #[procedure]
            fn all(&self) -> impl Serialize {}
            #[procedure]
            fn text(&self) -> Cow<'_, str> {}
        }",
    ));
    let sent = all.keys().filter(|ask| ask.starts_with("sent")).collect::<Vec<_>>();
    assert_eq!(sent, ["sent::<&'staticstr>", "sent::<Cow<'static,str>>"]);
}
