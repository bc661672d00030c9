//! Frames of clients, and what is kept of connections.

use serde_json::Value;

use super::{
    INPUTS,
    alone::{alone, keeps_nothing},
    mutate::mutate,
};
use crate::{
    document::tests::random::Random,
    engine::Attachment,
    protocol::{Incoming, InitializeSession, UpdatePresence, UpdateStorage, decode},
    update::decode_base64,
};

/// Frames of each kind.
pub(crate) const FRAMES: [&str; 12] = [
    r#"{"type":"$ping","data":{}}"#,
    r#"{"type":"$getOthers","data":{}}"#,
    r#"{"type":"$initializeSession","data":{"presence":{"x":1,"note":"é😀"},"update":"AQEBAAQBAXQBeAA="}}"#,
    r#"{"type":"$initializeSession","data":{"update":""}}"#,
    r#"{"type":"$updatePresence","data":{"presence":{"x":-7,"note":null}}}"#,
    r#"{"type":"$updateStorage","data":{"origin":null,"update":"AQEBAAQBAXQBeAA="}}"#,
    r#"{"type":"$updateStorage","data":{"origin":"$initialized","update":"AAA="}}"#,
    r#"{"type":"say","data":{"text":"hello \"you\" \u00e9 \ud83d\ude00"}}"#,
    r#"{"data":{"numbers":[1,-2,3.5e3,true,null,{"a":[[]]}]},"type":"sum","id":"a1"}"#,
    r#"{ "type" : "whisper" , "data" : { "to" : "s1", "text" : "" } , "id" : 17 }"#,
    r#"{"type":"setX","data":{"x":9007199254740993,"fail":true},"more":[]}"#,
    r#"{"type":"echo"}"#,
];

const ATTACHMENTS: [&str; 3] = [
    r#"{"v":1,"n":0,"id":"s1","access":"write"}"#,
    r#"{"v":1,"n":7,"id":"s2","joined":true,"ready":true,"shown":18446744073709551615,"access":"read","user":{"id":"ada","name":"Ada"},"presence":{"x":1},"changed":1767225600000}"#,
    r#"{"v":1,"n":4294967295,"id":"s3","spilled":true,"access":"write","user":null}"#,
];

/// The memory that a frame may take, and what it is read to, in bytes: its own length some times over.
const MEMORY: usize = 2_000_000;

#[test]
fn a_frame_is_read_as_it_was_written_or_refused() {
    let test = "properties::frames::a_frame_is_read_as_it_was_written_or_refused";
    alone(test, MEMORY, ["frames"], |_| {
        let mut random = Random::new(1);
        let mut read = 0;
        keeps_nothing(INPUTS, || {
            let input = mutate(&mut random, &FRAMES);
            let text = String::from_utf8_lossy(&input);
            let Ok(frame) = Incoming::parse(&text) else { return };
            read += 1;
            let whole: Value = match serde_json::from_str(&text) {
                Ok(whole) => whole,
                // JSON may have half a surrogate pair, which is no text of Rust, and numbers of any size. What reads them
                // refuses them.
                Err(error) => {
                    let is_known = text.contains("\\u") || error.to_string().starts_with("number out of range");
                    return assert!(is_known, "{error}: {text}");
                }
            };
            assert_eq!(whole["type"], *frame.name, "{text}");
            assert!(!frame.name.is_empty());
            let data: Value = serde_json::from_str(frame.data).expect("its data is JSON");
            assert!(data.is_object(), "{text}");
            assert!(whole["data"] == data || whole["data"].is_null(), "{text}");
            let id = frame.id.map(|id| serde_json::from_str(id).expect("its id is JSON"));
            assert!(id.as_ref().is_none_or(|id: &Value| id.is_string() || id.is_number()), "{text}");
            assert_eq!(whole["id"], id.unwrap_or_default(), "{text}");
            let _ = decode::<UpdatePresence>(frame.data, "data");
            let update = decode::<UpdateStorage<'_>>(frame.data, "data").ok().map(|data| data.update);
            let first = decode::<InitializeSession<'_>>(frame.data, "data").ok().and_then(|data| data.update);
            for update in update.into_iter().chain(first) {
                let _ = decode_base64(&update.0);
            }
        });
        assert!(read > INPUTS / 5 && read < INPUTS / 5 * 4, "{read} of them are frames, which says little");
    });
}

#[test]
fn what_is_kept_of_a_connection_is_read_or_refused() {
    let test = "properties::frames::what_is_kept_of_a_connection_is_read_or_refused";
    alone(test, MEMORY, ["attachments"], |_| {
        let mut random = Random::new(2);
        let mut read = 0;
        keeps_nothing(INPUTS, || {
            let Some(attachment) = Attachment::read(&mutate(&mut random, &ATTACHMENTS)) else { return };
            read += 1;
            let again = Attachment::read(&attachment.to_bytes()).expect("what is written can be read");
            assert_eq!(again.to_bytes(), attachment.to_bytes());
        });
        assert!(read > INPUTS / 10, "{read} of them are read, which says little");
    });
}
