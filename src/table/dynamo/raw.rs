//! Items with attributes of any name and type. They are copied, never interpreted.

use super::conditions::Condition;
use super::items::{Attributes, key_attributes, read_item};
use crate::codec::sort_key::{DocName, SortKey};
use crate::error::Result;
use crate::table::Item;
use crate::table::schema::{HASH_KEY, RANGE_KEY};

/// All attributes of an item except its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct RawItem(Attributes);

impl RawItem {
    pub(super) fn attributes(&self, doc: &DocName, key: &SortKey) -> Attributes {
        let mut attributes = key_attributes(doc, key);
        attributes.extend(self.0.clone());
        attributes
    }

    /// The item exists and is unchanged.
    pub(super) fn condition(&self) -> Condition {
        Condition::is_exactly(&self.0)
    }
}

/// # Errors
/// `ERR_TABLE` if the attributes lack our keys.
pub(super) fn read_raw(mut attributes: Attributes) -> Result<(Item, RawItem)> {
    let item = read_item(attributes.clone())?;
    attributes.remove(HASH_KEY);
    attributes.remove(RANGE_KEY);
    Ok((item, RawItem(attributes)))
}
