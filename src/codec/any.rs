//! Checks lib0's `any` values, the format of metas. Decodes nothing. Source: lib0 `encoding.js` (`writeAny`).

use super::varint::read_varuint;

/// The deepest nesting of values. lib0's reader overflows the stack at a depth of about 4,600 in Node 20.
const MAX_DEPTH: usize = 5_000;

/// An array or object whose end has not been reached.
struct Open {
    /// The number of values left.
    values: u64,
    has_keys: bool,
}

/// Whether `bytes` are exactly one value that lib0 can read. Linear, without recursion.
pub fn is_any(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut open = vec![Open { values: 1, has_keys: false }];
    while let Some(innermost) = open.last_mut() {
        if innermost.values == 0 {
            open.pop();
            continue;
        }
        innermost.values -= 1;
        if innermost.has_keys && skip_string(&mut rest).is_none() {
            return false;
        }
        match skip_value(&mut rest) {
            Some(None) => {}
            Some(Some(inner)) if open.len() <= MAX_DEPTH => open.push(inner),
            Some(Some(_)) | None => return false,
        }
    }
    rest.is_empty()
}

/// Skips a value, or the beginning of an array or object, which is returned. `None` if the bytes are invalid.
fn skip_value(rest: &mut &[u8]) -> Option<Option<Open>> {
    let (&kind, after) = rest.split_first()?;
    *rest = after;
    match kind {
        127 | 126 | 121 | 120 => {}
        125 => skip_integer(rest)?,
        124 => skip(rest, 4)?,
        123 | 122 => skip(rest, 8)?,
        119 => skip_string(rest)?,
        118 => return Some(Some(Open { values: read_varuint(rest)?, has_keys: true })),
        117 => return Some(Some(Open { values: read_varuint(rest)?, has_keys: false })),
        116 => {
            let length = read_varuint(rest)?;
            skip(rest, length)?;
        }
        _ => return None,
    }
    Some(None)
}

fn skip(rest: &mut &[u8], length: u64) -> Option<()> {
    *rest = rest.split_at_checked(usize::try_from(length).ok()?)?.1;
    Some(())
}

fn skip_string(rest: &mut &[u8]) -> Option<()> {
    let length = usize::try_from(read_varuint(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok().map(|_| ())
}

/// Skips an integer: six bits and the sign in the first byte, seven bits in each other byte.
fn skip_integer(rest: &mut &[u8]) -> Option<()> {
    const MAX_BYTES: usize = 8;
    let length = rest.iter().take(MAX_BYTES).position(|byte| byte & 0x80 == 0)? + 1;
    skip(rest, length as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_one() {
        let values: [&[u8]; 12] = [
            &[127],
            &[126],
            &[121],
            &[125, 0xbf, 0x01],
            &[124, 0, 0, 0, 0],
            &[123, 0, 0, 0, 0, 0, 0, 0, 0],
            &[122, 0, 0, 0, 0, 0, 0, 0, 0],
            &[119, 2, 0xc3, 0xbc],
            &[118, 2, 1, b'a', 120, 1, b'b', 118, 0],
            &[117, 2, 126, 117, 1, 121],
            &[116, 3, 1, 2, 3],
            &[117, 0],
        ];
        for value in values {
            assert!(is_any(value), "{value:?}");
            assert!(!is_any(&value[..value.len() - 1]), "{value:?} cut");
            assert!(!is_any(&[value, &[0]].concat()), "{value:?} with one byte more");
        }
    }

    #[test]
    fn other_bytes_are_not_a_value() {
        assert!(!is_any(&[115]), "an unknown kind");
        assert!(!is_any(&[119, 1, 0xff]), "not UTF-8");
        assert!(!is_any(&[117, 0xff, 0xff, 0xff, 0x7f]), "a count beyond the bytes that follow");
        assert!(!is_any(&[118, 1, 1, b'a']), "a key without its value");
        let nested = |depth| [[117, 1].repeat(depth), vec![126]].concat();
        assert!(is_any(&nested(MAX_DEPTH)) && !is_any(&nested(MAX_DEPTH + 1)));
    }
}
