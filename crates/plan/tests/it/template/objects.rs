//! The layout `manifests`.

use insta::assert_snapshot;

use super::manifests;

#[test]
fn writes_objects_in_the_canonical_form() {
    let template = "\
kind: ConfigMap
apiVersion: v1
metadata: {name: rea.application.name, namespace: 'rea.namespace.name', labels: {b: \"yes\", a: x}}
data:
  rea.cluster.name: first
  motd: |
    Welcome to rea.cluster.name, which is a long line that is worth copying
    bye
  port: \"rea.cluster.port\"
---
# nothing
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: rea.cluster.port
  mode: 0644
  on: yes
  template: &t
    - a: 1
      b: [x, {c: d}]
    - []
    - - 1
      - 2
  again: *t
";
    let values = [
        ("cluster.name", "nola"),
        ("application.name", "vote"),
        ("namespace.name", "pets"),
        ("cluster.port", "80"),
    ];
    assert_snapshot!(manifests(template, &values), @r#"
    # ConfigMap pets/vote (v1, at `rea.application.name`)
    apiVersion: v1
    data:
      motd: |
        Welcome to nola, which is a long line that is worth copying
        bye
      nola: first
      port: "80"
    kind: ConfigMap
    metadata:
      labels:
        a: x
        b: "yes"
      name: vote
      namespace: pets
    # Deployment.apps web (apps/v1, at `web`)
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      again:
      - a: 1
        b:
        - x
        - c: d
      - []
      - - 1
        - 2
      mode: 0644
      on: yes
      replicas: 80
      template:
      - a: 1
        b:
        - x
        - c: d
      - []
      - - 1
        - 2
    "#);
}
