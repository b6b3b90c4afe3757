//! The folder that holds every cluster's tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Delivery, Entry, FanOut, Layout, Mode, ObjectId, Rendered, RenderedCluster, Sink};
use rayon::prelude::*;

use crate::layout::shard;

/// Puts the trees of all clusters into one folder, as a delivery by `directory` shows them below
/// its path: a folder per cluster, spread over two hexadecimal digits where `fanOut` says so.
/// With a delivery by `branches` it is a folder per cluster too.
///
/// Broken parts are left out, and so is a cluster with nothing at all. A render knows the present
/// name of a cluster only, so under `hex2` a renamed cluster stands here by its present name; the
/// projection of the ledger keeps it where its first name put it.
pub fn folder(rendered: &Rendered, sink: &dyn Sink) -> ObjectId {
    let fan_out = match &rendered.delivery {
        Delivery::Branches => FanOut::None,
        Delivery::Directory { fan_out, .. } => *fan_out,
    };
    let flux = rendered.layout == Layout::Flux;
    let entry = |cluster: &Arc<RenderedCluster>| {
        let parts = rendered.parts(cluster);
        let name = cluster.name.as_str();
        (!parts.is_empty()).then(|| Entry::new(name, Mode::Tree, parts.compose(flux, sink)))
    };
    let entries: Vec<Entry> = rendered.clusters.par_iter().filter_map(entry).collect();
    if fan_out == FanOut::None {
        return sink.tree(&entries);
    }
    let mut shards: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        shards.entry(shard(fan_out, &entry.name)).or_default().push(entry);
    }
    let shards =
        shards.iter().map(|(name, entries)| Entry::new(name, Mode::Tree, sink.tree(entries)));
    sink.tree(&shards.collect::<Vec<_>>())
}
