//! Which clusters groups, namespaces and applications have.

use std::collections::{BTreeMap, HashMap};

use model::{ApplicationId, ClusterId, ClusterSet, Diagnostic, NamespaceId, Span};

use super::GroupId;
use super::codes::{CYCLE, EMPTY_EXPRESSION};
use super::graph::{Edge, Graph};
use super::inventory::Inventory;
use super::selectors::{Selector, Selectors, UnmatchedValues};
use crate::expression::codes::UNKNOWN_GROUP;
use crate::expression::{ClusterKeys, Findings, Names, Resolved, Sets, evaluate, former_path};

/// The sets of a fleet.
#[derive(Default)]
pub(super) struct Placement {
    pub(super) groups: Vec<ClusterSet>,
    pub(super) namespaces: Vec<ClusterSet>,
    pub(super) applications: Vec<ClusterSet>,
    pub(super) namespace_overrides: Vec<Vec<ClusterSet>>,
    pub(super) application_overrides: Vec<Vec<ClusterSet>>,
    pub(super) unmatched: UnmatchedValues,
    pub(super) decommissioned: ClusterSet,
    pub(super) empty_expressions: Vec<String>,
}

/// The sets that are known so far, as expressions see them.
struct Known<'a> {
    names: &'a Names,
    placement: &'a Placement,
}

impl Sets for Known<'_> {
    fn n_clusters(&self) -> usize {
        self.names.clusters.len()
    }

    fn keys(&self) -> &ClusterKeys {
        &self.names.keys
    }

    fn group(&self, group: GroupId) -> &ClusterSet {
        &self.placement.groups[group.0 as usize]
    }

    fn namespace(&self, namespace: NamespaceId) -> &ClusterSet {
        &self.placement.namespaces[namespace.0 as usize]
    }
}

/// Places everything.
pub(super) struct Placer<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) names: &'a Names,
    pub(super) selectors: &'a Selectors,
    /// Each application's namespace.
    pub(super) namespaces: &'a [Option<NamespaceId>],
}

impl Placer<'_> {
    /// Evaluates all expressions; nothing if they go in circles.
    pub(super) fn place(&self, findings: &mut Findings) -> Option<Placement> {
        let n_clusters = self.names.clusters.len();
        let n_groups = self.inventory.groups.len();
        let graph = self.graph();
        let components = graph.components();
        let listed = self.listed(findings);
        if self.tell_circles(&graph, &components, findings) {
            return None;
        }
        let empty = || ClusterSet::none(n_clusters);
        let mut placement = Placement {
            groups: listed,
            namespaces: vec![empty(); self.inventory.namespaces.len()],
            decommissioned: self.decommissioned(),
            ..Placement::default()
        };
        placement.unmatched.groups = vec![None; n_groups];
        placement.unmatched.namespaces = vec![None; self.inventory.namespaces.len()];
        for node in components.into_iter().flatten() {
            if node < n_groups {
                self.group(node, &graph.edges[node], &mut placement);
            } else {
                self.namespace(node - n_groups, &mut placement);
            }
        }
        self.warn_of_empty(&mut placement, findings);
        placement.unmatched.check_all(self.selectors, findings);
        self.applications(&mut placement, findings);
        self.overrides(&mut placement, findings);
        Some(placement)
    }

    /// Groups and then namespaces, each with what its clusters are made from.
    fn graph(&self) -> Graph {
        let n_groups = self.inventory.groups.len();
        let mut graph = Graph::new(n_groups + self.inventory.namespaces.len());
        for (index, (path, document)) in self.inventory.groups.iter().enumerate() {
            let parent = path.parent().and_then(|parent| self.names.groups.paths.find(parent));
            if let Some(parent) = parent {
                let at = document.parent.as_ref().map_or(document.metadata.name.span, |p| p.span);
                graph.add(parent, Edge { to: index, at, descent: true });
            }
        }
        let all = self.selectors.groups.iter().chain(&self.selectors.namespaces);
        for (index, selector) in all.enumerate() {
            let Some(selector) = selector else { continue };
            selector.resolved.leaves(&mut |leaf, _| match leaf {
                Resolved::Group(group, at) => {
                    graph.add(index, Edge { to: group.0 as usize, at: *at, descent: false });
                }
                Resolved::Namespace(namespace, at) => {
                    let to = n_groups + namespace.0 as usize;
                    graph.add(index, Edge { to, at: *at, descent: false });
                }
                _ => {}
            });
        }
        graph
    }

    fn term(&self, node: usize) -> String {
        match self.inventory.groups.get(node) {
            Some((path, _)) => format!("/g{path}"),
            None => {
                let index = node - self.inventory.groups.len();
                format!("/n/{}", self.names.namespaces.get(index))
            }
        }
    }

    fn tell_circles(
        &self,
        graph: &Graph,
        components: &[Vec<usize>],
        findings: &mut Findings,
    ) -> bool {
        let circles: Vec<_> =
            components.iter().filter_map(|component| graph.circle(component)).collect();
        for (start, edges) in &circles {
            let step = |edge: &Edge, from: usize| {
                let (from, to) = (self.term(from), self.term(edge.to));
                match edge.descent {
                    true => format!("`{from}` contains `{to}`"),
                    false => format!("`{from}` names `{to}`"),
                }
            };
            findings
                .push(circle(*start, edges, |node| self.term(node), step).hint(
                    "take one of these names out of its expression; labels can say the same",
                ));
        }
        !circles.is_empty()
    }

    /// The clusters that list each group in `spec.groups`. What is wrong there is told once for
    /// all clusters.
    fn listed(&self, findings: &mut Findings) -> Vec<ClusterSet> {
        let n_clusters = self.names.clusters.len();
        let mut sets = vec![ClusterSet::none(n_clusters); self.inventory.groups.len()];
        let mut found: HashMap<&str, Option<(GroupId, bool)>> = HashMap::new();
        let mut told: BTreeMap<&str, (Span, ClusterSet)> = BTreeMap::new();
        for (index, document) in self.inventory.clusters.iter().enumerate() {
            let cluster = ClusterId(index as u32);
            for path in &document.groups {
                let text = path.value.as_str();
                let group = *found.entry(text).or_insert_with(|| self.names.groups.find(text));
                if let Some((group, _)) = group {
                    sets[group.0 as usize].insert(cluster);
                }
                if !matches!(group, Some((_, false))) {
                    let (first, clusters) =
                        told.entry(text).or_insert((path.span, ClusterSet::default()));
                    *first = path.span.min(*first);
                    clusters.insert(cluster);
                }
            }
        }
        for (path, (span, clusters)) in told {
            self.tell_group(path, found[path], span, clusters, findings);
        }
        sets
    }

    fn tell_group(
        &self,
        path: &str,
        group: Option<(GroupId, bool)>,
        span: Span,
        clusters: ClusterSet,
        findings: &mut Findings,
    ) {
        let groups = &self.names.groups;
        match group {
            Some((group, _)) => {
                let present = groups.paths.get(group.0 as usize);
                findings.push(former_path(path, present, span).clusters(clusters));
            }
            None => {
                let message = format!("there is no group `{path}`");
                let error = Diagnostic::error(&UNKNOWN_GROUP, span, message).clusters(clusters);
                findings.unknown(error, || groups.nearest(path), "add the Group document");
            }
        }
    }

    fn decommissioned(&self) -> ClusterSet {
        let clusters = self.inventory.clusters.iter().enumerate();
        clusters.filter(|(_, d)| d.decommission).map(|(i, _)| ClusterId(i as u32)).collect()
    }

    fn evaluate(&self, selector: &Selector, placement: &Placement) -> ClusterSet {
        evaluate(&selector.resolved, &Known { names: self.names, placement })
    }

    /// A group has the clusters that list it, its expression's, and those of all groups below.
    fn group(&self, index: usize, edges: &[Edge], placement: &mut Placement) {
        let mut clusters = std::mem::take(&mut placement.groups[index]);
        let below = edges.iter().filter(|edge| edge.descent);
        let mut unmatched = None;
        for edge in below {
            clusters.unite(&placement.groups[edge.to]);
            unmatched = unmatched.or_else(|| placement.unmatched.groups[edge.to].clone());
        }
        if let Some(selector) = &self.selectors.groups[index] {
            clusters.unite(&self.evaluate(selector, placement));
            unmatched = placement.unmatched.first_of(&selector.resolved).or(unmatched);
        }
        placement.groups[index] = clusters;
        placement.unmatched.groups[index] = unmatched;
    }

    fn namespace(&self, index: usize, placement: &mut Placement) {
        let Some(selector) = &self.selectors.namespaces[index] else { return };
        placement.unmatched.namespaces[index] = placement.unmatched.first_of(&selector.resolved);
        let mut clusters = self.evaluate(selector, placement);
        clusters.subtract(&placement.decommissioned);
        placement.namespaces[index] = clusters;
    }

    /// Tells which groups and namespaces select nothing; a fleet without clusters has nothing
    /// to select.
    fn warn_of_empty(&self, placement: &mut Placement, findings: &mut Findings) {
        if self.names.clusters.is_empty() {
            return;
        }
        let groups = self.names.groups.paths.iter().map(|path| format!("group {path}"));
        let namespaces = self.names.namespaces.iter().map(|name| format!("namespace {name}"));
        let selectors = self.selectors.groups.iter().chain(&self.selectors.namespaces);
        for (what, selector) in groups.chain(namespaces).zip(selectors) {
            let Some(selector) = selector else { continue };
            if is_empty_by_accident(selector, &self.evaluate(selector, placement)) {
                findings.push(empty(selector, &what));
                placement.empty_expressions.push(what);
            }
        }
    }

    /// An application has its namespace's clusters, narrowed by its own expression.
    fn applications(&self, placement: &mut Placement, findings: &mut Findings) {
        for (index, document) in self.inventory.applications.iter().enumerate() {
            let mut clusters = match self.namespaces[index] {
                Some(namespace) => placement.namespaces[namespace.0 as usize].clone(),
                None => ClusterSet::default(),
            };
            if let Some(selector) = &self.selectors.applications[index] {
                let own = self.evaluate(selector, placement);
                let had_some = !clusters.is_empty();
                clusters.intersect(&own);
                let narrowed_away = had_some && clusters.is_empty() && !selector.syntax.is_none();
                if !self.names.clusters.is_empty()
                    && (is_empty_by_accident(selector, &own) || narrowed_away)
                {
                    let what = format!("application {}", document.metadata.name.value);
                    findings.push(empty(selector, &what));
                    placement.empty_expressions.push(what);
                }
            }
            placement.applications.push(clusters);
        }
    }

    fn overrides(&self, placement: &mut Placement, findings: &mut Findings) {
        let mut sets = |kind: &str, name: &str, list: &[Option<Selector>]| -> Vec<ClusterSet> {
            let one = |(index, selector): (usize, &Option<Selector>)| {
                let Some(selector) = selector else { return ClusterSet::default() };
                let clusters = self.evaluate(selector, placement);
                if !self.names.clusters.is_empty() && is_empty_by_accident(selector, &clusters) {
                    let what = format!("override {} of {kind} {name}", index + 1);
                    findings.push(empty(selector, &what));
                }
                clusters
            };
            list.iter().enumerate().map(one).collect()
        };
        let namespaces = self.names.namespaces.iter().zip(&self.selectors.namespace_overrides);
        let of_namespaces = namespaces.map(|(name, list)| sets("namespace", name, list)).collect();
        let applications =
            self.inventory.applications.iter().zip(&self.selectors.application_overrides);
        let of_applications = applications
            .map(|(d, list)| sets("application", d.metadata.name.value.as_str(), list))
            .collect();
        placement.namespace_overrides = of_namespaces;
        placement.application_overrides = of_applications;
    }
}

/// The literal `none` is intent; anything else that selects nothing may be a mistake.
fn is_empty_by_accident(selector: &Selector, clusters: &ClusterSet) -> bool {
    clusters.is_empty() && !selector.syntax.is_none()
}

fn empty(selector: &Selector, what: &str) -> Diagnostic {
    let message = format!("the expression of {what} selects no cluster");
    Diagnostic::warning(&EMPTY_EXPRESSION, selector.span, message)
        .hint("write `none` if that is meant")
}

/// The error for a circle: all of it in the message, and each of its steps at its place.
fn circle(
    start: usize,
    edges: &[Edge],
    name: impl Fn(usize) -> String,
    step: impl Fn(&Edge, usize) -> String,
) -> Diagnostic {
    let mut path = name(start);
    for edge in edges {
        path.push_str(" -> ");
        path.push_str(&name(edge.to));
    }
    let mut error = Diagnostic::new(&CYCLE, model::Severity::Error, format!("cycle: {path}"));
    let mut from = start;
    for edge in edges {
        error = error.label(edge.at, step(edge, from));
        from = edge.to;
    }
    error
}

/// Checks that no application waits for itself.
pub(super) fn check_dependencies(
    inventory: &Inventory,
    depends_on: &[Vec<(ApplicationId, Span)>],
    findings: &mut Findings,
) {
    let mut graph = Graph::new(depends_on.len());
    for (index, list) in depends_on.iter().enumerate() {
        for (to, at) in list {
            graph.add(index, Edge { to: to.0 as usize, at: *at, descent: false });
        }
    }
    let name = |node: usize| inventory.applications[node].metadata.name.value.to_string();
    let step =
        |edge: &Edge, from: usize| format!("`{}` depends on `{}`", name(from), name(edge.to));
    for component in graph.components() {
        if let Some((start, edges)) = graph.circle(&component) {
            let error = circle(start, &edges, name, step);
            findings.push(error.hint("remove one of these from its `dependsOn`"));
        }
    }
}
