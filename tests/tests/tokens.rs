//! The tokens that a room accepts and rejects.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{
    Client, LAB, PREVIOUS_SECRET, SECRET, Token, connect, connect_rejected, eddsa, es256, fixture, fresh, get, hs512,
    lab, rs256, seconds,
};

const FOREIGN: &str = "/foreign";

/// Connects to a room below `path` with the client `witness` in it, asserts that the connection is rejected and not shown, and
/// returns the reason.
async fn rejection(path: &str, witness: &str, room: &str, query: &str) -> String {
    let mut witness = Client::open_with(&fixture(), path, room, witness).await;
    witness.initialize(&json!({})).await;
    witness.drain().await;
    let (message, closed) = connect_rejected(&format!("{}{path}/room/{room}{query}", fixture())).await;
    assert_eq!(closed.code, 3000, "clients try again after any other: {message}");
    assert!(
        message.starts_with(&closed.reason) && !closed.reason.is_empty(),
        "the close has the reason too: {closed:?}"
    );
    witness.silent().await;
    assert_eq!(witness.others().await, json!({}));
    message
}

/// Returns the reason why a token of the user `ada` for `room` is rejected.
async fn rejection_of(room: &str, token: &str) -> String {
    let witness = Token::new(room, "witness").sign(SECRET);
    rejection(LAB, &witness, room, &format!("?token={token}")).await
}

async fn assert_rejected(token: impl FnOnce(&str) -> String, reason: &str) {
    let room = fresh("rejected");
    let message = rejection_of(&room, &token(&room)).await;
    assert!(message.contains(reason), "{message}");
}

async fn assert_accepted(path: &str, token: impl FnOnce(&str) -> String) {
    let room = fresh("accepted");
    let mut client = Client::open_with(&fixture(), path, &room, &token(&room)).await;
    client.initialize(&json!({})).await;
    client.drain().await;
    client.send("say", &json!({ "text": "hi" })).await;
    assert_eq!(client.only("said").await["user"], json!({ "id": "ada" }));
}

/// Returns a token that is valid but for a change.
fn signed(change: impl FnOnce(Token) -> Token) -> impl FnOnce(&str) -> String {
    |room| change(Token::new(room, "ada")).sign(SECRET)
}

#[tokio::test]
async fn a_valid_token_is_accepted() {
    assert_accepted(LAB, signed(|token| token)).await;
}

#[tokio::test]
async fn a_missing_or_empty_token_is_rejected() {
    let room = fresh("missing");
    let witness = Token::new(&room, "witness").sign(SECRET);
    for query in ["", "?", "?token", "?token=", "?other=x"] {
        let message = rejection(LAB, &witness, &room, query).await;
        assert!(message.starts_with("the room needs a token"), "{query}: {message}");
    }
}

#[tokio::test]
async fn text_that_is_not_a_token_is_rejected() {
    let room = fresh("malformed");
    for token in ["abc", "a.b.c", "..", ".", "a.b", "%20", "null", "e30.e30.", "e30.e30.e30.e30", "%FF%00"] {
        let message = rejection_of(&room, token).await;
        assert!(message.starts_with("the token is malformed"), "{token}: {message}");
    }
}

#[tokio::test]
async fn a_token_over_16_kib_is_rejected() {
    assert_rejected(signed(|token| token.with("more", json!("x".repeat(13_000)))), "the token is too long").await;
}

#[tokio::test]
async fn a_forged_token_is_rejected() {
    assert_rejected(|room| Token::new(room, "ada").sign("another secret"), "the token is forged").await;
}

#[tokio::test]
async fn tampered_claims_are_rejected() {
    assert_rejected(
        |room| {
            let good = Token::new(room, "ada").sign(SECRET);
            let (_, signature) = good.rsplit_once('.').expect("a token has a signature");
            format!("{}.{signature}", Token::new(room, "admin").unsigned())
        },
        "the token is forged",
    )
    .await;
}

#[tokio::test]
async fn a_truncated_or_missing_signature_is_rejected() {
    for cut in [1, 4, 43] {
        assert_rejected(
            |room| {
                let good = Token::new(room, "ada").sign(SECRET);
                good[..good.len() - cut].to_owned()
            },
            "the token is ",
        )
        .await;
    }
}

#[tokio::test]
async fn an_unsigned_token_is_rejected() {
    let nothing = |name: &'static str| move |room: &str| Token::new(room, "ada").algorithm(name).signed(|_| Vec::new());
    for name in ["none", "None", "NONE", ""] {
        assert_rejected(nothing(name), "the token is malformed").await;
    }
    assert_rejected(nothing("HS256"), "the token is forged").await;
}

#[tokio::test]
async fn another_algorithm_with_the_same_secret_is_rejected() {
    let hs512 = |room: &str| Token::new(room, "ada").algorithm("HS512").signed(|message| hs512(SECRET, message));
    assert_rejected(hs512, "the token is forged").await;
    assert_rejected(signed(|token| token.algorithm("HS512")), "the token is forged").await;
    assert_rejected(signed(|token| token.algorithm("RS256")), "the token is forged").await;
}

#[tokio::test]
async fn a_token_with_critical_extensions_is_rejected() {
    let critical = |mut token: Token| {
        token.header["crit"] = json!(["b64"]);
        token.header["b64"] = json!(false);
        token
    };
    assert_rejected(signed(critical), "`crit`").await;
}

#[tokio::test]
async fn an_expired_token_is_rejected() {
    for ago in [10, 3600] {
        assert_rejected(signed(|token| token.with("exp", json!(seconds() - ago))), "the token has expired").await;
    }
    assert_rejected(signed(|token| token.with("exp", json!(0))), "the token has expired").await;
    assert_rejected(signed(|token| token.with("exp", json!(-1))), "the token has expired").await;
}

#[tokio::test]
async fn a_token_that_expired_within_the_clock_leeway_is_accepted() {
    assert_accepted(LAB, signed(|token| token.with("exp", json!(seconds() - 1)))).await;
}

#[tokio::test]
async fn a_token_that_is_not_valid_yet_is_rejected() {
    assert_rejected(signed(|token| token.with("nbf", json!(seconds() + 60))), "the token is not valid yet").await;
    assert_accepted(LAB, signed(|token| token.with("nbf", json!(seconds() + 3)))).await;
}

#[tokio::test]
async fn a_token_for_another_room_is_rejected() {
    for other in ["another", ""] {
        assert_rejected(signed(|token| token.with("room", json!(other))), "the token is for another room").await;
    }
}

#[tokio::test]
async fn a_token_without_a_required_claim_is_rejected_by_its_name() {
    for claim in ["exp", "room"] {
        assert_rejected(signed(|token| token.without(claim)), &format!("the token has no `{claim}`")).await;
    }
    assert_rejected(signed(|token| token.without("user")), "the token has no user").await;
}

#[tokio::test]
async fn a_claim_of_the_wrong_type_is_rejected_by_its_name() {
    let wrong: [(&str, Value); 6] = [
        ("exp", json!("soon")),
        ("exp", json!({})),
        ("nbf", json!([])),
        ("room", json!(5)),
        ("access", json!("everything")),
        ("sub", json!(5)),
    ];
    for (claim, value) in wrong {
        assert_rejected(signed(|token| token.with(claim, value)), &format!("`claims.{claim}`")).await;
    }
}

#[tokio::test]
async fn a_user_of_the_wrong_type_is_rejected_by_its_field() {
    assert_rejected(signed(|token| token.with("user", json!({ "id": 5 }))), "`user.id`: invalid type").await;
    assert_rejected(signed(|token| token.with("user", json!({}))), "`user`: missing field `id`").await;
    assert_rejected(signed(|token| token.with("user", json!("ada"))), "`user`: invalid type").await;
    assert_rejected(signed(|token| token.with("user", Value::Null)), "user").await;
}

#[tokio::test]
async fn claims_that_are_not_an_object_are_rejected() {
    for claims in [json!("ada"), json!([1]), Value::Null, json!(5)] {
        let token = Token { header: json!({ "alg": "HS256" }), claims };
        let message = rejection_of(&fresh("claims"), &token.sign(SECRET)).await;
        assert!(message.starts_with("the token is malformed"), "{message}");
    }
}

#[tokio::test]
async fn a_token_signed_with_the_previous_secret_is_accepted() {
    assert_accepted(LAB, |room| Token::new(room, "ada").sign(PREVIOUS_SECRET)).await;
}

#[tokio::test]
async fn a_token_made_by_a_route_of_the_worker_is_accepted() {
    let room = fresh("route");
    let answer = get(&fixture(), &format!("/tokens/{room}")).await;
    assert_eq!(answer.status, 200);
    let mut client = Client::open_with(&fixture(), LAB, &room, &answer.body).await;
    client.initialize(&json!({})).await;
    client.drain().await;
    client.send("say", &json!({ "text": "hi" })).await;
    assert_eq!(client.only("said").await["user"], json!({ "id": "from a route" }));
    assert!(rejection_of(&fresh("route"), &answer.body).await.contains("another room"));
}

#[tokio::test]
async fn a_token_that_is_percent_encoded_twice_is_accepted() {
    assert_accepted(LAB, |room| Token::new(room, "ada").sign(SECRET).replace('.', "%2E")).await;
    assert_accepted(LAB, |room| Token::new(room, "ada").sign(SECRET).replace('.', "%252E")).await;
}

#[tokio::test]
async fn a_user_is_shown_as_in_the_token() {
    let room = fresh("user");
    let mut ada = lab(&room, "ada", "").await;
    let user = json!({ "id": "Zoë 😀 \"\\\u{1}", "more": "the type does not know it" });
    let token = Token::new(&room, "").with("user", user).sign(SECRET);
    let mut zoe = Client::open_with(&fixture(), LAB, &room, &token).await;
    zoe.initialize(&json!({})).await;
    assert_eq!(ada.until("$userJoined").await["user"]["id"], "Zoë 😀 \"\\\u{1}");
}

#[tokio::test]
async fn a_room_without_users_needs_no_token() {
    let room = fresh("plain");
    for query in ["", "?token=nonsense"] {
        let mut client = connect(&format!("{}/plain/room/{room}{query}", fixture())).await;
        assert_eq!(client.register().await["user"], Value::Null);
    }
}

/// Returns a token of the identity provider.
fn issued(room: &str, name: &str, key: &str, sign: fn(&[u8]) -> Vec<u8>) -> String {
    Token::new(room, "ada").algorithm(name).key(key).signed(sign)
}

async fn assert_foreign_rejected(token: impl FnOnce(&str) -> String, reason: &str) {
    let room = fresh("foreign");
    let witness = issued(&room, "EdDSA", "ed25519", eddsa);
    let message = rejection(FOREIGN, &witness, &room, &format!("?token={}", token(&room))).await;
    assert!(message.contains(reason), "{message}");
}

#[tokio::test]
async fn tokens_of_the_identity_provider_are_accepted() {
    assert_accepted(FOREIGN, |room| issued(room, "RS256", "rsa", rs256)).await;
    assert_accepted(FOREIGN, |room| issued(room, "ES256", "p256", es256)).await;
    assert_accepted(FOREIGN, |room| issued(room, "EdDSA", "ed25519", eddsa)).await;
    assert_accepted(FOREIGN, |room| Token::new(room, "ada").algorithm("EdDSA").signed(eddsa)).await;
}

#[tokio::test]
async fn a_token_with_an_unknown_key_is_rejected() {
    assert_foreign_rejected(|room| issued(room, "EdDSA", "unknown", eddsa), "the token is forged").await;
    assert_foreign_rejected(|room| issued(room, "EdDSA", "rsa", eddsa), "the token is forged").await;
    assert_foreign_rejected(|room| issued(room, "ES256", "ed25519", eddsa), "the token is forged").await;
}

#[tokio::test]
async fn a_public_key_is_not_accepted_as_a_secret() {
    let jwks = include_str!("../fixture/wrangler.toml");
    let (_, jwks) = jwks.split_once("IDENTITY_PROVIDER = '''\n").expect("it has the keys");
    let (jwks, _) = jwks.split_once("'''").expect("the keys end");
    for secret in [jwks, jwks.trim(), include_str!("../../pluv-runtime/src/auth/testdata/rsa.pem"), SECRET] {
        assert_foreign_rejected(|room| Token::new(room, "ada").sign(secret), "the token is forged").await;
        assert_foreign_rejected(|room| Token::new(room, "ada").key("rsa").sign(secret), "the token is forged").await;
    }
}

#[tokio::test]
async fn the_claims_of_an_identity_providers_token_are_checked() {
    let token = |room: &str| Token::new(room, "ada").algorithm("EdDSA");
    assert_foreign_rejected(|room| token(room).with("exp", json!(1)).signed(eddsa), "the token has expired").await;
    assert_foreign_rejected(|_| token("another").signed(eddsa), "the token is for another room").await;
    assert_foreign_rejected(|room| token(room).without("user").signed(eddsa), "the token has no user").await;
    assert_foreign_rejected(
        |room| {
            let good = token(room).signed(eddsa);
            let (head, signature) = good.rsplit_once('.').expect("a token has a signature");
            let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("it is base64");
            bytes[7] ^= 1;
            format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes))
        },
        "the token is forged",
    )
    .await;
}
