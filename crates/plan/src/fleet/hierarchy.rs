//! Groups by their paths, and the paths that they had before.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{Diagnostic, GroupPath};
use schema::document::GroupDocument;

use super::inventory::{Renamed, check_renames, distinct};
use crate::expression::codes::UNKNOWN_GROUP;
use crate::expression::{Findings, GroupNames, Texts, former_path};

/// Puts groups in the order of their present paths.
///
/// The path that a document writes is its parent's and its name. Where the parent was renamed
/// and the document still names it by its former path, the present path is below the parent's
/// present one, so that a rename is one edit.
pub(super) fn arrange(
    documents: Vec<GroupDocument>,
    findings: &mut Findings,
) -> (Vec<(GroupPath, GroupDocument)>, GroupNames) {
    let renames: Vec<_> = documents.iter().map(|d| Renamed::new(&d.metadata)).collect();
    check_renames("group", &renames, findings);
    let paths = present_paths(&documents);
    let groups = paths.into_iter().zip(documents).collect();
    let name = |group: &(GroupPath, GroupDocument)| group.1.metadata.name.span;
    let groups = distinct(groups, "groups", |g| (g.0.as_str(), name(g)), findings);
    let names = GroupNames {
        paths: Texts::from_sorted(groups.iter().map(|(path, _)| path.as_str())),
        former: former_paths(&groups),
    };
    check_parents(&groups, &names, findings);
    (groups, names)
}

fn former_paths(groups: &[(GroupPath, GroupDocument)]) -> BTreeMap<Box<str>, Box<str>> {
    let former = |(path, document): &(GroupPath, GroupDocument)| {
        let former = document.metadata.former.as_ref()?;
        Some((former.value.as_str().into(), path.as_str().into()))
    };
    // In the order of paths, the first that claims a former path has it.
    groups.iter().rev().filter_map(former).collect()
}

fn present_paths(documents: &[GroupDocument]) -> Vec<GroupPath> {
    let written: Vec<GroupPath> = documents.iter().map(|d| d.metadata.name.value.clone()).collect();
    if documents.iter().all(|document| document.metadata.former.is_none()) {
        return written;
    }
    let by_path: HashMap<&str, usize> =
        written.iter().enumerate().map(|(index, path)| (path.as_str(), index)).collect();
    let by_former: HashMap<&str, usize> = documents
        .iter()
        .enumerate()
        .filter_map(|(index, d)| Some((d.metadata.former.as_ref()?.value.as_str(), index)))
        .collect();
    // Parents come before children. A parent that was renamed may come later, so that the walk
    // is repeated until nothing moves; a circle of renames never comes to rest, and leaves every
    // path as it was written.
    let mut order: Vec<usize> = (0..written.len()).collect();
    order.sort_by_key(|index| written[*index].depth());
    let mut present = written.clone();
    for _ in 0..16 {
        let mut moved = false;
        for index in &order {
            let whole = below_parent(&written[*index], &by_former, &by_path, &present);
            if let Some(path) = whole.filter(|path| *path != present[*index]) {
                present[*index] = path;
                moved = true;
            }
        }
        if !moved {
            return present;
        }
    }
    written.clone()
}

/// A path below the present path of its parent.
fn below_parent(
    written: &GroupPath,
    by_former: &HashMap<&str, usize>,
    by_path: &HashMap<&str, usize>,
    present: &[GroupPath],
) -> Option<GroupPath> {
    let parent = written.parent()?;
    let parent = match by_path.get(parent) {
        Some(parent) => present[*parent].to_string(),
        None => after_rename(parent, by_former, by_path, present)?,
    };
    let name = written.as_str().rsplit('/').next()?;
    GroupPath::parse(&format!("{parent}/{name}")).ok()
}

/// A path with its longest part that was renamed replaced by the present path.
fn after_rename(
    path: &str,
    by_former: &HashMap<&str, usize>,
    by_path: &HashMap<&str, usize>,
    present: &[GroupPath],
) -> Option<String> {
    let mut end = path.len();
    while end > 0 {
        let head = &path[..end];
        if let Some(index) = by_former.get(head)
            && !by_path.contains_key(head)
        {
            return Some(format!("{}{}", present[*index], &path[end..]));
        }
        end = head.rfind('/')?;
    }
    None
}

fn check_parents(
    groups: &[(GroupPath, GroupDocument)],
    names: &GroupNames,
    findings: &mut Findings,
) {
    let present: HashSet<&str> = groups.iter().map(|(path, _)| path.as_str()).collect();
    for (path, document) in groups {
        let (Some(parent), Some(written)) = (path.parent(), &document.parent) else { continue };
        if !present.contains(parent) {
            let message = format!("there is no group `{}`", written.value);
            let error = Diagnostic::error(&UNKNOWN_GROUP, written.span, message);
            let look = || names.nearest(written.value.as_str());
            findings.unknown(error, look, "add the Group document");
        } else if parent != written.value.as_str() {
            findings.push(former_path(written.value.as_str(), parent, written.span));
        }
    }
}
