//! What a schedule may contain besides crashes, frozen processes and the usual faults.

use y_dynamodb::log::OnCorrupt;

use crate::rules::Rule;

/// What a schedule may contain.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scenario {
    /// The rule that every process breaks.
    pub broken: Option<Rule>,
    /// Duplicates of puts and seals may arrive late. Then without clears: a request that DynamoDB received but has not
    /// answered may land after a clear.
    pub late_puts: bool,
    /// Attempts of puts get no answer, which their process knows, and may arrive within the time that it reckons with. With
    /// clears, and with retries of stores that were refused.
    pub lost_attempts: bool,
    /// Duplicates of puts of plain updates may arrive behind clears of other processes. I5 allows that these updates are back,
    /// and no others.
    pub late_behind_clears: bool,
    /// Someone repairs meanwhile.
    pub repairs: bool,
    /// A sealed set lacks a part from the beginning.
    pub damage: bool,
    /// One process compacts, and batches of deletes fail until the end.
    pub no_deletes: bool,
}

impl Scenario {
    /// How its processes open the document.
    pub fn on_corrupt(&self) -> OnCorrupt {
        if self.damage { OnCorrupt::Skip } else { OnCorrupt::Fail }
    }
}
