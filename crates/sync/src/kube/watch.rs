//! Watches metadata, and notes which object is at which version.

use std::time::Duration;

use ::kube::core::WatchEvent;
use futures::{StreamExt as _, pin_mut};
use http::Method;
use serde::Deserialize;

use super::address::Address;
use super::{Cluster, answer};
use crate::{Detail, Notes, Place, Scope};

/// How long the cluster keeps one watch open; a new one goes on from there.
const OPEN: Duration = Duration::from_secs(290);
/// How long a new watch waits after one that failed, at first and at most.
const WAITS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

/// As much of an event's object as is read.
#[derive(Clone, Deserialize)]
struct Seen {
    metadata: Metadata,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: Option<String>,
    resource_version: String,
}

/// Why one watch ended.
enum End {
    /// Its time was over.
    Over,
    /// What it should go on from is too old.
    TooOld,
    /// It failed.
    Failed,
}

/// Watches a scope until the task is ended.
pub(super) async fn watch(cluster: Cluster, scope: Scope, notes: Notes) {
    let mut version: Option<String> = None;
    let [mut wait, most] = WAITS;
    loop {
        match watch_once(&cluster, &scope, &notes, &mut version).await {
            End::Over => wait = WAITS[0],
            End::TooOld => {
                version = None;
                notes.gap();
            }
            End::Failed => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(most);
                // A watch that cannot be opened tells nothing: then everything is looked at.
                if wait >= most {
                    notes.gap();
                }
            }
        }
    }
}

async fn watch_once(
    cluster: &Cluster,
    scope: &Scope,
    notes: &Notes,
    version: &mut Option<String>,
) -> End {
    let namespace = scope.namespace.as_deref();
    let Ok(address) = Address::of(&scope.kind, namespace) else { return End::Failed };
    let seconds = OPEN.as_secs().to_string();
    let mut query = vec![("watch", "true"), ("allowWatchBookmarks", "true")];
    query.push(("timeoutSeconds", &seconds));
    // Without a version the cluster begins with what there is, at versions that are known.
    query.extend(version.as_deref().map(|version| ("resourceVersion", version)));
    let request = cluster.request(Method::GET, &address.objects(&query), namespace);
    let request = request.header("Accept", answer::accept(Detail::Metadata)).body(Vec::new());
    let Ok(request) = request else { return End::Failed };
    let events = match cluster.0.client.request_events::<Seen>(request).await {
        Ok(events) => events,
        Err(error) => return end(&error),
    };
    pin_mut!(events);
    loop {
        match tokio::time::timeout(OPEN + WAITS[1], events.next()).await {
            Err(_) => return End::Failed,
            Ok(None) => return End::Over,
            Ok(Some(Err(error))) => return end(&error),
            Ok(Some(Ok(event))) => match note(scope, notes, event, version) {
                None => {}
                Some(end) => return end,
            },
        }
    }
}

fn note(
    scope: &Scope,
    notes: &Notes,
    event: WatchEvent<Seen>,
    version: &mut Option<String>,
) -> Option<End> {
    let (seen, is_there) = match event {
        WatchEvent::Added(seen) | WatchEvent::Modified(seen) => (seen.metadata, true),
        WatchEvent::Deleted(seen) => (seen.metadata, false),
        WatchEvent::Bookmark(bookmark) => {
            *version = Some(bookmark.metadata.resource_version);
            return None;
        }
        WatchEvent::Error(status) => {
            return Some(if status.code == 410 { End::TooOld } else { End::Failed });
        }
    };
    let place = Place { namespace: seen.namespace.as_deref(), name: &seen.name };
    let now = if is_there { seen.resource_version.as_str() } else { "" };
    notes.changed(&scope.kind.key(place), now);
    *version = Some(seen.resource_version);
    None
}

fn end(error: &::kube::Error) -> End {
    match error {
        ::kube::Error::Api(status) if status.code == 410 => End::TooOld,
        _ => End::Failed,
    }
}
