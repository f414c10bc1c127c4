//! What a schedule may contain besides crashes, frozen processes and the standard faults.

use y_dynamodb::log::OnCorrupt;

use crate::rules::Rule;

/// What a schedule may contain.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scenario {
    /// The rule that every process breaks.
    pub broken: Option<Rule>,
    /// Duplicates of puts and seals may arrive late. Then without clears: a request that DynamoDB received but has not
    /// answered may arrive after a clear.
    pub late_puts: bool,
    /// Attempts of puts get no answer and may arrive within the 15 s that their process waits for. With clears, and with retries
    /// of refused stores.
    pub lost_attempts: bool,
    /// Duplicates of puts of updates in one item may arrive after clears of other processes. I5 allows only these updates to be
    /// back.
    pub late_behind_clears: bool,
    /// Deletes of open items often get no answer, which ends their clear, and arrive late.
    pub lost_deletes: bool,
    /// Processes also repair.
    pub repairs: bool,
    /// A sealed set lacks a part from the start.
    pub damage: bool,
    /// There is one process, and its deletes of entries fail until the end.
    pub no_deletes: bool,
}

impl Scenario {
    /// Whether there is always a clear.
    pub fn clears(&self) -> bool {
        self.lost_attempts || self.late_behind_clears || self.lost_deletes
    }

    /// How its processes open the document.
    pub fn on_corrupt(&self) -> OnCorrupt {
        if self.damage { OnCorrupt::Skip } else { OnCorrupt::Fail }
    }
}
