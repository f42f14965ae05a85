//! An instance serves one principal, ever, and remembers nothing that it may not.

use crate::support::*;
use runtime::{HandleError, SignIn};

#[tokio::test]
async fn an_instance_is_kept_for_the_same_identity_alone() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let example = tenant("example");
    let other = tenant("other");
    let alice = identity("alice");
    let mut scoped = identity("alice");
    scoped.actor.read_only = true;
    let mut bearer = identity("alice");
    bearer.sign_in = SignIn::Bearer;
    let everyone = [
        (&example, alice.clone()),
        (&example, identity("bob")),
        (&example, scoped),
        (&example, bearer),
        (&other, alice.clone()),
    ];
    for round in 1..=3 {
        for (tenant, identity) in &everyone {
            let path = request("/probe/counter");
            let answer = ask(&runtime, tenant, identity.clone(), path).await.unwrap();
            // Warm for the same one, and never for another.
            assert_eq!(text(answer).await.unwrap(), round.to_string());
        }
    }
    assert_eq!(runtime.idle_instances(), everyone.len());
}

#[tokio::test]
async fn many_principals_at_once_never_meet() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let clients: Vec<_> = (0..8)
        .map(|n| client(&runtime, &format!("user{n}")))
        .collect();
    for _ in 0..20 {
        let asked = clients.iter().map(|client| async {
            let seen = client.get("/probe/remember").await.unwrap();
            let own = client.identity.actor.principal.as_deref().unwrap();
            assert!(seen.is_empty() || seen == own, "{own} saw {seen}");
        });
        futures_util::future::join_all(asked).await;
    }
}

#[tokio::test]
async fn handles_die_with_the_request() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/keep").await.unwrap(), "kept");
    assert_eq!(runtime.idle_instances(), 1);
    let error = alice.fails("/probe/use-kept").await;
    assert!(matches!(error, HandleError::Trapped { .. }), "{error}");
    assert_eq!(runtime.idle_instances(), 0);
    // Dropping one late is no crime.
    assert_eq!(alice.get("/probe/keep").await.unwrap(), "kept");
    assert_eq!(alice.get("/probe/drop-kept").await.unwrap(), "dropped");
    assert_eq!(runtime.idle_instances(), 1);
}

#[tokio::test]
async fn big_instances_are_not_kept() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/grow").await.unwrap(), "grown");
    assert_eq!(runtime.idle_instances(), 0);
}

#[tokio::test]
async fn as_many_wait_as_may_and_more_users_are_served() {
    let mut bed = bed(&[("probe", "normal")]);
    bed.config.warm_max = 64;
    let runtime = bed.start();
    let tenant = tenant("example");
    for round in 0..2 {
        for user in 0..100 {
            let user = client_of(&runtime, tenant.clone(), &format!("user{user}"));
            let count = user.get("/probe/counter").await;
            assert_eq!(
                count.unwrap(),
                "1",
                "round {round}: all others came between"
            );
        }
    }
    assert!(runtime.idle_instances() <= 64);
    let last = client_of(&runtime, tenant, "user99");
    assert_eq!(last.get("/probe/counter").await.unwrap(), "2");
}

#[tokio::test]
async fn idle_instances_go() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    client(&runtime, "alice")
        .get("/probe/counter")
        .await
        .unwrap();
    for _ in 0..80 {
        if runtime.idle_instances() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the instance stays");
}
