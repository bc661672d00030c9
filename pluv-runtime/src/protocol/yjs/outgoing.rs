//! What rooms send.

use super::{AUTH, AWARENESS, PERMISSION_DENIED, QUERY, STEP_1, STEP_2, SYNC, UPDATE};

/// The most bytes that a number takes.
const MAX_VARINT: usize = 8;

/// Asks a client for what it knows of itself and of others.
#[expect(clippy::cast_possible_truncation, reason = "it is small")]
pub(crate) const QUERY_AWARENESS: [u8; 1] = [QUERY as u8];

/// Asks for what the room lacks, which has this much.
pub(crate) fn step1(vector: &[u8]) -> Vec<u8> {
    sync(STEP_1, vector)
}

/// What a client lacks.
pub(crate) fn step2(update: &[u8]) -> Vec<u8> {
    sync(STEP_2, update)
}

/// What someone changed.
pub(crate) fn update(update: &[u8]) -> Vec<u8> {
    sync(UPDATE, update)
}

fn sync(kind: u64, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(content.len() + 2 + MAX_VARINT);
    write_number(&mut frame, SYNC);
    write_number(&mut frame, kind);
    write_buffer(&mut frame, content);
    frame
}

/// What is known of some clients, by their clocks and states; `null` is one that is gone.
pub(crate) fn awareness(known: &[(u64, u64, &str)]) -> Vec<u8> {
    let mut update = Vec::new();
    write_number(&mut update, known.len() as u64);
    for (client, clock, state) in known {
        write_number(&mut update, *client);
        write_number(&mut update, *clock);
        write_buffer(&mut update, state.as_bytes());
    }
    let mut frame = Vec::with_capacity(update.len() + 1 + MAX_VARINT);
    write_number(&mut frame, AWARENESS);
    write_buffer(&mut frame, &update);
    frame
}

/// Says that something may not be, and why.
pub(crate) fn denied(reason: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(reason.len() + 2 + MAX_VARINT);
    write_number(&mut frame, AUTH);
    write_number(&mut frame, PERMISSION_DENIED);
    write_buffer(&mut frame, reason.as_bytes());
    frame
}

fn write_buffer(frame: &mut Vec<u8>, buffer: &[u8]) {
    write_number(frame, buffer.len() as u64);
    frame.extend_from_slice(buffer);
}

#[expect(clippy::cast_possible_truncation, reason = "a byte has seven bits of it")]
fn write_number(frame: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        frame.push(number as u8 | 0x80);
        number >>= 7;
    }
    frame.push(number as u8);
}
