//! What must be done, and above all what must not.

use std::collections::BTreeSet;

use serde_json::json;
use sync::{Budget, Limit};

use crate::scene::{Scene, key, manifest};

#[track_caller]
fn check(scene: Scene, expected: &str) {
    assert_eq!(scene.plan(), expected);
}

#[test]
fn a_first_sync_goes_in_stages() {
    let mut scene = Scene::new()
        .desires("web", "Deployment@apps/v1 shop/web")
        .desires("web", "ValidatingWebhookConfiguration@admissionregistration.k8s.io/v1 guard")
        .desires("web", "ClusterRole@rbac.authorization.k8s.io/v1 reader")
        .desires("widgets", "CustomResourceDefinition@apiextensions.k8s.io/v1 widgets.x.io")
        .desires("widgets", "Widget@x.io/v1 shop/one")
        .desires("namespaces", "Namespace shop");
    scene.dependencies.insert("widgets".into(), BTreeSet::from(["web".into()]));
    check(
        scene,
        "Definitions: Create CustomResourceDefinition.apiextensions.k8s.io widgets.x.io for widgets
Namespaces: Create Namespace shop for namespaces
ClusterScoped: Create ClusterRole.rbac.authorization.k8s.io reader for web
Applications(0): Create Deployment.apps shop/web for web
Applications(1): Create Widget.x.io shop/one for widgets
Webhooks: Create ValidatingWebhookConfiguration.admissionregistration.k8s.io guard for web
",
    );
}

#[test]
fn equal_is_nothing() {
    let scene = Scene::new().desires("web", "ConfigMap shop/a").holds("web", "ConfigMap shop/a");
    check(scene, "nothing\n");
}

#[test]
fn another_text_is_a_change() {
    let scene = Scene::new().holds("web", "ConfigMap shop/a").desires("web", "ConfigMap shop/a");
    check(scene, "Applications(0): Change ConfigMap shop/a for web\n");
}

#[test]
fn what_the_tree_no_longer_has_goes_in_the_order_of_what_stands_on_what() {
    let kinds = [
        "ConfigMap shop/a",
        "ClusterRole@rbac.authorization.k8s.io/v1 reader",
        "ValidatingWebhookConfiguration@admissionregistration.k8s.io/v1 guard",
    ];
    let scene = kinds.iter().fold(Scene::new(), |scene, what| scene.holds("web", what));
    let scene = scene.desires("web", "ConfigMap shop/b").holds("web", "ConfigMap shop/b");
    check(
        scene,
        "delete ValidatingWebhookConfiguration.admissionregistration.k8s.io guard
delete ConfigMap shop/a
delete ClusterRole.rbac.authorization.k8s.io reader
",
    );
}

#[test]
fn an_object_that_goes_to_another_application_is_a_move() {
    let scene = Scene::new().desires("new", "ConfigMap shop/a").holds("old", "ConfigMap shop/a");
    check(
        scene,
        "Applications(0): Change ConfigMap shop/a for new\nmove ConfigMap shop/a: old to new\n",
    );
}

#[test]
fn an_older_tree_is_refused() {
    let mut scene = Scene::new().desires("web", "ConfigMap shop/a");
    scene.applied.generation = model::Generation(6);
    check(scene, "refused: generation 5 is older than 6, which this cluster has begun\n");
}

#[test]
fn a_lost_applied_set_prunes_nothing_and_knows_its_own_by_field_manager() {
    let mut scene = Scene::new()
        .desires("web", "ConfigMap shop/a")
        .holds("web", "ConfigMap shop/a")
        .holds("web", "ConfigMap shop/gone");
    scene.lost = true;
    check(scene, "Applications(0): Change ConfigMap shop/a for web\n");
}

#[test]
fn an_unreadable_file_stops_its_application_and_nothing_of_it_goes() {
    let scene = Scene::new()
        .file("web/shop/configmap-a.yaml", "a: [")
        .holds("web", "ConfigMap shop/a")
        .holds("web", "ConfigMap shop/b")
        .desires("other", "ConfigMap shop/c");
    let plan = scene.plan();
    assert!(plan.starts_with("Applications(0): Create ConfigMap shop/c for other\nstop web: "));
    assert!(!plan.contains("delete"), "{plan}");
}

#[test]
fn an_object_that_may_have_moved_into_an_unreadable_application_stays() {
    let scene = Scene::new()
        .file("new/shop/configmap-a.yaml", "a: [")
        .desires("old", "ConfigMap shop/other")
        .holds("old", "ConfigMap shop/other")
        .holds("old", "ConfigMap shop/a");
    let plan = scene.plan();
    assert!(plan.starts_with("stop new: ") && !plan.contains("delete"), "{plan}");
}

#[test]
fn what_could_not_be_looked_at_waits() {
    let scene = Scene::new()
        .desires("web", "ConfigMap shop/a")
        .unread("ConfigMap shop/a")
        .holds("web", "ConfigMap shop/b")
        .unread("ConfigMap shop/b");
    check(
        scene,
        "hold ConfigMap shop/a: Unread(\"timed out\")\nhold ConfigMap shop/b: Unread(\"timed out\")\n",
    );
}

#[test]
fn protected_kinds_wait_for_an_allowance_that_names_them() {
    let protected = [
        "Namespace shop",
        "CustomResourceDefinition@apiextensions.k8s.io/v1 widgets.x.io",
        "PersistentVolumeClaim shop/data",
    ];
    let scene = || {
        let scene = protected.iter().fold(Scene::new(), |scene, what| scene.holds("web", what));
        scene.desires("web", "ConfigMap shop/b").holds("web", "ConfigMap shop/b")
    };
    let held = scene().plan();
    assert_eq!(held.matches("Protected").count(), 3, "{held}");
    check(
        scene().allows("PersistentVolumeClaim shop/data"),
        "delete PersistentVolumeClaim shop/data
hold Namespace shop: Protected
hold CustomResourceDefinition.apiextensions.k8s.io widgets.x.io: Protected
",
    );
}

#[test]
fn marks_of_all_three_tools_keep_an_object() {
    let marks = [
        ("res-edge.dev/prune", "disabled"),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
        ("argocd.argoproj.io/sync-options", "Validate=false,Prune=false"),
    ];
    for (name, value) in marks {
        let scene = Scene::new()
            .holds("web", "ConfigMap shop/a")
            .with_live("ConfigMap shop/a", |live| {
                live["metadata"]["annotations"] = json!({name: value});
            })
            .allows("ConfigMap shop/a");
        check(scene, "leave ConfigMap shop/a: Kept\n");
    }
}

#[test]
fn a_mark_that_someone_removed_from_the_cluster_still_keeps() {
    let mut scene = Scene::new().holds("web", "ConfigMap shop/a").allows("ConfigMap shop/a");
    scene.applied.objects.get_mut(&key("ConfigMap shop/a")).expect("held").keep = true;
    check(scene, "leave ConfigMap shop/a: Kept\n");
}

#[test]
fn an_object_made_anew_by_another_is_not_ours_to_delete() {
    let scene = Scene::new()
        .desires("web", "ConfigMap shop/b")
        .holds("web", "ConfigMap shop/b")
        .holds("web", "ConfigMap shop/a")
        .with_live("ConfigMap shop/a", |live| live["metadata"]["uid"] = json!("another"));
    check(scene, "leave ConfigMap shop/a: Replaced\n");
}

#[test]
fn what_is_gone_is_forgotten_and_what_is_owned_is_left_to_its_owner() {
    let scene = Scene::new()
        .desires("web", "ConfigMap shop/b")
        .holds("web", "ConfigMap shop/b")
        .holds("web", "ConfigMap shop/a")
        .gone("ConfigMap shop/a")
        .holds("web", "Pod shop/c")
        .with_live("Pod shop/c", |live| {
            live["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet"}]);
        });
    check(scene, "leave ConfigMap shop/a: Gone\nleave Pod shop/c: Owned\n");
}

fn many(n: usize) -> Scene {
    let names = (0..n).map(|n| format!("ConfigMap shop/a{n}"));
    let scene = names.fold(Scene::new(), |scene, what| scene.holds("web", &what));
    scene.desires("web", "ConfigMap shop/b").holds("web", "ConfigMap shop/b")
}

#[test]
fn deletions_above_the_budget_wait_together() {
    assert_eq!(many(20).plan().matches("delete ").count(), 20);
    let over = many(21).plan();
    assert_eq!(over.matches("DeletionBudget { n: 21, limit: 20 }").count(), 21, "{over}");
    let named = many(21).allows("ConfigMap shop/a3").plan();
    assert_eq!(named.matches("delete ").count(), 21, "{named}");
}

#[test]
fn a_tree_that_empties_the_cluster_waits_unless_every_object_is_named() {
    let scene = || Scene::new().holds("web", "ConfigMap shop/a").holds("web", "ConfigMap shop/b");
    check(scene(), "hold ConfigMap shop/a: Emptied\nhold ConfigMap shop/b: Emptied\n");
    let named = scene().allows("ConfigMap shop/a").allows("ConfigMap shop/b");
    check(named, "delete ConfigMap shop/a\ndelete ConfigMap shop/b\n");
}

#[test]
fn changes_above_the_budget_wait_and_creations_go_on() {
    let mut scene = Scene::new()
        .holds("web", "ConfigMap shop/a")
        .holds("web", "ConfigMap shop/b")
        .desires("web", "ConfigMap shop/a")
        .desires("web", "ConfigMap shop/b")
        .desires("web", "ConfigMap shop/new");
    scene.rules.budget = Budget { changes: Limit { count: 1, percent: 0 }, ..Budget::default() };
    check(
        scene,
        "Applications(0): Create ConfigMap shop/new for web
hold ConfigMap shop/a: ChangeBudget { n: 2, limit: 1 }
hold ConfigMap shop/b: ChangeBudget { n: 2, limit: 1 }
",
    );
}

#[test]
fn the_namespaces_of_the_cluster_and_of_the_agent_stay_whatever_is_allowed() {
    let untouchable = ["Namespace kube-system", "Namespace default", "Namespace res-edge"];
    for what in untouchable.iter().chain(&["Secret res-edge/key"]) {
        let mut scene = Scene::new().holds("web", what).allows(what);
        scene.rules.own_namespace = Some("res-edge".to_owned());
        let plan = scene.plan();
        assert!(plan.starts_with("leave ") && plan.ends_with(": Kept\n"), "{plan}");
    }
}

#[test]
fn what_another_made_is_taken_with_consent_only() {
    let helm = |live: &mut serde_json::Value| {
        live["metadata"]["annotations"] = json!({"meta.helm.sh/release-name": "web"});
    };
    let what = "ConfigMap shop/a";
    check(
        Scene::new().desires("web", what).with_live(what, helm),
        "hold ConfigMap shop/a: Foreign(\"the Helm release `web`\")\n",
    );
    check(
        Scene::new().desires("web", what).with_live(what, |_| ()),
        "hold ConfigMap shop/a: Foreign(\"someone\")\n",
    );
    let adopted = "Applications(0): Adopt ConfigMap shop/a for web\n";
    let marked = Scene::new().desires_marked("web", what, "res-edge.dev/adopt: \"true\"", "");
    check(marked.with_live(what, helm), adopted);
    check(Scene::new().desires("web", what).with_live(what, helm).allows(what), adopted);
}

#[test]
fn a_namespace_is_taken_unless_another_tool_keeps_it() {
    let what = "Namespace shop";
    check(
        Scene::new().desires("namespaces", what).with_live(what, |_| ()),
        "Namespaces: Adopt Namespace shop for namespaces\n",
    );
    let flux = |live: &mut serde_json::Value| {
        live["metadata"]["labels"] = json!({"kustomize.toolkit.fluxcd.io/name": "apps"});
    };
    check(
        Scene::new().desires("namespaces", what).with_live(what, flux),
        "hold Namespace shop: Foreign(\"the Flux Kustomization `apps`\")\n",
    );
}

#[test]
fn an_object_that_is_going_is_made_again_later() {
    let scene = Scene::new()
        .desires("web", "ConfigMap shop/a")
        .holds("web", "ConfigMap shop/a")
        .with_live("ConfigMap shop/a", |live| {
            live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        });
    check(scene, "hold ConfigMap shop/a: Terminating\n");
}

#[test]
fn applications_that_wait_for_each_other_stop_and_the_others_go_on() {
    let mut scene = Scene::new()
        .desires("a", "ConfigMap shop/a")
        .desires("b", "ConfigMap shop/b")
        .desires("c", "ConfigMap shop/c");
    scene.dependencies.insert("a".into(), BTreeSet::from(["b".into()]));
    scene.dependencies.insert("b".into(), BTreeSet::from(["a".into()]));
    scene.dependencies.insert("c".into(), BTreeSet::from(["not-here".into()]));
    check(
        scene,
        "Applications(0): Create ConfigMap shop/c for c
stop a: `a` waits for itself through dependsOn
stop b: `b` waits for itself through dependsOn
",
    );
}

#[test]
fn an_object_of_two_applications_stops_the_second() {
    let scene = Scene::new().desires("a", "ConfigMap shop/x").desires("b", "ConfigMap shop/x");
    check(
        scene,
        "Applications(0): Create ConfigMap shop/x for a
stop b: b/shop/configmap-x.yaml: `a` has ConfigMap shop/x too
",
    );
}

#[test]
fn drift_is_corrected_or_reported_as_the_object_says() {
    let what = "ConfigMap shop/a";
    let scene = |annotations: &str| {
        let scene = Scene::new().desires_marked("web", what, annotations, "data: {motd: hi}\n");
        scene.holds("web", what).with_live(what, |live| {
            live["metadata"]["managedFields"][0]["fieldsV1"] = json!({"f:data": {"f:x": {}},
                "f:metadata": {"f:annotations": {"f:res-edge.dev/drift": {}, "f:res-edge.dev/ignore": {}}}});
        })
    };
    check(scene(""), "Applications(0): Correct([\"/data/motd\"]) ConfigMap shop/a for web\n");
    check(
        scene("res-edge.dev/drift: report"),
        "hold ConfigMap shop/a: DriftReported([\"/data/motd\"])\n",
    );
    check(scene("res-edge.dev/ignore: /data/motd"), "nothing\n");
    check(scene("res-edge.dev/ignore: all"), "nothing\n");
}

#[test]
fn replicas_that_an_autoscaler_sets_are_no_drift() {
    let what = "Deployment@apps/v1 shop/web";
    let scaler = "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n";
    let scene = |with_scaler: bool| {
        let scene = Scene::new().desires_marked("web", what, "", "spec: {replicas: 2}\n");
        let scene = match with_scaler {
            true => scene.desires_marked(
                "web",
                "HorizontalPodAutoscaler@autoscaling/v2 shop/web",
                "",
                scaler,
            ),
            false => scene,
        };
        scene.holds("web", what).with_live(what, |live| {
            live["metadata"]["managedFields"][0]["fieldsV1"] = json!({"f:spec": {"f:x": {}}});
        })
    };
    assert!(scene(false).plan().contains("Correct([\"/spec/replicas\"])"));
    assert!(!scene(true).plan().contains("Correct"));
    let other = scene(false).with_live(what, |live| {
        let entry = json!({"manager": "kube-controller-manager", "operation": "Update",
            "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        live["metadata"]["managedFields"].as_array_mut().expect("a list").push(entry);
    });
    check(other, "nothing\n");
}

#[test]
fn no_tree_with_one_fault_ever_deletes_what_the_whole_tree_keeps() {
    let names = ["a", "b", "c", "d"];
    for fault in names {
        for broken in ["", "a: [", "kind: ConfigMap", "\u{0}", "- a", "a: 1\n---\nb: 2\n"] {
            let mut scene = Scene::new();
            for name in names {
                let what = format!("ConfigMap shop/{name}");
                let text = if name == fault { broken.to_owned() } else { manifest(&what, "", "") };
                scene = scene.file(&format!("{name}/shop/configmap-{name}.yaml"), &text);
                scene = scene.holds(name, &what);
            }
            let plan = scene.plan();
            assert!(!plan.contains("delete"), "{plan}");
            assert!(plan.contains(&format!("stop {fault}")), "{plan}");
        }
    }
}
