//! The explanation for programs.

use plan::explain::{Reason, Selection};
use plan::fleet::Origin;
use plan::overlay::ChosenOverlay;
use serde_json::{Value, json};

use super::Cell;
use super::text::{selects, word};

impl Cell<'_> {
    /// The whole explanation as a document.
    pub(super) fn document(&self) -> Value {
        let values: Vec<Value> = self
            .values
            .iter()
            .map(|value| {
                let overrode: Vec<Value> =
                    value.overrode.iter().map(|one| self.origin(one)).collect();
                json!({
                    "key": format!("rea.{}.{}", word(value.space), value.key),
                    "set": self.origin(&value.origin),
                    "overrode": overrode,
                })
            })
            .collect();
        let own = self.placement.application.as_ref();
        json!({
            "apiVersion": "res-edge.dev/v1",
            "kind": "Explanation",
            "metadata": { "name": format!("{}.{}", self.application_name(), self.cluster_name()) },
            "spec": { "cluster": self.cluster_name(), "application": self.application_name() },
            "status": {
                "placed": self.placement.placed,
                "decommissioned": self.placement.decommissioned,
                "namespace": self.selection_document(&self.placement.namespace),
                "application": own.map(|own| self.selection_document(own)),
                "overlay": self.overlay_document(),
                "values": values,
            },
        })
    }

    fn selection_document(&self, selection: &Selection) -> Value {
        json!({
            "by": selection.by,
            "selects": selects(selection),
            "place": self.place(selection.expression.unwrap_or(selection.document)),
            "reason": selection.reason.as_ref().map(reason_document),
        })
    }

    fn overlay_document(&self) -> Value {
        let Some(overlay) = &self.overlay else { return Value::Null };
        let (chosen, pinned) = match &overlay.chosen {
            ChosenOverlay::Flat | ChosenOverlay::Base => (None, false),
            ChosenOverlay::Selected(version) => (Some(version), false),
            ChosenOverlay::Pinned { version, .. } => (Some(version), true),
        };
        let candidates = overlay.candidates.iter().map(|candidate| {
            json!({
                "version": candidate.version,
                "expression": candidate.expression,
                "selects": candidate.selects,
                "place": self.place(candidate.span),
            })
        });
        let candidates: Vec<Value> = candidates.collect();
        let program = overlay.program.map(|program| program.name());
        json!({
            "version": chosen, "pinned": pinned, "builtBy": program, "candidates": candidates,
        })
    }

    fn origin(&self, origin: &Origin) -> Value {
        json!({
            "value": &*self.checked.fleet.scalar(origin.value).text,
            "by": origin.by,
            "place": origin.span.map(|span| self.place(span)),
        })
    }
}

fn reason_document(reason: &Reason) -> Value {
    json!({
        "expression": reason.text,
        "selects": reason.selects,
        "because": reason.because,
        "parts": reason.parts.iter().map(reason_document).collect::<Vec<_>>(),
    })
}
