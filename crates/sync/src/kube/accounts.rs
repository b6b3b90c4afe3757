//! Who acts in a namespace: a service account, and what binds it to its rights.
//!
//! Both are applied with a field manager of their own, since they are no objects of a tree: the
//! applied set does not know them, and nothing prunes them. They go with their namespace.

use std::time::Duration;

use serde_json::{Value, json};

use super::address::Address;
use super::{Cluster, answer};
use crate::{Fault, ServedKind, WorldError};

/// The field manager of accounts and their bindings.
const MANAGER: &str = "res-edge-accounts";
/// How often it is asked whether the cluster knows what was bound, and how long in between.
const POLLS: usize = 40;
const POLL: Duration = Duration::from_millis(50);

impl Cluster {
    /// Makes the account of a namespace, binds it, and waits until that counts. Nothing happens
    /// where no account acts, or where somebody else makes them.
    pub(super) async fn admit_account(&self, namespace: &str) -> Result<(), WorldError> {
        let settings = &self.0.settings;
        let (Some(account), Some(role)) = (&settings.service_account, &settings.account_role)
        else {
            return Ok(());
        };
        let kind = ServedKind::known("v1", "ServiceAccount", "serviceaccounts", true);
        self.apply_own(&kind, namespace, account, account_of(namespace, account)).await?;
        let rbac = "rbac.authorization.k8s.io/v1";
        let binding = ServedKind::known(rbac, "RoleBinding", "rolebindings", true);
        self.apply_own(&binding, namespace, account, binding_of(namespace, account, role)).await?;
        self.await_rights(&kind, namespace, account).await
    }

    /// Applies an object by the agent's own rights.
    async fn apply_own(
        &self,
        kind: &ServedKind,
        namespace: &str,
        name: &str,
        object: Value,
    ) -> Result<(), WorldError> {
        let address = Address::of(kind, Some(namespace))?.object(name)?;
        let query = [("fieldManager", MANAGER), ("force", "true")];
        match self.patch(&address, &query, None, &object).await {
            Ok(_) => Ok(()),
            Err(error) => Err(told(error, namespace, name)),
        }
    }

    /// The parts of a cluster that authorize learn of a binding a moment after it was made. The
    /// account may read itself, so that it can be asked whether they did. Who gets no such right
    /// is not waited for longer: what is done next says what is missing.
    async fn await_rights(
        &self,
        kind: &ServedKind,
        namespace: &str,
        account: &str,
    ) -> Result<(), WorldError> {
        let address = Address::of(kind, Some(namespace))?.object(account)?;
        for _ in 0..POLLS {
            let asked = self.get(&address, Some(namespace), answer::JSON).await;
            match asked {
                Err(error) if error.fault == Fault::Forbidden => tokio::time::sleep(POLL).await,
                asked => return asked.map(drop),
            }
        }
        Ok(())
    }
}

/// A fault with what it keeps from being done; that there is no such namespace is told as it is.
fn told(error: WorldError, namespace: &str, account: &str) -> WorldError {
    if error.is_not_found() {
        return error;
    }
    let message = format!(
        "the service account `{account}` of the namespace `{namespace}` cannot get its rights: {}",
        error.message
    );
    WorldError::new(error.fault, message)
}

fn account_of(namespace: &str, account: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(namespace, account),
        // Nobody runs as this account: the agent acts in its name.
        "automountServiceAccountToken": false,
    })
}

fn binding_of(namespace: &str, account: &str, role: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata(namespace, account),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    })
}

fn metadata(namespace: &str, name: &str) -> Value {
    json!({
        "name": name,
        "namespace": namespace,
        "labels": {"app.kubernetes.io/managed-by": "res-edge-agent"},
    })
}
