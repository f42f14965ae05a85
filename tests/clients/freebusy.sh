#!/usr/bin/env bash
# Free-busy URLs: events that are stored over CalDAV make busy when recurring_ical_events says so, and
# whoever may know that, and nothing else, is told by an instance that acts for the owner.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs freebusy curl python3
python_env freebusy icalendar recurring_ical_events tzdata
start_server
judge freebusy.py python "$(dirname "$0")/freebusy.py" "$origin" "$user" "$password"

# said CURL-ARGUMENTS...: the status, then the answer in $work/answer.
said() { curl -sS -o "$work/answer" -w '%{http_code}' "$@"; }
is() { if [ "$2" = "$3" ]; then ok "freebusy $1"; else not_ok "freebusy $1" "$2: $(head -c 200 "$work/answer")"; fi; }
echo "$password" | "$binary" user add -C "$work/chapar.conf" bob --password-stdin >/dev/null
calendar=$origin/dav/calendars/user/$user/Default/
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//Test//Test//EN BEGIN:VEVENT UID:secret \
    DTSTAMP:20010101T000000Z DTSTART:20010102T090000Z DTEND:20010102T100000Z SUMMARY:Secret \
    END:VEVENT END:VCALENDAR >"$work/event.ics"
status=$(said -u "$user:$password" -T "$work/event.ics" -H 'content-type: text/calendar' "${calendar}secret.ics")
is "an event is stored" "$status" 201
busy="$origin/freebusy/user/$user?start=2001-01-02T00:00:00Z&end=2001-01-03T00:00:00Z"
for who in "another user" anonymous; do
    sign_in=()
    if [ "$who" = "another user" ]; then sign_in=(-u "bob:$password"); fi
    status=$(said "${sign_in[@]}" "$busy")
    is "$who is told" "$status" 200
    check "freebusy $who is told when" grep -q '20010102T090000Z/' "$work/answer"
    if grep -q Secret "$work/answer"; then
        not_ok "freebusy $who is told nothing else" "$(cat "$work/answer")"
    else
        ok "freebusy $who is told nothing else"
    fi
    status=$(said "${sign_in[@]}" "${calendar}secret.ics")
    case $status in
        401 | 403 | 404) ok "freebusy $who does not get the event" ;;
        *) not_ok "freebusy $who does not get the event" "$status" ;;
    esac
done
# Without the right there is no answer, and no difference to somebody who is not there.
curl -sS -o /dev/null -u "$user:$password" -X ACL -H 'content-type: application/xml' "$calendar" -d \
    '<D:acl xmlns:D="DAV:"><D:ace><D:principal><D:self/></D:principal><D:grant><D:privilege><D:all/></D:privilege></D:grant></D:ace></D:acl>'
for path in "$user/Default" nobody; do
    status=$(said -u "bob:$password" "$origin/freebusy/user/$path")
    is "no right, no answer: $path" "$status" 404
done
check_store freebusy
