#!/usr/bin/env bash
# Push subscriptions over JMAP: a push service of its own, whose messages http_ece from PyPI decrypts,
# and py-vapid verifies.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs webpush python3 openssl
python_env webpush http_ece==1.2.1 py-vapid==1.9.6 requests==2.32.5
# An authority that the server trusts, and a certificate of the push service by it.
certificates() {
    cd "$work" &&
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout ca.key \
            -out ca.pem -subj "/CN=authority" &&
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout push.key \
            -out push.csr -subj "/CN=localhost" &&
        openssl x509 -req -in push.csr -CA ca.pem -CAkey ca.key -days 2 -out push.pem -extfile \
            <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
}
check "webpush: certificates" certificates || exit 1
export SSL_CERT_FILE=$work/ca.pem
more_options="lmtp_listen: $work/lmtp
push_destinations: any
push_contact: mailto:push@example.org"
start_server
# The client stops and starts it.
stop_server
if ! python "$(dirname "$0")/webpush.py" "$origin" "$user" "$password" "$work" "$binary" \
    2>"$work/webpush.log"; then
    not_ok "webpush: the client" "$(tail -n 3 "$work/webpush.log" | tr '\n' ' ')"
fi
check "webpush: chapar check" "$binary" check -C "$work/chapar.conf"
