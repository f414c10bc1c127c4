//! Broken rules of open items: overwrites, and deletes of what may have grown.

use y_dynamodb::codec::sort_key::{DocName, Version};
use y_dynamodb::error::Result;
use y_dynamodb::table::{DeleteIf, Item, Table};
use y_dynamodb::update::{self, MergeOptions};

use crate::broken::BrokenTable;
use crate::rules::Rule;

/// What the table remembers of the open item of its process.
#[derive(Default)]
pub struct OpenItemSeen {
    /// The item as it was acknowledged last.
    acknowledged: Option<Item>,
    /// An overwrite whose outcome is unknown: the item before, its version, and the version that was sent.
    unknown: Option<(Item, Version, Version)>,
    /// What an item would hold that was found to be gone.
    gone: Option<Vec<u8>>,
    /// Whether the process clears the document: its last Query was one of keys.
    pub is_clearing: bool,
}

impl BrokenTable {
    /// Puts a new open item.
    pub async fn open(&self, doc: &DocName, mut item: Item) -> Result<()> {
        let (unknown, gone) = {
            let open = &mut self.seen().open_item;
            (open.unknown.take(), open.gone.take())
        };
        if let (Some((before, version, sent)), true) = (unknown, self.breaks(Rule::UnknownOutcome)) {
            // Goes on with the item before, as if versions were counted.
            let inputs = [before.value.unwrap(), item.value.clone().unwrap()];
            let merged = update::merge(&inputs, MergeOptions { gc: false, ..MergeOptions::default() });
            let grown =
                Item { key: before.key, value: Some(merged.unwrap()), version: Some(sent), ..item.clone() };
            if self.table.put_over(doc, grown, version).await? {
                return Ok(());
            }
        }
        if let (Some(whole), true) = (gone, self.breaks(Rule::OnlyTheBatch)) {
            item.value = Some(whole);
        }
        self.table.put_new(doc, item.clone()).await?;
        self.seen().open_item.acknowledged = Some(item);
        Ok(())
    }

    /// Overwrites the open item.
    pub async fn overwrite(&self, doc: &DocName, item: Item, replaced: Version) -> Result<bool> {
        if self.breaks(Rule::OverwriteCondition) {
            return self.table.put(doc, item).await.map(|()| true);
        }
        let result = self.table.put_over(doc, item.clone(), replaced).await;
        let open = &mut self.seen().open_item;
        match &result {
            Ok(true) => open.acknowledged = Some(item),
            Ok(false) => open.gone = item.value,
            Err(_) => {
                let before = open.acknowledged.take().filter(|before| before.key == item.key);
                open.unknown = before.map(|before| (before, replaced, item.version.unwrap()));
            }
        }
        Ok(result? || self.breaks(Rule::OwnVersion))
    }

    /// The condition of a delete, without the version if the rule is broken.
    pub fn condition_of(&self, condition: DeleteIf) -> DeleteIf {
        let rule =
            if self.seen().open_item.is_clearing { Rule::ClearVersion } else { Rule::CompactionVersion };
        match condition {
            DeleteIf::VersionIs(_) if self.breaks(rule) => DeleteIf::Always,
            DeleteIf::NotRenewed(_) if self.breaks(Rule::SweepCondition) => DeleteIf::Always,
            condition => condition,
        }
    }
}
