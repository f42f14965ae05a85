#!/usr/bin/env bash
# davfs2: the drive as a mounted file system, with locks. Needs root and /dev/fuse.
. "$(dirname "$0")/server.sh"
if ! grep -qw fuse /proc/filesystems; then
    modprobe fuse 2>/dev/null
fi
if ! grep -qw fuse /proc/filesystems; then
    echo "SKIPPED davfs2: this kernel has no FUSE, so nothing can be mounted"
    exit 0
fi
if [ ! -e /dev/fuse ]; then
    mknod /dev/fuse c 10 229
fi
if [ "$(id -u)" != 0 ]; then
    not_ok davfs2 "mounting needs root: run it with sudo"
    exit 1
fi
needs davfs2 mount.davfs umount
start_server
mountpoint=$work/mount
mkdir "$mountpoint" "$work/cache"
# It gives up being root, and works as a user of its own then.
chmod 755 "$work"
chown root:davfs2 "$work/cache"
chmod 775 "$work/cache"
printf '%s %s %s\n' "$url" "$user" "$password" >"$work/secrets"
chmod 600 "$work/secrets"
cat >"$work/davfs2.conf" <<CONF
use_locks 1
ask_auth 0
delay_upload 0
gui_optimize 0
cache_dir $work/cache
secrets $work/secrets
CONF
unmount() { umount "$mountpoint" 2>/dev/null; }
trap 'unmount; finish' EXIT
mount_drive() { timeout 60 mount.davfs -o "conf=$work/davfs2.conf" "$url" "$mountpoint" </dev/null; }

check "davfs2 mount" mount_drive || exit 1
cd "$mountpoint" || exit 1
check "davfs2 mkdir" mkdir "drive with spaces"
cd "drive with spaces" || exit 1
head -c 300000 /dev/urandom >"$work/bytes"
check "davfs2 write" cp "$work/bytes" bytes
check "davfs2 write of an umlaut" cp "$work/bytes" "größe.bin"
check "davfs2 mv" mv bytes renamed
same "davfs2 read after mv" "$work/bytes" renamed

# An editor saves: write beside, rename over, while the old one is open.
save() {
    exec 4<>renamed
    echo "appended" >&4
    cp "$work/bytes" renamed.tmp && mv renamed.tmp renamed
    exec 4>&-
}
check "davfs2 rename over an open file" save
check "davfs2 append" bash -c 'echo more >>größe.bin'
check "davfs2 rm" rm renamed
cd /
# What was written is on its way until the file system is unmounted.
check "davfs2 umount" timeout 120 umount "$mountpoint"
find "$work/cache" -mindepth 1 -delete
check "davfs2 mount again" mount_drive || exit 1
cat "$work/bytes" <(echo more) >"$work/expected"
same "davfs2 what was written is there after a new mount" "$work/expected" "$mountpoint/drive with spaces/größe.bin"
if [ -e "$mountpoint/drive with spaces/renamed" ]; then
    not_ok "davfs2 what was removed is gone" "it is there"
else
    ok "davfs2 what was removed is gone"
fi
# By name, for rm -r would list the directory: with davfs2 1.6 recent kernels answer that with EINVAL,
# whatever the server.
check "davfs2 rm by name" rm "$mountpoint/drive with spaces/größe.bin"
check "davfs2 rmdir" rmdir "$mountpoint/drive with spaces"
check "davfs2 umount at the end" timeout 120 umount "$mountpoint"
check_store davfs2
