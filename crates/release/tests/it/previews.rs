//! What a change does to the whole fleet.

use std::sync::Arc;

use insta::assert_snapshot;
use model::{
    Amount, Cause, ClusterName, Edit, EditKind, EffectKind, Entry, Move, ObjectChange,
    ObjectEffect, ObjectId, ObjectKey, Observed, RequestChange, RequestSums, Requests, Why,
};
use proptest::prelude::*;
use release::{
    Clusters, Contents, CreatedObject, Fetch, FileChange, Group, Line, Part, Preview, Reasons,
    Sign, Transition, preview,
};

use crate::fleet::{Trees, rendered};

const FILES: &str = "\
-- web1/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:1
-- web2/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:2
-- big1/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 9
  image: web:1
-- big2/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 9
  image: web:2
-- old/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:0
-- more/deployment.yaml --
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  image: web:1
-- more/sub/service.yaml --
kind: Service
-- secret1/secret.yaml --
kind: Secret
data: {password: aHVudGVyMQ==}
-- secret2/secret.yaml --
kind: Secret
data: {password: aHVudGVyMg==}
-- evil/deployment.yaml --
kind: \u{1b}[2J
-- small/deployment.yaml --
cpu: 500m
-- large/deployment.yaml --
cpu: 2
-- large5/deployment.yaml --
five: 5
cpu: 2
-- small5/deployment.yaml --
five: 5
cpu: 500m
-- lots/deployment.yaml --
cpu: lots
-- run1/run.sh --
echo
-- run2/run.sh (x) --
echo
-- n1 --
kind: Namespace
-- n2 --
kind: Namespace
labels: {}
";

/// Trees of a test as what was rendered. An edit of the image is a restart.
struct Shown<'a> {
    trees: &'a Trees,
    unread: bool,
}

impl Contents for Shown<'_> {
    fn tree(&self, id: ObjectId) -> Option<Arc<[Entry]>> {
        self.trees.store.get_tree(id)
    }

    fn blob(&self, id: ObjectId) -> Option<Arc<[u8]>> {
        self.trees.store.get_blob(id)
    }

    fn objects(&self, transition: Transition) -> Observed<ObjectChange> {
        match self.unread {
            true => Observed::Unknown(Cause("the pack is broken".to_owned())),
            false => Observed::Known(self.trees.change(transition.old, transition.new)),
        }
    }

    fn effects(&self, old: &str, new: &str) -> Vec<ObjectEffect> {
        let image = |text: &str| Some(text.split_once("image: ")?.1.trim().to_owned());
        let (Some(old), Some(new)) = (image(old), image(new)) else { return Vec::new() };
        let object = ObjectKey {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: None,
            name: "web".to_owned(),
        };
        let details = vec![format!("image {old} -> {new}")];
        vec![ObjectEffect { kind: EffectKind::Restart, object, details }]
    }

    fn requests(&self, old: Option<&str>, new: Option<&str>) -> RequestChange {
        let side = |text: Option<&str>| text.map_or(Ok(Requests::default()), requested);
        match (side(old), side(new)) {
            (Ok(before), Ok(after)) if before != after => {
                RequestChange { sums: RequestSums { before, after }, ..RequestChange::default() }
            }
            (Ok(_), Ok(_)) => RequestChange::default(),
            (Err(fault), _) | (_, Err(fault)) => {
                RequestChange { unread: vec![fault], ..RequestChange::default() }
            }
        }
    }
}

/// A line of a file as what it requests, so many times as another line says.
fn requested(text: &str) -> Result<Requests, String> {
    let Some((_, cpu)) = text.split_once("cpu: ") else { return Ok(Requests::default()) };
    let times = if text.contains("five") { 5 } else { 1 };
    let cpu = Amount::parse(cpu.trim()).ok_or_else(|| format!("Pod web: cpu `{}`", cpu.trim()))?;
    Ok(Requests { cpu, ..Requests::default() }.times(times))
}

/// Nobody knows why.
impl Reasons for Shown<'_> {
    fn of_part(&self, _: &Part, _: &[u32]) -> Why {
        Why::default()
    }

    fn of_file(&self, _: &Part, _: &str, _: &[u32]) -> Why {
        Why::default()
    }

    fn moves(&self) -> Vec<Move<Vec<u32>>> {
        Vec::new()
    }
}

/// The preview of two renders of these trees.
fn preview_of(base: &model::Rendered, head: &model::Rendered, shown: &Shown<'_>) -> Preview {
    preview(base, head, shown, shown)
}

fn compared(base: &str, head: &str) -> Preview {
    let mut trees = Trees::with_files(FILES);
    let (base, head) = (rendered(base, &mut trees), rendered(head, &mut trees));
    preview_of(&base, &head, &Shown { trees: &trees, unread: false })
}

fn check(base: &str, head: &str) -> String {
    compared(base, head).to_text(false, 100)
}

/// `n` clusters that run the same.
fn clusters(n: usize, cells: &str) -> String {
    (0..n).map(|index| format!("cluster c{index:02}: {cells}\n")).collect()
}

#[test]
fn equal_renders_have_an_empty_preview() {
    let preview = compared("cluster a: web=web1\n", "cluster a: web=web1\nbudget 3%\n");
    assert!(preview.is_empty());
    assert_eq!(preview.to_text(true, 10), "");
}

#[test]
fn one_edit_is_one_group_whatever_stands_around_it() {
    let base = format!("{}cluster d: web=big1\n", clusters(7, "web=web1"));
    let head = format!("{}cluster d: web=big2\n", clusters(7, "web=web2"));
    assert_snapshot!(check(&base, &head), @r"
    restarts:
      ~ Deployment.apps web of application web on 8 clusters (c00, c01, c02, ...): image web:1 -> web:2
    files:
    8 clusters (c00, c01, c02, ...): web/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    to fetch: 234 bytes before compression, in 4 distinct files and folders
    ");
}

#[test]
fn clusters_that_differ_follow_the_group_of_their_file() {
    let base = format!("{}cluster d: web=old\n", clusters(5, "web=web1"));
    assert_snapshot!(check(&base, &format!("{}cluster d: web=web2\n", clusters(5, "web=web2"))), @r"
    restarts:
      ~ Deployment.apps web of application web on 5 clusters (c00, c01, c02, ...): image web:1 -> web:2
      ~ Deployment.apps web of application web on d: image web:0 -> web:2
    files:
    5 clusters (c00, c01, c02, ...): web/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    1 differs (d):
        spec:
          replicas: 1
      -   image: web:0
      +   image: web:2
    to fetch: 117 bytes before compression, in 2 distinct files and folders
    ");
}

/// Clusters with values of their own: `n` trees before and after one edit of their template.
fn with_own_values(n: usize) -> Preview {
    let (mut files, mut base, mut head) = (String::new(), String::new(), String::new());
    for index in 0..n {
        let file = |side: &str, more: &str| {
            format!("-- {side}{index}/config.yaml --\nkind: ConfigMap\ndata:\n  a: x\n{more}")
        };
        files += &file("old", "");
        files += &file("new", &format!("  host: h{index}.example.com\n"));
        base += &format!("cluster c{index:02}: web=old{index}\n");
        head += &format!("cluster c{index:02}: web=new{index}\n");
    }
    let mut trees = Trees::with_files(&files);
    let (base, head) = (rendered(&base, &mut trees), rendered(&head, &mut trees));
    preview_of(&base, &head, &Shown { trees: &trees, unread: false })
}

#[test]
fn a_few_values_are_told_apart_and_many_are_variants_of_one() {
    assert_eq!(with_own_values(5).groups.len(), 5);
    assert_snapshot!(with_own_values(6).to_text(false, 10), @r"
    files:
    6 clusters (c00, c01, c02, ...): web/config.yaml, one of 6 variants:
        data:
          a: x
      +   host: h0.example.com
    to fetch: 546 bytes before compression, in 12 distinct files and folders
    ");
}

#[test]
fn files_that_come_and_go() {
    assert_snapshot!(check("cluster a: web=web1\n", "cluster a: web=more\n"), @r"
    files:
    a: web/sub/service.yaml
      + new file
    to fetch: 127 bytes before compression, in 3 distinct files and folders
    ");
    assert_snapshot!(check("cluster a: web=more\n", "cluster a: web=web1\n"), @r"
    files:
    a: web/sub/service.yaml
      - file is gone
    to fetch: 43 bytes before compression, in 1 distinct file or folder
    ");
}

#[test]
fn values_of_secrets_are_never_shown() {
    let text = check("cluster a: web=secret1\n", "cluster a: web=secret2\n");
    assert_snapshot!(text, @r"
    files:
    a: web/secret.yaml
      a Secret differs; its values are not shown
    to fetch: 83 bytes before compression, in 2 distinct files and folders
    ");
}

#[test]
fn a_mode_alone_is_a_difference() {
    assert_snapshot!(check("cluster a: web=run1\n", "cluster a: web=run2\n"), @r"
    files:
    a: web/run.sh
      may be executed, or no longer
    to fetch: 34 bytes before compression, in 1 distinct file or folder
    ");
}

#[test]
fn a_tree_that_cannot_be_read_is_said() {
    assert_snapshot!(check("cluster a: web=web1\n", "cluster a: web=lost\n"), @r"
    files:
    a: web/
      differs; could not be read
    ");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = check("cluster a: web=web1\n", "cluster a: web=evil\n");
    assert!(text.contains(r"\u{1b}[2J") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn colours_are_only_where_asked_for() {
    let preview = compared("cluster a: web=web1\n", "cluster a: web=web2\n");
    assert!(preview.to_text(true, 10).contains("\u{1b}[32m  +   image: web:2\u{1b}[0m"));
}

#[test]
fn more_groups_than_wanted_are_counted() {
    let base = "cluster a: web=web1 zoo=web1\n";
    let text = compared(base, "cluster a: web=web2 zoo=web2\n").to_text(false, 1);
    assert_snapshot!(text, @r"
    restarts:
      ~ Deployment.apps web of application web on a: image web:1 -> web:2
      ~ Deployment.apps web of application zoo on a: image web:1 -> web:2
    files:
    a: web/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    1 more difference not shown
    to fetch: 117 bytes before compression, in 2 distinct files and folders
    ");
}

#[test]
fn bindings_and_namespaces_that_come_and_go() {
    assert_snapshot!(check(
        "cluster a: api=1 web=1 ns/old=n1 ns/shop=n1\ncluster b: api=1 web=1 ns/shop=n1\n",
        "cluster a: api=1 zoo=1 ns/new=n1 ns/shop=n2\ncluster b: api=1 ns/shop=n2\n"), @r"
    a release would be held:
      ! the namespace `old` would vanish with everything in it
          namespace old on a
      ! `web` would leave its last 2 clusters: its document is gone
          application web on 2 clusters (a, b)
    placement:
      + application zoo on a
      - application web on 2 clusters (a, b)
      + namespace new on a
      - namespace old on a
    files:
    2 clusters (a, b): namespaces/_cluster/namespace-shop.yaml
        kind: Namespace
      + labels: {}
    to fetch: 27 bytes before compression, in 1 distinct file or folder
    ");
}

#[test]
fn requests_are_summed_for_a_group_and_for_the_fleet() {
    assert_snapshot!(check(
        "cluster a: web=small\ncluster b: web=small\ncluster c: web=small\n",
        "cluster a: web=large\ncluster b: web=large\ncluster c: web=large zoo=large5\n"), @r"
    requests:
      ~ cpu 1500m -> 16 on all clusters together
    placement:
      + application zoo on c
    files:
    3 clusters (a, b, c): web/deployment.yaml
      requests on each: cpu 500m -> 2
      - cpu: 500m
      + cpu: 2
    to fetch: 108 bytes before compression, in 4 distinct files and folders
    ");
    assert_snapshot!(check(
        "cluster a: web=small\ncluster b: web=small5\ncluster c: old=small5 web=small\n",
        "cluster a: web=large\ncluster b: web=large5\ncluster c: web=small\n"), @r"
    a release would be held:
      ! `old` would leave its last cluster: its document is gone
          application old on c
    requests:
      ~ cpu 5500m -> 12 on all clusters together
    placement:
      - application old on c
    files:
    2 clusters (a, b): web/deployment.yaml
      requests on all together: cpu 3 -> 12
      - cpu: 500m
      + cpu: 2
    to fetch: 108 bytes before compression, in 4 distinct files and folders
    ");
}

#[test]
fn requests_that_cannot_be_read_are_said_and_not_counted() {
    assert_snapshot!(check(
        "cluster a: web=small\ncluster b: web=small\ncluster c: web=small\n",
        "cluster a: web=large\ncluster b: web=lots\ncluster c: web=lots\n"), @r"
    requests:
      ~ cpu 500m -> 2 on all clusters together
      ! not counted: Pod web: cpu `lots`, of application web on 2 clusters (b, c)
    files:
    2 clusters (b, c): web/deployment.yaml
      - cpu: 500m
      + cpu: lots
    1 differs (a):
      requests: cpu 500m -> 2
      - cpu: 500m
      + cpu: 2
    to fetch: 103 bytes before compression, in 4 distinct files and folders
    ");
}

#[test]
fn an_application_that_moves_its_objects_changes_no_sums() {
    let text = check("cluster a: web=small x=1\n", "cluster a: zoo=small x=2\n");
    assert!(!text.contains("requests"), "{text}");
}

#[test]
fn clusters_that_come_go_and_change_their_name() {
    assert_snapshot!(check(
        "cluster a: web=1\ncluster b: web=1\ncluster c: web=1\n",
        "cluster a: web=1\ncluster new-b was b: web=1\ncluster x: web=1\ncluster y: web=!\n"), @r"
    placement:
      + 2 clusters (x, y) new
      - c gone; what runs there stays
      ~ cluster b is now new-b
    ");
}

#[test]
fn a_renamed_application_shows_what_differs_in_its_files() {
    assert_snapshot!(check("cluster a: web=web1\n",
        "application shop was web\ncluster a: shop=web2\n"), @r"
    restarts:
      ~ Deployment.apps web of application shop on a: image web:1 -> web:2
    placement:
      ~ application web is now shop on a
    files:
    a: shop/deployment.yaml
        spec:
          replicas: 1
      -   image: web:1
      +   image: web:2
    to fetch: 117 bytes before compression, in 2 distinct files and folders
    ");
}

#[test]
fn what_breaks_and_what_is_mended() {
    assert_snapshot!(check("cluster a: api=1 web=! zoo=!\n", "cluster a: api=! web=1 zoo=!\n"), @r"
    placement:
      ! application api is broken on a
      + application web is mended on a
    ");
}

#[test]
fn deleted_objects_are_named_and_moved_ones_are_not() {
    assert_snapshot!(check(
        "cluster a: api=1{Service/s} web=1{Service/w,PersistentVolumeClaim/data}\n",
        "cluster a: api=2{Service/w} web=2{Deployment/x}\n"), @r"
    a release would be held:
      ! protected objects would vanish: `PersistentVolumeClaim shop/data`
          application web on a
      ! an object moves between it and application web, which stays as it is
          application api on a
    deleted:
      - PersistentVolumeClaim shop/data of application web on a; waits for a confirmation
      - Service shop/s of application api on a
    created:
      + Deployment shop/x of application web on a
    files:
    a: api/
      differs; could not be read
    a: web/
      differs; could not be read
    ");
}

#[test]
fn objects_that_could_not_be_read_are_said() {
    let mut trees = Trees::default();
    let base = rendered("cluster a: web=1\n", &mut trees);
    let head = rendered("cluster a:\n", &mut trees);
    let shown = Shown { trees: &trees, unread: true };
    let text = preview_of(&base, &head, &shown).to_text(false, 10);
    assert_snapshot!(text, @r"
    a release would be held:
      ! it could not be read which objects would vanish: the pack is broken
          application web on a
    deleted:
      ! what would be deleted on a could not be read: the pack is broken
    placement:
      - application web on a
    ");
}

#[test]
fn bootstrap_files_are_part_of_it() {
    assert_snapshot!(check("layout flux\ncluster a: web=1 boot=n1\n",
        "layout flux\ncluster a: web=1 boot=n2\n"), @r"
    files:
    a: flux-system/gotk.yaml
        kind: Namespace
      + labels: {}
    to fetch: 27 bytes before compression, in 1 distinct file or folder
    ");
}

/// Texts that Markdown, HTML and forges read as more than text.
fn nasty() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z <>&;`~@#*_|!\\[\\]()\u{1b}\n\\-]{0,40}",
        "`{1,9}",
        Just("</details>".to_owned()),
        Just("```".to_owned()),
        Just("<!-- ".to_owned()),
        Just("x".repeat(3_000)),
    ];
    prop::collection::vec(word, 0..4).prop_map(|words| words.concat())
}

fn nasty_why() -> impl Strategy<Value = Why> {
    let edit = (nasty(), prop::option::of(nasty()), prop::option::of(nasty())).prop_map(
        |(subject, before, after)| Edit {
            kind: EditKind::Value,
            place: None,
            n_places: 3,
            n_clusters: 2,
            subject,
            before,
            after,
        },
    );
    prop::collection::vec(edit, 0..4).prop_map(|edits| Why { edits, n_unknown: 1 })
}

fn nasty_group() -> impl Strategy<Value = Group> {
    let sign = prop_oneof![Just(Sign::Added), Just(Sign::Removed), Just(Sign::Context)];
    let line = (sign, nasty()).prop_map(|(sign, text)| Line { sign, text });
    let change = prop_oneof![
        Just(FileChange::Added),
        Just(FileChange::Removed),
        prop::collection::vec(line, 0..30).prop_map(FileChange::Lines),
    ];
    (nasty(), change, nasty_why(), 1_usize..40_000).prop_map(|(path, change, why, n)| Group {
        part: Part::Bootstrap,
        path,
        clusters: Clusters { n, names: vec![ClusterName::parse("a").unwrap()] },
        change,
        n_variants: n % 3,
        requests: None,
        fetch: Fetch::default(),
        why,
    })
}

fn nasty_preview() -> impl Strategy<Value = Preview> {
    let created = nasty().prop_map(|name| CreatedObject {
        object: ObjectKey { group: String::new(), kind: "Pod".into(), namespace: None, name },
        part: Part::Bootstrap,
        clusters: Clusters::default(),
    });
    let groups = (prop::collection::vec(nasty_group(), 0..20), 1_usize..30);
    (groups, prop::collection::vec(created, 0..90)).prop_map(|((some, times), created)| Preview {
        groups: some.iter().cycle().take(some.len() * times).cloned().collect(),
        created,
        ..Preview::default()
    })
}

/// The text outside of fences; every fence must be closed.
fn outside_of_fences(text: &str) -> String {
    let (mut outside, mut open) = (String::new(), None);
    for line in text.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match open {
            None if ticks >= 3 => open = Some(ticks),
            Some(n) if ticks >= n && line.len() == ticks => open = None,
            None => outside.extend([line, "\n"]),
            Some(_) => {}
        }
    }
    assert_eq!(open, None, "a fence is not closed:\n{text}");
    outside
}

proptest! {
    #![proptest_config(testkit::cases(64))]

    #[test]
    fn a_comment_is_never_too_long_and_holds_only_our_elements(preview in nasty_preview()) {
        let text = preview.to_markdown("res-edge diff main");
        prop_assert!(text.chars().count() <= 60_000, "{} characters", text.chars().count());
        let outside = outside_of_fences(&text);
        let count = |what: &str| outside.matches(what).count();
        prop_assert_eq!(count("<details>"), count("</details>"));
        let ours = ["<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>", "<!-- -->"];
        let rest = ours.iter().fold(outside, |text, element| text.replace(element, ""));
        prop_assert!(!rest.contains('<') && !rest.contains('`') && !rest.contains('\u{1b}'), "{rest}");
    }
}

#[test]
fn what_does_not_fit_into_a_comment_is_counted() {
    let line = Line { sign: Sign::Added, text: "x".repeat(300) };
    let group = Group {
        part: Part::Bootstrap,
        path: "flux-system/a.yaml".to_owned(),
        clusters: Clusters { n: 7, names: vec![ClusterName::parse("a").unwrap()] },
        change: FileChange::Lines(vec![line; 100]),
        n_variants: 1,
        requests: None,
        fetch: Fetch::default(),
        why: Why::default(),
    };
    let preview = Preview { groups: vec![group; 12], ..Preview::default() };
    let text = preview.to_markdown("res-edge diff main");
    let last: Vec<&str> = text.lines().rev().take(1).collect();
    assert_snapshot!(last.concat(), @r"
    **10 more groups**, 70 changed files: run <code>res-edge diff main</code> to see them.
    ");
    assert!(text.contains("@@ 20 more lines @@"));
}
