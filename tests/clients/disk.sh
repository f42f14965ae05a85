#!/usr/bin/env bash
# The disk fills up, and is then read-only: writes are refused with a status that says so, reads go on,
# nothing that was acknowledged is lost, and all is well again once the disk is. RFC 4918 §11.5.
. "$(dirname "$0")/server.sh"
needs disk curl mount umount
if [ "$(id -u)" != 0 ]; then
    echo "SKIPPED disk: only root can mount a disk of its own"
    exit 0
fi
disk=$work/state
mkdir "$disk"
# Compiled modules take half of it.
mount -t tmpfs -o size=48M tmpfs "$disk"
unmount() {
    stop_server
    umount "$disk"
    rm -rf "$work"
}
trap unmount EXIT
# The folder is there already.
mkdir() { [ "$1" = "$disk" ] || command mkdir "$@"; }
start_server
unset -f mkdir

status() { curl -s -o "$work/said" -w '%{http_code}' -u "$user:$password" "$@"; }
# is NAME EXPECTED ACTUAL
is() { if [ "$2" = "$3" ]; then ok "disk: $1"; else not_ok "disk: $1" "$3 instead of $2: $(head -c 200 "$work/said")"; fi; }
head -c 100000 /dev/urandom >"$work/small"
head -c 2000000 /dev/urandom >"$work/big"

# Bodies in the database and bodies in files of their own, until neither fits.
for kind in small big; do
    stored=0
    answer=201
    while [ "$answer" = 201 ] && [ "$stored" -lt 1000 ]; do
        answer=$(status -T "$work/$kind" "$url$kind-$stored")
        if [ "$answer" = 201 ]; then
            echo "$kind-$stored" >>"$work/acknowledged"
            stored=$((stored + 1))
        fi
    done
    is "a full disk, $kind bodies" 507 "$answer"
done
grep -q 'sufficient-disk-space' "$work/said" && ok "disk: the condition is named" ||
    not_ok "disk: the condition is named" "$(head -c 300 "$work/said")"

# all NAME: everything that was acknowledged is there, byte by byte.
all() {
    local lost=0 name
    while read -r name; do
        curl -s -u "$user:$password" "$url$name" | cmp -s - "$work/${name%-*}" || lost=$((lost + 1))
    done <"$work/acknowledged"
    is "$1: all $(wc -l <"$work/acknowledged") files are there" 0 "$lost"
}
all "a full disk"
is "a full disk: others are served" 207 "$(status -X PROPFIND -H 'depth: 0' "$url")"

mount -o remount,size=96M "$disk"
is "space comes back: a write succeeds" 201 "$(status -T "$work/big" "${url}big-after")"
echo big-after >>"$work/acknowledged"
is "space comes back: so does a removal" 204 "$(status -X DELETE "${url}small-0")"
sed -i '/^small-0$/d' "$work/acknowledged"

# A disk with errors is remounted like this; files that are open for writing forbid it, so that the
# server begins anew on it.
stop_server
mount -o remount,ro "$disk"
"$binary" serve -C "$work/chapar.conf" >>"$work/log" 2>&1 &
server=$!
if until_listens "${origin##*:}"; then
    is "a read-only disk: reads" 200 "$(status "${url}big-after")"
    refused=$(status -T "$work/small" "${url}refused")
    case $refused in
    503 | 507) ok "disk: a read-only disk: a write is refused with $refused" ;;
    *) not_ok "disk: a read-only disk: a write" "$refused" ;;
    esac
else
    said=$(tail -n 1 "$work/log")
    case $said in
    *"Read-only file system"*) ok "disk: a read-only disk is named at start" ;;
    *) not_ok "disk: a read-only disk at start" "$said" ;;
    esac
    wait "$server"
    server=
fi
mount -o remount,rw "$disk"
if [ -z "$server" ]; then
    "$binary" serve -C "$work/chapar.conf" >>"$work/log" 2>&1 &
    server=$!
    until_listens "${origin##*:}"
fi
is "writable again: a write succeeds" 201 "$(status -T "$work/small" "${url}small-after")"
echo small-after >>"$work/acknowledged"
all "writable again"
check_store disk
