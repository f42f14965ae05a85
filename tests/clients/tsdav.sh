#!/usr/bin/env bash
# tsdav: the library behind many calendars and contacts on the web.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/node.sh"
needs tsdav node npm
node_env tsdav tsdav@2.3.4
cp "$(dirname "$0")/tsdav.mjs" "$folder/"
start_server
judge tsdav.mjs timeout 120 node "$folder/tsdav.mjs" "$origin" "$user" "$password"
check_store tsdav
