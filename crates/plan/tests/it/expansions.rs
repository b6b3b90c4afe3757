//! What is asked of programs, and what becomes of their answers.

use std::fmt::Write as _;
use std::sync::Arc;

use model::{
    Diagnostic, Expanded, ExpandedText, ExpansionRequest, Expansions, MemoryObjects, Source,
};

use crate::rendering::{Outcome, SERVICE, assemble, flux_shop, render_source, shop};

fn requests(source: &Source) -> Vec<ExpansionRequest> {
    plan::expansions(&assemble(source), source)
}

/// A request as text: the program, the folder, what else it is told, files, and placeholders.
fn show(request: &ExpansionRequest) -> String {
    let name = request.program.name();
    let mut text = format!("{name}: {} at `{}`\n", request.template, request.entry);
    if let Some(release) = &request.release {
        let values = release.values.join(" ");
        writeln!(text, "  release {} in {} {values}", release.name, release.namespace)
            .expect("a string");
    }
    for (input, file) in request.files.iter().enumerate() {
        writeln!(text, "  {}", file.path).expect("a string");
        for one in request.placeholders.iter().filter(|one| one.input == input) {
            let must = if one.required { ", must come out" } else { "" };
            writeln!(text, "    {} {:?}, group {}{must}", one.name, one.range, one.group)
                .expect("a string");
        }
    }
    text
}

fn asked(rest: &str) -> String {
    requests(&testkit::source(&shop(rest))).iter().map(show).collect()
}

fn found(rest: &str) -> String {
    let outcome = render_source(testkit::source(&shop(rest)));
    outcome.diagnostics()
}

/// Renders with one answer to all requests.
fn render_with(rest: &str, answer: impl Fn(&ExpansionRequest) -> Expanded) -> Outcome {
    let mut source = testkit::source(&shop(rest));
    let fleet = assemble(&source);
    let mut expansions = Expansions::default();
    for request in plan::expansions(&fleet, &source) {
        let result = answer(&request);
        expansions.add(&mut source.files, &request, result);
    }
    let objects = MemoryObjects::default();
    let rendered = plan::render(&fleet, &source, &expansions, &objects);
    let folder = plan::folder(&rendered, &objects);
    Outcome { source, fleet, rendered, objects, folder }
}

const OVERLAYS: &str = "\
-- apps/web/base/kustomization.yaml --
resources: [web.yaml]
-- apps/web/base/web.yaml --
# rea.cluster.city
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: rea.namespace.name}
spec: {replicas: rea.cluster.replicas}
-- apps/web/base/README.md --
-- apps/web/extra/kustomization.yaml --
kind: Component
-- apps/web/overlays/1.0.0/kustomization.yaml --
metadata: {annotations: {res-edge.dev/clusters: /m/region/east}}
resources: [../../base]
components: [../../extra]
images: [{name: web, newTag: rea.cluster.tag}]
patches:
- patch: |
    kind: Deployment
    spec: {replicas: rea.cluster.replicas}
-- apps/web/overlays/2.0.0/kustomization.yaml --
metadata: {annotations: {res-edge.dev/clusters: none}}
namePrefix: x
";

#[test]
fn a_kustomization_is_asked_for_with_the_folders_that_it_reaches() {
    insta::assert_snapshot!(asked(OVERLAYS));
}

const CHART: &str = "\
-- apps/web/slo.yaml --
-- apps/web/base/Chart.yaml --
name: web
-- apps/web/base/values.yaml --
# rea.cluster.comment
city: rea.cluster.city
host: rea.cluster.host
args: [rea.cluster.a, rea.cluster.a]
redis: {size: 3}
-- apps/web/base/templates/web.yaml --
kind: Deployment
spec: {replicas: {{ .Values.replicas }}, label: rea.cluster.city}
-- apps/web/base/charts/redis/values.yaml --
size: rea.cluster.size
mode: rea.cluster.mode
-- apps/web/overlays/1.0.0/kustomization.yaml --
metadata: {annotations: {res-edge.dev/clusters: /m/region/east}}
resources: [../../base]
-- apps/web/overlays/1.0.0/values.yaml --
host: rea.namespace.name
";

#[test]
fn a_chart_is_asked_for_with_the_values_that_count() {
    insta::assert_snapshot!(asked(CHART));
}

#[test]
fn applications_share_a_kustomization_and_not_a_chart() {
    let second = "-- inventory/two.yaml --\napiVersion: res-edge.dev/v1\nkind: Application\n\
                  metadata: {name: two}\nspec: {namespace: shop, template: apps/web}\n";
    let names = |template: &str| {
        let source = testkit::source(&shop(&format!("{template}{second}")));
        let of = |request: &ExpansionRequest| {
            let release = request.release.as_ref().map(|release| format!(" {}", release.name));
            format!("{}{}", request.entry, release.unwrap_or_default())
        };
        requests(&source).iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(names(OVERLAYS), ["overlays/1.0.0"], "the base is a list of files");
    assert_eq!(names(CHART), ["base two", "base web", "base two", "base web"]);
}

#[test]
fn nothing_is_asked_for_lists_of_files_and_in_the_layout_flux() {
    assert_eq!(asked(&format!("-- apps/web/web.yaml --\n{SERVICE}")), "");
    let source = testkit::source(&flux_shop(OVERLAYS));
    assert!(requests(&source).is_empty());
}

#[test]
fn what_no_program_was_run_for_breaks_its_cells_only() {
    let outcome = render_source(testkit::source(&shop(OVERLAYS)));
    insta::assert_snapshot!(outcome.diagnostics());
}

#[test]
fn what_kustomize_would_fetch_or_run_is_refused_with_its_place() {
    insta::assert_snapshot!(found(
        "\
-- apps/web/kustomization.yaml --
resources:
- https://example.com/a.yaml
- github.com/org/repository//deploy?ref=v1
- git@example.com:org/repository
- ../other
- gone.yaml
- sub
components: [sub/again]
configMapGenerator:
- name: settings
  files: [key=sub/a.txt, key=https://example.com/b.txt]
  envs: [../secret.env]
patches:
- path: gone.yaml
- patch: '{}'
  target: {kind: Deployment}
helmCharts: [{name: web}]
transformers:
- |
  apiVersion: builtin
  kind: LabelTransformer
-- apps/web/sub/a.txt --
-- apps/web/sub/again/kustomization.yaml --
bases: [https://example.com/base]
-- apps/web/sub/again/Kustomization --
"
    ));
}

#[test]
fn an_overlay_of_a_chart_says_nothing_but_values() {
    let more =
        CHART.replace("resources: [../../base]", "resources: [../../base, a.yaml]\nimages: []");
    insta::assert_snapshot!(found(&format!("{more}-- apps/web/overlays/1.0.0/a.yaml --\n")));
}

#[test]
fn what_a_program_made_is_filled_and_its_faults_are_shown_in_its_text() {
    let answer = |request: &ExpansionRequest| -> Expanded {
        let text = |name: &str, text: String| ExpandedText {
            from: request.entry.clone(),
            object: Some(format!("Service {name}").into()),
            text: Arc::from(text),
        };
        let web = SERVICE.to_owned() + "  externalName: rea.cluster.city\n";
        Ok(vec![text("web", web), text("other", SERVICE.replace("name: web", "name: other"))])
    };
    let outcome = render_with(OVERLAYS, answer);
    insta::assert_snapshot!(outcome.file("east-2/web/shop/service-web.yaml"));
    let faulty = |request: &ExpansionRequest| -> Expanded {
        let mut texts = answer(request)?;
        texts[1].text = texts[1].text.replace("port: 80", "port: rea.cluster.port").into();
        Ok(texts)
    };
    insta::assert_snapshot!(render_with(OVERLAYS, faulty).diagnostics());
}

#[test]
fn what_a_program_refused_breaks_the_cells_of_its_overlay() {
    let refused = |request: &ExpansionRequest| -> Expanded {
        Err(vec![Diagnostic::error(&plan::expansion::codes::NOT_BUILT, request.place, "refused")])
    };
    let outcome = render_with(OVERLAYS, refused);
    assert_eq!(outcome.broken()[..2], ["east-1/web", "east-2/web"]);
    insta::assert_snapshot!(outcome.diagnostics());
}
