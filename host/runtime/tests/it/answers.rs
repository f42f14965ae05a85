//! Requests and answers cross the border whole.

use crate::support::*;
use bytes::Bytes;
use futures_util::StreamExt;
use runtime::{AnswerBody, HandleError, Push, Subscription, Topic, WakeReason};
use std::time::Duration;

#[tokio::test]
async fn a_request_is_answered() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    assert_eq!(refusal(&runtime, "probe"), "");
    let alice = client(&runtime, "alice");
    let mut asked = request("/probe/a%20b?c=d");
    asked
        .headers
        .append("x-latin", http::HeaderValue::from_bytes(b"\xe9").unwrap());
    let answer = alice.send(asked).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.etag.as_deref(), Some("\"1\""));
    assert_eq!(answer.last_modified, Some(0));
    assert_eq!(answer.headers["content-type"], "text/plain");
    assert!(answer.cpu > Duration::ZERO);
    assert_eq!(
        text(answer).await.unwrap(),
        "GET /probe/a%20b Some(\"c=d\") [(\"x-latin\", \"é\")] /probe"
    );
    let who = alice.get("/probe/whoami").await.unwrap();
    assert!(
        who.contains("Some(\"alice\")") && who.contains("example"),
        "{who}"
    );
    assert_eq!(
        alice.get("/probe/config").await.unwrap(),
        "Some(\"set\") None"
    );
    assert_eq!(
        alice.get("/probe/mailbox").await.unwrap(),
        "Error::NotFound"
    );
    assert_eq!(alice.get("/probe/blob").await.unwrap(), "from a blob");
    assert_eq!(alice.get("/probe/say").await.unwrap(), "said");
    assert_eq!(alice.get("/probe/env").await.unwrap(), "0 false false");
}

#[tokio::test]
async fn bodies_come_in() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let pieces = || {
        vec![
            Ok(Bytes::from("hello ")),
            Ok(Bytes::new()),
            Ok(Bytes::from("dear world")),
        ]
    };
    let ask = |path: &'static str, pieces| {
        let alice = &alice;
        async move {
            text(alice.send(upload(path, pieces)).await.unwrap())
                .await
                .unwrap()
        }
    };
    assert_eq!(ask("/probe/echo", pieces()).await, "hello dear world");
    assert_eq!(ask("/probe/echo", vec![]).await, "");
    assert_eq!(ask("/probe/pieces", pieces()).await, "[6, 10]");
    assert_eq!(ask("/probe/ingest", pieces()).await, "16");
    assert_eq!(ask("/probe/undrained", pieces()).await, "done");
    let big = vec![Ok(Bytes::from(vec![b'x'; 1 << 20])), Ok(Bytes::from("x"))];
    assert_eq!(ask("/probe/echo", big).await, "Error::TooLarge(1048576)");
    let cut = vec![
        Ok(Bytes::from("x")),
        Err(storage::Error::Invalid("ended early".into())),
    ];
    assert_eq!(
        ask("/probe/echo", cut).await,
        "Error::Invalid(\"ended early\")"
    );
}

#[tokio::test]
async fn bodies_go_out_as_they_are_written() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let answer = alice.send(request("/probe/stream?40")).await.unwrap();
    assert_eq!(answer.headers["content-type"], "text/plain");
    assert_eq!(text(answer).await.unwrap().len(), 40 * 50_000);
    let twice = alice.get("/probe/twice").await.unwrap();
    assert!(twice.contains("Invalid"), "{twice}");
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_guest() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let answer = alice
        .send(request("/probe/stream?1000000000"))
        .await
        .unwrap();
    let AnswerBody::Stream(mut body) = answer.body else {
        panic!("a stream was expected");
    };
    assert!(body.next().await.unwrap().is_ok());
    drop(body);
    // The guest sees that writing fails, returns, and its instance is kept.
    for _ in 0..200 {
        if runtime.idle_instances() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the guest goes on");
}

#[tokio::test]
async fn an_unfinished_body_is_an_error() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    for path in ["/probe/broken", "/probe/dropped"] {
        let answer = alice.send(request(path)).await.unwrap();
        let AnswerBody::Stream(body) = answer.body else {
            panic!("a stream was expected");
        };
        let pieces: Vec<_> = body.collect().await;
        assert_eq!(pieces[0].as_ref().unwrap(), "half");
        assert!(
            matches!(pieces[1], Err(HandleError::Trapped { .. })),
            "{path}"
        );
        assert_eq!(pieces.len(), 2);
    }
    assert_eq!(runtime.idle_instances(), 0);
}

#[tokio::test]
async fn malformed_answers_are_failures() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    for path in ["status", "header", "headers", "etag"] {
        let error = alice.fails(&format!("/probe/{path}")).await;
        assert!(matches!(error, HandleError::Trapped { .. }), "{error}");
    }
}

#[tokio::test]
async fn who_waits_is_served_by_a_new_instance_each_time() {
    let bed = bed(&[("probe", "normal")]);
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    let answer = alice.send(request("/probe/subscribe")).await;
    let AnswerBody::Subscription(subscription) = answer.unwrap().body else {
        panic!("another body");
    };
    let expected = Subscription {
        module: "probe".into(),
        websocket: false,
        topics: vec![Topic::Owner("alice".into())],
        first: Bytes::from("subscribe"),
        since: 7,
        token: Bytes::from("token"),
        ping: Some(Duration::from_secs(1)),
    };
    assert_eq!(subscription, expected);
    let tenant = tenant("example");
    let push = runtime.wake(
        "probe",
        &tenant,
        identity("alice"),
        WakeReason::Changed,
        7,
        Bytes::from("token"),
    );
    let expected = Push {
        pieces: vec![Bytes::from("alice")],
        since: 8,
        token: Bytes::from("token"),
        close: true,
    };
    assert_eq!(push.await.unwrap(), Some(expected));
    let answer = alice.send(request("/probe/speak")).await;
    let AnswerBody::Subscription(speaking) = answer.unwrap().body else {
        panic!("another body");
    };
    assert!(speaking.websocket);
    let (text, token) = (Bytes::from("hello"), Bytes::from("token"));
    let said = runtime.message("probe", &tenant, identity("alice"), text, 7, token);
    let said = said.await.unwrap().unwrap();
    assert_eq!((said.pieces, said.since), (vec![Bytes::from("hello")], 7));
    let error = alice.fails("/probe/watch-nothing").await;
    assert!(matches!(error, HandleError::Trapped { .. }), "{error}");
}
