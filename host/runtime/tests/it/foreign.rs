//! What runs under `wasmtime serve` runs here.

use crate::support::*;
use bytes::Bytes;
use futures_util::StreamExt;
use runtime::{AnswerBody, HandleError};

#[tokio::test]
async fn what_can_not_be_a_uri_is_refused_and_no_fault_of_the_component() {
    let bed = bed(&[]);
    std::fs::write(bed.module("foreign"), foreign()).unwrap();
    let runtime = bed.start();
    let alice = client(&runtime, "alice");
    for authority in ["", "no host", "a@", "["] {
        for _ in 0..10 {
            let mut request = request("/foreign/");
            request.authority = authority.into();
            let answer = alice.send(request).await.unwrap();
            assert_eq!(answer.status, 400, "{authority:?}");
        }
    }
    let answer = alice.send(request("/foreign/")).await.unwrap();
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn a_component_of_wasi_http_is_served_below_its_name() {
    let bed = bed(&[]);
    std::fs::write(bed.module("foreign"), foreign()).unwrap();
    let runtime = bed.start();
    assert_eq!(refusal(&runtime, "foreign"), "");
    let alice = client(&runtime, "alice");
    for _ in 0..3 {
        let pieces = vec![Ok(Bytes::from(vec![b'x'; 300_000])), Ok(Bytes::from("y"))];
        let answer = alice.send(upload("/foreign/a?b=c", pieces)).await.unwrap();
        assert_eq!(answer.status, 201);
        assert_eq!(answer.headers["x-path"], "/foreign/a?b=c");
        assert_eq!(answer.etag.as_deref(), Some("\"1\""));
        assert_eq!(text(answer).await.unwrap().len(), 300_001);
    }
    assert_eq!(
        text(alice.send(request("/foreign/")).await.unwrap())
            .await
            .unwrap(),
        ""
    );
    // An instance may still be finishing when its client has the whole body.
    assert_ne!(runtime.idle_instances(), 0);

    let error = alice.fails("/foreign/silent").await;
    assert!(matches!(error, HandleError::Trapped { .. }), "{error}");
    let answer = alice
        .send(upload("/foreign/broken", vec![Ok(Bytes::from("x"))]))
        .await
        .unwrap();
    let AnswerBody::Stream(body) = answer.body else {
        panic!("a stream was expected");
    };
    let pieces: Vec<_> = body.collect().await;
    assert!(pieces.last().unwrap().is_err(), "{pieces:?}");
}
