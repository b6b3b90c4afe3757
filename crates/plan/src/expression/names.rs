//! Everything that an expression may name.

use std::collections::BTreeMap;

use model::Diagnostic;

use super::ClusterKeys;
use super::texts::Texts;
use schema::nearest::nearest;

use crate::fleet::GroupId;

/// The names of one fleet.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The clusters, by [`model::ClusterId`].
    pub clusters: Texts,
    /// The groups.
    pub groups: GroupNames,
    /// The namespaces, by [`model::NamespaceId`].
    pub namespaces: Texts,
    /// The keys of labels and own values, and their values.
    pub keys: ClusterKeys,
    /// The labels that `fleet.yaml` declares, if it does.
    pub vocabulary: Option<Vocabulary>,
}

/// The declared label keys, each with its values in order, or nothing where any will do.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// The keys.
    pub keys: BTreeMap<Box<str>, Option<Vec<Box<str>>>>,
}

/// The paths of groups, present and former.
#[derive(Clone, Debug, Default)]
pub struct GroupNames {
    /// The present paths, by [`GroupId`].
    pub paths: Texts,
    /// Former paths, each with the present path of the group that had it.
    pub former: BTreeMap<Box<str>, Box<str>>,
}

impl GroupNames {
    /// The group of that path, and whether the path is a former one. A present path wins.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(GroupId, bool)> {
        if let Some(index) = self.paths.find(path) {
            return Some((GroupId(index as u32), false));
        }
        // A group can be renamed below one that was renamed: each step replaces one of them.
        let mut present = self.present(path)?;
        for _ in 0..16 {
            if let Some(index) = self.paths.find(&present) {
                return Some((GroupId(index as u32), true));
            }
            present = self.present(&present)?;
        }
        None
    }

    /// The path with its longest former part replaced by the present one.
    #[must_use]
    pub fn present(&self, path: &str) -> Option<String> {
        if self.former.is_empty() {
            return None;
        }
        let mut end = path.len();
        while end > 0 {
            let head = &path[..end];
            if let Some(present) = self.former.get(head)
                && self.paths.find(head).is_none()
            {
                return Some(format!("{present}{}", &path[end..]));
            }
            end = head.rfind('/')?;
        }
        None
    }

    /// The path that a mistyped one most likely meant: one that ends with it, or the nearest.
    pub(crate) fn nearest(&self, path: &str) -> Option<&str> {
        let tail = |known: &&str| known.ends_with(path) && path.len() > 1;
        self.paths.iter().find(tail).or_else(|| nearest(path, self.paths.iter()))
    }
}

impl Names {
    /// The keys that an expression may use: those of clusters, and the declared ones.
    pub(crate) fn known_keys(&self) -> impl Iterator<Item = &str> {
        let declared = self.vocabulary.iter().flat_map(|v| v.keys.keys().map(|key| &**key));
        self.keys.names().chain(declared)
    }
}

/// What was found wrong so far.
///
/// A suggestion costs a look at every known name, so that only the first 200 unknown names get
/// one: a source of nothing but mistakes is refused in bounded time.
#[derive(Debug)]
pub struct Findings {
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic>,
    n_suggestions_left: u32,
}

impl Default for Findings {
    fn default() -> Self {
        Self { diagnostics: Vec::new(), n_suggestions_left: 200 }
    }
}

impl Findings {
    /// Adds a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether an error is among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Adds a diagnostic about an unknown name, with the name that `look` suggests, or else with
    /// another hint.
    pub(crate) fn unknown<'a>(
        &mut self,
        diagnostic: Diagnostic,
        look: impl FnOnce() -> Option<&'a str>,
        otherwise: &str,
    ) {
        let left = self.n_suggestions_left > 0;
        self.n_suggestions_left = self.n_suggestions_left.saturating_sub(1);
        let hint = match left.then(look).flatten() {
            Some(name) => format!("did you mean `{name}`?"),
            None => otherwise.to_owned(),
        };
        self.push(diagnostic.hint(hint));
    }
}
