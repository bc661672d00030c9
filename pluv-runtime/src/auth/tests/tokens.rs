use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{NOW, ROOM, User, ada, enter, good, keys, payload, payload_with, signed, token_error};
use crate::auth::{Access, Claims, Grant, TokenError};

#[test]
fn what_is_signed_comes_back() {
    let user = json!({ "id": "ü😀", "roles": ["a", "b"], "n": 1.5, "none": null });
    let claims = Claims::new(ROOM, Grant::read(user.clone()), NOW);
    let token = keys().sign(&claims).expect("a secret signs");
    let read = enter(&keys(), &token).expect("it gets in");
    assert_eq!(read.access, Access::Read);
    assert_eq!(read.user::<Value>(), Ok(user));
    let [read, signed] = [serde_json::to_value(&read), serde_json::to_value(&claims)];
    assert_eq!(read.expect("it is JSON"), signed.expect("it is JSON"));
}

#[test]
fn a_missing_token_is_told_where_it_goes() {
    let error = token_error("");
    assert_eq!(error, TokenError::Missing);
    assert_eq!(error.to_string(), "the room needs a token: connect with one in the query parameter `token`");
}

#[test]
fn a_token_of_16_kib_is_read_and_a_longer_one_is_not() {
    assert_eq!(token_error(&"x".repeat(16 * 1024)), TokenError::Malformed);
    let error = token_error(&"x".repeat(16 * 1024 + 1));
    assert_eq!(error.to_string(), "the token is too long: it has 16385 bytes, and the limit is 16384");
}

#[test]
fn access_that_is_not_given_is_write() {
    let access = |payload: &Value| enter(&keys(), &signed(payload)).expect("it gets in").access;
    assert_eq!(access(&payload()), Access::Write);
    assert_eq!(access(&payload_with("access", "write")), Access::Write);
    assert_eq!(access(&payload_with("access", "read")), Access::Read);
}

#[test]
fn an_access_that_is_unknown_is_refused() {
    for value in [json!("admin"), json!("Read"), json!(""), json!(1), json!(["read"])] {
        let error = token_error(&signed(&payload_with("access", value)));
        assert!(error.to_string().starts_with("the token can't be read: `claims.access`: "), "{error}");
    }
    let null = signed(&json!({ "room": ROOM, "user": 1, "exp": NOW + 60, "access": null }));
    assert!(matches!(token_error(&null), TokenError::Claims(_)));
}

#[test]
fn a_token_expires_5_seconds_after_its_time() {
    let token = good();
    let at = |now| keys().verify(&token, ROOM, now).map(|_| ());
    for now in [0, NOW, NOW + 59, NOW + 60, NOW + 64] {
        assert_eq!(at(now), Ok(()), "{now}");
    }
    for now in [NOW + 65, NOW + 66, NOW + 1_000_000, u64::MAX] {
        assert_eq!(at(now), Err(TokenError::Expired), "{now}");
    }
}

#[test]
fn a_token_that_lasts_for_ever_does() {
    let grant = Grant::write(ada()).expires_in(Duration::MAX);
    let token = keys().sign(&Claims::new(ROOM, grant, NOW)).expect("a secret signs");
    assert!(keys().verify(&token, ROOM, u64::MAX - 1).is_ok());
}

#[test]
fn a_token_without_an_expiry_is_refused() {
    assert_eq!(token_error(&signed(&payload_with("exp", Value::Null))), TokenError::NoClaim("exp"));
    let null = json!({ "room": ROOM, "user": 1, "exp": null });
    assert_eq!(token_error(&signed(&null)).to_string(), "the token has no `exp`: sign one that has the claim");
}

#[test]
fn times_are_numbers_with_or_without_a_fraction() {
    let enters = |name, value: Value| enter(&keys(), &signed(&payload_with(name, value))).map(|_| ());
    let now = json!(NOW);
    assert_eq!(enters("exp", json!(1_700_000_060.75)), Ok(()));
    assert_eq!(enters("exp", json!(1e300)), Ok(()));
    assert_eq!(enters("exp", json!(1.7e9 - 5.5)), Err(TokenError::Expired));
    assert_eq!(enters("exp", json!(-1)), Err(TokenError::Expired));
    assert_eq!(enters("nbf", json!(-1.5)), Ok(()));
    assert_eq!(enters("iat", now), Ok(()));
    for (name, value) in [("exp", json!("1700000060")), ("exp", json!(true)), ("nbf", json!([])), ("iat", json!({}))] {
        let error = enters(name, value).expect_err("it is no number").to_string();
        assert!(error.starts_with(&format!("the token can't be read: `claims.{name}`: invalid type: ")), "{error}");
    }
}

#[test]
fn a_token_begins_5_seconds_before_its_time() {
    let enters = |nbf| enter(&keys(), &signed(&payload_with("nbf", nbf))).map(|_| ());
    for nbf in [0, NOW - 1, NOW, NOW + 4, NOW + 5] {
        assert_eq!(enters(nbf), Ok(()), "{nbf}");
    }
    for nbf in [NOW + 6, NOW + 60, u64::MAX] {
        assert_eq!(enters(nbf), Err(TokenError::NotYet), "{nbf}");
    }
}

#[test]
fn a_token_of_the_future_is_taken() {
    assert!(enter(&keys(), &signed(&payload_with("iat", NOW + 1_000_000))).is_ok());
}

#[test]
fn a_token_is_for_one_room() {
    let token = good();
    for room in ["", "Lobby", "lobby ", "lobby/", "lobb", "lobbys", "l%6fbby"] {
        let error = keys().verify(&token, room, NOW).expect_err("it is for another room");
        assert_eq!(error.to_string(), "the token is for another room: get one for this room");
    }
    assert_eq!(token_error(&signed(&payload_with("room", Value::Null))), TokenError::NoClaim("room"));
    assert!(matches!(token_error(&signed(&payload_with("room", json!([ROOM])))), TokenError::Claims(_)));
}

#[test]
fn a_room_may_have_any_name() {
    for room in ["", "a b", "ü/😀", "\"\\", "\0"] {
        let token = keys().sign(&Claims::new(room, ada().into(), NOW)).expect("a secret signs");
        assert!(keys().verify(&token, room, NOW).is_ok());
    }
}

#[test]
fn a_token_without_a_user_is_refused() {
    let error = token_error(&signed(&payload_with("user", Value::Null)));
    assert_eq!(error.to_string(), "the token has no user");
    assert_eq!(token_error(&signed(&json!({ "room": ROOM, "user": null, "exp": NOW + 60 }))), TokenError::NoUser);
}

#[test]
fn a_user_of_another_type_is_refused_by_the_field_that_does_not_fit() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Strict {
        id: u32,
        team: Option<Team>,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Team {
        name: String,
    }
    let read = |user: Value| enter(&keys(), &signed(&payload_with("user", user))).expect("it gets in").user::<Strict>();
    assert_eq!(read(json!({ "id": 5, "more": true })), Ok(Strict { id: 5, team: None }));
    let error = |user: Value| read(user).expect_err("it does not fit").to_string();
    assert_eq!(
        error(json!({ "id": "5" })),
        "the token's user can't be read: `user.id`: invalid type: string \"5\", expected u32"
    );
    assert_eq!(
        error(json!({ "id": 5, "team": { "name": 1 } })),
        "the token's user can't be read: `user.team.name`: invalid type: integer `1`, expected a string"
    );
    assert_eq!(error(json!({})), "the token's user can't be read: `user`: missing field `id`");
    assert!(error(json!("Ada")).starts_with("the token's user can't be read: `user`: invalid type"));
}

#[test]
fn a_user_keeps_the_json_it_was_signed_as() {
    let user = r#"{"id":"u1","name":"Ada","big":12345678901234567890123,"twice":1.10}"#;
    let text = format!(r#"{{"room":"{ROOM}","exp":{},"user":{user}}}"#, NOW + 60);
    let token = super::raw_token(r#"{"alg":"HS256"}"#, &text, super::hs256(super::SECRET.as_bytes()));
    let claims = enter(&keys(), &token).expect("it gets in");
    assert_eq!(claims.user.get(), user);
    assert_eq!(claims.user::<User>(), Ok(ada()));
}

#[test]
fn claims_of_an_identity_provider_are_left_alone() {
    let mut payload = payload();
    payload["iss"] = json!("https://id.example");
    payload["aud"] = json!(["a", "b"]);
    payload["https://example.com/role"] = json!({ "deep": [1, 2] });
    assert!(enter(&keys(), &signed(&payload)).is_ok());
}

#[test]
fn claims_that_come_twice_are_refused() {
    for twice in ["\"room\":\"lobby\"", "\"exp\":1700000060", "\"user\":1", "\"access\":\"write\""] {
        let text = format!(r#"{{"room":"lobby","exp":1700000060,"user":1,"access":"read",{twice}}}"#);
        let token = super::raw_token(r#"{"alg":"HS256"}"#, &text, super::hs256(super::SECRET.as_bytes()));
        assert!(enter(&keys(), &token).is_err(), "{twice}");
    }
}

#[test]
fn a_payload_that_is_no_object_is_refused() {
    let list = format!(r#"["{ROOM}",null,1,null,{},null,null,"write"]"#, NOW + 60);
    for text in ["", "5", "null", "\"x\"", "[]", "{", "{}x", list.as_str()] {
        let token = super::raw_token(r#"{"alg":"HS256"}"#, text, super::hs256(super::SECRET.as_bytes()));
        assert!(enter(&keys(), &token).is_err(), "{text}");
    }
}

#[test]
fn errors_show_no_token() {
    let token = good();
    for token in [&token[1..], &token[..token.len() - 1], "secret.secret.secret"] {
        let error = token_error(token);
        assert!(!format!("{error} {error:?}").contains("secret"));
        assert!(!error.to_string().contains(&token[5..15]));
    }
}
