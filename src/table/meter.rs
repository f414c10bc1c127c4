//! Counts what a table costs: requests, retries, and capacity units, per DynamoDB operation.
//!
//! The counters are atomic and need no lock. The meter does not know who sends requests or why. Each number of a
//! [`Snapshot`] is exact, but they are read one after another.

use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The DynamoDB operations that the package calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "these are DynamoDB's own names")]
pub enum Operation {
    DescribeTable,
    CreateTable,
    PutItem,
    GetItem,
    UpdateItem,
    DeleteItem,
    BatchWriteItem,
    Query,
    Scan,
}

impl Operation {
    /// All operations.
    pub const ALL: [Operation; 9] = [
        Operation::DescribeTable,
        Operation::CreateTable,
        Operation::PutItem,
        Operation::GetItem,
        Operation::UpdateItem,
        Operation::DeleteItem,
        Operation::BatchWriteItem,
        Operation::Query,
        Operation::Scan,
    ];

    /// DynamoDB's name for the operation.
    pub fn name(self) -> &'static str {
        match self {
            Operation::DescribeTable => "DescribeTable",
            Operation::CreateTable => "CreateTable",
            Operation::PutItem => "PutItem",
            Operation::GetItem => "GetItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
            Operation::BatchWriteItem => "BatchWriteItem",
            Operation::Query => "Query",
            Operation::Scan => "Scan",
        }
    }

    fn is_read(self) -> bool {
        matches!(self, Operation::GetItem | Operation::Query | Operation::Scan)
    }
}

/// The cost of one operation so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Requests. Retries of a request do not count.
    pub requests: u64,
    /// Attempts after the first of each request.
    pub retries: u64,
    /// Requests that failed after all attempts.
    pub failures: u64,
    /// Read capacity units that the responses reported.
    pub read_units: f64,
    /// Write capacity units that the responses reported.
    pub write_units: f64,
}

impl Cost {
    fn combine(self, other: Cost, whole: fn(u64, u64) -> u64, units: fn(f64, f64) -> f64) -> Cost {
        Cost {
            requests: whole(self.requests, other.requests),
            retries: whole(self.retries, other.retries),
            failures: whole(self.failures, other.failures),
            read_units: units(self.read_units, other.read_units),
            write_units: units(self.write_units, other.write_units),
        }
    }
}

/// The costs of all operations at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Snapshot([Cost; Operation::ALL.len()]);

impl Snapshot {
    /// The cost of `operation`.
    pub fn of(&self, operation: Operation) -> Cost {
        self.0.get(operation as usize).copied().unwrap_or_default()
    }

    /// The cost of all operations together.
    pub fn total(&self) -> Cost {
        self.0.iter().fold(Cost::default(), |sum, &cost| sum.combine(cost, |a, b| a + b, |a, b| a + b))
    }
}

/// The cost between two snapshots: `later - earlier`.
impl Sub for Snapshot {
    type Output = Snapshot;

    fn sub(mut self, earlier: Snapshot) -> Snapshot {
        for (now, before) in self.0.iter_mut().zip(earlier.0) {
            *now = now.combine(before, u64::saturating_sub, |a, b| a - b);
        }
        self
    }
}

/// The counters.
#[derive(Debug, Default)]
pub struct Meter([Counters; Operation::ALL.len()]);

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    retries: AtomicU64,
    failures: AtomicU64,
    /// In half units, because DynamoDB reports steps of 0.5.
    half_units: AtomicU64,
}

impl Meter {
    /// Counts a request that was sent.
    pub fn request(&self, operation: Operation) {
        self.add(operation, |c| &c.requests, 1);
    }

    /// Counts `attempts` after the first.
    pub fn retries(&self, operation: Operation, attempts: u64) {
        self.add(operation, |c| &c.retries, attempts);
    }

    /// Counts a request that failed after all attempts.
    pub fn failure(&self, operation: Operation) {
        self.add(operation, |c| &c.failures, 1);
    }

    /// Adds read or write capacity units, depending on the operation.
    pub fn units(&self, operation: Operation, units: f64) {
        self.add(operation, |c| &c.half_units, (units * 2.0).round() as u64);
    }

    /// All counters as they are now.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for ((cost, counters), operation) in snapshot.0.iter_mut().zip(&self.0).zip(Operation::ALL) {
            let units = counters.half_units.load(Relaxed) as f64 / 2.0;
            *cost = Cost {
                requests: counters.requests.load(Relaxed),
                retries: counters.retries.load(Relaxed),
                failures: counters.failures.load(Relaxed),
                read_units: if operation.is_read() { units } else { 0.0 },
                write_units: if operation.is_read() { 0.0 } else { units },
            };
        }
        snapshot
    }

    fn add(&self, operation: Operation, counter: fn(&Counters) -> &AtomicU64, n: u64) {
        if let Some(counters) = self.0.get(operation as usize) {
            counter(counters).fetch_add(n, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_two_snapshots_is_their_difference() {
        let meter = Meter::default();
        meter.request(Operation::PutItem);
        meter.units(Operation::PutItem, 3.0);
        let before = meter.snapshot();
        meter.request(Operation::PutItem);
        meter.units(Operation::PutItem, 2.0);
        meter.request(Operation::Query);
        meter.units(Operation::Query, 0.5);
        meter.retries(Operation::Query, 4);
        let spent = meter.snapshot() - before;
        assert_eq!(spent.of(Operation::PutItem), Cost { requests: 1, write_units: 2.0, ..Cost::default() });
        assert_eq!(
            spent.total(),
            Cost { requests: 2, retries: 4, failures: 0, read_units: 0.5, write_units: 2.0 }
        );
    }

    #[test]
    fn operations_are_indexed_in_their_own_order() {
        for (index, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, index);
        }
    }
}
