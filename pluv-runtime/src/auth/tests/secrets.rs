use std::collections::HashMap;

use serde_json::Value;

use super::{NOW, ROOM, SECRET, ada, enter, good, keys, secrets};
use crate::auth::{Claims, Grant, KeyError, Keys, TokenError};

fn parse(value: &str) -> Result<Keys, KeyError> {
    Keys::parse([("PLUV_SECRET", value)])
}

fn variable() -> String {
    "PLUV_SECRET".to_owned()
}

#[test]
fn a_secret_verifies_what_it_signed() {
    let token = good();
    let claims = enter(&keys(), &token).expect("it gets in");
    assert_eq!(claims.user(), Ok(ada()));
}

#[test]
fn the_first_secret_signs_and_each_one_verifies() {
    let by = |keys: &Keys| keys.sign(&Claims::new(ROOM, ada().into(), NOW)).expect("a secret signs");
    let (old, new) = (by(&secrets(&["old"])), by(&secrets(&["new"])));
    let rotated = secrets(&["new", "old"]);
    for token in [&old, &new, &by(&rotated)] {
        assert!(enter(&rotated, token).is_ok());
    }
    assert!(enter(&secrets(&["new"]), &by(&rotated)).is_ok());
    assert_eq!(enter(&secrets(&["old"]), &by(&rotated)).err(), Some(TokenError::Forged));
    assert_eq!(enter(&secrets(&["new"]), &old).err(), Some(TokenError::Forged));
}

#[test]
fn secrets_are_taken_as_they_stand() {
    let token = good();
    for other in ["Correct horse battery staple", "correct horse battery staple\n", " correct horse battery staple"] {
        assert_eq!(enter(&secrets(&[other]), &token).err(), Some(TokenError::Forged));
    }
    for odd in ["x", "é😀", "a\0b", "MIIB", "-----", "[]", "\"quoted\""] {
        let keys = secrets(&[odd]);
        let token = keys.sign(&Claims::new(ROOM, ada().into(), NOW)).expect("a secret signs");
        assert!(enter(&keys, &token).is_ok(), "{odd:?}");
    }
}

#[test]
fn a_secret_longer_than_a_block_of_the_hash_works() {
    let long = "s".repeat(1000);
    let keys = secrets(&[&long]);
    let token = keys.sign(&Claims::new(ROOM, ada().into(), NOW)).expect("a secret signs");
    assert!(enter(&keys, &token).is_ok());
    assert!(enter(&secrets(&[&long[..999]]), &token).is_err());
}

#[test]
fn a_blank_secret_is_refused() {
    for blank in ["", " ", "\n", " \t\r\n", "\u{a0}"] {
        assert_eq!(parse(blank).err(), Some(KeyError::Empty { variable: variable() }));
    }
    let second = Keys::parse([("PLUV_SECRET", SECRET), ("PLUV_SECRET_PREVIOUS", "")]);
    assert_eq!(
        second.expect_err("a key is blank").to_string(),
        "the variable `PLUV_SECRET_PREVIOUS` is empty: set it with `npx wrangler secret put PLUV_SECRET_PREVIOUS`, or \
         remove it"
    );
}

#[test]
fn a_room_without_a_variable_has_no_keys() {
    assert_eq!(Keys::parse([]).err(), Some(KeyError::Missing));
}

#[test]
fn a_private_key_is_refused() {
    let begin = "-----BEGIN";
    for kind in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
        let pem = format!("{begin} {kind}PRIVATE KEY-----\nAAAA\n-----END {kind}PRIVATE KEY-----\n");
        assert_eq!(parse(&pem).err(), Some(KeyError::Private { variable: variable() }));
    }
}

#[test]
fn what_looks_like_a_public_key_is_never_a_secret() {
    let pem = include_str!("../testdata/rsa.pem");
    let quoted = format!("\"{}\"", pem.replace('\n', "\\n"));
    let texts = [
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "Key:\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        quoted.as_str(),
        "{}",
        " {\"keys\":[]}",
        "{\"keys\":[{\"kty\":\"RSA\"",
        "{ not JSON",
        "[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]",
        "\"{\\\"keys\\\":[{\\\"kty\\\":\\\"RSA\\\"}]}\"",
    ];
    for text in texts {
        let error = parse(text).expect_err("it is no secret");
        let feature = cfg!(feature = "asymmetric");
        assert!(
            matches!((feature, &error), (true, KeyError::Unsupported { .. }) | (false, KeyError::Feature { .. })),
            "{text}: {error}"
        );
    }
}

#[cfg(not(feature = "asymmetric"))]
#[test]
fn a_public_key_asks_for_the_feature() {
    let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    for key in [include_str!("../testdata/rsa.pem"), include_str!("../testdata/ed25519.pem"), set] {
        let error = parse(key).expect_err("the feature is off").to_string();
        assert!(error.contains("the variable `PLUV_SECRET`") && error.contains("the feature `asymmetric`"), "{error}");
    }
}

#[test]
fn errors_and_keys_show_no_key() {
    let shown = format!("{:?}", keys());
    assert!(!shown.contains("horse") && !shown.contains(&format!("{:?}", SECRET.as_bytes())), "{shown}");
    for text in ["-----BEGIN PUBLIC KEY-----hidden", "{ hidden", "-----BEGIN PRIVATE KEY-----hidden"] {
        let error = parse(text).expect_err("it is no secret");
        assert!(!format!("{error} {error:?}").contains("hidden"));
    }
}

#[test]
fn a_user_that_is_no_json_is_not_signed() {
    let user: HashMap<Vec<u8>, Value> = HashMap::from([(vec![1], Value::Null)]);
    let error = keys().sign(&Claims::new(ROOM, Grant::write(user), NOW)).expect_err("its key is no string");
    assert!(error.to_string().starts_with("the token's claims can't be written as JSON: "), "{error}");
}

#[test]
fn a_token_that_would_be_too_long_is_not_signed() {
    let sign = |length| keys().sign(&Claims::new(ROOM, Grant::write("n".repeat(length)), NOW));
    let token = sign(12_000).expect("it fits");
    assert!(enter(&keys(), &token).is_ok());
    let error = sign(12_500).expect_err("it does not fit");
    assert!(matches!(error, KeyError::TooLong { size } if size > 16_384), "{error}");
}

#[test]
fn a_signed_token_is_a_plain_jwt() {
    let token = good();
    assert!(token.starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."), "{token}");
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    assert!(token.chars().all(safe), "a URL would change {token}");
}
