//! Routes for who runs the chat: who is in a room, a notice to all of them, and who has to go.
//!
//! ```console
//! $ curl -H "Authorization: Bearer $ADMIN_SECRET" 'http://127.0.0.1:8787/admin/people?room=lobby'
//! $ curl -H "Authorization: Bearer $ADMIN_SECRET" -d 'Bye.' 'http://127.0.0.1:8787/admin/notice?room=lobby'
//! $ curl -H "Authorization: Bearer $ADMIN_SECRET" -d 'ada' 'http://127.0.0.1:8787/admin/evict?room=lobby'
//! ```

use pluv::prelude::*;
use subtle::ConstantTimeEq as _;
use worker::Method;

use crate::{Chat, Output, User};

/// Who is in a room.
#[derive(Serialize)]
struct Person {
    session: String,
    id: String,
    name: String,
}

/// Answers a request for `/admin/..`; any other is left alone.
pub(crate) async fn route(req: &Request, env: &Env) -> Result<Option<Response>> {
    let url = req.url()?;
    let Some(what) = url.path().strip_prefix("/admin/") else { return Ok(None) };
    if !is_admin(req, env)? {
        return Ok(Some(Response::error("who are you? send `Authorization: Bearer ADMIN_SECRET`", 401)?));
    }
    let room = url.query_pairs().find(|(name, _)| name == "room").map(|(_, room)| room.into_owned());
    let room = Chat::at(env, &room.unwrap_or_default())?;
    let response = match (req.method(), what) {
        (Method::Get, "people") => {
            let people = room.sessions().await?;
            let person = |session: &pluv::Session<Chat>| {
                let User { id, name } = session.user().clone();
                Person { session: session.id().to_owned(), id, name }
            };
            Response::from_json(&people.iter().map(person).collect::<Vec<_>>())?
        }
        (Method::Post, "notice") => {
            let message = req.clone()?.text().await?;
            let count = room.broadcast(Output::Notice { message }).await?;
            Response::ok(format!("{count} connections were told"))?
        }
        (Method::Post, "evict") => {
            let user = req.clone()?.text().await?;
            let count = room.evict(Evict::user(user).reason("an administrator sent you away")).await?;
            Response::ok(format!("{count} connections were closed"))?
        }
        _ => Response::error("there is `GET` of `people`, and `POST` of `notice` and `evict`", 404)?,
    };
    Ok(Some(response))
}

/// Whether the request has the secret. It is compared in constant time, so that nobody finds it byte by byte.
fn is_admin(req: &Request, env: &Env) -> Result<bool> {
    let secret = env.secret("ADMIN_SECRET")?.to_string();
    let given = req.headers().get("Authorization")?.unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    Ok(!secret.is_empty() && bool::from(given.as_bytes().ct_eq(secret.as_bytes())))
}
