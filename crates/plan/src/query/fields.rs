//! The fields that a kind of list has, by name and by path.

use std::collections::BTreeSet;

use schema::Kind;
use schema::nearest;

use super::{QueryError, codes};
use crate::Fleet;
use crate::expression::{Extent, short};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Documents of a kind.
    Documents(Kind),
    /// Bindings.
    Bindings,
}

/// A field of a document or a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// One that every document of the kind may have.
    Fixed(Fixed),
    /// A label.
    Label(Box<str>),
    /// An own value.
    Value(Box<str>),
    /// A label or an own value: they share one space of keys.
    Key(Box<str>),
}

/// The fields that are not keys of the user's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says where each stands")]
pub enum Fixed {
    Name,
    Description,
    TimeZone,
    Decommission,
    Parent,
    Expression,
    Namespace,
    Template,
    Version,
    Owner,
    Clusters,
    Applications,
    Namespaces,
    Application,
    Cluster,
    State,
    Generation,
}

type Row = (&'static str, &'static str, Fixed);

const NAME: Row = ("name", "metadata/name", Fixed::Name);
const DESCRIPTION: Row = ("description", "spec/description", Fixed::Description);
const EXPRESSION: Row = ("expression", "spec/clusters", Fixed::Expression);
const CLUSTERS: Row = ("clusters", "status/clusters", Fixed::Clusters);
const TIME_ZONE: Row = ("timeZone", "spec/timeZone", Fixed::TimeZone);
const NAMESPACE: Row = ("namespace", "spec/namespace", Fixed::Namespace);
const TEMPLATE: Row = ("template", "spec/template", Fixed::Template);
const VERSION: Row = ("version", "spec/version", Fixed::Version);
const OWNER: Row = ("owner", "spec/owner", Fixed::Owner);

/// Name, path and field, for each kind of list.
fn table(listed: Listed) -> &'static [Row] {
    match listed {
        Listed::Documents(Kind::Cluster) => &[
            NAME,
            DESCRIPTION,
            TIME_ZONE,
            ("decommission", "spec/decommission", Fixed::Decommission),
            ("applications", "status/applications", Fixed::Applications),
            ("namespaces", "status/namespaces", Fixed::Namespaces),
        ],
        Listed::Documents(Kind::Group) => {
            const PATH: Row = ("path", "status/path", Fixed::Name);
            const PARENT: Row = ("parent", "spec/parent", Fixed::Parent);
            &[PATH, NAME, DESCRIPTION, PARENT, EXPRESSION, CLUSTERS]
        }
        Listed::Documents(Kind::Namespace) => {
            const APPLICATIONS: Row = ("applications", "status/applications", Fixed::Applications);
            &[NAME, DESCRIPTION, EXPRESSION, CLUSTERS, APPLICATIONS]
        }
        Listed::Documents(Kind::Application) => {
            &[NAME, DESCRIPTION, NAMESPACE, TEMPLATE, VERSION, OWNER, EXPRESSION, CLUSTERS]
        }
        Listed::Documents(Kind::Fleet | Kind::Role) => &[NAME],
        Listed::Bindings => &[
            ("application", "spec/application", Fixed::Application),
            ("cluster", "spec/cluster", Fixed::Cluster),
            NAMESPACE,
            TEMPLATE,
            VERSION,
            OWNER,
            TIME_ZONE,
            ("state", "status/state", Fixed::State),
            ("generation", "status/released/generation", Fixed::Generation),
        ],
    }
}

/// The fields of one kind of list in one fleet.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    fleet: &'a Fleet,
    listed: Listed,
}

impl<'a> Fields<'a> {
    /// The fields of a kind of list.
    #[must_use]
    pub fn new(fleet: &'a Fleet, listed: Listed) -> Self {
        Self { fleet, listed }
    }

    /// The field of a name or a path.
    ///
    /// # Errors
    /// There is none; the nearest is named.
    pub fn find(&self, name: &str, extent: Extent) -> Result<Field, QueryError> {
        let fixed =
            table(self.listed).iter().find(|(known, path, _)| name == *known || name == *path);
        if let Some((.., fixed)) = fixed {
            return Ok(Field::Fixed(*fixed));
        }
        for (start, field) in [
            ("metadata/labels/", Field::Label as fn(Box<str>) -> Field),
            ("labels/", Field::Label),
            ("spec/values/", Field::Value),
            ("values/", Field::Value),
        ] {
            if let Some(key) = name.strip_prefix(start).filter(|key| !key.is_empty()) {
                let known = self.has_key(key);
                return if known { Ok(field(key.into())) } else { Err(self.unknown(name, extent)) };
            }
        }
        if self.has_key(name) {
            return Ok(Field::Key(name.into()));
        }
        Err(self.unknown(name, extent))
    }

    /// The paths at which a name stands in a document, for a selection of fields: those of a
    /// field, or a part of a document such as `spec/values`.
    ///
    /// # Errors
    /// There is no such field or part.
    pub fn paths(&self, name: &str, extent: Extent) -> Result<Vec<String>, QueryError> {
        if self.is_part(name) {
            return Ok(vec![name.to_owned()]);
        }
        let row = |fixed: Fixed| {
            let row = table(self.listed)
                .iter()
                .find(|(known, path, field)| *field == fixed && (name == *known || name == *path));
            row.map_or_else(Vec::new, |(_, path, _)| vec![(*path).to_owned()])
        };
        Ok(match self.find(name, extent)? {
            Field::Fixed(fixed) => row(fixed),
            Field::Label(key) => vec![format!("metadata/labels/{key}")],
            Field::Value(key) => vec![format!("spec/values/{key}")],
            Field::Key(key) => {
                vec![format!("metadata/labels/{key}"), format!("spec/values/{key}")]
            }
        })
    }

    /// Whether a path is a part of every document of the kind.
    fn is_part(&self, path: &str) -> bool {
        if matches!(path, "apiVersion" | "kind" | "metadata" | "spec" | "status") {
            return true;
        }
        let Listed::Documents(kind) = self.listed else {
            return matches!(path, "status/desired" | "status/released" | "status/stale");
        };
        let Some((part, name)) = path.split_once('/') else { return false };
        let field = schema::shape::shape_of(kind).field(part).map(|(_, field)| &field.form);
        match field {
            Some(schema::shape::Form::Object(shape)) => {
                shape.field(name).is_some() || (part, name) == ("metadata", "resourceVersion")
            }
            _ => part == "status" && matches!(name, "released" | "held"),
        }
    }

    fn has_key(&self, key: &str) -> bool {
        self.any_key(&mut |known| known == key)
    }

    fn any_key(&self, is_wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        let kind = match self.listed {
            Listed::Documents(kind) => kind,
            Listed::Bindings => Kind::Cluster,
        };
        self.fleet.documents(kind).any(|id| {
            let labels = self.fleet.document_labels(id).iter();
            labels.chain(self.fleet.document_values(id)).any(|(key, _)| is_wanted(&key.value))
        }) || (kind == Kind::Cluster && self.fleet.declares(is_wanted))
    }

    fn unknown(&self, name: &str, extent: Extent) -> QueryError {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let is_path = name.contains('/');
        for (field, path, _) in table(self.listed) {
            known.insert((if is_path { *path } else { *field }).to_owned());
        }
        let start = name.rsplit_once('/').map_or(String::new(), |(start, _)| format!("{start}/"));
        self.any_key(&mut |key| {
            if !known.contains(key) {
                known.insert(format!("{start}{key}"));
            }
            false
        });
        let message = format!("there is no field `{}` in this list", short(name));
        QueryError {
            code: &codes::UNKNOWN_FIELD,
            message,
            extent,
            hint: nearest::hint(name, known.iter().map(String::as_str)),
        }
    }
}

impl Fleet {
    /// Whether a label that the vocabulary declares is wanted: no cluster may have it yet.
    fn declares(&self, is_wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        let vocabulary = self.tables().document.vocabulary.iter().flatten();
        vocabulary.into_iter().any(|(key, _)| is_wanted(&key.value))
    }
}
