#!/usr/bin/env bash
# The clock of the machine jumps by a year and back, and the descriptors run out: the server goes on,
# and nothing that it keeps is lost or expires that must not.
. "$(dirname "$0")/server.sh"
needs clock curl faketime prlimit python3
start_server
stop_server

# The server again, with a clock that reads its distance from the true one in a file. Timeouts count
# from the clock of the machine's start, which nobody sets.
library=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
far() { # far OFFSET
    echo "$1" >"$work/clock.new"
    mv "$work/clock.new" "$work/clock"
}
far +0
LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1 "$binary" serve -C "$work/chapar.conf" >>"$work/log" 2>&1 &
server=$!
until_listens "${origin##*:}"

ask() { curl -s -u "$user:$password" "$@"; }
status() { ask -o /dev/null -w '%{http_code}' "$@"; }
# is NAME EXPECTED ACTUAL
is() { if [ "$2" = "$3" ]; then ok "clock: $1"; else not_ok "clock: $1" "$3 instead of $2"; fi; }
etag() { ask -I "$1" | tr -d '\r' | sed -nE 's/^etag: //Ip'; }
year() { ask -I "$origin/" | tr -d '\r' | sed -nE 's/^date: .* ([0-9]{4}) .*/\1/Ip'; }
lock='<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>'
sync_body() {
    echo "<D:sync-collection xmlns:D=\"DAV:\"><D:sync-token>$1</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
}
sync_token() { sed -nE 's/.*sync-token>([^<]*)<.*/\1/p' <<<"$(tr -d '\n' <<<"$1")"; }

this=$(date -u +%Y)
is "the server sees the clock of the test" "$this" "$(year)"
ask -T "$0" "${url}before" -o /dev/null
first=$(etag "${url}before")
token=$(sync_token "$(ask -X REPORT -H 'depth: 0' -d "$(sync_body '')" "$url")")
is "a lock for an hour" 200 "$(status -X LOCK -H 'timeout: Second-3600' -d "$lock" "${url}before")"
is "others are locked out" 423 "$(status -X DELETE "${url}before")"

far +366d
is "a year on: the date is the clock's" "$((this + 1))" "$(year)"
is "a year on: the file is there" 200 "$(status "${url}before")"
is "a year on: its tag is the same" "$first" "$(etag "${url}before")"
is "a year on: the lock has expired" 201 "$(status -T "$0" "${url}after")"
is "a year on: the file can be written again" 204 "$(status -T "$0" "${url}before")"
answer=$(ask -X REPORT -H 'depth: 0' -d "$(sync_body "$token")" "$url")
case $answer in
*"/after<"*) ok "clock: a year on: an old sync token still tells what changed" ;;
*) not_ok "clock: a year on: sync" "$(head -c 200 <<<"$answer")" ;;
esac
token=$(sync_token "$answer")

far +0
is "back again: the date is the clock's" "$this" "$(year)"
is "back again: what was written then is there" 200 "$(status "${url}after")"
is "back again: it can be written" 204 "$(status -T "$0" "${url}after")"
answer=$(ask -X REPORT -H 'depth: 0' -d "$(sync_body "$token")" "$url")
case $answer in
*"/after<"*) ok "clock: back again: the change is seen by a sync" ;;
*) not_ok "clock: back again: sync" "$(head -c 200 <<<"$answer")" ;;
esac
is "back again: a new lock" 201 "$(status -X LOCK -H 'timeout: Second-3600' -d "$lock" "${url}locked")"
is "back again: it holds" 423 "$(status -T "$0" "${url}locked")"

# Descriptors: fewer than connections. Those who come too late are turned away; those who are there
# are served, and so is everybody once the others have gone.
open=$(ls "/proc/$server/fd" | wc -l)
prlimit --pid "$server" --nofile=$((open + 40)):
said=$(python3 - "${origin##*:}" <<'PY'
import socket, sys, time
port = int(sys.argv[1])
ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
first = socket.create_connection(("127.0.0.1", port), 5)
crowd = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(200)]
# One who was there before is served while the crowd is at the door.
first.sendall(ask)
first.settimeout(20)
print("served" if first.recv(12) == b"HTTP/1.1 200" else "refused")
# One who comes now is told so at once.
late = socket.create_connection(("127.0.0.1", port), 5)
late.sendall(ask)
late.settimeout(5)
print(late.recv(12).decode())
for one in crowd:
    one.close()
deadline = time.monotonic() + 30
while True:
    try:
        late = socket.create_connection(("127.0.0.1", port), 5)
        late.settimeout(5)
        late.sendall(ask)
        if late.recv(12) == b"HTTP/1.1 200":
            print("recovered")
            break
    except OSError:
        pass
    if time.monotonic() > deadline:
        print("never recovered")
        break
PY
)
is "descriptors run out: who was there is served" served "$(sed -n 1p <<<"$said")"
is "descriptors run out: who comes is told so" "HTTP/1.1 503" "$(sed -n 2p <<<"$said")"
is "descriptors come back: new ones are served" recovered "$(sed -n 3p <<<"$said")"
is "and can write" 201 "$(status -T "$0" "${url}late")"
check_store clock
