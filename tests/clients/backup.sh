#!/usr/bin/env bash
# A backup is made while clients write, and restored elsewhere: every file that was acknowledged before
# it began is there, byte by byte, and what is checked is whole.
. "$(dirname "$0")/server.sh"
needs backup curl
start_server
head -c 400000 /dev/urandom >"$work/big"

put() { curl -s -o /dev/null -w '%{http_code}' -u "$user:$password" -T "$1" "$url$2"; }

# writer N: puts files, each with bytes of its own, and notes those that were acknowledged.
writer() {
    local number=0 name body
    until [ -e "$work/done" ]; do
        name=$1-$number
        body=$work/body-$1
        echo "$name of writer $1" >"$body"
        # Every tenth is too big for the database, and a file of its own.
        if [ $((number % 10)) = 9 ]; then cat "$work/big" >>"$body"; fi
        if [ "$(put "$body" "$name")" = 201 ]; then
            echo "$name $(sha256sum <"$body" | cut -d' ' -f1)" >>"$work/acknowledged-$1"
        fi
        number=$((number + 1))
    done
}
writers=()
for number in 1 2 3 4; do
    writer "$number" &
    writers+=($!)
done
for _ in $(seq 600); do
    if [ "$(cat "$work"/acknowledged-* 2>/dev/null | wc -l)" -ge 100 ]; then break; fi
    sleep 0.1
done
cat "$work"/acknowledged-* >"$work/before"
check "backup: while clients write" "$binary" backup -C "$work/chapar.conf" "$work/backups"
made=$(echo "$work"/backups/*)
cat "$work"/acknowledged-* >"$work/between"
check "backup: a second one beside it" "$binary" backup -C "$work/chapar.conf" "$work/backups"
touch "$work/done"
wait "${writers[@]}"
if [ "$(wc -l <"$work/before")" -ge 100 ]; then ok "backup: $(wc -l <"$work/before") files were there before"; else
    not_ok "backup: files before" "$(wc -l <"$work/before")"
fi

# Nothing is put over a store that is open.
if "$binary" restore -C "$work/chapar.conf" "$made" --replace >"$work/said" 2>&1; then
    not_ok "backup: a store in use is not replaced" "it was"
else
    ok "backup: a store in use is not replaced"
fi
stop_server

# restored NAME BACKUP LIST: restores it elsewhere and compares what is in the list.
restored() {
    local missing=0 name digest port
    port=$(free_port)
    mkdir "$work/$1"
    sed -e "s|^configdirectory:.*|configdirectory: $work/$1|" -e "s|^listen:.*|listen: 127.0.0.1:$port|" \
        "$work/chapar.conf" >"$work/$1.conf"
    check "backup: $1 is restored" "$binary" restore -C "$work/$1.conf" "$2" || return
    "$binary" serve -C "$work/$1.conf" >>"$work/log" 2>&1 &
    server=$!
    until_listens "$port"
    while read -r name digest; do
        [ "$(curl -s -u "$user:$password" "http://127.0.0.1:$port/dav/drive/user/$user/$name" | sha256sum | cut -d' ' -f1)" = "$digest" ] ||
            missing=$((missing + 1))
    done <"$3"
    if [ "$missing" = 0 ]; then ok "backup: $1: all $(wc -l <"$3") files are the same"; else
        not_ok "backup: $1" "$missing of $(wc -l <"$3") are not what they were"
    fi
    stop_server
    check "backup: $1: chapar check" "$binary" check -C "$work/$1.conf"
}
restored first "$made" "$work/before"
restored second "$(ls -d "$work"/backups/* | tail -n 1)" "$work/between"
