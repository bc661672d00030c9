//! Documents that many write at once, in any editor that has a binding for Yjs.
//!
//! The page is `TipTap` with the stock provider `y-websocket`, which connects to `/api/pluv/yjs/NAME?token=`. It has no part
//! in this file: the room keeps the document, merges what comes, and tells everyone of each other's carets. A pluv client
//! may join it too, and `bindings/Document.ts` is the room's type for that.

use pluv::prelude::*;

/// Who has the document open.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    /// Tells users apart; one user may be here with several tabs.
    pub id: String,
    /// What the others call them.
    pub name: String,
}

/// A document. Its name is the page's address, and it is there as soon as somebody writes in it.
// With `debug` the log tells of its life: who comes and goes, and when it wakes.
#[pluv::room(user = User, storage = Yrs, limits(connections = 50), debug)]
#[derive(Debug)]
pub struct Document;

#[pluv::room]
impl Document {
    /// A sign-in for the demo alone: whoever asks is who they say they are, and may what they ask for. A real one reads a
    /// session's cookie, and knows who may write.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<Grant<User>>> {
        let url = req.url()?;
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let Some(id) = query("user_id").filter(|id| !id.is_empty()) else {
            return Err(Error::client("who are you? add `&user_id=` and `&name=`"));
        };
        let name = query("name").filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        let user = User { id, name };
        Ok(Some(if query("access").as_deref() == Some("read") { Grant::read(user) } else { user.into() }))
    }
}

pluv::serve!(Document);
