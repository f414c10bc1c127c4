//! Keys of metas, checked when they are made.

use super::doc_name::DocName;
use super::sort_key::SortKey;
use crate::error::{Code, Error, Result};
use crate::limits::MAX_SORT_KEY_BYTES;

/// The key of a meta of one document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetaKey(String);

impl MetaKey {
    /// A key that fits the sort key together with the name of its document. May be empty, as in the original package.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if the sort key exceeds 1,024 bytes.
    pub fn new(doc: &DocName, key: &str) -> Result<Self> {
        let length = SortKey::meta(doc, key).as_bytes().len();
        if length > MAX_SORT_KEY_BYTES {
            return Err(Error::new(
                Code::InvalidArgument,
                format!(
                    "meta key of {} bytes makes a sort key of {length} bytes, limit {MAX_SORT_KEY_BYTES}",
                    key.len()
                ),
            ));
        }
        Ok(MetaKey(key.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meta_key_is_bounded_together_with_the_name() {
        let doc = DocName::new("d").unwrap();
        assert!(MetaKey::new(&doc, &"k".repeat(1_008)).is_ok());
        assert!(MetaKey::new(&doc, &"k".repeat(1_009)).is_err());
    }
}
