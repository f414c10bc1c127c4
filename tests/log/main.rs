//! What the log does, call by call, on the table in memory. The simulation covers how calls interleave.

mod clear;
mod compaction;
mod damage;
mod order;
mod store;
mod support;
