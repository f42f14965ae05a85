#!/usr/bin/env bash
# caldav-server-tester: what calendar clients rely on, feature by feature. All must be there but those
# that host/docs/caldav-server-tester.md gives a reason for, and that page must be true.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs caldav_server_tester python3
# It judges zones by vobject, which it does not install.
python_env caldav_server_tester caldav-server-tester==1.7.0 caldav==3.6.0 vobject==0.9.9
# A name with an @ has one in its paths. Of 127.0.0.1 it does not ask for well-known names.
user=alice@example.test
address=127.0.0.2
start_server
timeout 600 caldav-server-tester --caldav-url "$origin/" --caldav-username "$user" \
    --caldav-password "$password" --verbose >"$work/report" 2>"$work/tester.log" ||
    not_ok "caldav_server_tester" "$(tail -n 2 "$work/tester.log" | tr '\n' ' ')"
judge caldav_server_tester.py python "$(dirname "$0")/caldav_server_tester.py" "$work/report" \
    "$root/host/docs/caldav-server-tester.md"
check_store caldav_server_tester
