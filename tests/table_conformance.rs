//! One suite for every table: async functions over `Table` that run on the table in memory, on the embedded database
//! in memory and in a file, and on DynamoDB Local. They state every behaviour that the log relies on.
//!
//! The tests on DynamoDB Local are ignored by default. To run them:
//! `DYNAMODB_LOCAL_ENDPOINT=http://127.0.0.1:8000 cargo test --test table_conformance -- --include-ignored`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod table_support;

/// Makes a test of each function of the suite. Each test has a fresh table.
macro_rules! conformance {
    ($fresh:path $(, #[$attribute:meta])?) => {
        conformance! { @each ($fresh) ($(#[$attribute])?)
            a_new_item_is_written_once
            a_put_replaces_what_was_there
            what_was_put_comes_back_whole
            values_may_be_empty_or_missing
            names_may_hold_any_character
            an_item_fits_up_to_its_limit
            an_empty_or_too_long_key_is_refused
            sort_keys_are_ordered_as_bytes
            a_query_sees_one_document_only
            a_query_sees_its_prefix_only
            pages_end_at_their_limit
            pages_end_at_one_megabyte
            a_query_ends_with_the_last_key_asked_for
            a_query_runs_backwards
            keys_come_without_values
            a_scan_finds_everything_grouped_by_document
            a_scan_of_nothing_is_empty
            a_seal_needs_a_head
            a_renewal_needs_a_head_that_is_not_sealed
            a_head_that_was_renewed_or_sealed_is_not_deleted_as_it_was
            an_item_is_moved_as_it_is
            an_item_is_deleted_only_as_it_was_read
            an_open_item_is_replaced_in_the_version_that_its_writer_names
            what_is_missing_or_of_another_version_is_not_replaced
            a_replacement_that_is_there_already_has_succeeded
            an_open_item_is_deleted_only_in_the_version_that_was_read
            keys_come_with_versions
            a_replacement_costs_one_request_and_its_kibibytes
            a_replacement_over_a_limit_is_refused
            one_of_two_replacements_of_a_version_wins
            an_open_item_is_moved_as_it_is
            a_delete_says_whether_its_condition_held
            a_value_of_no_bytes_can_be_a_condition
            a_batch_deletes_twenty_five_items
            a_batch_over_the_limit_is_refused
            writers_at_once_get_one_item
            an_existing_table_is_prepared_with_one_request
            capacity_is_what_the_rules_say
        }
    };
    (@each $fresh:tt $attribute:tt $($name:ident)*) => {
        $(conformance! { @one $fresh $attribute $name })*
    };
    (@one ($fresh:path) ($(#[$attribute:meta])?) $name:ident) => {
        #[tokio::test]
        $(#[$attribute])?
        async fn $name() {
            crate::table_support::suite::$name(&$fresh().await).await;
        }
    };
}

mod table_in_memory {
    conformance!(crate::table_support::tables::table_in_memory);
}

#[cfg(feature = "embedded")]
mod embedded_memory {
    conformance!(crate::table_support::tables::memory);
}

#[cfg(feature = "embedded")]
mod embedded_file {
    conformance!(crate::table_support::tables::file);
}

#[cfg(feature = "aws")]
mod dynamodb_local {
    conformance!(crate::table_support::tables::local, #[ignore = "needs DYNAMODB_LOCAL_ENDPOINT"]);
}
