//! The two protocols that connections speak, and what both have in common.

/// Milliseconds since the Unix epoch, or a number of milliseconds.
pub type Millis = u64;

/// Any JSON object: the presence of a room that declares none.
pub type Json = serde_json::Map<String, serde_json::Value>;

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// That of the pluv clients.
    #[default]
    Pluv,
    /// That of the Yjs providers, as `y-websocket`: the document and its awareness alone.
    Yjs,
}

impl Protocol {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_pluv(&self) -> bool {
        *self == Self::Pluv
    }
}
