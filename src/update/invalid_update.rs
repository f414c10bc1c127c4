//! The error of everything that reads updates or state vectors.

use std::fmt;

/// Why bytes are not a V1 update (or not a state vector).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidUpdate {
    /// The index of the update among those given; 0 if there was one.
    pub update: usize,
    /// The offset of the error in its bytes.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for InvalidUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)?;
        if self.update > 0 {
            write!(f, " of update {}", self.update)?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidUpdate {}
