//! The explanation for people: an indented tree with `yes` and `no`, and a table of values.

use std::fmt::Write as _;

use model::Span;
use plan::KeySpace;
use plan::explain::{Reason, Selection};
use plan::fleet::Origin;
use plan::overlay::ChosenOverlay;

use super::Cell;
use crate::present::listing::columns;
use crate::terminal::{Paint, Terminal};
use api::text::printable;

/// How long a value may be in the table.
const VALUE_WIDTH: usize = 40;

impl Cell<'_> {
    /// The whole explanation.
    pub(super) fn text(&self, terminal: &Terminal) -> String {
        let mut text = String::new();
        let verb = if self.placement.placed { "runs" } else { "does not run" };
        let (application, cluster) = (self.application_name(), self.cluster_name());
        let _ = writeln!(text, "{application} {verb} on {cluster}");
        self.placement_text(&mut text, terminal);
        self.overlay_text(&mut text, terminal);
        self.values_text(&mut text, terminal);
        text
    }

    /// One sentence for a list.
    pub(super) fn short_reason(&self) -> String {
        if self.placement.decommissioned {
            return "the cluster is decommissioned".to_owned();
        }
        let selections = [Some(&self.placement.namespace), self.placement.application.as_ref()];
        let refusing = selections.into_iter().flatten().find(|one| !selects(one));
        match refusing {
            Some(one) => format!("{} does not select it: {}", one.by, expression(one)),
            None => format!("{} selects it", self.placement.namespace.by),
        }
    }

    fn placement_text(&self, text: &mut String, terminal: &Terminal) {
        heading(text, terminal, "Placement");
        if self.placement.decommissioned {
            let no = answer(false, terminal);
            let _ = writeln!(text, "{no}  the cluster says `decommission: true`, which empties it");
        }
        self.selection(&self.placement.namespace, text, terminal);
        if let Some(own) = &self.placement.application {
            self.selection(own, text, terminal);
        }
    }

    fn selection(&self, selection: &Selection, text: &mut String, terminal: &Terminal) {
        let answer = answer(selects(selection), terminal);
        let place = self.place(selection.expression.unwrap_or(selection.document));
        let place = terminal.paint(Paint::Faint, &place);
        let _ = writeln!(text, "{answer}  {}  {place}", selection.by);
        match &selection.reason {
            Some(reason) => reason_text(reason, 1, text, terminal),
            None => text.push_str("     it has no `clusters`, so it selects none\n"),
        }
    }

    fn overlay_text(&self, text: &mut String, terminal: &Terminal) {
        heading(text, terminal, "Template");
        let application = &self.checked.fleet.applications[self.application.0 as usize];
        let template = &*application.document.template.value;
        let Some(overlay) = &self.overlay else {
            let _ = writeln!(text, "{template}, which is broken; see `res-edge validate`");
            return;
        };
        let _ = match &overlay.chosen {
            ChosenOverlay::Flat => writeln!(text, "{template}, which has no overlays"),
            ChosenOverlay::Base => writeln!(text, "{template}, base: no overlay selects it"),
            ChosenOverlay::Selected(version) => writeln!(text, "{template}, overlay {version}"),
            ChosenOverlay::Pinned { version, span } => {
                writeln!(text, "{template}, overlay {version}, pinned at {}", self.place(*span))
            }
        };
        if let Some(program) = overlay.program {
            let _ = writeln!(text, "its objects are built by {}", program.name());
        }
        for candidate in &overlay.candidates {
            let answer = answer(candidate.selects, terminal);
            let place = terminal.paint(Paint::Faint, &self.place(candidate.span));
            let (version, expression) = (&candidate.version, printable(&candidate.expression));
            let _ = writeln!(text, "  {answer}  {version}  {expression}  {place}");
        }
    }

    fn values_text(&self, text: &mut String, terminal: &Terminal) {
        heading(text, terminal, "Values");
        let rows = self.values.iter().map(|value| {
            let overrode: Vec<String> = value
                .overrode
                .iter()
                .map(|one| format!("{} ({})", self.value(one), one.by))
                .collect();
            let place = value.origin.span.map(|span| self.place(span)).unwrap_or_default();
            let overrode = if overrode.is_empty() { String::new() } else { overrode.join(", ") };
            let key = format!("rea.{}.{}", word(value.space), value.key);
            vec![key, self.value(&value.origin), value.origin.by.clone(), place, overrode]
        });
        let titles = ["KEY", "VALUE", "SET BY", "PLACE", "OVERRODE"].map(str::to_owned).to_vec();
        text.push_str(&columns(Some(titles), rows.collect()));
    }

    fn value(&self, origin: &Origin) -> String {
        let value = printable(&self.checked.fleet.scalar(origin.value).text);
        match value.char_indices().nth(VALUE_WIDTH) {
            Some((end, _)) => format!("{}...", &value[..end]),
            None => value,
        }
    }

    /// `inventory/stores.yaml:12`.
    pub(super) fn place(&self, span: Span) -> String {
        let place = self.checked.source.files.place(span);
        format!("{}:{}", place.path, place.line)
    }
}

/// The word of a key space in a placeholder.
pub(super) fn word(space: KeySpace) -> &'static str {
    match space {
        KeySpace::Cluster => "cluster",
        KeySpace::Namespace => "namespace",
        KeySpace::Application => "application",
    }
}

/// Whether an expression selects the cluster.
pub(super) fn selects(selection: &Selection) -> bool {
    selection.reason.as_ref().is_some_and(|reason| reason.selects)
}

fn expression(selection: &Selection) -> String {
    match &selection.reason {
        Some(reason) => printable(&reason.text),
        None => "it has no `clusters`".to_owned(),
    }
}

fn heading(text: &mut String, terminal: &Terminal, title: &str) {
    let _ = writeln!(text, "\n{}", terminal.paint(Paint::Strong, title));
}

fn answer(yes: bool, terminal: &Terminal) -> String {
    if yes { terminal.paint(Paint::Good, "yes") } else { terminal.paint(Paint::Bad, "no ") }
}

fn reason_text(reason: &Reason, depth: usize, text: &mut String, terminal: &Terminal) {
    let space = "  ".repeat(depth);
    let answer = answer(reason.selects, terminal);
    let part = printable(&reason.text);
    let _ = match &reason.because {
        Some(because) => writeln!(text, "{space}{answer}  {part}  ({because})"),
        None => writeln!(text, "{space}{answer}  {part}"),
    };
    for part in &reason.parts {
        reason_text(part, depth + 1, text, terminal);
    }
}
