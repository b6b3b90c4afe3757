//! What a person orders about holds and rollbacks, understood with the fleet and the ledger.
//!
//! In: the request, the fleet of the source, the ledger. Out: the holds after the step, each with
//! the clusters that it selects, and the render that is rolled back, if that was ordered.

use git::Repository;
use model::{
    ApplicationName, Cause, ClusterId, ClusterSet, FileId, Generation, Ledger, Observed,
    PlacedHold, PlacedKind, Rendered, Span,
};
use plan::{Accepted, Fleet};
use release::{NewHold, Placed, RollbackScope, follow_orders, roll_back};

use crate::{PublishError, Request};

/// Orders, understood.
pub(crate) struct Ordered {
    /// The holds of persons after the step.
    pub(crate) placed: Vec<Placed>,
    /// The render with earlier trees, if a rollback was ordered.
    pub(crate) rolled_back: Option<Rendered>,
}

/// Understands what a request orders.
///
/// # Errors
/// It names what is not there, or makes no sense.
pub(crate) fn follow(
    repository: &Repository,
    accepted: &Accepted,
    ledger: Option<&Ledger>,
    request: &Request<'_>,
) -> Result<Ordered, PublishError> {
    let fleet = &*accepted.fleet;
    if let Some(new) = &request.orders.place {
        check(fleet, ledger, new)?;
    }
    let after = follow_orders(ledger, &request.orders, request.author, request.now)?;
    let rolled_back = match (request.roll_back, after.last(), ledger) {
        (Some(to), Some(hold), Some(ledger)) => {
            Some(earlier(repository, accepted, ledger, hold, to)?)
        }
        (Some(to), _, _) => return Err(PublishError::NoSuchStep(to)),
        (None, _, _) => None,
    };
    let next = ledger.map_or(Generation(0), |ledger| ledger.generation).next();
    let placed = |hold: PlacedHold| Placed {
        clusters: clusters(fleet, hold.clusters.as_deref()),
        // What goes back is put in place by this step and held from the next one on.
        holds_now: hold.kind != PlacedKind::Rollback || hold.since != next,
        hold,
    };
    Ok(Ordered { placed: after.into_iter().map(placed).collect(), rolled_back })
}

/// Refuses a new hold that would hold nothing of what was meant.
fn check(fleet: &Fleet, ledger: Option<&Ledger>, new: &NewHold) -> Result<(), PublishError> {
    if let Some(text) = &new.clusters {
        let selected = select(fleet, text)?;
        if selected.is_empty() {
            let message = format!("`{text}` selects no cluster");
            return Err(PublishError::Scope { message, hint: None });
        }
    }
    let released = ledger.map_or(&[][..], |ledger| &ledger.applications);
    let known = |name: &ApplicationName| {
        fleet.application_id(name.as_str()).is_some() || released.contains(name)
    };
    match new.applications.iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(missing) => {
            let names = fleet.applications.iter().map(|one| one.name.as_str());
            let near = schema::nearest(missing.as_str(), names);
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("there is no application `{missing}`");
            Err(PublishError::Scope { message, hint })
        }
    }
}

/// The clusters of an expression that a person just wrote.
///
/// # Errors
/// It cannot be understood.
pub(crate) fn select(fleet: &Fleet, text: &str) -> Result<ClusterSet, PublishError> {
    let (selected, diagnostics) = fleet.select(text, Span::new(FileId(u32::MAX), 0, 0));
    selected.ok_or_else(|| {
        let error = diagnostics.into_iter().find(model::Diagnostic::is_error);
        let (message, hint) = error.map_or_else(
            || (format!("`{text}` cannot be understood"), None),
            |error| (format!("`{text}`: {}", error.message), error.hint),
        );
        PublishError::Scope { message, hint }
    })
}

/// The clusters of a hold. An expression that can no longer be understood selects nobody knows
/// what.
pub(crate) fn clusters(fleet: &Fleet, text: Option<&str>) -> Observed<ClusterSet> {
    let Some(text) = text else { return Observed::Known(all(fleet)) };
    match select(fleet, text) {
        Ok(selected) => Observed::Known(selected),
        Err(error) => Observed::Unknown(Cause(error.to_string())),
    }
}

fn all(fleet: &Fleet) -> ClusterSet {
    (0..fleet.clusters.len() as u32).map(ClusterId).collect()
}

fn earlier(
    repository: &Repository,
    accepted: &Accepted,
    ledger: &Ledger,
    hold: &PlacedHold,
    to: Generation,
) -> Result<Rendered, PublishError> {
    let earlier = git::read_ledger_of(repository, to)?.ok_or(PublishError::NoSuchStep(to))?;
    let clusters = match clusters(&accepted.fleet, hold.clusters.as_deref()) {
        Observed::Known(clusters) => clusters,
        Observed::Unknown(Cause(message)) => {
            return Err(PublishError::Scope { message, hint: None });
        }
    };
    let scope = RollbackScope { clusters: &clusters, applications: &hold.applications };
    let back = roll_back(&accepted.rendered, ledger, &earlier, &scope);
    if back.n_changed == 0 {
        return Err(PublishError::NothingToRollBack(to));
    }
    Ok(back.rendered)
}
