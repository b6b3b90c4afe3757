//! Why a file differs on clusters: lines of the template, another version of it, or values.

use model::{ApplicationName, ClusterSet, EditKind, FileId, Files, Why};
use similar::{DiffTag, TextDiff};

use super::overlays::Choices;
use super::templates::Unit;
use super::values::Key;
use super::{Changes, Edits, Found, in_base, in_head, set};

/// Up to so many lines of an edit of a template are shown.
const MOST_LINES: usize = 3;

/// A unit on both sides.
type Units = (Option<Unit>, Option<Unit>);

impl Changes<'_> {
    /// Why a file of an application differs, comes or goes on clusters that it stays on.
    ///
    /// `path` is that below the application's folder. Clusters are positions in the newer fleet.
    #[must_use]
    pub fn of_file(&self, name: &ApplicationName, path: &str, clusters: &[u32]) -> Why {
        let (asked, mut edits) = (set(clusters), Edits::default());
        if self.base.fleet.layout != self.head.fleet.layout {
            let place = in_head(self.head.fleet.tables().document.name.span);
            let (subject, before, after) = ("`layout` of the fleet".to_owned(), None, None);
            let kind = EditKind::Setting;
            edits.add(Found { kind, subject, place, before, after }, &asked);
        } else if let (Some(base), Some(head)) = self.application(name) {
            for choices in self.choices(base, head, &asked) {
                self.file((base, head), path, &choices, &mut edits);
            }
        }
        edits.why(self, &asked)
    }

    /// Why the Flux Kustomization of an application differs.
    #[must_use]
    pub fn of_listener(&self, name: &ApplicationName, clusters: &[u32]) -> Why {
        let (asked, mut edits) = (set(clusters), Edits::default());
        if let (Some(base), Some(head)) = self.application(name) {
            for choices in self.choices(base, head, &asked) {
                self.choice(base, head, &choices, &mut edits);
            }
            let fleets = (&self.base.fleet.applications[base], &self.head.fleet.applications[head]);
            let list = |application: &crate::Application| {
                let names = application.document.depends_on.iter();
                names.map(|name| name.value.to_string()).collect::<Vec<_>>().join(", ")
            };
            let (before, after) = (list(fleets.0), list(fleets.1));
            if before != after {
                let found = Found {
                    kind: EditKind::Field,
                    subject: format!("`dependsOn` of application {name}"),
                    place: in_head(fleets.1.document.metadata.name.span),
                    before: Some(before),
                    after: Some(after),
                };
                edits.add(found, &asked);
            }
        }
        edits.why(self, &asked)
    }

    fn file(&self, applications: (usize, usize), path: &str, choices: &Choices, edits: &mut Edits) {
        let (base, head) = applications;
        let Some(example) = choices.clusters.iter().next() else { return };
        let Some(former) = self.former[example.index()] else { return };
        let units = (
            self.base_templates.unit(base, choices.old, former, path),
            self.head_templates.unit(head, choices.new, example, path),
        );
        match &units {
            (Some(old), Some(new)) if self.path(false, old.file) == self.path(true, new.file) => {
                if old.text != new.text {
                    self.template_lines(&units, &choices.clusters, edits);
                }
                self.values_of(applications, &units, &choices.clusters, edits);
            }
            (Some(_), Some(_)) => {
                self.other_file(applications, &units, choices, edits);
                self.values_of(applications, &units, &choices.clusters, edits);
            }
            (Some(_), None) | (None, Some(_)) => {
                self.other_file(applications, &units, choices, edits);
            }
            (None, None) => {}
        }
    }

    fn path(&self, in_head: bool, file: FileId) -> Option<&str> {
        Some(&self.files(in_head).get(file)?.path)
    }

    fn files(&self, in_head: bool) -> &Files {
        if in_head { &self.head.source.files } else { &self.base.source.files }
    }

    /// The object came, went, or comes from another file.
    fn other_file(
        &self,
        (base, head): (usize, usize),
        units: &Units,
        choices: &Choices,
        edits: &mut Edits,
    ) {
        let entries = (
            self.base_templates.entry(&self.base.fleet.applications[base], choices.old),
            self.head_templates.entry(&self.head.fleet.applications[head], choices.new),
        );
        let templates = (
            &self.base.fleet.applications[base].document.template.value,
            &self.head.fleet.applications[head].document.template.value,
        );
        if entries.0 != entries.1 || templates.0 != templates.1 {
            self.choice(base, head, choices, edits);
        }
        for (unit, is_new) in [(&units.0, false), (&units.1, true)] {
            let Some(unit) = unit else { continue };
            let Some(path) = self.path(is_new, unit.file) else { continue };
            let file = self.files(is_new).get(unit.file);
            match self.files(!is_new).find(path).and_then(|id| self.files(!is_new).get(id)) {
                None => edits.add(whole_file(path, unit.file, is_new), &choices.clusters),
                Some(other) if Some(other.id) != file.map(|file| file.id) => {
                    if units.0.is_none() || units.1.is_none() {
                        self.template_lines(units, &choices.clusters, edits);
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// The lines of a template's file that differ, as far as they belong to the object.
    fn template_lines(&self, units: &Units, clusters: &ClusterSet, edits: &mut Edits) {
        let unit = units.1.as_ref().or(units.0.as_ref());
        let Some(unit) = unit else { return };
        let Some(path) = self.path(units.1.is_some(), unit.file).map(str::to_owned) else { return };
        let text = |in_head: bool| {
            let files = self.files(in_head);
            let file = files.find(&path).and_then(|id| Some((id, files.get(id)?)));
            file.map(|(id, file)| (id, String::from_utf8_lossy(&file.bytes).into_owned()))
        };
        let (Some(old), Some(new)) = (text(false), text(true)) else { return };
        let documents = (document(&units.0, &old.1), document(&units.1, &new.1));
        let is_secret = match &unit.key {
            Some(key) => key.kind == "Secret",
            None => old.1.contains("Secret") || new.1.contains("Secret"),
        };
        let is_manifest = units.0.as_ref().or(units.1.as_ref()).is_some_and(|u| u.name.is_some());
        let lines = (lines(&old.1), lines(&new.1));
        let diff = TextDiff::from_lines(&old.1, &new.1);
        for op in diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal) {
            let (before, after) = (op.old_range(), op.new_range());
            let belongs =
                overlaps(&before, documents.0.as_ref()) || overlaps(&after, documents.1.as_ref());
            let texts = (&lines.0[before.clone()], &lines.1[after.clone()]);
            let is_comment = |line: &&(usize, &str)| {
                let line = line.1.trim();
                line.is_empty() || line.starts_with('#') || line == "---"
            };
            let says_nothing = texts.0.iter().chain(texts.1).all(|line| is_comment(&line));
            if !belongs || (is_manifest && says_nothing) {
                continue;
            }
            let shown = |lines: &[(usize, &str)]| {
                let text: Vec<&str> = lines.iter().map(|line| line.1.trim()).collect();
                let is_shown = !is_secret && !lines.is_empty() && lines.len() <= MOST_LINES;
                is_shown.then(|| text.join("\n"))
            };
            let place = match texts.1.first().or(lines.1.get(after.start)) {
                Some((at, _)) => in_head(model::Span::new(new.0, *at, *at)),
                None => {
                    texts.0.first().and_then(|(at, _)| in_base(model::Span::new(old.0, *at, *at)))
                }
            };
            let found = Found {
                kind: EditKind::Template,
                subject: "template".to_owned(),
                place,
                before: shown(texts.0),
                after: shown(texts.1),
            };
            edits.add(found, clusters);
        }
    }

    /// The values that the object uses and that differ.
    fn values_of(
        &self,
        applications: (usize, usize),
        units: &Units,
        clusters: &ClusterSet,
        edits: &mut Edits,
    ) {
        let units = [&units.0, &units.1];
        let mut keys: Vec<_> = units
            .iter()
            .filter_map(|unit| unit.as_ref())
            .flat_map(|unit| unit.keys.iter().map(|key| (key.space, &*key.key)))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        // A key that only one of the two names is part of the edit of the template.
        let in_both = |(space, key): &(crate::KeySpace, &str)| {
            let names =
                |unit: &Unit| unit.keys.iter().any(|k| k.space == *space && &*k.key == *key);
            units.iter().all(|unit| unit.as_ref().is_some_and(names))
        };
        for (space, key) in keys.into_iter().filter(in_both) {
            self.value(Key { application: applications, space, key }, clusters, edits);
        }
    }
}

fn whole_file(path: &str, file: FileId, is_new: bool) -> Found {
    let span = model::Span::new(file, 0, 0);
    Found {
        kind: EditKind::Template,
        subject: format!("template file {path}"),
        place: if is_new { in_head(span) } else { in_base(span) },
        before: None,
        after: Some(if is_new { "new" } else { "gone" }.to_owned()),
    }
}

/// The lines of a text with the bytes they start at.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let line = |line: &'_ str| {
        let start = at;
        at += line.len();
        start
    };
    let starts: Vec<usize> = text.split_inclusive('\n').map(line).collect();
    starts.into_iter().zip(text.split_inclusive('\n')).collect()
}

/// The lines of the document in which an object's name stands; all lines of a whole file.
fn document(unit: &Option<Unit>, text: &str) -> Option<std::ops::Range<usize>> {
    let unit = unit.as_ref()?;
    let all = text.split_inclusive('\n').count();
    let Some(name) = unit.name else { return Some(0..all) };
    let (mut start, mut end, mut at) = (0, all, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            if at > name.start as usize {
                end = number;
                break;
            }
            start = number;
        }
        at += line.len();
    }
    Some(start..end)
}

/// Whether a stretch of lines is in a document. One without lines, where lines came on the other
/// side only, is in none.
fn overlaps(lines: &std::ops::Range<usize>, document: Option<&std::ops::Range<usize>>) -> bool {
    document.is_some_and(|d| !lines.is_empty() && lines.start < d.end && d.start < lines.end)
}
