//! The in-memory host asks principals as `wit/delivery.wit` has it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use module::native::Host;
use module::{
    Batch, DeliveryOutcome, Error, Grant, Identifier, Identity, Parcel, Purpose, Receiver, Refusal,
    Report, Rights,
};

/// Says for whom it acts, and who asks what.
struct Echo;

impl Receiver for Echo {
    fn receive(parcel: Parcel) -> Result<Option<Vec<u8>>, Refusal> {
        assert_eq!(parcel.purpose, Purpose::Question);
        let me = Identity::current().principal.unwrap();
        let sender = parcel.sender.unwrap_or_default();
        match parcel.message.as_slice() {
            b"later" => Err(Refusal::Later("busy".to_owned())),
            b"never" => Err(Refusal::Never("no".to_owned())),
            question => {
                let question = String::from_utf8_lossy(question);
                Ok(Some(format!("{me} {sender} {question}").into_bytes()))
            }
        }
    }
}

fn host() -> Host {
    let host = Host::new();
    host.user("alice").user("bob").user("carol").act_as("alice");
    let grants = [Grant::new(
        Identifier::Principal("bob".to_owned()),
        Rights::FREE_BUSY,
    )];
    let batch = Batch::new();
    let path = ["user", "alice", "#box"].map(str::to_owned);
    batch.create_mailbox(&path, "box", Some(&grants));
    batch.commit().unwrap();
    host
}

fn ask(question: &str) -> DeliveryOutcome {
    let reports = Report::ask(&["alice".to_owned()], question.as_bytes(), 100).unwrap();
    assert_eq!((reports.len(), reports[0].recipient.as_str()), (1, "alice"));
    reports[0].outcome.clone()
}

#[test]
fn the_receiver_acts_for_whoever_is_asked() {
    let host = host();
    host.receiver::<Echo>().act_as("bob");
    let answer = DeliveryOutcome::Received(b"alice bob when?".to_vec());
    assert_eq!(ask("when?"), answer);
    assert_eq!(Identity::current().principal.as_deref(), Some("bob"));
    assert_eq!(ask("later"), DeliveryOutcome::Pending);
    assert_eq!(ask("never"), DeliveryOutcome::Failed("no".to_owned()));
}

#[test]
fn who_lacks_the_right_is_refused() {
    let host = host();
    host.receiver::<Echo>().act_as("carol");
    assert_eq!(ask("when?"), DeliveryOutcome::Refused);
    host.act_as_anonymous();
    assert_eq!(ask("when?"), DeliveryOutcome::Refused);
    let nobody = Report::ask(&["nobody".to_owned()], b"?", 0).unwrap();
    assert_eq!(nobody[0].outcome, DeliveryOutcome::Refused);
}

#[test]
fn a_module_without_a_receiver_can_not_ask() {
    host();
    let refused = Report::ask(&["alice".to_owned()], b"?", 0);
    assert!(matches!(refused, Err(Error::Unsupported(_))));
    host().receiver::<Echo>();
    let many = vec!["alice".to_owned(); 201];
    assert_eq!(Report::ask(&many, b"?", 0), Err(Error::TooMany(200)));
}
