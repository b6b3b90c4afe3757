//! Lists of a server: the same columns, from the documents that it answers.

use std::fmt::Write as _;

use api::{Client, Page};
use serde_json::Value;

use super::{Arguments, Kind};
use crate::commands::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, column, wide};
use crate::remote::Remote;
use crate::session::Session;
use crate::source::is_bare_name;

/// How many documents are asked for at a time: as many as a server gives.
const PAGE: usize = 1_000;

/// Asks a server for a list, page after page, and writes it.
///
/// # Errors
/// It cannot be reached, or says why not.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(&arguments.target, session)?;
    let documents = documents(arguments, &remote, session)?.into_iter();
    let (how, terminal) = (arguments.listing, &mut *session.terminal);
    match arguments.kind {
        Kind::Clusters => listing::write(documents.map(Cluster), how, terminal),
        Kind::Groups => listing::write(documents.map(Group), how, terminal),
        Kind::Namespaces => listing::write(documents.map(Namespace), how, terminal),
        Kind::Applications => listing::write(documents.map(Application), how, terminal),
        Kind::Bindings => listing::write(documents.map(Binding), how, terminal),
    }?;
    Ok(Outcome::Done)
}

fn documents(
    arguments: &Arguments,
    remote: &Remote,
    session: &mut Session,
) -> Result<Vec<Value>, CommandError> {
    if let Some(path) = named(arguments) {
        return Ok(vec![remote.get(&path, session)?]);
    }
    let path = list(arguments);
    let mut documents = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let mut asked = path.clone();
        if let Some(next) = &next {
            let _ = write!(asked, "&continue={}", Client::escape(next));
        }
        let page: Page<Value> = remote.get(&asked, session)?;
        documents.extend(page.items);
        match page.next {
            Some(token) => next = Some(token),
            None => return Ok(documents),
        }
    }
}

/// The path of a single document, where the argument is a name.
fn named(arguments: &Arguments) -> Option<String> {
    let name = arguments.only.as_deref()?;
    let plural = plural(arguments.kind);
    match arguments.kind {
        Kind::Groups if name.starts_with('/') && !name.starts_with("/g/") => {
            Some(format!("/api/v1/{plural}{}", Client::escape_path(name)))
        }
        Kind::Groups | Kind::Bindings => None,
        _ if is_bare_name(name) => Some(format!("/api/v1/{plural}/{name}")),
        _ => None,
    }
}

/// The path of a list, with what it is narrowed by.
fn list(arguments: &Arguments) -> String {
    let mut path = format!("/api/v1/{}?limit={PAGE}", plural(arguments.kind));
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = write!(path, "&{name}={}", Client::escape(value));
        }
    };
    match arguments.only.as_deref() {
        Some(name) if is_bare_name(name) => add("application", Some(name)),
        only => add("expression", only),
    }
    add("labelSelector", arguments.selector.as_ref().map(|selector| selector.text()));
    add("$filter", arguments.filter.as_deref());
    add("sort", arguments.sort.as_deref());
    path
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Clusters => "clusters",
        Kind::Groups => "groups",
        Kind::Namespaces => "namespaces",
        Kind::Applications => "applications",
        Kind::Bindings => "bindings",
    }
}

/// The text at a place of a document; a list by its length, and labels as pairs.
fn cell(document: &Value, pointer: &str) -> String {
    match document.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.len().to_string(),
        Some(Value::Object(pairs)) => {
            let text =
                |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let pairs = pairs.iter().map(|(key, value)| format!("{key}={}", text(value)));
            pairs.collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    }
}

fn names(document: &Value, pointer: &str) -> String {
    let names = document.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

/// Things of one kind, from the places of their columns.
macro_rules! item {
    ($name:ident, $word:literal, [$(($column:expr, $read:ident, $pointer:literal)),+ $(,)?]) => {
        struct $name(Value);

        impl Item for $name {
            const COLUMNS: &'static [Column] = &[$($column),+];

            fn reference(&self) -> String {
                reference($word, &self.0)
            }

            fn cells(&self) -> Vec<String> {
                vec![$($read(&self.0, $pointer)),+]
            }

            fn document(&self) -> Value {
                self.0.clone()
            }
        }
    };
}

fn reference(word: &str, document: &Value) -> String {
    match word {
        "group" => format!("group{}", cell(document, "/status/path")),
        "binding" => {
            let (cluster, application) =
                (cell(document, "/spec/cluster"), cell(document, "/spec/application"));
            format!("binding/{cluster}/{application}")
        }
        _ => format!("{word}/{}", cell(document, "/metadata/name")),
    }
}

item!(
    Cluster,
    "cluster",
    [
        (column("NAME"), cell, "/metadata/name"),
        (column("GROUPS"), names, "/spec/groups"),
        (column("APPLICATIONS"), cell, "/status/applications"),
        (column("STEP"), cell, "/status/released/generation"),
        (column("HELD"), cell, "/status/held/kind"),
        (wide("NAMESPACES"), cell, "/status/namespaces"),
        (wide("TIME ZONE"), cell, "/spec/timeZone"),
        (wide("LABELS"), cell, "/metadata/labels"),
        (wide("DESCRIPTION"), cell, "/spec/description"),
    ]
);

item!(
    Group,
    "group",
    [
        (column("PATH"), cell, "/status/path"),
        (column("CLUSTERS"), cell, "/status/clusters"),
        (wide("EXPRESSION"), cell, "/spec/clusters"),
        (wide("LABELS"), cell, "/metadata/labels"),
        (wide("DESCRIPTION"), cell, "/spec/description"),
    ]
);

item!(
    Namespace,
    "namespace",
    [
        (column("NAME"), cell, "/metadata/name"),
        (column("CLUSTERS"), cell, "/status/clusters"),
        (column("APPLICATIONS"), cell, "/status/applications"),
        (column("EXPRESSION"), cell, "/spec/clusters"),
        (wide("LABELS"), cell, "/metadata/labels"),
        (wide("DESCRIPTION"), cell, "/spec/description"),
    ]
);

item!(
    Application,
    "application",
    [
        (column("NAME"), cell, "/metadata/name"),
        (column("NAMESPACE"), cell, "/spec/namespace"),
        (column("CLUSTERS"), cell, "/status/clusters"),
        (column("RELEASED"), cell, "/status/released/released"),
        (column("TEMPLATE"), cell, "/spec/template"),
        (wide("WAITING"), cell, "/status/released/waiting"),
        (wide("HELD"), cell, "/status/released/held"),
        (wide("STALE"), cell, "/status/released/stale"),
        (wide("VERSION"), cell, "/spec/version"),
        (wide("OWNER"), cell, "/spec/owner"),
        (wide("EXPRESSION"), cell, "/spec/clusters"),
        (wide("DEPENDS ON"), names, "/spec/dependsOn"),
        (wide("LABELS"), cell, "/metadata/labels"),
        (wide("DESCRIPTION"), cell, "/spec/description"),
    ]
);

item!(
    Binding,
    "binding",
    [
        (column("CLUSTER"), cell, "/spec/cluster"),
        (column("APPLICATION"), cell, "/spec/application"),
        (column("NAMESPACE"), cell, "/spec/namespace"),
        (column("STATE"), cell, "/status/state"),
        (column("STEP"), cell, "/status/released/generation"),
        (column("SYNCED"), cell, "/status/actual/synced"),
        (column("HEALTHY"), cell, "/status/actual/healthy"),
        (wide("REASON"), cell, "/status/actual/reason"),
        (wide("TEMPLATE"), cell, "/spec/template"),
        (wide("DESIRED"), cell, "/status/desired/tree"),
        (wide("RELEASED"), cell, "/status/released/tree"),
    ]
);
