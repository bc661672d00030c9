use crate::document::checksum::crc32;

#[test]
fn the_check_value_of_the_standard_comes_out() {
    assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
    assert_eq!(crc32(0, b""), 0);
}

#[test]
fn a_sum_can_be_continued() {
    assert_eq!(crc32(crc32(0, b"1234"), b"56789"), crc32(0, b"123456789"));
}

#[test]
fn every_single_flip_is_noticed() {
    let mut data = super::round_trips::bytes(1_003, 1);
    let sum = crc32(0, &data);
    for bit in 0..data.len() * 8 {
        data[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(crc32(0, &data), sum);
        data[bit / 8] ^= 1 << (bit % 8);
    }
}
