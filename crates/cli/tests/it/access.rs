//! Who may do what, as a person asks.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

const ROLES: &str = "\
-- policies/roles.yaml --
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: admins}
spec:
  subjects: [\"user:root\"]
  rules:
    - verbs: [read, propose, merge, approve, operate, administer]
      kinds: [Fleet, Cluster, Group, Namespace, Application, Role]
      groups: all
      namespaces: all
---
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: shop-editors}
spec:
  subjects: [\"user:anna\", \"group:oidc/shop\"]
  rules:
    - {verbs: [read, propose, merge], kinds: [Application], groups: [/stores], namespaces: [shop]}
    - {verbs: [read], kinds: [Cluster], groups: all}
  approvals: {count: 1}
";

fn sandbox() -> Sandbox {
    Sandbox::committed(&format!("{FLEET}{ROLES}"))
}

#[test]
fn everyone_and_someone() {
    let sandbox = sandbox();
    assert_snapshot!("access_everyone", sandbox.show("access"));
    assert_snapshot!("access_of_a_group", sandbox.show("access user:mia group:oidc/shop -o json"));
    assert_snapshot!("access_of_nobody", sandbox.show("access user:eve"));
    assert_snapshot!("access_of_no_subject", sandbox.show("access anna"));
}

#[test]
fn a_change_may_be_merged_or_not() {
    let sandbox = sandbox();
    sandbox.replace("inventory/web.yaml", "title: Shop", "title: Store");
    assert_snapshot!("access_waits", sandbox.show("access user:anna --base HEAD"));
    assert_snapshot!("access_allowed", sandbox.show("access user:root --base HEAD"));
    assert_snapshot!("access_refused", sandbox.show("access user:eve --base HEAD"));
    sandbox.replace("fleet.yaml", "registry.example.com", "registry.evil.example");
    assert_snapshot!("access_refused_json", sandbox.show("access user:anna --base HEAD -o json"));
}
