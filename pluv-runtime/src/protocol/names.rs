//! The protocol's own message names. All begin with `$`, which no application event may.

/// What marks a name as the protocol's.
pub(crate) const RESERVED: char = '$';

pub(crate) const INITIALIZE_SESSION: &str = "$initializeSession";
pub(crate) const GET_OTHERS: &str = "$getOthers";
pub(crate) const UPDATE_PRESENCE: &str = "$updatePresence";
pub(crate) const UPDATE_STORAGE: &str = "$updateStorage";
pub(crate) const PING: &str = "$ping";

pub(crate) const REGISTERED: &str = "$registered";
pub(crate) const STORAGE_RECEIVED: &str = "$storageReceived";
pub(crate) const STORAGE_UPDATED: &str = "$storageUpdated";
pub(crate) const USER_JOINED: &str = "$userJoined";
pub(crate) const OTHERS_RECEIVED: &str = "$othersReceived";
pub(crate) const PRESENCE_UPDATED: &str = "$presenceUpdated";
pub(crate) const EXIT: &str = "$exit";
pub(crate) const SYNC_STATE_RECEIVED: &str = "$syncStateReceived";
pub(crate) const ERROR: &str = "$error";

/// The exact frame that clients send as their heartbeat, which the platform answers without waking the room.
pub(crate) const PING_FRAME: &str = r#"{"type":"$ping","data":{}}"#;
/// The answer to it.
pub(crate) const PONG_FRAME: &str = r#"{"type":"$pong","data":{}}"#;

/// The origin of the one update in which a client sends its whole document, right after `$storageReceived`.
pub(crate) const ORIGIN_INITIALIZED: &str = "$initialized";
