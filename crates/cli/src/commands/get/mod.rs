//! `res-edge get`: lists what the source says, with what follows from it.

mod application;
mod binding;
mod cluster;
mod group;
mod namespace;
mod remote;
mod values;

use clap::ValueEnum;
use model::{ClusterSet, Span};
use plan::documents::Row;
use plan::query::{Fields, Filter, Listed, Order, QueryError, Selector};
use schema::document::Pairs;

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Item, ListingArguments};
use crate::remote::Target;
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

/// Lists clusters, groups, namespaces, applications or bindings: of the source, or of a server.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge get clusters '/g/stores/central and not /m/ring/prod'
  res-edge get bindings central-la-nola-2301
  res-edge get clusters -l 'ring in (beta,prod),!frozen' -o csv
  res-edge get clusters --filter \"region eq 'central' and applications gt 10\" --sort -region
  res-edge get bindings --server https://fleet.example --filter \"state ne 'released'\"")]
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
    /// Only what this is true of, as in OData: `region eq 'central' and contains(name, 'la')`
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// In the order of these fields, with `-` in front for the other way round
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true)]
    sort: Option<String>,
    #[command(flatten)]
    listing: ListingArguments,
    #[command(flatten)]
    target: Target,
}

/// Writes the list.
///
/// # Errors
/// The source is not accepted, or what was asked for does not exist.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    if arguments.target.is_given() {
        return remote::run(arguments, session);
    }
    let mut checked = source::check(session)?;
    let only = only(arguments, &mut checked, session)?;
    let selector = arguments.selector.clone().unwrap_or_default();
    let listed = listed(arguments.kind);
    let filter = arguments.filter.as_deref();
    let filter = ask(&mut checked, ("--filter", filter), listed, Filter::parse, session)?;
    let sort = arguments.sort.as_deref();
    let order = ask(&mut checked, ("--sort", sort), listed, Order::parse_sort, session)?;
    let order = order.unwrap_or_default();
    let list = List { checked: &checked, only, selector, filter, order, how: arguments.listing };
    match arguments.kind {
        Kind::Clusters => list.clusters(session),
        Kind::Groups => list.groups(session),
        Kind::Namespaces => list.namespaces(session),
        Kind::Applications => list.applications(session),
        Kind::Bindings => list.bindings(session),
    }?;
    Ok(Outcome::Done)
}

fn listed(kind: Kind) -> Listed {
    match kind {
        Kind::Clusters => Listed::Documents(schema::Kind::Cluster),
        Kind::Groups => Listed::Documents(schema::Kind::Group),
        Kind::Namespaces => Listed::Documents(schema::Kind::Namespace),
        Kind::Applications => Listed::Documents(schema::Kind::Application),
        Kind::Bindings => Listed::Bindings,
    }
}

/// Reads what a flag asks for, if it is given; its mistakes are presented.
fn ask<T>(
    checked: &mut Checked,
    (flag, text): (&str, Option<&str>),
    listed: Listed,
    read: impl Fn(&str, &Fields<'_>) -> Result<T, QueryError>,
    session: &mut Session,
) -> Result<Option<T>, CommandError> {
    let Some(text) = text else { return Ok(None) };
    let asked = read(text, &Fields::new(&checked.fleet, listed));
    asked.map(Some).map_err(|error| {
        let file = checked.source.files.add_text(flag, text);
        let diagnostic = error.diagnostic(Span::new(file, 0, text.len()), text);
        source::present(&checked.report(), &[diagnostic], session.terminal);
        CommandError::user(format!("`{flag}` cannot be used as it is"))
    })
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
    filter: Option<Filter>,
    order: Order,
    how: ListingArguments,
}

impl<'a> List<'a> {
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

    /// Writes what the filter accepts, in order.
    fn write<I: Item>(
        &self,
        items: impl Iterator<Item = I>,
        row: impl Fn(&I) -> Row<'a>,
        session: &mut Session,
    ) -> Result<(), CommandError> {
        let filter = self.filter.as_ref();
        let items = items.filter(|item| filter.is_none_or(|filter| filter.accepts(&row(item))));
        if self.order.is_natural() {
            return listing::write(items, self.how, session.terminal);
        }
        let mut sorted: Vec<I> = items.collect();
        self.order.sort(&mut sorted, row);
        listing::write(sorted.into_iter(), self.how, session.terminal)
    }

    fn clusters(&self, session: &mut Session) -> Result<(), CommandError> {
        let items = ClusterItem::all(self.checked).filter(|item| {
            let labels = &item.cluster.document.metadata.labels;
            self.takes(item.cluster.name.as_str(), labels, &item.itself())
        });
        self.write(items, ClusterItem::row, session)
    }

    fn groups(&self, session: &mut Session) -> Result<(), CommandError> {
        let items = group::GroupItem::all(self.checked).filter(|item| {
            let labels = &item.group.document.metadata.labels;
            self.takes(item.group.path.as_str(), labels, &item.group.clusters)
        });
        self.write(items, group::GroupItem::row, session)
    }

    fn namespaces(&self, session: &mut Session) -> Result<(), CommandError> {
        let items = namespace::NamespaceItem::all(self.checked).filter(|item| {
            let labels = &item.namespace.document.metadata.labels;
            self.takes(item.namespace.name.as_str(), labels, &item.namespace.clusters)
        });
        self.write(items, namespace::NamespaceItem::row, session)
    }

    fn applications(&self, session: &mut Session) -> Result<(), CommandError> {
        let items = application::ApplicationItem::all(self.checked).filter(|item| {
            let labels = &item.application.document.metadata.labels;
            self.takes(item.application.name.as_str(), labels, &item.application.clusters)
        });
        self.write(items, application::ApplicationItem::row, session)
    }

    /// A binding has its cluster's labels.
    fn bindings(&self, session: &mut Session) -> Result<(), CommandError> {
        let items = binding::BindingItem::all(&self.checked.fleet).filter(|item| {
            let labels = &item.cluster.document.metadata.labels;
            let is_on = match &self.only {
                Only::On(clusters) => clusters.contains(item.id),
                Only::Named(name) => item.application.name.as_str() == name,
                Only::Everything => true,
            };
            is_on && self.selector.accepts(|key| values::label(labels, key))
        });
        self.write(items, binding::BindingItem::row, session)
    }
}
