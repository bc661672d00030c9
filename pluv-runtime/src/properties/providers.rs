//! Frames of Yjs providers, what they carry, and what is kept of those who send them.

use yrs::{StateVector, block::ClientID};

use super::{
    INPUTS,
    alone::{alone, keeps_nothing},
    mutate::mutate,
};
use crate::{
    document::tests::random::Random,
    protocol::yjs::{self, Entries, Frame},
    update::{read_vector, write_vector},
};

/// The memory that a frame may take, and what it is read to, in bytes.
const MEMORY: usize = 2_000_000;

/// Frames of each kind.
pub(crate) fn frames() -> Vec<Vec<u8>> {
    let cursor = r#"{"user":{"name":"Ada","color":"red"},"cursor":{"anchor":{"item":{"client":7,"clock":3}}}}"#;
    vec![
        yjs::step1(&[0]),
        yjs::step1(&[2, 7, 3, 9, 200, 1]),
        yjs::step2(&[0, 0]),
        yjs::update(&[1, 1, 1, 0, 4, 1, 1, b't', 1, b'x', 0]),
        yjs::update(&[1, 1, 1, 0, 4, 1, 1, b't', 4, 0xf0, 0x9f, 0x98, 0x80, 0]),
        yjs::awareness(&[(7, 1, cursor)]),
        yjs::awareness(&[(7, 2, "null"), (9, 1, "{}"), ((1 << 53) - 1, (1 << 53) - 2, r#"{"a":[[[]]]}"#)]),
        yjs::QUERY_AWARENESS.to_vec(),
        yjs::denied("no"),
    ]
}

#[test]
fn a_frame_of_a_provider_is_read_as_it_was_written_or_refused() {
    let test = "properties::providers::a_frame_of_a_provider_is_read_as_it_was_written_or_refused";
    alone(test, MEMORY, ["frames"], |_| {
        let corpus = frames();
        let everyone: StateVector = [7, 9].into_iter().map(|client| (ClientID::new(client), 1)).collect();
        let mut random = Random::new(4);
        let (mut read, mut told) = (0, 0);
        keeps_nothing(INPUTS, || {
            let input = mutate(&mut random, &corpus);
            let Some(frame) = Frame::parse(&input) else { return };
            read += 1;
            let again = match frame {
                Frame::Step1(vector) => {
                    if let Ok(known) = read_vector(vector, &everyone) {
                        let again = read_vector(&write_vector(&known), &known).expect("what is written can be read");
                        assert_eq!(again, known);
                    }
                    yjs::step1(vector)
                }
                Frame::Step2(update) => yjs::step2(update),
                Frame::Update(update) => yjs::update(update),
                Frame::Awareness(update) => {
                    let Some(entries) = states(update) else { return };
                    told += 1;
                    yjs::awareness(&entries)
                }
                Frame::QueryAwareness => yjs::QUERY_AWARENESS.to_vec(),
            };
            assert_eq!(again, input);
        });
        assert!(read > INPUTS / 5 && told > INPUTS / 50, "{read} are frames and {told} tell, which says little");
    });
}

/// The states of an awareness update, if all of it can be read.
fn states(update: &[u8]) -> Option<Vec<(u64, u64, &str)>> {
    Entries::of(update)?
        .map(|entry| {
            let entry = entry?;
            let state = if entry.is_gone() { "null" } else { entry.state()? };
            Some((entry.client, entry.clock, state))
        })
        .collect()
}
