#!/usr/bin/env bash
# curl: ranges, resumed transfers, conditions, 100-continue, HTTP/2. RFC 9110 §10.1.1, §13, §14.
. "$(dirname "$0")/server.sh"
needs curl curl
start_server
cd "$work" || exit 1
file=${url}curl.bin
head -c 3000000 /dev/urandom >bytes
ask() { curl -sS --max-time 60 -u "$user:$password" "$@"; }
# is NAME EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then ok "curl $1"; else not_ok "curl $1" "expected $2, got $3"; fi
}
status() { ask -o /dev/null -w '%{response_code}' "$@"; }

is "put" 201 "$(status -T bytes "$file")"
is "get" 200 "$(ask -o got -w '%{response_code}' "$file")"
same "curl get brings back what was put" bytes got
is "range" 206 "$(ask -r 1000-1999 -o part -w '%{response_code}' "$file")"
dd if=bytes of=expected bs=1000 skip=1 count=1 2>/dev/null
same "curl range is the right one" expected part
is "suffix range" 206 "$(ask -r -500 -o part -w '%{response_code}' "$file")"
tail -c 500 bytes >expected
same "curl suffix range is the right one" expected part
is "range past the end" 416 "$(status -r 9000000- "$file")"
head -c 1234567 bytes >resumed
ask -C - -o resumed "$file"
same "curl resumed download" bytes resumed

etag=$(ask -I "$file" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
is "if-none-match" 304 "$(status -H "If-None-Match: $etag" "$file")"
is "if-match that holds" 200 "$(status -H "If-Match: $etag" "$file")"
is "if-match that does not hold" 412 "$(status -H 'If-Match: "other"' "$file")"
is "if-range that holds" 206 "$(status -r 0-9 -H "If-Range: $etag" "$file")"
is "if-range that does not hold" 200 "$(status -r 0-9 -H 'If-Range: "other"' "$file")"
date=$(ask -I "$file" | tr -d '\r' | sed -n 's/^[Ll]ast-[Mm]odified: //p')
is "if-modified-since" 304 "$(status -H "If-Modified-Since: $date" "$file")"

said=$(ask -v -H 'Expect: 100-continue' -T bytes -o /dev/null "$file" 2>&1)
if grep -q '< HTTP/1.1 100' <<<"$said"; then ok "curl 100-continue"; else not_ok "curl 100-continue" "no 100"; fi
said=$(curl -sS -v -u "$user:wrong" -H 'Expect: 100-continue' -T bytes -o /dev/null "$file" 2>&1)
if grep -q '< HTTP/1.1 401' <<<"$said" && ! grep -q '< HTTP/1.1 100' <<<"$said"; then
    ok "curl a wrong password is refused before the body is sent"
else
    not_ok "curl a wrong password is refused before the body is sent" "$(grep '< HTTP' <<<"$said" | tr '\r\n' '  ')"
fi

is "http/2 put" "2 204" "$(ask --http2-prior-knowledge -T bytes -o /dev/null -w '%{http_version} %{response_code}' "$file")"
is "http/2 get" "2 200" "$(ask --http2-prior-knowledge -o got -w '%{http_version} %{response_code}' "$file")"
same "curl http/2 brings back what was put" bytes got
is "http/2 range" "2 206" "$(ask --http2-prior-knowledge -r 0-99 -o part -w '%{http_version} %{response_code}' "$file")"
is "chunked put" 204 "$(ask -H 'Transfer-Encoding: chunked' -T - -o /dev/null -w '%{response_code}' "$file" <bytes)"
is "http/1.0 get" 200 "$(ask -0 -o got -w '%{response_code}' "$file")"
same "curl http/1.0 brings back what was put" bytes got
is "delete" 204 "$(status -X DELETE "$file")"
check_store curl
