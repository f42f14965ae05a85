//! What every engine must do, tested through the trait alone. A second engine adds one line.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

mod batches;
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
    batches:
        a_message_is_put_found_listed_read_and_removed
        a_failing_change_undoes_those_before_it
        ;
}

conforms!(sqlite, crate::Sqlite::new());
