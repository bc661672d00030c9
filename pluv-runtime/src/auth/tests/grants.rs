use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{NOW, ROOM, User, ada};
use crate::auth::{Access, Claims, Grant, IntoGrant};

/// As the macro's expansion calls it: the user's type is known by the return type alone.
fn authorize<U, G: IntoGrant<U>, E>(returned: Result<G, E>) -> Result<Option<Grant<U>>, E> {
    returned.map(IntoGrant::into_grant)
}

fn claims<U: Serialize>(grant: Grant<U>) -> Value {
    serde_json::to_value(Claims::new(ROOM, grant, NOW)).expect("it is JSON")
}

#[test]
fn authorize_may_return_a_user() {
    fn expansion() -> Result<Option<Grant<User>>, String> {
        authorize(Ok(Some(ada())))
    }
    let grant = expansion().expect("it is no error").expect("it is no refusal");
    assert_eq!((grant.user, grant.access, grant.expiry), (ada(), Access::Write, Duration::from_secs(60)));
}

#[test]
fn authorize_may_return_a_grant() {
    fn expansion() -> Result<Option<Grant<User>>, String> {
        authorize(Ok(Some(Grant::read(ada()).expires_in(Duration::from_secs(5)))))
    }
    let grant = expansion().expect("it is no error").expect("it is no refusal");
    assert_eq!((grant.user, grant.access, grant.expiry), (ada(), Access::Read, Duration::from_secs(5)));
}

#[test]
fn authorize_may_refuse() {
    let refused: Result<Option<User>, String> = Ok(None);
    let granted: Result<Option<Grant<User>>, String> = authorize(refused);
    assert!(granted.expect("it is no error").is_none());
}

#[test]
fn a_grant_shows_no_user() {
    struct Private;
    let text = format!("{:?}", Grant::write(Private));
    assert_eq!(text, "Grant { access: Write, expiry: 60s, .. }");
}

#[test]
fn access_is_written_in_lowercase() {
    assert_eq!(json!([Access::Write, Access::Read]), json!(["write", "read"]));
    assert_eq!(Access::default(), Access::Write);
}

#[test]
fn claims_last_for_60_seconds_unless_the_grant_says_it_otherwise() {
    let user = ada();
    assert_eq!(claims(Grant::from(user.clone()))["exp"], NOW + 60);
    let lasting = |expiry| claims(Grant::write(user.clone()).expires_in(expiry))["exp"].clone();
    assert_eq!(lasting(Duration::from_secs(3600)), NOW + 3600);
    assert_eq!(lasting(Duration::ZERO), NOW);
    assert_eq!(lasting(Duration::from_millis(1)), NOW + 1);
    assert_eq!(lasting(Duration::from_millis(2500)), NOW + 3);
    assert_eq!(lasting(Duration::MAX), u64::MAX);
}

#[test]
fn claims_have_all_that_they_promise() {
    let claims = claims(Grant::read(ada()));
    let jti = claims["jti"].as_str().expect("it is text");
    assert_eq!(
        claims,
        json!({
            "room": ROOM,
            "sub": "u1",
            "user": { "id": "u1", "name": "Ada" },
            "iat": NOW,
            "exp": NOW + 60,
            "jti": jti,
            "access": "read",
        })
    );
}

#[test]
fn the_subject_is_the_id_of_the_user_if_that_is_a_string() {
    let subject = |user: Value| claims(Grant::write(user)).get("sub").cloned();
    assert_eq!(subject(json!({ "id": "u1" })), Some(json!("u1")));
    assert_eq!(subject(json!({ "id": "" })), Some(json!("")));
    for other in [json!({ "id": 5 }), json!({ "id": null }), json!({ "name": "Ada" }), json!("u1"), json!(["id"])] {
        assert_eq!(subject(other), None);
    }
}

#[test]
fn each_token_has_its_own_id() {
    let id = || claims(Grant::write(ada()))["jti"].as_str().map(str::to_owned).expect("it is text");
    let (first, second) = (id(), id());
    assert_ne!(first, second);
    let parsed = uuid::Uuid::parse_str(&first).expect("it is a UUID");
    assert_eq!(parsed.get_version_num(), 4);
}
