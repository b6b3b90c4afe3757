//! The files of one template, and whether it is flat or has versions.

use std::collections::{BTreeMap, BTreeSet};

use model::{FileId, Files, SourceFile, Span};
use schema::objects::kustomization::FILE_NAMES;

/// The file of service-level objectives, which belongs to no layout.
const SLO_FILE: &str = "slo.yaml";

/// One file of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TemplateFile<'s> {
    /// The file in the source.
    pub(crate) id: FileId,
    /// Its path below the template's folder.
    pub(crate) path: &'s str,
    /// The content.
    pub(crate) file: &'s SourceFile,
}

impl TemplateFile<'_> {
    /// The start of the file, to point at it as such.
    pub(crate) fn span(&self) -> Span {
        Span::new(self.id, 0, 0)
    }

    /// The text, if it is UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.file.bytes).ok()
    }
}

/// The folder of a template, without `slo.yaml` at its root.
#[derive(Clone, Debug)]
pub(crate) struct TemplateFolder<'s> {
    /// Its path in the source.
    pub(crate) path: &'s str,
    /// Its files by their paths below it.
    files: BTreeMap<&'s str, TemplateFile<'s>>,
}

impl<'s> TemplateFolder<'s> {
    /// Finds the files of a folder; there may be none.
    pub(crate) fn find(files: &'s Files, path: &'s str) -> Self {
        let below = files.below(path).map(|(id, file)| {
            let path = &file.path[path.len() + 1..];
            (path, TemplateFile { id, path, file })
        });
        Self { path, files: below.filter(|(path, _)| *path != SLO_FILE).collect() }
    }

    /// The files in the order of their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = &TemplateFile<'s>> {
        self.files.values()
    }

    /// How many files there are.
    pub(crate) fn n_files(&self) -> usize {
        self.files.len()
    }

    /// The file at a path below the folder.
    pub(crate) fn get(&self, path: &str) -> Option<&TemplateFile<'s>> {
        self.files.get(path)
    }

    /// The files below a folder of this one (empty for all), in the order of their paths.
    pub(crate) fn below(&self, folder: &str) -> impl Iterator<Item = &TemplateFile<'s>> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.files().filter(move |file| file.path.starts_with(&prefix))
    }

    /// Whether there is a folder with files at a path.
    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        self.below(folder).next().is_some()
    }

    /// Whether the template has `base/`.
    pub(crate) fn has_base(&self) -> bool {
        self.has_folder("base")
    }

    /// The names of the folders in `overlays/`. A file that stands in it directly is of no
    /// version.
    pub(crate) fn versions(&self) -> BTreeSet<&'s str> {
        let version = |file: &TemplateFile<'s>| {
            let (version, _) = file.path.strip_prefix("overlays/")?.split_once('/')?;
            Some(version)
        };
        self.files().filter_map(version).collect()
    }

    /// The first file of a folder, to point at the folder as such.
    pub(crate) fn span(&self, folder: &str) -> Option<Span> {
        self.below(folder).next().map(TemplateFile::span)
    }

    /// The kustomization files that stand directly in a folder.
    pub(crate) fn kustomizations(&self, folder: &str) -> Vec<&TemplateFile<'s>> {
        let names = FILE_NAMES.iter().map(|name| join(folder, name));
        names.filter_map(|path| self.get(&path)).collect()
    }
}

/// A path below a folder, which is empty for the root.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
