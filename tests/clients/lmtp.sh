#!/usr/bin/env bash
# Mail comes in: Python's smtplib and swaks deliver by LMTP, over a socket in the file system and over
# TCP, and what they were told is delivered is what is there.
. "$(dirname "$0")/server.sh"
needs lmtp python3 swaks curl
port=$(free_port)
more_options="lmtp_listen: $work/lmtp 127.0.0.1:$port
prometheus_enabled: on
prometheus_need_auth: none"
start_server
echo "$password" | "$binary" user add -C "$work/chapar.conf" bob --password-stdin >/dev/null
here=$(dirname "$0")
messages=${CHAPAR_LMTP_MESSAGES:-1000}
for place in "127.0.0.1:$port" "$work/lmtp"; do
    judge "lmtp.py $place" python3 "$here/lmtp.py" "$place" "$messages" 4
done
for how in "--server 127.0.0.1 --port $port" "--socket $work/lmtp"; do
    # shellcheck disable=SC2086
    check "lmtp swaks $how" swaks --protocol LMTP $how --from sender@example.test --to alice --silent 2
done
# Four messages for alice and one for bob from the checks, the others for bob.
delivered=$(curl -s "$origin/metrics" | sed -nE 's/^chapar_lmtp_deliveries_total.*delivered.* ([0-9]+)$/\1/p')
expected=$((2 * (5 + messages) + 2))
if [ "$delivered" = "$expected" ]; then
    ok "lmtp counts what it has delivered"
else
    not_ok "lmtp counts what it has delivered" "$delivered, not $expected"
fi
check_store lmtp
