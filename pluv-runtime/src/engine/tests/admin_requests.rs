//! How the worker writes what it asks. The end-to-end tests forge requests of the same file.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use crate::engine::AdminRequest;

/// The name of a request; the compiler reports one that is missing here.
const fn kind(ask: &AdminRequest) -> &'static str {
    match ask {
        AdminRequest::Broadcast => "broadcast",
        AdminRequest::SendToUser(_) => "send to user",
        AdminRequest::Sessions => "sessions",
        AdminRequest::Size => "size",
        AdminRequest::Evict(_) => "evict",
        AdminRequest::Storage => "storage",
        AdminRequest::UpdateStorage => "update storage",
        AdminRequest::Delete => "delete",
    }
}

#[test]
fn each_thing_that_is_asked_is_written_as_it_is_forged() {
    let forged: Vec<Value> = serde_json::from_str(include_str!("admin_requests.json")).expect("it is JSON");
    let asks = forged.iter().map(|json| {
        let ask = AdminRequest::deserialize(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(serde_json::to_value(&ask).expect("it is JSON"), *json);
        kind(&ask)
    });
    assert_eq!(asks.collect::<BTreeSet<_>>().len(), 8, "each kind is there");
}
