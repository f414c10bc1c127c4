//! The rules of the protocol that a simulation breaks, one at a time, and has to notice. `broken.rs` breaks them.

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Keys have random ids and are written only where there is nothing (I1).
    FreshKeys,
    /// An open item is overwritten only if its version is the one that its process wrote last.
    OverwriteCondition,
    /// A failed condition of an overwrite counts as success only if the item has the version just sent.
    OwnVersion,
    /// After an overwrite with an unknown outcome the item is never touched again.
    UnknownOutcome,
    /// If an open item is gone, only the batch is put into the next one.
    OnlyTheBatch,
    /// A compaction deletes an open item only in the version that it merged.
    CompactionVersion,
    /// A clear deletes an open item only in the version that it read.
    ClearVersion,
    /// A set counts only when it is sealed.
    SealedSets,
    /// A half-written set is continued only while its head is there.
    ContinuedHead,
    /// A half-written set is continued only with the same bytes.
    ContinuedBytes,
    /// The set of a compaction sorts behind its inputs.
    SetSortsLast,
    /// A compaction checks that inputs are still there, after its set is written (Compaction, step 3).
    InputCheck,
    /// One of the inputs that it checks is the one with the lowest key.
    LowestInput,
    /// It checks a second input.
    TwoInputs,
    /// A compaction deletes its inputs only after its set is sealed.
    SealBeforeDelete,
    /// Entries that a result contains are deleted, not merged into another result.
    NoSecondCopy,
    /// A set is deleted head first.
    HeadsFirst,
    /// A sealed set that lacks parts is damage: a sweep does not touch it.
    DamageStays,
    /// A sweep deletes a head only if it is neither sealed nor renewed.
    SweepCondition,
    /// A clear repeats until a query is empty.
    ClearRepeats,
    /// A clear waits for puts of its process that may still arrive, and repeats.
    ClearAfterTimeout,
    /// A repair deletes an item only if it is still what was copied.
    RepairCondition,
}
