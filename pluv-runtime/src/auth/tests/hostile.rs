use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Sha384, Sha512};

use super::{
    NOW, SECRET, base64url, enter, good, hs256, keys, mutate, payload, payload_with, raw_token, secrets, token,
    token_error,
};
use crate::auth::TokenError;

#[test]
fn ten_thousand_mutated_tokens_are_all_refused() {
    assert!(mutate(&keys(), &good(), 10_500) > 10_000);
}

#[test]
fn each_character_of_a_token_matters() {
    let (token, keys) = (good(), keys());
    for at in 0..token.len() {
        for other in ["A", "w", "_", ".", "=", ""] {
            let mut forged = token.clone();
            forged.replace_range(at..=at, other);
            assert!(forged == token || enter(&keys, &forged).is_err(), "{forged}");
        }
    }
}

#[test]
fn a_token_is_three_parts() {
    let token = good();
    let (message, signature) = token.rsplit_once('.').expect("it has parts");
    for text in [".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", message, signature] {
        assert!(enter(&keys(), text).is_err(), "{text}");
    }
    for text in
        [format!("{token}."), format!(".{token}"), format!(" {token}"), format!("{token}\n"), format!("{token}=")]
    {
        assert!(enter(&keys(), &text).is_err(), "{text}");
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = token(&json!({ "alg": alg }), &payload(), |_| Vec::new());
        assert_eq!(token_error(&unsigned), TokenError::Malformed);
        let signed = token(&json!({ "alg": alg }), &payload(), hs256(SECRET.as_bytes()));
        assert_eq!(token_error(&signed), TokenError::Malformed);
    }
    let unsigned = token(&json!({ "alg": "HS256" }), &payload(), |_| Vec::new());
    assert_eq!(token_error(&unsigned), TokenError::Forged);
}

#[test]
fn a_secret_verifies_no_other_algorithm() {
    for alg in ["HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"] {
        let forged = token(&json!({ "alg": alg }), &payload(), hs256(SECRET.as_bytes()));
        assert_eq!(token_error(&forged), TokenError::Forged, "{alg}");
    }
    let hs384 = |message: &[u8]| {
        let mac = Hmac::<Sha384>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
        mac.chain_update(message).finalize().into_bytes().to_vec()
    };
    let hs512 = |message: &[u8]| {
        let mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
        mac.chain_update(message).finalize().into_bytes().to_vec()
    };
    assert_eq!(token_error(&token(&json!({ "alg": "HS384" }), &payload(), hs384)), TokenError::Forged);
    assert_eq!(token_error(&token(&json!({ "alg": "HS512" }), &payload(), hs512)), TokenError::Forged);
    assert_eq!(token_error(&token(&json!({ "alg": "HS256" }), &payload(), hs512)), TokenError::Forged);
}

#[test]
fn a_signature_has_its_whole_length() {
    for length in [0, 1, 16, 31] {
        let short = token(&json!({ "alg": "HS256" }), &payload(), |message| {
            hs256(SECRET.as_bytes())(message)[..length].to_vec()
        });
        assert_eq!(token_error(&short), TokenError::Forged);
    }
    let long =
        token(&json!({ "alg": "HS256" }), &payload(), |message| [hs256(SECRET.as_bytes())(message), vec![0]].concat());
    assert_eq!(token_error(&long), TokenError::Forged);
}

#[test]
fn a_token_by_another_secret_is_refused() {
    for secret in ["", "wrong", "correct horse battery stapl"] {
        let forged = token(&json!({ "alg": "HS256" }), &payload(), hs256(secret.as_bytes()));
        let error = token_error(&forged);
        assert_eq!(error.to_string(), "the token is forged: none of the room's keys made its signature");
    }
}

#[test]
fn claims_can_not_be_swapped() {
    let (token, other) = (good(), super::signed(&payload_with("exp", NOW + 1_000_000)));
    let parts: Vec<_> = token.split('.').collect();
    let others: Vec<_> = other.split('.').collect();
    assert_eq!(token_error(&[parts[0], others[1], parts[2]].join(".")), TokenError::Forged);
    assert_eq!(token_error(&[parts[0], parts[1], others[2]].join(".")), TokenError::Forged);
    assert_eq!(token_error(&[others[0], parts[1], parts[2]].join(".")), TokenError::Forged);
}

#[test]
fn a_signature_is_checked_before_the_claims() {
    let expired = token(&json!({ "alg": "HS256" }), &payload_with("exp", 1), hs256(b"wrong"));
    assert_eq!(token_error(&expired), TokenError::Forged);
    let foreign = token(&json!({ "alg": "HS256" }), &payload_with("room", "other"), hs256(b"wrong"));
    assert_eq!(token_error(&foreign), TokenError::Forged);
    let broken = raw_token(r#"{"alg":"HS256"}"#, "{", hs256(b"wrong"));
    assert_eq!(token_error(&broken), TokenError::Forged);
}

#[test]
fn a_header_with_critical_extensions_is_refused() {
    for crit in [json!(["exp"]), json!(["b64"]), json!([])] {
        let header = json!({ "alg": "HS256", "crit": crit, "b64": false, "exp": 1 });
        assert_eq!(token_error(&token(&header, &payload(), hs256(SECRET.as_bytes()))), TokenError::Critical);
    }
}

#[test]
fn a_header_can_not_bring_its_own_key() {
    let mine = b"attacker";
    let jwk = json!({ "kty": "oct", "k": base64url(mine), "alg": "HS256" });
    let header = json!({
        "alg": "HS256", "jwk": jwk, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x",
        "kid": "../../dev/null",
    });
    assert_eq!(token_error(&token(&header, &payload(), hs256(mine))), TokenError::Forged);
    assert_eq!(token_error(&token(&header, &payload(), hs256(b""))), TokenError::Forged);
    // The same header does no harm to a token that the room's key signed.
    assert!(enter(&keys(), &token(&header, &payload(), hs256(SECRET.as_bytes()))).is_ok());
}

#[test]
fn a_secret_verifies_tokens_whatever_they_call_it() {
    for kid in ["", "1", "'; drop table keys", "\0"] {
        let named = token(&json!({ "alg": "HS256", "kid": kid }), &payload(), hs256(SECRET.as_bytes()));
        assert!(enter(&secrets(&["other", SECRET]), &named).is_ok());
    }
}

#[test]
fn a_header_that_is_not_one_is_refused() {
    let deep = format!(r#"{{"alg":"HS256","x":{}1{}}}"#, "[".repeat(2000), "]".repeat(2000));
    let headers = [
        "",
        "{",
        "null",
        "5",
        "[]",
        "{}",
        "\"HS256\"",
        r#"{"typ":"JWT"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":{"HS256":1}}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS256 "}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","kid":5}"#,
        r#"{"alg":"HS256","crit":"exp"}"#,
        r#"{"alg":"HS256","jwk":5}"#,
        deep.as_str(),
    ];
    for header in headers {
        let forged = raw_token(header, &payload().to_string(), hs256(SECRET.as_bytes()));
        assert_eq!(token_error(&forged), TokenError::Malformed, "{header}");
    }
}

#[test]
fn a_payload_nested_deeply_does_no_harm() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(1000), close.repeat(1000));
        let text = format!(r#"{{"room":"lobby","exp":{},"user":{deep},"more":{deep}}}"#, NOW + 60);
        let token = raw_token(r#"{"alg":"HS256"}"#, &text, hs256(SECRET.as_bytes()));
        if let Ok(claims) = enter(&keys(), &token) {
            assert!(claims.user::<serde_json::Value>().is_err());
        }
    }
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    for junk in [&b"\xff\xfe"[..], b"\0", b"\xf0\x9f\x98"] {
        let encoded = base64url(junk);
        assert_eq!(token_error(&format!("{encoded}.{encoded}.{encoded}")), TokenError::Malformed);
        let message = format!("{}.{encoded}", base64url(br#"{"alg":"HS256"}"#));
        let signature = base64url(&hs256(SECRET.as_bytes())(message.as_bytes()));
        assert_eq!(token_error(&format!("{message}.{signature}")), TokenError::Malformed);
    }
    assert_eq!(token_error("é.😀.\u{0}"), TokenError::Malformed);
}
