//! The expansion of the example. `PLUV_SNAPSHOT=overwrite cargo test -p pluv-macros` writes the current one.

use std::{collections::BTreeMap, env, fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprBlock, Item, ItemConst, Meta, Stmt};

/// Expands the rooms of a file, one after another.
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
    let text = format!("// The expansion of `examples/chat`; see `snapshot.rs`.\n\n{}", prettyplease::unparse(&file));
    if env::var_os("PLUV_SNAPSHOT").is_some_and(|what| what == "overwrite") {
        fs::write(&path, &text).expect("it can be written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let line = text.lines().zip(known.lines()).position(|(now, before)| now != before);
    let line = line.unwrap_or_else(|| text.lines().count().min(known.lines().count()));
    assert!(
        text == known,
        "line {} of {} differs from the example's expansion: check the difference after \
         `PLUV_SNAPSHOT=overwrite cargo test -p pluv-macros`",
        line + 1,
        path.display(),
    );
}

/// Counts each name in the code that an expansion adds to the user's item, which is its first.
fn named(source: &str, names: &[&str]) -> Vec<usize> {
    fn count(tokens: TokenStream, name: &str) -> usize {
        let each = tokens.into_iter().map(|token| match token {
            TokenTree::Group(group) => count(group.stream(), name),
            TokenTree::Ident(ident) => usize::from(ident == name),
            TokenTree::Punct(_) | TokenTree::Literal(_) => 0,
        });
        each.sum()
    }
    let own = syn::parse_file(source).expect("it is Rust").items.len();
    assert_eq!(own, 1, "the item is known by its place");
    let added = syn::parse2::<syn::File>(expanded(source)).expect("an expansion is Rust").items.split_off(1);
    let added: TokenStream = added.into_iter().flat_map(without_handle).collect();
    names.iter().map(|name| count(added.clone(), name)).collect()
}

/// Removes the methods of a room's handle: an error about a type there is the same as that in the user's item, and so reported
/// once.
fn without_handle(item: Item) -> TokenStream {
    let Item::Const(ItemConst { expr, .. }) = &item else { return item.into_token_stream() };
    let Expr::Block(ExprBlock { block, .. }) = &**expr else { return item.into_token_stream() };
    let is_handle = |statement: &&Stmt| match statement {
        Stmt::Item(Item::Impl(item)) => item.self_ty.to_token_stream().to_string().contains("Handle <"),
        _ => false,
    };
    block.stmts.iter().filter(|statement| !is_handle(statement)).map(ToTokens::to_token_stream).collect()
}

/// rustc reports an unknown type at each place that names it.
#[test]
fn the_type_of_an_option_is_in_the_expansion_once() {
    let source = "#[pluv::room(user = Named<One>, presence = Look<Two>, output = Words<Three>)] struct Chat;";
    assert_eq!(named(source, &["Named", "One", "Look", "Two", "Words", "Three"]), [1; 6]);
}

#[test]
fn the_type_of_a_handler_is_in_that_handler_only() {
    let source = "#[pluv::room]
        impl Chat {
            #[event]
            fn say(&self, cx: &pluv::Context<'_, Self>, input: Vec<Text>) {}
            #[procedure]
            fn first(&self) -> Option<Answer> {}
            #[procedure]
            async fn last(&self, cx: &pluv::Context<'_, Self>, input: Page) -> Result<Answer, Reason> {}
            #[hook]
            fn authorize(req: &Request, env: &Env, room: &str) -> Result<Option<Named>> {}
        }";
    let names = ["Text", "Vec", "Answer", "Option", "Page", "Reason", "Named"];
    // The trait's own `authorize` has an `Option`.
    assert_eq!(named(source, &names), [0, 0, 0, 1, 0, 0, 0]);
}

/// Counts the assertions of an expansion about the user's types: those about a room's types by their names, and those about
/// its handlers' types by the handlers.
fn asserted(tokens: TokenStream, asserted: &mut BTreeMap<String, usize>) {
    const ASSERTIONS: [&str; 9] = [
        "assert_user",
        "assert_presence",
        "assert_output",
        "assert_input",
        "assert_sent",
        "assert_typed",
        "messages_of",
        "assert_has_user",
        "assert_has_document",
    ];
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => self::asserted(group.stream(), asserted),
            TokenTree::Ident(ident) if ASSERTIONS.contains(&&*ident.to_string()) => {
                let is_argument = |token: &&TokenTree| matches!(token, TokenTree::Group(_));
                let call = tokens[i..].iter().take_while(|token| !is_argument(token)).map(ToString::to_string);
                let mut call: String = call.collect();
                if ident == "assert_input" {
                    call.extend(tokens[i..].iter().find(is_argument).map(ToString::to_string));
                }
                // The method is in front of an assertion about its answer.
                if let Some(TokenTree::Group(method)) = i.checked_sub(5).map(|before| &tokens[before]) {
                    call.extend([" of ".to_owned(), method.to_string()]);
                }
                *asserted.entry(call).or_default() += 1;
            }
            _ => {}
        }
    }
}

fn all_asserted(tokens: TokenStream) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    asserted(tokens, &mut all);
    all
}

#[test]
fn nothing_is_asserted_twice() {
    let all = all_asserted(example());
    for assertion in ["assert_user::<__User>", "assert_presence::<__Presence>", "assert_output::<__Output>"] {
        assert_eq!(all.get(assertion), Some(&1), "{assertion} in {all:#?}");
    }
    assert!(all.keys().any(|known| known.starts_with("assert_input") && known.contains("send_message")), "{all:#?}");
    assert!(all.values().all(|count| *count == 1), "{all:#?}");
}

/// Counts the assertions that begin like this.
fn count(all: &BTreeMap<String, usize>, assertion: &str) -> usize {
    all.iter().filter(|(known, _)| known.starts_with(assertion)).map(|(_, count)| count).sum()
}

#[test]
fn the_type_of_two_handlers_is_asserted_once() {
    let all = all_asserted(expanded(
        "#[pluv::room]
        impl Chat {
            #[event]
            fn say(&self, cx: &pluv::Context<'_, Self>, input: Text) {}
            #[event]
            fn shout(&self, cx: &pluv::Context<'_, Self>, input: Text) {}
            #[procedure]
            fn first(&self) -> Text {}
            #[procedure]
            async fn last(&self) -> Result<Text> {}
        }",
    ));
    assert_eq!(["assert_input", "assert_sent", "assert_typed"].map(|name| count(&all, name)), [1; 3], "{all:#?}");
}

#[test]
fn a_type_without_a_name_needs_none_in_typescript() {
    let all = all_asserted(expanded(
        "#[pluv::room]
        impl Chat {
            #[procedure]
            fn name<'a>(&'a self) -> Result<&'a str> {}
            #[procedure]
            fn all(&self) -> impl Serialize {}
            #[procedure]
            fn some(&self) -> Result<Vec<impl Serialize>> {}
        }",
    ));
    assert_eq!(["assert_sent", "assert_typed"].map(|name| count(&all, name)), [3, 1], "{all:#?}");
}
