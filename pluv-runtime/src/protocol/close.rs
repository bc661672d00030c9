//! Close codes.

/// A frame is none of the connection's protocol.
pub(crate) const MALFORMED: u16 = 1003;
/// The connection is not wanted: a client must not try again by itself.
pub(crate) const REFUSED: u16 = 3000;
/// The connection sends too much.
pub(crate) const FLOODED: u16 = 1008;
/// The connection was wanted, and is no more: a client must not try again by itself.
pub(crate) const ENDED: u16 = 4000;
/// The room can't go on with this connection, but takes a new one: a client comes back at once.
pub(crate) const RESTARTED: u16 = 1012;
/// The room can't take this connection now: a client comes back.
pub(crate) const AGAIN_LATER: u16 = 1013;

/// The code to answer a client's close frame with, or `None` where there is none to send.
///
/// 1005, 1006 and 1015 stand for the lack of a close frame and may not be sent (RFC 6455, 7.4.1).
pub(crate) fn echoed(code: u32) -> Option<u16> {
    match u16::try_from(code) {
        Ok(1005 | 1006 | 1015) | Err(_) => None,
        Ok(code) => Some(code),
    }
}

#[cfg(test)]
mod tests {
    use super::echoed;

    #[test]
    fn codes_that_stand_for_no_frame_are_not_sent_back() {
        assert_eq!(echoed(1000), Some(1000));
        assert_eq!(echoed(4000), Some(4000));
        for code in [1005, 1006, 1015, 70_000] {
            assert_eq!(echoed(code), None);
        }
    }
}
