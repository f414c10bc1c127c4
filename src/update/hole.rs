//! Counts that are known only after what they count has been written.
//!
//! Knows nothing of updates.

/// The bytes that a varint takes.
#[inline(always)]
pub(crate) fn uint_width(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// A place for a varint whose value is not known yet; the guess decides how many bytes are kept free, so that a good
/// guess saves moving what follows.
#[derive(Clone, Copy)]
pub(crate) struct Hole {
    start: usize,
    width: usize,
}

impl Hole {
    #[inline]
    pub(crate) fn new(out: &mut Vec<u8>, guess: u64) -> Self {
        let hole = Hole { start: out.len(), width: uint_width(guess) };
        out.resize(hole.start + hole.width, 0);
        hole
    }

    /// The bytes written behind the hole.
    #[inline]
    pub(crate) fn filled(&self, out: &[u8]) -> usize {
        out.len() - self.start - self.width
    }

    /// Writes the value, moving what follows if the guess was wrong.
    #[inline]
    pub(crate) fn fill(self, out: &mut Vec<u8>, mut value: u64) {
        let need = uint_width(value);
        let body = self.start + self.width;
        if need > self.width {
            let end = out.len();
            out.resize(end + need - self.width, 0);
            out.copy_within(body..end, self.start + need);
        } else if need < self.width {
            out.copy_within(body.., self.start + need);
            out.truncate(out.len() + need - self.width);
        }
        for i in 0..need {
            if let Some(b) = out.get_mut(self.start + i) {
                *b = (value & 0x7f) as u8 | if i + 1 < need { 0x80 } else { 0 };
                value >>= 7;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::varint::write_varuint;

    #[test]
    fn a_hole_takes_any_value_whatever_was_guessed() {
        let values = [0, 1, 127, 128, 16_383, 16_384, 1 << 21, (1 << 53) - 1];
        for guess in values {
            for value in values {
                let mut out = vec![9];
                let hole = Hole::new(&mut out, guess);
                out.extend_from_slice(b"body");
                assert_eq!(hole.filled(&out), 4);
                hole.fill(&mut out, value);
                let mut want = vec![9];
                write_varuint(&mut want, value);
                want.extend_from_slice(b"body");
                assert_eq!(out, want, "guess {guess}, value {value}");
            }
        }
    }
}
