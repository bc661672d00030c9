//! The room's behaviour. Each scenario runs twice: as it is, and with the room dropped and rebuilt from its
//! attachments and its storage before every input.

mod admin;
mod admin_requests;
mod anything;
// With the feature `ts` a room writes its file of TypeScript.
#[cfg(not(feature = "ts"))]
#[expect(unreachable_pub, missing_debug_implementations, reason = "a room is written as users write it")]
mod anything_stored;
// With the feature `ts` a room writes its file of TypeScript.
#[cfg(not(feature = "ts"))]
#[expect(unreachable_pub, missing_debug_implementations, reason = "a room is written as users write it")]
mod calls;
mod document_hooks;
mod event_log;
mod events;
mod evicting;
mod handlers;
mod idle;
mod joining;
mod leaving;
mod limits;
mod malformed;
mod presence;
mod providers;
// With the feature `ts` a room writes its file of TypeScript.
#[cfg(not(feature = "ts"))]
#[expect(unreachable_pub, missing_debug_implementations, reason = "a room is written as users write it")]
mod shared;
mod simulation;
mod storage;
mod tabs;
// With the feature `ts` a room writes its file of TypeScript.
#[cfg(not(feature = "ts"))]
#[expect(unreachable_pub, missing_debug_implementations, reason = "a room is written as users write it")]
mod tasks;
#[cfg(feature = "tracing")]
mod tracing;
mod transactions;
mod world;
