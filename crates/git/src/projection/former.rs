//! Where the ledger was delivered to before, when it goes to a new place.
//!
//! The ledger does not say how it was delivered. What it was projected to names the step that it
//! was made of, so the branches of the repository are asked, once: before the first projection to
//! a new branch, or to one branch for each cluster. Nothing there is touched, since clusters may
//! still read it; a person is told.

use model::{Delivery, Generation};

use super::directory::{Directory, last_projected};
use super::{ProjectError, branches};
use crate::LEDGER_REF;
use crate::ledger::History;

/// How far back a branch is looked into: a branch that others work on is no delivery.
const COMMITS: usize = 50;

/// The places that are still there from another delivery, if this one is new.
pub(super) fn places(
    history: &History<'_>,
    delivery: &Delivery,
) -> Result<Vec<String>, ProjectError> {
    if history.generation() <= Generation(1) {
        return Ok(Vec::new());
    }
    let own = match delivery {
        Delivery::Branches if branches::are_new(history)? => None,
        Delivery::Directory { branch, path, fan_out } => {
            if !Directory::new(branch, path, *fan_out)?.is_new(history)? {
                return Ok(Vec::new());
            }
            Some(format!("refs/heads/{branch}"))
        }
        Delivery::Branches => return Ok(Vec::new()),
    };
    let mut places = Vec::new();
    if own.is_some() && !branches::are_new(history)? {
        places.push("clusters/*".to_owned());
    }
    // A branch that cannot be read is somebody else's trouble: this is advice.
    for (name, tip) in history.repository().references("refs/heads/").unwrap_or_default() {
        let is_other = own.as_ref() != Some(&name) && name != LEDGER_REF;
        if !is_other || name.starts_with(branches::PREFIX) {
            continue;
        }
        if let Ok(Some(last)) = last_projected(history, tip, COMMITS) {
            let branch = name.trim_start_matches("refs/heads/");
            let path = last.path.map(|path| path.join("/")).filter(|path| !path.is_empty());
            places.push(path.map_or_else(|| branch.to_owned(), |path| format!("{branch}:{path}")));
        }
    }
    Ok(places)
}
