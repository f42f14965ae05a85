#!/usr/bin/env bash
# rclone: both ways of a sync, with names that need encoding, and a file of 50 MB.
. "$(dirname "$0")/server.sh"
needs rclone rclone
start_server
export RCLONE_CONFIG=/dev/null
export RCLONE_CONFIG_DAV_TYPE=webdav RCLONE_CONFIG_DAV_VENDOR=other
export RCLONE_CONFIG_DAV_URL=$url RCLONE_CONFIG_DAV_USER=$user
RCLONE_CONFIG_DAV_PASS=$(rclone obscure "$password")
export RCLONE_CONFIG_DAV_PASS
run() { timeout 300 rclone --retries 1 --low-level-retries 1 "$@"; }

local_tree=$work/local
mkdir -p "$local_tree/a folder/deeper" "$local_tree/größe & maß"
echo one >"$local_tree/one.txt"
echo two >"$local_tree/a folder/two words.txt"
echo drei >"$local_tree/größe & maß/Äpfel #1 100%.txt"
echo four >"$local_tree/a folder/deeper/[brackets] 'and' \"quotes\" +.txt"
: >"$local_tree/empty"
head -c 52428800 /dev/urandom >"$local_tree/big.bin"

check "rclone sync up" run sync "$local_tree" dav:tree
check "rclone check after sync up" run check --download "$local_tree" dav:tree
check "rclone sync down" run sync dav:tree "$work/copy"
if diff -r "$local_tree" "$work/copy" >/dev/null; then
    ok "rclone what came down is what went up"
else
    not_ok "rclone what came down is what went up" "$(diff -rq "$local_tree" "$work/copy" | head -n 3 | tr '\n' ' ')"
fi
echo changed >"$local_tree/one.txt"
rm "$local_tree/a folder/two words.txt"
echo new >"$local_tree/a folder/new.txt"
check "rclone sync of changes" run sync "$local_tree" dav:tree
check "rclone check after changes" run check --download "$local_tree" dav:tree
check "rclone copy one file" run copyto "dav:tree/one.txt" "$work/one.txt"
same "rclone one file arrives" "$local_tree/one.txt" "$work/one.txt"
check "rclone moveto on the server" run moveto "dav:tree/one.txt" "dav:tree/moved ü.txt"
check "rclone lists what was moved" grep -q "moved ü.txt" <(run lsf dav:tree)
check "rclone moves a folder" run move "dav:tree/a folder" "dav:tree/another"
check "rclone purge" run purge dav:tree
if run lsf dav: | grep -q '^tree/'; then
    not_ok "rclone nothing is left" "tree/ is still there"
else
    ok "rclone nothing is left"
fi
check_store rclone
