//! Mistakes in an inventory, each as people read it.

use crate::fleets::findings;

#[test]
fn documents_and_names() {
    insta::assert_snapshot!(findings(&[
        ("nothing is wrong", "Cluster a"),
        ("a second fleet", "Fleet contoso\nFleet fabrikam"),
        ("one name twice", "Cluster a\nCluster b\n-- inventory/more.yaml --\nCluster a"),
        (
            "one group twice",
            "Group a\nGroup b | | parent: /a\n-- inventory/z.yaml --\nGroup b | | parent: /a"
        ),
        (
            "one name of several kinds",
            "Cluster a\nGroup a\nNamespace a | | clusters: all\nApplication a | | namespace: a, template: apps/a"
        ),
        (
            "two namespaces, applications, roles",
            "
            Namespace a\nNamespace a
            Application w | | namespace: a, template: apps/a
            Application w | | namespace: a, template: apps/b
            Role r | | subjects: ['user:anna'], rules: []
            Role r | | subjects: ['user:anna'], rules: []
        "
        ),
    ]));
}

#[test]
fn a_source_without_a_fleet() {
    let source = testkit::source("-- inventory/a.yaml --\n");
    let found = plan::assemble(&source, Vec::new()).expect_err("there is no fleet");
    insta::assert_snapshot!(testkit::render_diagnostics(&source.files, &found));
}

#[test]
fn unknown_references() {
    insta::assert_snapshot!(findings(&[
        ("a parent", "Group stores\nGroup la | | parent: /store"),
        ("groups of clusters, told once", "
            Group stores
            Cluster a | | groups: [/stors]
            Cluster b | | groups: [/stors]
            Cluster c | | groups: [/plants, /stores]
        "),
        ("the last part of a path", "Group stores\nGroup la | | parent: /stores\nCluster a | | groups: [/la]"),
        ("a namespace", "Namespace imdb\nApplication web | | namespace: imbd, template: apps/web"),
        ("an application", "
            Namespace imdb
            Application web | | namespace: imdb, template: apps/web, dependsOn: [databse]
            Application database | | namespace: imdb, template: apps/database
        "),
        ("in a role", "
            Group stores
            Namespace imdb
            Role r | | subjects: ['user:anna'], rules: [{verbs: [read], kinds: [Application], groups: [/stroes], namespaces: [imd]}]
        "),
        ("in expressions, all of them", "
            Group stores
            Cluster store-1 | labels: {ring: beta} | groups: [/stores]
            Namespace imdb | | clusters: /g/store or /c/store-2 or /n/imbd or /m/rin/beta
            Namespace far | | clusters: /g/xxxxxxx or /c/xxxxxxxxx or /n/xxxxxxx or /m/xxxxxxx/y or /m/name/store-1
        "),
        ("in overrides", "
            Cluster store-1 | labels: {ring: beta}
            Namespace imdb | | clusters: all, overrides: [{clusters: /c/x, values: {a: 1}}]
            Application web | | namespace: imdb, template: apps/web, overrides: [{clusters: /n/imdbb, values: {a: 1}}]
        "),
    ]));
}

#[test]
fn expressions_point_into_their_text() {
    insta::assert_snapshot!(findings(&[
        ("plain", "Cluster a\nNamespace n | | clusters: all and"),
        ("in double quotes", "Cluster a\nNamespace n | | clusters: \"all && none\""),
        (
            "with escapes the whole scalar",
            "Cluster a\nNamespace n | | clusters: \"all && /c/\\\"a\\\"\""
        ),
        (
            "in an override",
            "Cluster a\nNamespace n | | clusters: all, overrides: [{clusters: ring=beta, values: {}}]"
        ),
    ]));
}

#[test]
fn unknown_values_without_a_vocabulary() {
    insta::assert_snapshot!(findings(&[
        ("a warning", "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: /m/ring/bta or /c/z* or all
        "),
        ("an error under not", "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: not /m/ring/bta
            Namespace m | | clusters: not /c/z*
            Namespace o | | clusters: not /m/ring/x*
        "),
        ("under two nots too", "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: all and not (all and not (all and /m/ring/prod))
        "),
        ("through a group", "
            Cluster a | labels: {ring: beta}
            Group pilots | | clusters: /m/ring/prod
            Namespace n | | clusters: not /g/pilots
        "),
        ("through a group below", "
            Cluster a | labels: {ring: beta}
            Group stores
            Group pilots | | parent: /stores, clusters: /m/ring/prod
            Namespace n | | clusters: all and not /g/stores
        "),
        ("through namespaces", "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: /m/ring/prod or all
            Namespace o | | clusters: /n/n
            Namespace p | | clusters: all and not (none or /n/o)
        "),
        ("in an application and an override", "
            Cluster a | labels: {ring: beta}
            Group pilots | | clusters: /m/ring/prod or all
            Namespace n | | clusters: all
            Application w | | namespace: n, template: apps/w, clusters: not /g/pilots, overrides: [{clusters: not /m/ring/x, values: {a: 1}}]
        "),
    ]));
}

#[test]
fn values_with_a_vocabulary() {
    let fleet = "Fleet contoso | | 'labels: {ring: [beta, prod, canary], city: any}'";
    let fleet = fleet.replace('\'', "");
    let case = |lines: &str| format!("{fleet}\n{lines}");
    let cases = [
        (
            "undeclared on a cluster",
            case(
                "
            Cluster a | labels: {ring: bta}
            Cluster b | labels: {ring: bta}
            Cluster c | labels: {rings: beta, shape: round}
        ",
            ),
        ),
        (
            "undeclared in an expression",
            case(
                "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: /m/ring/pord or /m/ring/x* or /m/ring/xxxxxxx
        ",
            ),
        ),
        (
            "declared and unused",
            case(
                "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: not /m/ring/prod and not /m/ring/can*
        ",
            ),
        ),
        (
            "any follows the rule without vocabulary",
            case(
                "
            Cluster a | labels: {ring: beta, city: nola}
            Namespace n | | clusters: all or /m/city/atx
            Namespace m | | clusters: not /m/city/atx
        ",
            ),
        ),
        (
            "a declared key that no cluster has",
            case(
                "
            Cluster a | labels: {ring: beta}
            Namespace n | | clusters: all or /m/city/atx
        ",
            ),
        ),
        (
            "own values are not in the vocabulary",
            case(
                "
            Cluster a | labels: {ring: beta} | values: {size: small}
            Namespace n | | clusters: /m/size/small
            Namespace m | | clusters: not /m/size/large
        ",
            ),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(title, lines)| (*title, lines.as_str())).collect();
    insta::assert_snapshot!(findings(&cases));
}

#[test]
fn cycles_are_printed_whole() {
    insta::assert_snapshot!(findings(&[
        ("groups", "Cluster c\nGroup a | | clusters: /g/b\nGroup b | | clusters: /c/c or /g/a"),
        ("itself", "Cluster c\nGroup a | | clusters: all and not /g/a"),
        ("a namespace", "Cluster c\nNamespace a | | clusters: /n/a"),
        (
            "groups and namespaces",
            "
            Cluster c
            Group a | | clusters: /g/b
            Group b | | clusters: /n/x
            Namespace x | | clusters: /g/a or all
        "
        ),
        (
            "descent",
            "Cluster c\nGroup a\nGroup b | | parent: /a\nGroup d | | parent: /a/b, clusters: all and /g/a"
        ),
        (
            "two of them",
            "
            Cluster c
            Group a | | clusters: /g/b\nGroup b | | clusters: /g/a
            Group y | | clusters: /g/z\nGroup z | | clusters: /g/y or /g/a
        "
        ),
        (
            "dependencies",
            "
            Namespace n
            Application a | | namespace: n, template: apps/a, dependsOn: [b]
            Application b | | namespace: n, template: apps/a, dependsOn: [c]
            Application c | | namespace: n, template: apps/a, dependsOn: [d, a]
            Application d | | namespace: n, template: apps/a, dependsOn: [d]
        "
        ),
        (
            "a diamond is no circle",
            "
            Cluster c
            Group a | | clusters: /g/b or /g/d
            Group b | | clusters: /g/e\nGroup d | | clusters: /g/e\nGroup e | | clusters: all
        "
        ),
    ]));
}

#[test]
fn empty_expressions() {
    insta::assert_snapshot!(findings(&[
        ("what became empty", "
            Cluster a | labels: {ring: beta}
            Cluster b | labels: {ring: prod}
            Group g | | clusters: /m/ring/beta and /m/ring/prod
            Namespace n | | clusters: /g/g
            Namespace all | | clusters: /c/a
            Application w | | namespace: all, template: apps/w, clusters: /c/b
            Application x | | namespace: all, template: apps/w, overrides: [{clusters: /g/g, values: {a: 1}}]
        "),
        ("intent", "
            Cluster a
            Group g | | clusters: none
            Namespace n | | clusters: (none)
            Namespace m
            Namespace o | | clusters: all
            Application w | | namespace: o, template: apps/w, clusters: none
            Application x | | namespace: m, template: apps/w, clusters: all
        "),
        ("a fleet without clusters", "Namespace n | | clusters: all"),
    ]));
}

#[test]
fn former_names() {
    insta::assert_snapshot!(findings(&[
        ("a rename of a group is one edit", "
            Group stores
            Group mid | formerPath: /stores/central | parent: /stores
            Group la | | parent: /stores/central
            Group nola | | parent: /stores/central/la
            Cluster a | | groups: [/stores/central/la/nola]
            Cluster b | | groups: [/stores/central]
            Namespace n | | clusters: /g/stores/central/la or /g/stores/mid
            Role r | | subjects: ['user:anna'], rules: [{verbs: [read], kinds: [Cluster], groups: [/stores/central], namespaces: all}]
        "),
        ("claimed twice, its own, and still there", "
            Cluster a | formerName: old
            Cluster b | formerName: old
            Cluster c | formerName: a
            Cluster d | formerName: d
            Group g | formerPath: /h
            Group h
            Group i | formerPath: /k
            Group j | formerPath: /k
            Namespace n
            Application v | formerName: w | namespace: n, template: apps/w
            Application w | | namespace: n, template: apps/w
        "),
        ("a group below its own former self", "
            Group b | formerPath: /a | parent: /a
            Cluster c | | groups: [/a]
        "),
    ]));
}

#[test]
fn collisions_and_disagreements() {
    insta::assert_snapshot!(findings(&[
        ("within a cluster", "
            Cluster a | labels: {region: east, name: x} | values: {region: west, timeZone: UTC}
            Cluster b | labels: {region: east} | values: {region: west, path: x}
        "),
        ("a value of the fleet or a group and a label", "
            Fleet contoso | | values: {ring: beta, description: x}
            Group g | | values: {city: nola, name: x}
            Group h | | values: {city: nola}
            Cluster a | labels: {ring: beta, city: nola} | groups: [/g]
            Cluster b | labels: {city: nola}
        "),
        ("within an application and a namespace", "
            Namespace n | labels: {tier: gold} | values: {tier: x}, overrides: [{clusters: none, values: {name: y, tier: z}}]
            Application w | labels: {owner: me} | namespace: n, template: apps/w, values: {template: x}, overrides: [{clusters: none, values: {owner: y, other: z}}]
        "),
        ("groups at equal depth", "
            Group east | | values: {tax: 1, same: x}
            Group west | | values: {tax: 2, same: x}
            Group north | | values: {tax: '2'}
            Group la | | parent: /west, values: {tax: 3}
            Cluster a | | groups: [/east, /west]
            Cluster b | | groups: [/east, /west]
            Cluster decided-below | | groups: [/east, /west/la]
            Cluster decided-itself | | groups: [/east, /west], values: {tax: 4}
            Cluster kinds | | groups: [/west, /north]
        "),
    ]));
}

#[test]
fn too_many_folders() {
    let fleet = |n: usize, fan_out: &str| {
        let mut lines = format!(
            "Fleet contoso | | delivery: {{directory: {{branch: main, path: x{fan_out}}}}}\n"
        );
        (0..n).for_each(|i| lines.push_str(&format!("Cluster c{i}\n")));
        lines
    };
    let cases = [
        ("3,000 folders", fleet(3_000, "")),
        ("more", fleet(3_001, "")),
        ("too many", fleet(10_001, "")),
        ("spread", fleet(10_001, ", fanOut: hex2")),
    ];
    let cases: Vec<_> = cases.iter().map(|(title, lines)| (*title, lines.as_str())).collect();
    insta::assert_snapshot!(findings(&cases));
}
