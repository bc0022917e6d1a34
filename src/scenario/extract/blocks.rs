//! Finding the end of an object or array, sixty-four bytes at a time.
//!
//! JSON has so many quotes that a search from one to the next is no faster than reading byte by
//! byte. Here each block becomes sets of bits – quotes, brackets – and arithmetic on them tells
//! which brackets lie outside of strings, without a branch per quote. (The idea is simdjson's.)

/// Bytes of a block: one bit each.
const BLOCK: usize = 64;

/// From within a container to behind the bracket that ends it; `None` if it never ends. Brackets of
/// the other kind need not be counted: in a well-formed document they close before.
pub(super) fn end_of_container(bytes: &[u8], open: u8, close: u8) -> Option<usize> {
    let mut strings = Strings::default();
    let mut depth = 1_u32;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    for (number, block) in blocks.iter().chain([&last]).enumerate() {
        let outside = !strings.within(block);
        let closing = positions(block, close) & outside;
        let opening = positions(block, open) & outside;
        if closing.count_ones() < depth {
            depth += opening.count_ones();
            depth -= closing.count_ones();
            continue;
        }
        let mut left = opening | closing;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            if opening & bit != 0 {
                depth += 1;
            } else {
                depth -= 1;
            }
            if depth == 0 {
                return Some(number * BLOCK + bit.trailing_zeros() as usize + 1);
            }
            left ^= bit;
        }
    }
    None
}

/// What one block leaves to the next.
#[derive(Debug, Default)]
struct Strings {
    /// All ones within a string.
    open: u64,
    /// The next byte is escaped.
    escape: bool,
}

impl Strings {
    /// The bytes of strings, their opening quotes included.
    fn within(&mut self, block: &[u8; BLOCK]) -> u64 {
        let mut quotes = positions(block, b'"');
        let backslashes = positions(block, b'\\');
        if backslashes != 0 || self.escape {
            quotes &= !self.escaped(backslashes);
        }
        // Every quote turns over all bits from it on.
        let mut within = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            within ^= within << shift;
        }
        within ^= self.open;
        self.open = 0_u64.wrapping_sub(within >> 63);
        within
    }

    /// The bytes behind backslashes that are not escaped themselves.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.escape);
        let mut left = backslashes & !escaped;
        self.escape = false;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            self.escape = bit >> 63 != 0;
            escaped |= bit << 1;
            left &= !(bit | bit << 1);
        }
        escaped
    }
}

/// Where in the block the byte is.
fn positions(block: &[u8; BLOCK], byte: u8) -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has SSE2.
    unsafe {
        positions_by_vectors(block, byte)
    }
    #[cfg(not(target_arch = "x86_64"))]
    positions_by_words(block, byte)
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn positions_by_vectors(block: &[u8; BLOCK], byte: u8) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let wanted = _mm_set1_epi8(byte.cast_signed());
    let (vectors, _) = block.as_chunks::<16>();
    let mut bits = 0;
    for (number, vector) in vectors.iter().enumerate() {
        let both = u128::from_le_bytes(*vector);
        let vector = _mm_set_epi64x((both >> 64) as i64, both as i64);
        let equal = _mm_movemask_epi8(_mm_cmpeq_epi8(vector, wanted));
        bits |= u64::from(equal.cast_unsigned()) << (number * 16);
    }
    bits
}

/// The same without the instructions of one kind of machine: eight bytes at a time.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn positions_by_words(block: &[u8; BLOCK], byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let (words, _) = block.as_chunks::<8>();
    let mut bits = 0;
    for (number, word) in words.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ u64::from_ne_bytes([byte; 8]);
        // The highest bit of each byte that is zero, and of no other.
        let equal = !(((differs & LOW) + LOW) | differs | LOW);
        // Gathers the eight highest bits in one byte.
        let gathered = (equal >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (number * 8);
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, one byte after another.
    fn naive(bytes: &[u8], open: u8, close: u8) -> Option<usize> {
        let (mut depth, mut string, mut escaped) = (1, false, false);
        for (at, &byte) in bytes.iter().enumerate() {
            let literal = std::mem::take(&mut escaped);
            match byte {
                b'\\' if !literal => escaped = true,
                b'"' if !literal => string = !string,
                _ if string => {}
                byte if byte == open => depth += 1,
                byte if byte == close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at + 1);
            }
        }
        None
    }

    /// Mostly bytes that matter.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let matter = prop::sample::select(br#"{{{}}[]"""\\a "#.to_vec());
        let byte = prop_oneof![1 => matter, 2 => Just(b'x'), 1 => any::<u8>()];
        prop::collection::vec(byte, 0..300)
    }

    proptest! {
        #[test]
        fn blocks_find_the_end_that_bytes_find(bytes in bytes()) {
            prop_assert_eq!(end_of_container(&bytes, b'{', b'}'), naive(&bytes, b'{', b'}'));
            prop_assert_eq!(end_of_container(&bytes, b'[', b']'), naive(&bytes, b'[', b']'));
        }

        #[test]
        fn backslashes_pair_up_across_blocks(before in 0..130_usize, count in 0..140_usize) {
            let text = [" ".repeat(before), "\"".into(), r"\".repeat(count), "\"}\"}".into()].concat();
            let bytes = text.as_bytes();
            prop_assert_eq!(end_of_container(bytes, b'{', b'}'), naive(bytes, b'{', b'}'));
        }

        #[test]
        fn every_machine_finds_the_same_positions(block in any::<[[u8; 32]; 2]>(), byte: u8) {
            let block: [u8; BLOCK] = std::array::from_fn(|at| (block[at / 32][at % 32] % 5).wrapping_add(byte));
            let wanted = (0..BLOCK).filter(|&at| block[at] == byte).fold(0, |bits, at| bits | 1 << at);
            prop_assert_eq!(positions(&block, byte), wanted);
            prop_assert_eq!(positions_by_words(&block, byte), wanted);
        }
    }
}
