#!/usr/bin/env bash
# Mail, all the way round: swaks delivers to the server, whose client (jmap-jam from npm) is told at
# once; what that client sends comes to a mail server, from where swaks delivers it to another user.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
. "$(dirname "$0")/node.sh"
needs jam node npm python3 swaks curl
node_env jam jmap-jam@0.13.1 eventsource@4.1.1
cp "$(dirname "$0")/jam.mjs" "$folder/"
python_env aiosmtpd aiosmtpd==1.4.6
lmtp=$(free_port)
smtp=$(free_port)
more_options="lmtp_listen: 127.0.0.1:$lmtp
domains: example.test
smtp_backend: host
smtp_host: 127.0.0.1:$smtp
smtp_tls: none"
python -m aiosmtpd -n -l "127.0.0.1:$smtp" -c aiosmtpd.handlers.Mailbox "$work/outside" >"$work/smtp.log" 2>&1 &
outside=$!
trap 'kill "$outside" 2>/dev/null; finish' EXIT
start_server
# Who has an address in the directory has an identity to send as.
user=carol
for one in carol bob; do
    echo "$password" | "$binary" user add -C "$work/chapar.conf" "$one" --address "$one@example.test" \
        --password-stdin >/dev/null
done
deliver=(swaks --protocol LMTP --server 127.0.0.1 --port "$lmtp" --from sender@example.org --silent 2)
judge jam.mjs timeout 120 node "$folder/jam.mjs" "$origin" "$user" "$password" \
    "${deliver[@]}" --to carol@example.test --header "Subject: Hello by LMTP"

for _ in $(seq 300); do
    message=$(find "$work/outside/new" -type f 2>/dev/null | head -n 1)
    if [ -n "$message" ]; then break; fi
    sleep 0.1
done
if [ -z "$message" ]; then
    not_ok "jam: the message comes to a mail server" "$(tail -n 2 "$work/log" | tr '\n' ' ')"
else
    ok "jam: the message comes to a mail server"
    check "jam: swaks delivers it" "${deliver[@]}" --to bob@example.test --data "@$message"
    judge jam.py python - "$message" <<'PYTHON'
import email.policy
import sys

with open(sys.argv[1], "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.default)
found = [
    message["subject"],
    message["to"].addresses[0].addr_spec,
    message.get_body().get_content().splitlines(),
    [(part.get_filename(), part.get_content()) for part in message.iter_attachments()],
]
attached = bytes(at % 251 for at in range(100_000))
expected = ["Grüße", "bob@example.test", ["A line.", ".", "Another."], [("ä b.png", attached)]]
print("ok jam: Python reads what was sent" if found == expected else f"not ok jam: {str(found)[:300]}")
PYTHON
    told=$(curl -sS -u "bob:$password" -H 'content-type: application/json' "$origin/jmap/" -d '{
        "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"],
        "methodCalls": [["Email/query", {"accountId": "bob"}, "0"],
            ["Email/get", {"accountId": "bob", "properties": ["subject", "hasAttachment"],
                "#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"}}, "1"]]}')
    if grep -q '"subject":"Grüße"' <<<"$told" && grep -q '"hasAttachment":true' <<<"$told"; then
        ok "jam: the other user has it"
    else
        not_ok "jam: the other user has it" "$told"
    fi
fi
check_store jam
