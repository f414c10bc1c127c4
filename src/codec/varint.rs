//! lib0's variable-length unsigned integers: seven bits in each byte, the least significant first. The high bit is set if
//! another byte follows. Source: lib0 `encoding.js` (`writeVarUint`).

/// Appends `value` to `out`: 1 byte for values below 128, 10 bytes for 2^64 − 1.
pub fn write_varuint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a varuint from the front of `input`; `None` if the input ends too early or the value exceeds 2^53 − 1.
pub fn read_varuint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    let mut shift = 0;
    loop {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        if shift > 49 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (value < 1 << 53).then_some(value);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_up_to_the_largest_safe_integer() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), (1 << 53) - 1] {
            let mut bytes = Vec::new();
            write_varuint(&mut bytes, value);
            let mut rest = bytes.as_slice();
            assert_eq!(read_varuint(&mut rest), Some(value));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn refuses_what_is_cut_off_or_too_large() {
        assert_eq!(read_varuint(&mut [0x80].as_slice()), None);
        assert_eq!(read_varuint(&mut [0xff; 8].as_slice()), None);
        let mut bytes = Vec::new();
        write_varuint(&mut bytes, 1 << 53);
        assert_eq!(read_varuint(&mut bytes.as_slice()), None);
    }
}
