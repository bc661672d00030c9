//! Routes for administrators: list the sessions of a room, send a notice to all of them, and disconnect a user.
//!
//! ```console
//! $ curl -H "Authorization: Bearer $ADMIN_SECRET" 'http://127.0.0.1:8787/admin/sessions?room=lobby'
//! $ curl -H "Authorization: Bearer $ADMIN_SECRET" -d 'Bye.' 'http://127.0.0.1:8787/admin/notice?room=lobby'
//! $ curl -H "Authorization: Bearer $ADMIN_SECRET" -d 'ada' 'http://127.0.0.1:8787/admin/evict?room=lobby'
//! ```

use pluv::prelude::*;
use subtle::ConstantTimeEq as _;
use worker::Method;

use crate::{Chat, Output, User};

/// A session of a room, as the route returns it.
#[derive(Serialize)]
struct SessionEntry {
    session: String,
    id: String,
    name: String,
}

/// Answers a request for `/admin/..`, and returns `None` for any other.
pub(crate) async fn route(req: &Request, env: &Env) -> Result<Option<Response>> {
    let url = req.url()?;
    let Some(what) = url.path().strip_prefix("/admin/") else { return Ok(None) };
    if !is_admin(req, env)? {
        return Ok(Some(Response::error(
            "the admin secret is missing or wrong: send `Authorization: Bearer ADMIN_SECRET`",
            401,
        )?));
    }
    let room = url.query_pairs().find(|(name, _)| name == "room").map(|(_, room)| room.into_owned());
    let room = Chat::at(env, &room.unwrap_or_default())?;
    let response = match (req.method(), what) {
        (Method::Get, "sessions") => {
            let sessions = room.sessions().await?;
            let entry = |session: &pluv::Session<Chat>| {
                let User { id, name } = session.user().clone();
                SessionEntry { session: session.id().to_owned(), id, name }
            };
            Response::from_json(&sessions.iter().map(entry).collect::<Vec<_>>())?
        }
        (Method::Post, "notice") => {
            let message = req.clone()?.text().await?;
            let count = room.broadcast(Output::Notice { message }).await?;
            Response::ok(format!("sent to {count} connections"))?
        }
        (Method::Post, "evict") => {
            let user = req.clone()?.text().await?;
            let count = room.evict(Evict::user(user).reason("disconnected by an administrator")).await?;
            Response::ok(format!("closed {count} connections"))?
        }
        _ => Response::error("no such route: there are `GET sessions`, `POST notice` and `POST evict`", 404)?,
    };
    Ok(Some(response))
}

/// Returns whether the request has the secret, which is compared in constant time against timing attacks.
fn is_admin(req: &Request, env: &Env) -> Result<bool> {
    let secret = env.secret("ADMIN_SECRET")?.to_string();
    let given = req.headers().get("Authorization")?.unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    Ok(!secret.is_empty() && bool::from(given.as_bytes().ct_eq(secret.as_bytes())))
}
