//! What each kind of edit needs, and what a Role gives.

use super::{FLEET, run, shows};

#[test]
fn documents_and_their_effects() {
    shows!(run(
        FLEET,
        "
= an own application, whose role asks for an approval
as user:anna
sed inventory/pets.yaml | title: Dogs | title: Hounds
= the same as a member of a group
as user:mia group:oidc/pets
sed inventory/pets.yaml | title: Dogs | title: Hounds
= the same by a role that asks for none
as token:ci
sed inventory/pets.yaml | title: Dogs | title: Hounds
= the same by somebody unknown
as user:eve group:oidc/cats
sed inventory/pets.yaml | title: Dogs | title: Hounds
= a rule without groups and one without namespaces cover nothing
as user:vera
sed inventory/pets.yaml | title: Dogs | title: Hounds
= an application of another namespace
as user:anna
sed inventory/robots.yaml | title: Arm | title: Leg
= the value of a cluster, which only its own cells use
as user:lara
sed inventory/la.yaml | city: nola | city: metairie
= the value of a cluster of another group
as user:lara
sed inventory/tx.yaml | city: austin | city: dallas
= the value of a group, which cells of other namespaces use
as user:olga
sed inventory/groups.yaml | tax: \"9\" | tax: \"10\"
= the value of the fleet
as user:olga
sed fleet.yaml | registry.example | registry.evil.example
= the value of the fleet by an administrator
as user:root
sed fleet.yaml | registry.example | registry.two.example
= settings by an administrator of some groups
as user:dana
sed fleet.yaml | registry.example | registry.evil.example
= a comment in an inventory file
as user:anna
sed inventory/robots.yaml | metadata: {name: arm} | metadata: {name: arm} # the arm
= a comment in a policy
as user:anna
sed policies/roles.yaml | metadata: {name: admins} | metadata: {name: admins} # all of us
= nothing differs
as user:anna
= nothing differs, for somebody unknown
as user:eve
= the administrator of the server needs no role
as user:setup
admin
sed fleet.yaml | registry.example | registry.two.example
sed policies/roles.yaml | user:root | user:ruth
sed inventory/robots.yaml | title: Arm | title: Leg
"
    ));
}

#[test]
fn approvals() {
    shows!(run(
        FLEET,
        "
= the author's own does not count
as user:anna
approved user:anna
sed inventory/pets.yaml | title: Dogs | title: Hounds
= another's does
as user:anna
approved user:otto
sed inventory/pets.yaml | title: Dogs | title: Hounds
= one from elsewhere does not
as user:anna
approved user:lara
sed inventory/pets.yaml | title: Dogs | title: Hounds
= a program's does not
as user:anna
approved token:ci
sed inventory/pets.yaml | title: Dogs | title: Hounds
= the author approves what another merges
as user:anna
by user:otto
approved user:otto
sed inventory/pets.yaml | title: Dogs | title: Hounds
= who merges may approve what another wrote
as user:anna
by user:otto
approved user:anna
sed inventory/pets.yaml | title: Dogs | title: Hounds
= everything that an approval is asked for must be approved
as user:anna
approved user:root
sed inventory/pets.yaml | title: Dogs | title: Hounds
sed inventory/pets.yaml | title: Cats | title: Kittens
"
    ));
}

#[test]
fn clusters_and_groups() {
    shows!(run(
        FLEET,
        "
= a new cluster in an own group
as user:olga
add inventory/new.yaml
  apiVersion: res-edge.dev/v1
  kind: Cluster
  metadata: {name: tx-2, labels: {type: store, ring: prod}}
  spec: {groups: [/stores/tx], values: {city: waco}}
= a new cluster in another's group
as user:lara
add inventory/new.yaml
  apiVersion: res-edge.dev/v1
  kind: Cluster
  metadata: {name: tx-2, labels: {type: store, ring: prod}}
  spec: {groups: [/stores/tx], values: {city: waco}}
= a new cluster in no group
as user:olga
add inventory/new.yaml
  apiVersion: res-edge.dev/v1
  kind: Cluster
  metadata: {name: lost, labels: {type: store, ring: prod}}
  spec: {values: {city: waco}}
= a cluster is renamed
as user:lara
sed inventory/la.yaml | metadata: {name: la-1, | metadata: {name: la-9, formerName: la-1,
= a cluster leaves for another group
as user:lara
sed inventory/la.yaml | groups: [/stores/la] | groups: [/stores/tx]
= a cluster moves between own groups
as user:olga
sed inventory/la.yaml | groups: [/stores/la] | groups: [/stores/tx]
= a cluster's document is removed
as user:lara
rm inventory/la.yaml
= a new group below an own one
as user:olga
add inventory/new.yaml
  apiVersion: res-edge.dev/v1
  kind: Group
  metadata: {name: ms}
  spec: {parent: /stores}
= a new group at the top
as user:olga
add inventory/new.yaml
  apiVersion: res-edge.dev/v1
  kind: Group
  metadata: {name: mine}
= a group is renamed
as user:olga
sed inventory/groups.yaml | metadata: {name: tx} | metadata: {name: texas, formerPath: /stores/tx}
"
    ));
}
