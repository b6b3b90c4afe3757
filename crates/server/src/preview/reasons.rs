//! Why something changes, as the preview asks for it.

use model::{LikelyRename, Move, Why};
use plan::Changes;
use release::{Part, Reasons};

/// The edits between two sources.
pub struct Told<'a>(Changes<'a>);

impl<'a> Told<'a> {
    /// Tells the edits between two sources.
    #[must_use]
    pub fn new(changes: Changes<'a>) -> Self {
        Self(changes)
    }
}

impl Reasons for Told<'_> {
    fn of_part(&self, part: &Part, clusters: &[u32]) -> Why {
        match part {
            Part::Application(name) => self.0.of_binding(name, clusters),
            Part::Namespace(name) => self.0.of_namespace(name, clusters),
            Part::Bootstrap | Part::Cluster => unknown(clusters),
        }
    }

    fn of_file(&self, part: &Part, path: &str, clusters: &[u32]) -> Why {
        let Part::Application(name) = part else { return unknown(clusters) };
        let below = path.strip_prefix(name.as_str()).and_then(|path| path.strip_prefix('/'));
        match below {
            Some(path) => self.0.of_file(name, path, clusters),
            None => self.0.of_listener(name, clusters),
        }
    }

    fn moves(&self) -> Vec<Move<Vec<u32>>> {
        self.0.moves()
    }

    fn likely_renames(&self) -> Vec<LikelyRename> {
        self.0.likely_renames()
    }
}

fn unknown(clusters: &[u32]) -> Why {
    Why { edits: Vec::new(), n_unknown: clusters.len() }
}
