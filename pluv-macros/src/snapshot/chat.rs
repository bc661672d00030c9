// The expansion of `examples/chat`; see `snapshot.rs`.

/// A chat room with a history. The page's note is a text of its document, in which clients can share other data too.
#[derive(Debug)]
pub struct Chat;
const _: () = {
    type __User = User;
    type __Presence = Presence;
    type __Output = Output;
    #[automatically_derived]
    impl ::pluv::Room for Chat {
        type User = <__User as ::pluv::__private::Identity<
            {
                ::pluv::__private::assert_user::<__User>();
                let _: fn(&::pluv::contract::UserWithStringId<__User>) = |user| ::pluv::__private::assert_user_id(
                    &user.id,
                );
                0
            },
        >>::Type;
        type Presence = <__Presence as ::pluv::__private::Identity<
            {
                ::pluv::__private::assert_presence::<__Presence>();
                0
            },
        >>::Type;
        type Output = <__Output as ::pluv::__private::Identity<
            {
                ::pluv::__private::assert_output::<__Output>();
                0
            },
        >>::Type;
        type Storage = ::pluv::Yrs;
        const OPTIONS: ::pluv::Options = ::pluv::Options {
            has_user: true,
            uses_sql: true,
            migrations: &[
                (
                    "migrations/0001_messages.sql",
                    ::core::include_str!(
                        ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"),
                        "/migrations/0001_messages.sql")
                    ),
                ),
            ],
            ..::pluv::Options::new("Chat", "CHAT")
        };
        const TYPES: ::pluv::schema::RoomTypes = ::pluv::schema::RoomTypes::new(
                "A chat room with a history. The page's note is a text of its document, in which clients can share other data too.",
            )
            .user::<<Self as ::pluv::Room>::User>()
            .presence::<<Self as ::pluv::Room>::Presence>()
            .output::<<Self as ::pluv::Room>::Output>()
            .with_messages({
                #[allow(unused_imports)]
                use ::pluv::__private::UnknownMessages as _;
                ::pluv::__private::Messages::<<Self as ::pluv::Room>::Output>::ALL
            });
    }
};
#[automatically_derived]
impl ::pluv::contract::HasUser for Chat {}
#[automatically_derived]
impl ::pluv::contract::HasOutput for Chat {
    type Declared = <Self as ::pluv::Room>::Output;
}
#[automatically_derived]
impl ::pluv::contract::HasSql for Chat {}
#[automatically_derived]
impl ::pluv::__private::Fieldless for Chat {
    fn new() -> Self {
        Self {}
    }
}
::pluv::__private::durable_object!(
    Chat, ::pluv::__private::assert_handlers:: < Chat > ()
);
impl Chat {
    /// Signs users in without a check, for the demo only. A real hook reads a session's cookie.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn authorize(
        req: &Request,
        _env: &Env,
        _room: &str,
    ) -> ::pluv::Result<Option<User>> {
        let url = req.url()?;
        let query = |key: &str| {
            url
                .query_pairs()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.into_owned())
        };
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(
                Error::client("the user is missing: add `&user_id=` and `&name=`"),
            );
        };
        let name = query("name")
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| id.clone());
        Ok(Some(User { id, name }))
    }
    /// Stores a message, and sends it to everyone: both, or neither.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn send_message(
        &self,
        cx: &::pluv::Context<'_, Self>,
        input: SendMessage,
    ) -> ::pluv::Result<()> {
        if input.message.len() > MAX_SIZE {
            return Err(
                Error::client(format!("the message is longer than {MAX_SIZE} bytes")),
            );
        }
        let message = cx
            .sql()
            .query_one(
                "INSERT INTO messages (author, name, message, time) VALUES (?, ?, ?, ?) RETURNING *",
                params![cx.user().id, cx.user().name, input.message, cx.now()],
            )?;
        cx.broadcast(Output::MessageReceived(message));
        Ok(())
    }
    /// Returns a page of the history, newest first.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn history(
        &self,
        cx: &::pluv::Context<'_, Self>,
        input: Page,
    ) -> ::pluv::Result<Vec<ChatMessage>> {
        let (before, limit) = (
            input.before.unwrap_or(u32::MAX),
            input.limit.unwrap_or(MAX_PAGE).min(MAX_PAGE),
        );
        cx.sql()
            .query(
                "SELECT * FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?",
                params![before, limit],
            )
    }
    /// Deletes old messages, once a day.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn delete_old_messages(
        &self,
        cx: &::pluv::TaskContext<'_, Self>,
    ) -> ::pluv::Result<()> {
        let statement = "DELETE FROM messages WHERE id <= (SELECT MAX(id) FROM messages) - ?";
        cx.sql().exec(statement, params![MAX_MESSAGES])?;
        cx.sql()
            .exec(
                "DELETE FROM messages WHERE time < ?",
                params![cx.now().saturating_sub(RETENTION)],
            )?;
        Ok(())
    }
    /// Doubles a number, and sends it to the caller only.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        clippy::unused_self
    )]
    fn double(&self, cx: &::pluv::Context<'_, Self>, input: Double) {
        cx.reply(Output::Doubled {
            value: input.value * 2.0,
        });
    }
}
const _: () = {
    type __Room = <Chat as ::pluv::Handlers>::Room;
    #[derive(Debug)]
    pub struct __Handle<R>(::pluv::Handle<R>);
    #[automatically_derived]
    impl<R> ::core::convert::From<::pluv::Handle<R>> for __Handle<R> {
        fn from(handle: ::pluv::Handle<R>) -> Self {
            Self(handle)
        }
    }
    #[automatically_derived]
    impl<R> ::core::ops::Deref for __Handle<R> {
        type Target = ::pluv::Handle<R>;
        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }
    pub struct __UserHandle<'a, R, U> {
        handle: &'a ::pluv::Handle<R>,
        user: U,
    }
    impl<R, U> ::core::fmt::Debug for __UserHandle<'_, R, U> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("UserHandle")
        }
    }
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl __Handle<__Room> {
        /// The room's procedures, called as this user.
        #[must_use]
        pub fn as_user<U>(&self, user: U) -> __UserHandle<'_, __Room, U> {
            __UserHandle {
                handle: &self.0,
                user,
            }
        }
    }
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl __UserHandle<'_, __Room, <__Room as ::pluv::Room>::User> {
        ///Returns a page of the history, newest first.
        pub fn history(
            &self,
            input: Page,
        ) -> ::pluv::Call<'_, __Room, Page, Vec<ChatMessage>> {
            ::pluv::__private::call_by(self.handle, &self.user, "history", input)
        }
    }
    #[automatically_derived]
    impl ::pluv::Handlers for Chat {
        type Room = <Chat as ::pluv::__private::Identity<
            {
                ::pluv::__private::assert_has_user::<Chat>();
                let _ = || {
                    #[allow(unused_imports)]
                    use ::pluv::__private::PlainAnswer as _;
                    ::pluv::__private::assert_input(Self::send_message);
                    ::pluv::__private::assert_input(Self::history);
                    {
                        ::pluv::__private::returns(|| Self::history(
                                ::pluv::__private::any(),
                                ::pluv::__private::any(),
                                ::pluv::__private::any(),
                            ))
                            .answer_kind()
                            .assert_sent::<Self>();
                        ::pluv::__private::returns(|| Self::history(
                                ::pluv::__private::any(),
                                ::pluv::__private::any(),
                                ::pluv::__private::any(),
                            ))
                            .answer_kind()
                            .assert_typed();
                    }
                    ::pluv::__private::assert_input(Self::double);
                };
                let __messages = ::pluv::__private::messages_of::<Chat>();
                ::pluv::__private::assert_no_message(
                    __messages,
                    "historyResult",
                    "the answer of `history` is called `historyResult`, and so is a message of the room's output: give it another name with `#[procedure(reply = \"..\")]`",
                );
                0
            },
        >>::Type;
        type Handle = __Handle<Self::Room>;
        const EVENTS: &'static [::pluv::EventInfo] = &[
            ::pluv::EventInfo::event(
                    "sendMessage",
                    "Stores a message, and sends it to everyone: both, or neither.",
                )
                .sync(),
            ::pluv::EventInfo::procedure(
                    "history",
                    "historyResult",
                    "Returns a page of the history, newest first.",
                )
                .sync(),
            ::pluv::EventInfo::event(
                    "double",
                    "Doubles a number, and sends it to the caller only.",
                )
                .sync(),
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
                .taken_by::<<Self as ::pluv::Handlers>::Room, _, _, _, _>(Self::history)
                .answered_by(|declared| {
                    #[allow(unused_imports)]
                    use ::pluv::__private::PlainAnswer as _;
                    ::pluv::__private::returns(|| Self::history(
                            ::pluv::__private::any(),
                            ::pluv::__private::any(),
                            ::pluv::__private::any(),
                        ))
                        .answer_kind()
                        .name::<<Self as ::pluv::Handlers>::Room>(declared)
                }),
            ::pluv::schema::EventTypes::new()
                .taken_by::<<Self as ::pluv::Handlers>::Room, _, _, _, _>(Self::double),
        ];
        const HOOKS: ::pluv::Hooks = {
            #[allow(unused_mut)]
            let mut hooks = ::pluv::Hooks::none();
            {
                hooks.authorize = true;
            }
            hooks
        };
        const TASKS: &'static [::pluv::__private::TaskInfo] = &[
            ::pluv::__private::TaskInfo::new("delete_old_messages")
                .sync()
                .cron(::pluv::__private::Cron::parse("0 3 * * *")),
        ];
        #[allow(unused_variables)]
        async fn run_task(
            &self,
            cx: &::pluv::TaskContext<'_, Self>,
            task: ::pluv::__private::TaskCall<'_>,
        ) -> ::pluv::Result<()> {
            match task.name() {
                "delete_old_messages" => {
                    ::pluv::__private::hook(
                        Self::delete_old_messages(
                            self,
                            ::pluv::__private::task_context(cx),
                        ),
                    )
                }
                _ => ::core::result::Result::Ok(()),
            }
        }
        #[allow(unused_variables)]
        async fn create(
            env: &::pluv::__private::Env,
            room: &str,
        ) -> ::pluv::Result<(Self, ::pluv::Limits)> {
            ::core::result::Result::Ok((
                <<Self as ::pluv::Handlers>::Room as ::pluv::__private::Fieldless>::new(),
                <<Self as ::pluv::Handlers>::Room as ::pluv::Room>::OPTIONS.limits,
            ))
        }
        #[allow(unused_variables)]
        async fn dispatch(
            &self,
            cx: &::pluv::Context<'_, Self>,
            message: ::pluv::Message<'_>,
        ) -> ::pluv::Result<::pluv::__private::Outcome> {
            #[allow(unused_imports)]
            use ::pluv::__private::PlainAnswer as _;
            match message.name() {
                "sendMessage" => {
                    ::pluv::__private::event(
                        Self::send_message(
                            self,
                            ::pluv::__private::context(cx),
                            ::pluv::__private::input::<
                                <Self as ::pluv::Handlers>::Room,
                                _,
                            >(&message)?,
                        ),
                    )
                }
                "history" => {
                    let returned = Self::history(
                        self,
                        ::pluv::__private::context(cx),
                        ::pluv::__private::input::<
                            <Self as ::pluv::Handlers>::Room,
                            _,
                        >(&message)?,
                    );
                    ::pluv::__private::kind(&returned)
                        .answer::<
                            <Self as ::pluv::Handlers>::Room,
                        >("historyResult", returned)
                }
                "double" => {
                    ::pluv::__private::event(
                        Self::double(
                            self,
                            ::pluv::__private::context(cx),
                            ::pluv::__private::input::<
                                <Self as ::pluv::Handlers>::Room,
                                _,
                            >(&message)?,
                        ),
                    )
                }
                _ => ::core::result::Result::Ok(::pluv::__private::Outcome::Unhandled),
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
};
::pluv::__private::export_bindings!(Chat, export_bindings_chat);
