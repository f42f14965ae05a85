#!/usr/bin/env bash
# slowhttptest: its four modes (heads that never end, bodies that trickle, overlapping ranges, answers
# that nobody reads), each with hundreds of connections; others are answered all the while.
. "$(dirname "$0")/server.sh"
needs slowhttptest slowhttptest curl
start_server
head -c 2000000 /dev/urandom >"$work/slow.bin"
curl -sS -u "$user:$password" -T "$work/slow.bin" "${url}slow" -o /dev/null
authorization="Authorization: Basic $(printf '%s:%s' "$user" "$password" | base64 -w0)"
try() { # try NAME OPTION...
    local name=$1 worst=0 answered=0 took
    shift
    timeout 60 slowhttptest "$@" -c 400 -r 200 -l 15 -u "${url}slow" -j "$authorization" \
        >"$work/slow.log" 2>&1 &
    local attack=$!
    while kill -0 "$attack" 2>/dev/null; do
        if took=$(curl -sSf -m 5 -u "$user:$password" -r 0-99 "${url}slow" -o /dev/null \
            -w '%{time_total}' 2>&1); then
            answered=$((answered + 1))
            worst=$(echo "if ($took > $worst) $took else $worst" | bc)
        else
            not_ok "slowhttptest $name" "others are not answered: $took"
            kill "$attack"
            wait "$attack"
            return
        fi
    done
    if [ "$answered" -gt 10 ]; then
        ok "slowhttptest $name"
    else
        not_ok "slowhttptest $name" "only $answered requests of others were answered, the slowest in ${worst}s"
    fi
}
try "slow heads" -H -i 2
try "slow bodies" -B -i 2 -s 8192
try "ranges" -R
try "slow reading" -X -w 512 -y 1024 -n 5 -z 32 -k 3
check_store slowhttptest
