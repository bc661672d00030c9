//! The worker's entry.

/// Makes the worker's `fetch` entry for one room or several.
///
/// ```ignore
/// pluv::serve!(Chat);
/// pluv::serve!(Chat, Board);
/// ```
///
/// Who needs routes of their own writes the entry by hand and asks each room with
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
            const ROOMS: &[$crate::__private::Entry] = &[$($crate::__private::Entry::of::<$room>()),+];
            const _: () = $crate::__private::assert_distinct(ROOMS);
            $crate::__private::serve(ROOMS, &req, &env).await
        }
    };
}
