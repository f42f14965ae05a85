#!/usr/bin/env bash
# Modules come, change, break and go, and the configuration is read again, while h2load asks without
# a pause: not one request may fail. RFC 9110 knows no "please ask again, I am being reconfigured".
. "$(dirname "$0")/server.sh"
needs drop_in h2load curl python3
shipped=$moduledir
moduledir=$work/modules
mkdir "$moduledir"
cp "$shipped"/*.wasm "$moduledir"
guest=$(dirname "$shipped")/guests/misbehave.wasm
start_server
curl -sS -u "$user:$password" -T "$0" "${url}load" -o /dev/null
authorization="authorization: Basic $(printf '%s:%s' "$user" "$password" | base64 -w0)"

# The same component with a custom section more: other bytes, same behaviour.
changed() { # changed FROM TO NUMBER
    python3 - "$@" <<'PY'
import os, sys
source, target, number = sys.argv[1:]
name = b"note"
with open(source, "rb") as file:
    wasm = file.read()
with open(target + ".new", "wb") as file:
    file.write(wasm + bytes([0, 2 + len(name), len(name)]) + name + bytes([int(number)]))
os.rename(target + ".new", target)
PY
}

status() { curl -s -o /dev/null -w '%{http_code}' -u "$user:$password" "$origin$1"; }

# until_status PATH CODE: waits for it; prints the milliseconds that took.
until_status() {
    local began now
    began=$(date +%s%N)
    while [ "$(status "$1")" != "$2" ]; do
        now=$(date +%s%N)
        if [ $(((now - began) / 1000000)) -gt 20000 ]; then
            echo "not seen"
            return 1
        fi
    done
    now=$(date +%s%N)
    echo $(((now - began) / 1000000))
}

# seen NAME PATH CODE
seen() {
    local took
    if took=$(until_status "$2" "$3"); then
        ok "drop_in: $1"
        echo "# $1: $took ms"
    else
        not_ok "drop_in: $1" "$2 does not answer $3: $(tail -n 2 "$work/log" | tr '\n' ' ')"
    fi
}

# until_logged TEXT: waits until the server has said so.
until_logged() {
    for _ in $(seq 200); do
        if grep -q -- "$1" "$work/log"; then return; fi
        sleep 0.1
    done
    return 1
}

# What the two loads saw is in $work/load.h1 and $work/load.h2. They go on until they are told that
# all is done: a round of h2load after the other, each for a second.
load() { # load NAME OPTION...
    local name=$1
    shift
    until [ -e "$work/done" ]; do
        h2load "$@" -D 1 -H "$authorization" "${url}load" >>"$work/load.$name" 2>&1
    done
}
begin_load() {
    rm -f "$work/done" "$work"/load.*
    load h1 --h1 -c 4 &
    load1=$!
    load h2 --no-tls-proto=h2c -c 2 -m 8 &
    load2=$!
}
end_load() { # end_load NAME
    local kind total failed other
    touch "$work/done"
    wait "$load1" "$load2"
    for kind in h1 h2; do
        total=$(sed -nE 's/^requests: .* ([0-9]+) succeeded,.*/\1/p' "$work/load.$kind" | paste -sd+ | bc)
        failed=$(sed -nE 's/^requests: .* ([0-9]+) failed, ([0-9]+) errored, ([0-9]+) timeout/\1+\2+\3/p' \
            "$work/load.$kind" | paste -sd+ | bc)
        other=$(sed -nE 's/^status codes: [0-9]+ 2xx, ([0-9]+) 3xx, ([0-9]+) 4xx, ([0-9]+) 5xx/\1+\2+\3/p' \
            "$work/load.$kind" | paste -sd+ | bc)
        if [ "${total:-0}" -gt 100 ] && [ "$failed" = 0 ] && [ "$other" = 0 ]; then
            ok "drop_in: $1: $kind: no request failed"
        else
            not_ok "drop_in: $1: $kind" "$total answered, $failed failed, $other with another status"
        fi
    done
}

begin_load
# A new one.
cp "$guest" "$moduledir/misbehave.wasm.new"
mv "$moduledir/misbehave.wasm.new" "$moduledir/misbehave.wasm"
seen "a module that is dropped in serves" /misbehave/counter 200
# The module under load, replaced three times.
for number in 1 2 3; do
    changed "$shipped/webdav.wasm" "$moduledir/webdav.wasm" "$number"
    if until_logged "serves in another version.*webdav"; then
        ok "drop_in: webdav replaced, $number"
    else
        not_ok "drop_in: webdav replaced, $number" "$(tail -n 2 "$work/log" | tr '\n' ' ')"
    fi
    : >"$work/log"
done
# Broken: the old one stays in force, and the reason is told.
head -c 100000 "$shipped/webdav.wasm" >"$moduledir/webdav.wasm"
if until_logged "module refused.*webdav"; then
    ok "drop_in: a broken file is refused with a reason"
else
    not_ok "drop_in: a broken file" "$(tail -n 2 "$work/log" | tr '\n' ' ')"
fi
seen "the old one stays in force" "/dav/drive/user/$user/load" 200
changed "$shipped/webdav.wasm" "$moduledir/webdav.wasm" 4
# Gone.
rm "$moduledir/misbehave.wasm"
seen "a module that is removed is gone" /misbehave/counter 404
end_load "modules"

begin_load
for number in 1 2 3 4 5 6 7 8 9 10; do
    sed -i "/^serverinfo/d" "$work/chapar.conf"
    if [ $((number % 2)) = 1 ]; then echo "serverinfo: off" >>"$work/chapar.conf"; fi
    kill -HUP "$server"
    wanted=$((number % 2))
    for _ in $(seq 100); do
        if curl -sI "$origin/" | grep -qi '^server:'; then told=0; else told=1; fi
        if [ "$told" = "$wanted" ]; then break; fi
        sleep 0.05
    done
    if [ "$told" != "$wanted" ]; then not_ok "drop_in: reload $number" "serverinfo did not change"; fi
done
ok "drop_in: options are read again"
echo "serverinfo: perhaps" >>"$work/chapar.conf"
: >"$work/log"
kill -HUP "$server"
if until_logged "chapar.conf:[0-9]*.*serverinfo"; then
    ok "drop_in: a bad value is told with file and line"
else
    not_ok "drop_in: a bad value" "$(tail -n 2 "$work/log" | tr '\n' ' ')"
fi
seen "the old configuration stays in force" "/dav/drive/user/$user/load" 200
sed -i "/^serverinfo/d" "$work/chapar.conf"
end_load "reload"
check_store drop_in
