//! The templates of a generated source: four objects of about 1 KB for each application.
//!
//! The Deployment and the Service take values of the application only: one rendering serves the
//! whole fleet. The ConfigMap and the Ingress take the cluster's name, so that every cluster has
//! its own. With `unique` the other two take the store's number as well.

/// The name of an application by its number.
pub(super) fn application_name(number: u32) -> String {
    format!("app-{number:03}")
}

/// The files of one template with their paths.
pub(super) fn files(number: u32, unique: bool) -> Vec<(String, String)> {
    let name = application_name(number);
    let store =
        if unique { "\n    generated.example/store: \"rea.cluster.storeNumber\"" } else { "" };
    let texts = [
        ("kustomization.yaml", kustomization()),
        ("config-map.yaml", config_map(&name)),
        ("deployment.yaml", deployment(&name, store)),
        ("ingress.yaml", ingress(&name)),
        ("service.yaml", service(&name, store)),
    ];
    let path = |file: &str| format!("apps/{name}/base/{file}");
    texts.into_iter().map(|(file, text)| (path(file), text)).collect()
}

fn kustomization() -> String {
    "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - config-map.yaml
  - deployment.yaml
  - ingress.yaml
  - service.yaml
"
    .to_owned()
}

/// `metadata` down to the annotations; `store` adds the annotation that makes a file unique.
fn metadata(name: &str, component: &str, store: &str) -> String {
    format!(
        "metadata:
  name: {name}
  namespace: rea.application.namespace
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/component: {component}
    app.kubernetes.io/part-of: generated-fleet
    app.kubernetes.io/managed-by: res-edge
  annotations:
    generated.example/owner: rea.application.owner
    generated.example/documentation: https://generated.example/runbooks/{name}/{component}
    generated.example/support: \"page the owner; see the runbook before a restart\"{store}
"
    )
}

fn config_map(name: &str) -> String {
    let metadata = metadata(name, "settings", "");
    format!(
        "apiVersion: v1
kind: ConfigMap
{metadata}data:
  CLUSTER: rea.cluster.name
  REGION: rea.cluster.region
  STORE: \"rea.cluster.storeNumber\"
  LOG_LEVEL: rea.application.logLevel
  MIRROR: rea.cluster.mirror
  TAX: \"rea.cluster.tax\"
  UPSTREAM: https://{name}.generated.example/v1/stores/rea.cluster.storeNumber
  settings.properties: |
    cluster=rea.cluster.name
    network=rea.cluster.ipRange
    queue.size=10000
    queue.flush=5s
    retry.limit=8
    retry.backoff=exponential
    cache.folder=/var/cache/{name}
    cache.size=256Mi
"
    )
}

fn deployment(name: &str, store: &str) -> String {
    let metadata = metadata(name, "server", store);
    format!(
        "apiVersion: apps/v1
kind: Deployment
{metadata}spec:
  replicas: rea.application.replicas
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      containers:
        - name: server
          image: registry.generated.example/{name}:rea.application.tag
          envFrom:
            - configMapRef:
                name: {name}
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
          resources:
            requests: {{cpu: 50m, memory: 64Mi}}
            limits: {{memory: 128Mi}}
"
    )
}

fn service(name: &str, store: &str) -> String {
    let metadata = metadata(name, "network", store);
    format!(
        "apiVersion: v1
kind: Service
{metadata}spec:
  type: ClusterIP
  internalTrafficPolicy: Cluster
  sessionAffinity: None
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      protocol: TCP
      targetPort: http
    - name: metrics
      port: 9090
      protocol: TCP
      targetPort: 9090
"
    )
}

fn ingress(name: &str) -> String {
    let metadata = metadata(name, "edge", "");
    format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
{metadata}spec:
  ingressClassName: nginx
  tls:
    - hosts:
        - {name}.rea.cluster.name.generated.example
      secretName: {name}-tls
  rules:
    - host: {name}.rea.cluster.name.generated.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
          - path: /rea.cluster.region/stores
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
"
    )
}
