//! The worker in front of the rooms.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{
    Answer, Client, LAB, SECRET, Token, chat, connect, connect_rejected, connect_with, fixture, fresh, get, request,
    together,
};

const APP: &str = "https://app.example";

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(String::as_str)
}

fn cors(answer: &Answer) -> Vec<(&str, &str)> {
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    headers.filter(|(name, _)| name.starts_with("access-control-")).collect()
}

async fn authorize(query: &str) -> Answer {
    get(&fixture(), &format!("{LAB}/authorize{query}")).await
}

#[tokio::test]
async fn the_token_endpoint_returns_the_token_as_text() {
    let room = fresh("authorize");
    for (id, access) in [("ada", "write"), ("reader", "read")] {
        let answer = authorize(&format!("?room={room}&user_id={id}")).await;
        assert_eq!(answer.status, 200);
        assert!(header(&answer, "content-type").is_some_and(|kind| kind.starts_with("text/plain")), "{answer:?}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
        let claims = answer.body.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims: Value = serde_json::from_slice(&claims.expect("it is a JWT")).expect("claims are JSON");
        assert_eq!((&claims["room"], &claims["user"]), (&json!(room), &json!({ "id": id })));
        assert_eq!((&claims["sub"], &claims["access"]), (&json!(id), &json!(access)));
        let span = |claim: &str| claims[claim].as_u64().expect("it is a number");
        assert_eq!(span("exp") - span("iat"), 60);
        Client::open_with(&fixture(), LAB, &room, &answer.body).await;
    }
}

#[tokio::test]
async fn the_token_endpoint_says_why_it_rejects_a_user() {
    for (query, expected) in [
        ("?room=closed&user_id=ada", "you may not enter this room"),
        ("?room=any", "you may not enter this room"),
        ("?room=any&user_id=banned", "you are banned"),
    ] {
        let answer = authorize(query).await;
        assert_eq!((answer.status, &*answer.body), (403, expected), "{query}");
    }
    let answer = get(&chat(), "/api/pluv/authorize?room=any").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.starts_with("the user is missing"), "{}", answer.body);
}

#[tokio::test]
async fn an_error_of_the_authorize_hook_is_not_shown() {
    let answer = authorize("?room=any&user_id=broken").await;
    assert_eq!((answer.status, &*answer.body), (500, "internal error"));
}

/// Invalid room names, encoded for queries and paths, each with the reason.
fn bad_names() -> [(String, &'static str); 4] {
    [
        (String::new(), "the room's name is missing"),
        ("a".repeat(257), "the room's name has 257 bytes: the limit is 256"),
        ("%C3%A9".repeat(129), "the room's name has 258 bytes: the limit is 256"),
        ("a%FF".to_owned(), "the room's name is not UTF-8"),
    ]
}

#[tokio::test]
async fn an_invalid_room_name_is_a_bad_request() {
    for (name, expected) in bad_names() {
        for path in [format!("authorize?user_id=ada&room={name}"), format!("room?room={name}"), format!("room/{name}")]
        {
            let answer = get(&fixture(), &format!("{LAB}/{path}")).await;
            assert_eq!(answer.status, 400, "{path}");
            assert!(answer.body.starts_with(expected), "{path}: {}", answer.body);
        }
    }
    assert_eq!(authorize("").await.status, 400);
    assert_eq!(get(&fixture(), &format!("{LAB}/room")).await.status, 400);
}

#[tokio::test]
async fn an_upgrade_with_an_invalid_room_name_is_accepted_and_closed() {
    for (name, expected) in bad_names() {
        for path in [format!("room?room={name}"), format!("room/{name}")] {
            let (message, closed) = connect_rejected(&format!("{}/plain/{path}", fixture())).await;
            assert!(message.starts_with(expected), "{path}: {message}");
            assert_eq!(closed.code, 3000);
        }
    }
}

#[tokio::test]
async fn a_room_name_can_have_256_bytes() {
    let mut name = fresh("long");
    name.extend(std::iter::repeat_n('x', 256 - name.len()));
    let [mut ada, mut bob] = together(&name, ["ada", "bob"]).await;
    ada.send("say", &json!({ "text": "hi" })).await;
    ada.only("said").await;
    assert_eq!(bob.only("said").await["room"], name);
}

#[tokio::test]
async fn another_method_is_not_allowed() {
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["authorize?room=any&user_id=ada", "room/any", "room?room="] {
            let answer = request(&fixture(), method, &format!("{LAB}/{path}"), &[("Content-Length", "0")]).await;
            assert_eq!((answer.status, header(&answer, "allow")), (405, Some("GET")), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_room_without_an_upgrade_asks_for_one() {
    for headers in [&[][..], &[("Upgrade", "h2c")]] {
        let answer = request(&fixture(), "GET", &format!("{LAB}/room/any"), headers).await;
        assert_eq!(answer.status, 426);
        assert!(answer.body.contains("new WebSocket"), "{}", answer.body);
    }
}

#[tokio::test]
async fn encodings_of_one_name_are_one_room() {
    let prefix = fresh("name");
    let name = format!("{prefix} a+b/部屋/é..%2F?#&\"");
    let spellings = [
        "%20a%2Bb%2F%E9%83%A8%E5%B1%8B%2F%C3%A9..%252F%3F%23%26%22",
        "%20a+b/%e9%83%a8%e5%b1%8b/%c3%a9%2e.%252F%3F%23&%22",
    ];
    let mut urls: Vec<_> = spellings.iter().map(|spelling| format!("/{prefix}{spelling}")).collect();
    urls.push(format!("?room={prefix}+a%2Bb/%E9%83%A8%E5%B1%8B/%C3%A9..%252F?%23%26%22"));
    urls.push(format!("/?room={prefix}{}", spellings[0]));
    let mut clients = Vec::new();
    for url in &urls {
        let mut client = connect(&format!("{}/plain/room{url}", fixture())).await;
        assert_eq!(client.register().await["room"], name, "{url}");
        client.initialize(&json!({})).await;
        clients.push(client);
    }
    let seen = clients[0].others().await;
    assert_eq!(seen.as_object().map(serde_json::Map::len), Some(urls.len() - 1));
    assert!(seen.as_object().into_iter().flat_map(|seen| seen.values()).all(|other| other["room"] == name), "{seen}");
}

#[tokio::test]
async fn the_token_endpoint_and_the_room_decode_names_alike() {
    let prefix = fresh("same");
    let answer = authorize(&format!("?user_id=ada&room={prefix}%20%2F%E9%83%A8")).await;
    let path = format!("{prefix}%20/%E9%83%A8");
    let mut client = Client::open_with(&fixture(), LAB, &path, &answer.body).await;
    client.initialize(&json!({})).await;
    client.drain().await;
    client.send("users", &json!({})).await;
    assert_eq!(client.only("seen").await["data"]["room"], format!("{prefix} /部"));
}

#[tokio::test]
async fn a_room_name_can_consist_of_dots() {
    for name in [".", ".."] {
        let mut client = connect(&format!("{}/plain/room?room={name}", fixture())).await;
        assert_eq!(client.register().await["room"], name);
    }
    let prefix = fresh("dots");
    let mut client = connect(&format!("{}/plain/room/{prefix}%2F..%2Fx", fixture())).await;
    assert_eq!(client.register().await["room"], format!("{prefix}/../x"));
}

#[tokio::test]
async fn a_listed_origin_can_request_tokens() {
    let allowed = [("access-control-allow-credentials", "true"), ("access-control-allow-origin", APP)];
    for (query, status) in [("room=any&user_id=ada", 200), ("room=closed", 403), ("room=", 400)] {
        let path = format!("{LAB}/authorize?{query}");
        let answer = request(&fixture(), "GET", &path, &[("Origin", APP)]).await;
        assert_eq!((answer.status, cors(&answer)), (status, allowed.to_vec()));
        assert_eq!(header(&answer, "vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn an_unlisted_origin_cannot_request_tokens() {
    for origin in ["https://evil.example", "null", "https://app.example.evil", "http://app.example", "*"] {
        for method in ["GET", "OPTIONS"] {
            let path = format!("{LAB}/authorize?room=any&user_id=ada");
            let answer = request(&fixture(), method, &path, &[("Origin", origin)]).await;
            assert_eq!(cors(&answer), [], "{method} from {origin}");
            assert_eq!(header(&answer, "vary"), Some("Origin"));
        }
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_running_the_hook() {
    let asked = [
        ("Origin", APP),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization, x-id"),
    ];
    let answer = request(&fixture(), "OPTIONS", &format!("{LAB}/authorize?room=closed"), &asked).await;
    assert_eq!((answer.status, &*answer.body), (204, ""));
    assert_eq!(
        cors(&answer),
        [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "authorization, x-id"),
            ("access-control-allow-methods", "GET"),
            ("access-control-allow-origin", APP),
            ("access-control-max-age", "600"),
        ]
    );
}

#[tokio::test]
async fn a_room_without_cors_allows_no_other_origin() {
    for method in ["GET", "OPTIONS"] {
        let answer = request(&chat(), method, "/api/pluv/authorize?room=any&user_id=ada", &[("Origin", APP)]).await;
        assert_eq!(cors(&answer), []);
        assert_eq!(header(&answer, "vary"), None);
    }
}

#[tokio::test]
async fn requests_outside_the_room_paths_are_left_to_the_worker() {
    let paths = ["/", "/nothing", "/lab", "/lab/", "/lab/rooms/x", "/labs/room/x", "/LAB/room/x", "/lab/authorize/x"];
    for path in paths.into_iter().chain(["/plain/authorize?room=x", "/foreign/authorize?room=x"]) {
        let answer = get(&fixture(), path).await;
        assert_eq!((answer.status, &*answer.body), (404, "no such route"), "{path}");
    }
    assert_eq!(get(&chat(), "/api/pluv/nothing").await.status, 404);
}

#[tokio::test]
async fn an_internal_header_from_outside_is_ignored() {
    let room_name = ("x-pluv-room", "\"forged\"");
    let admission = [room_name, ("x-pluv-admission", r#"{"session":"mine","user":{"id":"admin"},"access":"write"}"#)];
    let room = fresh("admission");
    let [mut ada] = together(&room, ["ada"]).await;
    let url = format!("{}{LAB}/room/{room}", fixture());
    let mut outsider = connect_with(&url, &admission).await;
    let error = outsider.receive().await;
    assert_eq!(error["type"], "$error");
    assert!(error["data"]["message"].as_str().is_some_and(|message| message.contains("token")), "{error}");
    assert_eq!(outsider.closed().await.code, 3000);
    ada.silent().await;

    let token = Token::new(&room, "bob").sign(SECRET);
    let registered = connect_with(&format!("{url}?token={token}"), &admission).await.register().await;
    assert_eq!(registered["user"], json!({ "id": "bob" }));
    assert_ne!(registered["connectionId"], "mine");

    let url = format!("{}/plain/room/{room}", fixture());
    let registered = connect_with(&url, &admission).await.register().await;
    assert_eq!(registered["user"], Value::Null);
    assert_ne!(registered["connectionId"], "mine");
}
