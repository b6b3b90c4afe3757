//! Ways to reach what one has no right to. Each is refused, by what it means.

use super::{FLEET, run, shows};

const OTHERS: &str = "
= to move another's documents into an own file, with an edit
as user:anna
rm inventory/robots.yaml
add inventory/pets.yaml
  ---
  apiVersion: res-edge.dev/v1
  kind: Namespace
  metadata: {name: robots}
  spec: {clusters: /g/plants}
  ---
  apiVersion: res-edge.dev/v1
  kind: Application
  metadata: {name: arm}
  spec: {namespace: robots, template: apps/vote, values: {title: Leg}}
= to move another's documents into an own file changes nothing
as user:anna
mv inventory/robots.yaml inventory/pets-too.yaml
= to name oneself the owner
as user:anna
sed inventory/tills.yaml | owner: team-tills | owner: team-pets
= to rename another's application to one's own
as user:anna
sed inventory/robots.yaml | metadata: {name: arm} | metadata: {name: bear, formerName: arm}
sed inventory/robots.yaml | namespace: robots | namespace: pets
= to bring an own application into another's namespace
as user:anna
sed inventory/pets.yaml | {namespace: pets, template: apps/vote | {namespace: robots, template: apps/vote
= to take another's application into an own namespace
as user:anna
sed inventory/tills.yaml | namespace: tills | namespace: pets
= to edit a template that another uses too
as user:anna
sed apps/vote/configmap.yaml | title: rea.application.title | title: \"evil rea.application.title\"
= to edit a template so that nothing changes where another uses it
as user:anna
sed apps/vote/configmap.yaml | data: | # a comment\\ndata:
= to edit the template of another's application
as user:anna
sed apps/till/configmap.yaml | tax: | vat:
= to add an overlay for another's clusters
as user:anna
add apps/vote/overlays/1.0.0/kustomization.yaml
  apiVersion: kustomize.config.k8s.io/v1beta1
  kind: Kustomization
  metadata: {annotations: {res-edge.dev/clusters: /g/plants}}
  resources: [evil.yaml]
add apps/vote/overlays/1.0.0/evil.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: evil, namespace: rea.namespace.name}
= to let an own namespace reach other clusters
as user:anna
sed inventory/pets.yaml | clusters: /g/stores | clusters: /g/stores or /g/plants
= to let applications reach another namespace
as user:anna
sed inventory/pets.yaml | clusters: /g/stores} | clusters: /g/stores, allow: [tills/ConfigMap]}
= to let applications reach the whole cluster
as user:anna
sed inventory/pets.yaml | clusters: /g/stores} | clusters: /g/stores, allow: [ClusterRole.rbac.authorization.k8s.io]}
= to let applications reach the whole cluster, by who has all namespaces there
as user:olga
sed inventory/pets.yaml | clusters: /g/stores} | clusters: /g/stores, allow: [ClusterRole.rbac.authorization.k8s.io]}
= a new namespace by who has another
as user:anna
add inventory/pets.yaml
  ---
  apiVersion: res-edge.dev/v1
  kind: Namespace
  metadata: {name: pets-two}
  spec: {clusters: /g/stores}
= a namespace that takes the place of one's own
as user:anna
sed inventory/pets.yaml | metadata: {name: pets} | metadata: {name: zoo}
sed inventory/pets.yaml | namespace: pets, template: apps/vote | namespace: zoo, template: apps/vote
sed inventory/pets.yaml | namespace: pets, template: apps/cats | namespace: zoo, template: apps/cats
sed policies/roles.yaml | namespaces: [pets]} | namespaces: [zoo]}
sed policies/roles.yaml | namespaces: [pets, tills] | namespaces: [zoo, tills]
sed policies/roles.yaml | namespaces: [pets]} | namespaces: [zoo]}
= an alias that hides what is written
as user:anna
sed inventory/pets.yaml | values: {title: Dogs} | values: &a {title: Dogs}
= files outside of the source
as user:anna
outside
sed inventory/pets.yaml | title: Dogs | title: Hounds
= files outside of the source, by an administrator
as user:root
outside
";

#[test]
fn to_others_cells_and_documents() {
    shows!(run(FLEET, OTHERS));
}

#[test]
fn by_labels_groups_and_expressions() {
    shows!(run(FLEET, "
= a label that brings another's application
as user:lara
sed inventory/tx.yaml | ring: prod | ring: beta
= a label on an own cluster, with rights on every namespace there
as user:lara
sed inventory/la.yaml | ring: prod | ring: beta
= a label that takes a cluster into another's group
as user:lara
sed inventory/la.yaml | type: store | type: plant
= to take another's cluster into an own group
as user:olga
sed inventory/groups.yaml | metadata: {name: la}\\nspec: {parent: /stores} | metadata: {name: la}\\nspec: {parent: /stores, clusters: /m/type/plant}
= to take another's cluster into an own group, and edit it at once
as user:lara
sed inventory/plants.yaml | spec: { | spec: {groups: [/stores/la],
sed inventory/plants.yaml | city: detroit | city: evil
= to move another's group below an own one
as user:olga
sed inventory/groups.yaml | metadata: {name: plants}\\nspec: { | metadata: {name: plants, formerPath: /plants}\\nspec: {parent: /stores,
= to claim the name of another's cluster
as user:lara
sed inventory/la.yaml | metadata: {name: la-1, | metadata: {name: la-9, formerName: plant-1,
= to claim another's cluster as a renamed own one
as user:lara
rm inventory/plants.yaml
sed inventory/la.yaml | metadata: {name: la-1, | metadata: {name: la-9, formerName: plant-1,
= an expression of an own application that reaches further than its namespace
as user:anna
sed inventory/pets.yaml | template: apps/vote, owner | template: apps/vote, clusters: all, owner
= another's expression through a group that it names
as user:lara
sed inventory/groups.yaml | clusters: /m/type/plant | clusters: /m/type/plant or /c/la-1
= to claim what a former application left, which is held
as user:anna
sed inventory/pets.yaml | metadata: {name: dogs} | metadata: {name: dogs, formerName: gone}
= to claim what a former cluster left
as user:lara
sed inventory/la.yaml | metadata: {name: la-1, | metadata: {name: la-1, formerName: gone,
= to empty a cluster
as user:anna
sed inventory/la.yaml | values: {city: nola} | values: {city: nola}, decommission: true
= to put an own key on a cluster
as user:anna
sed inventory/la.yaml | values: {city: nola} | values: {city: nola}, agent: {keys: [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\"]}
"));
}

#[test]
fn to_more_rights() {
    shows!(run(
        FLEET,
        "
= a role edited by who has none to edit
as user:anna
sed policies/roles.yaml | namespaces: [pets]} | namespaces: all}
= a role in the change that would allow the rest of it
as user:anna
sed policies/roles.yaml | user:root | user:anna
sed inventory/robots.yaml | title: Arm | title: Leg
= the role of others is removed
as user:anna
rm policies/roles.yaml
= a role that asks for fewer approvals
as user:anna
sed policies/roles.yaml | count: 1 | count: 0
= an administrator of some groups gives others a role there
as user:dana
sed policies/roles.yaml | user:otto | user:emil
= and not beyond these
as user:dana
sed policies/roles.yaml | groups: [/stores], namespaces: [pets]} | groups: all, namespaces: [pets]}
= and not themselves
as user:dana
sed policies/roles.yaml | user:otto | user:dana
= and not a group that they are in
as user:dana group:oidc/deans
sed policies/roles.yaml | user:otto | group:oidc/deans
= and not a token that they made
as user:dana
also token:dana-laptop
sed policies/roles.yaml | user:otto | token:dana-laptop
= and not settings of the fleet
as user:dana
add policies/more.yaml
  apiVersion: res-edge.dev/v1
  kind: Role
  metadata: {name: friends}
  spec:
    subjects: [\"user:emil\"]
    rules: [{verbs: [administer], kinds: [Fleet], groups: [/stores], namespaces: [pets]}]
= an administrator of everything gives themselves nothing new
as user:root
sed policies/roles.yaml | user:otto | user:root
"
    ));
}

/// Who may merge only with an approval does not give themselves the right to do without, though
/// they may administer Roles there.
const SELF: &str = "
= a second role that waits for nobody
as user:anna
add policies/more.yaml
  apiVersion: res-edge.dev/v1
  kind: Role
  metadata: {name: quick}
  spec:
    subjects: [\"user:anna\"]
    rules: [{verbs: [merge], kinds: [Application], groups: [/stores], namespaces: [pets]}]
= the same role with fewer approvals
as user:anna
sed policies/roles.yaml | count: 1 | count: 0
= the same role for another
as user:anna
sed policies/roles.yaml | user:otto | user:emil
";

#[test]
fn an_approval_that_is_asked_for_is_not_given_up_by_who_needs_it() {
    let also = "user:dana\", \"user:anna";
    shows!(run(&FLEET.replace("user:dana", also), SELF));
}
