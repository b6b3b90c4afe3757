//! The service accounts of namespaces, on a real Kubernetes API server: what they may do is what
//! is done, whatever the agent itself may do.

use serde_json::{Value, json};
use sync::{SyncedState, kube as kubernetes_api, read_manifest};

use crate::kubernetes::{Others, play_with};
use crate::play::{Outside as _, Play, show, status};

type Real = Play<kubernetes_api::Cluster, Others>;

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}\n";
const ACCOUNT: &str =
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: res-edge, namespace: NS}";
const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
                       metadata: {name: res-edge, namespace: NS}";

fn config(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: NS}}\n\
         data: {{title: {value}}}\n"
    )
}

/// Runs a test with a play of its name, where there is an API server. The accounts may write
/// ConfigMaps and read Secrets.
fn run<F: Future<Output = ()>>(name: &'static str, test: impl FnOnce(Real) -> F) {
    crate::grounds::run(async {
        let role = crate::grounds::namespace(name);
        if let Some(play) = play_with(name, &role, None).await {
            make_role(&play, &role, rules_of_accounts()).await;
            test(play).await;
        }
    });
}

async fn make_role(play: &Real, name: &str, rules: Value) {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name}, "rules": rules,
    });
    play.outside.make(role, "tests").await;
}

fn rules_of_accounts() -> Value {
    let all = ["get", "list", "watch", "create", "patch", "delete"];
    json!([
        {"apiGroups": [""], "resources": ["serviceaccounts"], "resourceNames": ["res-edge"],
         "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": all},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]},
    ])
}

/// A namespace of the play with one application that is synced.
async fn settled(play: &mut Real) {
    play.put("namespaces", NAMESPACE);
    play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
}

#[test]
fn accounts_are_made_with_their_namespaces_and_are_no_objects_of_the_tree() {
    run("accounts_are_made", |mut play| async move {
        settled(&mut play).await;
        let (account, binding) = (play.key(ACCOUNT), play.key(BINDING));
        assert!(play.object(&account).await.is_some());
        let bound = play.object(&binding).await.expect("it is bound");
        assert_eq!(bound.text(&["roleRef", "name"]), Some(play.ns.as_str()));
        assert_eq!(play.held().len(), 2, "{:?}", play.held());
        // What the tree no longer has goes, and they stay.
        let gone = play.key(&config("a", "one"));
        play.put("web", &config("b", "one"));
        play.drop_object(&gone);
        play.release();
        play.settle().await;
        assert_eq!(play.world.deleted(), vec![gone]);
        assert!(play.object(&account).await.is_some());
        assert!(play.object(&binding).await.is_some());
    });
}

#[test]
fn an_application_writes_in_no_namespace_that_the_tree_does_not_have() {
    run("no_other_namespace", |mut play| async move {
        settled(&mut play).await;
        let other = play.text(&NAMESPACE.replace("NS", "NS-b"));
        let other = read_manifest(other.as_bytes()).expect("a manifest");
        play.outside.make(other.to_value(), "someone").await;
        let stolen = play.put("shop", &config("stolen", "one").replace("NS", "NS-b"));
        let a = play.put("web", &config("a", "two"));
        play.release();
        let pass = play.pass().await;
        let shop = &status(&pass, "shop").synced;
        assert_ne!(shop.state, SyncedState::Synced, "{}", show(&pass));
        let who = play.text("system:serviceaccount:NS-b:res-edge");
        assert!(shop.message.contains(&who), "{}", shop.message);
        assert!(play.object(&stolen).await.is_none());
        let account = play.key(&ACCOUNT.replace("NS", "NS-b"));
        assert!(play.object(&account).await.is_none());
        let object = play.object(&a).await.expect("there");
        assert_eq!(object.text(&["data", "title"]), Some("two"), "the others go on");
    });
}

#[test]
fn what_the_account_may_not_write_stops_its_application_before_anything_is_done() {
    run("may_not_write", |mut play| async move {
        settled(&mut play).await;
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: NS}\n";
        let secret = play.put("shop", secret);
        let alone = play.put("shop", &config("alone", "one"));
        let a = play.put("web", &config("a", "two"));
        play.release();
        play.world.take_sent();
        let pass = play.pass().await;
        let shop = &status(&pass, "shop").synced;
        let told = (shop.state, shop.reason.as_str());
        assert_eq!(told, (SyncedState::Failed, "Forbidden"), "{}", show(&pass));
        let expected = play.text("system:serviceaccount:NS:res-edge\" cannot patch");
        assert!(shop.message.contains(&expected), "{}", shop.message);
        let sent = play.world.take_sent();
        let applied = |(verb, what): &&(crate::inject::Verb, String)| {
            *verb == crate::inject::Verb::Apply && *what == secret.to_string()
        };
        assert_eq!(sent.iter().filter(applied).count(), 0, "the dry run said no: {sent:?}");
        assert!(play.object(&alone).await.is_none(), "nothing of it is applied");
        let object = play.object(&a).await.expect("there");
        assert_eq!(object.text(&["data", "title"]), Some("two"), "the others go on");
    });
}

#[test]
fn rights_that_somebody_took_away_are_given_again() {
    run("rights_taken_away", |mut play| async move {
        settled(&mut play).await;
        play.outside.remove(&play.key(BINDING)).await;
        let a = play.put("web", &config("a", "two"));
        play.release();
        play.settle().await;
        let object = play.object(&a).await.expect("there");
        assert_eq!(object.text(&["data", "title"]), Some("two"));
    });
}

#[test]
fn a_namespace_that_somebody_deleted_is_made_again_with_what_was_in_it() {
    run("namespace_deleted", |mut play| async move {
        settled(&mut play).await;
        let namespace = play.key(NAMESPACE);
        play.outside.remove(&namespace).await;
        play.see(&namespace, |object| object.is_none()).await;
        play.restart();
        play.settle().await;
        let a = play.object(&play.key(&config("a", "one"))).await.expect("it is there again");
        assert_eq!(a.text(&["data", "title"]), Some("one"));
    });
}

#[test]
fn an_agent_that_may_not_bind_says_so_and_writes_nothing() {
    let name = "may_not_bind";
    run(name, |play| async move {
        let agent = format!("{}-agent", play.ns);
        make_role(
            &play,
            &agent,
            json!([
                {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["*"]},
                {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["*"]},
                {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings"],
                 "verbs": ["*"]},
            ]),
        )
        .await;
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": agent},
            "subjects": [{"kind": "ServiceAccount", "name": agent, "namespace": "default"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": agent},
        });
        play.outside.make(binding, "tests").await;
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": agent, "namespace": "default"},
        });
        play.outside.make(account, "tests").await;
        let token = play.outside.token("default", &agent).await;
        let plane = testkit::kubernetes().expect("it runs");
        let kubeconfig = plane.kubeconfig_with(&agent, &token);
        let mut play = play_with(name, &play.ns, Some(kubeconfig)).await.expect("it runs");
        play.put("namespaces", NAMESPACE);
        let a = play.put("web", &config("a", "one"));
        play.release();
        let pass = play.until("told", |pass| status(pass, "web").synced.reason == "Forbidden");
        let pass = pass.await;
        let message = &status(&pass, "web").synced.message;
        let expected = play.text("`res-edge` of the namespace `NS` cannot get its rights: ");
        assert!(message.contains(&expected), "{message}");
        assert!(play.object(&a).await.is_none());
    });
}
