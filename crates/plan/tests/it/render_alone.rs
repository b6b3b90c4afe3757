//! Filling for many clusters at once, in what varies only, is filling for each of them alone.

use model::{FileId, MemoryObjects, ObjectId, Scalar, ScalarKind, Source};
use plan::template::{KeyUse, parse_objects, parse_verbatim};
use plan::{Fleet, KeySpace};
use proptest::prelude::*;
use proptest::sample::select;
use schema::yaml::emit::Leaf;

use super::rendering::{FLEET, FLUX_FLEET, render_source};
use super::template::generate::{template, values};

/// What one cluster takes: `k0` and maybe `k1` of its own, `k2` by an override of the application
/// and `k3` by one of the namespace.
type Taken = (Vec<Scalar>, bool);

/// The values of a few clusters; often a key has words on all of them that harm nothing.
fn taken() -> impl Strategy<Value = Vec<Taken>> {
    let words =
        ["store-1", "a", "x.y/z", "0", "---", "...", "true", "e5", "_", "1_0", "10.0.0.0/8"];
    let word = select(words.to_vec()).prop_map(Scalar::string);
    let row = (values(), prop::collection::vec(word, 4));
    let rows = prop::collection::vec((row, prop::bool::weighted(0.9)), 1..5);
    // A document's value is never null.
    let written = |value: Scalar| match value.kind {
        ScalarKind::Null => Scalar::string(&value.text),
        _ => value,
    };
    (rows, any::<[bool; 4]>()).prop_map(move |(rows, nasty)| {
        let choose = |((values, words), has): (_, bool)| {
            let (values, words): (Vec<Scalar>, Vec<Scalar>) = (values, words);
            let keys = values.into_iter().zip(words).zip(nasty);
            (
                keys.map(|((value, word), nasty)| if nasty { written(value) } else { word })
                    .collect(),
                has,
            )
        };
        rows.into_iter().map(choose).collect()
    })
}

/// The inventory of these clusters, with one application on all of them.
fn inventory(rows: &[Taken]) -> String {
    let mut text = "-- inventory/all.yaml --\n".to_owned();
    let head = |kind: &str, name: &str| {
        format!(
            "---\napiVersion: res-edge.dev/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n"
        )
    };
    let value = |scalar: &Scalar| Leaf::from(scalar).write(12);
    for (number, (values, has)) in rows.iter().enumerate() {
        text += &head("Cluster", &format!("c-{number}"));
        text += &format!("  groups: [/stores]\n  values:\n    k0: {}\n", value(&values[0]));
        if *has {
            text += &format!("    k1: {}\n", value(&values[1]));
        }
    }
    text += "---\napiVersion: res-edge.dev/v1\nkind: Group\nmetadata:\n  name: stores\n";
    let overrides = |key: usize| {
        let mut text = "  overrides:\n".to_owned();
        for (number, (values, _)) in rows.iter().enumerate() {
            let value = value(&values[key]);
            text += &format!("  - clusters: /c/c-{number}\n    values:\n      k{key}: {value}\n");
        }
        text
    };
    text += &format!("{}  clusters: all\n{}", head("Namespace", "shop"), overrides(3));
    text += &head("Application", "web");
    text += &format!("  namespace: shop\n  template: apps/web\n{}", overrides(2));
    text
}

fn source(fleet: &str, rows: &[Taken], template: &str) -> Source {
    testkit::source(&format!("{fleet}{}-- apps/web/a.yaml --\n{template}", inventory(rows)))
}

/// The values of some keys on a cluster; nothing if one has none.
fn values_on<'f>(fleet: &'f Fleet, keys: &[KeyUse], cluster: &str) -> Option<Vec<&'f Scalar>> {
    let application = fleet.application_id("web").expect("it is in the inventory");
    let cluster = fleet.cluster_id(cluster).expect("it is in the inventory");
    let value = |used: &KeyUse| {
        assert_ne!((used.space, &*used.key), (KeySpace::Cluster, "name"));
        Some(fleet.scalar(fleet.column(application, used.space, &used.key).get(cluster)?))
    };
    keys.iter().map(value).collect()
}

/// Renders, and compares what every cluster got with what `alone` says of its values.
fn check(
    source: Source,
    n_clusters: usize,
    path: &str,
    alone: impl Fn(&Fleet, &str) -> Option<ObjectId>,
) -> Result<(), TestCaseError> {
    let outcome = render_source(source);
    let broken = outcome.broken();
    let files = outcome.objects.list(outcome.folder);
    for number in 0..n_clusters {
        let cluster = format!("c-{number}");
        let wanted = format!("{cluster}/{path}");
        let found = files.iter().find(|(path, ..)| path.ends_with(&wanted)).map(|file| file.2);
        prop_assert_eq!(found, alone(&outcome.fleet, &cluster), "{}", outcome.diagnostics());
        prop_assert_eq!(found.is_none(), broken.contains(&format!("{cluster}/web")));
    }
    Ok(())
}

fn template_id(source: &Source) -> FileId {
    let is_template = |(_, file): &(FileId, &model::SourceFile)| &*file.path == "apps/web/a.yaml";
    source.files.iter().find(is_template).expect("it is in the source").0
}

proptest! {
    #[test]
    fn a_file_for_many_clusters_is_the_file_for_each(text in template(), rows in taken()) {
        let source = source(FLUX_FLEET, &rows, &text);
        let Ok(file) = parse_verbatim(&source.files, template_id(&source), 0) else { return Ok(()) };
        check(source, rows.len(), "web/a.yaml", |fleet, cluster| {
            let values = values_on(fleet, file.keys(), cluster)?;
            file.fill(&values, &MemoryObjects::default()).ok()
        })?;
    }

    #[test]
    fn an_object_for_many_clusters_is_the_object_for_each(text in template(), rows in taken()) {
        let body: String = text.trim_start_matches('\u{feff}').lines().map(|line| format!("  {line}\n")).collect();
        let text = format!("apiVersion: v1\nkind: X\nmetadata:\n  name: web\n  namespace: shop\nspec:\n{body}");
        let source = source(FLEET, &rows, &text);
        let Ok(objects) = parse_objects(&source.files, template_id(&source), 0) else { return Ok(()) };
        check(source, rows.len(), "web/shop/x-web.yaml", |fleet, cluster| {
            let values = values_on(fleet, objects[0].keys(), cluster)?;
            Some(objects[0].fill(&values, &MemoryObjects::default()).ok()?.blob)
        })?;
    }
}
