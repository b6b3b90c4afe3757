//! kustomize on what people write.

use model::Program;

use crate::support::{kustomization, ready, settings};

const BASE: &str = "\
-- base/kustomization.yaml --
resources: [web.yaml]
-- base/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: rea.namespace.name
spec:
  replicas: rea.cluster.replicas
  template:
    spec:
      containers:
      - name: web
        image: web:1
        env:
        - {name: CITY, value: rea.cluster.city}
";

fn overlay(text: &str) -> String {
    format!("{BASE}-- overlays/1.0.0/kustomization.yaml --\nresources: [../../base]\n{text}")
}

fn build(text: &str) -> String {
    kustomization("overlays/1.0.0", &overlay(text)).build()
}

#[test]
fn patches_images_prefixes_and_components() {
    shows!(
        "\
components: [../../components/labels]
namePrefix: shop-
images: [{name: web, newName: rea.cluster.registry/web, newTag: \"2\"}]
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: rea.namespace.name}
    spec: {replicas: 3, minReadySeconds: rea.cluster.ready}
-- components/labels/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
labels: [{pairs: {city: rea.cluster.city}}]
"
    );
}

#[test]
fn a_generated_config_map_without_placeholders_has_a_hash() {
    shows!("configMapGenerator: [{name: settings, literals: [mode=fast]}]\n");
}

#[test]
fn a_hash_over_a_placeholder_would_not_follow_its_value() {
    shows!("configMapGenerator: [{name: settings, literals: [city=rea.cluster.city]}]\n");
}

#[test]
fn without_the_hash_a_generated_config_map_may_hold_placeholders() {
    shows!(
        "configMapGenerator: [{name: settings, literals: [city=rea.cluster.city], \
         options: {disableNameSuffixHash: true}}]\n"
    );
}

#[test]
fn a_placeholder_in_the_data_of_a_secret_would_be_encoded() {
    shows!(
        "secretGenerator: [{name: settings, literals: [city=rea.cluster.token], \
         options: {disableNameSuffixHash: true}}]\n"
    );
}

#[test]
fn what_an_overlay_says_without_effect_is_dropped() {
    shows!("images: [{name: other, newTag: rea.cluster.tag}]\n");
}

#[test]
fn an_overlay_may_replace_what_the_base_says() {
    shows!(
        "\
patches:
- target: {kind: Deployment}
  patch: |
    - {op: replace, path: /spec/replicas, value: 5}
"
    );
}

#[test]
fn a_copied_placeholder_comes_out_twice() {
    shows!(
        "\
replacements:
- source: {kind: Deployment, fieldPath: 'spec.template.spec.containers.0.env.0.value'}
  targets:
  - {select: {kind: Deployment}, fieldPaths: [metadata.annotations.city], options: {create: true}}
"
    );
}

#[test]
fn a_part_of_a_placeholder_is_another_one() {
    shows!(
        "\
replacements:
- source: {kind: Deployment, fieldPath: metadata.namespace, options: {delimiter: '.', index: 1}}
  targets:
  - {select: {kind: Deployment}, fieldPaths: [metadata.annotations.part], options: {create: true}}
- source: {kind: Deployment, fieldPath: spec.replicas, options: {delimiter: '.', index: 2}}
  targets:
  - {select: {kind: Deployment}, fieldPaths: [metadata.annotations.key], options: {create: true}}
"
    );
}

#[test]
fn a_placeholder_beside_a_letter_is_another_one() {
    shows!("nameSuffix: rea.cluster.name\n");
}

#[test]
fn mistakes_of_a_kustomization_are_told_in_the_words_of_kustomize() {
    shows!("patches: [{target: {kind: Nothing}, patch: 'x: ['}]\n");
}

#[test]
fn a_plugin_is_refused() {
    shows!(
        "\
generators: [generator.yaml]
-- overlays/1.0.0/generator.yaml --
apiVersion: someteam.example.com/v1
kind: ChartInflator
metadata:
  name: any
  annotations: {config.kubernetes.io/function: 'exec: {path: ./run.sh}'}
"
    );
}

/// `plan` refuses these before anything runs; should one pass, there is no network.
#[test]
fn a_remote_base_is_out_of_reach() {
    let template =
        kustomization("", "-- kustomization.yaml --\nresources: [https://127.0.0.1:9/x]\n");
    let Some(expander) = ready(Program::Kustomize, settings()) else { return };
    let shown = template.build_with(&expander);
    assert!(shown.starts_with("error[build-failed]"), "{shown}");
}

#[test]
fn a_document_that_sops_encrypted_stays_alone() {
    let text = "\
-- kustomization.yaml --
resources: [secret.yaml, map.yaml]
namePrefix: x-
-- secret.yaml --
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: shop}
data: {token: 'ENC[AES256_GCM,data:x]'}
sops: {mac: x}
-- map.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: map, namespace: shop}
";
    let shown = kustomization("", text).build();
    if !shown.is_empty() {
        insta::assert_snapshot!(shown);
    }
}
