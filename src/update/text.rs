//! Text that is measured in UTF-16 units and stored as UTF-8: lengths and splits.
//!
//! A split between the halves of a surrogate pair leaves U+FFFD on both sides, as in Yjs. The bytes are expected to be valid
//! UTF-8. If they are not, the result is wrong text, never a panic.

/// U+FFFD in UTF-8.
pub(super) const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The length of a text in UTF-16 units.
#[inline]
pub(super) fn units(text: &[u8]) -> u64 {
    if text.is_ascii() {
        return text.len() as u64;
    }
    // One unit for each byte that begins a character, one more if the character has four bytes.
    text.iter().map(|&b| u64::from((b as i8) >= -0x40) + u64::from(b >= 0xf0)).sum()
}

/// The length in bytes of a character, from its first byte.
#[inline(always)]
fn char_bytes(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

/// A position in a text: before a character, or between the halves of a surrogate pair.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The offset at which the character begins.
    pub(super) byte: usize,
    /// The position is between the halves of that character.
    pub(super) in_pair: bool,
}

/// ASCII is processed in chunks of this many bytes.
const CHUNK: usize = 64;

impl Position {
    /// Moves forward by `units` and gives `visit` the text on the way, in order. A pair that is split becomes U+FFFD on
    /// each side.
    #[inline]
    pub(super) fn walk(&mut self, text: &[u8], mut units: u64, mut visit: impl FnMut(&[u8])) {
        if self.in_pair && units > 0 {
            visit(REPLACEMENT);
            (self.in_pair, self.byte, units) = (false, self.byte + 4, units - 1);
        }
        let from = self.byte;
        while units > 0 {
            let want = usize::try_from(units).unwrap_or(usize::MAX).min(CHUNK);
            if let Some(chunk) = text.get(self.byte..).and_then(|rest| rest.get(..want))
                && chunk.is_ascii()
            {
                self.byte += want;
                units -= want as u64;
                continue;
            }
            let Some(&first) = text.get(self.byte) else { break };
            let n = char_bytes(first);
            let wide = n == 4;
            if wide && units == 1 {
                visit(text.get(from..self.byte).unwrap_or_default());
                visit(REPLACEMENT);
                self.in_pair = true;
                return;
            }
            self.byte += n;
            units -= 1 + u64::from(wide);
        }
        visit(text.get(from..self.byte).unwrap_or_default());
    }

    /// Moves forward by `units`.
    #[inline]
    pub(super) fn skip(&mut self, text: &[u8], units: u64) {
        self.walk(text, units, |_| {});
    }
}

/// Calls `found` with the unit at which a character begins, for each character whose bytes satisfy `is`. The text begins
/// at unit `at`.
pub(super) fn find_chars(text: &[u8], mut at: u64, is: impl Fn(&[u8]) -> bool, mut found: impl FnMut(u64)) {
    let mut rest = text;
    while let Some(&first) = rest.first() {
        if let Some(chunk) = rest.get(..CHUNK)
            && chunk.is_ascii()
        {
            (rest, at) = (rest.get(CHUNK..).unwrap_or_default(), at + CHUNK as u64);
            continue;
        }
        let n = char_bytes(first);
        let (this, next) = rest.split_at_checked(n).unwrap_or((rest, &[]));
        if is(this) {
            found(at);
        }
        (rest, at) = (next, at + 1 + u64::from(n == 4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, lengths: &[u64]) -> Vec<String> {
        let mut position = Position::default();
        lengths
            .iter()
            .map(|&n| {
                let mut out = Vec::new();
                position.walk(text.as_bytes(), n, |b| out.extend_from_slice(b));
                String::from_utf8(out).unwrap()
            })
            .collect()
    }

    #[test]
    fn lengths_are_utf_16_units() {
        for text in ["", "a", "é", "€", "😀", "a😀b€é", &"x".repeat(200), &"😀x".repeat(100)] {
            assert_eq!(units(text.as_bytes()), text.encode_utf16().count() as u64);
        }
    }

    #[test]
    fn a_split_pair_is_replaced_on_both_sides() {
        assert_eq!(pieces("a😀b", &[2, 2]), ["a\u{fffd}", "\u{fffd}b"]);
        assert_eq!(pieces("a😀b", &[1, 1, 1, 1]), ["a", "\u{fffd}", "\u{fffd}", "b"]);
        assert_eq!(pieces("a😀b", &[3, 1]), ["a😀", "b"]);
    }

    #[test]
    fn every_split_of_a_text_is_the_split_of_its_units() {
        let text = format!("{}é😀€{}😀", "y".repeat(70), "z".repeat(130));
        let all: Vec<u16> = text.encode_utf16().collect();
        for at in 0..=all.len() {
            let want = [&all[..at], &all[at..]].map(String::from_utf16_lossy);
            assert_eq!(pieces(&text, &[at as u64, (all.len() - at) as u64]), want);
        }
    }
}
