//! Sources that several tests start from.

/// A fleet of four clusters, two applications and an overlay.
pub(crate) const FLEET: &str = "\
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: contoso, uid: 00112233445566778899aabbccddeeff}
spec:
  engine: 1
  labels: {ring: [beta, prod], region: any}
  values: {registry: registry.example.com}
  delivery:
    directory: {branch: delivery, path: clusters}
-- inventory/clusters.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: east-1, labels: {ring: beta, region: east}}
spec: {groups: [/stores/east], timeZone: America/New_York, description: First Street}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: east-2, labels: {ring: prod, region: east}}
spec: {groups: [/stores/east], values: {replicas: 3}}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: west-1, labels: {ring: prod, region: west}}
spec: {groups: [/stores/west]}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: lab, labels: {ring: beta}}
spec: {}
-- inventory/groups.yaml --
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: stores}
spec: {values: {replicas: 1, tax: \"8.00\"}}
---
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: east}
spec: {parent: /stores, values: {tax: \"9.45\"}}
---
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: west}
spec: {parent: /stores}
-- inventory/web.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec: {clusters: /g/stores}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web, labels: {tier: front}}
spec:
  namespace: shop
  template: apps/web
  owner: team-web
  values: {title: Shop}
  overrides: [{clusters: /c/west-1, values: {title: Western shop}}]
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: till}
spec: {namespace: shop, template: apps/till, clusters: not /m/ring/beta, dependsOn: [web]}
-- apps/web/base/kustomization.yaml --
resources: [config.yaml]
-- apps/web/base/config.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: rea.namespace.name}
data:
  title: \"rea.application.title\"
  replicas: \"rea.cluster.replicas\"
-- apps/web/overlays/1.1.0/kustomization.yaml --
metadata:
  annotations: {res-edge.dev/clusters: /m/ring/beta}
resources: [../../base, extra.yaml]
-- apps/web/overlays/1.1.0/extra.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: extra, namespace: shop}
data: {cluster: rea.cluster.name}
-- apps/till/till.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: till, namespace: shop}
data: {tax: \"rea.cluster.tax\"}
";
