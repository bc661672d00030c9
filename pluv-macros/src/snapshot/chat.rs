// What the rooms of `examples/chat` expand to; see `snapshot.rs`.

/// A chat room. The note of its page is a text of its document, in which clients share whatever else they like.
#[derive(Debug)]
pub struct Chat;
const _: () = {
    type __User = User;
    type __Presence = Presence;
    type __Output = Output;
    #[automatically_derived]
    impl ::pluv::Room for Chat {
        type User = <__User as ::pluv::__private::Itself<
            {
                ::pluv::__private::received::<__User>();
                ::pluv::__private::sent::<__User>();
                let _: fn(&::pluv::contract::UserWithStringId<__User>) = |user| ::pluv::__private::user_id(
                    &user.id,
                );
                0
            },
        >>::Itself;
        type Presence = <__Presence as ::pluv::__private::Itself<
            {
                ::pluv::__private::received::<__Presence>();
                ::pluv::__private::sent::<__Presence>();
                ::pluv::__private::begun::<__Presence>();
                0
            },
        >>::Itself;
        type Output = <__Output as ::pluv::__private::Itself<
            {
                ::pluv::__private::sent::<__Output>();
                0
            },
        >>::Itself;
        type Storage = ::pluv::Yrs;
        const OPTIONS: ::pluv::Options = ::pluv::Options::new("Chat", "CHAT")
            .has_user()
            .limits(::pluv::Limits::new().messages_per_second(5000));
        const TYPES: ::pluv::schema::RoomTypes = ::pluv::schema::RoomTypes::new(
                "A chat room. The note of its page is a text of its document, in which clients share whatever else they like.",
            )
            .user::<<Self as ::pluv::Room>::User>()
            .presence::<<Self as ::pluv::Room>::Presence>()
            .output::<<Self as ::pluv::Room>::Output>();
    }
};
#[automatically_derived]
impl ::pluv::contract::KnowsUsers for Chat {}
#[automatically_derived]
impl ::pluv::contract::Sends for Chat {
    type Declared = <Self as ::pluv::Room>::Output;
}
#[automatically_derived]
impl ::pluv::__private::Fieldless for Chat {
    fn new() -> Self {
        Self {}
    }
}
const _: () = {
    type __Room = <Chat as ::pluv::__private::Itself<
        { ::pluv::__private::has_handlers::<Chat>() },
    >>::Itself;
    #[automatically_derived]
    impl ::pluv::__private::Served for Chat {
        const OPTIONS: ::pluv::Options = <__Room as ::pluv::Room>::OPTIONS;
        fn route<'a>(
            req: &'a ::pluv::__private::Request,
            env: &'a ::pluv::__private::Env,
        ) -> ::pluv::__private::Routed<'a> {
            ::std::boxed::Box::pin(<__Room as ::pluv::RoomExt>::route(req, env))
        }
    }
    const _: () = {
        #[allow(unused_imports)]
        use ::std::prelude::v1::*;
        use ::worker::wasm_bindgen;
        #[::worker::wasm_bindgen::prelude::wasm_bindgen(
            wasm_bindgen = ::worker::wasm_bindgen
        )]
        pub struct Chat {
            object: ::pluv::__private::Object<__Room>,
        }
        #[::worker::wasm_bindgen::prelude::wasm_bindgen(
            wasm_bindgen = ::worker::wasm_bindgen
        )]
        impl Chat {
            #[wasm_bindgen(constructor)]
            pub fn new(
                state: ::worker::worker_sys::DurableObjectState,
                env: ::worker::Env,
            ) -> Self {
                Self {
                    object: ::pluv::__private::Object::new(state, env),
                }
            }
            #[wasm_bindgen(js_name = fetch)]
            pub fn fetch(
                &self,
                req: ::worker::worker_sys::web_sys::Request,
            ) -> ::worker::wasm_bindgen::JsValue {
                self.object.fetch(req)
            }
            #[wasm_bindgen(js_name = alarm)]
            pub fn alarm(&self) -> ::worker::wasm_bindgen::JsValue {
                self.object.alarm()
            }
            #[wasm_bindgen(js_name = webSocketMessage)]
            pub fn web_socket_message(
                &self,
                ws: ::worker::worker_sys::web_sys::WebSocket,
                message: ::worker::wasm_bindgen::JsValue,
            ) -> ::worker::wasm_bindgen::JsValue {
                self.object.message(ws, &message)
            }
            #[wasm_bindgen(js_name = webSocketClose)]
            pub fn web_socket_close(
                &self,
                ws: ::worker::worker_sys::web_sys::WebSocket,
                code: u32,
                reason: ::std::string::String,
            ) -> ::worker::wasm_bindgen::JsValue {
                self.object.close(ws, code, &reason)
            }
            #[wasm_bindgen(js_name = webSocketError)]
            pub fn web_socket_error(
                &self,
                ws: ::worker::worker_sys::web_sys::WebSocket,
            ) -> ::worker::wasm_bindgen::JsValue {
                self.object.error(ws)
            }
        }
    };
};
impl Chat {
    /// A sign-in for the demo alone: whoever asks is who they say they are. A real one reads a session's cookie.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<User>> {
        let url = req.url()?;
        let query = |key: &str| {
            url
                .query_pairs()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.into_owned())
        };
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("who are you? add `&user_id=` and `&name=`"));
        };
        let name = query("name")
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| id.clone());
        Ok(Some(User { id, name }))
    }
    /// Shows a message to everyone.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn send_message(&self, cx: &Context<'_, Self>, input: SendMessage) {
        cx.broadcast(Output::MessageReceived {
            message: input.message,
        });
    }
    /// Doubles a number, for whoever asked.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn double(&self, cx: &Context<'_, Self>, input: Double) {
        cx.reply(Output::Doubled {
            value: input.value * 2.0,
        });
    }
}
#[automatically_derived]
impl ::pluv::Handlers for Chat {
    type Room = <Chat as ::pluv::__private::Itself<
        {
            ::pluv::__private::needs_user::<Chat>();
            let _ = || {
                ::pluv::__private::takes(Self::send_message);
                ::pluv::__private::takes(Self::double);
            };
            ::pluv::__private::is_room::<Chat>()
        },
    >>::Itself;
    const EVENTS: &'static [::pluv::EventInfo] = &[
        ::pluv::EventInfo::event("sendMessage", "Shows a message to everyone."),
        ::pluv::EventInfo::event("double", "Doubles a number, for whoever asked."),
    ];
    const EVENT_TYPES: &'static [::pluv::schema::EventTypes] = &[
        ::pluv::schema::EventTypes::new()
            .taken_by::<
                <Self as ::pluv::Handlers>::Room,
                _,
                _,
                _,
                _,
            >(Self::send_message),
        ::pluv::schema::EventTypes::new()
            .taken_by::<<Self as ::pluv::Handlers>::Room, _, _, _, _>(Self::double),
    ];
    const HOOKS: ::pluv::Hooks = {
        let hooks = ::pluv::Hooks::none();
        let hooks = hooks.authorize();
        hooks
    };
    #[allow(unused_variables)]
    fn create(env: &::pluv::__private::Env) -> ::pluv::Result<(Self, ::pluv::Limits)> {
        ::core::result::Result::Ok((
            <<Self as ::pluv::Handlers>::Room as ::pluv::__private::Fieldless>::new(),
            <<Self as ::pluv::Handlers>::Room as ::pluv::Room>::OPTIONS.limits,
        ))
    }
    #[allow(unused_variables)]
    async fn dispatch(
        &self,
        cx: &::pluv::Context<'_, Self>,
        call: ::pluv::__private::Call<'_>,
    ) -> ::pluv::Result<::pluv::__private::Outcome> {
        match call.name() {
            "sendMessage" => {
                ::pluv::__private::event(
                    Self::send_message(
                        self,
                        ::pluv::__private::context(cx),
                        ::pluv::__private::input::<
                            <Self as ::pluv::Handlers>::Room,
                            _,
                        >(&call)?,
                    ),
                )
            }
            "double" => {
                ::pluv::__private::event(
                    Self::double(
                        self,
                        ::pluv::__private::context(cx),
                        ::pluv::__private::input::<
                            <Self as ::pluv::Handlers>::Room,
                            _,
                        >(&call)?,
                    ),
                )
            }
            _ => ::core::result::Result::Ok(call.unhandled()),
        }
    }
    #[allow(unused_variables)]
    async fn authorize(
        req: &::pluv::__private::Request,
        env: &::pluv::__private::Env,
        room: &str,
    ) -> ::pluv::Result<
        ::core::option::Option<
            ::pluv::Grant<<<Self as ::pluv::Handlers>::Room as ::pluv::Room>::User>,
        >,
    > {
        ::pluv::__private::authorize::<
            <<Self as ::pluv::Handlers>::Room as ::pluv::Room>::User,
        >(Self::authorize(req, env, room))
    }
}
::pluv::__private::export_bindings!(Chat, export_bindings_chat);
