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
    ($($room:ty),+ $(,)?) => {
        const _: () = $crate::__private::assert_distinct(&[$(<$room as $crate::Room>::OPTIONS),+]);

        #[::worker::event(fetch)]
        async fn fetch(
            req: ::worker::Request,
            env: ::worker::Env,
            _ctx: ::worker::Context,
        ) -> ::worker::Result<::worker::Response> {
            $(
                if let ::core::option::Option::Some(response) =
                    <$room as $crate::RoomExt>::route(&req, &env).await?
                {
                    return ::core::result::Result::Ok(response);
                }
            )+
            ::worker::Response::error("not found", 404)
        }
    };
}
