//! `res-edge get`: lists what the source says, with what follows from it.

mod application;
mod binding;
mod cluster;
mod group;
mod namespace;
mod values;

use clap::ValueEnum;
use model::ClusterSet;
use schema::document::Pairs;

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, ListingArguments};
use crate::selector::Selector;
use crate::session::Session;
use crate::source::{self, Checked, is_bare_name, unknown};

pub(crate) use cluster::ClusterItem;

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    #[value(alias = "cluster")]
    Clusters,
    #[value(alias = "group")]
    Groups,
    #[value(alias = "namespace", alias = "ns")]
    Namespaces,
    #[value(alias = "application", alias = "app", alias = "apps")]
    Applications,
    #[value(alias = "binding")]
    Bindings,
}

/// Lists clusters, groups, namespaces, applications or bindings.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge get clusters '/g/stores/central and not /m/ring/prod'
  res-edge get applications -o wide
  res-edge get bindings central-la-nola-2301
  res-edge get clusters -l 'ring in (beta,prod),!frozen' -o csv")]
pub(crate) struct Arguments {
    /// clusters, groups, namespaces, applications or bindings
    #[arg(value_enum, hide_possible_values = true)]
    kind: Kind,
    /// Only these: an expression that selects clusters, or a name
    #[arg(value_name = "EXPR|NAME")]
    only: Option<String>,
    /// Only what has these labels, as kubectl reads them
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<Selector>,
    #[command(flatten)]
    listing: ListingArguments,
}

/// Writes the list.
///
/// # Errors
/// The source is not accepted, or what was asked for does not exist.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let mut checked = source::check(session)?;
    let only = only(arguments, &mut checked, session)?;
    let selector = arguments.selector.clone().unwrap_or_default();
    let list = List { checked: &checked, only, selector, how: arguments.listing };
    match arguments.kind {
        Kind::Clusters => list.clusters(session),
        Kind::Groups => list.groups(session),
        Kind::Namespaces => list.namespaces(session),
        Kind::Applications => list.applications(session),
        Kind::Bindings => list.bindings(session),
    }?;
    Ok(Outcome::Done)
}

/// What the argument narrows the list to.
enum Only {
    Everything,
    Named(String),
    On(ClusterSet),
}

fn only(
    arguments: &Arguments,
    checked: &mut Checked,
    session: &mut Session,
) -> Result<Only, CommandError> {
    let Some(text) = &arguments.only else { return Ok(Only::Everything) };
    let known = named(arguments.kind, text, checked);
    match known {
        Some(true) => Ok(Only::Named(text.clone())),
        Some(false) if is_bare_name(text) => {
            Err(unknown(noun(arguments.kind), text, &names(arguments.kind, checked)))
        }
        _ => checked.select_or_name(text, session).map(Only::On),
    }
}

/// Whether the text is the name of something of the kind; nothing where a name would be a
/// cluster's anyway.
fn named(kind: Kind, text: &str, checked: &Checked) -> Option<bool> {
    let fleet = &checked.fleet;
    match kind {
        Kind::Clusters => None,
        Kind::Groups => Some(fleet.group_id(text).is_some()),
        Kind::Namespaces => Some(fleet.namespace_id(text).is_some()),
        Kind::Applications => Some(fleet.application_id(text).is_some()),
        Kind::Bindings => fleet.application_id(text).map(|_| true),
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Clusters | Kind::Bindings => "cluster",
        Kind::Groups => "group",
        Kind::Namespaces => "namespace",
        Kind::Applications => "application",
    }
}

fn names(kind: Kind, checked: &Checked) -> Vec<String> {
    let fleet = &checked.fleet;
    match kind {
        Kind::Clusters | Kind::Bindings => checked.clusters.clone(),
        Kind::Groups => fleet.groups.iter().map(|group| group.path.to_string()).collect(),
        Kind::Namespaces => fleet.namespaces.iter().map(|one| one.name.to_string()).collect(),
        Kind::Applications => fleet.applications.iter().map(|one| one.name.to_string()).collect(),
    }
}

/// One list, asked for.
struct List<'a> {
    checked: &'a Checked,
    only: Only,
    selector: Selector,
    how: ListingArguments,
}

impl List<'_> {
    /// Whether something of this name, labels and clusters is in the list.
    fn takes(&self, name: &str, labels: &Pairs, clusters: &ClusterSet) -> bool {
        let chosen = match &self.only {
            Only::Everything => true,
            Only::Named(only) => only == name,
            Only::On(only) => {
                let mut both = only.clone();
                both.intersect(clusters);
                !both.is_empty()
            }
        };
        chosen && self.selector.accepts(|key| values::label(labels, key))
    }

    fn clusters(&self, session: &mut Session) -> Result<(), CommandError> {
        let items = ClusterItem::all(&self.checked.fleet).filter(|item| {
            let labels = &item.cluster.document.metadata.labels;
            self.takes(item.cluster.name.as_str(), labels, &item.itself())
        });
        listing::write(items, self.how, session.terminal)
    }

    fn groups(&self, session: &mut Session) -> Result<(), CommandError> {
        let groups = self.checked.fleet.groups.iter().filter(|group| {
            self.takes(group.path.as_str(), &group.document.metadata.labels, &group.clusters)
        });
        listing::write(groups.map(group::GroupItem), self.how, session.terminal)
    }

    fn namespaces(&self, session: &mut Session) -> Result<(), CommandError> {
        let fleet = &self.checked.fleet;
        let items = namespace::NamespaceItem::all(fleet).filter(|item| {
            let labels = &item.namespace.document.metadata.labels;
            self.takes(item.namespace.name.as_str(), labels, &item.namespace.clusters)
        });
        listing::write(items, self.how, session.terminal)
    }

    fn applications(&self, session: &mut Session) -> Result<(), CommandError> {
        let fleet = &self.checked.fleet;
        let items = application::ApplicationItem::all(fleet).filter(|item| {
            let labels = &item.application.document.metadata.labels;
            self.takes(item.application.name.as_str(), labels, &item.application.clusters)
        });
        listing::write(items, self.how, session.terminal)
    }

    /// A binding has its cluster's labels.
    fn bindings(&self, session: &mut Session) -> Result<(), CommandError> {
        let fleet = &self.checked.fleet;
        let items = binding::BindingItem::all(fleet).filter(|item| match &self.only {
            Only::Named(name) => item.application.name.as_str() == name,
            Only::Everything | Only::On(_) => true,
        });
        let items = items.filter(|item| {
            let labels = &item.cluster.document.metadata.labels;
            let on = match &self.only {
                Only::On(clusters) => clusters.contains(item.id),
                Only::Everything | Only::Named(_) => true,
            };
            on && self.selector.accepts(|key| values::label(labels, key))
        });
        listing::write(items, self.how, session.terminal)
    }
}
