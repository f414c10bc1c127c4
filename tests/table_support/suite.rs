//! The behaviour of every table: one function for each behaviour that the log relies on.

#![allow(unused_imports, reason = "only the conformance tests run it")]

mod conditions;
mod costs;
mod items;
mod open_items;
mod pages;

pub use conditions::*;
pub use costs::*;
pub use items::*;
pub use open_items::*;
pub use pages::*;
