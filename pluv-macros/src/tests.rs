//! Tests of the whole macro, from tokens to errors and tokens.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{check, errors::Errors, expand, model, parse, parse::Item};

/// Returns the errors of an annotated item.
fn messages(options: TokenStream, item: TokenStream) -> Vec<String> {
    let mut errors = Errors::default();
    let options = parse::options(options, &mut errors);
    match parse::item(item, &mut errors) {
        Some(Item::Type(item)) => {
            check::definition(&model::Definition::new(*item, options), &mut errors);
        }
        Some(Item::Impl(item)) => {
            let handlers = model::Handlers::new(*item, options, &mut errors);
            check::handlers(&handlers, &mut errors);
        }
        None => {}
    }
    errors.messages()
}

fn of_struct(options: TokenStream) -> Vec<String> {
    messages(
        options,
        quote!(
            struct Chat;
        ),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "tests are shorter")]
fn of_methods(methods: TokenStream) -> Vec<String> {
    messages(quote!(), quote!(impl Chat { #methods }))
}

#[track_caller]
fn assert_one(messages: &[String], part: &str) {
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].contains(part), "`{part}` is expected in `{}`", messages[0]);
}

#[test]
fn every_option_is_accepted() {
    let options = quote! {
        user = User, presence = Map<String, Vec<u8>>, output = crate::Output, path = "/chat", binding = "ROOM",
        storage = Yrs, retention = "30d", limits(storage = 5_000_000), secret = ["A", "B"], cors = "https://app.example", relay_unknown, debug, crate = "my::pluv",
    };
    assert_eq!(of_struct(options), Vec::<String>::new());
    assert_eq!(of_struct(quote!(secret = "A", cors = ["https://a.example", "http://localhost:3000"])), [""; 0]);
    assert_eq!(of_struct(quote!(relay_unknown = false, wrangler = false, cors = "*")), [""; 0]);
    assert_eq!(of_struct(quote!()), [""; 0]);
}

#[test]
fn an_unknown_option_suggests_a_similar_one() {
    assert_one(&of_struct(quote!(presense = P)), "there is no option `presense`: did you mean `presence`?");
    assert_one(&of_struct(quote!(database = P)), "there are `user`, `presence`, `output`");
}

#[test]
fn a_repeated_option_is_an_error() {
    assert_one(&of_struct(quote!(user = A, user = B)), "the option `user` is given twice");
}

#[test]
fn a_value_of_the_wrong_kind_shows_an_example() {
    assert_one(&of_struct(quote!(user)), "write `user = User`");
    assert_one(&of_struct(quote!(user = "User")), "write `user = User`");
    assert_one(&of_struct(quote!(path = 5)), "write `path = \"/api/pluv\"`");
    assert_one(&of_struct(quote!(path = Chat)), "write `path = \"/api/pluv\"`");
    assert_one(&of_struct(quote!(secret = [])), "write `secret = [\"PLUV_SECRET\"]`");
    assert_one(&of_struct(quote!(secret = ["A", 5])), "write `secret = [\"PLUV_SECRET\"]`");
    assert_one(&of_struct(quote!(relay_unknown = "yes")), "write `relay_unknown`");
    assert_one(&of_struct(quote!(wrangler)), "write `wrangler = false`");
    assert_one(&of_struct(quote!(wrangler = "no")), "write `wrangler = false`");
    assert_one(&of_struct(quote!(crate = "no path")), "write `crate = \"pluv\"`");
}

#[test]
fn retention_is_keep_delete_or_a_time() {
    for (text, after) in [("keep", None), ("delete", Some(0)), ("30d", Some(30 * 86_400_000)), ("90s", Some(90_000))] {
        assert_eq!(parse::retention(text), Ok(after));
        assert_eq!(of_struct(quote!(storage = Yrs, retention = #text)), [""; 0]);
    }
    for text in ["", "30", "d", "-1d", "0d", "1y", "30 d", "99999999999d", "é"] {
        assert_one(&of_struct(quote!(storage = Yrs, retention = #text)), "write `\"keep\"`");
    }
    assert_one(&of_struct(quote!(retention = "30d")), "`retention` needs `storage = Yrs`");
}

#[test]
fn a_limit_is_a_number_within_its_range() {
    assert_one(&of_struct(quote!(storage = Yrs, limits(storage = 0))), "from 1 to 10000000 bytes");
    assert_one(&of_struct(quote!(storage = Yrs, limits(storage = 900_000_000))), "from 1 to 10000000 bytes");
    assert_one(&of_struct(quote!(storage = Yrs, limits(storage = "5MB"))), "in bytes");
    assert_one(&of_struct(quote!(storage = Yrs, limits(storge = 5))), "did you mean `storage`?");
    assert_one(&of_struct(quote!(storage = Yrs, limits = 5)), "write `limits(storage = 5_000_000)`");
    assert_one(&of_struct(quote!(limits(storage = 5))), "needs `storage = Yrs`");
    assert_one(&of_struct(quote!(limits(connections = MAX))), "write `connections = 500`");
    assert_one(&of_struct(quote!(limits(connections = 60 * 5))), "write `connections = 500`");
    assert_one(&of_struct(quote!(limits(message: 5_000))), "the limit `message` needs a value");
    assert_one(&of_struct(quote!(limits(message))), "the limit `message` needs a value");
    assert_one(&of_struct(quote!(limits(message = 5_000 connections = 5))), "a comma is missing after");
    assert_one(&of_struct(quote!(limits("message" = 5_000))), "a limit is expected here");
}

#[test]
fn several_mistakes_in_limits_are_several_errors() {
    let several =
        of_struct(quote!(limits(connections = MAX, message, idle = "1ms", presence = 5, presence = 6, usr = 1)));
    assert_eq!(several.len(), 5, "{several:#?}");
    assert_one(&of_struct(quote!(storage = Yjs)), "write `storage = Yrs`");
}

#[test]
fn several_mistakes_in_options_are_several_errors() {
    assert_eq!(of_struct(quote!(usr = A, path = 5, output = O, output = P, cors)).len(), 4);
}

#[test]
fn a_path_begins_but_does_not_end_with_a_slash() {
    for path in ["api", "/api/", "//api", ""] {
        assert_one(&of_struct(quote!(path = #path)), "write `path = \"/api");
    }
    assert_one(&of_struct(quote!(path = "/a b")), "` ` can't stand in a path");
    assert_one(&of_struct(quote!(path = "/a?b")), "`?` can't stand in a path");
}

#[test]
fn an_origin_has_the_form_that_browsers_send() {
    for origin in ["app.example", "https://app.example/", "https://App.example", "https://", "https://*.example"] {
        assert_one(&of_struct(quote!(cors = #origin)), "is no origin as browsers send it");
    }
    assert_one(&of_struct(quote!(cors = ["*", "https://app.example"])), "stands alone");
}

#[test]
fn a_binding_is_an_identifier() {
    assert_one(&of_struct(quote!(binding = "a b")), "can't be a binding");
    assert_one(&of_struct(quote!(binding = "")), "can't be a binding");
}

#[test]
fn a_room_is_a_struct_without_generics_or_its_impl() {
    assert_one(
        &messages(
            quote!(),
            quote!(
                enum Chat {}
            ),
        ),
        "goes on a struct",
    );
    assert_one(&messages(quote!(), quote!(union Chat { a: u8 })), "goes on a struct");
    assert_one(
        &messages(
            quote!(),
            quote!(
                fn chat() {}
            ),
        ),
        "goes on a struct",
    );
    assert_one(
        &messages(
            quote!(),
            quote!(
                struct Chat<T>(T);
            ),
        ),
        "a room can't be generic",
    );
    // rustc reports the handlers of a trait impl.
    let of_trait = expand(quote!(), quote!(impl Room for Chat {})).to_string();
    assert!(of_trait.contains("reject_trait_impl"), "{of_trait}");
    assert_one(&messages(quote!(), quote!(impl [Chat] {})), "a room is a struct");
    // The error is at the struct, or rustc reports that it is not a room.
    assert_eq!(
        messages(
            quote!(),
            quote!(
                impl<T> Chat<T> {}
            )
        ),
        [""; 0]
    );
    assert_eq!(messages(quote!(), quote!(impl Chat<u8> {})), [""; 0]);
}

#[test]
fn a_repeated_attribute_is_an_error() {
    let twice = quote!(
        #[pluv::room(output = Output)]
        struct Chat;
    );
    assert_one(&messages(quote!(), twice), "stands here twice");
}

#[test]
fn an_impl_accepts_only_the_option_crate() {
    assert_one(&messages(quote!(user = User), quote!(impl Chat {})), "`user` goes on the room's struct");
    assert_eq!(messages(quote!(crate = "p"), quote!(impl Chat {})), [""; 0]);
}

#[test]
fn every_valid_signature_is_accepted() {
    let methods = quote! {
        #[event]
        fn nothing(&self) {}
        #[event]
        async fn context(&self, cx: &Context) -> Result<()> { Ok(()) }
        #[event(name = "INPUT")]
        pub(crate) async fn input(&self, _: &Context<'_, Self>, Text { text }: Text) {}
        #[procedure]
        fn procedure(&self) -> u32 { 1 }
        #[procedure(name = "ask", reply = "told")]
        async fn fallible<'a>(&'a self, cx: &'a Context<'a, Self>, input: a::B) -> pluv::Result<Vec<u8>> { todo!() }
        #[hook]
        fn create(env: &Env) -> Self { Self }
        #[hook]
        async fn authorize(req: &Request, env: &Env, room: &str) -> Result<Option<User>> { Ok(None) }
        #[hook]
        fn on_user_connected(&self) {}
        #[hook]
        async fn on_user_disconnected(&self, cx: &Context) -> Result<()> { Ok(()) }
        #[hook]
        fn on_message(&self, cx: &Context, message: &Message<'_>) {}
        const LIMIT: usize = 5;
        fn helper(&mut self, a: u8, b: u8) -> u8 { a + b }
    };
    assert_eq!(of_methods(methods), [""; 0]);
}

#[test]
fn a_receiver_is_a_shared_reference() {
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(&mut self) {}
        )),
        "`Cell` or `RefCell`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(self) {}
        )),
        "takes `&self`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(self: Rc<Self>) {}
        )),
        "takes `&self`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(cx: &Context) {}
        )),
        "write `fn say(&self,",
    );
}

#[test]
fn a_handler_takes_its_context_and_one_input() {
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(&self, input: Text) {}
        )),
        "input: Text)`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(&self, input: Text, cx: &Context) {}
        )),
        "comes first",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(&self, cx: &C, input: &Text) {}
        )),
        "by value: write `Text`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say(&self, cx: &C, a: A, b: B) {}
        )),
        "takes one input",
    );
    let two = quote!(
        #[event]
        fn say(&self, cx: &Context, cy: &Context<'_, Self>) {}
    );
    assert_one(&of_methods(two), "takes its context once");
    for (input, owned) in [(quote!(&str), "write `String`"), (quote!(&[u8]), "write `Vec<u8>`")] {
        assert_one(&of_methods(quote!(#[event] fn say(&self, cx: &C, input: #input) {})), owned);
    }
}

#[test]
fn a_context_is_a_shared_reference() {
    for context in
        [quote!(Context<'_, Self>), quote!(&mut pluv::Context<'_, Self>), quote!(std::rc::Rc<Context<'_, Self>>)]
    {
        let one = quote!(#[event] fn say(&self, cx: #context) {});
        assert_one(&of_methods(one), "write `cx: &Context`");
        let two = quote!(#[event] fn say(&self, cx: #context, input: Text) {});
        assert_one(&of_methods(two), "write `cx: &Context`");
    }
}

#[test]
fn a_bare_context_and_result_are_the_runtimes() {
    let completed = |methods: TokenStream| {
        assert_eq!(of_methods(methods.clone()), [""; 0]);
        expand(quote!(crate = "::rooms"), quote!(impl Chat { #methods })).to_string()
    };
    for (context, expected) in [
        (quote!(&Context), "& :: rooms :: Context < '_ , Self >"),
        (quote!(&Context<'a>), "& :: rooms :: Context < 'a , Self >"),
        (quote!(&other::Context<'_>), "& other :: Context < '_ , Self >"),
        (quote!(&Context<'_, Chat>), "& Context < '_ , Chat >"),
        (quote!(&Cx<'_>), "& Cx < '_ >"),
    ] {
        let expanded = completed(quote!(#[event] fn say<'a>(&self, cx: #context) {}));
        assert!(expanded.contains(&format!("cx : {expected}) {{ }}")), "{expanded}");
    }
    for (result, expected) in [
        (quote!(Result<u8>), ":: rooms :: Result < u8 >"),
        (quote!(Result<u8, Reason>), "Result < u8 , Reason >"),
        (quote!(other::Result<u8>), "other :: Result < u8 >"),
        (quote!(Option<u8>), "Option < u8 >"),
    ] {
        let expanded = completed(quote!(#[procedure] fn ask(&self) -> #result {}));
        assert!(expanded.contains(&format!("-> {expected} {{ }}")), "{expanded}");
    }
    // Other methods are not changed.
    let expanded = completed(quote!(
        fn helper(&self, cx: &Context) -> Result<u8> {}
    ));
    assert!(expanded.contains("cx : & Context) -> Result < u8 > { }"), "{expanded}");
}

#[test]
fn an_input_owns_its_data() {
    let inputs = [
        quote!(Text<'_>),
        quote!(a::Text<'a, u8>),
        quote!(Vec<&str>),
        quote!(Option<(Cow<'_, str>, &str)>),
        quote!((u8, &'static str)),
    ];
    for input in inputs {
        assert_one(&of_methods(quote!(#[event] fn say<'a>(&self, cx: &C, input: #input) {})), "can't borrow");
    }
    assert_eq!(
        of_methods(quote!(
            #[event]
            fn say(&self, cx: &C, input: Text<'static>) {}
        )),
        [""; 0]
    );
    let owned = quote!(
        #[event]
        fn say(&self, cx: &C, input: Vec<Cow<'_, [Cow<'_, str>]>>) {}
    );
    assert_eq!(of_methods(owned), [""; 0]);
}

#[test]
fn a_marker_goes_on_a_method() {
    for item in [
        quote!(
            const A: u8 = 1;
        ),
        quote!(
            type A = u8;
        ),
        quote!(make!();),
    ] {
        assert_one(&of_methods(quote!(#[event] #item)), "`#[event]` goes on a method");
    }
}

#[test]
fn of_two_handlers_with_one_name_one_is_kept() {
    let methods = quote!(
        #[hook]
        fn create(env: &Env) -> Self {}
        #[hook]
        fn create(env: &Env) -> Self {}
    );
    assert_one(&of_methods(methods.clone()), "there are two handlers `create`");
    let expanded = expand(quote!(), quote!(impl Chat { #methods })).to_string();
    assert_eq!(expanded.matches("fn create").count(), 2, "the first, and the trait's: {expanded}");
}

#[test]
fn a_handler_is_a_plain_function() {
    assert_one(
        &of_methods(quote!(
            #[event]
            unsafe fn say(&self) {}
        )),
        "can't be `unsafe`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            const fn say(&self) {}
        )),
        "can't be `const`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            extern "C" fn say(&self) {}
        )),
        "can't be `extern`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say<T>(&self, cx: &C, input: T) {}
        )),
        "can't be generic",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            fn say<const N: usize>(&self) {}
        )),
        "can't be generic",
    );
}

#[test]
fn a_procedure_returns_its_answer() {
    for nothing in [quote!(), quote!(-> ()), quote!(-> Result<()>), quote!(-> pluv::Result<(), E>)] {
        assert_one(&of_methods(quote!(#[procedure] fn ask(&self) #nothing {})), "a procedure returns its answer");
    }
}

#[test]
fn an_event_has_one_handler_and_a_valid_name() {
    let twice = quote! {
        #[event]
        fn send_message(&self) {}
        #[event(name = "sendMessage")]
        fn other(&self) {}
    };
    assert_one(&of_methods(twice), "the event `sendMessage` is handled twice");
    let never_both = quote! {
        #[cfg(a)]
        #[event]
        fn say(&self) {}
        #[cfg(not(a))]
        #[event]
        fn say(&self) {}
    };
    assert_eq!(of_methods(never_both), [""; 0]);
    for name in ["$say", "", "say it"] {
        assert_one(
            &of_methods(quote!(
                #[event(name = #name)]
                fn say(&self) {}
            )),
            "can't be",
        );
    }
    assert_one(
        &of_methods(quote!(
            #[procedure(reply = "$r")]
            fn ask(&self) -> u8 {
                1
            }
        )),
        "can't be",
    );
    let promise = quote!(
        #[procedure]
        fn then(&self) -> u8 {
            1
        }
    );
    assert_one(&of_methods(promise), "`room.call` for a promise");
}

#[test]
fn an_answer_has_a_unique_name() {
    let two = quote! {
        #[procedure(reply = "past")]
        fn history(&self) -> u8 { 1 }
        #[procedure(reply = "past")]
        fn page(&self) -> u8 { 1 }
    };
    assert_one(&of_methods(two), "the answers of `history` and of `page` are both called `past`");
    let named_as_another = quote! {
        #[procedure]
        fn history(&self) -> u8 { 1 }
        #[procedure(reply = "historyResult")]
        fn page(&self) -> u8 { 1 }
    };
    assert_one(&of_methods(named_as_another), "both called `historyResult`");
    let never_both = quote! {
        #[cfg(a)]
        #[procedure(reply = "past")]
        fn history(&self) -> u8 { 1 }
        #[cfg(not(a))]
        #[procedure(reply = "past")]
        fn page(&self) -> u8 { 1 }
    };
    assert_eq!(of_methods(never_both), [""; 0]);
}

#[test]
fn a_room_whose_create_is_under_a_cfg_also_has_the_default() {
    let methods = quote! {
        #[cfg(a)]
        #[hook]
        fn create(env: &Env) -> Self {}
    };
    let expanded = expand(quote!(), quote!(impl Chat { #methods })).to_string();
    assert_eq!(expanded.matches("# [cfg (a)]").count(), 2, "the user's, and what calls it: {expanded}");
    assert_eq!(expanded.matches("# [cfg (all (not (all (a))))]").count(), 1, "{expanded}");
}

#[test]
fn an_invalid_marker_shows_its_options() {
    assert_one(
        &of_methods(quote!(
            #[event(nmae = "x")]
            fn say(&self) {}
        )),
        "did you mean `name`?",
    );
    assert_one(
        &of_methods(quote!(
            #[event(reply = "x")]
            fn say(&self) {}
        )),
        "no option `reply`",
    );
    assert_one(
        &of_methods(quote!(
            #[event(name = 5)]
            fn say(&self) {}
        )),
        "write `name = \"..\"`",
    );
    assert_one(
        &of_methods(quote!(
            #[event(name)]
            fn say(&self) {}
        )),
        "write `name = \"..\"`",
    );
    assert_one(
        &of_methods(quote!(
            #[event = "x"]
            fn say(&self) {}
        )),
        "write `#[event]`",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            #[event]
            fn say(&self) {}
        )),
        "marked `#[event]` twice",
    );
    assert_one(
        &of_methods(quote!(
            #[event]
            #[hook]
            fn say(&self) {}
        )),
        "both `#[event]` and `#[hook]`",
    );
    assert_one(
        &of_methods(quote!(
            #[hook(name = "x")]
            fn on_message(&self, c: &C, m: &M) {}
        )),
        "names the hook's role",
    );
}

#[test]
fn an_unknown_hook_suggests_a_similar_one() {
    assert_one(
        &of_methods(quote!(
            #[hook]
            fn on_user_conected(&self) {}
        )),
        "did you mean `on_user_connected`?",
    );
    assert_one(
        &of_methods(quote!(
            #[hook]
            fn tick(&self) {}
        )),
        "there are `create`, `authorize`",
    );
}

#[test]
fn a_hook_can_name_its_role() {
    let methods = quote! {
        #[hook(create)]
        fn new(env: &Env) -> Self { Self }
        #[hook(user_connected)]
        fn greet(&self, cx: &Context) {}
        #[hook(initial_storage)]
        async fn load(&self, room: &str) -> Result<Option<Vec<u8>>> {}
    };
    assert_eq!(of_methods(methods.clone()), [""; 0]);
    let expanded = expand(quote!(), quote!(impl Chat { #methods })).to_string();
    for call in ["Self :: new (env)", "Self :: greet (self ,", "Self :: load (self , room) . await"] {
        assert!(expanded.contains(call), "`{call}` is expected in {expanded}");
    }
    assert!(expanded.contains("hooks . on_user_connected = true"), "{expanded}");
    let typo = quote!(
        #[hook(user_conected)]
        fn greet(&self) {}
    );
    assert_one(&of_methods(typo), "there is no hook `user_conected`: did you mean `user_connected`?");
    let twice = quote! {
        #[hook(user_connected)]
        fn greet(&self) {}
        #[hook]
        fn on_user_connected(&self) {}
    };
    assert_one(&of_methods(twice), "both `greet` and `on_user_connected` are the hook `user_connected`");
    let wrong = quote!(
        #[hook(create)]
        fn new() -> Self {}
    );
    assert_one(&of_methods(wrong), "write `fn new(env: &Env, room: &str) -> Result<Self>`");
}

#[test]
fn a_hook_with_a_wrong_signature_shows_the_right_one() {
    for wrong in [
        quote!(
            async fn migrate_state(stored: serde_json::Value) -> Result<State> {}
        ),
        quote!(
            fn create(&self) -> Self {}
        ),
        quote!(
            fn create() -> Self {}
        ),
        quote!(
            fn create(env: &Env) {}
        ),
        quote!(
            fn authorize(req: &Request, env: &Env) -> Result<Option<User>> {}
        ),
        quote!(
            fn authorize(req: &Request, env: &Env, room: &str) {}
        ),
        quote!(
            fn on_user_connected(cx: &Context) {}
        ),
        quote!(
            fn on_message(&self, cx: &Context) {}
        ),
        quote!(
            fn on_message(&mut self, cx: &Context, message: &Message<'_>) {}
        ),
    ] {
        assert_one(&of_methods(quote!(#[hook] #wrong)), "write `");
    }
}

#[test]
fn several_mistakes_in_handlers_are_several_errors() {
    let methods = quote! {
        #[event]
        fn one(&mut self) {}
        #[procedure]
        fn two(&self) {}
        #[hook]
        fn three(&self) {}
        #[event(name = "$four")]
        fn four(&self) {}
    };
    assert_eq!(of_methods(methods).len(), 4);
}

#[test]
fn a_syntax_error_in_a_body_is_left_to_rustc() {
    let item = "impl Chat { #[event] fn say(&self) { let = ; } #[event] fn ok(&self) {} }";
    let item: TokenStream = item.parse().expect("these are tokens");
    let expanded = expand(quote!(), item).to_string();
    assert!(expanded.contains("let = ;"), "{expanded}");
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains("\"ok\""), "{expanded}");
}

#[test]
fn an_item_with_errors_is_kept() {
    for item in [
        quote!(
            struct Chat<T>(T);
        ),
        quote!(
            enum Chat {
                A,
            }
        ),
        quote!(impl [Chat] { fn a(&self) {} }),
    ] {
        let expanded = expand(quote!(), item.clone()).to_string();
        assert!(expanded.starts_with(&item.to_string()), "{expanded}");
        assert!(expanded.contains("compile_error"), "{expanded}");
    }
}

#[test]
fn a_method_with_a_syntax_error_does_not_affect_the_others() {
    let methods = quote!(#[event] fn broken(&self, cx:) {} #[event] fn fine(&self) {});
    let expanded = expand(quote!(), quote!(impl Chat { #methods })).to_string();
    assert_eq!(expanded.matches("compile_error").count(), 1, "{expanded}");
    assert!(expanded.contains("\"fine\""), "{expanded}");
}

#[test]
fn generated_code_has_the_cfg_of_its_method() {
    let methods = quote! {
        #[cfg(feature = "a")]
        #[event]
        fn say(&self) {}
        #[cfg(feature = "b")]
        #[hook]
        fn on_user_connected(&self) {}
    };
    let mut errors = Errors::default();
    let Some(Item::Impl(item)) = parse::item(quote!(impl Chat { #methods }), &mut errors) else { panic!("an impl") };
    let handlers = model::Handlers::new(*item, parse::Options::default(), &mut errors);
    let expanded = expand::handlers(&handlers).to_string();
    assert_eq!(
        expanded.matches("# [cfg (feature = \"a\")]").count(),
        4,
        "the method, its schema, its types, its arm: {expanded}"
    );
    assert_eq!(
        expanded.matches("# [cfg (feature = \"b\")]").count(),
        4,
        "the method, its flag, its transaction, its hook: {expanded}"
    );
}

#[test]
fn doc_comments_are_in_the_schema() {
    let item = "impl Chat { /// Says\n/// it.\n #[event] fn say(&self) {} }".parse().expect("these are tokens");
    let expanded = expand(quote!(), item).to_string();
    assert!(expanded.contains(r#"event ("say" , "Says\nit.")"#), "{expanded}");
}

#[test]
fn the_option_crate_renames_all_paths() {
    for item in [
        quote!(
            struct Chat;
        ),
        quote!(impl Chat { #[event] fn say(&self) {} }),
    ] {
        let expanded = expand(quote!(crate = "other"), item).to_string();
        assert!(!expanded.contains("pluv"), "{expanded}");
    }
}
