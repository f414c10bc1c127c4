//! The log on the table in memory, call by call. The simulation covers interleaved calls.

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
mod open_items;
mod order;
mod pace;
mod poisoned;
mod quarantine;
mod remember;
mod store;
mod support;
mod tiers;
mod together;
