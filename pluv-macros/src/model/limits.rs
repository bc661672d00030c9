//! What a limit means.

use syn::Lit;

use super::definition::time;
use crate::parse::{Limit, written};

/// What each limit may be, the least and the most, as the runtime has it.
const RANGES: &[(&str, u64, u64)] = &[
    ("connections", 1, 32_768),
    ("message", 1_024, 32 << 20),
    ("messages_per_second", 1, 1_000_000),
    ("presence", 2, 1_000_000),
    ("user", 2, 16_384),
    ("user_id", 1, 16_384),
    ("storage", 1, 10_000_000),
    ("idle", 1_000, 86_400_000),
];

/// The value of a limit; of a time, in milliseconds.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn limit(limit: &Limit) -> Result<u64, String> {
    let name = limit.name.to_string();
    let (least, most) =
        RANGES.iter().find(|(known, ..)| *known == name).map_or((0, 0), |(_, least, most)| (*least, *most));
    let is_time = name == "idle";
    let value = match &limit.value {
        Lit::Str(text) if is_time => time(&text.value()).map_err(|()| written(&name))?,
        // What is too large for an integer is too large for a limit.
        Lit::Int(number) if !is_time && number.suffix().is_empty() => number.base10_parse().unwrap_or(u64::MAX),
        _ => return Err(written(&name)),
    };
    match name.as_str() {
        _ if (least..=most).contains(&value) => Ok(value),
        "idle" => Err("a connection may be silent for one second to one day: write `idle = \"90s\"`".to_owned()),
        "storage" => Err(format!("the limit of a document is from {least} to {most} bytes")),
        "connections" | "messages_per_second" => Err(format!("the limit `{name}` is from {least} to {most}")),
        _ => Err(format!("the limit `{name}` is from {least} to {most} bytes")),
    }
}
