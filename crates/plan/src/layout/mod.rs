//! Where things stand in a cluster's folder, and the files that Res-Edge itself writes.
//!
//! In: names and the fleet's settings. Out: paths and texts. Nothing here reads a template.

pub(crate) mod flux;
pub(crate) mod manifests;

use model::{Delivery, FanOut, sha256};

/// The folder of a cluster from the root of its delivery, without slashes at its ends; empty
/// where the root is the cluster's own.
pub(crate) fn cluster_folder(delivery: &Delivery, cluster: &str) -> String {
    let Delivery::Directory { path, fan_out, .. } = delivery else {
        return String::new();
    };
    let parts = [path.as_str(), &shard(*fan_out, cluster), cluster];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

/// The folder between the delivery's path and a cluster's folder, or nothing: the first two
/// hexadecimal digits of SHA-256 of the name.
///
/// A render knows a cluster's present name only. The ledger knows its first one, and moves no
/// folder when a cluster is renamed.
pub(crate) fn shard(fan_out: FanOut, cluster: &str) -> String {
    match fan_out {
        FanOut::None => String::new(),
        FanOut::Hex2 => format!("{:02x}", sha256(cluster.as_bytes()).0[0]),
    }
}

/// A name as a YAML scalar that every reader takes for a string: names such as `123` or `on`
/// need quotes, and no name holds anything that quotes would have to escape.
pub(crate) fn scalar(name: &str) -> String {
    match schema::yaml::reads_as_string(name) {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}
