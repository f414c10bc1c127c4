//! Placeholder signatures so that the layers above compile. The engine replaces this file: delete it then.
#![allow(missing_docs)]

use std::fmt;

use super::{InvalidUpdate, MergeOptions};

#[derive(Debug)]
pub struct Mismatch;
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m")
    }
}
pub fn merge(_u: &[impl AsRef<[u8]>], _o: MergeOptions) -> Result<Vec<u8>, InvalidUpdate> {
    Ok(vec![0, 0])
}
pub fn diff(_u: &[u8], _s: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    Ok(vec![0, 0])
}
pub fn state_vector(_u: &[u8]) -> Result<Vec<u8>, InvalidUpdate> {
    Ok(vec![0])
}
pub fn validate(_u: &[u8]) -> Result<(), InvalidUpdate> {
    Ok(())
}
pub fn validate_state_vector(_u: &[u8]) -> Result<(), InvalidUpdate> {
    Ok(())
}
pub fn verify(_i: &[impl AsRef<[u8]>], _o: &[u8]) -> Result<(), Mismatch> {
    Ok(())
}
