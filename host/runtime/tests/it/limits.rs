//! A guest that misbehaves ends alone.

use crate::support::*;
use runtime::HandleError;
use std::time::{Duration, Instant};

#[tokio::test]
async fn misbehaving_guests_end_alone() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");

    let error = alice.fails("/probe/spin").await;
    assert!(
        matches!(error, HandleError::Deadline { limit, .. } if limit == CPU_MAX),
        "{error}"
    );

    let error = alice.fails("/probe/allocate").await;
    assert!(
        matches!(error, HandleError::Memory { limit, .. } if limit == MEMORY_MAX),
        "{error}"
    );

    let error = alice.fails("/probe/trap").await;
    let HandleError::Trapped { module, reason } = &error else {
        panic!("{error}");
    };
    assert_eq!(module, "probe");
    assert!(
        reason.contains("unreachable") && reason.contains(" in "),
        "{reason}"
    );

    let error = alice.fails("/probe/recurse").await;
    assert!(error.to_string().contains("stack"), "{error}");

    let error = alice.fails("/probe/handles").await;
    assert!(error.to_string().contains("handles"), "{error}");

    assert_eq!(runtime.idle_instances(), 0, "none of them is kept");
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
}

#[tokio::test]
async fn endless_loops_leave_room_for_others() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let mallory = client(&runtime, "mallory");
    let alice = client(&runtime, "alice");
    let loops = futures_util::future::join_all((0..8).map(|_| mallory.fails("/probe/spin")));
    let others = async {
        let begin = Instant::now();
        for _ in 0..20 {
            alice.get("/probe/counter").await.unwrap();
        }
        begin.elapsed()
    };
    let (errors, took) = futures_util::future::join(loops, others).await;
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, HandleError::Deadline { .. }))
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn more_requests_than_instances_wait_or_are_sent_away() {
    let mut bed = bed(&[("probe", "normal")]);
    bed.config.instances_max = 1;
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let all = futures_util::future::join_all((0..12).map(|_| alice.get("/probe/spin"))).await;
    let busy = all
        .iter()
        .filter(|one| matches!(one, Err(HandleError::Busy { .. })))
        .count();
    // One runs and four wait.
    assert_eq!(busy, 7);
    assert!(alice.get("/probe/counter").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_guests_may_use_is_changed_while_they_run() {
    let mut bed = bed(&[("probe", "normal")]);
    bed.config.instances_max = 1;
    bed.config.threads = 1;
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");

    let more = runtime::RuntimeConfig {
        memory_max: MEMORY_MAX * 2,
        cpu_max: CPU_MAX * 2,
        instances_max: 2,
        warm_max: 15,
        threads: 1,
        ..bed.config.clone()
    };
    assert_eq!(runtime.configure(&more), [""; 0]);
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "2");
    let error = alice.fails("/probe/spin").await;
    assert!(
        matches!(error, HandleError::Deadline { limit, .. } if limit == CPU_MAX * 2),
        "{error}"
    );
    let error = alice.fails("/probe/allocate").await;
    assert!(
        matches!(error, HandleError::Memory { limit, .. } if limit == MEMORY_MAX * 2),
        "{error}"
    );
    // Two run and eight wait, unless the one before has not gone yet.
    let all = futures_util::future::join_all((0..12).map(|_| alice.get("/probe/spin"))).await;
    let busy = all
        .iter()
        .filter(|one| matches!(one, Err(HandleError::Busy { .. })))
        .count();
    assert!((2..=4).contains(&busy), "{busy}");

    // What there is no room for stays as it was.
    let most = runtime::RuntimeConfig {
        instances_max: 1 << 20,
        threads: 1 << 20,
        ..more.clone()
    };
    assert_eq!(runtime.configure(&most), ["instances", "threads"]);
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
    let none_warm = runtime::RuntimeConfig {
        warm_max: 0,
        ..more
    };
    assert_eq!(runtime.configure(&none_warm), [""; 0]);
    assert_eq!(runtime.idle_instances(), 0);
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
}
