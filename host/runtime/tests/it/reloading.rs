//! Modules come, change and go while requests are answered.

use crate::support::*;
use bytes::Bytes;
use runtime::{Changes, Reload, Runtime, Standing};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Reloads as the host does: off the threads that serve.
async fn reload(runtime: &Arc<Runtime>, bed: &Bed) -> Changes {
    let (runtime, set) = (runtime.clone(), bed.set.clone());
    let reload = move || runtime.reload(&set).unwrap();
    tokio::task::spawn_blocking(reload).await.unwrap()
}

/// Compiles drafts anew.
async fn refine(runtime: &Arc<Runtime>) {
    let runtime = runtime.clone();
    let refine = move || runtime.refine();
    tokio::task::spawn_blocking(refine).await.unwrap();
}

async fn end(runtime: &Arc<Runtime>, reload: Reload) -> Changes {
    let runtime = runtime.clone();
    let end = move || runtime.end_reload(reload);
    tokio::task::spawn_blocking(end).await.unwrap()
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn added(list: &[&str]) -> Changes {
    Changes {
        added: names(list),
        ..Changes::default()
    }
}

fn replaced(list: &[&str]) -> Changes {
    Changes {
        replaced: names(list),
        ..Changes::default()
    }
}

fn removed(list: &[&str]) -> Changes {
    Changes {
        removed: names(list),
        ..Changes::default()
    }
}

fn refused(changes: &Changes) -> Vec<&str> {
    changes.refused.iter().map(|one| one.0.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_come_change_and_go() {
    let bed = bed(&[]);
    let runtime = Arc::new(bed.start());
    let alice = client(&runtime, "alice");
    let route = |path: &str| runtime.modules(&alice.tenant).route(path).is_some();
    assert!(!route("/probe/mode"));

    bed.install("probe", disguised("probe", "first"));
    assert_eq!(reload(&runtime, &bed).await, added(&["probe"]));
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "first");
    let first = state(&runtime, "probe");
    assert_eq!(first.standing, Standing::Serving);
    assert_eq!(first.sha256, first.serving);
    assert_eq!(first.size, probe().len() as u64);
    assert!(first.since.is_some_and(|since| since > 0));

    // Nothing has changed: what serves stays as it is, and warm.
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
    assert_eq!(reload(&runtime, &bed).await, Changes::default());
    assert_eq!(state(&runtime, "probe"), first);
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "2");

    // The same length, and at once.
    bed.install("probe", disguised("probe", "other"));
    assert_eq!(reload(&runtime, &bed).await, replaced(&["probe"]));
    assert_eq!(runtime.idle_instances(), 0, "what was warm is gone");
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "other");

    // In place, with the time of modification of the one before.
    let modified = std::fs::metadata(bed.module("probe")).unwrap();
    let modified = modified.modified().unwrap();
    std::fs::write(bed.module("probe"), disguised("probe", "third")).unwrap();
    let mut options = std::fs::File::options();
    let file = options.append(true).open(bed.module("probe")).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(reload(&runtime, &bed).await, replaced(&["probe"]));
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "third");

    std::fs::remove_file(bed.module("probe")).unwrap();
    assert_eq!(reload(&runtime, &bed).await, removed(&["probe"]));
    assert!(!route("/probe/mode"));
    assert!(runtime.states().is_empty());
    let compiled = std::fs::read_dir(&bed.config.cachedir).unwrap();
    let kept: Vec<_> = compiled.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept, ["key"], "what no file needs is not kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_end_with_the_module_that_they_began_with() {
    let bed = bed(&[("probe", "old")]);
    let runtime = Arc::new(bed.start());
    let alice = client(&runtime, "alice");
    let (body, pieces) = mpsc::channel(1);
    let pieces = futures_util::stream::unfold(pieces, |mut pieces| async {
        pieces.recv().await.map(|piece| (Ok(piece), pieces))
    });
    let mut slow = request("/probe/mode");
    slow.body = Some(Box::pin(pieces));
    let routed = runtime.modules(&alice.tenant).route("/probe/mode").unwrap();
    let slow = alice.send(slow);
    let during = async {
        // Taken when the guest reads: the request is in flight.
        body.send(Bytes::from("x")).await.unwrap();
        body.send(Bytes::from("x")).await.unwrap();
        bed.install("probe", disguised("probe", "new"));
        assert_eq!(reload(&runtime, &bed).await, replaced(&["probe"]));
        assert_eq!(alice.get("/probe/mode").await.unwrap(), "new");
        // One that found its way just before.
        let (who, what) = (alice.identity.clone(), request("/probe/mode"));
        let late = runtime.handle(&routed, &alice.tenant, who, what).await;
        assert_eq!(text(late.unwrap()).await.unwrap(), "old");
        std::fs::remove_file(bed.module("probe")).unwrap();
        assert_eq!(reload(&runtime, &bed).await, removed(&["probe"]));
        drop(body);
    };
    let (slow, ()) = tokio::join!(slow, during);
    assert_eq!(text(slow.unwrap()).await.unwrap(), "old!");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_leaves_the_old_one_in_force() {
    let bed = bed(&[("probe", "old")]);
    let runtime = Arc::new(bed.start());
    let alice = client(&runtime, "alice");
    let old = state(&runtime, "probe");
    let good = disguised("probe", "new");
    // As one sees it that is being copied; one that isn't WebAssembly; one that can't say what it is.
    let broken = [
        (good[..good.len() / 2].to_vec(), "does not compile"),
        (Vec::new(), "not a WebAssembly component"),
        (disguised("probe", "trap"), "unreachable"),
        (disguised("probe", "liar"), "someone-else"),
    ];
    for (wasm, reason) in broken {
        std::fs::write(bed.module("probe"), &wasm).unwrap();
        let changes = reload(&runtime, &bed).await;
        assert_eq!(refused(&changes), ["probe"]);
        assert!(changes.refused[0].1.contains(reason), "{changes:?}");
        assert_eq!(alice.get("/probe/mode").await.unwrap(), "old");
        let now = state(&runtime, "probe");
        assert_eq!(now.standing, Standing::Older);
        assert_eq!(now.size, wasm.len() as u64);
        assert_eq!((&now.serving, now.since), (&old.serving, old.since));
        assert_ne!(now.sha256, now.serving);
        assert_eq!(now.descriptor, old.descriptor);
        // It is said once.
        assert_eq!(reload(&runtime, &bed).await, Changes::default());
        assert_eq!(state(&runtime, "probe"), now);
    }
    std::fs::write(bed.module("probe"), &good).unwrap();
    assert_eq!(reload(&runtime, &bed).await, replaced(&["probe"]));
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "new");
    assert_eq!(state(&runtime, "probe").standing, Standing::Serving);

    // Back to what never stopped to serve.
    let new = state(&runtime, "probe");
    bed.install("probe", "junk");
    assert_eq!(refused(&reload(&runtime, &bed).await), ["probe"]);
    bed.install("probe", &good);
    assert_eq!(reload(&runtime, &bed).await, Changes::default());
    assert_eq!(state(&runtime, "probe"), new);

    // A folder that can't be read changes nothing.
    let mut nowhere = bed.set.clone();
    nowhere.moduledir = bed.module("nowhere");
    assert!(runtime.reload(&nowhere).is_err());
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_and_names_follow_the_settings() {
    let mut bed = bed(&[]);
    let everything = bed.set.grants.clone();
    bed.install("probe", foreign());
    bed.set.grants = Vec::new();
    let runtime = Arc::new(bed.start());
    let before = state(&runtime, "probe");
    assert_eq!(before.standing, Standing::Serving);

    // What wants more than it may does not replace what asks for nothing.
    bed.install("probe", disguised("probe", "new"));
    let changes = reload(&runtime, &bed).await;
    assert_eq!(refused(&changes), ["probe"]);
    assert!(changes.refused[0].1.contains("mailbox"), "{changes:?}");
    assert_eq!(state(&runtime, "probe").serving, before.serving);
    bed.set.grants = everything;
    assert_eq!(reload(&runtime, &bed).await, replaced(&["probe"]));
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "new");
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");

    // Another prefix needs no other module.
    bed.set.prefixes = vec![("probe".into(), "/probe".into(), "/p".into())];
    assert_eq!(reload(&runtime, &bed).await, Changes::default());
    assert_eq!(alice.get("/p/counter").await.unwrap(), "2");
    assert!(runtime.modules(&alice.tenant).route("/probe/x").is_none());

    // What is taken back counts at once, whatever serves.
    bed.set.grants = vec![("probe".into(), "batch".into())];
    let changes = reload(&runtime, &bed).await;
    assert_eq!(
        (refused(&changes), changes.removed.clone()),
        (vec!["probe"], names(&["probe"]))
    );
    assert_eq!(state(&runtime, "probe").standing, Standing::Refused);
    bed.set.grants = vec![("*".into(), "*".into())];
    assert_eq!(reload(&runtime, &bed).await, added(&["probe"]));

    bed.set.httpmodules = Some(["absent".to_owned()].into());
    let changes = reload(&runtime, &bed).await;
    assert_eq!(
        (refused(&changes), changes.removed.clone()),
        (vec!["absent"], names(&["probe"]))
    );
    assert_eq!(state(&runtime, "probe").standing, Standing::Off);
    bed.set.httpmodules = None;
    assert_eq!(reload(&runtime, &bed).await, added(&["probe"]));
    assert!(runtime.states().iter().all(|state| state.name != "absent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_serves_keeps_its_place() {
    let bed = bed(&[("probe", "normal"), ("known", "known")]);
    let runtime = Arc::new(bed.start());
    // Both come before the others by name.
    bed.install("a", disguised("a", "same"));
    bed.install("b", disguised("b", "known"));
    let changes = reload(&runtime, &bed).await;
    let mut all = refused(&changes);
    all.sort_unstable();
    assert_eq!(all, ["a", "b"]);
    assert!(refusal(&runtime, "a").contains("module probe"));
    assert!(refusal(&runtime, "b").contains("module known"));
    // Nor may a new version of one take what is another's.
    bed.install("known", disguised("known", "same"));
    assert_eq!(refused(&reload(&runtime, &bed).await), ["known"]);
    assert_eq!(state(&runtime, "known").standing, Standing::Older);
    let someone = tenant("example");
    let known = |runtime: &Runtime| {
        runtime
            .modules(&someone)
            .well_known("probe")
            .map(str::to_owned)
    };
    assert_eq!(known(&runtime).as_deref(), Some("/known/"));

    // Who goes makes room: for the one that serves already, and then for the new ones.
    std::fs::remove_file(bed.module("probe")).unwrap();
    let changes = reload(&runtime, &bed).await;
    assert_eq!(changes.replaced, ["known"]);
    assert_eq!(changes.removed, ["probe"]);
    assert_eq!(changes.added, ["b"]);
    assert!(refusal(&runtime, "a").contains("module known"));
    assert_eq!(known(&runtime).as_deref(), Some("/b/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tenant_sees_its_own_modules() {
    let bed = bed(&[("one", "known"), ("two", "normal"), ("three", "normal")]);
    let runtime = Arc::new(bed.start());
    let some = tenant_with("some", Some(&["two", "absent", "four"]));
    let none = tenant_with("none", Some(&[]));
    let all = tenant("all");
    let who = identity("alice");
    let see = |tenant: &Arc<runtime::Tenant>| {
        let table = runtime.modules(tenant);
        let known = table.well_known("probe").is_some();
        let routes = ["/one/x", "/two/x", "/three/x", "/four/x"];
        let routes = routes.map(|path| table.route(path).is_some());
        let names: Vec<String> = table.descriptors().map(|one| one.name.clone()).collect();
        (routes, known, names.join(" "))
    };
    assert_eq!(
        see(&all),
        ([true, true, true, false], true, "one three two".into())
    );
    assert_eq!(
        see(&some),
        ([false, true, false, false], false, "two".into())
    );
    assert_eq!(see(&none), ([false; 4], false, String::new()));
    let table = runtime.modules(&some);
    assert!(Arc::ptr_eq(&table, &runtime.modules(&some)), "made once");
    for (tenant, sees) in [(&all, "one three two"), (&some, "two")] {
        let answer = ask(&runtime, tenant, who.clone(), request("/two/modules")).await;
        assert_eq!(text(answer.unwrap()).await.unwrap(), sees);
    }
    let none_of = runtime
        .properties("one", &some, who.clone(), "alice".into())
        .await;
    assert_eq!(none_of.unwrap(), Vec::new());
    assert!(
        !runtime
            .properties("two", &some, who, "alice".into())
            .await
            .unwrap()
            .is_empty()
    );

    bed.install("four", disguised("four", "normal"));
    assert_eq!(reload(&runtime, &bed).await, added(&["four"]));
    assert_eq!(
        see(&some),
        ([false, true, false, true], false, "four two".into())
    );
    assert_eq!(see(&none), ([false; 4], false, String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_modules_are_replaced() {
    let bed = bed(&[("probe", "v0")]);
    let runtime = Arc::new(bed.start());
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let asking = (0..6).map(|n| {
        let (runtime, stop, answered) = (&runtime, &stop, &answered);
        async move {
            let one = client(runtime, &format!("user{n}"));
            let mut last = 0;
            while !stop.load(Ordering::Relaxed) {
                let mode = one.get("/probe/mode").await.unwrap();
                let version: u32 = mode.trim_start_matches('v').parse().unwrap();
                assert!(version >= last, "{version} after {last}");
                last = version;
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let reloading = async {
        for version in 1..=3 {
            let before = answered.load(Ordering::Relaxed);
            bed.install("second", "junk");
            assert_eq!(refused(&reload(&runtime, &bed).await), ["second"]);
            bed.install("probe", disguised("probe", &format!("v{version}")));
            bed.install("second", disguised("second", "normal"));
            let changes = reload(&runtime, &bed).await;
            assert_eq!(changes.replaced, ["probe"]);
            assert_eq!(changes.added, ["second"]);
            std::fs::remove_file(bed.module("second")).unwrap();
            assert_eq!(reload(&runtime, &bed).await, removed(&["second"]));
            assert_ne!(answered.load(Ordering::Relaxed), before);
        }
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(futures_util::future::join_all(asking), reloading);
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "v3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_serves_until_it_is_compiled_well_and_nobody_notices() {
    let bed = bed(&[]);
    let runtime = Arc::new(bed.start());
    bed.install("probe", disguised("probe", "draft"));
    assert_eq!(reload(&runtime, &bed).await, added(&["probe"]));
    assert_eq!(bed.compiled(), 0, "a draft is not kept");
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "2");
    let before = state(&runtime, "probe");

    let stop = AtomicBool::new(false);
    let refined = AtomicBool::new(false);
    let asking = (0..4).map(|n| {
        let (runtime, stop, refined) = (&runtime, &stop, &refined);
        async move {
            let one = client(runtime, &format!("user{n}"));
            let mut after = 0;
            while !stop.load(Ordering::Relaxed) || after == 0 {
                assert_eq!(one.get("/probe/mode").await.unwrap(), "draft");
                after += usize::from(refined.load(Ordering::Relaxed));
            }
        }
    });
    let refining = async {
        refine(&runtime).await;
        refined.store(true, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(futures_util::future::join_all(asking), refining);
    assert_eq!(state(&runtime, "probe"), before);
    assert_eq!(reload(&runtime, &bed).await, Changes::default());
    // What was warm was of the draft.
    assert_eq!(alice.get("/probe/counter").await.unwrap(), "1");

    // The next start has it compiled, and so has whoever asks again.
    assert_eq!(bed.compiled(), 1);
    let kept = bed.kept();
    let next = Arc::new(bed.start());
    let bob = client(&next, "bob");
    assert_eq!(bob.get("/probe/mode").await.unwrap(), "draft");
    refine(&next).await;
    assert_eq!(bed.kept(), kept, "nothing was compiled again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_whose_file_is_broken_by_now_is_compiled_well_all_the_same() {
    let bed = bed(&[]);
    let runtime = Arc::new(bed.start());
    bed.install("probe", disguised("probe", "draft"));
    assert_eq!(reload(&runtime, &bed).await, added(&["probe"]));
    bed.install("probe", "junk");
    assert_eq!(refused(&reload(&runtime, &bed).await), ["probe"]);
    refine(&runtime).await;
    assert_eq!(bed.compiled(), 1);
    let alice = client(&runtime, "alice");
    assert_eq!(alice.get("/probe/mode").await.unwrap(), "draft");
    assert_eq!(state(&runtime, "probe").standing, Standing::Older);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_compiled_holds_up_nothing() {
    let mut bed = bed(&[("probe", "old"), ("second", "normal")]);
    let runtime = Arc::new(bed.start());
    let alice = client(&runtime, "alice");
    bed.install("probe", disguised("probe", "slow"));
    // It begins, and is not done before the others.
    let slow = runtime.begin_reload(&bed.set).unwrap();
    std::fs::remove_file(bed.module("second")).unwrap();
    bed.install("third", disguised("third", "normal"));
    let changes = reload(&runtime, &bed).await;
    assert_eq!(changes.removed, ["second"]);
    assert_eq!(changes.added, ["third"]);
    bed.set.prefixes = vec![("probe".into(), "/probe".into(), "/p".into())];
    assert_eq!(reload(&runtime, &bed).await, Changes::default());
    assert_eq!(alice.get("/p/mode").await.unwrap(), "old");

    // Its end is in force with the settings that hold by then.
    let ended = end(&runtime, slow).await;
    assert_eq!(ended.replaced, ["probe"]);
    assert_eq!(alice.get("/p/mode").await.unwrap(), "slow");

    // What comes too late changes nothing.
    bed.install("probe", disguised("probe", "late"));
    let late = runtime.begin_reload(&bed.set).unwrap();
    bed.install("probe", disguised("probe", "last"));
    assert_eq!(reload(&runtime, &bed).await, replaced(&["probe"]));
    end(&runtime, late).await;
    assert_eq!(alice.get("/p/mode").await.unwrap(), "last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_looks_sweeps_nothing() {
    let mut bed = bed(&[("probe", "one")]);
    let _server = bed.start();
    assert_eq!(bed.compiled(), 1);
    bed.install("probe", disguised("probe", "two"));
    bed.set.sweeps = false;
    let _looks = bed.start();
    assert_eq!(bed.compiled(), 2);
    bed.set.sweeps = true;
    let _serves = bed.start();
    assert_eq!(bed.compiled(), 1);
}
