//! Publishing one source after another, as text.
//!
//! A script is blocks divided by `==` lines. A block is a render (see [`crate::fleet`]) and what
//! is known of the world:
//!
//! ```text
//! confirm          the plan that waits            confirm wrong
//! by anna
//! strict           all or nothing
//! after 25h        how long after the block before
//! unread 2         no objects of trees called `2` can be read
//! foreign a=x      the folder of cluster `a` holds the tree `x`
//! descends no | unknown
//! adopt a=x | discard a | resume a               in place of a render
//! hold a,b web,api because   a hold of persons; `*` for all clusters or everything on them
//! roll back a,b web because  one that holds from the next step on
//! stop because               one of every release
//! until 5h                   when it ends by itself
//! lift 2                     takes the hold of step 2 away
//! expressions unknown        nobody knows which clusters a hold selects
//! ```
//!
//! Each block moves the ledger, if the decision has a step.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use model::{
    ApplicationName, Cause, ClusterId, ClusterSet, Digest, Generation, Hold, HoldKind, Ledger,
    Observed, PlacedHold, PlacedKind, Rendered, Step,
};
use release::{
    Decided, Decision, Held, HeldItem, NewHold, OrderError, Orders, Placed, World, adopt, compare,
    decide, discard, follow_orders, resume,
};

use crate::fleet::{Trees, rendered};

/// A fleet that is published again and again.
pub(crate) struct Publisher {
    pub(crate) ledger: Option<Ledger>,
    pub(crate) trees: Trees,
    pub(crate) now: Timestamp,
    pub(crate) plan: Option<Digest>,
}

impl Default for Publisher {
    fn default() -> Self {
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        Self { ledger: None, trees: Trees::default(), now, plan: None }
    }
}

/// Runs a script and answers what was decided, block by block.
pub(crate) fn run(script: &str) -> String {
    let mut publisher = Publisher::default();
    let blocks = script.split("==\n").map(|block| publisher.act(block));
    blocks.collect::<Vec<_>>().join("==\n")
}

impl Publisher {
    /// Does what a block says.
    pub(crate) fn act(&mut self, block: &str) -> String {
        let by_hand = block.lines().map(str::trim).find_map(|line| self.by_hand(line));
        if let Some(text) = by_hand {
            return text;
        }
        let decision = self.decide(block);
        self.follow(&decision);
        self.show(&decision)
    }

    /// Decides a block, without following.
    pub(crate) fn decide(&mut self, block: &str) -> Decision {
        let rendered = rendered(block, &mut self.trees);
        self.decide_rendered(&rendered, block)
    }

    /// Publishes a render, with what a block says of the world.
    pub(crate) fn publish(&mut self, rendered: &Rendered, block: &str) -> Decision {
        let decision = self.decide_rendered(rendered, block);
        self.follow(&decision);
        decision
    }

    fn decide_rendered(&mut self, rendered: &Rendered, block: &str) -> Decision {
        let difference = compare(self.ledger.as_ref(), rendered);
        let mut world = self.world(block);
        world.placed = match self.placed(rendered, block) {
            Ok(placed) => placed,
            Err(error) => panic!("{error}"),
        };
        let unread: Vec<&str> = words(block, "unread").collect();
        for transition in difference.transitions() {
            let ids = [transition.old, transition.new].into_iter().flatten();
            let is_unread = ids.into_iter().any(|id| unread.contains(&self.trees.name(id)));
            let change = match is_unread {
                true => Observed::Unknown(Cause("the pack is broken".to_owned())),
                false => Observed::Known(self.trees.change(transition.old, transition.new)),
            };
            world.object_changes.insert(transition, change);
        }
        decide(self.ledger.as_ref(), rendered, &difference, &world, self.now)
    }

    /// The ledger after the decision.
    pub(crate) fn follow(&mut self, decision: &Decision) {
        let Decision::Decided(decided) = decision else { return };
        self.plan = decided.held.as_ref().map(|held| held.plan);
        if let Some(step) = &decided.step {
            self.append(step);
        }
    }

    /// What the room `git` does with a step, as far as the ledger is concerned.
    fn append(&mut self, step: &Step) {
        check_order(&step.ledger);
        self.ledger = Some(step.ledger.clone());
    }

    fn world(&mut self, block: &str) -> World {
        let mut world = World {
            object_changes: HashMap::new(),
            foreign: Vec::new(),
            descends: Observed::Known(true),
            confirm: None,
            by: words(block, "by").next().unwrap_or("anna").to_owned(),
            all_or_nothing: block.lines().any(|line| line.trim() == "strict"),
            placed: Vec::new(),
        };
        for hours in words(block, "after") {
            let hours: i64 = hours.trim_end_matches('h').parse().unwrap();
            self.now += SignedDuration::from_hours(hours);
        }
        for line in block.lines().map(str::trim) {
            match line {
                "confirm" => world.confirm = self.plan,
                "confirm wrong" => world.confirm = Some(Digest([7; 32])),
                "descends no" => world.descends = Observed::Known(false),
                "descends unknown" => {
                    world.descends = Observed::Unknown(Cause("a shallow clone".to_owned()));
                }
                _ => {}
            }
        }
        for pair in words(block, "foreign") {
            let (cluster, tree) = pair.split_once('=').unwrap();
            let uid = self.ledger.as_ref().unwrap().cluster(cluster).unwrap().uid;
            world.foreign.push((uid, self.trees.tree(tree)));
        }
        world
    }

    /// `adopt a=x`, `discard a`, `resume a`.
    /// The holds of persons, after what the block orders.
    fn placed(&self, rendered: &Rendered, block: &str) -> Result<Vec<Placed>, OrderError> {
        let hours = words(block, "until").next().map(|text| text.trim_end_matches('h'));
        let until =
            hours.map(|hours| self.now + SignedDuration::from_hours(hours.parse().unwrap()));
        let kinds = [("hold", PlacedKind::Hold), ("roll back", PlacedKind::Rollback)];
        let orders =
            kinds.iter().flat_map(|(word, kind)| words(block, word).map(|rest| (*kind, rest)));
        let stops = words(block, "stop").map(|reason| NewHold {
            kind: PlacedKind::Stop,
            clusters: None,
            applications: Vec::new(),
            reason: reason.to_owned(),
            until,
        });
        let place = orders.map(|(kind, text)| new_hold(kind, text, until)).chain(stops).next();
        let lift = words(block, "lift").map(|step| Generation(step.parse().unwrap())).collect();
        let orders = Orders { place, lift };
        let unknown = block.lines().any(|line| line.trim() == "expressions unknown");
        let placed = |hold: PlacedHold| Placed {
            clusters: match unknown {
                true => Observed::Unknown(Cause("its cluster is gone".to_owned())),
                false => Observed::Known(selected(rendered, hold.clusters.as_deref())),
            },
            holds_now: hold.kind != PlacedKind::Rollback || Some(hold.since) != self.next(),
            hold,
        };
        let after = follow_orders(self.ledger.as_ref(), &orders, "anna", self.now)?;
        Ok(after.into_iter().map(placed).collect())
    }

    fn next(&self) -> Option<Generation> {
        Some(self.ledger.as_ref()?.generation.next())
    }

    fn by_hand(&mut self, line: &str) -> Option<String> {
        let (verb, rest) = line.split_once(' ')?;
        if !matches!(verb, "adopt" | "discard" | "resume") {
            return None;
        }
        let (name, tree) = rest.split_once('=').map_or((rest, None), |(n, t)| (n, Some(t)));
        let tree = tree.map(|tree| self.trees.tree(tree));
        let ledger = self.ledger.as_ref().unwrap();
        let uid = ledger.cluster(name).map_or(model::ClusterUid([9; 16]), |cluster| cluster.uid);
        let step = match verb {
            "adopt" => adopt(ledger, uid, tree.unwrap(), "anna", self.now),
            "discard" => discard(ledger, uid, tree, "anna", self.now),
            _ => resume(ledger, uid, "anna", self.now),
        };
        Some(match step {
            Ok(step) => {
                self.append(&step);
                self.show_step(&step)
            }
            Err(error) => format!("error: {error}\n"),
        })
    }

    fn show(&self, decision: &Decision) -> String {
        match decision {
            Decision::Refused(refusal) => format!("refused: {refusal}\n  {}\n", refusal.hint()),
            Decision::Decided(decided) => self.show_decided(decided),
        }
    }

    fn show_decided(&self, decided: &Decided) -> String {
        let mut text = String::new();
        match &decided.step {
            Some(step) => text.push_str(&self.show_step(step)),
            None => text.push_str("nothing\n"),
        }
        if let Some(held) = &decided.held {
            text.push_str(&self.show_held(held));
        }
        for stale in &decided.stale {
            let since = stale.since.map_or("never released".to_owned(), |g| format!("since {g}"));
            let _ = writeln!(text, "stale {} {}: {since}", stale.cluster, stale.part);
        }
        for waiting in &decided.waiting {
            let _ = writeln!(text, "waiting {}: {:?}", waiting.cluster, waiting.broken);
        }
        if decided.n_on_hold > 0 {
            let _ = writeln!(text, "on hold: {}", decided.n_on_hold);
        }
        for kept in &decided.kept {
            let tree = self.trees.name(kept.tree);
            let _ = writeln!(text, "kept {}: {:?} {tree}", kept.cluster, kept.kind);
        }
        text
    }

    fn show_step(&self, step: &Step) -> String {
        let mut text = format!("{}\n", step.subject);
        let ledger = &step.ledger;
        let mut clusters: Vec<_> = ledger.clusters.iter().collect();
        clusters.sort_by(|a, b| a.name.cmp(&b.name));
        for cluster in clusters {
            let star = if step.changed.contains(&cluster.uid) { "*" } else { "" };
            let _ = write!(text, " {star}{}:", cluster.name);
            for cell in &cluster.cells {
                let name = ledger.application(cell.application);
                let tree = self.trees.name(cell.fragment.tree);
                let _ = write!(text, " {name}={tree}@{}", cell.released);
                if let Some(stale) = cell.stale {
                    let _ = write!(text, "(stale {stale})");
                }
            }
            for (name, id) in cluster.parts.namespaces.iter() {
                let _ = write!(text, " ns/{name}={}", self.trees.name(*id));
            }
            for entry in cluster.parts.bootstrap.iter() {
                let _ = write!(text, " boot={}", self.trees.name(entry.id));
            }
            text.push('\n');
        }
        for Hold { cluster, kind, tree, since } in &ledger.holds {
            let name = &ledger.cluster_by_uid(*cluster).unwrap().name;
            let kind = if *kind == HoldKind::Foreign { "foreign" } else { "adopted" };
            let _ = writeln!(text, "  hold {name}: {kind} {} @{since}", self.trees.name(*tree));
        }
        for hold in &ledger.placed {
            let clusters = hold.clusters.as_deref().unwrap_or("*");
            let _ = writeln!(text, "  {} {:?} {clusters}: {}", hold.name(), hold.kind, hold.reason);
        }
        for deletions in &ledger.deletions {
            let _ = writeln!(text, "  deleted {}@{}", deletions.n_bindings, deletions.generation);
        }
        for approval in &ledger.approvals {
            let _ = writeln!(text, "  approved by {} @{}", approval.by, approval.generation);
        }
        text
    }

    fn show_held(&self, held: &Held) -> String {
        let mut text = String::new();
        let id = |id: Option<model::ObjectId>| id.map_or("-", |id| self.trees.name(id));
        for HeldItem { name, part, old, new, reason, .. } in &held.items {
            let reason = &held.reasons[*reason];
            let _ = writeln!(text, "held {name} {part} {} -> {}: {reason}", id(*old), id(*new));
        }
        text
    }
}

/// `a,b web because`, with `*` for all.
fn new_hold(kind: PlacedKind, text: &str, until: Option<Timestamp>) -> NewHold {
    let mut words = text.splitn(3, ' ');
    let mut word = || words.next().unwrap().to_owned();
    let (clusters, applications, reason) = (word(), word(), word());
    let names = applications.split(',').filter(|name| *name != "*");
    NewHold {
        kind,
        clusters: Some(clusters).filter(|clusters| clusters != "*"),
        applications: names.map(|name| ApplicationName::parse(name).unwrap()).collect(),
        reason,
        until,
    }
}

fn selected(rendered: &Rendered, clusters: Option<&str>) -> ClusterSet {
    let is_selected = |name: &str| clusters.is_none_or(|all| all.split(',').any(|one| one == name));
    let all = rendered.clusters.iter().enumerate();
    let selected = all.filter(|(_, cluster)| is_selected(cluster.name.as_str()));
    selected.map(|(position, _)| ClusterId(position as u32)).collect()
}

/// The words after a keyword at the start of any line.
fn words<'a>(block: &'a str, keyword: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = block.lines().map(str::trim);
    lines.filter_map(move |line| line.strip_prefix(keyword)?.strip_prefix(' '))
}

/// What every ledger keeps: clusters in the order of uids, cells in the order of applications,
/// names in order and in use, and no cell that a later step released.
pub(crate) fn check_order(ledger: &Ledger) {
    assert!(ledger.clusters.windows(2).all(|pair| pair[0].uid < pair[1].uid));
    assert!(ledger.applications.windows(2).all(|pair| pair[0] < pair[1]));
    let mut used = vec![false; ledger.applications.len()];
    for cluster in &ledger.clusters {
        assert!(cluster.cells.applications().is_sorted_by(|a, b| a < b));
        for cell in &cluster.cells {
            used[cell.application.0 as usize] = true;
            assert!(cell.released <= ledger.generation);
        }
    }
    assert!(used.iter().all(|used| *used), "{:?}", ledger.applications);
}
