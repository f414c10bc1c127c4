//! Document names, checked when they are made.

use std::fmt;
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::limits::MAX_PARTITION_KEY_BYTES;

/// The longest document name that can be written, in UTF-8 bytes. Its longest sort key, that of a part, has 1,024 bytes.
pub const MAX_DOC_NAME_BYTES: usize = 989;

/// The longest document name that the original package can write, in UTF-8 bytes. Such a document can be read and cleared.
pub const MAX_READABLE_DOC_NAME_BYTES: usize = 1_004;

/// The name of a document: 1 to 1,004 UTF-8 bytes, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocName(Arc<str>);

impl DocName {
    /// A name that can be read and cleared.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if it is empty or longer than [`MAX_READABLE_DOC_NAME_BYTES`].
    pub fn new(name: &str) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::new(Code::InvalidArgument, "document name is empty"));
        }
        if name.len() > MAX_READABLE_DOC_NAME_BYTES {
            return Err(too_long(name));
        }
        Ok(DocName(name.into()))
    }

    /// The name, if it can be written too.
    ///
    /// # Errors
    /// `ERR_INVALID_ARGUMENT` if it is longer than [`MAX_DOC_NAME_BYTES`].
    pub fn writable(self) -> Result<Self> {
        if self.0.len() > MAX_DOC_NAME_BYTES {
            return Err(too_long(&self.0));
        }
        Ok(self)
    }

    /// A name found in the table. DynamoDB has checked it: 1 to 2,048 bytes.
    pub fn stored(name: &str) -> Self {
        debug_assert!(name.len() <= MAX_PARTITION_KEY_BYTES);
        DocName(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DocName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// States one limit whatever the call: who shortens a name wants to write it too.
fn too_long(name: &str) -> Error {
    let message = format!("document name is {} UTF-8 bytes long, limit {MAX_DOC_NAME_BYTES}", name.len());
    Error::new(Code::InvalidArgument, message)
}
