#!/usr/bin/env bash
# Free-busy URLs: events that are stored over CalDAV make busy when recurring_ical_events says so.
. "$(dirname "$0")/server.sh"
needs freebusy curl python3
start_server
packages="icalendar recurring_ical_events tzdata"
# The packages are separated by blanks.
# shellcheck disable=SC2086
if ! python3 -m venv "$work/venv" || ! "$work/venv/bin/pip" install -q $packages; then
    not_ok "freebusy: install" "$packages"
    exit 1
fi >"$work/pip" 2>&1
"$work/venv/bin/python" "$(dirname "$0")/freebusy.py" "$origin" "$user" "$password"
check_store freebusy
