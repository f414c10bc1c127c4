//! Varints that are written before their value is known.
//!
//! Knows nothing of updates.

/// The number of bytes that a varint takes.
#[inline(always)]
fn varint_width(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Bytes reserved for a varint. If the guess has as many bytes as the value, filling it in moves nothing.
#[derive(Clone, Copy)]
pub(super) struct Placeholder {
    start: usize,
    width: usize,
}

impl Placeholder {
    #[inline]
    pub(super) fn new(out: &mut Vec<u8>, guess: u64) -> Self {
        let placeholder = Placeholder { start: out.len(), width: varint_width(guess) };
        out.resize(placeholder.start + placeholder.width, 0);
        placeholder
    }

    /// The number of bytes written after the placeholder.
    #[inline]
    pub(super) fn bytes_after(&self, out: &[u8]) -> usize {
        out.len() - self.start - self.width
    }

    /// Writes the value. Moves the bytes after the placeholder if the value needs another width.
    #[inline]
    pub(super) fn fill(self, out: &mut Vec<u8>, mut value: u64) {
        let need = varint_width(value);
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
    fn a_placeholder_takes_any_value_whatever_was_guessed() {
        let values = [0, 1, 127, 128, 16_383, 16_384, 1 << 21, (1 << 53) - 1];
        for guess in values {
            for value in values {
                let mut out = vec![9];
                let placeholder = Placeholder::new(&mut out, guess);
                out.extend_from_slice(b"body");
                assert_eq!(placeholder.bytes_after(&out), 4);
                placeholder.fill(&mut out, value);
                let mut want = vec![9];
                write_varuint(&mut want, value);
                want.extend_from_slice(b"body");
                assert_eq!(out, want, "guess {guess}, value {value}");
            }
        }
    }
}
