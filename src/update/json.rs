//! Checks whether `JSON.parse` accepts a text. Decodes nothing.
//!
//! Knows nothing of updates. Linear, without recursion and without allocation. The text is UTF-8, so a lone surrogate can
//! only be written as an escape, which is valid. Source: ECMA-404. White space is tab, line feed, carriage return and space;
//! a byte order mark and U+00A0 are not.

use super::limits::MAX_NESTING;

const WORDS: usize = MAX_NESTING.div_ceil(64);

/// The open containers: a bit for each, set if it is an object.
struct Open {
    objects: [u64; WORDS],
    depth: usize,
}

impl Open {
    fn push(&mut self, object: bool) -> Option<()> {
        if self.depth == MAX_NESTING {
            return None;
        }
        let word = self.objects.get_mut(self.depth / 64)?;
        let bit = 1 << (self.depth % 64);
        *word = if object { *word | bit } else { *word & !bit };
        self.depth += 1;
        Some(())
    }

    /// Whether the innermost container is an object; `None` if no container is open.
    fn top(&self) -> Option<bool> {
        let top = self.depth.checked_sub(1)?;
        self.objects.get(top / 64).map(|word| word >> (top % 64) & 1 == 1)
    }
}

/// Whether `JSON.parse` accepts the text and its values are nested at most [`MAX_NESTING`] deep.
pub(super) fn is_json(text: &[u8]) -> bool {
    parse(text).is_some_and(<[u8]>::is_empty)
}

/// Skips one value and the white space around it.
fn parse(text: &[u8]) -> Option<&[u8]> {
    let mut open = Open { objects: [0; WORDS], depth: 0 };
    let mut rest = space(text);
    loop {
        rest = match rest.split_first()? {
            (b'[', inner) => match space(inner).strip_prefix(b"]") {
                Some(after) => after,
                None => {
                    open.push(false)?;
                    rest = space(inner);
                    continue;
                }
            },
            (b'{', inner) => match space(inner).strip_prefix(b"}") {
                Some(after) => after,
                None => {
                    open.push(true)?;
                    rest = key(inner)?;
                    continue;
                }
            },
            _ => scalar(rest)?,
        };
        // After a value: closes the containers that end here.
        loop {
            rest = space(rest);
            let Some(object) = open.top() else { return Some(rest) };
            match (rest.split_first()?, object) {
                ((b',', after), true) => {
                    rest = key(after)?;
                    break;
                }
                ((b',', after), false) => {
                    rest = space(after);
                    break;
                }
                ((b'}', after), true) | ((b']', after), false) => {
                    open.depth -= 1;
                    rest = after;
                }
                _ => return None,
            }
        }
    }
}

fn space(text: &[u8]) -> &[u8] {
    let n = text.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    text.get(n..).unwrap_or_default()
}

/// Skips a key, the colon and the white space around them.
fn key(text: &[u8]) -> Option<&[u8]> {
    let rest = string(space(text).strip_prefix(b"\"")?)?;
    Some(space(space(rest).strip_prefix(b":")?))
}

fn scalar(text: &[u8]) -> Option<&[u8]> {
    match text.first()? {
        b'"' => string(text.get(1..)?),
        b't' => text.strip_prefix(b"true"),
        b'f' => text.strip_prefix(b"false"),
        b'n' => text.strip_prefix(b"null"),
        _ => number(text),
    }
}

/// Skips the rest of a string after its opening quotation mark.
fn string(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        let plain = text.iter().take_while(|&&b| b >= b' ' && b != b'"' && b != b'\\').count();
        let (&end, after) = text.get(plain..)?.split_first()?;
        match end {
            b'"' => return Some(after),
            b'\\' => text = escape(after)?,
            _ => return None,
        }
    }
}

/// Skips the rest of an escape after its backslash.
fn escape(text: &[u8]) -> Option<&[u8]> {
    let (kind, after) = text.split_first()?;
    match kind {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(after),
        b'u' => {
            let (digits, after) = after.split_at_checked(4)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(after)
        }
        _ => None,
    }
}

fn number(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut rest = match text.strip_prefix(b"0") {
        Some(after) => after,
        None => digits(text)?,
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = digits(fraction)?;
    }
    match rest.split_first() {
        Some((b'e' | b'E', exponent)) => {
            digits(exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent))
        }
        _ => Some(rest),
    }
}

/// Skips one or more digits.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if n == 0 { None } else { text.get(n..) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_parse_takes_is_json() {
        let good = [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "10",
            "1.5",
            "-1e5",
            "1E+5",
            "1e-999",
            "1e999",
            "\"\"",
            "[]",
            "{}",
            " \t\n\r[ 1 , [ ] , { } ] \n",
            r#"{"a":1,"a":[{"b":null}],"":""}"#,
            r#""\ud800 \udc00 \" \\ \/ \b\f\n\r\t""#,
            "\"\u{2028}\u{7f}\u{feff}é😀\"",
            r#"{"__proto__":{"a":1}}"#,
        ];
        for text in good {
            assert!(is_json(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_json_parse_refuses_is_none() {
        let bad = [
            "",
            " ",
            "undefined",
            "nul",
            "nullx",
            "True",
            "01",
            "-",
            "-01",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "Infinity",
            "1 2",
            "[",
            "]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            "}",
            "{a:1}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "[}",
            "{]",
            "[1}",
            "{\"a\":1]",
            "'a'",
            "\"",
            "\"\\\"",
            "\"\\x41\"",
            "\"\\u12g4\"",
            "\"\\u12\"",
            "\"\t\"",
            "\"\n\"",
            "\u{feff}1",
            "\u{a0}1",
            "1\u{2028}",
            "/**/1",
            "[1]]",
            "\"a\"b",
            "1,",
            ":",
            "\0",
        ];
        for text in bad {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn values_are_nested_a_thousand_deep_and_no_deeper() {
        let lists = |n: usize| "[".repeat(n) + &"]".repeat(n);
        let objects = |n: usize| "{\"a\":[".repeat(n / 2) + "1" + &"]}".repeat(n / 2);
        // The empty one in the middle holds nothing.
        assert!(is_json(lists(MAX_NESTING + 1).as_bytes()) && is_json(objects(MAX_NESTING).as_bytes()));
        assert!(!is_json(lists(MAX_NESTING + 2).as_bytes()) && !is_json(objects(MAX_NESTING + 2).as_bytes()));
        assert!(!is_json("[".repeat(1 << 20).as_bytes()));
    }
}
