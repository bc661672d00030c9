//! Public keys. The private keys that belong to them are of these tests alone.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use ed25519_dalek::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use signature::{SignatureEncoding, Signer};

use super::{NOW, ROOM, SECRET, ada, base64url, enter, hs256, mutate, payload, raw_token, token};
use crate::auth::{Claims, KeyError, Keys, TokenError};

const RSA: &str = include_str!("../testdata/rsa.pem");
const RSA_PKCS1: &str = include_str!("../testdata/rsa.pkcs1.pem");
const RSA_OTHER: &str = include_str!("../testdata/rsa.other.pem");
const P256: &str = include_str!("../testdata/p256.pem");
const ED25519: &str = include_str!("../testdata/ed25519.pem");

fn parse(value: &str) -> Result<Keys, KeyError> {
    Keys::parse([("KEYS", value)])
}

fn keys(value: &str) -> Keys {
    parse(value).expect("it is a public key")
}

fn set(keys: &[Value]) -> Keys {
    keys_of(keys).expect("it has a key")
}

fn keys_of(keys: &[Value]) -> Result<Keys, KeyError> {
    parse(&json!({ "keys": keys }).to_string())
}

fn rsa_key() -> rsa::RsaPrivateKey {
    // It takes long to check.
    static KEY: LazyLock<rsa::RsaPrivateKey> = LazyLock::new(|| {
        rsa::RsaPrivateKey::from_pkcs8_pem(include_str!("../testdata/rsa.private.pem")).expect("it is a key")
    });
    KEY.clone()
}

fn p256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_pkcs8_pem(include_str!("../testdata/p256.private.pem")).expect("it is a key")
}

fn ed25519_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_pkcs8_pem(include_str!("../testdata/ed25519.private.pem")).expect("it is a key")
}

fn rs256(message: &[u8]) -> Vec<u8> {
    // It takes long without optimization, and the tests sign much the same.
    static MADE: LazyLock<Mutex<HashMap<Vec<u8>, Vec<u8>>>> = LazyLock::new(Mutex::default);
    let sign = || rsa::pkcs1v15::SigningKey::<Sha256>::new(rsa_key()).sign(message).to_vec();
    MADE.lock().expect("no test panics in here").entry(message.to_vec()).or_insert_with(sign).clone()
}

fn es256(message: &[u8]) -> Vec<u8> {
    let signature: p256::ecdsa::Signature = p256_key().sign(message);
    signature.to_vec()
}

fn eddsa(message: &[u8]) -> Vec<u8> {
    ed25519_key().sign(message).to_vec()
}

type Sign = fn(&[u8]) -> Vec<u8>;

/// Each algorithm: its name, the public key, and what signs.
const ALL: [(&str, &str, Sign); 3] = [("RS256", RSA, rs256), ("ES256", P256, es256), ("EdDSA", ED25519, eddsa)];

fn rsa_jwk() -> Value {
    let key = rsa_key().to_public_key();
    json!({ "kty": "RSA", "n": base64url(&key.n().to_bytes_be()), "e": base64url(&key.e().to_bytes_be()) })
}

fn p256_jwk() -> Value {
    let point = p256_key().verifying_key().to_encoded_point(false);
    let part = |part: Option<&p256::FieldBytes>| base64url(part.expect("the point is no infinity"));
    json!({ "kty": "EC", "crv": "P-256", "x": part(point.x()), "y": part(point.y()) })
}

fn ed25519_jwk() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(ed25519_key().verifying_key().as_bytes()) })
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

/// A token of the identity provider.
fn issued(alg: &str, sign: Sign) -> String {
    token(&json!({ "alg": alg }), &payload(), sign)
}

/// The same, by a key that it names.
fn named(kid: &str) -> String {
    token(&json!({ "alg": "EdDSA", "kid": kid }), &payload(), eddsa)
}

fn unusable() -> KeyError {
    KeyError::Unsupported { variable: "KEYS".to_owned() }
}

#[test]
fn a_public_key_verifies_tokens_of_its_own_algorithm_and_no_other() {
    for (own, pem, sign) in ALL {
        let keys = keys(pem);
        let claims = enter(&keys, &issued(own, sign)).expect("it gets in");
        assert_eq!(claims.user(), Ok(ada()));
        for alg in ["HS256", "RS256", "RS512", "PS256", "ES256", "EdDSA"] {
            if alg != own {
                assert_eq!(enter(&keys, &issued(alg, sign)).err(), Some(TokenError::Forged), "{alg} by {own}");
            }
        }
        for alg in ["none", "ES256K"] {
            assert_eq!(enter(&keys, &issued(alg, sign)).err(), Some(TokenError::Malformed));
        }
    }
}

#[test]
fn a_public_key_is_no_secret() {
    for (own, pem, _) in ALL {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let one_line = pem.replace('\n', "");
        let guesses = [pem, pem.trim(), pem.trim_start(), body.as_str(), one_line.as_str(), ""];
        for secret in guesses {
            for alg in ["HS256", own] {
                let forged = token(&json!({ "alg": alg }), &payload(), hs256(secret.as_bytes()));
                assert_eq!(enter(&keys(pem), &forged).err(), Some(TokenError::Forged));
            }
        }
    }
    let (rsa, ec, ed) = (rsa_key().to_public_key(), p256_key(), ed25519_key());
    let bytes = [
        rsa.n().to_bytes_be(),
        ec.verifying_key().to_encoded_point(false).as_bytes().to_vec(),
        ec.verifying_key().to_encoded_point(true).as_bytes().to_vec(),
        ed.verifying_key().to_bytes().to_vec(),
    ];
    let all = set(&[rsa_jwk(), p256_jwk(), ed25519_jwk()]);
    for secret in bytes {
        for secret in [secret.clone(), base64url(&secret).into_bytes()] {
            let forged = token(&json!({ "alg": "HS256" }), &payload(), hs256(&secret));
            assert_eq!(enter(&all, &forged).err(), Some(TokenError::Forged));
        }
    }
}

#[test]
fn a_key_verifies_nothing_of_another_key() {
    for (own, pem, _) in ALL {
        for (alg, _, sign) in ALL {
            if alg != own {
                for claimed in [own, alg] {
                    assert_eq!(enter(&keys(pem), &issued(claimed, sign)).err(), Some(TokenError::Forged));
                }
            }
        }
    }
    assert_eq!(enter(&keys(RSA_OTHER), &issued("RS256", rs256)).err(), Some(TokenError::Forged));
}

#[test]
fn rsa_with_another_hash_is_refused() {
    let rs512 = |message: &[u8]| rsa::pkcs1v15::SigningKey::<Sha512>::new(rsa_key()).sign(message).to_vec();
    for alg in ["RS512", "RS256"] {
        let forged = token(&json!({ "alg": alg }), &payload(), rs512);
        assert_eq!(enter(&keys(RSA), &forged).err(), Some(TokenError::Forged));
    }
}

#[test]
fn a_pem_is_read_however_it_is_laid_out() {
    let (token, pkcs1) = (issued("RS256", rs256), keys(RSA_PKCS1));
    assert!(enter(&pkcs1, &token).is_ok());
    for (alg, pem, sign) in ALL {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let token = issued(alg, sign);
        let layouts = [
            pem.trim().to_owned(),
            format!("\n\n  {pem}\n  "),
            pem.replace('\n', "\r\n"),
            format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"),
            format!("-----BEGIN PUBLIC KEY-----{body}-----END PUBLIC KEY-----"),
            pem.replace('\n', "\\n"),
            pem.trim().replace('\n', " ").replace("BEGIN PUBLIC KEY-----", "BEGIN PUBLIC KEY-----\t"),
        ];
        for layout in layouts {
            assert!(enter(&keys(&layout), &token).is_ok(), "{layout}");
        }
    }
}

#[test]
fn a_pem_that_holds_no_usable_key_is_refused() {
    let cut = &RSA[..RSA.len() / 2];
    let twice = format!("{P256}{ED25519}");
    let mislabelled = P256.replace("PUBLIC", "RSA PUBLIC");
    let unusable_pems = [
        include_str!("../testdata/p384.pem"),
        include_str!("../testdata/rsa1024.pem"),
        include_str!("../testdata/certificate.pem"),
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n????\n-----END PUBLIC KEY-----",
        cut,
        twice.as_str(),
        mislabelled.as_str(),
    ];
    for pem in unusable_pems {
        assert_eq!(parse(pem).err(), Some(unusable()), "{pem}");
    }
    let error = parse(cut).expect_err("it is cut off").to_string();
    assert!(error.contains("the variable `KEYS`") && error.contains("2048 to 4096 bits"), "{error}");
}

#[test]
fn the_private_key_itself_is_refused() {
    for pem in [
        include_str!("../testdata/rsa.private.pem"),
        include_str!("../testdata/p256.private.pem"),
        include_str!("../testdata/ed25519.private.pem"),
    ] {
        assert_eq!(parse(pem).err(), Some(KeyError::Private { variable: "KEYS".to_owned() }));
    }
    for jwk in [rsa_jwk(), p256_jwk(), ed25519_jwk()] {
        let keys = keys_of(&[ed25519_jwk(), with(jwk, "d", "AQAB")]);
        assert_eq!(keys.err(), Some(KeyError::Private { variable: "KEYS".to_owned() }));
    }
}

#[test]
fn a_set_verifies_each_algorithm() {
    let keys = set(&[rsa_jwk(), p256_jwk(), ed25519_jwk()]);
    for (alg, _, sign) in ALL {
        assert!(enter(&keys, &issued(alg, sign)).is_ok(), "{alg}");
        for other in ["RS256", "ES256", "EdDSA"] {
            assert_eq!(other == alg, enter(&keys, &issued(other, sign)).is_ok(), "{alg} as {other}");
        }
    }
}

#[test]
fn a_set_is_searched_by_the_name_that_the_token_gives() {
    let other = with(ed25519_jwk(), "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let keys = set(&[with(other.clone(), "kid", "old"), with(ed25519_jwk(), "kid", "new")]);
    assert!(enter(&keys, &named("new")).is_ok());
    for kid in ["old", "", "New", "unknown"] {
        assert_eq!(enter(&keys, &named(kid)).err(), Some(TokenError::Forged), "{kid}");
    }
    // Two providers may use the same name.
    let twins = set(&[with(other, "kid", "1"), with(ed25519_jwk(), "kid", "1")]);
    assert!(enter(&twins, &named("1")).is_ok());
}

#[test]
fn a_token_that_names_no_key_is_tried_with_each() {
    let other = with(ed25519_jwk(), "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let keys = set(&[with(other, "kid", "old"), with(ed25519_jwk(), "kid", "new")]);
    assert!(enter(&keys, &issued("EdDSA", eddsa)).is_ok());
}

#[test]
fn a_key_without_a_name_is_tried_with_each_token() {
    assert!(enter(&set(&[ed25519_jwk()]), &named("any")).is_ok());
    assert!(enter(&keys(ED25519), &named("any")).is_ok());
}

#[test]
fn a_set_skips_what_it_can_not_use() {
    let skipped = [
        json!({ "kty": "oct", "k": base64url(b"secret"), "kid": "1" }),
        json!({ "kty": "oct", "k": base64url(b"secret"), "alg": "HS256" }),
        json!({ "kty": "future", "x": 1 }),
        json!({ "kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA" }),
        json!({ "kty": "OKP", "crv": "Ed448", "x": "AAAA" }),
        // A point that is not on the curve, one that is too short, and one of a small order.
        with(p256_jwk(), "y", base64url(&[1; 32])),
        with(ed25519_jwk(), "x", "AAAA"),
        with(ed25519_jwk(), "x", base64url(&[[1].as_slice(), &[0; 31]].concat())),
        // RSA of 1024 bits, of 8192 bits, and with an exponent of 1.
        with(rsa_jwk(), "n", base64url(&[0xff; 128])),
        with(rsa_jwk(), "n", base64url(&[0xff; 1024])),
        with(rsa_jwk(), "e", "AQ"),
        with(rsa_jwk(), "n", "not base64!"),
        with(rsa_jwk(), "use", "enc"),
        with(rsa_jwk(), "use", "other"),
        with(rsa_jwk(), "alg", "RS512"),
        with(rsa_jwk(), "alg", "PS256"),
        with(rsa_jwk(), "alg", "RSA-OAEP"),
        with(rsa_jwk(), "alg", "unheard of"),
        with(p256_jwk(), "alg", "RS256"),
        with(p256_jwk(), "kid", 5),
        with(ed25519_jwk(), "key_ops", json!(["sign"])),
        with(ed25519_jwk(), "key_ops", json!([])),
        json!({}),
    ];
    for jwk in &skipped {
        assert_eq!(keys_of(std::slice::from_ref(jwk)).err(), Some(unusable()), "{jwk}");
    }
    let good = with(with(with(ed25519_jwk(), "use", "sig"), "alg", "EdDSA"), "key_ops", json!(["verify"]));
    let keys = set(&[&skipped[..], &[good]].concat());
    assert!(enter(&keys, &issued("EdDSA", eddsa)).is_ok());
    let forged = token(&json!({ "alg": "HS256", "kid": "1" }), &payload(), hs256(b"secret"));
    assert_eq!(enter(&keys, &forged).err(), Some(TokenError::Forged));
}

#[test]
fn a_document_that_is_no_set_is_refused() {
    let single = ed25519_jwk().to_string();
    let cut = json!({ "keys": [ed25519_jwk()] }).to_string();
    for text in
        ["{}", "{\"keys\":[]}", "{\"keys\":{}}", "{\"keys\":[5]}", "{\"keys\":null}", &single, &cut[..cut.len() - 1]]
    {
        assert_eq!(parse(text).err(), Some(unusable()), "{text}");
    }
}

#[test]
fn a_secret_signs_beside_a_public_key_that_verifies() {
    let keys = Keys::parse([("PLUV_SECRET", SECRET), ("KEYS", ED25519)]).expect("both are keys");
    let own = keys.sign(&Claims::new(ROOM, ada().into(), NOW)).expect("a secret signs");
    assert!(enter(&keys, &own).is_ok());
    assert!(enter(&keys, &issued("EdDSA", eddsa)).is_ok());
    let crossed = token(&json!({ "alg": "EdDSA" }), &payload(), hs256(SECRET.as_bytes()));
    assert_eq!(enter(&keys, &crossed).err(), Some(TokenError::Forged));
    let crossed = issued("HS256", eddsa);
    assert_eq!(enter(&keys, &crossed).err(), Some(TokenError::Forged));
}

#[test]
fn a_room_whose_first_key_is_public_signs_nothing() {
    let keys = Keys::parse([("KEYS", ED25519), ("PLUV_SECRET", SECRET)]).expect("both are keys");
    let error = keys.sign(&Claims::new(ROOM, ada().into(), NOW)).expect_err("a public key can't sign").to_string();
    assert!(error.contains("`KEYS`") && error.contains("only the identity provider can sign"), "{error}");
}

#[test]
fn the_claims_of_a_provider_are_checked_like_the_rooms_own() {
    let sign = |payload: &Value| token(&json!({ "alg": "ES256" }), payload, es256);
    let keys = keys(P256);
    let reason = |payload: &Value| enter(&keys, &sign(payload)).err();
    assert_eq!(reason(&super::payload_with("exp", NOW - 5)), Some(TokenError::Expired));
    assert_eq!(reason(&super::payload_with("room", "other")), Some(TokenError::OtherRoom));
    assert_eq!(reason(&super::payload_with("user", Value::Null)), Some(TokenError::NoUser));
}

#[test]
fn mutated_tokens_of_each_algorithm_are_refused() {
    for (alg, pem, sign) in ALL {
        assert!(mutate(&keys(pem), &issued(alg, sign), 120) > 100);
    }
}

#[test]
fn a_signature_in_another_form_is_refused() {
    let keys = keys(P256);
    let signed = |sign: Sign| enter(&keys, &issued("ES256", sign)).err();
    // ASN.1, as OpenSSL writes it; and zeros, which a careless verifier takes for any message.
    let der: Sign = |message| {
        let signature: p256::ecdsa::Signature = p256_key().sign(message);
        signature.to_der().as_bytes().to_vec()
    };
    for sign in [der, |_| vec![0; 64], |_| Vec::new(), |message| [es256(message), vec![0]].concat()] {
        assert_eq!(signed(sign), Some(TokenError::Forged));
    }
    for zeros in [0, 63, 64, 65] {
        let forged = token(&json!({ "alg": "EdDSA" }), &payload(), |_| vec![0; zeros]);
        assert_eq!(enter(&self::keys(ED25519), &forged).err(), Some(TokenError::Forged));
    }
    for (length, byte) in [(0, 0), (255, 0), (256, 0), (256, 255), (257, 0), (4096, 1)] {
        let forged = token(&json!({ "alg": "RS256" }), &payload(), |_| vec![byte; length]);
        assert_eq!(enter(&self::keys(RSA), &forged).err(), Some(TokenError::Forged));
    }
}

#[test]
fn a_header_can_not_bring_its_own_public_key() {
    let own = with(ed25519_jwk(), "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let keys = set(&[with(own, "kid", "1")]);
    let header = json!({ "alg": "EdDSA", "kid": "1", "jwk": ed25519_jwk(), "jku": "https://evil.example" });
    assert_eq!(enter(&keys, &token(&header, &payload(), eddsa)).err(), Some(TokenError::Forged));
}

/// The RFCs' own tokens. None of them has a `room`: that this is the complaint says that the signature is right.
mod rfc {
    use super::{ROOM, TokenError, json, set};

    const CLAIMS: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    fn check(jwk: &serde_json::Value, header: &str, payload: &str, signature: &str, valid: TokenError) {
        let keys = set(std::slice::from_ref(jwk));
        let verify = |token: String| keys.verify(&token, ROOM, 1_300_819_379).err();
        assert_eq!(verify(format!("{header}.{payload}.{signature}")), Some(valid));
        let wrong = signature.replacen(|c| c != 'X', "X", 1);
        assert_eq!(verify(format!("{header}.{payload}.{wrong}")), Some(TokenError::Forged));
    }

    #[test]
    fn the_rs256_example_of_rfc_7515_is_verified() {
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB" });
        check(&jwk, "eyJhbGciOiJSUzI1NiJ9", CLAIMS, signature, TokenError::NoClaim("room"));
    }

    #[test]
    fn the_es256_example_of_rfc_7515_is_verified() {
        let jwk = json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        check(&jwk, "eyJhbGciOiJFUzI1NiJ9", CLAIMS, signature, TokenError::NoClaim("room"));
    }

    #[test]
    fn the_eddsa_example_of_rfc_8037_is_verified() {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        // Its payload is a sentence and no JSON, which is found after the signature.
        check(&jwk, "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", signature, TokenError::Malformed);
    }
}

#[test]
fn a_signature_is_checked_before_the_payload() {
    let broken = raw_token(r#"{"alg":"EdDSA"}"#, "{", hs256(b"wrong"));
    assert_eq!(enter(&keys(ED25519), &broken).err(), Some(TokenError::Forged));
}
