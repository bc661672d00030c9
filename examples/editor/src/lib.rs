//! Documents that many users edit at once, in any editor with a Yjs binding.
//!
//! The page is `TipTap` with the stock provider `y-websocket`, which connects to `/api/pluv/yjs/NAME?token=`. The room stores
//! the document, merges updates, and broadcasts the carets, without any code for it in this file. A pluv client can join
//! too, with the room's type in `bindings/Document.ts`.

use pluv::prelude::*;

/// A connected user.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    /// The unique id; one user can be connected with several tabs.
    pub id: String,
    /// The display name.
    pub name: String,
}

/// A document. Its name is the page's address, and it exists once a user edits it.
// `debug` logs the room's events, such as connects and wakes.
#[pluv::room(user = User, storage = Yrs, limits(connections = 50), debug)]
#[derive(Debug)]
pub struct Document;

#[pluv::room]
impl Document {
    /// Signs users in without a check and with the access that they request, for the demo only. A real hook reads a session's
    /// cookie, and knows who may write.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<Grant<User>>> {
        let url = req.url()?;
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("the user is missing: add `&user_id=` and `&name=`"));
        };
        let name = query("name").filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        let user = User { id, name };
        Ok(Some(if query("access").as_deref() == Some("read") { Grant::read(user) } else { user.into() }))
    }
}

pluv::serve!(Document);
