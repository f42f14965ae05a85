//! What modules export besides their handler.

use crate::support::*;
use bytes::Bytes;
use runtime::{HandleError, Made, Parcel, Property, Received, Unindexed};
use storage::{Key, KeyValue};

#[tokio::test]
async fn other_exports_are_called_for_whom_they_concern() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let tenant = tenant("example");

    let message = |mailbox_type: &str| Unindexed {
        mailbox_type: mailbox_type.into(),
        content_type: "text/plain".into(),
        created: 1,
        reach: None,
        message: Bytes::from("hello"),
    };
    let keys = runtime
        .keys("probe", &tenant, vec![message("any"), message("any")])
        .await
        .unwrap();
    let key = Key {
        name: "text/plain".into(),
        value: KeyValue::Number(5),
    };
    let made = |count| Made {
        version: 7,
        keys: vec![vec![key.clone()]; count],
    };
    assert_eq!(keys, Some(made(2)));
    let both = vec![message("any"), message("curious"), message("any")];
    let keys = runtime.keys("probe", &tenant, both).await.unwrap();
    assert_eq!(keys, Some(made(1)), "as far as it went");
    let error = runtime
        .keys("probe", &tenant, vec![message("curious")])
        .await;
    assert!(
        matches!(error, Err(HandleError::Trapped { .. })),
        "it serves nobody"
    );
    let absent = runtime.keys("absent", &tenant, vec![message("any")]).await;
    assert_eq!(absent.unwrap(), None);
    assert_eq!(
        runtime.keys_version("probe", &tenant).await.unwrap(),
        Some(7)
    );
    let indexers = runtime.indexers(&tenant);
    let names: Vec<&str> = indexers.iter().map(|it| it.module.as_str()).collect();
    assert_eq!(names, ["probe"]);

    let receive = |text: &'static str| {
        let parcel = Parcel {
            sender: None,
            purpose: None,
            message: Bytes::from(text),
        };
        runtime.receive("probe", &tenant, identity("bob"), parcel)
    };
    let taken = Received::Taken(Some(Bytes::from("bob")));
    assert_eq!(receive("x").await.unwrap(), Some(taken));
    let later = Received::Later("busy".into());
    assert_eq!(receive("later").await.unwrap(), Some(later));
    assert!(receive("trap").await.is_err());

    let token = Bytes::from("token");
    let fired = runtime.fire("probe", &tenant, identity("bob"), "name".into(), 1, token);
    assert!(fired.await.unwrap());

    let found = runtime.properties("probe", &tenant, identity("bob"), "alice".into());
    let property = Property {
        namespace: "bob".into(),
        name: "name".into(),
        value: "alice".into(),
    };
    assert_eq!(found.await.unwrap(), [property]);
}
