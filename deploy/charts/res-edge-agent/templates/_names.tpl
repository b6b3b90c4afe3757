{{- define "res-edge-agent.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "res-edge-agent.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end }}
{{- end }}
{{- define "res-edge-agent.joinSecret" -}}
{{- if .Values.joinToken.secret }}{{ .Values.joinToken.secret }}{{ else if .Values.joinToken.value }}res-edge-agent-join{{ end -}}
{{- end }}
