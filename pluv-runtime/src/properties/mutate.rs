//! Inputs that are nearly right.

use crate::document::tests::random::Random;

/// The longest input, in bytes.
const MAX: usize = 4_000;

/// One of these inputs, with some bytes of it changed; or now and then none.
pub(crate) fn mutate(random: &mut Random, corpus: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut pick = |end: usize| random.below(end.max(1) as u64) as usize;
    let mut input = corpus[pick(corpus.len())].as_ref().to_vec();
    for _ in 0..pick(5) {
        let (at, end) = (pick(input.len()), pick(input.len() + 1));
        let (start, end) = (at.min(end), at.max(end));
        match pick(10) {
            _ if input.is_empty() => input.push(pick(256) as u8),
            0 => input[at] ^= 1 << pick(8),
            1 => input[at] = input[at].wrapping_add(1),
            2 => input[at] = [0, 1, 4, 10, b'"', b'\\', b'{', b'[', 0x7f, 0x80, 0xff][pick(11)],
            3 => input.insert(at, pick(256) as u8),
            4 => drop(input.remove(at)),
            5 => drop(input.drain(start..end)),
            6 => input.truncate(end),
            // A number that is far too big.
            7 => drop(input.splice(at..at, [0xff; 8].into_iter().chain([0x1f]))),
            8 => {
                let part = input[start..end].to_vec();
                let times = pick(4) * pick(8);
                drop(input.splice(at..at, part.repeat(times)));
            }
            _ => {
                let other = corpus[pick(corpus.len())].as_ref();
                let from = pick(other.len() + 1);
                drop(input.splice(start..end, other[from..].iter().copied()));
            }
        }
        input.truncate(MAX);
    }
    input
}
