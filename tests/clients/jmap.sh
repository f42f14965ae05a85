#!/usr/bin/env bash
# Mail over JMAP: jmapc from PyPI reads, writes, searches and follows it.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs jmap python3
python_env jmap jmapc==0.4.0
start_server
judge jmap.py python "$(dirname "$0")/jmap.py" "$origin" "$user" "$password"
check_store jmap
