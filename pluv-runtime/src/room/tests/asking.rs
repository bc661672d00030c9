//! How the worker writes what it asks. The end-to-end tests forge requests of the same file.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use crate::room::Ask;

/// What is asked, where the compiler names what is missing here.
const fn kind(ask: &Ask) -> &'static str {
    match ask {
        Ask::Broadcast => "broadcast",
        Ask::SendToUser(_) => "send to user",
        Ask::Sessions => "sessions",
        Ask::Size => "size",
        Ask::Evict(_) => "evict",
        Ask::Storage => "storage",
        Ask::UpdateStorage => "update storage",
        Ask::Delete => "delete",
    }
}

#[test]
fn each_thing_that_is_asked_is_written_as_it_is_forged() {
    let forged: Vec<Value> = serde_json::from_str(include_str!("asks.json")).expect("it is JSON");
    let asks = forged.iter().map(|json| {
        let ask = Ask::deserialize(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(serde_json::to_value(&ask).expect("it is JSON"), *json);
        kind(&ask)
    });
    assert_eq!(asks.collect::<BTreeSet<_>>().len(), 8, "each kind is there");
}
