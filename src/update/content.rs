//! The content of an item: its kind, its length, and where it ends.
//!
//! Content is measured and checked, never decoded into values. Content that Yjs cannot read, or cannot write again, is
//! refused. It is still measured if its end is known. Nothing recurses: nested values take heap, not stack. Source: yjs
//! `structs/Content*.js`, lib0 `decoding.js`.

use super::invalid_update::InvalidUpdate;
use super::json::is_json;
use super::limits::MAX_NESTING;
use super::reader::{Reader, Refuse, refuse_all};
use super::text;

/// The kinds of structs: the low five bits of the info byte.
pub(super) mod kind {
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

/// The deepest nesting of refused values that is still measured. Yjs reads values by recursion, so it cannot hold deeper
/// ones.
const MAX_MEASURED_NESTING: usize = 1 << 15;

const TOO_DEEP: &str = "values nested more than 1,000 deep";

/// The type references that carry a name: XmlElement and XmlHook.
const NAMED_TYPES: [u64; 2] = [3, 5];

/// The highest type reference: XmlText.
const LAST_TYPE: u64 = 6;

/// Skips the content of an item and returns its length in clock units. `refuse` decides about content that Yjs cannot apply
/// and whose end is known.
#[inline(always)]
pub(super) fn skip_content(
    r: &mut Reader<'_>,
    kind: u8,
    refuse: &mut impl Refuse,
) -> Result<u64, InvalidUpdate> {
    match kind {
        kind::STRING => {
            let mut is_text = true;
            let bytes = r.text(&mut |e| {
                is_text = false;
                refuse(e)
            })?;
            Ok(match bytes {
                [_] => 1,
                _ if is_text => text::units(bytes),
                _ => text::units(String::from_utf8_lossy(bytes).as_bytes()),
            })
        }
        kind::DELETED => r.uint(),
        _ => skip_rare_content(r, kind, refuse),
    }
}

fn skip_rare_content(r: &mut Reader<'_>, kind: u8, refuse: &mut impl Refuse) -> Result<u64, InvalidUpdate> {
    match kind {
        kind::ANY => {
            let n = r.count(1)?;
            (0..n).try_for_each(|_| skip_any(r, refuse))?;
            return Ok(n);
        }
        kind::JSON => {
            let n = r.count(1)?;
            (0..n).try_for_each(|_| skip_json(r, Some(b"undefined"), refuse))?;
            return Ok(n);
        }
        kind::BINARY => r.length_prefixed().map(drop)?,
        kind::EMBED => skip_json(r, None, refuse)?,
        kind::FORMAT => {
            r.text(refuse)?;
            skip_json(r, None, refuse)?;
        }
        kind::TYPE => {
            let start = *r;
            let type_ref = r.uint()?;
            if type_ref > LAST_TYPE {
                return Err(start.error("unknown type"));
            }
            if NAMED_TYPES.contains(&type_ref) {
                r.text(refuse)?;
            }
        }
        kind::DOC => {
            r.text(refuse)?;
            let options = *r;
            skip_any(r, refuse)?;
            check_options(options, refuse)?;
        }
        _ => return Err(r.error("unknown content")),
    }
    Ok(1)
}

/// Checks the options of a subdocument, which have been skipped before. Yjs passes them to `new Doc`: a `guid` in them
/// replaces the one that precedes them and is written as a string, and `gcFilter` is called. Source: yjs `ContentDoc.js`,
/// `Doc.js`.
fn check_options(mut r: Reader<'_>, refuse: &mut impl Refuse) -> Result<(), InvalidUpdate> {
    let start = r;
    match r.byte()? {
        any::UNDEFINED | any::NULL => return refuse(start.error("subdocument without options")),
        any::OBJECT => {}
        _ => return Ok(()),
    }
    for _ in 0..r.count(2)? {
        let start = r;
        match r.text_unchecked()? {
            b"guid" if r.peek() != Some(any::STRING) => {
                refuse(start.error("subdocument with a 'guid' that is not a string"))?;
            }
            b"gcFilter" => refuse(start.error("subdocument with a 'gcFilter'"))?,
            _ => {}
        }
        skip_any(&mut r, &mut |_| Ok(()))?;
    }
    Ok(())
}

/// Skips JSON text, or `other`: a text that stands for a value that JSON lacks.
fn skip_json(
    r: &mut Reader<'_>,
    other: Option<&[u8]>,
    refuse: &mut impl Refuse,
) -> Result<(), InvalidUpdate> {
    let start = *r;
    let text = r.text(refuse)?;
    if !is_json(text) && other != Some(text) {
        refuse(start.error("text that is not JSON, or JSON nested more than 1,000 deep"))?;
    }
    Ok(())
}

/// Skips `n` values of ANY or JSON content that an earlier scan has checked.
pub(super) fn skip_elements(r: &mut Reader<'_>, kind: u8, n: u64) -> Result<(), InvalidUpdate> {
    for _ in 0..n {
        if kind == kind::JSON {
            r.text_unchecked()?;
        } else {
            skip_any(r, &mut refuse_all)?;
        }
    }
    Ok(())
}

/// The type bytes of lib0's `any`.
mod any {
    pub(crate) const UNDEFINED: u8 = 127;
    pub(crate) const NULL: u8 = 126;
    pub(crate) const INTEGER: u8 = 125;
    pub(crate) const FLOAT32: u8 = 124;
    pub(crate) const FLOAT64: u8 = 123;
    pub(crate) const BIGINT: u8 = 122;
    pub(crate) const FALSE: u8 = 121;
    pub(crate) const TRUE: u8 = 120;
    pub(crate) const STRING: u8 = 119;
    pub(crate) const OBJECT: u8 = 118;
    pub(crate) const ARRAY: u8 = 117;
    pub(crate) const BYTES: u8 = 116;
}

/// Skips one lib0 `any` of any depth.
fn skip_any(r: &mut Reader<'_>, refuse: &mut impl Refuse) -> Result<(), InvalidUpdate> {
    if let Some((left, object)) = skip_flat(r, refuse)? {
        skip_nested(r, left, object, refuse)?;
    }
    Ok(())
}

/// Skips a scalar. Returns the number of values in a container, and whether they have keys.
#[inline(always)]
fn skip_flat(r: &mut Reader<'_>, refuse: &mut impl Refuse) -> Result<Option<(u64, bool)>, InvalidUpdate> {
    let start = *r;
    match r.byte()? {
        any::UNDEFINED | any::NULL | any::FALSE | any::TRUE => {}
        any::INTEGER => {
            let mut bytes = 1;
            while r.byte()? >= 0x80 {
                bytes += 1;
                if bytes == 9 {
                    refuse(start.error("number above 2^53 - 1"))?;
                }
            }
        }
        any::FLOAT32 => r.take(4).map(drop)?,
        any::FLOAT64 | any::BIGINT => r.take(8).map(drop)?,
        any::STRING => r.text(refuse).map(drop)?,
        any::BYTES => r.length_prefixed().map(drop)?,
        any::OBJECT => return Ok(Some((r.count(2)?, true))),
        any::ARRAY => return Ok(Some((r.count(1)?, false))),
        _ => return Err(start.error("unknown value")),
    }
    Ok(None)
}

/// Skips the values in a container and in all containers inside it.
fn skip_nested(
    r: &mut Reader<'_>,
    mut left: u64,
    mut object: bool,
    refuse: &mut impl Refuse,
) -> Result<(), InvalidUpdate> {
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
            // Yjs assigns the key, which sets the prototype. It then takes the object for bytes and cannot write it.
            if r.text(refuse)? == b"__proto__" && r.peek() == Some(any::BYTES) {
                refuse(start.error("bytes under the key '__proto__'"))?;
            }
        }
        if let Some(inner) = skip_flat(r, refuse)? {
            outer.push((left, object));
            match outer.len() {
                MAX_NESTING => refuse(r.error(TOO_DEEP))?,
                MAX_MEASURED_NESTING => return Err(r.error(TOO_DEEP)),
                _ => {}
            }
            (left, object) = inner;
        }
    }
}
