//! One patch for all documents that are selected, as one commit.

use std::time::Duration;

use api::text::count;
use api::{BulkEdit, EditParameters};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::Serializer;
use model::CommitId;
use schema::Kind;

use super::answer::{Turn, in_turn};
use super::input::bad;
use crate::catalogue::Catalogue;
use crate::controller::SOURCE_REF;
use crate::edits::{Bulk, NotEdited, Order};
use crate::http::listing::Asked;
use crate::http::problem::Failure;
use crate::http::routes::documents::{no_source, select, unknown};
use crate::http::{AppState, wait};
use crate::identity::Caller;
use crate::sight::Sight;

/// How many documents are edited at once.
const MOST: usize = 5_000;

/// How long it is waited for what was pushed last.
const PATIENCE: Duration = Duration::from_secs(30);

/// Edits what is selected; with another number of documents than the caller saw, nothing.
pub(super) async fn edit(
    state: AppState,
    caller: Caller,
    kind: Kind,
    parameters: EditParameters,
    body: BulkEdit,
) -> Result<Response, Failure> {
    let turn = Turn::take(&state, parameters.dry_run).await?;
    let (catalogue, selected_on) = present(&state).await?;
    let sight = catalogue.sight(&caller);
    let names = selected(&catalogue, &sight, kind, &body)?;
    if names.len() > MOST {
        let detail = format!("it selects {}", said(names.len(), kind));
        return Err(Failure::invalid("too-many", detail)
            .hint(format!("at most {MOST} are edited at once: narrow it")));
    }
    if !parameters.dry_run {
        is_expected(names.len(), kind, body.count)?;
    }
    let bulk = Bulk { kind, names, patch: body.patch, selected_on };
    in_turn(state, caller, Order::Bulk(bulk), parameters, turn).await
}

/// The catalogue of what `main` is now.
async fn present(state: &AppState) -> Result<(std::sync::Arc<Catalogue>, CommitId), Failure> {
    let main = state.data.source.reference(SOURCE_REF)?;
    let main = main.ok_or_else(|| Failure::from(NotEdited::NoSource))?;
    let snapshot = wait::for_source(state, main, PATIENCE).await?;
    let source = snapshot.source.as_ref().map(|source| source.commit);
    let catalogue = snapshot.catalogue.clone().ok_or_else(no_source)?;
    Ok((catalogue, source.unwrap_or(main)))
}

fn selected(
    catalogue: &Catalogue,
    sight: &Sight,
    kind: Kind,
    body: &BulkEdit,
) -> Result<Vec<String>, Failure> {
    let pairs = [
        ("expression", &body.expression),
        ("labelSelector", &body.label_selector),
        ("$filter", &body.filter),
    ];
    let given: Vec<_> = pairs.iter().filter_map(|(k, v)| Some((*k, v.as_deref()?))).collect();
    if given.is_empty() && body.names.is_empty() {
        return Err(bad("nothing is selected")
            .hint("give `expression`, `labelSelector`, `filter` or `names`"));
    }
    let fleet = catalogue.fleet();
    for name in &body.names {
        let found = fleet.document(kind, name).filter(|id| sight.document(fleet, *id));
        found.ok_or_else(|| unknown(catalogue, sight, kind, name))?;
    }
    let asked = Asked::read(&Serializer::new(String::new()).extend_pairs(given).finish(), &[])?;
    let found = select(catalogue, sight, kind, &asked)?;
    let names = found.into_iter().map(|id| fleet.document_name(id).to_owned());
    let is_named = |name: &String| body.names.is_empty() || body.names.contains(name);
    Ok(names.filter(is_named).collect())
}

/// Whether the number of documents is the one that the caller saw.
fn is_expected(found: usize, kind: Kind, expected: Option<u32>) -> Result<(), Failure> {
    let selects = format!("it selects {}", said(found, kind));
    match expected {
        Some(expected) if expected as usize == found => Ok(()),
        Some(expected) => {
            let detail = format!("{selects}, and not {expected}");
            Err(Failure::new(StatusCode::PRECONDITION_FAILED, "other-count", detail)
                .hint("look at them with `dryRun=true`, and send the `count` that it answers"))
        }
        None => {
            let status = StatusCode::PRECONDITION_REQUIRED;
            Err(Failure::new(status, "precondition-required", selects)
                .hint("look at them with `dryRun=true`, and send the `count` that it answers"))
        }
    }
}

fn said(n: usize, kind: Kind) -> String {
    count(n, &kind.word().to_lowercase())
}
