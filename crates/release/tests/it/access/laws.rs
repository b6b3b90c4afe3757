//! What holds for any Roles and any of many edits.

use std::collections::BTreeMap;

use model::{Cell, Cover, GroupPath, Kind, NamespaceName, Policies, Role, RoleRule, Subject, Verb};
use proptest::prelude::*;
use release::access::{Person, Place, authorize, can, visible};

use super::{FLEET, Texts, Understood, texts};

/// Edits that bring no new name: file, what stands there, what follows.
const EDITS: &[(&str, &str, &str)] = &[
    ("inventory/pets.yaml", "title: Dogs", "title: Hounds"),
    ("inventory/pets.yaml", "title: Cats", "title: Kittens"),
    ("inventory/pets.yaml", "clusters: /g/stores", "clusters: /g/stores or /m/type/plant"),
    ("inventory/pets.yaml", "clusters: /g/stores", "clusters: /g/stores and not /m/ring/beta"),
    ("inventory/tills.yaml", "clusters: /m/ring/beta", "clusters: /m/ring/prod"),
    ("inventory/tills.yaml", "clusters: /m/ring/beta", "clusters: none"),
    ("inventory/robots.yaml", "namespace: robots", "namespace: pets"),
    ("inventory/la.yaml", "ring: prod", "ring: beta"),
    ("inventory/la.yaml", "city: nola", "city: metairie"),
    ("inventory/la.yaml", "groups: [/stores/la]", "groups: [/stores/tx]"),
    ("inventory/tx.yaml", "type: store", "type: plant"),
    ("inventory/plants.yaml", "city: detroit", "city: flint"),
    ("inventory/groups.yaml", "tax: \"9\"", "tax: \"10\""),
    ("inventory/groups.yaml", "clusters: /m/type/plant", "clusters: /m/city/detroit"),
    ("apps/vote/configmap.yaml", "title: rea", "headline: rea"),
    ("apps/till/configmap.yaml", "tax:", "vat:"),
    ("fleet.yaml", "registry.example", "registry.two.example"),
];

const GROUPS: &[&str] = &["/stores", "/stores/la", "/stores/tx", "/plants", "all"];
const NAMESPACES: &[&str] = &["pets", "tills", "robots", "all"];

fn edited(numbers: &[usize]) -> Texts {
    let mut head = texts(FLEET);
    for number in numbers {
        let (path, old, new) = EDITS[number % EDITS.len()];
        let text = head.get_mut(path).unwrap();
        *text = text.replacen(old, new, 1);
    }
    head
}

/// A rule for merging, of one kind in one group and one namespace.
fn rule(number: usize) -> RoleRule {
    let group = GROUPS[number % GROUPS.len()];
    let namespace = NAMESPACES[number / GROUPS.len() % NAMESPACES.len()];
    let kind = Kind::ALL[number / (GROUPS.len() * NAMESPACES.len()) % Kind::ALL.len()];
    let groups = match group {
        "all" => Cover::All,
        path => Cover::Only(vec![GroupPath::parse(path).unwrap()]),
    };
    let namespaces = match namespace {
        "all" => Cover::All,
        name => Cover::Only(vec![NamespaceName::parse(name).unwrap()]),
    };
    RoleRule { verbs: vec![Verb::Merge, Verb::Administer], kinds: vec![kind], groups, namespaces }
}

fn person() -> Person {
    Person::new(Subject::User("anna".into()))
}

fn with(policies: &Policies, rules: &[RoleRule]) -> Policies {
    let role = Role {
        name: "tested".into(),
        subjects: vec![Subject::User("anna".into())],
        rules: rules.to_vec(),
        approvals: model::Approvals::default(),
    };
    Policies { roles: vec![role], ..policies.clone() }
}

/// Every cell that differs, found cell by cell: cluster, namespace.
fn changed_cells(base: &Understood, head: &Understood) -> Vec<(String, String)> {
    let cells = |side: &Understood| {
        let mut cells = BTreeMap::new();
        for cluster in &side.rendered.clusters {
            for (id, cell) in &cluster.cells {
                let application = &side.fleet.applications[id.0 as usize];
                let namespace = application.document.namespace.value.to_string();
                let tree = match cell {
                    Cell::Tree(fragment) => Some(*fragment),
                    Cell::Broken(_) => None,
                };
                let key = (cluster.name.to_string(), namespace, application.name.to_string());
                cells.insert(key, tree);
            }
        }
        cells
    };
    let (before, after) = (cells(base), cells(head));
    let keys = before.keys().chain(after.keys());
    let differ = keys.filter(|key| before.get(*key) != after.get(*key));
    differ.map(|(cluster, namespace, _)| (cluster.clone(), namespace.clone())).collect()
}

/// Whether a rule is about a cell, by the groups that the cluster was in.
fn is_about(rule: &RoleRule, base: &Understood, (cluster, namespace): &(String, String)) -> bool {
    let id = base.fleet.cluster_id(cluster).unwrap();
    let in_group = match &rule.groups {
        Cover::All => true,
        Cover::Only(paths) => paths.iter().any(|path| {
            let group = base.fleet.group_id(path.as_str()).unwrap();
            base.fleet.groups[group.0 as usize].clusters.contains(id)
        }),
    };
    let in_namespace = match &rule.namespaces {
        Cover::All => true,
        Cover::Only(names) => names.iter().any(|name| name.as_str() == namespace),
    };
    in_group
        && in_namespace
        && rule.kinds.iter().all(|kind| !matches!(kind, Kind::Fleet | Kind::Role))
}

proptest! {
    #![proptest_config(testkit::cases(48))]

    #[test]
    fn what_may_be_merged_is_covered_cell_by_cell_and_needs_what_it_needs(
        edits in prop::collection::vec(0..EDITS.len(), 1..3),
        numbers in prop::collection::vec(0_usize..120, 0..12),
        wide in prop::bool::ANY,
        scope in prop::collection::vec(0_usize..120, 0..12),
    ) {
        let base = Understood::new(&texts(FLEET)).unwrap();
        let head = Understood::new(&edited(&edits));
        prop_assume!(head.is_ok());
        let head = head.unwrap();
        let (meaning, policies) = (base.until(&head), base.policies());
        let mut rules: Vec<RoleRule> = numbers.iter().map(|number| rule(*number)).collect();
        if wide {
            rules.extend((0..120).map(rule));
        }
        let may = |rules: &[RoleRule]| {
            authorize(&with(&policies, rules), &meaning, &person()).merge.is_allowed()
        };
        if wide {
            prop_assert!(may(&rules), "who has every rule may do all of it");
        }
        let scope: Vec<RoleRule> = scope.into_iter().map(rule).collect();
        let scoped = Person { scope: Some(scope.clone()), ..person() };
        if authorize(&with(&policies, &rules), &meaning, &scoped).merge.is_allowed() {
            prop_assert!(may(&rules) && may(&scope), "a scope grants nothing");
        } else {
            prop_assert!(!wide || !may(&scope), "of all rights the whole scope is left");
        }
        if may(&rules) {
            for cell in changed_cells(&base, &head) {
                prop_assert!(rules.iter().any(|rule| is_about(rule, &base, &cell)), "{cell:?}");
                // Without what is about one cell, the change is refused.
                let mut fewer = rules.clone();
                fewer.retain(|rule| !is_about(rule, &base, &cell));
                prop_assert!(!may(&fewer), "without rules about {cell:?}");
            }
            prop_assert!(!may(&[]), "without any rule");
            let mut more = rules.clone();
            more.push(rule(7));
            prop_assert!(may(&more), "one more rule takes nothing away");
        } else if let Some((_, fewer)) = rules.split_last() {
            prop_assert!(!may(fewer), "one rule less gives nothing");
        }
    }

    #[test]
    fn what_is_seen_is_what_each_question_answers(
        numbers in prop::collection::vec(0_usize..120, 0..6),
    ) {
        let base = Understood::new(&texts(FLEET)).unwrap();
        let rules: Vec<RoleRule> = numbers.iter().map(|number| rule(*number)).collect();
        let policies = with(&base.policies(), &rules);
        let sight = visible(&policies, &person(), Verb::Merge);
        let asks = |kinds: &[Kind], place: &Place| {
            can(&policies, &person(), Verb::Merge, kinds, place).is_allowed()
        };
        for index in 0..base.fleet.clusters.len() {
            let id = model::ClusterId(index as u32);
            let one = || [id].into_iter().collect::<model::ClusterSet>();
            let seen = sight.clusters().contains(id);
            prop_assert_eq!(seen, asks(&[Kind::Cluster], &Place::Clusters(one())));
            for namespace in base.fleet.namespaces.iter() {
                let seen = sight.cells(Some(&namespace.name)).contains(id);
                let place = Place::Cells(Some(namespace.name.clone()), one());
                prop_assert_eq!(seen, asks(release::access::PLACING, &place));
            }
        }
        for group in base.fleet.groups.iter() {
            let asked = asks(&[Kind::Group], &Place::Group(group.path.clone()));
            prop_assert_eq!(sight.group(&group.path), asked);
        }
    }
}
