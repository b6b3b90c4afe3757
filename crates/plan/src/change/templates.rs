//! The templates of one source, read as far as they are asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{
    Base, ClusterId, ClusterSet, Diagnostic, Entry, FileId, ObjectId, ObjectKey, Piece, Scalar,
    Sink, Span,
};
use schema::document::LayoutDocument;
use schema::objects::object_path;

use super::Side;
use crate::kustomization::{Listing, list_files};
use crate::overlay::folder::TemplateFile;
use crate::overlay::{Choice, Overlays, TemplateFolder};
use crate::template::{KeyUse, ObjectTemplate, Verbatim, parse_objects, parse_verbatim};
use crate::{Application, KeySpace};

/// A template: its folder and its versions, if they could be read.
pub(super) struct Template<'a> {
    folder: TemplateFolder<'a>,
    pub(super) overlays: Option<Overlays>,
}

/// What a file of a template is made of.
enum Parsed {
    Objects(Vec<ObjectTemplate>),
    File(Verbatim),
    Unread,
}

/// One file or object of a template, as it is filled on some cluster.
pub(super) struct Unit {
    /// The file.
    pub(super) file: FileId,
    /// Where the object's name stands; nothing for a whole file.
    pub(super) name: Option<Span>,
    /// The object, in the layout `manifests`.
    pub(super) key: Option<ObjectKey>,
    /// What its placeholders name.
    pub(super) keys: Vec<KeyUse>,
    /// What its output depends on besides values.
    pub(super) text: Arc<[u8]>,
}

/// The templates of one side.
pub(super) struct Templates<'a> {
    side: Side<'a>,
    known: Mutex<HashMap<&'a str, Arc<Template<'a>>>>,
    parsed: Mutex<HashMap<FileId, Arc<Parsed>>>,
}

impl<'a> Templates<'a> {
    pub(super) fn new(side: Side<'a>) -> Self {
        Self { side, known: Mutex::default(), parsed: Mutex::default() }
    }

    /// The template of an application.
    pub(super) fn of(&self, application: &'a Application) -> Arc<Template<'a>> {
        let path: &'a str = &application.document.template.value;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let template = known.entry(path).or_insert_with(|| {
            let folder = TemplateFolder::find(&self.side.source.files, path);
            let overlays = Overlays::read(self.side.fleet, &folder).ok();
            Arc::new(Template { folder, overlays })
        });
        Arc::clone(template)
    }

    /// Which clusters get which choice; nothing where that is broken.
    pub(super) fn choose(
        &self,
        application: &'a Application,
        clusters: &ClusterSet,
    ) -> Vec<(Choice, ClusterSet)> {
        let template = self.of(application);
        let choices = template.overlays.as_ref().map(|all| all.choose(application, clusters));
        choices.and_then(Result::ok).unwrap_or_default()
    }

    /// The folder that a choice is applied from.
    pub(super) fn entry(&self, application: &'a Application, choice: Choice) -> String {
        let template = self.of(application);
        template.overlays.as_ref().map_or_else(String::new, |all| all.entry(choice))
    }

    fn is_flux(&self) -> bool {
        matches!(self.side.fleet.layout, LayoutDocument::Flux(_))
    }

    /// The files of a choice.
    fn files(&self, application: &'a Application, choice: Choice) -> Vec<TemplateFile<'a>> {
        let template = self.of(application);
        let entry = self.entry(application, choice);
        match self.is_flux() {
            true => template.folder.files().copied().collect(),
            false => match list_files(&template.folder, &entry) {
                Ok(Listing::Files(files)) => files,
                // What a program builds, its reasons are not known.
                _ => Vec::new(),
            },
        }
    }

    /// The file or object at a path below an application's folder on a cluster.
    pub(super) fn unit(
        &self,
        application: usize,
        choice: Choice,
        cluster: ClusterId,
        path: &str,
    ) -> Option<Unit> {
        let found = &self.side.fleet.applications[application];
        let files = self.files(found, choice);
        if self.is_flux() {
            let file = files.iter().find(|file| file.path == path)?;
            let Parsed::File(verbatim) = &*self.parse(file.id) else { return None };
            let (keys, text) = (verbatim.keys().to_vec(), Arc::clone(&file.file.bytes));
            return Some(Unit { file: file.id, name: None, key: None, keys, text });
        }
        files.iter().find_map(|file| {
            let Parsed::Objects(objects) = &*self.parse(file.id) else { return None };
            objects.iter().find_map(|object| {
                let values = self.values(application, cluster, object.keys())?;
                let filled = object.fill(&values, &Nowhere).ok()?;
                (object_path(&filled.key) == path).then(|| Unit {
                    file: file.id,
                    name: Some(filled.span),
                    key: Some(filled.key),
                    keys: object.keys().to_vec(),
                    text: object.text(),
                })
            })
        })
    }

    fn values(
        &self,
        application: usize,
        cluster: ClusterId,
        keys: &[KeyUse],
    ) -> Option<Vec<&'a Scalar>> {
        let value = |key: &KeyUse| self.value(application, key.space, &key.key, cluster);
        keys.iter().map(value).collect()
    }

    /// The value of a key on a cluster.
    pub(super) fn value(
        &self,
        application: usize,
        space: KeySpace,
        key: &str,
        cluster: ClusterId,
    ) -> Option<&'a Scalar> {
        let fleet = self.side.fleet;
        let id = model::ApplicationId(application as u32);
        Some(fleet.scalar(fleet.column(id, space, key).get(cluster)?))
    }

    fn parse(&self, file: FileId) -> Arc<Parsed> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        let files = &self.side.source.files;
        let unread = |_: Vec<Diagnostic>| Parsed::Unread;
        let read = || {
            Arc::new(match self.is_flux() {
                true => parse_verbatim(files, file, 0).map_or_else(unread, Parsed::File),
                false => parse_objects(files, file, 0).map_or_else(unread, Parsed::Objects),
            })
        };
        Arc::clone(parsed.entry(file).or_insert_with(read))
    }
}

/// Takes content that nobody wants.
struct Nowhere;

impl Sink for Nowhere {
    fn blob(&self, _: &[u8]) -> ObjectId {
        ObjectId([0; 20])
    }

    fn variant(&self, _: &Base, _: &[Piece<'_>]) -> ObjectId {
        ObjectId([0; 20])
    }

    fn tree(&self, _: &[Entry]) -> ObjectId {
        ObjectId([0; 20])
    }
}
