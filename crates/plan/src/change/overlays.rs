//! Applications that get another version of their template, and why.

use model::{ClusterSet, EditKind, Move};
use semver::Version;

use super::{At, Changes, Edits, Found, in_base, in_head};

use crate::Application;
use crate::fleet::Selector;
use crate::overlay::{Choice, Overlays, Selection};

/// Clusters that had one choice and have another.
pub(super) struct Choices {
    pub(super) old: Choice,
    pub(super) new: Choice,
    pub(super) clusters: ClusterSet,
}

impl Changes<'_> {
    /// The applications that get another template or version on clusters that they stay on.
    /// Clusters are positions in the newer fleet.
    #[must_use]
    pub fn moves(&self) -> Vec<Move<Vec<u32>>> {
        let mut moves = Vec::new();
        for application in self.head.fleet.applications.iter() {
            let (Some(base), Some(head)) = self.application(&application.name) else { continue };
            let (old, new) =
                (&self.base.fleet.applications[base], &self.head.fleet.applications[head]);
            let mut both = self.to_head(&old.clusters);
            both.intersect(&new.clusters);
            moves.extend(self.moves_of(base, head, &both));
        }
        moves
    }

    fn moves_of(&self, base: usize, head: usize, both: &ClusterSet) -> Vec<Move<Vec<u32>>> {
        let (old, new) = (&self.base.fleet.applications[base], &self.head.fleet.applications[head]);
        let name = |application: &Application, entry: String| {
            let path = &application.document.template.value;
            if entry.is_empty() { path.to_string() } else { format!("{path}/{entry}") }
        };
        let mut moves = Vec::new();
        for choices in self.choices(base, head, both) {
            let from = name(old, self.base_templates.entry(old, choices.old));
            let to = name(new, self.head_templates.entry(new, choices.new));
            if from != to {
                let mut edits = Edits::default();
                self.choice(base, head, &choices, &mut edits);
                let why = edits.why(self, &choices.clusters);
                let clusters = choices.clusters.iter().map(|cluster| cluster.0).collect();
                moves.push(Move { application: new.name.clone(), from, to, clusters, why });
            }
        }
        moves
    }

    /// The clusters of an application by what they had and have.
    pub(super) fn choices(&self, base: usize, head: usize, among: &ClusterSet) -> Vec<Choices> {
        let (old, new) = (&self.base.fleet.applications[base], &self.head.fleet.applications[head]);
        let before = self.base_templates.choose(old, &old.clusters);
        let after = self.head_templates.choose(new, &new.clusters);
        let mut found = Vec::new();
        for (choice, clusters) in before {
            let was = self.to_head(&clusters);
            for (now, clusters) in &after {
                let mut both = was.clone();
                both.intersect(clusters);
                both.intersect(among);
                if !both.is_empty() {
                    found.push(Choices { old: choice, new: *now, clusters: both });
                }
            }
        }
        found
    }

    /// Why clusters get another template or version.
    pub(super) fn choice(&self, base: usize, head: usize, choices: &Choices, edits: &mut Edits) {
        let (old, new) = (&self.base.fleet.applications[base], &self.head.fleet.applications[head]);
        let among = &choices.clusters;
        let (before, after) = (&old.document.template, &new.document.template);
        if before.value != after.value {
            let found = Found {
                kind: EditKind::Field,
                subject: format!("template of application {}", new.name),
                place: in_head(after.span),
                before: Some(before.value.to_string()),
                after: Some(after.value.to_string()),
            };
            return edits.add(found, among);
        }
        let pins = (old.document.version.as_ref(), new.document.version.as_ref());
        let text = |pin: Option<&schema::document::Spanned<Box<str>>>| {
            pin.map(|pin| pin.value.to_string())
        };
        if text(pins.0) != text(pins.1) {
            let found = Found {
                kind: EditKind::Field,
                subject: format!("version of application {}", new.name),
                place: pins.1.map_or_else(
                    || pins.0.and_then(|pin| in_base(pin.span)),
                    |pin| in_head(pin.span),
                ),
                before: text(pins.0),
                after: text(pins.1),
            };
            return edits.add(found, among);
        }
        let templates = (self.base_templates.of(old), self.head_templates.of(new));
        if let (Some(was), Some(is)) = (&templates.0.overlays, &templates.1.overlays) {
            self.selected(&before.value, (was, is), choices, edits);
        }
    }

    /// The overlay that was chosen no longer selects the clusters, or the one that is chosen now
    /// did not before.
    fn selected(
        &self,
        template: &str,
        (was, is): (&Overlays, &Overlays),
        choices: &Choices,
        edits: &mut Edits,
    ) {
        let among = &choices.clusters;
        let name = |overlays: &Overlays, choice: Choice| match choice {
            Choice::Overlay(index) => Some(overlays.list[index].name.to_string()),
            Choice::Flat | Choice::Base => None,
        };
        // The higher of the two decides: it came, or it went.
        let names = (name(was, choices.old), name(is, choices.new));
        let version = |name: &Option<String>| name.as_deref().and_then(|v| Version::parse(v).ok());
        let decides = if version(&names.1) > version(&names.0) { names.1 } else { names.0 };
        if let Some(version) = decides {
            let find = |overlays: &'_ Overlays| {
                overlays.list.iter().position(|overlay| *overlay.name == *version)
            };
            let subject = format!("overlay {template}/overlays/{version}");
            match (find(was), find(is)) {
                (Some(old), Some(new)) => {
                    let pair = (&was.list[old].selection, &is.list[new].selection);
                    self.selection(&subject, pair, among, edits);
                }
                (Some(old), None) => {
                    let span = was.list[old].selection.span;
                    edits.add(overlay(subject, "gone", in_base(span)), among);
                }
                (None, Some(new)) => {
                    let span = is.list[new].selection.span;
                    edits.add(overlay(subject, "new", in_head(span)), among);
                }
                (None, None) => {}
            }
        }
    }

    fn selection(
        &self,
        subject: &str,
        (old, new): (&Selection, &Selection),
        among: &ClusterSet,
        edits: &mut Edits,
    ) {
        let flipped = self.flipped(&old.clusters, &new.clusters, among);
        let subject = format!("expression of {subject}");
        let before = self.base.fleet.understand(&old.text, old.span);
        let after = self.head.fleet.understand(&new.text, new.span);
        if let (Some(before), Some(after)) = (&before, &after) {
            let pair: (Option<&Selector>, Option<&Selector>) = (Some(before), Some(after));
            return self.expression(&subject, pair, false, &flipped, edits);
        }
        // A list of group names, as the former system wrote it.
        if old.text != new.text {
            let found = Found {
                kind: EditKind::Expression,
                subject,
                place: in_head(new.span),
                before: Some(old.text.to_string()),
                after: Some(new.text.to_string()),
            };
            edits.add(found, &flipped);
        }
    }
}

fn overlay(subject: String, after: &str, place: Option<At>) -> Found {
    let (before, after) = (None, Some(after.to_owned()));
    Found { kind: EditKind::Overlay, subject, place, before, after }
}
