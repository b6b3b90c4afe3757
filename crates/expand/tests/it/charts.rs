//! Helm on what people write.

use crate::support::chart;

const CHART: &str = "\
-- Chart.yaml --
apiVersion: v2
name: web-chart
version: 1.2.3
";

fn build(text: &str) -> String {
    chart(&format!("{CHART}{text}"), &[]).build()
}

#[test]
fn a_chart_with_values_of_an_overlay() {
    let text = "\
-- values.yaml --
replicas: 1
city: rea.cluster.city
-- overlay/values.yaml --
replicas: rea.cluster.replicas
-- crds/thing.yaml --
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, names: {kind: Thing, plural: things}, scope: Cluster}
-- templates/NOTES.txt --
Thank you for {{ .Release.Name }}.
-- templates/_names.tpl --
{{- define \"name\" }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
-- templates/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"name\" . }}
  labels: {city: {{ .Values.city | quote }}, kube: {{ .Capabilities.KubeVersion | quote }}}
spec:
  replicas: {{ .Values.replicas }}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: web}
spec: {town: rea.cluster.city, twice: {{ .Values.city }}}
-- templates/hooks.yaml --
apiVersion: batch/v1
kind: Job
metadata: {name: remove, annotations: {helm.sh/hook: pre-delete}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: prepare, annotations: {helm.sh/hook: pre-install}}
-- templates/tests/test.yaml --
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {helm.sh/hook: test}}
";
    let shown = chart(&format!("{CHART}{text}"), &["overlay/values.yaml"]).build();
    if !shown.is_empty() {
        insta::assert_snapshot!(shown);
    }
}

#[test]
fn a_chart_with_parts() {
    shows!(
        "\
dependencies: [{name: redis, version: 1.0.0, repository: 'https://example.com/charts'}]
-- values.yaml --
redis: {size: rea.cluster.size}
-- charts/redis/Chart.yaml --
apiVersion: v2
name: redis
version: 1.0.0
-- charts/redis/values.yaml --
size: 1
-- charts/redis/templates/redis.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: {{ .Release.Namespace }}}
data: {size: {{ .Values.size | quote }}}
"
    );
}

#[test]
fn a_part_that_is_not_there_is_not_fetched() {
    shows!(
        "dependencies: [{name: redis, version: 1.0.0, repository: 'https://example.com/charts'}]\n"
    );
}

fn config_map(data: &str) -> String {
    format!(
        "-- values.yaml --\ncity: rea.cluster.city\n-- templates/map.yaml --\napiVersion: v1\n\
         kind: ConfigMap\nmetadata: {{name: map, namespace: shop}}\ndata:\n{data}"
    )
}

#[test]
fn a_compared_placeholder_does_not_come_out() {
    shows!(&config_map("  {{ if eq .Values.city \"oslo\" }}far: north{{ end }}\n"));
}

#[test]
fn a_placeholder_as_a_switch_does_not_come_out() {
    shows!(&config_map("  {{ if .Values.city }}far: north{{ end }}\n"));
}

#[test]
fn each_value_must_come_out_by_itself() {
    let text = config_map("  city: {{ .Values.city }}\n");
    shows!(
        &text.replace("city: rea.cluster.city", "city: rea.cluster.city\nunused: rea.cluster.city")
    );
}

#[test]
fn a_checksum_of_a_placeholder_would_not_follow_its_value() {
    shows!(&config_map("  city: {{ .Values.city }}\n  sum: {{ .Values.city | sha256sum }}\n"));
}

#[test]
fn an_encoded_placeholder_would_not_follow_its_value() {
    shows!(&config_map("  city: {{ .Values.city | b64enc }}\n"));
}

#[test]
fn a_cut_placeholder_would_be_another_one() {
    shows!(&config_map("  city: {{ printf \"%s-%s\" .Release.Name .Values.city | trunc 63 }}\n"));
}

#[test]
fn a_placeholder_in_capitals_is_none() {
    shows!(&config_map("  city: {{ .Values.city | upper }}\n"));
}

#[test]
fn a_placeholder_beside_a_letter_is_none() {
    shows!(&config_map("  city: x{{ .Values.city }}\n"));
}

#[test]
fn a_length_that_decides_is_a_comparison() {
    shows!(&config_map(
        "  city: {{ .Values.city }}\n  {{ if gt (len .Values.city) 40 }}long: yes{{ end }}\n"
    ));
}

#[test]
fn a_random_password_would_change_at_every_render() {
    shows!(&config_map("  city: {{ .Values.city }}\n  password: {{ randAlphaNum 20 }}\n"));
}

#[test]
fn a_schema_sees_the_placeholder() {
    let text = config_map("  city: {{ .Values.city }}\n");
    shows!(&format!(
        "{text}-- values.schema.json --\n{{\"properties\": {{\"city\": {{\"type\": \"integer\"}}}}}}\n"
    ));
}

#[test]
fn mistakes_of_a_chart_are_shown_where_they_are() {
    shows!("-- templates/a.yaml --\nkind: A\n\nb: {{ .Values.c.d }}\n");
    shows!("-- templates/a.yaml --\nkind: A\nb: {{ required \"say the port\" .Values.port }}\n");
    shows!("-- templates/a.yaml --\nkind: A\nb: {{ end }}\n");
    shows!("-- templates/a.yaml --\nkind: A\n b: {{ .Values }}: c\n");
}
