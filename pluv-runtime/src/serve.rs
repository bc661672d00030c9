//! The worker's entry.

/// Makes the worker's `fetch` entry for one room or several.
///
/// ```ignore
/// pluv::serve!(Chat);
/// pluv::serve!(Chat, Board);
/// ```
///
/// A worker with routes of its own writes the entry by hand and asks each room with
/// [`RoomExt::route`](crate::RoomExt::route) in it.
#[macro_export]
macro_rules! serve {
    () => {
        ::core::compile_error!("there is no room to serve: write `pluv::serve!(Chat);`, with the names of the rooms");
    };
    ($($room:ty),+ $(,)?) => {
        #[::worker::event(fetch)]
        async fn fetch(
            req: ::worker::Request,
            env: ::worker::Env,
            _ctx: ::worker::Context,
        ) -> ::worker::Result<::worker::Response> {
            #[allow(unused_imports)]
            use $crate::__private::NotRoutable as _;
            const ROOMS: &[$crate::__private::Entry] = &[$($crate::__private::EntryOf::<$room>::ENTRY.of::<$room>()),+];
            const _: () = $crate::__private::assert_distinct(ROOMS);
            $crate::__private::serve(ROOMS, &req, &env).await
        }
    };
}

/// The class of Durable Objects of a room, once it is checked, and its entry. The class has the struct's name, and so stands in a block.
#[doc(hidden)]
#[macro_export]
macro_rules! __durable_object {
    ($room:ident, $check:expr) => {
        const _: () = {
            type __Room = <$room as $crate::__private::Identity<{ $check }>>::Type;

            #[automatically_derived]
            impl $crate::__private::Routable for $room {
                const ENTRY: $crate::__private::Entry =
                    $crate::__private::Entry::new(<__Room as $crate::Room>::OPTIONS, |req, env| {
                        ::std::boxed::Box::pin(<__Room as $crate::RoomExt>::route(req, env))
                    });
            }

            const _: () = {
                // The expansion of `wasm_bindgen` needs the prelude.
                #[allow(unused_imports)]
                use ::std::prelude::v1::*;
                use ::worker::wasm_bindgen;

                // Not `worker`'s own attribute, which makes a promise for each event: for most events the promise is the
                // largest cost.
                #[::worker::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
                pub struct $room {
                    object: $crate::__private::Object<__Room>,
                }

                #[::worker::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
                impl $room {
                    #[wasm_bindgen(constructor)]
                    pub fn new(state: ::worker::worker_sys::DurableObjectState, env: ::worker::Env) -> Self {
                        Self { object: $crate::__private::Object::new(state, env) }
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
    };
}
