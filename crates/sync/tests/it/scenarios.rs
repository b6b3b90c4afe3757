//! One table of scenarios, played on the simulated cluster and on a real Kubernetes API server.

use serde_json::json;
use sync::{Fault, HealthyState, HeldReason, Mode, Outcome, SyncedState, World};

use crate::inject::{Kill, Verb};
use crate::play::{Outside, Play, show, status};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}\n";

fn config(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: NS}}\n\
         data: {{title: {value}}}\n"
    )
}

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: NS}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - {{name: web, image: {image}, ports: [{{containerPort: 8080}}]}}
"
    )
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.NS.example.com}
spec:
  group: NS.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

const WIDGET: &str = "apiVersion: NS.example.com/v1
kind: Widget
metadata: {name: one, namespace: NS}
spec: {size: 3}
";

async fn first_sync<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let web = play.put("web", &deployment("web:1"));
    let a = play.put("web", &config("a", "one"));
    play.release();
    let pass = play.pass().await;
    assert_eq!((pass.outcome.clone(), pass.acts.created), (Outcome::Done, 3), "{}", show(&pass));
    assert_eq!(status(&pass, "web").synced.state, SyncedState::Synced);
    assert_eq!(status(&pass, "web").healthy.state, HealthyState::Progressing);
    assert!(play.object(&web).await.is_some());
    let object = play.object(&a).await.expect("it was applied");
    assert_eq!(object.text(&["data", "title"]), Some("one"));
    play.settle().await;
    play.world.take_sent();
    let pass = play.pass().await;
    assert!(pass.acts.is_nothing(), "{}", show(&pass));
    let sent = play.world.take_sent();
    let acts = sent.iter().filter(|(verb, _)| matches!(verb, Verb::Try | Verb::Apply));
    assert_eq!(acts.count(), 0, "a second pass sends nothing: {sent:?}");
    // Whoever begins without any memory changes nothing either.
    play.restart();
    assert!(play.pass().await.acts.is_nothing());
}

async fn change<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    play.put("web", &deployment("web:1"));
    let a = play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
    let before = play.object(&a).await.expect("there").uid().to_owned();
    play.put("web", &config("a", "two"));
    let web = play.put("web", &deployment("web:2"));
    play.release();
    let pass = play.pass().await;
    assert_eq!((pass.acts.changed, pass.acts.created), (2, 0), "{}", show(&pass));
    let object = play.object(&a).await.expect("there");
    assert_eq!((object.text(&["data", "title"]), object.uid()), (Some("two"), before.as_str()));
    let web = play.object(&web).await.expect("there");
    let containers = web.list(&["spec", "template", "spec", "containers"]);
    assert_eq!((containers.len(), &containers[0]["image"]), (1, &json!("web:2")));
}

async fn prune<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let (a, b) = (play.put("web", &config("a", "one")), play.put("web", &config("b", "one")));
    let moved = play.put("web", &config("moved", "one"));
    let other = play.text(&config("other", "one"));
    play.release();
    play.settle().await;
    let other = sync::read_manifest(other.as_bytes()).expect("a manifest");
    play.outside.make(other.to_value(), "someone").await;
    play.drop_object(&a);
    play.drop_object(&moved);
    play.put("new", &config("moved", "one"));
    play.release();
    let pass = play.settle().await;
    assert!(pass.held.is_empty(), "{}", show(&pass));
    assert_eq!(play.world.deleted(), vec![a.clone()]);
    assert!(play.object(&a).await.is_none() && play.object(&b).await.is_some());
    assert!(play.object(&moved).await.is_some(), "a move is no deletion");
    assert!(play.object(&other.key()).await.is_some(), "what is not ours stays");
}

async fn definition_with_its_resources<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    play.put("widgets", DEFINITION);
    let widget = play.put("shop", WIDGET);
    play.release();
    let pass = play.pass().await;
    assert_eq!(pass.acts.created, 3, "{}", show(&pass));
    assert_eq!(status(&pass, "shop").synced.state, SyncedState::Synced);
    assert!(play.object(&widget).await.is_some());
    // A kind that nobody defines stops its application, and no other.
    play.put(
        "bad",
        "apiVersion: NS.example.com/v1\nkind: Gadget\nmetadata: {name: g, namespace: NS}\n",
    );
    let a = play.put("web", &config("a", "one"));
    play.release();
    let pass = play.pass().await;
    let bad = &status(&pass, "bad").synced;
    assert_eq!((bad.state, bad.reason.as_str()), (SyncedState::Failed, "UnknownKind"));
    assert!(play.object(&a).await.is_some());
}

async fn drift_by_a_second_writer<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let a = play.put("web", &config("a", "one"));
    let watched = config("b", "one")
        .replace("metadata: {", "metadata: {annotations: {res-edge.dev/drift: report}, ");
    let b = play.put("web", &watched);
    play.release();
    play.settle().await;
    let patch = json!({"data": {"title": "other", "more": "theirs"}});
    play.outside.patch(&a, patch.clone(), "someone").await;
    play.outside.patch(&b, patch, "someone").await;
    play.engine.changed().await;
    let pass =
        play.until("corrected", |pass| pass.acts.corrected == 1 || !pass.acts.is_nothing()).await;
    assert_eq!(pass.acts.corrected, 1, "{}", show(&pass));
    let object = play.object(&a).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("one"));
    assert_eq!(object.text(&["data", "more"]), Some("theirs"), "what we do not say stays");
    let pass = play
        .until("reported", |pass| {
            pass.held.iter().any(|held| matches!(held.reason, HeldReason::DriftReported(_)))
        })
        .await;
    assert_eq!(status(&pass, "web").synced.reason, "Drifted");
    let object = play.object(&b).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("other"), "reported, not corrected");
    // An object that someone deletes is made again.
    play.outside.remove(&a).await;
    play.engine.changed().await;
    play.until("made again", |pass| pass.acts.created == 1).await;
    assert!(play.object(&a).await.is_some());
}

async fn two_writers_that_fight<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let a = play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
    let mut corrected = 0;
    for round in 0..9 {
        let patch = json!({"data": {"title": format!("other {round}")}});
        play.outside.patch(&a, patch, "someone").await;
        if corrected < 2 {
            play.engine.changed().await;
        }
        let pass = play.pass().await;
        corrected += pass.acts.corrected;
        let web = &status(&pass, "web").synced;
        if web.reason == "Fight" {
            assert_eq!(web.state, SyncedState::OutOfSync);
            assert!(corrected >= 2 && pass.next > play.world.now());
            return;
        }
    }
    panic!("we never give way");
}

async fn a_finalizer_that_hangs<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let a = play.put("old", &config("a", "one"));
    let b = play.put("old", &config("b", "one"));
    play.put("web", &config("c", "one"));
    play.release();
    play.settle().await;
    let hang = json!({"metadata": {"finalizers": ["example.com/hangs"]}});
    play.outside.patch(&a, hang, "someone").await;
    play.drop_object(&a);
    play.drop_object(&b);
    let c = play.put("web", &config("c", "two"));
    play.release();
    let pass = play
        .until("deleting", |pass| {
            pass.held.iter().any(|held| held.reason == HeldReason::Terminating)
        })
        .await;
    assert_eq!(status(&pass, "old").synced.reason, "Terminating", "{}", show(&pass));
    assert!(play.object(&b).await.is_none() && play.object(&a).await.is_some());
    let object = play.object(&c).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("two"), "the others go on");
    let n = play.world.deleted().len();
    play.pass().await;
    assert_eq!(play.world.deleted().len(), n, "it is not deleted again and again");
    play.outside.patch(&a, json!({"metadata": {"finalizers": null}}), "someone").await;
    let pass = play.settle().await;
    assert!(pass.held.is_empty() && !play.held().contains(&a));
}

async fn a_webhook_that_refuses<W: World, O: Outside>(mut play: Play<W, O>) {
    settled(&mut play).await;
    let name = play.outside.refuse_services(&play.ns).await;
    services_are_refused(play, &name).await;
}

async fn a_policy_that_refuses<W: World, O: Outside>(mut play: Play<W, O>) {
    settled(&mut play).await;
    let name = play.outside.forbid_services(&play.ns).await;
    services_are_refused(play, &name).await;
}

async fn settled<W: World, O: Outside>(play: &mut Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
}

/// A Service is refused, and what refuses it is named.
async fn services_are_refused<W: World, O: Outside>(mut play: Play<W, O>, by: &str) {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: NS}\n\
                   spec: {ports: [{port: 80}]}\n";
    let service = play.put("shop", service);
    let held_back = play.put("shop", &config("not-alone", "one"));
    let a = play.put("web", &config("a", "two"));
    play.release();
    let pass = play.pass().await;
    let shop = &status(&pass, "shop").synced;
    assert_eq!(
        (shop.state, shop.reason.as_str()),
        (SyncedState::Failed, "Refused"),
        "{}",
        show(&pass)
    );
    assert!(shop.message.contains(by), "{}", shop.message);
    assert!(play.object(&service).await.is_none());
    assert!(play.object(&held_back).await.is_none(), "nothing of it is applied");
    let object = play.object(&a).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("two"), "the others go on");
    // It is not asked again and again.
    play.world.take_sent();
    play.pass().await;
    assert!(!play.world.take_sent().iter().any(|(verb, _)| *verb == Verb::Try));
}

async fn a_quota_that_is_used_up<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": play.ns},
        "spec": {"hard": {"count/secrets": "0"}},
    });
    let few = sync::Object::new(quota.clone()).expect("an object").key();
    play.outside.make(quota, "someone").await;
    if !is_simulated(&play) {
        let is_counted = |object: Option<&sync::Object>| {
            object.is_some_and(|object| object.at(&["status", "used", "count/secrets"]).is_some())
        };
        play.see(&few, is_counted).await;
    }
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: NS}\n";
    play.put("shop", secret);
    let a = play.put("web", &config("a", "two"));
    play.release();
    let pass = play.pass().await;
    let shop = &status(&pass, "shop").synced;
    assert_eq!(
        (shop.state, shop.reason.as_str()),
        (SyncedState::Failed, "QuotaExceeded"),
        "{}",
        show(&pass)
    );
    let object = play.object(&a).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("two"), "the others go on");
}

async fn rights_that_are_missing<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let a = play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
    play.outside.make(play_namespace(&format!("{}-closed", play.ns)), "someone").await;
    let closed =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s, namespace: NS-closed}\n";
    let closed = play.put("shop", closed);
    play.outside.close(&format!("{}-closed", play.ns)).await;
    play.put("web", &config("a", "two"));
    play.release();
    let pass = play.pass().await;
    let shop = &status(&pass, "shop").synced;
    assert_ne!(shop.state, SyncedState::Synced, "{}", show(&pass));
    assert!(play.object(&closed).await.is_none());
    let object = play.object(&a).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("two"), "the others go on");
}

fn play_namespace(name: &str) -> serde_json::Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

async fn a_namespace_is_deleted_with_an_allowance_only<W: World, O: Outside>(mut play: Play<W, O>) {
    let namespace = play.put("namespaces", NAMESPACE);
    let other = NAMESPACE.replace("NS", "NS-other");
    play.put("namespaces", &other);
    play.put("web", &config("a", "one").replace("NS", "NS-other"));
    play.release();
    play.settle().await;
    play.drop_object(&namespace);
    play.release();
    let pass = play.pass().await;
    assert_eq!(pass.held.len(), 1, "{}", show(&pass));
    assert_eq!(pass.held[0].reason, HeldReason::Protected);
    assert_eq!(status(&pass, "namespaces").synced.state, SyncedState::Held);
    assert!(play.world.deleted().is_empty());
    play.rules.allowances.insert(namespace.clone());
    play.until("gone", |pass| pass.held.is_empty() && pass.acts.is_nothing()).await;
    assert_eq!(play.world.deleted(), vec![namespace.clone()]);
    play.see(&namespace, |object| object.is_none()).await;
}

async fn killed_at_each_step<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let a = play.put("web", &config("a", "one"));
    let gone = play.put("web", &config("gone", "one"));
    play.put("shop", &config("b", "one"));
    play.release();
    let mut kills = 0;
    'rounds: for round in 0.. {
        for kill in [Kill::Before(round + 1), Kill::After(round + 1)] {
            // Something to do, wherever the last round was killed.
            play.put("web", &config("a", &format!("v{kills}")));
            play.put("web", &config("gone", "one"));
            play.release();
            if kills > 0 {
                play.settle().await;
            }
            play.put("web", &config("a", &format!("w{kills}")));
            play.drop_object(&gone);
            play.put("shop", &config(&format!("new-{kills}"), "one"));
            play.release();
            if play.pass_killed(kill).await {
                break 'rounds;
            }
            kills += 1;
            let pass = play.settle().await;
            assert!(pass.held.is_empty(), "{kill:?}: {}", show(&pass));
            let object = play.object(&a).await.expect("there");
            let value = format!("w{}", kills - 1);
            assert_eq!(object.text(&["data", "title"]), Some(value.as_str()), "{kill:?}");
            assert!(play.object(&gone).await.is_none(), "{kill:?}");
        }
    }
    assert!(kills > 10, "only {kills}");
    assert!(play.world.deleted().iter().all(|key| *key == gone), "{:?}", play.world.deleted());
    let desired: Vec<_> = play.desired().objects.keys().cloned().collect();
    play.settle().await;
    assert_eq!(play.held(), desired);
}

async fn conflicts_and_lists_that_expire<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let keys: Vec<_> = (0..6).map(|n| play.put("web", &config(&format!("c{n}"), "one"))).collect();
    play.release();
    play.settle().await;
    // One part of a list has one object, and the list expires in between.
    play.restart();
    play.world.fail_once(Verb::List, Fault::Gone);
    play.world.take_sent();
    let pass = play.pass().await;
    assert!(pass.acts.is_nothing() && pass.held.is_empty(), "{}", show(&pass));
    let lists = play.world.take_sent().iter().filter(|(verb, _)| *verb == Verb::List).count();
    assert!(lists >= 7, "{lists} parts of lists");
    // A list that never can be read proves nothing.
    play.drop_object(&keys[0]);
    play.release();
    play.restart();
    play.world.fail_always(Verb::List, Fault::Gone);
    let pass = play.pass().await;
    assert!(play.world.deleted().is_empty(), "{}", show(&pass));
    play.world.heal();
    // Conflicts pass.
    play.put("web", &config("c1", "two"));
    play.release();
    play.world.fail_once(Verb::Apply, Fault::Conflict);
    play.settle().await;
    let object = play.object(&keys[1]).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("two"));
    assert!(play.object(&keys[0]).await.is_none());
}

async fn an_api_server_that_goes_and_comes<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let a = play.put("web", &config("a", "one"));
    let b = play.put("web", &config("b", "one"));
    play.release();
    play.settle().await;
    play.outside.stop().await;
    play.put("web", &config("a", "two"));
    play.drop_object(&b);
    play.release();
    for _ in 0..3 {
        let pass = play.pass().await;
        // What was seen before and did not change is not asked for again.
        let is_known = matches!(pass.outcome, Outcome::Unavailable(_))
            || status(&pass, "web").synced.state == SyncedState::Unknown;
        assert!(is_known, "{}", show(&pass));
    }
    assert!(play.world.deleted().is_empty());
    play.outside.start().await;
    play.settle().await;
    let object = play.object(&a).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("two"));
    assert!(play.object(&b).await.is_none());
}

async fn dependencies_come_first<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let health = "metadata: {annotations: {res-edge.dev/health: 'has(object.data.ready)'}, ";
    let base = config("base", "one").replace("metadata: {", health);
    let base = play.put("base", &base);
    let top = play.put("top", &config("top", "one"));
    play.dependencies.insert("top".to_owned(), ["base".to_owned()].into());
    play.release();
    let pass = play.pass().await;
    assert_eq!(status(&pass, "top").synced.reason, "DependencyNotReady", "{}", show(&pass));
    assert!(play.object(&top).await.is_none());
    assert_eq!(status(&pass, "base").healthy.state, HealthyState::Progressing);
    play.outside.patch(&base, json!({"data": {"ready": "yes"}}), "someone").await;
    play.settle().await;
    assert!(play.object(&top).await.is_some());
}

async fn replicas_of_an_autoscaler_and_ignored_fields<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let web = play.put("web", &deployment("web:1"));
    let marked = config("a", "one")
        .replace("metadata: {", "metadata: {annotations: {res-edge.dev/ignore: /data/title}, ");
    let a = play.put("web", &marked);
    play.release();
    play.settle().await;
    play.outside.patch(&a, json!({"data": {"title": "theirs"}}), "someone").await;
    let scaler = "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: NS}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 9
";
    play.put("web", scaler);
    play.put("web", &deployment("web:1b"));
    play.release();
    play.settle().await;
    // Nobody else owns the replicas yet: to leave them to others does not set them back.
    let object = play.object(&web).await.expect("there");
    assert_eq!(object.number(&["spec", "replicas"]), Some(2));
    play.outside.patch(&web, json!({"spec": {"replicas": 7}}), "autoscaler").await;
    // What we say changes beside it, and what others own stays.
    play.put("web", &deployment("web:2"));
    play.put(
        "web",
        &(marked + "  more: ours\n").replace("data: {title: one}\n", "data:\n  title: one\n"),
    );
    play.release();
    play.settle().await;
    let object = play.object(&web).await.expect("there");
    assert_eq!(object.number(&["spec", "replicas"]), Some(7));
    let object = play.object(&a).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("theirs"));
    assert_eq!(object.text(&["data", "more"]), Some("ours"));
    let pass = play.pass().await;
    assert!(pass.acts.is_nothing(), "{}", show(&pass));
}

async fn one_that_only_looks_names_what_differs<W: World, O: Outside>(mut play: Play<W, O>) {
    play.put("namespaces", NAMESPACE);
    let sized = |image: &str| {
        deployment(image).replace("ports:", "resources: {limits: {cpu: 1000m}}, ports:")
    };
    play.put("web", &sized("web:1"));
    let a = play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
    // What the cluster fills in and writes in its own way is no difference.
    let pass = play.pass_in(Mode::Observe).await;
    assert_eq!(status(&pass, "web").synced.state, SyncedState::Synced, "{}", show(&pass));
    play.world.take_sent();
    play.put("web", &sized("web:2"));
    play.put("web", &config("a", "two"));
    play.release();
    differs(&mut play, &format!("{a} differs: /data/title")).await;
    play.outside.patch(&a, json!({"data": {"title": "two"}}), "somebody").await;
    differs(&mut play, "differs: /spec/template/spec/containers/0/image").await;
    play.outside.remove(&a).await;
    play.restart();
    let pass = play.pass_in(Mode::Observe).await;
    assert_eq!(status(&pass, "web").synced.reason, "Missing", "{}", show(&pass));
    let sent = play.world.take_sent();
    let looks = |verb: &Verb| matches!(verb, Verb::Discover | Verb::Read | Verb::List);
    assert!(sent.iter().all(|(verb, _)| looks(verb)), "{sent:?}");
}

/// One that only looks says of `web` what differs.
async fn differs<W: World, O: Outside>(play: &mut Play<W, O>, what: &str) {
    play.restart();
    let pass = play.pass_in(Mode::Observe).await;
    let web = &status(&pass, "web").synced;
    let told = (web.state, web.reason.as_str());
    assert_eq!(told, (SyncedState::OutOfSync, "Differs"), "{}", show(&pass));
    assert!(web.message.ends_with(what), "{}", web.message);
}

async fn what_another_made_is_left_until_someone_agrees<W: World, O: Outside>(
    mut play: Play<W, O>,
) {
    play.put("namespaces", NAMESPACE);
    play.put("web", &config("a", "one"));
    play.release();
    play.settle().await;
    let theirs = play.text(&config("theirs", "zero"));
    let theirs = sync::read_manifest(theirs.as_bytes()).expect("a manifest");
    play.outside.make(theirs.to_value(), "someone").await;
    let key = play.put("web", &config("theirs", "one"));
    play.release();
    let pass = play.pass().await;
    assert_eq!(status(&pass, "web").synced.reason, "Foreign", "{}", show(&pass));
    let object = play.object(&key).await.expect("there");
    assert_eq!(object.text(&["data", "title"]), Some("zero"));
    play.rules.allowances.insert(key.clone());
    let pass = play.pass().await;
    assert_eq!(pass.acts.adopted, 1, "{}", show(&pass));
    let object = play.object(&key).await.expect("there");
    assert_eq!((object.text(&["data", "title"]), object.uid()), (Some("one"), object.uid()));
}

fn is_simulated<W: World, O>(_: &Play<W, O>) -> bool {
    std::any::type_name::<W>().contains("simulated")
}

/// Runs every scenario on both kinds of clusters.
macro_rules! table {
    ($($name:ident),* $(,)?) => {
        mod on_the_simulated_cluster {
            $(#[test] fn $name() {
                crate::grounds::run(async { super::$name(crate::grounds::simulated(stringify!($name))).await });
            })*
        }
        mod on_a_kubernetes_api_server {
            $(#[test] fn $name() {
                crate::grounds::run(async {
                    if let Some(play) = crate::kubernetes::play(stringify!($name)).await {
                        super::$name(play).await;
                    }
                });
            })*
        }
    };
}

table!(
    a_finalizer_that_hangs,
    a_namespace_is_deleted_with_an_allowance_only,
    a_policy_that_refuses,
    a_quota_that_is_used_up,
    a_webhook_that_refuses,
    an_api_server_that_goes_and_comes,
    change,
    conflicts_and_lists_that_expire,
    definition_with_its_resources,
    dependencies_come_first,
    drift_by_a_second_writer,
    first_sync,
    killed_at_each_step,
    one_that_only_looks_names_what_differs,
    prune,
    replicas_of_an_autoscaler_and_ignored_fields,
    rights_that_are_missing,
    two_writers_that_fight,
    what_another_made_is_left_until_someone_agrees,
);
