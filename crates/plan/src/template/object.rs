//! The layout `manifests`: the objects of a file, each in the canonical form.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use model::{Base, Diagnostic, FileId, Files, ObjectId, ObjectKey, Scalar, Sink, Span};
use schema::yaml::Node;
use schema::yaml::emit::{Mapping, Value};

use super::body::Body;
use super::canon::{Canon, Mark, MarkText};
use super::codes::NOT_AN_OBJECT;
use super::compose::compose;
use super::file::{file_of, is_encrypted, is_json_file, understand_manifests};
use super::identity::{Identity, field, fixed_field};
use super::keys::KeyGroup;
use super::lint::lint;
use super::place::{KeyUse, Place};
use super::spot::leaf_of;
use super::survey::{Survey, survey};

/// A Kubernetes object of a template, ready to be filled.
#[derive(Clone, Debug)]
pub struct ObjectTemplate {
    body: Body,
    identity: Identity,
    warnings: Vec<Diagnostic>,
}

/// An object, filled and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledObject {
    /// Which object it is.
    pub key: ObjectKey,
    /// Its API version.
    pub api_version: String,
    /// The canonical text.
    pub blob: ObjectId,
    /// Where its name is written.
    pub span: Span,
}

/// Parses a template file for the layout `manifests` into its objects; their bases are numbered
/// from `first_number` on.
///
/// An object `List` counts as its items. Documents that SOPS encrypted are not filled, and are
/// output as they are written.
///
/// # Errors
/// Why the file holds no objects, or cannot be filled.
///
/// # Panics
/// If the id is not of these files.
pub fn parse_objects(
    files: &Files,
    file: FileId,
    first_number: u32,
) -> Result<Vec<ObjectTemplate>, Vec<Diagnostic>> {
    let source = file_of(files, file);
    let (text, stream) = understand_manifests(source, file)?;
    let encrypted = is_encrypted(&stream);
    let survey = if encrypted {
        Survey::default()
    } else {
        survey(text, &stream, file, is_json_file(&source.path), false)?
    };
    let mut canon = Canon::new(text, file, &survey, &stream.documents);
    let (mut objects, mut errors) = (Vec::new(), Vec::new());
    for (index, document) in stream.documents.iter().enumerate() {
        let span =
            Span::new(file, document.range.start, document.range.end.min(document.range.start + 1));
        let found = match canon.value(document, 0) {
            Ok(value) if encrypted => keep_document(value, text, &stream.documents, index, span),
            Ok(value) => {
                let mut found = Vec::new();
                expand(value, span, &mut found).map(|()| found)
            }
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => objects.extend(found),
            Err(error) => errors.push(error),
        }
    }
    errors.extend(objects.iter().flat_map(|object| object.identity.check_fixed(file)));
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut templates: Vec<ObjectTemplate> = (first_number..)
        .zip(objects)
        .map(|(number, object)| object.into_template(file, number, &survey))
        .collect();
    if let Some(first) = templates.first_mut() {
        first.warnings = survey.warnings;
        if !encrypted {
            let json = is_json_file(&source.path);
            first.warnings.extend(lint(&stream.documents, file, json, false));
        }
    }
    Ok(templates)
}

/// An object before its text is composed.
struct Found {
    identity: Identity,
    content: FoundContent,
}

enum FoundContent {
    Tree(Value<Mark>),
    Encrypted(String),
}

/// The objects of a document: itself, or the items of a List.
fn expand(value: Value<Mark>, span: Span, found: &mut Vec<Found>) -> Result<(), Diagnostic> {
    let Value::Mapping(object) = &value else {
        let message = "this document is no mapping, so it is no Kubernetes object";
        return Err(Diagnostic::error(&NOT_AN_OBJECT, span, message)
            .hint("a file of a template in the layout `manifests` holds Kubernetes objects only"));
    };
    if !is_list(object) {
        let identity = Identity::of(object, span)?;
        found.push(Found { identity, content: FoundContent::Tree(value) });
        return Ok(());
    }
    let Some(Value::Sequence(items)) = field(object, "items") else {
        let message = "`items` of this List must be a list of objects";
        return Err(Diagnostic::error(&NOT_AN_OBJECT, span, message));
    };
    for item in items {
        let span =
            first_key(item).map_or(span, |range| Span::new(span.file, range.start, range.end));
        expand(item.clone(), span, found)?;
    }
    Ok(())
}

fn is_list(object: &Mapping<Mark>) -> bool {
    fixed_field(object, "kind") == Some("List") && fixed_field(object, "apiVersion") == Some("v1")
}

/// The key of an object that stands first in the file.
fn first_key(value: &Value<Mark>) -> Option<Range<usize>> {
    let Value::Mapping(object) = value else { return None };
    object.pairs().iter().map(|(key, _)| key.range.clone()).min_by_key(|range| range.start)
}

/// A document of an encrypted file as it is written, without the marks around it.
fn keep_document(
    value: Value<Mark>,
    text: &str,
    documents: &[Node],
    index: usize,
    span: Span,
) -> Result<Vec<Found>, Diagnostic> {
    let Value::Mapping(object) = &value else {
        let message = "this document is no mapping, so it is no Kubernetes object";
        return Err(Diagnostic::error(&NOT_AN_OBJECT, span, message));
    };
    let identity = Identity::of(object, span)?;
    let kept = if let [_] = documents {
        text.to_owned()
    } else {
        let end = documents.get(index + 1).map_or(text.len(), |next| next.range.start);
        let kept = &text[documents[index].range.start..end];
        let marker = kept.find("\n---").or_else(|| kept.find("\n...")).unwrap_or(kept.len());
        format!("{}\n", kept[..marker].trim_end_matches(['\r', '\n']))
    };
    Ok(vec![Found { identity, content: FoundContent::Encrypted(kept) }])
}

impl Found {
    fn into_template(self, file: FileId, number: u32, survey: &Survey) -> ObjectTemplate {
        let (mut value, mut identity) = match self.content {
            FoundContent::Tree(value) => (value, self.identity),
            FoundContent::Encrypted(text) => {
                let body = Body::fixed(file, Base { number, bytes: text.as_bytes().into() });
                return ObjectTemplate { body, identity: self.identity, warnings: Vec::new() };
            }
        };
        let narrowed = Narrowed::new(&value, survey);
        narrowed.renumber(&mut value);
        narrowed.renumber_identity(&mut identity);
        let (text, steps) = compose(&value, &narrowed.places);
        let base = Base { number, bytes: text.as_bytes().into() };
        let Narrowed { keys, places, groups, .. } = narrowed;
        let body = Body { file, base, keys, places, groups, steps };
        ObjectTemplate { body, identity, warnings: Vec::new() }
    }
}

/// The part of a survey that one object needs.
struct Narrowed {
    numbers: HashMap<usize, usize>,
    keys: Vec<KeyUse>,
    places: Vec<Place>,
    groups: Vec<KeyGroup>,
}

impl Narrowed {
    fn new(value: &Value<Mark>, survey: &Survey) -> Self {
        let mut used = BTreeSet::new();
        collect_places(value, &mut used);
        let numbers: HashMap<usize, usize> =
            used.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let mut keys: Vec<KeyUse> = Vec::new();
        let mut places: Vec<Place> = used.iter().map(|old| survey.places[*old].clone()).collect();
        for hole in places.iter_mut().flat_map(|place| &mut place.holes) {
            let known = &survey.keys[hole.key];
            let found = keys.iter().position(|key| key == known);
            hole.key = found.unwrap_or(keys.len());
            if found.is_none() {
                keys.push(known.clone());
            }
        }
        let groups = survey.groups.iter().map(|group| group.renumbered(&numbers));
        let groups = groups.filter(|group| !group.open.is_empty()).collect();
        Self { numbers, keys, places, groups }
    }

    fn renumber(&self, value: &mut Value<Mark>) {
        match value {
            Value::Leaf(mark) => self.renumber_mark(mark),
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.renumber(item)),
            Value::Mapping(mapping) => {
                for (key, value) in mapping.pairs_mut() {
                    self.renumber_mark(key);
                    self.renumber(value);
                }
            }
        }
    }

    fn renumber_identity(&self, identity: &mut Identity) {
        let fields = [&mut identity.api_version, &mut identity.kind, &mut identity.name];
        fields.into_iter().chain(&mut identity.namespace).for_each(|mark| self.renumber_mark(mark));
    }

    fn renumber_mark(&self, mark: &mut Mark) {
        if let MarkText::Open(place) = &mut mark.text {
            *place = self.numbers[place];
        }
    }
}

fn collect_places(value: &Value<Mark>, used: &mut BTreeSet<usize>) {
    match value {
        Value::Leaf(mark) => used.extend(mark.place()),
        Value::Sequence(items) => items.iter().for_each(|item| collect_places(item, used)),
        Value::Mapping(mapping) => {
            for (key, value) in mapping.pairs() {
                used.extend(key.place());
                collect_places(value, used);
            }
        }
    }
}

impl ObjectTemplate {
    /// The keys that the object uses, each once.
    #[must_use]
    pub fn keys(&self) -> &[KeyUse] {
        &self.body.keys
    }

    /// The canonical text with its placeholders unfilled.
    pub(crate) fn text(&self) -> std::sync::Arc<[u8]> {
        std::sync::Arc::clone(&self.body.base.bytes)
    }

    /// What was found in the file that refuses nothing; the first object of a file has it.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The object with one value for each of [`Self::keys`], in their order.
    ///
    /// # Errors
    /// Why values cannot stand in their places, one diagnostic for each place; or why the result
    /// is no object of Kubernetes.
    ///
    /// # Panics
    /// If there are fewer values than keys.
    pub fn fill(
        &self,
        values: &[&Scalar],
        sink: &dyn Sink,
    ) -> Result<FilledObject, Vec<Diagnostic>> {
        self.body.check(values)?;
        let (key, api_version) = self.identify(values)?;
        let blob = self.body.write(values, sink);
        Ok(FilledObject { key, api_version, blob, span: self.span() })
    }

    /// What is written for the object.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// Where its name is written.
    pub(crate) fn span(&self) -> Span {
        let name = &self.identity.name.range;
        Span::new(self.body.file, name.start, name.end)
    }

    /// The keys that its identity uses.
    pub(crate) fn identity_keys(&self) -> Vec<usize> {
        let places = self.identity.places().map(|place| &self.body.places[place]);
        places.flat_map(|place| place.holes.iter().map(|hole| hole.key)).collect()
    }

    /// The key of the object and its API version; only the values of [`Self::identity_keys`] are
    /// looked at.
    pub(crate) fn identify(
        &self,
        values: &[&Scalar],
    ) -> Result<(ObjectKey, String), Vec<Diagnostic>> {
        self.identity.resolve(self.body.file, |place| leaf_of(&self.body.places[place], values))
    }
}
