#!/usr/bin/env bash
# The pages for people, at the homes of calendars and address books, in Chromium: by mouse and by keys,
# looked through by axe for what keeps people out, and attacked from another site.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/node.sh"
needs browser node npm chromium
node_env browser playwright-core@1.65.1 axe-core@4.14.1
cp "$(dirname "$0")/browser.mjs" "$folder/"
more_options="caldav_allowcalendaradmin: on"
start_server
echo "$password" | "$binary" user add -C "$work/chapar.conf" bob --password-stdin >/dev/null
judge browser.mjs timeout 300 node "$folder/browser.mjs" "$(command -v chromium)" "$origin" "$user" bob \
    "$password"
check_store browser
