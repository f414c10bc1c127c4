//! What the log does, call by call, on the table in memory. The simulation covers how calls interleave.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod clear;
mod compaction;
mod cost;
mod damage;
mod flush;
mod half_written;
mod late;
mod order;
mod pace;
mod poisoned;
mod quarantine;
mod store;
mod support;
mod tiers;
mod together;
