//! What a query asks of a document or a binding.

use model::{ApplicationId, ClusterId, NamespaceId, Scalar};
use schema::Kind;
use schema::document::{ExpressionText, Pairs, Spanned};

use super::DocumentId;
use crate::Fleet;
use crate::query::{Datum, Field, Fixed};

/// One thing of a list.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A document.
    Document(&'a Fleet, DocumentId),
    /// A binding.
    Binding(Binding<'a>),
}

/// A binding of a list.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The fleet.
    pub fleet: &'a Fleet,
    /// The application.
    pub application: ApplicationId,
    /// The cluster.
    pub cluster: ClusterId,
    /// How it stands with its release, where a ledger is known.
    pub state: Option<&'static str>,
    /// The step that released its present tree.
    pub released: Option<u32>,
}

impl<'a> Row<'a> {
    /// The labels; those of a binding are its cluster's.
    #[must_use]
    pub fn labels(&self) -> &'a Pairs {
        let (fleet, id) = self.document();
        fleet.document_labels(id)
    }

    /// What a field holds.
    #[must_use]
    pub fn datum(&self, field: &Field) -> Datum<'a> {
        match field {
            Field::Fixed(fixed) => self.fixed(*fixed),
            Field::Label(key) => of_pairs(self.labels(), key),
            Field::Value(key) => of_pairs(self.values(), key),
            Field::Key(key) => match of_pairs(self.labels(), key) {
                Datum::Null => of_pairs(self.values(), key),
                label => label,
            },
        }
    }

    fn values(&self) -> &'a Pairs {
        let (fleet, id) = self.document();
        fleet.document_values(id)
    }

    /// The document whose labels and values count.
    fn document(&self) -> (&'a Fleet, DocumentId) {
        match *self {
            Self::Document(fleet, id) => (fleet, id),
            Self::Binding(binding) => {
                let index = binding.cluster.0;
                (binding.fleet, DocumentId { kind: Kind::Cluster, index })
            }
        }
    }

    fn fixed(&self, fixed: Fixed) -> Datum<'a> {
        match *self {
            Self::Document(fleet, id) => document_datum(fleet, id, fixed),
            Self::Binding(binding) => binding_datum(binding, fixed),
        }
    }
}

fn of_pairs<'a>(pairs: &'a Pairs, key: &str) -> Datum<'a> {
    let found = pairs.iter().find(|(name, _)| *name.value == *key);
    found.map_or(Datum::Null, |(_, scalar)| Datum::Scalar(&scalar.value))
}

fn scalar(scalar: Option<&Spanned<Scalar>>) -> Datum<'_> {
    scalar.map_or(Datum::Null, |scalar| Datum::Scalar(&scalar.value))
}

fn expression(expression: Option<&ExpressionText>) -> Datum<'_> {
    expression.map_or(Datum::Null, |expression| Datum::Text(&expression.value))
}

fn document_datum(fleet: &Fleet, id: DocumentId, fixed: Fixed) -> Datum<'_> {
    if fixed == Fixed::Name {
        return Datum::Text(fleet.document_name(id));
    }
    let index = id.index as usize;
    match id.kind {
        Kind::Cluster => cluster_datum(fleet, ClusterId(id.index), fixed),
        Kind::Group => {
            let group = &fleet.groups[index];
            let document = &group.document;
            match fixed {
                Fixed::Description => scalar(document.description.as_ref()),
                Fixed::Parent => group.path.parent().map_or(Datum::Null, Datum::Text),
                Fixed::Expression => expression(document.clusters.as_ref()),
                Fixed::Clusters => Datum::count(group.clusters.len()),
                _ => Datum::Null,
            }
        }
        Kind::Namespace => {
            let namespace = &fleet.namespaces[index];
            let document = &namespace.document;
            match fixed {
                Fixed::Description => scalar(document.description.as_ref()),
                Fixed::Expression => expression(document.clusters.as_ref()),
                Fixed::Clusters => Datum::count(namespace.clusters.len()),
                Fixed::Applications => {
                    Datum::count(fleet.applications_of(NamespaceId(id.index)).count())
                }
                _ => Datum::Null,
            }
        }
        Kind::Application => application_datum(fleet, ApplicationId(id.index), fixed),
        Kind::Fleet | Kind::Role => Datum::Null,
    }
}

fn cluster_datum(fleet: &Fleet, id: ClusterId, fixed: Fixed) -> Datum<'_> {
    let document = &fleet.clusters[id.index()].document;
    match fixed {
        Fixed::Description => scalar(document.description.as_ref()),
        Fixed::TimeZone => scalar(document.time_zone.as_ref()),
        Fixed::Decommission => Datum::Boolean(document.decommission),
        Fixed::Applications => Datum::count(fleet.applications_on(id).count()),
        Fixed::Namespaces => Datum::count(fleet.namespaces_on(id).count()),
        _ => Datum::Null,
    }
}

fn application_datum(fleet: &Fleet, id: ApplicationId, fixed: Fixed) -> Datum<'_> {
    let application = &fleet.applications[id.0 as usize];
    let document = &application.document;
    match fixed {
        Fixed::Description => scalar(document.description.as_ref()),
        Fixed::Namespace => Datum::Text(document.namespace.value.as_str()),
        Fixed::Template => Datum::Text(&document.template.value),
        Fixed::Version => document.version.as_ref().map_or(Datum::Null, |v| Datum::Text(&v.value)),
        Fixed::Owner => scalar(document.owner.as_ref()),
        Fixed::Expression => expression(document.clusters.as_ref()),
        Fixed::Clusters => Datum::count(application.clusters.len()),
        _ => Datum::Null,
    }
}

fn binding_datum(binding: Binding<'_>, fixed: Fixed) -> Datum<'_> {
    let fleet = binding.fleet;
    match fixed {
        Fixed::Application => {
            Datum::Text(fleet.applications[binding.application.0 as usize].name.as_str())
        }
        Fixed::Cluster => Datum::Text(fleet.clusters[binding.cluster.index()].name.as_str()),
        Fixed::State => binding.state.map_or(Datum::Null, Datum::Text),
        Fixed::Generation => {
            binding.released.map_or(Datum::Null, |step| Datum::count(step as usize))
        }
        Fixed::TimeZone => cluster_datum(fleet, binding.cluster, fixed),
        Fixed::Namespace | Fixed::Template | Fixed::Version | Fixed::Owner => {
            application_datum(fleet, binding.application, fixed)
        }
        _ => Datum::Null,
    }
}
