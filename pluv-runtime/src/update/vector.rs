//! State vectors: how much someone has of each client.

use yrs::{StateVector, block::ClientID};

use super::{
    Problem, UpdateError,
    reader::{Reader, write_number},
};

/// Reads a state vector, but for the clients that a document which has `known` knows nothing of: it has nothing of
/// theirs to give, and they may be many.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_vector(bytes: &[u8], known: &StateVector) -> Result<StateVector, UpdateError> {
    let mut reader = Reader::new(bytes);
    let mut vector = StateVector::default();
    for _ in 0..reader.count(2)? {
        let client = ClientID::new(reader.client()?);
        let clock = reader.clock()?;
        if known.contains_client(&client) {
            vector.set_max(client, clock);
        }
    }
    if reader.left() > 0 {
        return Err(reader.error(Problem::Trailing));
    }
    Ok(vector)
}

/// Writes a state vector as stock Yjs does: the highest clients first.
pub(crate) fn write_vector(vector: &StateVector) -> Vec<u8> {
    let mut clients: Vec<_> = vector.iter().collect();
    clients.sort_unstable_by(|one, other| other.cmp(one));
    let mut bytes = Vec::with_capacity(1 + 10 * clients.len());
    write_number(&mut bytes, clients.len() as u64);
    for (client, clock) in clients {
        write_number(&mut bytes, client.get());
        write_number(&mut bytes, (*clock).into());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That of a document with `1: 3` and `2^53 - 1: 300`, as stock Yjs 13.6.33 writes it.
    const STOCK: [u8; 13] = [2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xac, 2, 1, 3];

    fn vector(clients: &[(u64, u32)]) -> StateVector {
        clients.iter().map(|(client, clock)| (ClientID::new(*client), *clock)).collect()
    }

    #[test]
    fn a_state_vector_is_as_stock_clients_have_it() {
        let both = vector(&[(1, 3), ((1 << 53) - 1, 300)]);
        assert_eq!(write_vector(&both), STOCK);
        assert_eq!(read_vector(&STOCK, &both), Ok(both));
        assert_eq!(write_vector(&StateVector::default()), [0]);
        assert_eq!(read_vector(&[0], &vector(&[(1, 1)])), Ok(StateVector::default()));
    }

    #[test]
    fn clients_that_nobody_knows_are_left_out() {
        assert_eq!(read_vector(&STOCK, &vector(&[(1, 9)])), Ok(vector(&[(1, 3)])));
        let mut many = Vec::new();
        write_number(&mut many, 100_000);
        (0..100_000_u64).for_each(|client| [client << 20, 1].into_iter().for_each(|n| write_number(&mut many, n)));
        assert_eq!(read_vector(&many, &StateVector::default()), Ok(StateVector::default()));
    }

    #[test]
    fn what_is_no_state_vector_is_refused() {
        for len in 0..STOCK.len() {
            assert!(read_vector(&STOCK[..len], &StateVector::default()).is_err(), "{len}");
        }
        for bytes in [&[0, 0][..], &[0xff; 30], &[1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
            assert!(read_vector(bytes, &StateVector::default()).is_err(), "{bytes:?}");
        }
    }
}
