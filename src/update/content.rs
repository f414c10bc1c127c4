//! The content of an item: its kinds, how long it is, and where it ends.
//!
//! Content is opaque: it is measured and checked, never decoded into values. What passes is content that Yjs can read, and
//! write again. Content that it cannot is refused, and still measured where its end is known. Nothing recurses: the depth of nested values costs a count, not stack. Source: yjs `structs/Content*.js`,
//! lib0 `decoding.js`.

use super::InvalidUpdate;
use super::json::is_json;
use super::read::{Reader, Refuse, strictly};
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

/// How deep values are followed once they are refused. Yjs reads them by recursion, so it has no document with more.
const MAX_FOLLOWED: usize = 1 << 15;

const TOO_DEEP: &str = "values nested more than 1,000 deep";

/// The type references that carry a name: XmlElement and XmlHook.
const NAMED_TYPES: [u64; 2] = [3, 5];

/// The highest type reference: XmlText.
const LAST_TYPE: u64 = 6;

/// Passes over the content of an item and gives its length in clock units. `refuse` decides about content that Yjs cannot
/// apply and whose end is known.
#[inline(always)]
pub(crate) fn skip_content(
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
        kind::BINARY => r.counted().map(drop)?,
        kind::EMBED => skip_json(r, None, refuse)?,
        kind::FORMAT => {
            r.text(refuse)?;
            skip_json(r, None, refuse)?;
        }
        kind::TYPE => {
            let start = *r;
            let type_ref = r.uint()?;
            if type_ref > LAST_TYPE {
                return Err(start.bad("unknown type"));
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
        _ => return Err(r.bad("unknown content")),
    }
    Ok(1)
}

/// Checks the options of a subdocument, which were passed before. Yjs makes a document of them: a `guid` among them takes
/// the place of the one that stands before them, and is written as a string; `gcFilter` is called. Source: yjs
/// `ContentDoc.js`, `Doc.js`.
fn check_options(mut r: Reader<'_>, refuse: &mut impl Refuse) -> Result<(), InvalidUpdate> {
    let start = r;
    match r.byte()? {
        any::UNDEFINED | any::NULL => return refuse(start.bad("subdocument without options")),
        any::OBJECT => {}
        _ => return Ok(()),
    }
    for _ in 0..r.count(2)? {
        let start = r;
        match r.text_unchecked()? {
            b"guid" if r.peek() != Some(any::STRING) => {
                refuse(start.bad("subdocument with a 'guid' that is not a string"))?;
            }
            b"gcFilter" => refuse(start.bad("subdocument with a 'gcFilter'"))?,
            _ => {}
        }
        skip_any(&mut r, &mut |_| Ok(()))?;
    }
    Ok(())
}

/// Passes over JSON text, or over the one text that stands for something that JSON has not.
fn skip_json(
    r: &mut Reader<'_>,
    besides: Option<&[u8]>,
    refuse: &mut impl Refuse,
) -> Result<(), InvalidUpdate> {
    let start = *r;
    let text = r.text(refuse)?;
    if !is_json(text) && besides != Some(text) {
        refuse(start.bad("text that is not JSON, or JSON nested more than 1,000 deep"))?;
    }
    Ok(())
}

/// Passes over `n` elements of an any content, or of a JSON content. They were checked before.
pub(crate) fn skip_elements(r: &mut Reader<'_>, kind: u8, n: u64) -> Result<(), InvalidUpdate> {
    for _ in 0..n {
        if kind == kind::JSON {
            r.text_unchecked()?;
        } else {
            skip_any(r, &mut strictly)?;
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
fn skip_any(r: &mut Reader<'_>, refuse: &mut impl Refuse) -> Result<(), InvalidUpdate> {
    if let Some((left, object)) = skip_flat(r, refuse)? {
        skip_nested(r, left, object, refuse)?;
    }
    Ok(())
}

/// Passes over a value without children; for a container, gives the number of its entries and whether they have keys.
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
                    refuse(start.bad("number above 2^53 - 1"))?;
                }
            }
        }
        any::FLOAT32 => r.take(4).map(drop)?,
        any::FLOAT64 | any::BIGINT => r.take(8).map(drop)?,
        any::STRING => r.text(refuse).map(drop)?,
        any::BYTES => r.counted().map(drop)?,
        any::OBJECT => return Ok(Some((r.count(2)?, true))),
        any::ARRAY => return Ok(Some((r.count(1)?, false))),
        _ => return Err(start.bad("unknown value")),
    }
    Ok(None)
}

/// Passes over the entries of a container, with those of the containers in it.
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
            // Yjs sets the prototype, takes the object for bytes, and fails to write it.
            if r.text(refuse)? == b"__proto__" && r.peek() == Some(any::BYTES) {
                refuse(start.bad("bytes under the key '__proto__'"))?;
            }
        }
        if let Some(inner) = skip_flat(r, refuse)? {
            outer.push((left, object));
            match outer.len() {
                MAX_NESTING => refuse(r.bad(TOO_DEEP))?,
                MAX_FOLLOWED => return Err(r.bad(TOO_DEEP)),
                _ => {}
            }
            (left, object) = inner;
        }
    }
}
