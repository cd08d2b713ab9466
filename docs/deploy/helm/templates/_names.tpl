{{- define "muster.name" -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- define "muster.image" -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- define "muster.secret" -}}
{{- $old := lookup "v1" "Secret" .Release.Namespace (include "muster.name" .) -}}
{{- if .Values.clusterSecret -}}{{ .Values.clusterSecret | b64enc }}
{{- else if $old -}}{{ index $old.data "cluster-secret" }}
{{- else -}}{{ randAlphaNum 40 | b64enc }}
{{- end -}}
{{- end -}}
{{- define "muster.env" -}}
- name: MUSTER_CLUSTER_SECRET
  valueFrom: {secretKeyRef: {name: {{ include "muster.name" . }}, key: cluster-secret}}
- name: GOMEMLIMIT
  valueFrom: {resourceFieldRef: {resource: limits.memory}}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}
