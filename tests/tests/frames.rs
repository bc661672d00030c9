//! Invalid frames: each is answered with an error to its sender, and has no other effect.

use serde_json::{Value, json};
use tests::{Client, LAB, fixture, fresh, texts, together};

/// Asserts that each frame is answered with an error that begins like this, and has no other effect.
async fn assert_errors<'a>(name: &str, frames: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let [mut ada, mut bob] = together(&fresh(name), ["ada", "bob"]).await;
    for (frame, expected) in frames {
        let start = &frame[..frame.len().min(100)];
        ada.send_text(frame).await;
        let message = ada.error().await;
        assert!(message.starts_with(expected), "{start}: {}", &message[..message.len().min(300)]);
        bob.silent().await;
    }
    assert_eq!(bob.others().await[&ada.id]["presence"], json!({ "note": "" }));
    assert_works(&mut ada, &mut bob).await;
}

async fn assert_works(ada: &mut Client, bob: &mut Client) {
    ada.send("say", &json!({ "text": "still here" })).await;
    assert_eq!(texts(&ada.drain().await), ["still here"]);
    assert_eq!(texts(&bob.drain().await), ["still here"]);
}

#[tokio::test]
async fn a_frame_that_is_not_json_is_rejected() {
    let frames = [
        "",
        " ",
        "hello",
        "{",
        "}",
        r#"{"type":"say","data":{"text":"cut"#,
        r#"{"type":"say","data":{"text":"cut"}"#,
        r#"{"type":"say","data":{"text":"more"}}}"#,
        r#"{"type":"say","data":{"text":"more"}} x"#,
        r#"{"type":"say","data":{"text":"comma",}}"#,
        r#"{'type':'say'}"#,
        r"{type: 1}",
        "NaN",
        "\u{feff}{}",
        "{\"type\":\"say\",\"data\":{\"text\":\"line\nbreak\"}}",
    ];
    assert_errors("json", frames.map(|frame| (frame, "the frame is not JSON: "))).await;
}

#[tokio::test]
async fn a_frame_that_is_not_an_object_is_rejected() {
    let frames = ["[]", r#"["say",{"text":"a"}]"#, "5", "-0.5", r#""say""#, "null", "true"];
    assert_errors("object", frames.map(|frame| (frame, "the frame must be a JSON object"))).await;
}

#[tokio::test]
async fn a_frame_without_a_name_is_rejected() {
    assert_errors(
        "name",
        [
            ("{}", "`type` is missing"),
            (r#"{"data":{"text":"a"}}"#, "`type` is missing"),
            (r#"{"Type":"say","data":{"text":"a"}}"#, "`type` is missing"),
            (r#"{"type":5,"data":{}}"#, "`type` must be a string"),
            (r#"{"type":null,"data":{}}"#, "`type` must be a string"),
            (r#"{"type":["say"],"data":{}}"#, "`type` must be a string"),
            (r#"{"type":{},"data":{}}"#, "`type` must be a string"),
            (r#"{"type":"","data":{}}"#, "`type` is empty"),
        ],
    )
    .await;
}

#[tokio::test]
async fn data_that_is_not_an_object_is_rejected() {
    let frames = [
        r#"{"type":"say","data":[]}"#,
        r#"{"type":"say","data":["a"]}"#,
        r#"{"type":"say","data":5}"#,
        r#"{"type":"say","data":"a"}"#,
        r#"{"type":"say","data":true}"#,
        r#"{"type":"$getOthers","data":[]}"#,
        r#"{"type":"$updatePresence","data":"a"}"#,
    ];
    assert_errors("data", frames.map(|frame| (frame, "`data` must be an object"))).await;
}

#[tokio::test]
async fn a_protocol_message_with_an_invalid_field_is_rejected_by_its_name() {
    assert_errors(
        "fields",
        [
            (r#"{"type":"$initializeSession","data":{"presence":5}}"#, "`$initializeSession`: `data.presence`: "),
            (r#"{"type":"$initializeSession","data":{"presence":[]}}"#, "`$initializeSession`: `data.presence`: "),
            (r#"{"type":"$initializeSession","data":{"update":5}}"#, "`$initializeSession`: `data.update`: "),
            (r#"{"type":"$initializeSession","data":{}}"#, "`$initializeSession`: this session is initialized already"),
            (r#"{"type":"$updatePresence","data":{}}"#, "`$updatePresence`: `data`: missing field `presence`"),
            (r#"{"type":"$updatePresence"}"#, "`$updatePresence`: `data`: missing field `presence`"),
            (r#"{"type":"$updatePresence","data":{"presence":[]}}"#, "`$updatePresence`: `data.presence`: "),
            (r#"{"type":"$updatePresence","data":{"presence":"a"}}"#, "`$updatePresence`: `data.presence`: "),
            (r#"{"type":"$updatePresence","data":{"presence":null}}"#, "`$updatePresence`: `data.presence`: "),
            (
                r#"{"type":"$updatePresence","data":{"presence":{"note":5}}}"#,
                "`$updatePresence`: `data.presence.note`: invalid type: integer `5`, expected a string",
            ),
            (
                r#"{"type":"$updatePresence","data":{"presence":{"note":null}}}"#,
                "`$updatePresence`: `data.presence.note`: invalid type: null",
            ),
            (r#"{"type":"$updateStorage","data":{}}"#, "`$updateStorage`: `data`: missing field `update`"),
            (r#"{"type":"$updateStorage","data":{"update":5}}"#, "`$updateStorage`: `data.update`: "),
            (r#"{"type":"$updateStorage","data":{"update":[1]}}"#, "`$updateStorage`: `data.update`: "),
            (
                r#"{"type":"$updateStorage","data":{"origin":5,"update":"AAA="}}"#,
                "`$updateStorage`: `data.origin`: invalid type",
            ),
            (
                r#"{"type":"$updateStorage","data":{"origin":null,"update":"AAA="}}"#,
                "`$updateStorage`: this room has no storage",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_rejected_handshake_can_be_sent_again() {
    let room = fresh("handshake");
    let [mut ada] = together(&room, ["ada"]).await;
    let mut bob = Client::open(&fixture(), LAB, &room, "bob").await;
    for presence in [json!(5), json!([]), json!("a"), json!({ "note": 5 }), json!({ "note": {} })] {
        bob.send("$initializeSession", &json!({ "presence": presence })).await;
        let message = bob.error().await;
        assert!(message.starts_with("`$initializeSession`: `data.presence"), "{message}");
        ada.silent().await;
    }
    bob.initialize(&json!({ "note": "good" })).await;
    bob.drain().await;
    assert_eq!(ada.others().await[&bob.id]["presence"], json!({ "note": "good" }));
}

#[tokio::test]
async fn an_event_with_an_invalid_field_is_rejected_by_its_name() {
    assert_errors(
        "input",
        [
            (r#"{"type":"say"}"#, "`say`: `data`: missing field `text`"),
            (r#"{"type":"say","data":null}"#, "`say`: `data`: missing field `text`"),
            (r#"{"type":"say","data":{"txt":"a"}}"#, "`say`: `data`: missing field `text`"),
            (r#"{"type":"say","data":{"text":5}}"#, "`say`: `data.text`: invalid type: integer `5`, expected a string"),
            (r#"{"type":"say","data":{"text":null}}"#, "`say`: `data.text`: invalid type: null"),
            (r#"{"type":"say","data":{"text":{}}}"#, "`say`: `data.text`: invalid type: map"),
            (r#"{"type":"sum","data":{"numbers":{}}}"#, "`sum`: `data.numbers`: invalid type: map"),
            (r#"{"type":"sum","data":{"numbers":[1,"2"]}}"#, "`sum`: `data.numbers[1]`: invalid type: string"),
            (r#"{"type":"sum","data":{"numbers":[1.5]}}"#, "`sum`: `data.numbers[0]`: invalid type: floating point"),
            (r#"{"type":"sayLater","data":{"ms":-1,"text":"a"}}"#, "`sayLater`: `data.ms`: invalid value: integer"),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_unknown_event_is_rejected_with_the_known_ones() {
    let frames = [r#"{"type":"sya","data":{}}"#, r#"{"type":"SAY","data":{"text":"a"}}"#, r#"{"type":" say"}"#];
    assert_errors("unknown", frames.map(|frame| (frame, "this room has no event `"))).await;
    let [mut ada] = together(&fresh("unknown"), ["ada"]).await;
    ada.send("sya", &json!({})).await;
    let message = ada.error().await;
    for known in ["`say`", "`sayOthers`", "`WHISPER`", "`sum`"] {
        assert!(message.contains(known), "{message}");
    }
}

#[tokio::test]
async fn a_protocol_message_that_clients_do_not_send_is_rejected() {
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
        "$other",
        "$PING",
        "$",
        "\\u0024exit",
    ];
    let frames = names.map(|name| format!(r#"{{"type":"{name}","data":{{"sessionId":"x"}}}}"#));
    let errors = names.map(|name| {
        format!("`{}`: names that begin with `$` are reserved for the protocol", name.replace("\\u0024", "$"))
    });
    assert_errors("reserved", frames.iter().map(String::as_str).zip(errors.iter().map(String::as_str))).await;
}

#[tokio::test]
async fn a_protocol_message_is_not_relayed() {
    let url = format!("{}/relay/room/{}", fixture(), fresh("relay"));
    let (mut a, mut b) = (tests::connect(&url).await, tests::connect(&url).await);
    a.register().await;
    b.register().await;
    for name in ["$exit", "$userJoined", "$storageUpdated", "\\u0024exit"] {
        a.send_text(&format!(r#"{{"type":"{name}","data":{{"sessionId":"{}"}}}}"#, b.id)).await;
        assert!(a.error().await.contains("names that begin with `$` are reserved for the protocol"));
        b.silent().await;
    }
}

#[tokio::test]
async fn a_binary_frame_is_rejected() {
    let [mut ada, mut bob] = together(&fresh("binary"), ["ada", "bob"]).await;
    for bytes in [&b""[..], br#"{"type":"say","data":{"text":"a"}}"#, &[0, 0, 1, 0], &[0xff; 100_000]] {
        ada.send_bytes(bytes).await;
        assert!(ada.error().await.starts_with("the frame is binary"));
        bob.silent().await;
    }
    assert_works(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn a_number_out_of_range_is_rejected() {
    let long = format!(r#"{{"type":"sum","data":{{"numbers":[{}]}}}}"#, "9".repeat(10_000));
    assert_errors(
        "numbers",
        [
            (r#"{"type":"sum","data":{"numbers":[9223372036854775808]}}"#, "`sum`: `data.numbers[0]`: "),
            (r#"{"type":"sum","data":{"numbers":[1e999]}}"#, "`sum`: `data.numbers[0]`: number out of range"),
            (&long, "`sum`: `data.numbers[0]`: number out of range"),
            (
                r#"{"type":"$updatePresence","data":{"presence":{"x":1e999}}}"#,
                "`$updatePresence`: `data.presence.x`: number out of range",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn deep_nesting_is_rejected_where_it_is_parsed() {
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let open = "[".repeat(1_000_000);
    assert_errors(
        "nesting",
        [
            (&*nested, "the frame must be a JSON object"),
            (&*objects, "`type` is missing"),
            (&*open, "the frame "),
            (&*format!(r#"{{"type":{nested}}}"#), "`type` must be a string"),
            (&*format!(r#"{{"type":"say","data":{nested}}}"#), "`data` must be an object"),
            (&*format!(r#"{{"type":"say","data":{{"text":{nested}}}}}"#), "`say`: `data.text`: invalid type: sequence"),
            (&*format!(r#"{{"type":"say","data":{objects}}}"#), "`say`: `data`: missing field `text`"),
            (
                &*format!(r#"{{"type":"$updatePresence","data":{{"presence":{{"x":{nested}}}}}}}"#),
                "`$updatePresence`: `data.presence.x",
            ),
            (
                &*format!(r#"{{"type":"$updatePresence","data":{{"presence":{objects}}}}}"#),
                "`$updatePresence`: `data.presence.a",
            ),
            (&*format!(r#"{{"type":"say","data":{{}},"id":{nested}}}"#), "`id` must be a string or a number"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_long_text_is_accepted_and_a_long_presence_is_rejected() {
    let [mut ada, mut bob] = together(&fresh("long"), ["ada", "bob"]).await;
    let text = "é".repeat(500_000);
    ada.send("say", &json!({ "text": text })).await;
    assert!(texts(&ada.drain().await) == [&*text]);
    assert!(texts(&bob.drain().await) == [&*text]);
    ada.send("$updatePresence", &json!({ "presence": { "note": text } })).await;
    let expected = "`$updatePresence`: `data.presence` would take 1000011 bytes: the limit is 1000000";
    assert_eq!(ada.error().await, expected);
    bob.silent().await;
    assert_works(&mut ada, &mut bob).await;
}

#[tokio::test]
async fn an_invalid_escape_is_rejected() {
    assert_errors(
        "escapes",
        [
            (r#"{"type":"say","data":{"text":"\ud800"}}"#, "`say`: `data.text`: "),
            (r#"{"type":"say","data":{"text":"\ud800\u0041"}}"#, "`say`: `data.text`: "),
            (r#"{"type":"say","data":{"text":"\udc00"}}"#, "`say`: `data.text`: "),
            (r#"{"type":"say\ud800","data":{"text":"a"}}"#, "the frame is invalid: "),
            (r#"{"type":"say","data":{"text":"\x41"}}"#, "the frame is not JSON: "),
            (r#"{"type":"say","data":{"text":"\u12"}}"#, "the frame is not JSON: "),
            (
                r#"{"type":"$updatePresence","data":{"presence":{"note":"\ud800"}}}"#,
                "`$updatePresence`: `data.presence.note`: ",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_duplicate_field_is_rejected() {
    assert_errors(
        "twice",
        [
            (r#"{"type":"say","type":"sum","data":{"text":"a"}}"#, "the frame is invalid: duplicate field `type`"),
            (r#"{"type":"say","data":{},"data":{"text":"a"}}"#, "the frame is invalid: duplicate field `data`"),
            (r#"{"type":"say","data":{"text":"a","text":"b"}}"#, "`say`: `data`: duplicate field `text`"),
            (
                r#"{"type":"$updatePresence","data":{"presence":{},"presence":{"note":"a"}}}"#,
                "`$updatePresence`: `data`: duplicate field `presence`",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_id_that_is_neither_string_nor_number_is_rejected() {
    let frames = ["{}", "[]", "true", r#"["a"]"#].map(|id| format!(r#"{{"type":"sum","data":{{}},"id":{id}}}"#));
    assert_errors("id", frames.iter().map(|frame| (&**frame, "`id` must be a string or a number"))).await;
}

#[tokio::test]
async fn a_ping_written_in_another_form_is_answered() {
    let [mut ada] = together(&fresh("ping"), ["ada"]).await;
    for frame in [r#"{"type":"$ping"}"#, r#"{"data":{"more":1},"type":"$ping"}"#, r#"{"type":"\u0024ping","data":{}}"#]
    {
        ada.send_text(frame).await;
        assert_eq!(ada.receive().await, json!({ "type": "$pong", "data": {} }));
    }
    ada.silent().await;
}

#[tokio::test]
async fn a_malformed_frame_before_the_handshake_is_rejected() {
    let room = fresh("early");
    let [mut ada] = together(&room, ["ada"]).await;
    let mut bob = Client::open(&fixture(), LAB, &room, "bob").await;
    for frame in ["hello", "[]", "{}", r#"{"type":"$exit","data":{}}"#, r#"{"type":"say","data":{}}"#] {
        bob.send_text(frame).await;
        bob.error().await;
        ada.silent().await;
    }
    bob.initialize(&json!({})).await;
    assert_eq!(bob.others().await[&ada.id]["user"], json!({ "id": "ada" }));
    assert_ne!(ada.others().await[&bob.id], Value::Null);
}
