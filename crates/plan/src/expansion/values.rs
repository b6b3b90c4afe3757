//! Which of a chart's values count: those that no later file of values replaces.
//!
//! Helm merges mappings and replaces everything else; a chart's own values give way to those of
//! the chart that it is part of, and these to an overlay's. See
//! <https://helm.sh/docs/chart_template_guide/values_files/>. A dependency that goes by an alias
//! is looked for under the name of its folder.

use std::ops::Range;

use schema::yaml::{Content, Limits, Node, Stream, parse};

use super::values_path;
use crate::overlay::folder::{TemplateFile, join};

/// The keys that lead to a value.
type Path = Vec<String>;

/// One file of values.
struct Layer {
    /// The position of the file.
    input: usize,
    /// The keys below which its values stand in those of the whole chart.
    prefix: Path,
    stream: Stream,
}

/// The bytes of each scalar of values that counts, with the position of its file.
pub(super) fn effective(
    files: &[TemplateFile<'_>],
    chart: &str,
    overlay: Option<&str>,
) -> Vec<(usize, Range<usize>)> {
    let layers = layers(files, chart, overlay);
    let mut found = Vec::new();
    for (position, layer) in layers.iter().enumerate() {
        let mut scalars = Vec::new();
        for document in layer.stream.documents.iter().take(1) {
            collect(document, &mut layer.prefix.clone(), false, &mut scalars);
        }
        let later = &layers[position + 1..];
        let counts = |path: &Path| !later.iter().any(|layer| layer.replaces(path));
        let scalars = scalars.into_iter().filter(|(path, _)| counts(path));
        found.extend(scalars.map(|(_, range)| (layer.input, range)));
    }
    found
}

/// The files of values that can be read, the weakest first.
fn layers(files: &[TemplateFile<'_>], chart: &str, overlay: Option<&str>) -> Vec<Layer> {
    let own = |file: &TemplateFile<'_>| prefix_of(file.path, chart);
    let mut layers: Vec<Layer> = (0..)
        .zip(files)
        .filter(|(_, file)| overlay != Some(file.path))
        .filter_map(|(input, file)| read(input, file, own(file)?))
        .collect();
    layers.sort_by_key(|layer| std::cmp::Reverse(layer.prefix.len()));
    let overlay = (0..).zip(files).find(|(_, file)| overlay == Some(file.path));
    layers.extend(overlay.and_then(|(input, file)| read(input, file, Vec::new())));
    layers
}

fn read(input: usize, file: &TemplateFile<'_>, prefix: Path) -> Option<Layer> {
    let stream = parse(file.text()?, &Limits::TEMPLATE).ok()?;
    Some(Layer { input, prefix, stream })
}

/// The keys below which a file of values of a chart or of one of its parts stands.
fn prefix_of(path: &str, chart: &str) -> Option<Path> {
    if path == values_path(chart) {
        return Some(Vec::new());
    }
    let below = path.strip_prefix(&join(chart, "charts/"))?;
    let (name, rest) = below.split_once('/')?;
    let part = join(chart, &format!("charts/{name}"));
    let mut prefix = vec![name.to_owned()];
    prefix.extend(prefix_of(&join(&part, rest), &part)?);
    Some(prefix)
}

/// The scalars below a node, each with the path at which Helm would replace it: a list is replaced
/// as a whole, so that what is in one has the list's.
fn collect(node: &Node, path: &mut Path, in_list: bool, found: &mut Vec<(Path, Range<usize>)>) {
    match &node.content {
        Content::Scalar { .. } => found.push((path.clone(), node.range.clone())),
        Content::Sequence { items, .. } => {
            items.iter().for_each(|item| collect(item, path, true, found));
        }
        Content::Mapping { pairs, .. } => {
            let depth = path.len();
            for (key, value) in pairs {
                path.extend((!in_list).then(|| key.as_str().unwrap_or_default().to_owned()));
                found.push((path.clone(), key.range.clone()));
                collect(value, path, in_list, found);
                path.truncate(depth);
            }
        }
        Content::Alias(_) => {}
    }
}

impl Layer {
    /// Whether this file says something else at a path, or above it.
    fn replaces(&self, path: &Path) -> bool {
        let Some(rest) = path.strip_prefix(&*self.prefix) else { return false };
        let Some(mut node) = self.stream.documents.first() else { return false };
        for key in rest {
            if node.pairs().is_none() {
                return true;
            }
            match node.get(key) {
                Some(value) => node = value,
                None => return false,
            }
        }
        !rest.is_empty()
    }
}
