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

/// A play on a real API server, as the service accounts of its namespaces, which may do everything
/// there.
pub(crate) async fn play(name: &str) -> Option<Play<kubernetes_api::Cluster, Others>> {
    play_with(name, "cluster-admin", None).await
}

/// A play whose accounts are bound to a ClusterRole, by somebody with a kubeconfig, or by one who
/// may do everything.
pub(crate) async fn play_with(
    name: &str,
    role: &str,
    agent: Option<std::path::PathBuf>,
) -> Option<Play<kubernetes_api::Cluster, Others>> {
    let plane = tokio::task::spawn_blocking(testkit::kubernetes).await.expect("no panic")?;
    let stops = name.starts_with("an_api_server");
    let own = stops.then(|| Arc::new(plane.another_api(name)));
    let kubeconfig = own.as_ref().map_or_else(|| plane.kubeconfig(), |own| own.kubeconfig());
    let settings = kubernetes_api::Settings {
        kubeconfig: Some(agent.unwrap_or_else(|| kubeconfig.clone())),
        service_account: Some("res-edge".to_owned()),
        account_role: Some(role.to_owned()),
        page: 1,
    };
    let world = kubernetes_api::Cluster::connect(settings).await.expect("a kubeconfig");
    let file = ::kube::config::Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(file, &Default::default()).await.expect("it");
    let others = Others { client: Client::try_from(config).expect("a client"), own };
    Some(Play::new(world, others, &namespace(name)))
}

impl Others {
    /// A token for a service account of a namespace, as a pod gets it.
    pub(crate) async fn token(&self, namespace: &str, account: &str) -> String {
        let address = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let ask = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {},
        });
        let (code, answer) = self.ask(Method::POST, &address, "application/json", ask).await;
        assert_eq!(code, 201, "{answer}");
        answer["status"]["token"].as_str().expect("a token").to_owned()
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

    /// Waits until no Service can be made in a namespace.
    async fn until_refused(&self, ns: &str) {
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
    async fn refuse_services(&self, ns: &str) -> String {
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
        self.until_refused(ns).await;
        "services.example.com".to_owned()
    }

    async fn forbid_services(&self, ns: &str) -> String {
        let root = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic";
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": ns},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns}},
                    "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
                        "resources": ["services"], "operations": ["CREATE", "UPDATE"]}],
                },
                "validations": [{"expression": "false", "message": "no services here"}],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": ns},
            "spec": {"policyName": ns, "validationActions": ["Deny"]},
        });
        for (end, object) in [("ies", policy), ("ybindings", binding)] {
            let address = format!("{root}{end}");
            let (code, answer) = self.ask(Method::POST, &address, "application/json", object).await;
            assert_eq!(code, 201, "{answer}");
        }
        self.until_refused(ns).await;
        format!("ValidatingAdmissionPolicy '{ns}'")
    }

    /// The tree does not have that namespace, so nobody made an account in it.
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
