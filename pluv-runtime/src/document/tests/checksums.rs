//! Stored rows have the CRC-32 of zip and PNG, which is that of `crc32fast`.

use crc32fast::{Hasher, hash};

#[test]
fn the_check_value_of_the_standard_is_computed() {
    assert_eq!(hash(b"123456789"), 0xCBF4_3926);
    assert_eq!(hash(b""), 0);
}

#[test]
fn a_sum_can_be_continued() {
    let mut hasher = Hasher::new();
    hasher.update(b"1234");
    assert_eq!(hasher.clone().finalize(), hash(b"1234"));
    hasher.update(b"56789");
    assert_eq!(hasher.finalize(), hash(b"123456789"));
}

#[test]
fn every_single_flip_is_noticed() {
    let mut data = super::round_trips::bytes(1_003, 1);
    let sum = hash(&data);
    for bit in 0..data.len() * 8 {
        data[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(hash(&data), sum);
        data[bit / 8] ^= 1 << (bit % 8);
    }
}
