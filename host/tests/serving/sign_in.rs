//! Sign-in against a store that another process changes.

use base64::Engine;
use chapar::auth::{Authenticator, Refusal, SignedIn, Users, password};
use chapar::config::{Config, syntax};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use storage::{Kind, Principal, SqliteStore, Store, StoreLimits};

fn header(user: &str, password: &str) -> Vec<u8> {
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {token}").into_bytes()
}

async fn add(store: &dyn Store, id: &str, kind: Kind) {
    let principal = Principal {
        id: id.to_owned(),
        kind,
        display_name: id.to_owned(),
        addresses: Vec::new(),
    };
    store.put_principal(&principal).await.unwrap();
}

/// Signs in the users of one store.
struct OneStore(Authenticator, Users);

impl OneStore {
    fn new(store: &Arc<SqliteStore>, pause: &str) -> Self {
        let options = format!("configdirectory: /x\nadmins: alice\nfailedloginpause: {pause}\n");
        let file = Path::new("imapd.conf");
        let lines = syntax::parse(&options, file).unwrap();
        let config = Config::from_lines(lines, Some(file)).unwrap();
        let users = Users::new(store.clone(), &config);
        Self(Authenticator::new().unwrap(), users)
    }

    async fn sign_in(&self, field: &[u8], address: IpAddr) -> Result<Arc<SignedIn>, Refusal> {
        self.0.sign_in(&self.1, field, address).await
    }
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

#[tokio::test(flavor = "multi_thread")]
async fn users_sign_in_until_their_password_changes() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path(), "default", StoreLimits::default()).unwrap();
    let store = open();
    add(&*store, "alice", Kind::User).await;
    add(&*store, "staff", Kind::Group).await;
    store
        .set_members("staff", &["alice".to_owned()])
        .await
        .unwrap();
    store
        .set_credentials("alice", &password::derive("first").unwrap())
        .await
        .unwrap();
    let authenticator = OneStore::new(&store, "0");

    let signed_in = authenticator
        .sign_in(&header("Alice", "first"), HERE)
        .await
        .unwrap();
    assert_eq!(signed_in.name(), Some("alice"));
    assert_eq!(signed_in.identity.actor.groups, ["staff"]);
    assert!(signed_in.identity.actor.admin);
    for (user, password) in [
        ("alice", "wrong"),
        ("nobody", "first"),
        ("a/b", "first"),
        ("", ""),
    ] {
        let outcome = authenticator.sign_in(&header(user, password), HERE).await;
        assert_eq!(outcome.unwrap_err(), Refusal::Credentials, "{user}");
    }
    let bearer = authenticator.sign_in(b"Bearer x", HERE).await;
    assert_eq!(bearer.unwrap_err(), Refusal::Scheme);

    // The cache answers at once.
    let began = Instant::now();
    for _ in 0..1000 {
        authenticator
            .sign_in(&header("Alice", "first"), HERE)
            .await
            .unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(1));

    // Another process changes the password, then removes the user.
    let other = open();
    other
        .set_credentials("alice", &password::derive("second").unwrap())
        .await
        .unwrap();
    ends(&authenticator, "first").await;
    authenticator
        .sign_in(&header("alice", "second"), HERE)
        .await
        .unwrap();
    other.remove_principal("alice").await.unwrap();
    ends(&authenticator, "second").await;
}

/// Waits until a password holds no longer: within seconds.
async fn ends(authenticator: &OneStore, password: &str) {
    let began = Instant::now();
    while authenticator
        .sign_in(&header("Alice", password), HERE)
        .await
        .is_ok()
        && authenticator
            .sign_in(&header("alice", password), HERE)
            .await
            .is_ok()
    {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), "default", StoreLimits::default()).unwrap();
    let authenticator = OneStore::new(&store, "1s");
    for _ in 0..3 {
        let _ = authenticator.sign_in(&header("x", "y"), HERE).await;
    }
    let began = Instant::now();
    assert!(
        authenticator
            .sign_in(&header("x", "y"), HERE)
            .await
            .is_err()
    );
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_that_come_all_at_once_are_bounded_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), "default", StoreLimits::default()).unwrap();
    add(&*store, "alice", Kind::User).await;
    let credentials = password::derive("hers").unwrap();
    store.set_credentials("alice", &credentials).await.unwrap();
    let authenticator = Arc::new(OneStore::new(&store, "0"));
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..200 {
        let authenticator = authenticator.clone();
        let field = header("alice", &format!("guess{number}"));
        guesses.spawn(async move { authenticator.sign_in(&field, HERE).await.unwrap_err() });
    }
    let refusals = guesses.join_all().await;
    let is_checked = |refusal: &&Refusal| **refusal == Refusal::Credentials;
    let checked = refusals.iter().filter(is_checked).count();
    // Those that are being checked when the twentieth fails are still answered.
    assert!((20..=20 + 8).contains(&checked), "{checked} were checked");
    let is_refused = |refusal: &&Refusal| matches!(refusal, Refusal::TooMany(_));
    assert_eq!(refusals.iter().filter(is_refused).count(), 200 - checked);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_one_tenant_hold_up_the_users_of_no_other() {
    const GUESSES: u32 = 200;
    let stores: Vec<_> = (0..2).map(|_| tempfile::tempdir().unwrap()).collect();
    let users = |number: usize| {
        let folder = stores[number].path();
        let store = SqliteStore::open(folder, "default", StoreLimits::default()).unwrap();
        let config = Config::from_lines(
            syntax::parse("configdirectory: /x\n", Path::new("imapd.conf")).unwrap(),
            None,
        );
        (store.clone(), Users::new(store, &config.unwrap()))
    };
    let ((_, guessed), (store, users)) = (users(0), users(1));
    add(&*store, "alice", Kind::User).await;
    let credentials = password::derive("hers").unwrap();
    store.set_credentials("alice", &credentials).await.unwrap();
    let authenticator = Arc::new(Authenticator::new().unwrap());
    let guessed = Arc::new(guessed);
    let done = Arc::new(AtomicU32::new(0));
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..GUESSES {
        let (authenticator, guessed, done) = (authenticator.clone(), guessed.clone(), done.clone());
        // From everywhere, and each at another user.
        let address = IpAddr::from((0xc633_6400 + number).to_be_bytes());
        guesses.spawn(async move {
            let field = header(&format!("user{number}"), "guess");
            let refusal = authenticator.sign_in(&guessed, &field, address).await;
            done.fetch_add(1, Ordering::Relaxed);
            assert_eq!(refusal.unwrap_err(), Refusal::Credentials);
        });
    }
    // The first is answered: all the others wait by now, or nearly.
    guesses.join_next().await.unwrap().unwrap();
    let before = done.load(Ordering::Relaxed);
    let alice = header("alice", "hers");
    authenticator.sign_in(&users, &alice, HERE).await.unwrap();
    let meanwhile = done.load(Ordering::Relaxed) - before;
    assert!(meanwhile < GUESSES / 4, "{meanwhile} were before her");
    while let Some(guess) = guesses.join_next().await {
        guess.unwrap();
    }
}
