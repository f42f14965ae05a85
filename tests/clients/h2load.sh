#!/usr/bin/env bash
# h2load: many requests at once over HTTP/1.1 and over many streams of HTTP/2; all are answered.
. "$(dirname "$0")/server.sh"
needs h2load h2load curl
start_server
curl -sS -u "$user:$password" -T "$0" "${url}load" -o /dev/null
authorization="authorization: Basic $(printf '%s:%s' "$user" "$password" | base64 -w0)"
for protocol in http/1.1 h2c; do
    streams=1
    option=--h1
    if [ "$protocol" = h2c ]; then
        streams=32
        option=--no-tls-proto=h2c
    fi
    said=$(timeout 120 h2load $option -n 4000 -c 16 -m $streams -H "$authorization" "${url}load" 2>&1)
    if grep -q '^requests: 4000 total.* 4000 succeeded, 0 failed' <<<"$said" &&
        grep -q '^status codes: 4000 2xx' <<<"$said"; then
        ok "h2load $protocol"
    else
        not_ok "h2load $protocol" "$(grep -E '^(requests|status)' <<<"$said" | tr '\n' ' ')"
    fi
done
check_store h2load
