//! The content of an item: its kinds, how long it is, and where it ends.
//!
//! Content is opaque: it is measured and checked, never decoded into values. What passes is content that Yjs can read, and
//! write again. Nothing recurses: the depth of nested values costs a count, not stack. Source: yjs `structs/Content*.js`,
//! lib0 `decoding.js`.

use super::InvalidUpdate;
use super::json::is_json;
use super::read::Reader;
use super::text;

/// What a struct is: the low five bits of its info byte.
pub(crate) mod kind {
    pub(crate) const GC: u8 = 0;
    pub(crate) const DELETED: u8 = 1;
    pub(crate) const JSON: u8 = 2;
    pub(crate) const BINARY: u8 = 3;
    pub(crate) const STRING: u8 = 4;
    pub(crate) const EMBED: u8 = 5;
    pub(crate) const FORMAT: u8 = 6;
    pub(crate) const TYPE: u8 = 7;
    pub(crate) const ANY: u8 = 8;
    pub(crate) const DOC: u8 = 9;
    pub(crate) const SKIP: u8 = 10;
}

/// How deep values may be nested. Yjs writes them by recursion: JavaScript's stack ends at some 4,000.
pub(crate) const MAX_NESTING: usize = 1_000;

/// The type references that carry a name: XmlElement and XmlHook.
const NAMED_TYPES: [u64; 2] = [3, 5];

/// The highest type reference: XmlText.
const LAST_TYPE: u64 = 6;

/// Passes over the content of an item and gives its length in clock units.
#[inline(always)]
pub(crate) fn skip_content(r: &mut Reader<'_>, kind: u8) -> Result<u64, InvalidUpdate> {
    match kind {
        kind::STRING => match r.text()? {
            [_] => Ok(1),
            bytes => Ok(text::units(bytes)),
        },
        kind::DELETED => r.uint(),
        _ => skip_rare_content(r, kind),
    }
}

fn skip_rare_content(r: &mut Reader<'_>, kind: u8) -> Result<u64, InvalidUpdate> {
    match kind {
        kind::ANY => {
            let n = r.count(1)?;
            skip_elements(r, kind, n)?;
            return Ok(n);
        }
        kind::JSON => {
            let n = r.count(1)?;
            (0..n).try_for_each(|_| skip_json(r, Some(b"undefined")))?;
            return Ok(n);
        }
        kind::BINARY => r.counted().map(drop)?,
        kind::EMBED => skip_json(r, None)?,
        kind::FORMAT => {
            r.text()?;
            skip_json(r, None)?;
        }
        kind::TYPE => {
            let start = *r;
            let type_ref = r.uint()?;
            if type_ref > LAST_TYPE {
                return Err(start.bad("unknown type"));
            }
            if NAMED_TYPES.contains(&type_ref) {
                r.text()?;
            }
        }
        kind::DOC => {
            r.text()?;
            let start = *r;
            if matches!(r.byte()?, any::UNDEFINED | any::NULL) {
                return Err(start.bad("subdocument without options"));
            }
            *r = start;
            skip_any(r)?;
        }
        _ => return Err(r.bad("unknown content")),
    }
    Ok(1)
}

/// Passes over JSON text, or over the one text that stands for something that JSON has not.
fn skip_json(r: &mut Reader<'_>, besides: Option<&[u8]>) -> Result<(), InvalidUpdate> {
    let start = *r;
    let text = r.text()?;
    if !is_json(text) && besides != Some(text) {
        return Err(start.bad("text that is not JSON, or JSON nested more than 1,000 deep"));
    }
    Ok(())
}

/// Passes over `n` elements of an any content, or of a JSON content whose texts were checked.
pub(crate) fn skip_elements(r: &mut Reader<'_>, kind: u8, n: u64) -> Result<(), InvalidUpdate> {
    for _ in 0..n {
        if kind == kind::JSON {
            r.text()?;
        } else {
            skip_any(r)?;
        }
    }
    Ok(())
}

/// The first byte of a lib0 `any`.
mod any {
    pub(super) const UNDEFINED: u8 = 127;
    pub(super) const NULL: u8 = 126;
    pub(super) const INTEGER: u8 = 125;
    pub(super) const FLOAT32: u8 = 124;
    pub(super) const FLOAT64: u8 = 123;
    pub(super) const BIGINT: u8 = 122;
    pub(super) const FALSE: u8 = 121;
    pub(super) const TRUE: u8 = 120;
    pub(super) const STRING: u8 = 119;
    pub(super) const OBJECT: u8 = 118;
    pub(super) const ARRAY: u8 = 117;
    pub(super) const BYTES: u8 = 116;
}

/// Passes over one lib0 `any`, however deep.
fn skip_any(r: &mut Reader<'_>) -> Result<(), InvalidUpdate> {
    if let Some((left, object)) = skip_flat(r)? {
        skip_nested(r, left, object)?;
    }
    Ok(())
}

/// Passes over a value without children; for a container, gives the number of its entries and whether they have keys.
#[inline(always)]
fn skip_flat(r: &mut Reader<'_>) -> Result<Option<(u64, bool)>, InvalidUpdate> {
    let start = *r;
    match r.byte()? {
        any::UNDEFINED | any::NULL | any::FALSE | any::TRUE => {}
        any::INTEGER => {
            for i in 0.. {
                if r.byte()? < 0x80 {
                    break;
                }
                if i == 7 {
                    return Err(start.bad("number above 2^53 - 1"));
                }
            }
        }
        any::FLOAT32 => r.take(4).map(drop)?,
        any::FLOAT64 | any::BIGINT => r.take(8).map(drop)?,
        any::STRING => r.text().map(drop)?,
        any::BYTES => r.counted().map(drop)?,
        any::OBJECT => return Ok(Some((r.count(2)?, true))),
        any::ARRAY => return Ok(Some((r.count(1)?, false))),
        _ => return Err(start.bad("unknown value")),
    }
    Ok(None)
}

/// Passes over the entries of a container, with those of the containers in it.
fn skip_nested(r: &mut Reader<'_>, mut left: u64, mut object: bool) -> Result<(), InvalidUpdate> {
    let mut outer: Vec<(u64, bool)> = Vec::new();
    loop {
        if left == 0 {
            match outer.pop() {
                Some(up) => (left, object) = up,
                None => return Ok(()),
            }
            continue;
        }
        left -= 1;
        if object {
            let start = *r;
            // Yjs sets the prototype, takes the object for bytes, and fails to write it.
            if r.text()? == b"__proto__" && r.peek() == Some(any::BYTES) {
                return Err(start.bad("bytes under the key '__proto__'"));
            }
        }
        if let Some(inner) = skip_flat(r)? {
            outer.push((left, object));
            if outer.len() >= MAX_NESTING {
                return Err(r.bad("values nested more than 1,000 deep"));
            }
            (left, object) = inner;
        }
    }
}
