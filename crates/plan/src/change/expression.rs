//! Why an expression selects other clusters than before.
//!
//! Where its text is the same, the parts whose answers changed are followed down to the label,
//! the group or the name. Where the text changed too, the old text is asked about the new fleet:
//! what differs from the new text is the edit of the expression, what differs from before is an
//! edit of what it asks about.

use model::{ClusterSet, EditKind, FileId, Span};

use super::placement::{gone, new};
use super::{At, Changes, Edits, Found, differing, in_base, in_head};
use crate::expression::{Resolved, Syntax, SyntaxKind, Term, evaluate, print};
use crate::fleet::{GroupId, Selector};

/// A place in no file.
const NOWHERE: Span = Span { file: FileId(u32::MAX), start: 0, end: 0 };

/// An expression on both sides.
type Pair<'s> = (Option<&'s Selector>, Option<&'s Selector>);

impl Changes<'_> {
    /// Why an expression flips on clusters of `among`. One that is absent selects all clusters or
    /// none, as `absent` says.
    pub(super) fn expression(
        &self,
        subject: &str,
        (old, new): Pair<'_>,
        absent: bool,
        among: &ClusterSet,
        edits: &mut Edits,
    ) {
        let after = match new {
            Some(new) => evaluate(&new.resolved, self.head.fleet),
            None => self.absent(absent),
        };
        let before = match old {
            Some(old) => self.to_head(&evaluate(&old.resolved, self.base.fleet)),
            None => self.absent(absent),
        };
        let flipped = differing(&before, &after, among);
        if flipped.is_empty() {
            return;
        }
        if let (Some(old), Some(new)) = (old, new)
            && old.syntax == new.syntax
        {
            return self.parts(&new.syntax, (&old.resolved, &new.resolved), &flipped, edits);
        }
        // What the old text selects now: nothing is known if its names are gone.
        let now = match old {
            Some(old) => self.head.fleet.understand(&print(&old.syntax), NOWHERE),
            None => None,
        };
        let unchanged = match (old, &now) {
            (Some(_), Some(now)) => evaluate(&now.resolved, self.head.fleet),
            (Some(_), None) | (None, _) => before.clone(),
        };
        let by_text = differing(&unchanged, &after, &flipped);
        edits.add(self.rewritten(subject, (old, new)), &by_text);
        if let (Some(old), Some(now)) = (old, &now) {
            let by_world = differing(&before, &unchanged, &flipped);
            self.parts(&old.syntax, (&old.resolved, &now.resolved), &by_world, edits);
        }
    }

    fn absent(&self, all: bool) -> ClusterSet {
        let n_clusters = self.head.fleet.clusters.len();
        if all { ClusterSet::all(n_clusters) } else { ClusterSet::none(n_clusters) }
    }

    fn rewritten(&self, subject: &str, (old, new): Pair<'_>) -> Found {
        let place = match (old, new) {
            (_, Some(new)) => in_head(new.span),
            (Some(old), None) => in_base(old.span),
            (None, None) => None,
        };
        let text = |selector: Option<&Selector>| selector.map(|one| print(&one.syntax));
        let (before, after) = (text(old), text(new));
        Found { kind: EditKind::Expression, subject: subject.to_owned(), place, before, after }
    }

    /// The parts of an expression that flip with the whole, down to its terms.
    fn parts(
        &self,
        syntax: &Syntax,
        (old, new): (&Resolved, &Resolved),
        among: &ClusterSet,
        edits: &mut Edits,
    ) {
        let before = evaluate(old, self.base.fleet);
        let flipped = self.flipped(&before, &evaluate(new, self.head.fleet), among);
        if flipped.is_empty() {
            return;
        }
        match (&syntax.kind, old, new) {
            (SyntaxKind::Not(inner), Resolved::Not(old), Resolved::Not(new)) => {
                self.parts(inner, (old, new), &flipped, edits);
            }
            (SyntaxKind::And(parts), Resolved::And(old), Resolved::And(new))
            | (SyntaxKind::Or(parts), Resolved::Or(old), Resolved::Or(new)) => {
                for ((part, old), new) in parts.iter().zip(old).zip(new) {
                    self.parts(part, (old, new), &flipped, edits);
                }
            }
            (_, Resolved::Group(old, _), Resolved::Group(new, _)) => {
                self.group(*old, *new, &flipped, edits);
            }
            (SyntaxKind::Term(Term::Namespace(name)), ..) => {
                self.namespace(&name.value, &flipped, edits);
            }
            (SyntaxKind::Term(Term::Metadata { key, .. }), ..) => {
                self.labels(&key.value, &flipped, edits);
            }
            (SyntaxKind::Term(Term::Cluster(_)), ..) => self.names(&flipped, edits),
            _ => {}
        }
    }

    /// The own label or value of clusters.
    fn labels(&self, key: &str, among: &ClusterSet, edits: &mut Edits) {
        for cluster in among.iter() {
            let Some(former) = self.former[cluster.index()] else { continue };
            let documents = (
                &self.base.fleet.clusters[former.index()].document,
                &self.head.fleet.clusters[cluster.index()].document,
            );
            let find = |document: &schema::document::ClusterDocument| {
                let labels = document.metadata.labels.iter().map(|pair| (EditKind::Label, pair));
                let values = document.values.iter().map(|pair| (EditKind::Value, pair));
                let mut both = labels.chain(values);
                let found = both.find(|(_, (name, _))| &*name.value == key);
                found.map(|(kind, (_, value))| (kind, value.value.text.to_string(), value.span))
            };
            let (before, after) = (find(documents.0), find(documents.1));
            let text = |side: &Option<(EditKind, String, Span)>| {
                side.as_ref().map(|(_, text, _)| text.clone())
            };
            if text(&before) == text(&after) {
                continue;
            }
            let kind = after.as_ref().or(before.as_ref()).map_or(EditKind::Label, |side| side.0);
            let word = if kind == EditKind::Label { "label" } else { "value" };
            let place = match (&after, &before) {
                (Some((.., span)), _) => in_head(*span),
                (None, Some((.., span))) => in_base(*span),
                (None, None) => None,
            };
            let subject = format!("{word} `{key}` of the cluster");
            let (before, after) = (text(&before), text(&after));
            let found = Found { kind, subject, place, before, after };
            edits.add_one(found, cluster);
        }
    }

    /// The names of clusters.
    fn names(&self, among: &ClusterSet, edits: &mut Edits) {
        for cluster in among.iter() {
            let Some(former) = self.former[cluster.index()] else { continue };
            let before = &self.base.fleet.clusters[former.index()].name;
            let after = &self.head.fleet.clusters[cluster.index()].name;
            if before == after {
                continue;
            }
            let found = Found {
                kind: EditKind::Field,
                subject: "name of the cluster".to_owned(),
                place: self.cluster_place(cluster),
                before: Some(before.to_string()),
                after: Some(after.to_string()),
            };
            edits.add_one(found, cluster);
        }
    }

    /// Why the clusters of a group differ: who lists it or a group below it, and the expressions
    /// of these groups.
    pub(super) fn group(&self, old: GroupId, new: GroupId, among: &ClusterSet, edits: &mut Edits) {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let sets = (&base.groups[old.0 as usize].clusters, &head.groups[new.0 as usize].clusters);
        let flipped = self.flipped(sets.0, sets.1, among);
        self.listed(old, new, &flipped, edits);
        let below = |fleet: &crate::Fleet, root: GroupId| -> Vec<usize> {
            let root = &fleet.groups[root.0 as usize].path;
            let paths = fleet.groups.iter().enumerate();
            paths.filter(|(_, g)| root.contains(g.path.as_str())).map(|(i, _)| i).collect()
        };
        let mut seen = Vec::new();
        for after in below(head, new) {
            let group = &head.groups[after];
            let before = self.former_group(after);
            seen.extend(before);
            match before {
                Some(before) => {
                    let own = (
                        base.tables().selectors.groups[before].as_ref(),
                        head.tables().selectors.groups[after].as_ref(),
                    );
                    let subject = format!("expression of group {}", group.path);
                    self.expression(&subject, own, false, &flipped, edits);
                    let (was, is) = (&base.groups[before].path, &group.path);
                    let old_root = &base.groups[old.0 as usize].path;
                    if was != is && !old_root.contains(was.as_str()) {
                        self.moved(before, after, &flipped, edits);
                    }
                }
                None => {
                    let mut by = flipped.clone();
                    by.intersect(&group.clusters);
                    let span = group.document.metadata.name.span;
                    let place = in_head(span);
                    edits.add(new_document(group.path.as_str(), place), &by);
                }
            }
        }
        for before in below(base, old).into_iter().filter(|group| !seen.contains(group)) {
            let group = &base.groups[before];
            let mut by = flipped.clone();
            by.intersect(&self.to_head(&group.clusters));
            let place = in_base(group.document.metadata.name.span);
            edits.add(gone(format!("group {}", group.path), place), &by);
        }
    }

    /// The group of the base that is one of the head.
    pub(super) fn former_group(&self, head: usize) -> Option<usize> {
        let group = &self.head.fleet.groups[head];
        let find = |path: &str| self.base.fleet.group_id(path).map(|id| id.0 as usize);
        let former = group.document.metadata.former.as_ref();
        find(group.path.as_str()).or_else(|| find(former?.value.as_str()))
    }

    fn moved(&self, before: usize, after: usize, among: &ClusterSet, edits: &mut Edits) {
        let (old, new) = (&self.base.fleet.groups[before], &self.head.fleet.groups[after]);
        let mut by = among.clone();
        by.intersect(&new.clusters);
        let found = Found {
            kind: EditKind::Field,
            subject: "path of the group".to_owned(),
            place: in_head(new.document.metadata.name.span),
            before: Some(old.path.to_string()),
            after: Some(new.path.to_string()),
        };
        edits.add(found, &by);
    }

    /// Clusters that list other groups at or below one than before.
    fn listed(&self, old: GroupId, new: GroupId, among: &ClusterSet, edits: &mut Edits) {
        let (base, head) = (self.base.fleet, self.head.fleet);
        let roots = (&base.groups[old.0 as usize].path, &head.groups[new.0 as usize].path);
        for cluster in among.iter() {
            let Some(former) = self.former[cluster.index()] else { continue };
            let before = &base.clusters[former.index()].document.groups;
            let after = &head.clusters[cluster.index()].document.groups;
            let lists = |list: &[schema::document::Spanned<model::GroupPath>], path: &str| {
                list.iter().any(|listed| listed.value.as_str() == path)
            };
            let came = after.iter().find(|listed| {
                roots.1.contains(listed.value.as_str()) && !lists(before, listed.value.as_str())
            });
            let went = before.iter().find(|listed| {
                roots.0.contains(listed.value.as_str()) && !lists(after, listed.value.as_str())
            });
            let is_in = head.groups[new.0 as usize].clusters.contains(cluster);
            let place = match (is_in, came, went) {
                (true, Some(came), _) => in_head(came.span),
                (false, _, Some(went)) => in_base(went.span),
                _ => continue,
            };
            let text = |list: &[schema::document::Spanned<model::GroupPath>]| {
                let paths: Vec<&str> = list.iter().map(|listed| listed.value.as_str()).collect();
                Some(paths.join(", ")).filter(|paths| !paths.is_empty())
            };
            let found = Found {
                kind: EditKind::Groups,
                subject: "groups of the cluster".to_owned(),
                place,
                before: text(before),
                after: text(after),
            };
            edits.add_one(found, cluster);
        }
    }
}

fn new_document(path: &str, place: Option<At>) -> Found {
    new(format!("group {path}"), place)
}
