//! CRC-32, as in zip and PNG: it tells a row that changed or belongs elsewhere from one that is as it was written.

/// What a byte does to the sum when so many zero bytes follow it, as the index says.
static TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 0 { sum >> 1 } else { (sum >> 1) ^ 0xEDB8_8320 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let sum: u32 = tables[zeros - 1][byte];
            tables[zeros][byte] = (sum >> 8) ^ tables[0][(sum & 0xFF) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
};

/// The sum of some bytes that have the sum `before`, followed by `bytes`. The sum of nothing is 0.
pub(super) fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
    let mut sum = !before;
    // Eight bytes a step, as a snapshot of many megabytes is summed at each fold.
    let (words, rest) = bytes.as_chunks::<8>();
    for &[b0, b1, b2, b3, b4, b5, b6, b7] in words {
        let [s0, s1, s2, s3] = (sum ^ u32::from_le_bytes([b0, b1, b2, b3])).to_le_bytes();
        sum = t7[s0 as usize]
            ^ t6[s1 as usize]
            ^ t5[s2 as usize]
            ^ t4[s3 as usize]
            ^ t3[b4 as usize]
            ^ t2[b5 as usize]
            ^ t1[b6 as usize]
            ^ t0[b7 as usize];
    }
    for byte in rest {
        sum = (sum >> 8) ^ t0[(sum as u8 ^ byte) as usize];
    }
    !sum
}
