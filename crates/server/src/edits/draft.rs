//! From what shall become of documents to files that differ. Pure.

use std::collections::BTreeMap;

use api::text::count;
use git::{Expected, FileEdit};
use model::{Files, Kind, SourceFile};
use plan::Fleet;
use plan::documents::DocumentId;
use schema::edit::{
    DocumentEdit, DocumentRef, Identity, changes_between, edit_documents, with_document,
    without_document,
};
use serde_json::{Map, Value};

use super::place::file_of;
use super::{Act, Bulk, New, NotEdited, Order, Precondition, Seen, Wanted, called, patch};

/// What is edited.
pub(crate) struct Standing<'a> {
    /// The fleet.
    pub(crate) fleet: &'a Fleet,
    /// The files that it was read from.
    pub(crate) files: &'a Files,
    /// What of it the caller may see.
    pub(crate) is_seen: Seen<'a>,
}

/// What an order makes of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// The files that differ; none where everything is so already.
    pub(crate) files: Vec<FileEdit>,
    /// The documents that it is about.
    pub(crate) touched: Vec<Touched>,
    /// What it does, in one line.
    pub(crate) title: String,
}

/// A document that an order is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    /// The kind.
    pub(crate) kind: Kind,
    /// What it is called afterwards.
    pub(crate) name: String,
    /// Whether it goes.
    pub(crate) is_gone: bool,
}

/// Makes the files that an order wants of what stands there.
///
/// # Errors
/// [`NotEdited`]: what is wanted does not fit what stands there.
pub(crate) fn draft(standing: &Standing<'_>, order: &Order) -> Result<Draft, NotEdited> {
    match order {
        Order::Edit(wanted) => standing.edit(wanted),
        Order::Create(new) => standing.create(new),
        Order::Bulk(bulk) => standing.bulk(bulk),
    }
}

/// A document that stands in a file.
struct Found<'a> {
    id: DocumentId,
    file: &'a SourceFile,
    text: &'a str,
    document: DocumentRef,
}

impl<'a> Standing<'a> {
    fn find(&self, kind: Kind, name: &str) -> Result<Found<'a>, NotEdited> {
        let id = match kind {
            // There is one, whatever it is called.
            Kind::Fleet => Some(DocumentId { kind, index: 0 }),
            _ => self.fleet.document(kind, name),
        };
        let id = id.filter(|id| (self.is_seen)(*id)).ok_or_else(|| self.missing(kind, name))?;
        let span = self.fleet.document_span(self.files, id);
        let file = span.and_then(|span| self.files.get(span.file));
        let file = file.ok_or_else(|| self.missing(kind, name))?;
        let text = std::str::from_utf8(&file.bytes).map_err(|_| self.missing(kind, name))?;
        let name = self.fleet.document_name(id);
        let document = DocumentRef::Named { kind, name: name.into() };
        Ok(Found { id, file, text, document })
    }

    fn missing(&self, kind: Kind, name: &str) -> NotEdited {
        let seen = self.fleet.documents(kind).filter(|id| (self.is_seen)(*id));
        let near = schema::nearest(name, seen.map(|id| self.fleet.document_name(id)));
        NotEdited::Missing { kind, name: name.to_owned(), near: near.map(str::to_owned) }
    }

    /// A document as JSON, as it is written.
    fn json(&self, found: &Found<'_>) -> Option<Map<String, Value>> {
        let span = self.fleet.document_span(self.files, found.id)?;
        schema::json::document_json(self.files, found.id.kind, span)
    }

    fn edit(&self, wanted: &Wanted) -> Result<Draft, NotEdited> {
        let found = self.find(wanted.kind, &wanted.name)?;
        self.expect(&found, wanted)?;
        let before = self.fleet.document_name(found.id);
        let (content, touched) = match &wanted.act {
            Act::Delete => {
                let rest = without_document(found.text, &found.document)?;
                let kind = wanted.kind;
                (rest, Touched { kind, name: before.to_owned(), is_gone: true })
            }
            act => {
                let (edit, name) = self.edit_of(&found, act)?;
                let edits = [(found.document.clone(), edit)];
                let text = edit_documents(found.text, &edits)?;
                (Some(text), Touched { kind: wanted.kind, name, is_gone: false })
            }
        };
        let verb = if touched.is_gone { "Remove" } else { "Edit" };
        let title = match touched.name == before {
            true => format!("{verb} {}", called(wanted.kind, before)),
            false => format!("Rename {} to `{}`", called(wanted.kind, before), touched.name),
        };
        let files = file_edit(found.file, content).into_iter().collect();
        Ok(Draft { files, touched: vec![touched], title: title.replace('`', "") })
    }

    fn expect(&self, found: &Found<'_>, wanted: &Wanted) -> Result<(), NotEdited> {
        let Precondition::Versions(versions) = &wanted.expected else { return Ok(()) };
        let span = self.fleet.document_span(self.files, found.id);
        let digest = span.and_then(|span| schema::json::text_digest(self.files, span));
        let (kind, name) = (wanted.kind, self.fleet.document_name(found.id).to_owned());
        match digest {
            Some(digest) if versions.contains(&digest) => Ok(()),
            Some(found) => Err(NotEdited::Stale { kind, name, found }),
            None => Err(self.missing(kind, &name)),
        }
    }

    /// How the text of a document is edited, and what it is called then.
    fn edit_of(&self, found: &Found<'_>, act: &Act) -> Result<(DocumentEdit, String), NotEdited> {
        let (kind, name) = (found.id.kind, self.fleet.document_name(found.id));
        if let Act::ReplaceText(text) = act {
            let identity = Identity::of_text(text)?;
            let name = same_document(kind, name, identity)?;
            return Ok((DocumentEdit::Text(text.clone()), name));
        }
        let old = self.json(found).ok_or_else(|| self.missing(kind, name))?;
        let mut new = Value::Object(old.clone());
        match act {
            Act::Replace(document) => new = Value::Object(document.clone()),
            Act::Merge(patch) => patch::merge(&mut new, &Value::Object(patch.clone())),
            Act::Patch(operations) => patch::apply(&mut new, operations)?,
            Act::ReplaceText(_) | Act::Delete => {}
        }
        let Value::Object(new) = new else {
            return Err(NotEdited::Wrong("a document is a JSON object".to_owned()));
        };
        let name = same_document(kind, name, Identity::of(&new))?;
        Ok((DocumentEdit::Changes(changes_between(&found.document, &old, &new)), name))
    }

    fn create(&self, new: &New) -> Result<Draft, NotEdited> {
        let identity = Identity::of_text(&new.text)?;
        let identity = identity.filter(|one| one.kind == new.kind).ok_or_else(|| {
            let (kind, word) = (new.kind.word(), new.kind.word().to_lowercase());
            NotEdited::Wrong(format!("a {word} has `kind: {kind}` and `metadata.name`"))
        })?;
        let (kind, name) = (identity.kind, identity.name);
        if self.fleet.document(kind, &name).is_some() {
            return Err(NotEdited::Exists { kind, name });
        }
        let path = new.file.clone().unwrap_or_else(|| file_of(kind, &name));
        let there = self.files.find(&path).and_then(|file| self.files.get(file));
        let (before, expected) = match there {
            Some(file) => {
                let text = std::str::from_utf8(&file.bytes);
                let wrong = |_| NotEdited::Wrong(format!("`{path}` is not UTF-8"));
                (text.map_err(wrong)?, Expected::File(file.id))
            }
            None => ("", Expected::Absent),
        };
        let content = with_document(before, &new.text)?.into_bytes();
        let title = format!("Add {}", called(kind, &name)).replace('`', "");
        let touched = vec![Touched { kind, name, is_gone: false }];
        let files = vec![FileEdit { path, content: Some(content), expected }];
        Ok(Draft { files, touched, title })
    }

    fn bulk(&self, bulk: &Bulk) -> Result<Draft, NotEdited> {
        let mut by_file: BTreeMap<&str, (&SourceFile, &str, Vec<_>)> = BTreeMap::new();
        let mut touched = Vec::with_capacity(bulk.names.len());
        let act = Act::Merge(bulk.patch.clone());
        for name in &bulk.names {
            let found = self.find(bulk.kind, name)?;
            let (edit, after) = self.edit_of(&found, &act)?;
            if after != *name {
                let detail = "several documents cannot be called the same";
                return Err(NotEdited::Wrong(detail.to_owned()));
            }
            touched.push(Touched { kind: bulk.kind, name: after, is_gone: false });
            let file = by_file.entry(&found.file.path);
            let (_, _, edits) = file.or_insert((found.file, found.text, Vec::new()));
            edits.push((found.document, edit));
        }
        let mut files = Vec::new();
        for (file, text, edits) in by_file.into_values() {
            files.extend(file_edit(file, Some(edit_documents(text, &edits)?)));
        }
        let word = bulk.kind.word().to_lowercase();
        let title = format!("Edit {}", count(touched.len(), &word));
        Ok(Draft { files, touched, title })
    }
}

/// What a document is called after an edit. A new name says which one it had.
fn same_document(kind: Kind, name: &str, identity: Option<Identity>) -> Result<String, NotEdited> {
    let word = kind.word().to_lowercase();
    let wrong = || format!("a {word} has `kind: {}` and `metadata.name`", kind.word());
    let identity = identity.filter(|one| one.kind == kind);
    let identity = identity.ok_or_else(|| NotEdited::Wrong(wrong()))?;
    if identity.name == name || identity.former.as_deref() == Some(name) || kind == Kind::Fleet {
        return Ok(identity.name);
    }
    let field = if kind == Kind::Group { "formerPath" } else { "formerName" };
    Err(NotEdited::Wrong(match kind {
        Kind::Cluster | Kind::Group | Kind::Application => format!(
            "the document is called `{}`, and not `{name}`: to rename it, say `metadata.{field}: \
             {name}` in it",
            identity.name
        ),
        _ => format!("the document is called `{}`, and not `{name}`", identity.name),
    }))
}

/// The edit of a file; nothing if it holds that already.
fn file_edit(file: &SourceFile, content: Option<String>) -> Option<FileEdit> {
    let content = content.map(String::into_bytes);
    let is_same = content.as_deref() == Some(&*file.bytes);
    (!is_same).then(|| FileEdit {
        path: file.path.to_string(),
        content,
        expected: Expected::File(file.id),
    })
}
