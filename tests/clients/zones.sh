#!/usr/bin/env bash
# Time zones: every zone that the server has, in every format, against Python's zoneinfo with the
# same release of the IANA database from PyPI; dateutil expands the recurrences.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs zones curl python3
start_server
release=$(curl -sS "$origin/tzdist/capabilities" | sed -E 's/.*"primary-source":"[^"]*:([0-9]{4}[a-z])".*/\1/')
if ! [[ "$release" =~ ^[0-9]{4}[a-z]$ ]]; then
    not_ok "zones: capabilities" "no release in $(curl -sS "$origin/tzdist/capabilities" | head -c 200)"
    exit 1
fi

# says NAME STATUS CURL-ARGUMENTS...: the status, and where it sends to if it does.
says() {
    local name=$1 expected=$2 said
    shift 2
    said=$(curl -sS -o /dev/null -w '%{http_code} %header{location}' "$@")
    if [ "$said" = "$expected" ]; then ok "zones: $name"; else not_ok "zones: $name" "$said"; fi
}
zone=$origin/tzdist/zones/America%2FNew_York
says "well-known name" "301 /tzdist/zones" "$origin/.well-known/timezone/zones"
says "nobody signs in" "200 " "$zone"
says "the head alone" "200 " -I "$zone"
etag=$(curl -sS -I "$zone" | tr -d '\r' | sed -n 's/^etag: //p')
says "what has not changed" "304 " -H "if-none-match: $etag" "$zone"
says "a zone that is not there" "404 " "$origin/tzdist/zones/America%2FPittsburgh"
says "nobody writes" "405 " -X PUT -d x "$zone"

# PyPI calls 2026a 2026.1.
letter=${release:4}
python_env "zones-$release" "tzdata==${release:0:4}.$(($(printf '%d' "'$letter") - 96))" python-dateutil
# The system's own database must not be asked.
judge zones.py env PYTHONTZPATH='' python "$(dirname "$0")/zones.py" "$origin" "$release"
check_store zones
