#!/usr/bin/env bash
# tsdav: the library behind many calendars and contacts on the web.
. "$(dirname "$0")/server.sh"
needs tsdav node npm
version=2.3.4
folder=$root/target/clients/tsdav-$version
mkdir -p "$folder"
if [ ! -d "$folder/node_modules/tsdav" ] &&
    ! npm install --silent --no-audit --no-fund --prefix "$folder" "tsdav@$version" >"$work/npm.log" 2>&1; then
    not_ok "npm install tsdav" "$(tail -n 2 "$work/npm.log" | tr '\n' ' ')"
    exit 1
fi
cp "$(dirname "$0")/tsdav.mjs" "$folder/"
start_server
timeout 120 node "$folder/tsdav.mjs" "$origin" "$user" "$password" || not_ok "tsdav" "it failed"
check_store tsdav
