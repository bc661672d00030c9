//! The room's behaviour. Each scenario runs twice: as it is, and with the room dropped and rebuilt from its
//! attachments and its storage before every input.

mod admin_requests;
mod anything;
mod diary;
mod events;
mod evicting;
mod garbage;
mod handlers;
mod joining;
mod leaving;
mod limits;
mod malformed;
mod outside;
mod presence;
mod providers;
mod simulation;
mod storage;
mod tabs;
#[cfg(feature = "tracing")]
mod tracing;
mod upkeep;
mod world;
