//! `res-edge holds`: what gets no release until a person decides.

use api::Hold;
use serde_json::{Value, json};

use super::Outcome;
use crate::delivery::{DeliveryArguments, existing_ledger};
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Lists what gets no release until a person decides: holds, rollbacks, stops, and clusters whose
/// folder someone else changed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge holds -o wide")]
pub(crate) struct Arguments {
    #[command(flatten)]
    delivery: DeliveryArguments,
    #[command(flatten)]
    listing: ListingArguments,
    #[command(flatten)]
    target: Target,
}

/// Writes the list.
///
/// # Errors
/// Nothing was released, or the ledger or the server cannot be read.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let holds = match arguments.target.is_given() {
        true => {
            let remote = Remote::open(&arguments.target, session)?;
            remote.pages("/api/v1/holds", session)?
        }
        false => {
            let place = arguments.delivery.open(session)?;
            api::holds_of(&existing_ledger(place.repository())?.1)
        }
    };
    listing::write(holds.into_iter().map(Row), arguments.listing, session.terminal)?;
    Ok(Outcome::Done)
}

struct Row(Hold);

impl Item for Row {
    const COLUMNS: &'static [Column] = &[
        column("NAME"),
        column("KIND"),
        column("CLUSTERS"),
        column("APPLICATIONS"),
        column("REASON"),
        column("UNTIL"),
        wide("BY"),
        wide("STEP"),
    ];

    fn reference(&self) -> String {
        format!("hold/{}", self.0.name)
    }

    fn cells(&self) -> Vec<String> {
        let Hold { name, kind, clusters, applications, reason, by, until, since, .. } = &self.0;
        let applications =
            if applications.is_empty() { "all".to_owned() } else { applications.join(",") };
        vec![
            name.clone(),
            kind.as_str().to_owned(),
            clusters.clone().unwrap_or_else(|| "all".to_owned()),
            applications,
            reason.clone(),
            until.map(|until| until.to_string()).unwrap_or_default(),
            by.clone().unwrap_or_default(),
            since.to_string(),
        ]
    }

    fn document(&self) -> Value {
        let spec = serde_json::to_value(&self.0).unwrap_or_default();
        json!({
            "apiVersion": "res-edge.dev/v1",
            "kind": "Hold",
            "metadata": { "name": self.0.name },
            "spec": spec,
        })
    }
}
