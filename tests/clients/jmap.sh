#!/usr/bin/env bash
# Mail over JMAP: jmapc from PyPI reads, writes, searches and follows it; websockets and h2 speak it over
# WebSockets.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs jmap python3
python_env jmap jmapc==0.4.0 websockets==17.4 h2==4.4.1
start_server
if ! python "$(dirname "$0")/jmap.py" "$origin" "$user" "$password" 2>"$work/jmap.log"; then
    not_ok "jmap: the client" "$(tail -n 3 "$work/jmap.log" | tr '\n' ' ')"
fi
if ! python "$(dirname "$0")/jmap_websocket.py" "$origin" "$user" "$password" \
    2>"$work/jmap_websocket.log"; then
    not_ok "jmap_websocket: the client" "$(tail -n 3 "$work/jmap_websocket.log" | tr '\n' ' ')"
fi
check_store jmap
