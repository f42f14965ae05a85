# Sourced by the scripts beside this: a server for the client under test, and how results are told.
#
# Each check prints a line, `ok NAME` or `not ok NAME: reason`; tests/run counts them. With
# CHAPAR_TEST_URL, CHAPAR_TEST_USER and CHAPAR_TEST_PASSWORD set, that collection is used instead of
# a server of one's own.

set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
binary=${CHAPAR_BIN:-$root/target/release/chapar}
moduledir=${CHAPAR_MODULES:-$(dirname "$binary")/modules}
work=$(mktemp -d)
server=
# Whose server it is, and where it listens, unless a script says otherwise before it starts it.
user=alice
address=127.0.0.1

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1: ${2:-}"; }

# check NAME COMMAND...: runs a command; shows the end of what it said if it fails.
check() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then
        ok "$name"
    else
        not_ok "$name" "$(tail -n 3 <<<"$said" | tr '\n\r' '  ')"
        return 1
    fi
}

# judge NAME COMMAND...: runs a program that prints checks of its own; one that ends early has failed.
judge() {
    local name=$1
    shift
    "$@" 2>"$work/judge.log" || not_ok "$name" "it ended early: $(tail -n 3 "$work/judge.log" | tr '\n' ' ')"
}

# same NAME FILE FILE: the files have the same bytes.
same() {
    if cmp -s "$2" "$3"; then ok "$1"; else not_ok "$1" "$3 differs"; fi
}

free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

listens() { (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null; }

# until_listens PORT [ADDRESS]: waits for the server that was started last; fails if it ends. Two minutes: the
# first start compiles the modules.
until_listens() {
    for _ in $(seq 1200); do
        if listens "$@"; then return; fi
        if ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.1
    done
    return 1
}

stop_server() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
        server=
    fi
}

finish() {
    stop_server
    rm -rf "$work"
}
trap finish EXIT

# With $more_options in the configuration, at $address, for $user. Sets $url (a collection of the user's, ending in a slash), $origin, $user and $password.
start_server() {
    if [ -n "${CHAPAR_TEST_URL:-}" ]; then
        url=$CHAPAR_TEST_URL user=$CHAPAR_TEST_USER password=$CHAPAR_TEST_PASSWORD
        origin=$(sed -E 's|^([a-z]+://[^/]*).*|\1|' <<<"$url")
        return
    fi
    local port
    port=$(free_port)
    password=a-long-enough-password
    origin=http://$address:$port
    url=$origin/dav/drive/user/$user/
    mkdir "$work/state"
    cat >"$work/chapar.conf" <<CONF
listen: $address:$port
configdirectory: $work/state
moduledir: $moduledir
httpmodules: *
allowplaintext: yes
${more_options:-}
CONF
    if ! echo "$password" | "$binary" user add -C "$work/chapar.conf" "$user" --password-stdin \
        >"$work/log" 2>&1; then
        not_ok "server: user add" "$(tail -n 3 "$work/log" | tr '\n' ' ')"
        exit 1
    fi
    "$binary" serve -C "$work/chapar.conf" >>"$work/log" 2>&1 &
    server=$!
    if until_listens "$port" "$address"; then
        return
    fi
    not_ok "server: start" "$(tail -n 3 "$work/log" | tr '\n' ' ')"
    exit 1
}

# What the client left must be sound.
check_store() {
    [ -n "${CHAPAR_TEST_URL:-}" ] && return
    if ! kill -0 "$server" 2>/dev/null; then
        not_ok "$1: the server is still there" "it ended"
    fi
    stop_server
    check "$1: chapar check" "$binary" check -C "$work/chapar.conf"
}

# A client that is not there is a failure, not a pass.
needs() {
    local suite=$1 tool
    shift
    for tool in "$@"; do
        if ! command -v "$tool" >/dev/null; then
            not_ok "$suite" "$tool is not installed"
            exit 1
        fi
    done
}
