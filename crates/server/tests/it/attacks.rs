//! What somebody tries who may edit some of the fleet, to reach the rest: by pushes, and by changes
//! that they merge. Nothing of it moves `main`.

use std::path::Path;

use reqwest::Method;
use serde_json::json;

use crate::clone::Clone;
use crate::hosting::{FLEET, with_fleet_of};
use crate::support::Running;

/// Eve may do everything with pets in Louisiana, with nobody's approval, and nothing elsewhere.
const EVE: &str = r#"-- policies/eve.yaml --
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: eve}
spec:
  subjects: ["user:eve"]
  rules:
    - {verbs: [read, propose, merge, approve], kinds: [Cluster, Group, Namespace, Application], groups: [/stores/la], namespaces: [pets]}
-- inventory/plants.yaml --
apiVersion: res-edge.dev/v1
kind: Group
metadata: {name: plants}
spec: {}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: plant-1, labels: {ring: plant}}
spec: {groups: [/plants], values: {city: houma}}
-- inventory/tx-only.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: tx-only}
spec: {clusters: "/g/stores/tx or /m/city/laredo"}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: safe}
spec: {namespace: tx-only, template: apps/vote, values: {title: Safe}}
"#;

/// One thing to do to a work tree.
enum Edit {
    /// A text in a file becomes another.
    Replace(&'static str, &'static str, &'static str),
    /// A file is written, or more is put at its end.
    Append(&'static str, &'static str),
    /// A file goes elsewhere.
    Move(&'static str, &'static str),
    /// A file goes.
    Remove(&'static str),
}

use Edit::{Append, Move, Remove, Replace};

const EVERYTHING: &str = r#"---
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: mine}
spec:
  subjects: ["user:eve"]
  rules:
    - {verbs: [read, propose, merge, approve, operate, administer], kinds: [Cluster, Application, Role, Fleet], groups: all, namespaces: all}
"#;

const WORM: &str = r#"---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: worm}
spec: {namespace: pets, template: apps/vote, values: {title: Worm}}
"#;

/// What is tried, by name.
const ATTACKS: &[(&str, &[Edit])] = &[
    ("a Role of one's own", &[Append("policies/roles.yaml", EVERYTHING)]),
    ("a Role in another file", &[Append("policies/deep/er/x.yaml", EVERYTHING)]),
    (
        "one's Role for all groups",
        &[Replace("policies/eve.yaml", "groups: [/stores/la]", "groups: all")],
    ),
    (
        "oneself into another's Role",
        &[Replace("policies/roles.yaml", r#""user:rita""#, r#""user:rita", "user:eve""#)],
    ),
    (
        "another's Role for fewer",
        &[Replace(
            "policies/roles.yaml",
            "count: 1, notAuthor: true",
            "count: 0, notAuthor: false",
        )],
    ),
    ("no Roles at all", &[Remove("policies/roles.yaml")]),
    (
        "a Role moved and widened",
        &[
            Move("policies/eve.yaml", "policies/moved.yaml"),
            Replace("policies/moved.yaml", "namespaces: [pets]", "namespaces: all"),
        ],
    ),
    (
        "another's file moved and edited",
        &[
            Move("inventory/tx.yaml", "inventory/la-new.yaml"),
            Replace("inventory/la-new.yaml", "city: austin", "city: evil"),
        ],
    ),
    ("another's cluster", &[Replace("inventory/tx.yaml", "city: austin", "city: evil")]),
    ("another's cluster removed", &[Remove("inventory/tx.yaml")]),
    (
        "another's cluster under a new name",
        &[
            Remove("inventory/tx.yaml"),
            Append(
                "inventory/la.yaml",
                "---\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: la-9, formerName: tx-1, labels: {ring: prod}}\nspec: {groups: [/stores/la], values: {city: evil}}\n",
            ),
        ],
    ),
    (
        "another's cluster in one's group",
        &[Replace("inventory/tx.yaml", "groups: [/stores/tx]", "groups: [/stores/la]")],
    ),
    (
        "one's cluster in another's group",
        &[Replace("inventory/la.yaml", "groups: [/stores/la]", "groups: [/stores/tx]")],
    ),
    (
        "another's group below one's own",
        &[Replace(
            "inventory/groups.yaml",
            "metadata: {name: tx}\nspec: {parent: /stores}",
            "metadata: {name: tx}\nspec: {parent: /stores/la}",
        )],
    ),
    (
        "one's group with another's clusters",
        &[Replace(
            "inventory/groups.yaml",
            "metadata: {name: la}\nspec: {parent: /stores}",
            "metadata: {name: la}\nspec: {parent: /stores, clusters: /m/ring/prod}",
        )],
    ),
    (
        "one's group above another's",
        &[Replace("inventory/groups.yaml", "spec: {}", "spec: {values: {city: evil}}")],
    ),
    (
        "an override that matches elsewhere",
        &[Replace("inventory/pets.yaml", "clusters: /m/ring/beta", "clusters: /m/ring/prod")],
    ),
    ("a value for everyone", &[Replace("inventory/pets.yaml", "title: Dogs", "title: Evil")]),
    (
        "a namespace for more",
        &[Replace("inventory/pets.yaml", "clusters: /g/stores", "clusters: all")],
    ),
    (
        "a namespace for fewer elsewhere",
        &[Replace("inventory/pets.yaml", "clusters: /g/stores", "clusters: /g/stores/la")],
    ),
    ("a new application in one's namespace", &[Append("inventory/pets.yaml", WORM)]),
    (
        "a cluster that another's expression begins to match",
        &[Replace("inventory/la.yaml", "city: nola", "city: laredo")],
    ),
    (
        "what one's namespace may hold",
        &[Replace(
            "inventory/pets.yaml",
            "spec: {clusters: /g/stores}",
            "spec: {clusters: /g/stores, allow: [ClusterRole.rbac.authorization.k8s.io]}",
        )],
    ),
    (
        "another's application in one's namespace",
        &[Replace("inventory/tills.yaml", "namespace: tills,", "namespace: pets,")],
    ),
    (
        "one's application in another's namespace",
        &[Replace("inventory/pets.yaml", "namespace: pets", "namespace: tills")],
    ),
    (
        "a template that others use",
        &[Append(
            "apps/vote/more.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: evil, namespace: rea.namespace.name}\ndata: {a: b}\n",
        )],
    ),
    (
        "an overlay for all",
        &[
            Append(
                "apps/vote/overlays/9.0.0/kustomization.yaml",
                "metadata: {annotations: {res-edge.dev/clusters: all}}\nresources: [x.yaml]\n",
            ),
            Append(
                "apps/vote/overlays/9.0.0/x.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: evil, namespace: rea.namespace.name}\ndata: {a: b}\n",
            ),
        ],
    ),
    (
        "an anchor in a document",
        &[Replace("inventory/la.yaml", "values: {city: nola}", "values: &v {city: nola}")],
    ),
    (
        "an alias of an anchor",
        &[Append(
            "inventory/pets.yaml",
            "---\napiVersion: res-edge.dev/v1\nkind: Application\nmetadata: &m {name: worm}\nspec: {namespace: pets, template: apps/vote, values: *m}\n",
        )],
    ),
    ("the settings of the fleet", &[Append("fleet.yaml", "spec: {values: {city: evil}}\n")]),
    (
        "where clusters read",
        &[Append("fleet.yaml", "spec: {delivery: {directory: {branch: main, path: x}}}\n")],
    ),
    ("files that are not of the source", &[Append(".github/workflows/x.yaml", "on: push\n")]),
];

fn make(clone: &Clone, edits: &[Edit]) {
    let root = clone.tree.path();
    let path = |file: &str| root.join(file);
    for edit in edits {
        match edit {
            Replace(file, old, new) => {
                let text = std::fs::read_to_string(path(file)).unwrap();
                assert!(text.contains(old), "`{old}` is not in {file}");
                std::fs::write(path(file), text.replacen(old, new, 1)).unwrap();
            }
            Append(file, more) => append(&path(file), more),
            Move(from, to) => std::fs::rename(path(from), path(to)).unwrap(),
            Remove(file) => std::fs::remove_file(path(file)).unwrap(),
        }
    }
    clone.tree.git(&["add", "-A"]);
    clone.tree.git(&["commit", "-q", "-m", "try"]);
}

fn append(path: &Path, more: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    std::fs::write(path, text + more).unwrap();
}

/// Opens a change of what was made, approves it and merges it, as far as that goes; answers the
/// status of the merge, or nothing where no change was opened.
async fn by_change(running: &Running, clone: &Clone) -> Option<(u16, serde_json::Value)> {
    let topic = format!("HEAD:refs/for/main/{}", clone.tree.commit_of("HEAD"));
    let (done, said) = clone.push(&[&topic]);
    if !done {
        return None;
    }
    let line = said.lines().find_map(|line| line.strip_prefix("remote: change ")).unwrap();
    let path = format!("/api/v1/changes/{}", line.split(':').next().unwrap());
    let (_, checks) = running.get_as(&format!("{path}/checks"), &clone.token).await;
    let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]});
    let approval = format!("{path}/approval");
    running.json(&clone.token, Method::PUT, &approval, Some(seen)).await;
    let merge = format!("{path}/merge");
    Some(running.json(&clone.token, Method::POST, &merge, Some(json!({}))).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_beyond_their_roles_by_pushes_or_changes() {
    let (running, admin) = with_fleet_of(&format!("{FLEET}{EVE}")).await;
    let main = admin.tree.commit_of("main");
    let eve = Clone::of(&running, &running.token_of("user:eve").await);
    let mut came_through = Vec::new();
    for (name, edits) in ATTACKS {
        eve.tree.git(&["reset", "-q", "--hard", &main.to_string()]);
        make(&eve, edits);
        if eve.push(&["HEAD:main"]).0 {
            came_through.push(format!("{name}: pushed"));
            break;
        }
        match by_change(&running, &eve).await {
            None | Some((403 | 409, _)) => {}
            Some((status, body)) => {
                came_through.push(format!("{name}: merged with {status} {body}"));
                break;
            }
        }
    }
    assert_eq!(came_through, Vec::<String>::new());
    let there = admin.tree.git(&["ls-remote", "origin", "refs/heads/main"]);
    assert!(there.starts_with(&main.to_string()), "{there}");

    // What is hers she may do, so that the attacks are refused for what they are.
    eve.tree.git(&["reset", "-q", "--hard", &main.to_string()]);
    make(&eve, &[Replace("inventory/pets.yaml", "title: Puppies", "title: Whelps")]);
    let (done, said) = eve.push(&["HEAD:main"]);
    assert!(done, "{said}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_change() {
    let (running, _) = with_fleet_of(FLEET).await;
    let anna = Clone::of(&running, &running.token_of("user:anna").await);
    anna.edit("inventory/pets.yaml", "title: Dogs", "title: Hounds");
    let (status, problem) = by_change(&running, &anna).await.unwrap();
    assert_eq!((status, &problem["code"]), (409, &json!("waits-for-approval")), "{problem}");
    // Nor by pushing to what another opened, and approving that.
    let otto = Clone::of(&running, &running.token_of("user:otto").await);
    otto.edit("inventory/pets.yaml", "title: Dogs", "title: Wolves");
    assert!(otto.push(&["-o", "change=1", "HEAD:refs/for/main"]).0);
    let (_, checks) = running.get_as("/api/v1/changes/1/checks", &otto.token).await;
    let seen = json!({"head": checks["head"], "plan": checks["effect"]["plan"]});
    let approval = "/api/v1/changes/1/approval";
    let approve = running.json(&otto.token, Method::PUT, approval, Some(seen));
    assert_eq!(approve.await.0, 200);
    let merge = "/api/v1/changes/1/merge";
    let merging = running.json(&otto.token, Method::POST, merge, Some(json!({})));
    let (status, problem) = merging.await;
    assert_eq!((status, &problem["code"]), (409, &json!("waits-for-approval")), "{problem}");
    running.stop().await;
}
