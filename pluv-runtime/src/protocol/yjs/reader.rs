//! Numbers and buffers, as lib0 writes them.

use super::MAX_NUMBER;

/// What is left of a frame. `None` is a frame that nobody wrote who knows the protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_at_end(self) -> bool {
        self.0.is_empty()
    }

    /// A number: seven bits to a byte, the low ones first, in its shortest form.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for bits in (0..56).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << bits;
            if byte & 0x80 == 0 {
                let is_shortest = byte != 0 || bits == 0;
                return (is_shortest && number <= MAX_NUMBER).then_some(number);
            }
        }
        None
    }

    /// Bytes after their length.
    pub(super) fn buffer(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (buffer, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(buffer)
    }

    /// A buffer that nothing follows.
    pub(super) fn last_buffer(&mut self) -> Option<&'a [u8]> {
        self.buffer().filter(|_| self.is_at_end())
    }
}
