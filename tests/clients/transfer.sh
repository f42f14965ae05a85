#!/usr/bin/env bash
# Mail moves between files and the store: what Python's mailbox module has written is imported, once,
# and what is exported is what that module reads.
. "$(dirname "$0")/server.sh"
needs transfer python3
start_server
here=$(dirname "$0")
chapar() { "$binary" "$@" -C "$work/chapar.conf"; }
count=${CHAPAR_TRANSFER_MESSAGES:-200}
judge "transfer.py make" python3 "$here/transfer.py" make "$work/from" "$count"
for format in maildir mbox eml; do
    said=$(chapar import --user "$user" --into "$format" "$work/from/$format" 2>&1)
    case $said in
        "$count messages imported, 0 were there already, 0 failed") ok "transfer import $format" ;;
        *) not_ok "transfer import $format" "$said" ;;
    esac
    said=$(chapar import --user "$user" --into "$format" "$work/from/$format" 2>&1)
    case $said in
        "0 messages imported, $count were there already, 0 failed") ok "transfer import $format again" ;;
        *) not_ok "transfer import $format again" "$said" ;;
    esac
done
for format in maildir mbox eml cyrus; do
    check "transfer export $format" chapar export --user "$user" --format "$format" "$work/to/$format"
    judge "transfer.py $format" python3 "$here/transfer.py" compare "$work/from" "$work/to/$format" "$format"
done
echo "$password" | chapar user add bob --password-stdin >/dev/null
touch "$work/to/cyrus/cyrus.header"
said=$(chapar import --user bob "$work/to/cyrus" 2>&1)
case $said in
    "$((3 * count)) messages imported"*" 0 failed") ok "transfer import cyrus" ;;
    *) not_ok "transfer import cyrus" "$said" ;;
esac
if said=$(chapar import --user nobody "$work/from/eml" 2>&1); then
    not_ok "transfer nobody" "$said"
else
    ok "transfer nobody"
fi
# What is no mail goes the way of its protocol.
mkdir "$work/events"
for number in 1 2 3; do
    printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//Test//Test//EN BEGIN:VEVENT "UID:event $number" \
        DTSTAMP:20010101T000000Z DTSTART:20010102T090000Z DTEND:20010102T100000Z SUMMARY:Event \
        END:VEVENT END:VCALENDAR >"$work/events/event $number.ics"
done
for expected in "3 messages imported, 0 were" "0 messages imported, 3 were"; do
    said=$(chapar import --user "$user" --at "/dav/calendars/user/$user/Default" "$work/events" 2>&1)
    case $said in
        "$expected there already, 0 failed") ok "transfer events: $expected" ;;
        *) not_ok "transfer events: $expected" "$said" ;;
    esac
done
check "transfer export events" chapar export --user "$user" "$work/to/all"
same "transfer event" "$work/events/event 1.ics" "$work/to/all/#calendars/Default/event 1.ics"
check_store transfer
