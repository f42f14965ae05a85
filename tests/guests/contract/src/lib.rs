//! A module that uses every interface of the contract, one a path, and answers what it saw: `ok …`
//! when the call did what `wit/` says, the error otherwise. It exports every interface, too.

mod timer;

use module::{
    Access, Annotation, Answer, Batch, Blob, Condition, Content, Delivery, Descriptor, Endpoint,
    EndpointTarget, Envelope, Error, Exclusion, Extent, Fields, Grant, Headers, Identifier,
    Identity, Indexer, Key, LockRequest, Mailbox, Modseq, Module, Mount, OptionSpec, Parcel, Part,
    Principal, PrincipalPart, PrincipalProperty, Purpose, Push, Put, Query, Reason, Receiver,
    Refusal, Report, Request, Response, Result, Rights, Socket, Subscription, Term, Test, Topic,
    Transport, Unindexed, Waker,
};

/// The module.
pub struct Contract;

module::export!(Contract: indexer, receiver, waker, socket, alarm, principal);

const TYPE: &str = "contract";

impl Module for Contract {
    fn describe() -> Descriptor {
        let asks_for = [
            "identity",
            "directory",
            "mailbox",
            "batch",
            "blob",
            "annotation",
            "index",
            "rights",
            "lock",
            "quota",
            "delivery",
            "submission",
            "watch",
            "timer",
            "endpoint",
            "config",
            "modules",
        ];
        Descriptor {
            name: "contract".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Uses every interface.".to_owned(),
            mounts: vec![Mount::new(
                "/contract",
                Extent::Prefix,
                &["GET", "POST"],
                Access::Authenticated,
            )],
            mailbox_types: vec![TYPE.to_owned(), "email".to_owned()],
            options: vec![OptionSpec {
                name: "contract_word".to_owned(),
                help: "A word to be shown; none without it.".to_owned(),
            }],
            capabilities: asks_for.iter().map(|&name| name.to_owned()).collect(),
            ..Descriptor::default()
        }
    }

    fn handle(request: Request) -> Answer {
        let name = request.path.rsplit('/').next().unwrap_or_default();
        let said = match name {
            "watch" => return subscribe(&request, Transport::Body),
            "socket" => return subscribe(&request, Transport::Websocket),
            "identity" => identity(),
            "directory" => directory(),
            "mailbox" => mailbox(),
            "blob" => blob(request),
            "annotation" => annotation(),
            "index" => index(),
            "mail" => mail(),
            "rights" => rights(),
            "lock" => lock(&request),
            "quota" => quota(),
            "delivery" => delivery(),
            "question" => question(),
            "submission" => submission(),
            "send" => send(),
            "timer" => timer::list(&request),
            "alarm" => timer::set(&request),
            "rung" => timer::rung(),
            "endpoint" => endpoint(&request),
            "config" => config(),
            "memory" => Ok(memory()),
            "modules" => Ok(module::modules()
                .iter()
                .map(|descriptor| descriptor.name.clone())
                .collect::<Vec<_>>()
                .join(",")),
            _ => return Response::new(404).into(),
        };
        let text = match said {
            Ok(seen) => format!("ok {seen}"),
            Err(Error::Unsupported(_)) => "unsupported".to_owned(),
            Err(error) => format!("error: {error}"),
        };
        Response::new(200).body("text/plain", text).into()
    }
}

fn me() -> String {
    Identity::current().principal.unwrap_or_default()
}

/// A mailbox of the principal's for this module, created on first use.
fn home() -> Result<Mailbox> {
    let path = ["user".to_owned(), me(), "#contract".to_owned()];
    match Mailbox::open(&path) {
        Err(Error::NotFound) => {
            let batch = Batch::new();
            batch.create_mailbox(&path, TYPE, None);
            batch.commit()?;
            Mailbox::open(&path)
        }
        other => other,
    }
}

fn message<'a>(name: &str, content: Content<'a>) -> Put<'a> {
    Put {
        name: Some(name.to_owned()),
        condition: Condition::None,
        header: b"Content-Type: text/plain\r\n\r\n".to_vec(),
        content,
        content_type: "text/plain".to_owned(),
        flags: vec!["\\Seen".to_owned()],
        keys: vec![
            Key::text("name", name),
            Key::number("length", i64::try_from(name.len()).unwrap_or(0)),
            Key::interval("span", 10, 20),
        ],
        keys_version: 1,
    }
}

fn identity() -> Result<String> {
    let identity = Identity::current();
    Ok(format!(
        "{} {:?} {:?}",
        identity.principal.unwrap_or_default(),
        identity.sign_in,
        identity.groups
    ))
}

fn directory() -> Result<String> {
    let itself = Principal::find(&me())?;
    let all = Principal::search("", None, None, 100)?;
    let none = Principal::find("no such principal");
    Ok(format!(
        "{} among {}: {}",
        itself.id,
        all.len(),
        none == Err(Error::NotFound)
    ))
}

fn mailbox() -> Result<String> {
    let home = home()?;
    let before = home.status()?;
    let batch = Batch::new();
    batch.put(&home, message("one", Content::Bytes(b"first".to_vec())));
    batch.put(&home, message("two", Content::Bytes(b"second".to_vec())));
    let outcomes = batch.commit()?;
    let uids: Vec<_> = outcomes.iter().map(|outcome| outcome.uid).collect();
    let bodies = home.read(&uids, Part::Body)?;
    let listed = home.list(0, 100, Fields::NAME)?;
    let changed = home.changes(before.modseq, 100, Fields::NAME)?;
    let names = listed
        .iter()
        .map(|entry| entry.name())
        .collect::<Vec<_>>()
        .join(",");
    let conflict = Batch::new();
    let mut again = message("one", Content::Bytes(Vec::new()));
    again.condition = Condition::Free;
    conflict.put(&home, message("three", Content::Bytes(Vec::new())));
    conflict.put(&home, again);
    let failure = conflict.commit().err().map(|failure| failure.change);
    Ok(format!(
        "{names} {} {} changed, refused {failure:?}, three is there: {}",
        String::from_utf8_lossy(&bodies.concat()),
        changed.iter().count(),
        home.find("three")?.is_some()
    ))
}

fn blob(request: Request) -> Result<String> {
    let home = home()?;
    let Some(body) = request.body else {
        return Err(Error::Invalid("send a body".to_owned()));
    };
    let blob = Blob::ingest(body, None)?;
    let batch = Batch::new();
    batch.put(&home, message("blob", Content::Blob(&blob)));
    batch.commit()?;
    let message = home.find("blob")?.ok_or(Error::NotFound)?;
    let stored = home.open_message(message.uid, Part::Body)?;
    let tail = stored.read(stored.size().saturating_sub(4), 100)?;
    Ok(format!(
        "{} bytes, {} again, ending in {}",
        blob.size(),
        stored.size(),
        String::from_utf8_lossy(&tail)
    ))
}

fn annotation() -> Result<String> {
    let home = home()?;
    let batch = Batch::new();
    let put = batch.put(&home, message("annotated", Content::Bytes(b"1".to_vec())));
    batch.annotate_outcome(put, &Annotation::shared("colour", Some(b"red".to_vec())));
    batch.annotate_outcome(put, &Annotation::private("note", Some(b"mine".to_vec())));
    batch.annotate(
        &home,
        None,
        &Annotation::shared("title", Some(b"all".to_vec())),
    );
    batch.commit()?;
    let uid = home.find("annotated")?.ok_or(Error::NotFound)?.uid;
    let names: Vec<_> = home
        .message_annotations(&[uid], "")?
        .into_iter()
        .map(|found| found.annotation.name)
        .chain(home.annotations("")?.into_iter().map(|found| found.name))
        .collect();
    Ok(names.join(","))
}

fn index() -> Result<String> {
    let home = home()?;
    let batch = Batch::new();
    batch.put(&home, message("indexed", Content::Bytes(b"1".to_vec())));
    batch.commit()?;
    let count = |term: Term| {
        let query = Query {
            all_of: vec![
                vec![Term::new("name", Test::Equal("indexed".to_owned()))],
                vec![term],
            ],
            limit: 10,
            ..Query::default()
        };
        home.search(&query).map(|results| results.found.len())
    };
    Ok(format!(
        "{} {} {} {}",
        count(Term::new("name", Test::Prefix("ind".to_owned())))?,
        count(Term::new("length", Test::Range((7, 8))))?,
        count(Term::new("span", Test::Overlap((15, 30))))?,
        count(Term::new("span", Test::Overlap((20, 30))))?
    ))
}

/// What was delivered, and how much of it was indexed.
fn mail() -> Result<String> {
    let inbox = Mailbox::open(&["user".to_owned(), me()])?;
    let query = Query {
        all_of: vec![vec![Term::new("length", Test::Present)]],
        limit: 100,
        ..Query::default()
    };
    let found = inbox.search(&query)?.found.len();
    Ok(format!("{found} of {}", inbox.status()?.messages))
}

fn rights() -> Result<String> {
    let home = home()?;
    let grants = [
        Grant::new(Identifier::Principal(me()), Rights::all()),
        Grant::new(Identifier::Authenticated, Rights::LOOKUP.with(Rights::READ)),
    ];
    let batch = Batch::new();
    batch.set_rights(&home, &grants);
    batch.commit()?;
    let found = home.grants()?;
    let theirs = found
        .iter()
        .find(|grant| grant.identifier == Identifier::Authenticated);
    Ok(theirs
        .map(|grant| grant.rights.letters())
        .unwrap_or_default())
}

fn lock(request: &Request) -> Result<String> {
    let home = home()?;
    let batch = Batch::new();
    batch.lock(
        &home,
        Some("locked"),
        &LockRequest {
            exclusion: Exclusion::Exclusive,
            deep: false,
            owner: b"contract".to_vec(),
            expires: request.received + 60_000,
        },
    );
    let token = batch.commit()?.remove(0).lock_token;
    let locked = Batch::new();
    locked.put(&home, message("locked", Content::Bytes(Vec::new())));
    let refused =
        matches!(locked.commit(), Err(failure) if failure.error == Error::Locked(token.clone()));
    let held = home.locks(Some("locked"), false)?.len();
    let batch = Batch::new();
    batch.unlock(&home, &token);
    batch.commit()?;
    Ok(format!(
        "refused: {refused}, held {held}, then {}",
        home.locks(Some("locked"), false)?.len()
    ))
}

fn quota() -> Result<String> {
    let usage = home()?.usage()?;
    Ok(format!("{} messages", usage.messages))
}

/// How often this was asked of any instance of the principal's.
fn memory() -> String {
    let seen = module::memory::recall("seen").unwrap_or_default();
    let seen = [seen.as_slice(), b"+"].concat();
    module::memory::remember("seen", &seen);
    format!("{}", seen.len())
}

fn delivery() -> Result<String> {
    let batch = Batch::new();
    batch.deliver(&Delivery {
        recipients: vec![me()],
        purpose: Purpose::Invite,
        message: b"hello".to_vec(),
    });
    batch.commit()?;
    Ok(format!("{:?}", Report::results(2_000)?))
}

fn question() -> Result<String> {
    Ok(format!("{:?}", Report::ask(&[me()], b"free?", 2_000)?))
}

fn submission() -> Result<String> {
    let message = Blob::create(b"Subject: hello\r\n\r\nhello\r\n")?;
    let envelope = Envelope {
        sender: format!("{}@example.com", me()),
        recipients: vec!["someone@example.com".to_owned()],
        not_before: None,
    };
    let queued = envelope.submit(&message)?;
    Ok(format!("{}", Envelope::cancel(&queued)?))
}

/// Sends a message to two, of whom one will be refused.
fn send() -> Result<String> {
    let message = Blob::create(b"Subject: hello\r\n\r\n.hello\r\n")?;
    let envelope = |sender: String| Envelope {
        sender,
        recipients: vec!["good@x.test".to_owned(), "bad@x.test".to_owned()],
        not_before: None,
    };
    let stranger = envelope("stranger@a.test".to_owned()).submit(&message);
    envelope(format!("{}@a.test", me())).submit(&message)?;
    Ok(format!("{stranger:?}"))
}

/// Makes an endpoint, changes it, and removes it; what it must not lead to, and whom it must not
/// watch, is refused.
fn endpoint(request: &Request) -> Result<String> {
    let endpoint = Endpoint {
        name: "one".to_owned(),
        topics: vec![Topic::Owner(me())],
        token: b"token".to_vec(),
        expires: request.received + 86_400_000,
        version: 0,
    };
    let target = |url: &str| EndpointTarget {
        url: url.to_owned(),
        content_type: "text/plain".to_owned(),
        keys: None,
    };
    let inside = endpoint.create(&target("https://127.0.0.1/"), b"");
    let stranger = Endpoint {
        topics: vec![Topic::Owner("bob".to_owned())],
        ..endpoint.clone()
    };
    let stranger = stranger.create(&target("https://push.invalid/"), b"");
    endpoint.create(&target("https://push.invalid/"), b"")?;
    let again = endpoint.create(&target("https://push.invalid/"), b"");
    let stale = endpoint.update();
    let mut listed = Endpoint::list()?;
    if let Some(endpoint) = listed.first_mut() {
        endpoint.topics.clear();
        endpoint.update()?;
    }
    let topics: usize = Endpoint::list()?.iter().map(|it| it.topics.len()).sum();
    let removed = Endpoint::remove("one")?;
    Ok(format!(
        "{} {stranger:?} {again:?} {stale:?}, {} then {topics} topics, {removed}, {} left",
        matches!(inside, Err(Error::Invalid(_))),
        listed.len(),
        Endpoint::list()?.len()
    ))
}

fn config() -> Result<String> {
    Ok(format!(
        "{:?} {:?}",
        module::option("contract_word"),
        module::option("configdirectory")
    ))
}

/// Waits for what is the principal's own; in silence, if the query says so.
fn subscribe(request: &Request, transport: Transport) -> Answer {
    let subscription = Subscription {
        transport,
        topics: vec![Topic::Owner(me())],
        since: 0,
        token: b"token".to_vec(),
        ping_ms: match request.query.as_deref() {
            Some("quiet") => 0,
            _ => 1_000,
        },
    };
    Answer::Subscribed(
        Response {
            headers: Headers::new(),
            ..Response::new(200)
        },
        subscription,
    )
}

impl Indexer for Contract {
    fn version() -> u32 {
        1
    }

    fn keys(message: Unindexed) -> Vec<Key> {
        let is_poison = message.message.ends_with(b"poison\r\n");
        assert!(!is_poison, "as asked");
        vec![Key::number(
            "length",
            i64::try_from(message.message.len()).unwrap_or(0),
        )]
    }
}

impl Receiver for Contract {
    fn receive(parcel: Parcel) -> std::result::Result<Option<Vec<u8>>, Refusal> {
        match parcel.purpose {
            Purpose::Question => Ok(Some(b"always".to_vec())),
            Purpose::Invite | Purpose::Reply => Ok(None),
        }
    }
}

impl Waker for Contract {
    fn wake(reason: Reason, since: Modseq, token: Vec<u8>) -> Push {
        let piece = match reason {
            Reason::Changed => "changed\n",
            Reason::Ping => "ping\n",
        };
        Push {
            pieces: vec![piece.as_bytes().to_vec()],
            since,
            token,
            close: false,
        }
    }
}

impl Socket for Contract {
    /// Says the same, and who hears it; "fall" is the end of the instance, "bye" of the connection.
    fn message(text: Vec<u8>, since: Modseq, token: Vec<u8>) -> Push {
        assert_ne!(text, b"fall", "as asked");
        let close = text == b"bye";
        Push {
            pieces: vec![text, me().into_bytes()],
            since,
            token,
            close,
        }
    }
}

impl PrincipalPart for Contract {
    fn properties(id: String) -> Vec<PrincipalProperty> {
        vec![PrincipalProperty {
            namespace: "urn:contract".to_owned(),
            name: "seen".to_owned(),
            value: id,
        }]
    }

    fn update(_property: PrincipalProperty) -> Result<()> {
        Err(Error::Forbidden(Rights::empty()))
    }
}
