//! A table of fault points: whatever happens to a release, the disk, the link, the clock or the
//! cluster, no object is deleted.

use std::collections::BTreeSet;

use agent::link::{LinkError, Parcel};
use agent::state::Disk;
use jiff::SignedDuration;

use crate::centre::{Centre, Files, Site, stopped};

/// What runs before the fault, and what an attacker or an accident would like to see gone.
fn before() -> Files {
    Files::shop(&["pay", "web"], 3, "5")
}

/// A tree that would delete four of six ConfigMaps and one Namespace.
fn fewer() -> Files {
    Files::shop(&["web"], 2, "6")
}

type Fault = Box<dyn Fn(&mut Site)>;

fn offer(parcel: impl Fn(&Centre) -> Parcel + 'static) -> Fault {
    Box::new(move |site| site.line.offer(parcel(&site.centre)))
}

/// Releases that are not what they seem.
fn releases() -> Vec<(String, Fault)> {
    let mut faults: Vec<(String, Fault)> = Vec::new();
    let mut add = |name: String, fault: Fault| faults.push((name, fault));
    for generation in 0..5 {
        add(format!("generation {generation}"), offer(move |c| c.parcel(generation, &fewer())));
    }
    add("another tree of this generation".into(), offer(|c| c.parcel(5, &fewer())));
    add("another key".into(), offer(|_| Centre::new().parcel(6, &fewer())));
    add(
        "another cluster".into(),
        offer(|c| c.parcel_with(6, &fewer(), |said| said.cluster.uid = "3".repeat(32))),
    );
    add(
        "another fleet".into(),
        offer(|c| c.parcel_with(6, &fewer(), |said| said.fleet = "4".repeat(32))),
    );
    add(
        "an earlier statement".into(),
        offer(|c| c.parcel_with(5, &before(), |said| said.issued = crate::centre::time(-1))),
    );
    add("a stop".into(), offer(|c| c.parcel_with(6, &fewer(), |said| said.stopped = stopped())));
    add("no file at all".into(), offer(|c| c.parcel(6, &Files::default())));
    let (_, objects) = fewer().objects();
    let (_, had) = before().objects();
    for id in objects.into_keys() {
        // What is here already need not come, and is taken from here.
        if had.contains_key(&id) {
            continue;
        }
        add(
            format!("without {id}"),
            offer(move |c| {
                let mut parcel = c.parcel(6, &fewer());
                parcel.objects.remove(&id);
                parcel
            }),
        );
        add(
            format!("with {id} altered"),
            offer(move |c| {
                let mut parcel = c.parcel(6, &fewer());
                if let Some(object) = parcel.objects.get_mut(&id) {
                    object.bytes = [&*object.bytes, b"#"].concat().into();
                }
                parcel
            }),
        );
    }
    faults
}

/// Bytes of statements and signatures that were changed or cut on the way.
fn bytes() -> Vec<(String, Fault)> {
    let mut faults: Vec<(String, Fault)> = Vec::new();
    for part in 0..40_usize {
        faults.push((
            format!("statement changed at {part}/40"),
            offer(move |c| {
                let mut parcel = c.parcel(6, &fewer());
                let at = parcel.kept.statement.len() * part / 40;
                parcel.kept.statement.replace_range(at..=at, "7");
                // What happens to be a 7 already is cut instead.
                parcel.kept.statement.push(' ');
                parcel
            }),
        ));
        faults.push((
            format!("signature cut at {part}/40"),
            offer(move |c| {
                let mut parcel = c.parcel(6, &fewer());
                let length = parcel.kept.signature.len() * part / 40;
                parcel.kept.signature.truncate(length);
                parcel
            }),
        ));
        faults.push((
            format!("pack that is none, {part}"),
            offer(move |c| {
                let mut parcel = c.parcel(6, &fewer());
                parcel.pack = b"PACK\0\0\0\x02\0\0\0\x09 and no more".repeat(part + 1);
                parcel.objects.clear();
                parcel
            }),
        ));
    }
    faults
}

/// Files of a tree that cannot be read: the application stops, and nothing of it goes.
fn files() -> Vec<(String, Fault)> {
    let texts = ["", "{", "kind: [", "apiVersion: v1\n", "null", "- a\n", "kind: ConfigMap\n"];
    let whole = before();
    let paths = whole.0.keys().filter(|path| path.ends_with("c1.yaml") || path.contains("/c"));
    let paths: Vec<String> = paths.cloned().collect();
    let mut faults: Vec<(String, Fault)> = Vec::new();
    for path in &paths {
        for text in texts {
            let path = path.clone();
            let name = format!("{path} holds {text:?}");
            faults.push((
                name,
                offer(move |c| {
                    // The other files of its application are gone besides.
                    let (application, _) = path.split_once('/').unwrap();
                    let mut files = before();
                    files.0.retain(|other, _| !other.starts_with(&format!("{application}/")));
                    files.put(&path, text);
                    c.parcel(6, &files)
                }),
            ));
        }
    }
    faults
}

/// The world around it.
fn world() -> Vec<(String, Fault)> {
    let mut faults: Vec<(String, Fault)> = Vec::new();
    let mut add = |name: String, fault: Fault| faults.push((name, fault));
    let errors: [fn() -> LinkError; 5] = [
        || LinkError::Unreachable("no link".to_owned()),
        || LinkError::NotLetIn("401".to_owned()),
        || LinkError::Pending(Some(3)),
        || LinkError::NoRelease,
        || LinkError::Strange("a page of a hotel".to_owned()),
    ];
    for error in errors {
        add(
            format!("{:?}", error()),
            Box::new(move |site| {
                (0..20).for_each(|_| site.line.answer(Err(error())));
            }),
        );
    }
    for hours in [-10, -1, 1, 10, 24 * 365] {
        add(
            format!("clock {hours} h"),
            Box::new(move |site| {
                site.cluster.set_faults(|faults| faults.skew = SignedDuration::from_hours(hours));
            }),
        );
    }
    add(
        "a full disk and a release".into(),
        Box::new(|site| {
            site.memory.fill(true);
            site.line.offer(site.centre.parcel(6, &fewer()));
        }),
    );
    for after in [0, 1, 20, 64, 100, 200, 1000] {
        add(
            format!("power cut after {after} bytes of the next write"),
            Box::new(move |site| {
                site.memory.cut_next(after);
                site.line.offer(site.centre.parcel(6, &before()));
            }),
        );
    }
    add(
        "no cluster".into(),
        Box::new(|site| {
            site.cluster.set_faults(|faults| faults.offline = true);
            site.line.offer(site.centre.parcel(6, &fewer()));
        }),
    );
    for kind in ["ConfigMap", "Namespace"] {
        add(
            format!("no right on {kind}"),
            Box::new(move |site| {
                let forbidden = (kind.to_owned(), None);
                site.cluster.set_faults(|faults| faults.forbidden.extend([forbidden]));
                site.line.offer(site.centre.parcel(6, &Files::shop(&["pay", "web"], 3, "6")));
            }),
        );
    }
    faults
}

/// What is lost or damaged on disk while the agent is off.
fn disks() -> Vec<(String, Fault)> {
    let mut faults: Vec<(String, Fault)> = Vec::new();
    let names = ["journal.0", "journal.1", "applied.0", "applied.1"];
    for mask in 1..16_u32 {
        for length in [0, 10, 90] {
            faults.push((
                format!("files {mask:04b} cut to {length}"),
                Box::new(move |site| {
                    for (bit, name) in names.iter().enumerate() {
                        if mask >> bit & 1 == 1 {
                            site.memory.damage(name, |bytes| bytes.truncate(length));
                        }
                    }
                }),
            ));
        }
    }
    faults.push(("a new disk".into(), Box::new(|site| site.disk = Disk::memory())));
    faults.push((
        "trees altered".into(),
        Box::new(|site| {
            for name in site.disk.names().unwrap().iter().filter(|name| name.starts_with("tree-")) {
                site.memory.damage(name, |bytes| bytes.truncate(bytes.len() / 2));
            }
        }),
    ));
    faults
}

/// Runs a fault on a site that runs generation 5, and answers what is gone then.
async fn deleted(fault: &Fault, restarts: bool) -> Vec<String> {
    let mut site = Site::new();
    site.start().await;
    site.release(5, &before()).await;
    let were = objects(&site);
    if restarts {
        site.kill().await;
        fault(&mut site);
        site.start().await;
    } else {
        fault(&mut site);
    }
    site.rest(SignedDuration::from_secs(1800)).await;
    let are = objects(&site);
    were.difference(&are).cloned().collect()
}

/// Everything on the cluster but the agent's own.
fn objects(site: &Site) -> BTreeSet<String> {
    let keys = site.cluster.keys().into_iter();
    keys.filter(|key| key.namespace.as_deref() != Some("res-edge"))
        .map(|key| key.to_string())
        .collect()
}

async fn nothing_is_deleted(faults: Vec<(String, Fault)>, restarts: bool) -> usize {
    let each =
        faults.iter().map(|(name, fault)| async move { (name, deleted(fault, restarts).await) });
    let found = all(each).await;
    for (name, gone) in &found {
        assert!(gone.is_empty(), "{name}: {gone:?}");
    }
    found.len()
}

/// What all of these give, side by side.
async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut futures {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        match futures.iter().all(|(_, done)| done.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}

/// The table would not find a deletion if there was none to find.
#[tokio::test]
async fn the_table_sees_deletions() {
    let honest = offer(|c| c.parcel(6, &fewer()));
    assert_eq!(deleted(&honest, false).await.len(), 4);
}

#[tokio::test]
async fn two_hundred_fault_points_delete_nothing() {
    let mut n = nothing_is_deleted(releases(), false).await;
    n += nothing_is_deleted(bytes(), false).await;
    n += nothing_is_deleted(files(), false).await;
    n += nothing_is_deleted(world(), false).await;
    n += nothing_is_deleted(disks(), true).await;
    println!("{n} fault points, 0 objects deleted");
    assert!(n >= 200, "{n}");
}
