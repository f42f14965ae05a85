#!/usr/bin/env bash
# Prometheus's own parsers read what /metrics says, in both formats, and the counters agree with
# what was sent.
. "$(dirname "$0")/server.sh"
needs metrics curl python3
python=python3
if ! python3 -c 'import prometheus_client' 2>/dev/null; then
    python3 -m venv "$work/venv" >/dev/null 2>&1 &&
        "$work/venv/bin/pip" install -q prometheus_client >/dev/null 2>&1
    python=$work/venv/bin/python
    if ! "$python" -c 'import prometheus_client' 2>/dev/null; then
        not_ok metrics "prometheus_client can't be installed"
        exit 1
    fi
fi
more_options='prometheus_enabled: yes
prometheus_need_auth: none'
start_server
for _ in 1 2 3; do
    curl -sS -o "$work/answer" -u "$user:$password" -T "$0" "${url}metrics"
done
curl -sS -o "$work/answer" -u "$user:$password" "${url}none"
curl -sS -o "$work/text" "$origin/metrics"
curl -sS -o "$work/open" -H 'Accept: application/openmetrics-text; version=1.0.0' "$origin/metrics"
cat >"$work/read.py" <<'PYTHON'
import sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

with open(sys.argv[1]) as file:
    families = list(parser.text_string_to_metric_families(file.read()))
with open(sys.argv[2]) as file:
    strict = list(openmetrics.text_string_to_metric_families(file.read()))
names = [family.name for family in families]
assert len(names) == len(set(names)), "a family comes twice"
kinds = {family.name: family.type for family in families}
assert "unknown" not in kinds.values(), kinds
assert {family.name for family in strict} >= {"chapar_http_requests", "chapar_build"}


def value(name, **labels):
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, (name, labels, found)
    return found[0]


mine = {"tenant": "default", "module": "webdav"}
assert value("chapar_http_requests_total", method="PUT", status="201", **mine) == 1
assert value("chapar_http_requests_total", method="PUT", status="204", **mine) == 2
assert value("chapar_http_requests_total", method="GET", status="404", **mine) == 1
assert value("chapar_http_request_duration_seconds_count", method="PUT", **mine) == 3
assert value("chapar_http_request_bytes_total", method="PUT", **mine) == 3 * int(sys.argv[3])
assert value("chapar_module_calls_total", **mine) >= 4
assert value("chapar_module_ended_total", outcome="answered", **mine) >= 4
assert value("chapar_module_ended_total", outcome="trapped", **mine) == 0
assert value("chapar_module_refusals_total", limit="places", **mine) == 0
assert value("chapar_module_cpu_seconds_total", **mine) > 0
made = value("chapar_module_instances_made_total", **mine)
assert made >= value("chapar_module_instances", **mine) >= 0
assert value("chapar_module_queue_seconds_bucket", le="+Inf", **mine) == value(
    "chapar_module_queue_seconds_count", **mine
)
assert value("chapar_store_writes_total", tenant="default") >= 3
assert value("chapar_module_up", module="webdav") == 1
PYTHON
check "metrics are read by prometheus_client" \
    "$python" "$work/read.py" "$work/text" "$work/open" "$(stat -c %s "$0")"
check_store metrics
