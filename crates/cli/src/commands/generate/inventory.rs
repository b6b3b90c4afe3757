//! The settings and the inventory of a generated source.
//!
//! The hierarchy is `/stores/<region>/<state>/<city>`. A state stands in one region and one time
//! zone. Each cluster stands in one city, chosen by the seed.

use std::fmt::Write as _;

use super::random::Random;
use super::templates::application_name;

/// How much to write.
pub(super) struct Size {
    pub(super) n_clusters: u32,
    pub(super) n_applications: u32,
    pub(super) seed: u64,
}

const CLUSTERS_IN_A_FILE: usize = 500;
const CITIES_IN_A_STATE: u32 = 12;
const APPLICATIONS_IN_A_NAMESPACE: u32 = 5;

/// A state with its region and its time zone.
struct State {
    region: &'static str,
    name: &'static str,
    time_zone: &'static str,
}

const fn state(region: &'static str, name: &'static str, time_zone: &'static str) -> State {
    State { region, name, time_zone }
}

const REGIONS: [&str; 4] = ["central", "east", "north", "west"];

const STATES: [State; 24] = [
    state("central", "la", "America/Chicago"),
    state("central", "tx", "America/Chicago"),
    state("central", "ok", "America/Chicago"),
    state("central", "ar", "America/Chicago"),
    state("central", "mo", "America/Chicago"),
    state("central", "tn", "America/Chicago"),
    state("east", "ga", "America/New_York"),
    state("east", "fl", "America/New_York"),
    state("east", "nc", "America/New_York"),
    state("east", "va", "America/New_York"),
    state("east", "ny", "America/New_York"),
    state("east", "oh", "America/New_York"),
    state("north", "mn", "America/Chicago"),
    state("north", "wi", "America/Chicago"),
    state("north", "il", "America/Chicago"),
    state("north", "nd", "America/Chicago"),
    state("north", "mi", "America/Detroit"),
    state("north", "in", "America/Indiana/Indianapolis"),
    state("west", "ca", "America/Los_Angeles"),
    state("west", "wa", "America/Los_Angeles"),
    state("west", "or", "America/Los_Angeles"),
    state("west", "nv", "America/Los_Angeles"),
    state("west", "az", "America/Phoenix"),
    state("west", "co", "America/Denver"),
];

/// `fleet.yaml` and the files of `inventory/`.
pub(super) fn files(size: &Size) -> Vec<(String, String)> {
    let mut random = Random::new(size.seed);
    let mut files = vec![
        ("fleet.yaml".to_owned(), fleet(size)),
        ("inventory/groups.yaml".to_owned(), groups(&mut random)),
        ("inventory/applications.yaml".to_owned(), applications(size, &mut random)),
    ];
    let documents: Vec<String> =
        (1..=size.n_clusters).map(|number| cluster(number, &mut random)).collect();
    for (index, chunk) in documents.chunks(CLUSTERS_IN_A_FILE).enumerate() {
        files.push((format!("inventory/clusters/{:03}.yaml", index + 1), chunk.join("---\n")));
    }
    files
}

fn fleet(size: &Size) -> String {
    let Size { n_clusters, n_applications, seed } = size;
    format!(
        "# Made by `res-edge generate --clusters {n_clusters} --applications {n_applications} \
         --seed {seed}`.
apiVersion: res-edge.dev/v1
kind: Fleet
metadata:
  name: generated-{seed}
spec:
  engine: 1
  labels:
    region: [{regions}]
    state: any
    city: any
    ring: [beta, prod]
    type: [store, warehouse]
  values:
    registry: registry.generated.example
  layout:
    manifests: {{}}
  delivery:
    branches: {{}}
",
        regions = REGIONS.join(", ")
    )
}

fn groups(random: &mut Random) -> String {
    let mut documents = vec![group("stores", None, "")];
    for region in REGIONS {
        let values = format!("  values:\n    mirror: mirror.{region}.generated.example\n");
        documents.push(group(region, Some("/stores"), &values));
    }
    for State { region, name, .. } in &STATES {
        let tax = format!("  values:\n    tax: \"{}.{:02}\"\n", random.below(9), random.below(100));
        documents.push(group(name, Some(&format!("/stores/{region}")), &tax));
        for city in 1..=CITIES_IN_A_STATE {
            let parent = format!("/stores/{region}/{name}");
            documents.push(group(&format!("city-{city:02}"), Some(&parent), ""));
        }
    }
    documents.join("---\n")
}

fn group(name: &str, parent: Option<&str>, values: &str) -> String {
    let mut text =
        format!("apiVersion: res-edge.dev/v1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n");
    match parent {
        Some(parent) => writeln!(text, "  parent: {parent}"),
        None => writeln!(text, "  description: every site"),
    }
    .expect("writing to a String does not fail");
    text.push_str(values);
    text
}

fn cluster(number: u32, random: &mut Random) -> String {
    let State { region, name: state, time_zone } = random.pick(&STATES);
    let city = random.below(CITIES_IN_A_STATE) + 1;
    let ring = if random.below(20) == 0 { "beta" } else { "prod" };
    let kind = if random.below(40) == 0 { "warehouse" } else { "store" };
    let (high, low) = (number / 256 % 256, number % 256);
    format!(
        "apiVersion: res-edge.dev/v1
kind: Cluster
metadata:
  name: {region}-{state}-{city:02}-{number:05}
  labels:
    region: {region}
    state: {state}
    city: {state}-{city:02}
    ring: {ring}
    type: {kind}
spec:
  groups: [/stores/{region}/{state}/city-{city:02}]
  timeZone: {time_zone}
  values:
    storeNumber: \"{number:05}\"
    ipRange: 10.{high}.{low}.0/24
"
    )
}

fn applications(size: &Size, random: &mut Random) -> String {
    let mut documents = Vec::new();
    for number in 1..=size.n_applications {
        let team = (number - 1) / APPLICATIONS_IN_A_NAMESPACE + 1;
        if (number - 1) % APPLICATIONS_IN_A_NAMESPACE == 0 {
            documents.push(namespace(team));
        }
        documents.push(application(number, team, random));
    }
    documents.join("---\n")
}

/// The expressions differ and select the same clusters: all of them.
fn namespace(team: u32) -> String {
    let clusters = match team % 3 {
        0 => "/m/type/store or /m/type/warehouse",
        1 => "/g/stores",
        _ => "/g/stores/central or not /g/stores/central",
    };
    format!(
        "apiVersion: res-edge.dev/v1
kind: Namespace
metadata:
  name: team-{team:03}
spec:
  clusters: {clusters}
"
    )
}

fn application(number: u32, team: u32, random: &mut Random) -> String {
    let name = application_name(number);
    let (minor, patch) = (random.below(20), random.below(10));
    let log_level = random.pick(&["debug", "info", "warn"]);
    let replicas = random.below(3) + 1;
    format!(
        "apiVersion: res-edge.dev/v1
kind: Application
metadata:
  name: {name}
spec:
  namespace: team-{team:03}
  template: apps/{name}
  owner: team-{team:03}
  values:
    tag: v1.{minor}.{patch}
    logLevel: {log_level}
    replicas: {replicas}
"
    )
}
