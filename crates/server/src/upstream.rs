//! A ledger that is elsewhere: which refs a publisher has in common with it, and when they go there.
//!
//! The repository of this machine is a mirror of it. A step is made here, and moved there by
//! lease together with what clusters read of it; it counts once it is there. Who loses the race
//! takes its step back, reads what is there, and decides anew.

use std::sync::Arc;

use git::remote::{Mirror, RemoteError, Tracked};
use model::{Counter, Delivery};

/// Who serves the branches of clusters, where the fleet is delivered as branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branches {
    /// The repository elsewhere.
    There,
    /// The repository of this machine: thousands of refs are not pushed well.
    Here,
}

/// The mirror of a ledger that is elsewhere.
#[derive(Debug)]
pub(crate) struct Upstream {
    mirror: Mirror,
    branches: Branches,
    /// How the fleet was delivered last.
    delivery: Option<Delivery>,
}

impl Upstream {
    pub(crate) fn new(mut mirror: Mirror, branches: Branches, counter: &Arc<Counter>) -> Self {
        mirror.count(counter);
        Self { mirror, branches, delivery: None }
    }

    /// Whether what clusters read goes there together with the ledger.
    pub(crate) fn carries(&self, delivery: &Delivery) -> bool {
        matches!(delivery, Delivery::Directory { .. }) || self.branches == Branches::There
    }

    /// Reads what is there, and says whether it moved.
    ///
    /// # Errors
    /// It cannot be asked.
    pub(crate) fn fetch(&mut self, delivery: Option<&Delivery>) -> Result<bool, RemoteError> {
        if let Some(delivery) = delivery {
            self.delivery = Some(delivery.clone());
        }
        let tracked = self.tracked();
        self.mirror.fetch(&tracked)
    }

    /// Moves the ledger, and what clusters read of it where that belongs there and was written.
    ///
    /// # Errors
    /// [`RemoteError::Moved`] if somebody was faster; after any error it is taken back here.
    pub(crate) fn push(&mut self, is_projected: bool) -> Result<(), RemoteError> {
        let tracked = if is_projected { self.tracked() } else { vec![self.ledger()] };
        self.mirror.push(&tracked)
    }

    /// What is elsewhere: the ledger before what is made of it.
    fn tracked(&self) -> Vec<Tracked> {
        let mut tracked = vec![self.ledger()];
        match &self.delivery {
            Some(Delivery::Directory { branch, .. }) => tracked.push(Tracked::branch(branch)),
            Some(Delivery::Branches) if self.branches == Branches::There => {
                tracked.push(Tracked::cluster_branches());
            }
            _ => {}
        }
        tracked
    }

    /// A server remembers what the ledger was; a copy of it in a cache decides nothing.
    fn ledger(&self) -> Tracked {
        match self.branches {
            Branches::Here => Tracked::ledger().going_forward(),
            Branches::There => Tracked::ledger(),
        }
    }
}
