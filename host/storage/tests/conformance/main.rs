//! What every engine must do, tested through the trait alone, in sessions and outside. A second
//! engine adds two lines.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod access;
mod annotations;
mod batches;
mod blobs;
mod changes;
mod conditions;
mod directory;
mod durability;
mod endpoints;
mod indexing;
mod locks;
mod mailboxes;
mod queues;
mod quotas;
mod searches;
mod sessions;
mod submissions;
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
            ($name:ident, $engine:expr, $run:path) => {
                mod $name {
                    $(mod $file {
                        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                        async fn $test() {
                            $run(crate::$file::$test(&$engine)).await;
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
    annotations:
        they_are_read_by_prefix_in_order_and_removed
        a_private_one_moves_one_principals_state_alone
        anonymous_has_none_of_its_own
        annotations_have_room_for_so_much
        ;
    batches:
        a_message_is_put_found_listed_read_and_removed
        a_failing_change_undoes_those_before_it
        ;
    blobs:
        small_and_big_bodies_come_back_as_they_were
        what_is_too_large_is_not_taken_in
        the_same_big_body_is_shared_until_its_last_link_goes
        a_kept_blob_survives_until_it_expires
        a_body_is_opened_by_its_digest_by_whoever_may_read_it
        a_batch_that_fails_leaves_its_bodies_to_be_put_again
        bulk_reads_are_bounded
        bulk_reads_answer_in_the_order_asked
        ;
    changes:
        one_counter_runs_over_all_mailboxes_of_an_owner
        changes_name_what_came_changed_and_went
        pages_carry_flags_to_whoever_asks
        a_page_of_changes_never_cuts_a_batch
        a_big_batch_takes_further_modseqs
        listings_page_by_uid
        expired_tombstones_are_admitted
        a_replaced_message_keeps_what_belongs_to_its_name
        copies_and_moves_carry_everything
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
    directory:
        principals_are_found_by_name_address_and_text
        credentials_stay_when_a_principal_is_put_again
        groups_hold_principals_and_groups_but_not_themselves
        a_home_is_of_a_principal_that_is_there
        a_principal_goes_with_everything_it_owns
        ;
    durability:
        what_was_acknowledged_is_there_after_a_restart
        a_deleted_mailbox_is_never_another_one
        sixteen_writers_lose_nothing_and_share_no_uid
        of_many_who_replace_the_same_state_one_wins
        failing_calls_leave_nothing_half_done
        ;
    endpoints:
        the_first_message_comes_before_what_changes
        what_is_watched_makes_it_due_until_it_was_told
        they_are_their_principals_and_modules_alone
        there_are_bounds
        they_go_with_what_they_hang_on
        ;
    indexing:
        what_has_no_keys_is_found_and_gets_some
        a_newer_rule_wants_everything_once
        keys_that_are_refused_leave_the_message_without
        keys_are_asked_to_reach_farther
        those_who_wait_are_told_what_was_committed
        ;
    locks:
        a_locked_name_is_changed_by_its_holder_only
        a_lock_on_a_mailbox_guards_its_membership
        a_deep_lock_guards_everything_below
        shared_locks_stand_together_and_keep_exclusive_ones_out
        trees_with_locks_inside_do_not_go_or_move
        a_lock_can_be_taken_on_a_name_that_is_free
        locks_end_and_are_counted
        a_name_has_so_many_shared_locks
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
        a_tree_goes_to_another_owner_with_all_rights_or_not_at_all
        nothing_comes_to_lie_deeper_than_a_path_may_be
        an_owner_has_so_many_mailboxes_and_no_more
        ;
    queues:
        deliveries_wait_for_each_recipient
        timers_are_set_listed_fired_and_cleared
        ;
    quotas:
        headers_and_bodies_are_counted_for_the_owner
        what_owners_use_is_listed_and_counted_anew
        what_exceeds_a_limit_is_refused
        ;
    searches:
        texts_and_numbers_are_found
        intervals_are_found_by_overlap
        words_are_found_whatever_they_are_written_with
        conditions_are_joined_ordered_and_paged
        a_tree_is_searched_where_the_actor_may_read
        bodies_come_along_until_they_are_too_many
        keys_are_replaced_with_the_message_or_alone
        ;
    sessions:
        what_anyone_committed_is_seen_at_once
        a_right_taken_away_is_gone_at_once
        ;
    submissions:
        each_recipient_is_served_or_put_off
        who_has_sent_takes_back_what_waits
        ;
}

conforms!(sqlite, crate::Sqlite::new(), std::convert::identity);
conforms!(sqlite_in_sessions, crate::Sqlite::new(), storage::session);
