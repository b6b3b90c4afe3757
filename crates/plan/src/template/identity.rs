//! What makes a manifest a Kubernetes object: `apiVersion`, `kind`, `metadata.name`.

use model::{Diagnostic, FileId, ObjectKey, Span, check_dns_label};
use schema::yaml::emit::{Form, Leaf, Mapping, Value};

use super::canon::{Mark, MarkText, is_null};
use super::codes::NOT_AN_OBJECT;

/// The scalars that identify an object.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) api_version: Mark,
    pub(crate) kind: Mark,
    pub(crate) name: Mark,
    pub(crate) namespace: Option<Mark>,
}

/// The value of a key.
pub(crate) fn field<'v>(mapping: &'v Mapping<Mark>, name: &str) -> Option<&'v Value<Mark>> {
    let is_named = |key: &Mark| matches!(&key.text, MarkText::Fixed(leaf) if leaf.text() == name);
    mapping.pairs().iter().find(|(key, _)| is_named(key)).map(|(_, value)| value)
}

/// The text of a field, where it is known.
pub(crate) fn fixed_field<'v>(mapping: &'v Mapping<Mark>, name: &str) -> Option<&'v str> {
    match field(mapping, name)? {
        Value::Leaf(Mark { text: MarkText::Fixed(leaf), .. }) => Some(leaf.text()),
        _ => None,
    }
}

impl Identity {
    /// The identity of an object that starts at `span`.
    pub(crate) fn of(object: &Mapping<Mark>, span: Span) -> Result<Self, Diagnostic> {
        let metadata = match field(object, "metadata") {
            Some(Value::Mapping(metadata)) => metadata,
            _ => &Mapping::new(),
        };
        let api_version = scalar(object, "apiVersion", "apiVersion", span)?;
        let kind = scalar(object, "kind", "kind", span)?;
        if field(metadata, "name").is_none() && field(metadata, "generateName").is_some() {
            return Err(missing("metadata.name", span)
                .hint("`generateName` would make another object every time: give it a name"));
        }
        let name = scalar(metadata, "name", "metadata.name", span)?;
        let is_written =
            |mark: &Mark| !matches!(&mark.text, MarkText::Fixed(leaf) if is_null(leaf));
        let namespace = match field(metadata, "namespace") {
            None => None,
            Some(_) => Some(scalar(metadata, "namespace", "metadata.namespace", span)?),
        };
        Ok(Self { api_version, kind, name, namespace: namespace.filter(is_written) })
    }

    /// The key of the object and its API version, given the scalar of each place.
    pub(crate) fn resolve(
        &self,
        file: FileId,
        leaf: impl Fn(usize) -> Leaf,
    ) -> Result<(ObjectKey, String), Vec<Diagnostic>> {
        let (mut texts, mut errors) = (Vec::new(), Vec::new());
        let read = |mark: &Mark| match &mark.text {
            MarkText::Fixed(leaf) => leaf.clone(),
            MarkText::Open(place) => leaf(*place),
        };
        let is_secret = read(&self.kind).text() == "Secret";
        for field in self.fields() {
            match field.check(file, &read(field.mark), is_secret) {
                Ok(text) => texts.push(text),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let (api_version, kind, name) = (next(), next(), next());
        let namespace = texts.next().filter(|namespace| !namespace.is_empty());
        let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
        Ok((ObjectKey { group, kind, namespace, name }, api_version))
    }

    /// What is wrong whatever the values are.
    pub(crate) fn check_fixed(&self, file: FileId) -> Vec<Diagnostic> {
        let check = |field: Field<'_>| match &field.mark.text {
            MarkText::Fixed(leaf) => field.check(file, leaf, false).err(),
            MarkText::Open(_) => None,
        };
        self.fields().filter_map(check).collect()
    }

    /// The places that it waits for.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.fields().filter_map(|field| field.mark.place())
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let namespace = self.namespace.as_ref();
        let always = [
            Field { mark: &self.api_version, path: "apiVersion", is_valid: is_api_version },
            Field { mark: &self.kind, path: "kind", is_valid: is_kind },
            Field { mark: &self.name, path: "metadata.name", is_valid: is_name },
        ];
        let path = "metadata.namespace";
        always.into_iter().chain(namespace.map(|mark| Field { mark, path, is_valid: is_namespace }))
    }
}

/// A field of the identity.
struct Field<'a> {
    mark: &'a Mark,
    path: &'static str,
    is_valid: fn(&str) -> bool,
}

impl Field<'_> {
    fn check(&self, file: FileId, leaf: &Leaf, secret: bool) -> Result<String, Diagnostic> {
        let span = Span::new(file, self.mark.range.start, self.mark.range.end);
        let path = self.path;
        let short: String = leaf.text().chars().take(300).collect();
        let quoted = if secret { "the value".to_owned() } else { format!("`{short}`") };
        if leaf.form() != Form::String {
            let message = format!("`{path}` must be a string, and {quoted} is none");
            return Err(Diagnostic::error(&NOT_AN_OBJECT, span, message).hint("put it in quotes"));
        }
        if !(self.is_valid)(leaf.text()) {
            let message = format!("{quoted} is no `{path}` that Kubernetes takes");
            return Err(Diagnostic::error(&NOT_AN_OBJECT, span, message));
        }
        Ok(leaf.text().to_owned())
    }
}

fn scalar(mapping: &Mapping<Mark>, key: &str, path: &str, span: Span) -> Result<Mark, Diagnostic> {
    match field(mapping, key) {
        Some(Value::Leaf(mark)) => Ok(mark.clone()),
        Some(_) => Err(Diagnostic::error(
            &NOT_AN_OBJECT,
            span,
            format!("`{path}` of this object must be a string"),
        )),
        None => Err(missing(path, span)),
    }
}

fn missing(path: &str, span: Span) -> Diagnostic {
    let message = format!("this is no Kubernetes object: it has no `{path}`");
    Diagnostic::error(&NOT_AN_OBJECT, span, message)
        .hint("a file of a template in the layout `manifests` holds Kubernetes objects only")
}

/// `v1` or `<group>/<version>`; a group is a DNS subdomain.
fn is_api_version(text: &str) -> bool {
    let (group, version) = text.split_once('/').unwrap_or(("x", text));
    let in_group = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let is_group = !group.is_empty() && group.len() <= 253 && group.chars().all(in_group);
    is_group
        && !group.starts_with(['.', '-'])
        && !version.is_empty()
        && version.len() <= 63
        && version.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A path segment
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names>);
/// most kinds allow less.
fn is_name(text: &str) -> bool {
    let in_name = |c: char| !matches!(c, '/' | '%' | '\\') && !c.is_whitespace() && !c.is_control();
    !matches!(text, "" | "." | "..") && text.len() <= 253 && text.chars().all(in_name)
}

fn is_namespace(text: &str) -> bool {
    text.is_empty() || check_dns_label(text).is_ok()
}
