//! Frames that are not of the protocol.

use serde_json::{Value, json};

use super::world::both;

#[test]
fn a_malformed_frame_is_an_error_and_the_connection_stays() {
    let frames = [
        ("hello", "the frame is not JSON"),
        ("", "the frame is not JSON"),
        (r#"{"type":"say""#, "the frame is not JSON"),
        ("[]", "the frame must be a JSON object"),
        ("null", "the frame must be a JSON object"),
        (r#"["say",{}]"#, "the frame must be a JSON object"),
        ("{}", "`type` is missing"),
        (r#"{"type":7,"data":{}}"#, "`type` must be a string"),
        (r#"{"type":"","data":{}}"#, "`type` is empty"),
        (r#"{"type":"say","data":"x"}"#, "`data` must be an object"),
        (r#"{"type":"say","data":[]}"#, "`data` must be an object"),
        (r#"{"type":"say","data":{}}"#, "`say`: `data`: missing field `text`"),
        (r#"{"type":"say","data":{"text":5}}"#, "`say`: `data.text`: invalid type: integer `5`, expected a string"),
        (r#"{"type":"$updatePresence","data":{}}"#, "`$updatePresence`: `data`: missing field `presence`"),
        (r#"{"type":"$updatePresence","data":{"presence":5}}"#, "`$updatePresence`: `data.presence`: invalid type"),
        (r#"{"type":"$updatePresence","data":{"presence":[]}}"#, "`$updatePresence`: `data.presence`: invalid type"),
        (r#"{"type":"$initializeSession","data":{"update":5}}"#, "`$initializeSession`: `data.update`: invalid type"),
        (
            r#"{"type":"$updateStorage","data":{"origin":5,"update":""}}"#,
            "`$updateStorage`: `data.origin`: invalid type",
        ),
        (r#"{"type":"$updateStorage","data":{"origin":null}}"#, "`$updateStorage`: `data`: missing field `update`"),
    ];
    both(|world| {
        let a = world.join("u1", &json!({ "x": 1 }));
        let b = world.join("u2", &json!({}));
        for (frame, expected) in frames {
            world.send_text(a, frame);
            let error = world.error(a);
            assert!(error.starts_with(expected), "{frame}: {error}");
            assert_eq!(world.frames(b), Vec::<Value>::new(), "{frame}");
        }
        world.send(a, "say", &json!({ "text": "still here" }));
        assert_eq!(world.names(b), ["said"]);
    });
}

#[test]
fn a_binary_frame_is_an_error() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        world.send_binary(a, &[0]);
        assert_eq!(world.error(a), "the frame is binary: send text frames of JSON");
    });
}

#[test]
fn a_name_of_the_protocol_reaches_nobody() {
    both(|world| {
        let a = world.join("u1", &json!({}));
        let b = world.join("u2", &json!({}));
        let names = [
            "$registered",
            "$storageReceived",
            "$userJoined",
            "$othersReceived",
            "$presenceUpdated",
            "$storageUpdated",
            "$exit",
            "$syncStateReceived",
            "$error",
            "$pong",
            "$",
            "$other",
            "\u{24}exit",
        ];
        for name in names {
            world.send(a, name, &json!({ "sessionId": "s2" }));
            assert_eq!(world.error(a), format!("`{name}`: names that begin with `$` are reserved for the protocol"));
            assert_eq!(world.frames(b), Vec::<Value>::new());
        }
    });
}

#[test]
fn an_error_quotes_no_more_than_it_must() {
    both(|world| {
        let ada = world.join("ada", &json!({}));
        world.send(ada, &"é".repeat(100_000), &json!({}));
        let message = world.error(ada);
        assert!(message.len() < 600, "{}", message.len());
        assert!(message.ends_with('…'));
    });
}
