#!/usr/bin/env bash
# Cards in every version that the server makes of them, as vobject (PyPI), vcf and ical.js (npm) read
# them: all must find the same in all.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
. "$(dirname "$0")/node.sh"
needs vcards curl python3 node npm
python_env vobject vobject==0.9.9
node_env vcards vcf@2.1.2 ical.js@2.2.1
cp "$(dirname "$0")/vcards.mjs" "$folder/"
start_server
book=$origin/dav/addressbooks/user/$user/Default
signed=(-sS -f -u "$user:$password")
curl "${signed[@]}" -X PROPFIND -o /dev/null "$origin/dav/addressbooks/user/$user/"
mkdir "$work/cards"
cards=0
for source in "$root"/sdk/vcard/tests/fixtures/*.vcf; do
    name=$(basename "$source" .vcf)
    # RFC 6352 §5.1 has neither version 2.1 nor cards without a UID in address books.
    if [ "$name" = phone_2_1 ]; then continue; fi
    sed 's/\r*$/\r/' "$source" >"$work/card"
    if ! grep -q '^UID' "$work/card"; then
        sed -i "s/^END:VCARD/UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\r\n&/" "$work/card"
    fi
    check "vcards: $name is stored" curl "${signed[@]}" -T "$work/card" -H 'content-type: text/vcard' "$book/$name.vcf"
    for version in 3.0 4.0; do
        curl "${signed[@]}" -H "accept: text/vcard; version=$version" -o "$work/cards/$name.$version.vcf" "$book/$name.vcf"
    done
    curl "${signed[@]}" -H 'accept: application/vcard+json' -o "$work/cards/$name.json" "$book/$name.vcf"
    cards=$((cards + 1))
done
if node "$folder/vcards.mjs" "$work/cards" >"$work/read.json" 2>"$work/node.log"; then
    judge vcards.py python "$(dirname "$0")/vcards.py" "$work/cards" "$work/read.json" "$cards"
else
    not_ok "vcards: ical.js and vcf" "$(grep -m 1 Error "$work/node.log")"
fi
check_store vcards
