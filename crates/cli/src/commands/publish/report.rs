//! What a publish did, for people and programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::ValueEnum;
use git::Projected;
use model::{ApplicationName, CommitId, Generation, HoldKind, Ledger, PlacedHold};
use release::{Decided, Held, HeldItem, Part, Summary};
use serde_json::{Value, json};
use server::Published;

use super::released::{self, Released};
use crate::commands::Outcome;
use crate::error::CommandError;
use crate::present::listing::columns;
use crate::session::Session;
use crate::source::Understood;
use crate::terminal::Paint;
use api::text::{count, some_of};

/// How many clusters are named for each reason.
const NAMED: usize = 8;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Tables and sentences.
    #[default]
    Text,
    /// One document.
    Json,
}

/// What a publish did, or would do.
pub(crate) struct Publication<'a> {
    understood: &'a Understood,
    decided: Decided,
    before: Option<Arc<Ledger>>,
    after: Option<Arc<Ledger>>,
    command: String,
    is_dry_run: bool,
    /// What was written for clusters.
    projected: Option<Projected>,
}

impl<'a> Publication<'a> {
    /// What was decided and done about a source.
    pub(crate) fn new(understood: &'a Understood, published: Published, command: String) -> Self {
        let Published { decided, before, after, projected } = published;
        Self { understood, decided, before, after, command, is_dry_run: false, projected }
    }

    /// What the step moved: counted where it is shown, since it looks at every changed cluster.
    fn released(&self) -> Released {
        released::count(self.before.as_deref(), self.after.as_deref())
    }

    /// The same, not done.
    pub(crate) fn dry_run(self) -> Self {
        Self { is_dry_run: true, ..self }
    }

    /// How the command ends.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.decided.held.is_some() || self.n_foreign() > 0 {
            Outcome::Held
        } else if !self.decided.stale.is_empty() || !self.decided.waiting.is_empty() {
            Outcome::Faulty
        } else {
            Outcome::Done
        }
    }

    fn n_foreign(&self) -> usize {
        self.decided.kept.iter().filter(|kept| kept.kind == HoldKind::Foreign).count()
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn write(&self, how: Output, session: &mut Session) -> Result<(), CommandError> {
        if how == Output::Json {
            let text = serde_json::to_string_pretty(&self.document()).unwrap_or_default();
            return session.terminal.print_line(&text);
        }
        // A table tells what goes well, which is what `-q` leaves out.
        if !session.terminal.is_quiet() {
            session.terminal.print(&self.table())?;
        }
        session.terminal.message(&self.headline());
        self.placed(session);
        self.write_problems(session);
        Ok(())
    }

    /// The holds of persons after the step.
    fn holds(&self) -> &[PlacedHold] {
        self.after.as_ref().map_or(&[], |ledger| &ledger.placed)
    }

    /// Says what the step holds from now on, and how that ends.
    fn placed(&self, session: &mut Session) {
        let new = self.holds().iter().find(|hold| Some(hold.since) == self.generation());
        let Some(hold) = new.filter(|_| self.is_step()) else { return };
        let name = hold.name();
        let until = hold.until.map_or_else(String::new, |until| format!("at {until}, or "));
        let holds = if self.is_dry_run { "would hold" } else { "holds" };
        session.terminal.message(&format!(
            "{name} {holds} from then on; it ends {until}with `res-edge resume --hold {name}`"
        ));
    }

    /// Says what stays as it is since persons hold it.
    fn on_hold(&self, session: &mut Session) {
        let n = self.decided.n_on_hold;
        if n > 0 {
            let names: Vec<String> = self.holds().iter().map(PlacedHold::name).collect();
            let (parts, names) = (count(n, "part"), some_of(&names, NAMED));
            session
                .terminal
                .message(&format!("{parts} on hold, under {names}; see `res-edge holds`"));
        }
    }

    /// Writes what is stale, held or was not written.
    pub(crate) fn write_problems(&self, session: &mut Session) {
        self.on_hold(session);
        self.stale(session);
        self.kept(session);
        self.not_written(session);
        if let Some(held) = &self.decided.held {
            self.held(held, session);
        }
    }

    /// The step that the ledger stands at.
    pub(crate) fn generation(&self) -> Option<Generation> {
        self.after.as_ref().map(|ledger| ledger.generation)
    }

    /// The source of the last release, where clusters or applications went since.
    pub(super) fn documents_went_since(&self) -> Option<CommitId> {
        let before = self.before.as_deref()?;
        let fleet = &self.understood.accepted().fleet;
        let is_gone = |name: &ApplicationName| fleet.application_id(name.as_str()).is_none();
        let went =
            self.decided.summary.clusters_removed > 0 || before.applications.iter().any(is_gone);
        before.source_commit.filter(|_| went)
    }

    /// Whether a step was appended, or would be.
    pub(crate) fn is_step(&self) -> bool {
        self.decided.step.is_some()
    }

    /// How many clusters the step changes.
    pub(crate) fn n_clusters_changed(&self) -> usize {
        self.decided.summary.clusters_changed
    }

    /// One line for each application that something happened to.
    fn table(&self) -> String {
        let released = self.released();
        let mut rows: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
        for (name, moved) in &released {
            let row = rows.entry(name).or_default();
            [row[0], row[1], row[2]] = [moved.n_added, moved.n_changed, moved.n_removed];
        }
        for cell in &self.decided.stale {
            if let Part::Application(name) = &cell.part {
                rows.entry(name.as_str()).or_default()[3] += 1;
            }
        }
        for item in self.decided.held.iter().flat_map(|held| &held.items) {
            if let Part::Application(name) = &item.part {
                rows.entry(name.as_str()).or_default()[4] += 1;
            }
        }
        if rows.is_empty() {
            return String::new();
        }
        let titles = ["APPLICATION", "ADDED", "CHANGED", "REMOVED", "STALE", "HELD"];
        let rows = rows.into_iter().map(|(name, numbers)| {
            let numbers = numbers.iter().map(usize::to_string);
            std::iter::once(name.to_owned()).chain(numbers).collect()
        });
        columns(Some(titles.map(str::to_owned).to_vec()), rows.collect())
    }

    /// What happened, in one sentence.
    pub(crate) fn headline(&self) -> String {
        let generation = self.generation().map_or(0, |generation| generation.0);
        match (&self.decided.step, self.is_dry_run) {
            (None, _) if self.decided.held.is_some() => "nothing else to release".to_owned(),
            (None, _) if self.n_projected() > 0 => {
                format!("nothing to release; wrote {} again", count(self.n_projected(), "cluster"))
            }
            (None, _) => "nothing to release".to_owned(),
            (Some(_), true) => format!("would release step {generation}: {}", self.size()),
            (Some(_), false) => format!("released step {generation}: {}", self.size()),
        }
    }

    /// What the step does to clusters, in words.
    fn size(&self) -> String {
        let Summary { clusters_changed, clusters_renamed, clusters_removed, .. } =
            self.decided.summary;
        let mut parts = vec![format!("{} changed", count(clusters_changed, "cluster"))];
        if clusters_renamed > 0 {
            parts.push(format!("{clusters_renamed} renamed"));
        }
        if clusters_removed > 0 {
            parts.push(format!("{clusters_removed} left the fleet (what runs there stays)"));
        }
        parts.join(", ")
    }

    fn n_projected(&self) -> usize {
        self.projected.as_ref().map_or(0, Projected::n_written)
    }

    /// A line for each part that is broken for one reason, with its clusters.
    fn stale(&self, session: &mut Session) {
        let mut groups: BTreeMap<(&Part, u32, Option<Generation>), Vec<&str>> = BTreeMap::new();
        for cell in &self.decided.stale {
            let group = (&cell.part, cell.diagnostic, cell.since);
            groups.entry(group).or_default().push(cell.cluster.as_str());
        }
        let word = session.terminal.paint_message(Paint::Warning, "stale");
        for ((part, _, since), clusters) in groups {
            let since = match since {
                Some(Generation(step)) => format!("keeps what it had before step {step}"),
                None => "was never released".to_owned(),
            };
            let on = some_of(&clusters, NAMED);
            session.terminal.report(&format!("{word}: {part} on {on} {since}"));
        }
        for waiting in &self.decided.waiting {
            let (cluster, broken) = (&waiting.cluster, some_of(&waiting.broken, NAMED));
            session.terminal.report(&format!(
                "{word}: the new cluster {cluster} waits until {broken} can be rendered"
            ));
        }
    }

    fn kept(&self, session: &mut Session) {
        for kept in &self.decided.kept {
            let name = &kept.cluster;
            let (word, text) = match kept.kind {
                HoldKind::Foreign => (
                    "held",
                    format!(
                        "{name} holds what someone else wrote ({}); keep it with `res-edge adopt \
                         {name}`, or write the release over it with `res-edge discard {name}`",
                        kept.tree
                    ),
                ),
                HoldKind::Adopted => {
                    ("adopted", format!("{name} gets no release until `res-edge resume {name}`"))
                }
            };
            let word = session.terminal.paint_message(Paint::Warning, word);
            let line = format!("{word}: {text}");
            match kept.kind {
                // Nobody has to do anything about what a person adopted.
                HoldKind::Adopted => session.terminal.message(&line),
                HoldKind::Foreign => session.terminal.report(&line),
            }
        }
    }

    /// What was found where clusters read and is not the ledger's: it was left alone.
    fn not_written(&self, session: &mut Session) {
        let Some(projected) = &self.projected else { return };
        let word = session.terminal.paint_message(Paint::Warning, "left alone");
        for place in &projected.left {
            session.terminal.message(&format!(
                "{word}: `{place}` is of a cluster that is gone, and holds what was never \
                 released; remove it by hand"
            ));
        }
        for place in &projected.former {
            session.terminal.message(&format!(
                "{word}: `{place}` is where clusters read before; remove it when none of them \
                 does any more"
            ));
        }
        if !projected.foreign.is_empty() {
            let n = count(projected.foreign.len(), "cluster");
            session.terminal.message(&format!(
                "{word}: {n} changed by someone else just now; publish again to see which"
            ));
        }
    }

    fn held(&self, held: &Held, session: &mut Session) {
        let word = session.terminal.paint_message(Paint::Warning, "held");
        let at_most = if session.terminal.is_verbose() { usize::MAX } else { NAMED };
        for (index, reason) in held.reasons.iter().enumerate() {
            session.terminal.report(&format!("{word}: {reason}"));
            let items: Vec<&HeldItem> =
                held.items.iter().filter(|item| item.reason == index).collect();
            for item in items.iter().take(at_most) {
                session.terminal.report(&format!("  {item}"));
            }
            if items.len() > at_most {
                let rest = items.len() - at_most;
                session.terminal.report(&format!("  and {rest} more; `-v` shows them"));
            }
        }
        let n = count(held.items.len(), "item");
        session.terminal.report(&format!(
            "\nNothing of this was released. To let exactly these {n} pass:\n  {} --confirm {}",
            self.command, held.plan
        ));
    }

    fn document(&self) -> Value {
        let released = self.released();
        let applications: BTreeMap<&str, Value> = released
            .iter()
            .map(|(name, moved)| {
                let counts = json!({
                    "added": moved.n_added, "changed": moved.n_changed, "removed": moved.n_removed,
                });
                (name.as_str(), counts)
            })
            .collect();
        json!({
            "apiVersion": "res-edge.dev/v1",
            "kind": "Publication",
            "status": {
                "released": self.decided.step.is_some() && !self.is_dry_run,
                "generation": self.generation().map(|generation| generation.0),
                "clustersChanged": self.decided.summary.clusters_changed,
                "applications": applications,
                "stale": self.stale_documents(),
                "waiting": self.decided.waiting.iter().map(|one| one.cluster.as_str())
                    .collect::<Vec<_>>(),
                "kept": self.kept_documents(),
                "onHold": self.decided.n_on_hold,
                "held": self.decided.held.as_ref().map(held_document),
            },
        })
    }

    fn stale_documents(&self) -> Vec<Value> {
        let report = self.understood.report();
        let diagnostics = &self.understood.accepted().rendered.diagnostics;
        let stale = self.decided.stale.iter().map(|cell| {
            let diagnostic = diagnostics.get(cell.diagnostic as usize);
            json!({
                "cluster": cell.cluster.as_str(),
                "part": cell.part.to_string(),
                "since": cell.since.map(|generation| generation.0),
                "diagnostic": diagnostic.map(|diagnostic| report.json(diagnostic)),
            })
        });
        stale.collect()
    }

    fn kept_documents(&self) -> Vec<Value> {
        let kept = self.decided.kept.iter().map(|kept| {
            let reason = match kept.kind {
                HoldKind::Foreign => "Foreign",
                HoldKind::Adopted => "Adopted",
            };
            json!({
                "cluster": kept.cluster.as_str(),
                "reason": reason,
                "tree": kept.tree.to_string(),
            })
        });
        kept.collect()
    }
}

fn held_document(held: &Held) -> Value {
    let items = held.items.iter().map(|item| {
        json!({
            "cluster": item.name.as_str(),
            "part": item.part.to_string(),
            "old": item.old.map(|id| id.to_string()),
            "new": item.new.map(|id| id.to_string()),
            "reason": held.reasons[item.reason].to_string(),
        })
    });
    json!({ "plan": held.plan.to_string(), "items": items.collect::<Vec<_>>() })
}
