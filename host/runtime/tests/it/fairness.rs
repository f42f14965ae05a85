//! Who uses much stands in nobody's way: loops move to threads of their own, limits hold for whom
//! they are of, and what keeps trapping is left alone.

use crate::support::*;
use futures_util::future::{Either, join_all, select};
use futures_util::{FutureExt, pin_mut};
use runtime::{HandleError, TenantLimits};
use std::future::Future;
use std::time::{Duration, Instant};

/// Polls a condition that nothing tells of, up to a deadline.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lets a future go on until a condition holds.
async fn go_on_until(future: impl Future + Unpin, what: &str, holds: impl FnMut() -> bool) {
    let waiting = eventually(what, holds);
    pin_mut!(waiting);
    if let Either::Left(_) = select(future, waiting).await {
        panic!("it ended before: {what}");
    }
}

#[tokio::test]
async fn a_loop_is_moved_and_ends_at_its_deadline() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let error = alice.fails("/probe/spin").await;
    assert!(matches!(error, HandleError::Deadline { .. }), "{error}");
    let after = usage(&runtime, "example");
    assert_eq!((after.moved, after.ended_here, after.deadline), (1, 0, 1));
    // The last slice is charged when it has ended, and the answer goes out before.
    eventually("all of it is charged", || {
        usage(&runtime, "example").cpu >= CPU_MAX
    })
    .await;
    // Those that come next begin where it has ended, until that is forgotten.
    for _ in 0..100 {
        alice.get("/probe/counter").await.unwrap();
    }
    let later = usage(&runtime, "example");
    assert_eq!((later.moved, later.answered), (1, 100));
    assert!((1..100).contains(&later.ended_here), "{later:?}");
    assert_eq!((later.instances_alive, later.instances_warm), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_loops_hold_up_nobody_else() {
    let mut bed = bed(&[("probe", "normal")]);
    // Far more than the others need.
    bed.config.cpu_max = Duration::from_secs(60);
    let runtime = bed.start();
    let mallory = client_of(&runtime, tenant("mallory's"), "mallory");
    let loops = join_all((0..8).map(|_| mallory.fails("/probe/spin")));
    pin_mut!(loops);
    go_on_until(&mut loops, "all are moved, or begin there", || {
        usage(&runtime, "mallory's").instances_alive == 8
    })
    .await;
    let alice = client(&runtime, "alice");
    let others = async {
        for _ in 0..200 {
            alice.get("/probe/counter").await.unwrap();
        }
    };
    pin_mut!(others);
    let first = select(others, &mut loops).await;
    assert!(matches!(first, Either::Left(_)), "the loops ended first");
    assert_eq!(usage(&runtime, "mallory's").deadline, 0);
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind_at_any_stage() {
    let mut bed = bed(&[("probe", "normal")]);
    bed.config.cpu_max = Duration::from_secs(60);
    bed.config.instances_max = 1;
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    // Before it has begun.
    drop(alice.get("/probe/counter"));
    assert_eq!(usage(&runtime, "example").requests, 0);
    {
        // On threads of its own.
        let mut looping = Box::pin(alice.get("/probe/spin"));
        go_on_until(&mut looping, "the loop is moved", || {
            usage(&runtime, "example").moved == 1
        })
        .await;
        // In the queue behind it.
        let mut waiting = Box::pin(alice.get("/probe/counter"));
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    eventually("both are gone", || {
        let usage = usage(&runtime, "example");
        (usage.abandoned, usage.instances_alive) == (2, 0)
    })
    .await;
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
    assert_eq!(usage(&runtime, "example").busy, 0);
}

#[tokio::test]
async fn a_tenant_over_its_limits_is_told_when_to_come_again() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let limits = TenantLimits {
        rate: Some(1),
        ..TenantLimits::default()
    };
    runtime.limit_tenants([("rated".to_owned(), limits)].into());
    let rated = client_of(&runtime, tenant("rated"), "alice");
    let mut answered = 0;
    let error = loop {
        match rated.get("/probe/counter").await {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
        assert!(answered < 1000, "there is no limit");
    };
    assert!(answered >= 10, "{answered}");
    assert!(matches!(error, HandleError::OverRate { .. }), "{error}");
    assert!(error.retry_after().unwrap() <= Duration::from_secs(1));

    let limits = TenantLimits {
        cpu: Some(Duration::from_millis(20)),
        cpu_minute: Some(Duration::from_millis(10)),
        memory: Some(8 << 20),
        body: Some(5),
        ..TenantLimits::default()
    };
    runtime.limit_tenants([("small".to_owned(), limits)].into());
    // Whoever began under limits that hold no longer is held up by none, and brings none back.
    assert!(rated.get("/probe/counter").await.is_ok());
    let small = client_of(&runtime, tenant("small"), "alice");
    let error = small.fails("/probe/allocate").await;
    assert!(
        matches!(error, HandleError::Memory { limit, .. } if limit == 8 << 20),
        "{error}"
    );
    assert_eq!(runtime.body_max(&small.tenant, "probe"), Some(5));
    assert_eq!(runtime.memory_max(&small.tenant, "probe"), 8 << 20);
    // What is left of its minute begins one more, which ends at its own limit.
    let mut last = small.fails("/probe/spin").await;
    if let HandleError::Deadline { limit, .. } = last {
        assert_eq!(limit, Duration::from_millis(20));
        last = small.fails("/probe/counter").await;
    }
    assert!(matches!(last, HandleError::OverCpu { .. }), "{last}");
    assert!(last.retry_after().is_some());
    assert!(
        client(&runtime, "alice")
            .get("/probe/counter")
            .await
            .is_ok()
    );
    assert!(usage(&runtime, "rated").over_rate == 1 && usage(&runtime, "small").over_cpu >= 1);
}

#[tokio::test]
async fn a_module_over_its_limits_is_held_up_for_everyone_and_alone() {
    let mut bed = bed(&[("probe", "normal"), ("second", "normal")]);
    let limits = TenantLimits {
        requests: Some(1),
        rate: Some(1),
        ..TenantLimits::default()
    };
    bed.set.limits = vec![("probe".into(), limits)];
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let bob = client_of(&runtime, tenant("other"), "bob");
    let asked = (0..12).map(|n| match n % 2 {
        0 => alice.get("/probe/spin").boxed(),
        _ => bob.get("/probe/spin").boxed(),
    });
    let all = join_all(asked).await;
    let over = |one: &&Result<String, _>| matches!(one, Err(HandleError::OverRate { .. }));
    assert!(all.iter().filter(over).count() >= 1);
    assert!(alice.get("/second/counter").await.is_ok());
    // Without the limit all may come.
    bed.set.limits.clear();
    runtime.reload(&bed.set).unwrap();
    assert!(bob.get("/probe/counter").await.is_ok());
}

#[tokio::test]
async fn what_keeps_trapping_is_left_alone_for_its_tenant() {
    let bed = bed(&[("probe", "normal"), ("second", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    for _ in 0..10 {
        let error = alice.fails("/probe/trap").await;
        assert!(matches!(error, HandleError::Trapped { .. }), "{error}");
    }
    let error = alice.fails("/probe/counter").await;
    assert!(matches!(error, HandleError::BackedOff { .. }), "{error}");
    assert!(error.retry_after().unwrap() <= Duration::from_secs(1));
    let now = usage(&runtime, "example");
    assert!(now.pause.is_some() && now.backed_off == 1 && now.trapped == 10);
    // Neither another module nor another tenant is.
    assert!(alice.get("/second/counter").await.is_ok());
    let bob = client_of(&runtime, tenant("other"), "bob");
    assert!(bob.get("/probe/counter").await.is_ok());
    // At the end of the pause one may try; its answer ends it.
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = alice.get("/probe/counter").await {
        assert!(matches!(error, HandleError::BackedOff { .. }), "{error}");
        assert!(Instant::now() < deadline);
        tokio::time::sleep(error.retry_after().unwrap()).await;
    }
    assert!(usage(&runtime, "example").pause.is_none());
}
