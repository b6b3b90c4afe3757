//! The real cluster, on which scenarios are played.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ::kube::client::Body;
use ::kube::{Client, Config};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use model::ObjectKey;
use serde_json::{Value, json};
use sync::{Object, kube as kubernetes_api};
use testkit::ApiServer;

use crate::grounds::namespace;
use crate::play::{Outside, Play};

/// Others, on a real cluster.
#[derive(Clone)]
pub(crate) struct Others {
    client: Client,
    /// An API server of its own, where the play stops it.
    own: Option<Arc<ApiServer>>,
}

/// A play on a real API server, as the service account of its namespace.
pub(crate) async fn play(name: &str) -> Option<Play<kubernetes_api::Cluster, Others>> {
    let plane = tokio::task::spawn_blocking(testkit::kubernetes).await.expect("no panic")?;
    let stops = name.starts_with("an_api_server");
    let own = stops.then(|| Arc::new(plane.another_api(name)));
    let kubeconfig = own.as_ref().map_or_else(|| plane.kubeconfig(), |own| own.kubeconfig());
    let settings = kubernetes_api::Settings {
        kubeconfig: Some(kubeconfig.clone()),
        service_account: Some("res-edge".to_owned()),
        page: 1,
    };
    let world = kubernetes_api::Cluster::connect(settings).await.expect("a kubeconfig");
    let file = ::kube::config::Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(file, &Default::default()).await.expect("it");
    let others = Others { client: Client::try_from(config).expect("a client"), own };
    let ns = namespace(name);
    others.allow(&ns).await;
    Some(Play::new(world, others, &ns))
}

impl Others {
    /// Lets the service accounts of a play do everything in their namespaces.
    async fn allow(&self, ns: &str) {
        let accounts = [ns.to_owned(), format!("{ns}-other")];
        let subjects = accounts
            .map(|ns| json!({"kind": "ServiceAccount", "name": "res-edge", "namespace": ns}));
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": ns}, "subjects": subjects,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": "cluster-admin"},
        });
        self.make(binding, "tests").await;
        let user = format!("system:serviceaccount:{ns}-other:res-edge");
        self.until(|| async {
            let request = Request::get("/api/v1/namespaces/default/configmaps/none");
            let request = request.header("Impersonate-User", &user).body(Body::empty());
            self.send(request.expect("a request")).await.0 == 404
        })
        .await;
    }

    async fn until<F: Future<Output = bool>>(&self, expected: impl Fn() -> F) {
        for _ in 0..240 {
            if expected().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the cluster never is as expected");
    }

    async fn send(&self, request: Request<Body>) -> (u16, Value) {
        let answer = self.client.send(request).await.expect("an answer");
        let code = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (code, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn ask(&self, method: Method, address: &str, kind: &str, body: Value) -> (u16, Value) {
        let body =
            if body.is_null() { Body::empty() } else { Body::from(body.to_string().into_bytes()) };
        let request = Request::builder().method(method).uri(address).header("Content-Type", kind);
        self.send(request.body(body).expect("a request")).await
    }
}

fn address(key: &ObjectKey, api_version: Option<&str>) -> String {
    let version = api_version.map_or_else(
        || match key.group.as_str() {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        },
        str::to_owned,
    );
    let root = if version.contains('/') { "apis" } else { "api" };
    let within = key.namespace.as_ref().map(|ns| format!("namespaces/{ns}/")).unwrap_or_default();
    format!("/{root}/{version}/{within}{}s", key.kind.to_lowercase())
}

impl Outside for Others {
    async fn make(&self, object: Value, manager: &str) {
        let known = Object::new(object.clone()).expect("an object");
        let address = address(&known.key(), Some(known.api_version()));
        let address = format!("{address}?fieldManager={manager}");
        let (code, answer) = self.ask(Method::POST, &address, "application/json", object).await;
        assert_eq!(code, 201, "{answer}");
    }

    async fn patch(&self, key: &ObjectKey, patch: Value, manager: &str) {
        let address = format!("{}/{}?fieldManager={manager}", address(key, None), key.name);
        let kind = "application/merge-patch+json";
        let (code, answer) = self.ask(Method::PATCH, &address, kind, patch).await;
        assert_eq!(code, 200, "{answer}");
    }

    async fn remove(&self, key: &ObjectKey) {
        let address = format!("{}/{}", address(key, None), key.name);
        let (code, answer) =
            self.ask(Method::DELETE, &address, "application/json", Value::Null).await;
        assert_eq!(code, 200, "{answer}");
    }

    async fn object(&self, key: &ObjectKey) -> Option<Object> {
        let address = format!("{}/{}", address(key, None), key.name);
        let (code, answer) = self.ask(Method::GET, &address, "application/json", Value::Null).await;
        match code {
            404 => None,
            _ => Some(Object::new(answer).expect("an object")),
        }
    }

    /// By a webhook that nobody answers.
    async fn refuse_services(&self, ns: &str) {
        let webhook = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration", "metadata": {"name": ns},
            "webhooks": [{
                "name": "services.example.com", "sideEffects": "None", "failurePolicy": "Fail",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"],
                           "operations": ["CREATE", "UPDATE"]}],
            }],
        });
        self.make(webhook, "tests").await;
        let address = format!("/api/v1/namespaces/{ns}/services?dryRun=All");
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "probe"},
            "spec": {"ports": [{"port": 80}]},
        });
        self.until(|| async {
            self.ask(Method::POST, &address, "application/json", service.clone()).await.0 != 201
        })
        .await;
    }

    /// Nobody bound the service account of that namespace to anything.
    async fn close(&self, _ns: &str) {}

    async fn stop(&self) {
        self.own.as_ref().expect("an API server of its own").kill();
    }

    async fn start(&self) {
        let own = Arc::clone(self.own.as_ref().expect("an API server of its own"));
        let plane = testkit::kubernetes().expect("it runs");
        tokio::task::spawn_blocking(move || plane.start_again(&own)).await.expect("it starts");
    }
}
