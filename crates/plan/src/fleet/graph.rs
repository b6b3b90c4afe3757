//! What refers to what: an order in which everything comes after what it refers to, and the
//! circles that make such an order impossible.

use std::collections::VecDeque;

use model::Span;

/// A reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// What is referred to.
    pub(super) to: usize,
    /// Where.
    pub(super) at: Span,
    /// Whether it is a group that contains another, and not an expression that names it.
    pub(super) descent: bool,
}

/// Nodes by number, each with its references.
pub(super) struct Graph {
    pub(super) edges: Vec<Vec<Edge>>,
}

impl Graph {
    pub(super) fn new(n_nodes: usize) -> Self {
        Self { edges: vec![Vec::new(); n_nodes] }
    }

    pub(super) fn add(&mut self, from: usize, edge: Edge) {
        self.edges[from].push(edge);
    }

    /// The nodes in groups that refer to each other, each group after those that it refers to
    /// (R. Tarjan, "Depth-first search and linear graph algorithms", 1972). A group of one is
    /// the normal case. Without recursion: a chain of references may be as long as the inventory.
    pub(super) fn components(&self) -> Vec<Vec<usize>> {
        let mut walk = Walk::new(self.edges.len());
        for start in 0..self.edges.len() {
            if walk.number[start] == UNSEEN {
                walk.from(start, &self.edges);
            }
        }
        walk.components
    }

    /// A shortest circle through the smallest node of a component, as the edges that lead from
    /// that node back to it; nothing if the component is one node that does not name itself.
    pub(super) fn circle(&self, component: &[usize]) -> Option<(usize, Vec<Edge>)> {
        let start = *component.iter().min()?;
        let inside: std::collections::HashSet<usize> = component.iter().copied().collect();
        let mut reached: std::collections::HashMap<usize, (usize, Edge)> = Default::default();
        let mut next = VecDeque::from([start]);
        while let Some(node) = next.pop_front() {
            for edge in self.edges[node].iter().filter(|edge| inside.contains(&edge.to)) {
                if edge.to == start {
                    return Some((start, path_to(start, node, *edge, &reached)));
                }
                if let std::collections::hash_map::Entry::Vacant(entry) = reached.entry(edge.to) {
                    entry.insert((node, *edge));
                    next.push_back(edge.to);
                }
            }
        }
        None
    }
}

fn path_to(
    start: usize,
    mut node: usize,
    last: Edge,
    reached: &std::collections::HashMap<usize, (usize, Edge)>,
) -> Vec<Edge> {
    let mut path = vec![last];
    while node != start {
        let (from, edge) = reached[&node];
        path.push(edge);
        node = from;
    }
    path.reverse();
    path
}

const UNSEEN: usize = usize::MAX;

struct Walk {
    number: Vec<usize>,
    lowest: Vec<usize>,
    open: Vec<bool>,
    stack: Vec<usize>,
    n_seen: usize,
    components: Vec<Vec<usize>>,
}

impl Walk {
    fn new(n_nodes: usize) -> Self {
        Self {
            number: vec![UNSEEN; n_nodes],
            lowest: vec![UNSEEN; n_nodes],
            open: vec![false; n_nodes],
            stack: Vec::new(),
            n_seen: 0,
            components: Vec::new(),
        }
    }

    fn enter(&mut self, node: usize) {
        self.number[node] = self.n_seen;
        self.lowest[node] = self.n_seen;
        self.n_seen += 1;
        self.stack.push(node);
        self.open[node] = true;
    }

    fn from(&mut self, start: usize, edges: &[Vec<Edge>]) {
        self.enter(start);
        let mut path = vec![(start, 0)];
        while let Some((node, n_taken)) = path.last_mut() {
            let node = *node;
            if let Some(edge) = edges[node].get(*n_taken) {
                *n_taken += 1;
                if self.number[edge.to] == UNSEEN {
                    self.enter(edge.to);
                    path.push((edge.to, 0));
                } else if self.open[edge.to] {
                    self.lowest[node] = self.lowest[node].min(self.number[edge.to]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.lowest[*parent] = self.lowest[*parent].min(self.lowest[node]);
            }
            if self.lowest[node] == self.number[node] {
                self.close(node);
            }
        }
    }

    fn close(&mut self, root: usize) {
        let start = self.stack.iter().rposition(|node| *node == root).unwrap_or(0);
        let component = self.stack.split_off(start);
        component.iter().for_each(|node| self.open[*node] = false);
        self.components.push(component);
    }
}
