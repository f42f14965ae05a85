//! What every engine must do, tested through the trait alone. A second engine adds one line.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod access;
mod batches;
mod conditions;
mod mailboxes;
mod world;

use std::sync::Arc;
use storage::{SqliteStore, Store, StoreLimits};
use world::Engine;

struct Sqlite {
    folder: tempfile::TempDir,
}

impl Sqlite {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }
}

impl Engine for Sqlite {
    fn open(&self, limits: StoreLimits) -> Arc<dyn Store> {
        SqliteStore::open(self.folder.path(), "example.org", limits).unwrap()
    }
}

/// Runs the tests named on an engine.
macro_rules! suite {
    ($($file:ident: $($test:ident)*;)*) => {
        macro_rules! conforms {
            ($name:ident, $engine:expr) => {
                mod $name {
                    $(mod $file {
                        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                        async fn $test() {
                            crate::$file::$test(&$engine).await;
                        })*
                    })*
                }
            };
        }
    };
}

suite! {
    access:
        a_stranger_sees_nothing_and_a_reader_only_reads
        replacing_takes_the_rights_to_remove
        grants_add_up_and_negative_ones_take_away
        an_owner_never_loses_control
        a_new_mailbox_inherits_or_is_given_rights
        shared_mailboxes_are_listed_to_whom_they_are_shared
        an_administrator_manages_but_does_not_read
        a_read_only_actor_writes_nothing
        deleting_a_tree_takes_the_right_on_all_of_it
        ;
    batches:
        a_message_is_put_found_listed_read_and_removed
        a_failing_change_undoes_those_before_it
        ;
    conditions:
        a_free_name_must_be_free
        an_unchanged_name_must_have_its_uid
        a_message_and_a_mailbox_never_share_a_name
        a_state_that_was_read_must_still_hold
        a_key_must_be_the_only_one_of_its_owner_and_type
        malformed_arguments_are_refused
        a_message_larger_than_the_limit_is_refused
        ;
    mailboxes:
        mailboxes_are_created_below_others_and_homes_without
        listings_have_parents_first_and_page
        a_renamed_tree_keeps_its_ids_and_what_is_in_it
        a_copied_tree_has_everything_but_rights
        changes_of_mailboxes_name_what_came_and_went
        a_tree_given_to_another_owner_starts_over_there
        what_a_batch_creates_can_be_filled_and_annotated
        subscriptions_belong_to_a_principal
        ;
}

conforms!(sqlite, crate::Sqlite::new());
