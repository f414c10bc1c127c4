//! The rules of the protocol that a simulation leaves out, one at a time, to see that it notices. Without the feature
//! `break-rules` none can be left out.

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A set counts only when it is sealed.
    SealedSets,
    /// A compaction deletes its inputs only after its set is sealed.
    SealBeforeDelete,
    /// A compaction checks that an input is still there, after its set is written.
    InputCheck,
    /// The input that it checks is the one with the lowest key.
    LowestInput,
    /// The set of a compaction sorts behind its inputs.
    SetSortsLast,
    /// A clear repeats until a query is empty.
    ClearRepeats,
    /// A clear waits for puts of its process that may still arrive, and repeats.
    ClearAfterTimeout,
    /// Keys have random ids and are written only where there is nothing.
    FreshKeys,
    /// A sweep deletes a head only if it is neither sealed nor renewed.
    SweepCondition,
    /// A set is deleted head first.
    HeadsFirst,
    /// A sealed set that lacks parts is damage: a sweep does not touch it.
    DamageStays,
    /// A compaction checks two inputs.
    TwoInputs,
    /// Entries that a result contains are deleted, not merged into another result.
    NoSecondCopy,
    /// A repair deletes an item only if it is still what it copied.
    RepairCondition,
    /// A half-written set is continued only while its head is there.
    ContinuedHead,
    /// A half-written set is continued only with the same bytes.
    ContinuedBytes,
}
