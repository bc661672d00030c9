//! The encoding of lib0, which Yjs and its providers write: numbers, buffers and strings.

use super::error::{Problem, UpdateError};

/// The highest clock that an item may reach. `yrs` subtracts clocks as `i32`.
pub(crate) const MAX_CLOCK: u32 = i32::MAX as u32;

/// The highest client id: the largest integer that JavaScript has exactly, and 53 bits are what `yrs` keeps of one.
pub(crate) const MAX_CLIENT: u64 = (1 << 53) - 1;

/// The id of an item: client and clock.
pub(super) type Id = (u64, u32);

/// The most bytes that a number takes: 53 bits, seven to a byte.
const MAX_VARINT: usize = 8;

/// A place in an update. A read that fails leaves it anywhere: nothing is read after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The place of the next byte.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Goes on at a byte.
    pub(crate) fn skip(&mut self, to: usize) {
        self.at = to;
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// `problem` at the next byte.
    pub(crate) const fn error(&self, problem: Problem) -> UpdateError {
        UpdateError::new(problem, self.at)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, UpdateError> {
        let byte = *self.bytes.get(self.at).ok_or(UpdateError::new(Problem::Truncated, self.bytes.len()))?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], UpdateError> {
        if len > self.left() {
            return Err(UpdateError::new(Problem::Truncated, self.bytes.len()));
        }
        let bytes = &self.bytes[self.at..self.at + len];
        self.at += len;
        Ok(bytes)
    }

    /// An unsigned number of up to 53 bits.
    pub(crate) fn number(&mut self) -> Result<u64, UpdateError> {
        let start = self.at;
        let byte = self.byte()?;
        self.rest_of_number(start, u64::from(byte & 0x7f), 7, byte)
    }

    /// A signed number of up to 53 bits: the first byte has the sign and six bits. Only its form matters here.
    pub(crate) fn signed(&mut self) -> Result<(), UpdateError> {
        let start = self.at;
        let byte = self.byte()?;
        self.rest_of_number(start, u64::from(byte & 0x3f), 6, byte).map(drop)
    }

    /// Goes on with a number that began at `start`, has `bits` bits in `number` and `byte` as its last byte so far.
    fn rest_of_number(
        &mut self,
        start: usize,
        mut number: u64,
        mut bits: u32,
        mut byte: u8,
    ) -> Result<u64, UpdateError> {
        while byte & 0x80 != 0 {
            if self.at - start == MAX_VARINT {
                return Err(UpdateError::new(Problem::Number, start));
            }
            byte = self.byte()?;
            // A last byte of zero adds nothing; with the shortest form alone a number has one spelling.
            if byte == 0 {
                return Err(UpdateError::new(Problem::Number, start));
            }
            number |= u64::from(byte & 0x7f) << bits;
            bits += 7;
        }
        if number > MAX_CLIENT {
            return Err(UpdateError::new(Problem::Number, start));
        }
        Ok(number)
    }

    /// The number of things that follow, each of at least `least` bytes.
    pub(crate) fn count(&mut self, least: usize) -> Result<u32, UpdateError> {
        let count = self.number()?;
        // Above the bytes that are left it is a lie, and below them it fits.
        if count.checked_mul(least as u64).is_none_or(|bytes| bytes > self.left() as u64) {
            return Err(UpdateError::new(Problem::Truncated, self.bytes.len()));
        }
        u32::try_from(count).map_err(|_| self.error(Problem::Number))
    }

    /// A clock, or how many clocks something takes.
    pub(crate) fn clock(&mut self) -> Result<u32, UpdateError> {
        let start = self.at;
        let clock = self.number()?;
        u32::try_from(clock).ok().filter(|&clock| clock <= MAX_CLOCK).ok_or(UpdateError::new(Problem::Clock, start))
    }

    pub(crate) fn client(&mut self) -> Result<u64, UpdateError> {
        let start = self.at;
        self.number().map_err(|error| match error.problem() {
            Problem::Number => UpdateError::new(Problem::Client, start),
            _ => error,
        })
    }

    /// The id of a struct: its client and clock.
    pub(crate) fn id(&mut self) -> Result<Id, UpdateError> {
        Ok((self.client()?, self.clock()?))
    }

    /// Bytes after their length.
    pub(crate) fn buffer(&mut self) -> Result<&'a [u8], UpdateError> {
        let len = self.count(1)?;
        self.take(len as usize)
    }

    /// Text after its length in bytes.
    pub(crate) fn string(&mut self) -> Result<&'a str, UpdateError> {
        let bytes = self.buffer()?;
        let start = self.at - bytes.len();
        str::from_utf8(bytes).map_err(|error| UpdateError::new(Problem::Utf8, start + error.valid_up_to()))
    }
}

/// Writes `number` in its shortest form, as [`Reader`] reads one.
pub(crate) fn write_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Writes bytes after their length, as [`Reader::buffer`] reads them.
pub(crate) fn write_buffer(into: &mut Vec<u8>, buffer: &[u8]) {
    write_number(into, buffer.len() as u64);
    into.extend_from_slice(buffer);
}
