#!/usr/bin/env bash
# Mail over JMAP: jmapc from PyPI reads, writes, searches and follows it; websockets and h2 speak it over
# WebSockets.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs jmap python3
python_env jmap jmapc==0.4.0 websockets==17.4 h2==4.4.1
start_server
judge jmap.py python "$(dirname "$0")/jmap.py" "$origin" "$user" "$password"
judge jmap_websocket.py python "$(dirname "$0")/jmap_websocket.py" "$origin" "$user" "$password"
check_store jmap
