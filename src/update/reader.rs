//! A cursor over untrusted bytes: varints, length-prefixed bytes, text.
//!
//! Knows lib0's encoding of numbers and strings, nothing of updates. Never reads past the end, never wraps, never
//! allocates. Each error has the offset at which the invalid value begins.

use super::invalid_update::InvalidUpdate;
use super::limits::MAX_SAFE_INTEGER;

/// The longest encoding of a number: 8 bytes of 7 bits hold 53.
const MAX_VARINT_BYTES: usize = 8;

/// Called with each value that can be skipped and that Yjs cannot apply. If it returns an error, reading stops.
pub(super) trait Refuse: FnMut(InvalidUpdate) -> Result<(), InvalidUpdate> {}

impl<F: FnMut(InvalidUpdate) -> Result<(), InvalidUpdate>> Refuse for F {}

/// Stops at the first value that Yjs cannot apply.
pub(super) fn refuse_all(e: InvalidUpdate) -> Result<(), InvalidUpdate> {
    Err(e)
}

/// A position in borrowed bytes.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, pos: 0 }
    }

    pub(super) fn at(bytes: &'a [u8], pos: usize) -> Self {
        Reader { bytes, pos }
    }

    #[inline(always)]
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    #[inline(always)]
    pub(super) fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.pos)
    }

    #[cold]
    pub(super) fn error(&self, reason: &'static str) -> InvalidUpdate {
        InvalidUpdate { update: 0, offset: self.pos, reason }
    }

    #[inline(always)]
    pub(super) fn byte(&mut self) -> Result<u8, InvalidUpdate> {
        match self.bytes.get(self.pos) {
            Some(&b) => {
                self.pos += 1;
                Ok(b)
            }
            None => Err(self.error("unexpected end")),
        }
    }

    /// The next byte, without consuming it.
    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// An unsigned varint, at most 2^53 − 1.
    #[inline(always)]
    pub(super) fn uint(&mut self) -> Result<u64, InvalidUpdate> {
        match self.bytes.get(self.pos) {
            Some(&b) if b < 0x80 => {
                self.pos += 1;
                Ok(u64::from(b))
            }
            _ => self.long_uint(),
        }
    }

    fn long_uint(&mut self) -> Result<u64, InvalidUpdate> {
        if let Some(word) = self.bytes.get(self.pos..).and_then(|rest| rest.first_chunk::<8>()) {
            return self.word_uint(u64::from_le_bytes(*word));
        }
        let mut value = 0u64;
        for i in 0..MAX_VARINT_BYTES {
            let Some(&b) = self.bytes.get(self.pos + i) else { return Err(self.error("unexpected end")) };
            value |= u64::from(b & 0x7f) << (7 * i);
            if b < 0x80 {
                return self.checked(value, i + 1);
            }
        }
        Err(self.error("number above 2^53 - 1"))
    }

    /// The varint at the low end of eight bytes, without a loop.
    #[inline(always)]
    fn word_uint(&mut self, word: u64) -> Result<u64, InvalidUpdate> {
        let stops = !word & 0x8080_8080_8080_8080;
        if stops == 0 {
            return Err(self.error("number above 2^53 - 1"));
        }
        // Keeps the bits up to the first stop bit, then joins the 7-bit groups, pairs first.
        let kept = word & (stops ^ (stops - 1)) & 0x7f7f_7f7f_7f7f_7f7f;
        let x = (kept & 0x007f_007f_007f_007f) | ((kept & 0x7f00_7f00_7f00_7f00) >> 1);
        let x = (x & 0x0000_3fff_0000_3fff) | ((x & 0x3fff_0000_3fff_0000) >> 2);
        let x = (x & 0x0000_0000_0fff_ffff) | ((x & 0x0fff_ffff_0000_0000) >> 4);
        self.checked(x, (stops.trailing_zeros() as usize >> 3) + 1)
    }

    #[inline(always)]
    fn checked(&mut self, value: u64, bytes: usize) -> Result<u64, InvalidUpdate> {
        if value > MAX_SAFE_INTEGER {
            return Err(self.error("number above 2^53 - 1"));
        }
        self.pos += bytes;
        Ok(value)
    }

    /// A count of elements. Each takes at least `each` of the bytes that follow.
    #[inline(always)]
    pub(super) fn count(&mut self, each: usize) -> Result<u64, InvalidUpdate> {
        let start = self.pos;
        let n = self.uint()?;
        if n > (self.remaining() / each) as u64 {
            self.pos = start;
            return Err(self.error("count larger than the bytes that follow"));
        }
        Ok(n)
    }

    #[inline(always)]
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], InvalidUpdate> {
        let taken = self.pos.checked_add(n).and_then(|end| self.bytes.get(self.pos..end));
        match taken {
            Some(slice) => {
                self.pos += n;
                Ok(slice)
            }
            None => Err(self.error("unexpected end")),
        }
    }

    /// Bytes that follow their length.
    #[inline(always)]
    pub(super) fn length_prefixed(&mut self) -> Result<&'a [u8], InvalidUpdate> {
        let n = self.count(1)?;
        self.take(n as usize)
    }

    /// Text that follows its length in bytes. `refuse` decides about text that is not UTF-8.
    #[inline(always)]
    pub(super) fn text(&mut self, refuse: &mut impl Refuse) -> Result<&'a [u8], InvalidUpdate> {
        let start = *self;
        let bytes = self.length_prefixed()?;
        let plain = match bytes {
            [] => true,
            [b] => *b < 0x80,
            _ => std::str::from_utf8(bytes).is_ok(),
        };
        if !plain {
            refuse(start.error("text that is not UTF-8"))?;
        }
        Ok(bytes)
    }

    /// Text that an earlier scan has checked, or that is only skipped.
    #[inline(always)]
    pub(super) fn text_unchecked(&mut self) -> Result<&'a [u8], InvalidUpdate> {
        self.length_prefixed()
    }

    /// A reader of the same bytes, `bytes` further on.
    #[inline(always)]
    pub(super) fn advanced(self, bytes: usize) -> Self {
        Reader { bytes: self.bytes, pos: self.pos.saturating_add(bytes) }
    }

    /// The bytes from `start` to the current position.
    #[inline(always)]
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.pos).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::varint::write_varuint;

    #[test]
    fn a_number_reads_as_it_was_written_wherever_it_stands() {
        for shift in 0..53 {
            for value in [(1u64 << shift) - 1, 1 << shift, (1 << shift) + 1, MAX_SAFE_INTEGER - shift] {
                for tail in 0..9 {
                    let mut bytes = Vec::new();
                    write_varuint(&mut bytes, value);
                    let n = bytes.len();
                    bytes.resize(n + tail, 0xff);
                    let mut r = Reader::new(&bytes);
                    assert_eq!(r.uint(), Ok(value));
                    assert_eq!(r.pos(), n);
                }
            }
        }
    }

    #[test]
    fn numbers_above_2_to_53_and_cut_ones_are_errors() {
        for tail in [0, 8] {
            let mut over = vec![0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
            over.resize(8 + tail, 0);
            assert!(Reader::new(&over).uint().is_err());
            let mut max = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
            max.resize(8 + tail, 0);
            assert_eq!(Reader::new(&max).uint(), Ok(MAX_SAFE_INTEGER));
        }
        assert!(Reader::new(&[0x80; 20]).uint().is_err());
        assert!(Reader::new(&[0x80, 0x80]).uint().is_err());
        assert!(Reader::new(&[]).uint().is_err());
    }
}
