#!/usr/bin/env bash
# vdirsyncer: the tests of its DAV storages, which its sources carry, and real syncs both ways, with
# khal and todoman as the other editors of the same files.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs vdirsyncer python3
version=0.21.0
python_env vdirsyncer "vdirsyncer==$version" "khal<0.15" "todoman<5" "pytest<9" "pytest-asyncio<2" \
    "hypothesis<7" pytest-httpserver trustme "aioresponses>=0.7.9" requests
python_source vdirsyncer "$version"
start_server

# The tests find the server from its root, as a user with nothing but a host name would.
suite=$work/vdirsyncer-$version
mkdir "$suite/tests/storage/servers/chapar"
cat >"$suite/tests/storage/servers/chapar/__init__.py" <<PYTHON
import pytest


class ServerMixin:
    @pytest.fixture
    def get_storage_args(self, slow_create_collection, aio_connector):
        async def inner(collection="test"):
            args = {
                "url": "$origin/",
                "username": "$user",
                "password": "$password",
                "connector": aio_connector,
            }
            if collection is not None:
                args = await slow_create_collection(self.storage_class, args, collection)
            return args

        return inner
PYTHON
cd "$suite" || exit 1
DAV_SERVER=chapar timeout 600 python -m pytest -v -rs -p no:cacheprovider -o addopts= \
    -o asyncio_default_fixture_loop_scope=function tests/storage/dav >"$work/pytest.log" 2>&1
pytest_results vdirsyncer "$work/pytest.log"

# Two folders of files, each in sync with the server, and through it with the other.
cd "$work" || exit 1
export HOME=$work/home
mkdir "$HOME"
cat >vdirsyncer.conf <<CONF
[general]
status_path = "$work/status/"

CONF
# pair NAME STORAGE EXTENSION FOLDER COLLECTIONS RESOLUTION: keeps a folder of files in sync.
pair() {
    cat >>vdirsyncer.conf <<CONF

[pair $1]
a = "$1_files"
b = "$1_server"
collections = $5
conflict_resolution = "$6"

[storage $1_files]
type = "filesystem"
path = "$work/$4"
fileext = "$3"

[storage $1_server]
type = "$2"
url = "$origin/"
username = "$user"
password = "$password"
CONF
}
pair events caldav .ics calendars '["from a", "from b"]' "a wins"
pair other_events caldav .ics other '["from b"]' "b wins"
pair cards carddav .vcf cards '["from a", "from b"]' "a wins"
pair other_cards carddav .vcf other_cards '["from b"]' "b wins"
cat >khal.conf <<CONF
[calendars]
[[work]]
path = $work/calendars/work
[default]
default_calendar = work
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Europe/Vienna
default_timezone = Europe/Vienna
CONF
cat >todoman.py <<CONF
path = "$work/calendars/*"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
default_list = "work"
CONF
mkdir -p calendars/work other cards/friends other_cards
sync() { yes | timeout 60 vdirsyncer -c "$work/vdirsyncer.conf" "$@"; }
khal_() { khal -c "$work/khal.conf" "$@"; }
todo_() { todo -c "$work/todoman.py" "$@"; }
files() { find "$1" -name '*.ics' | wc -l; }
# there PATTERN FOLDER: some file of the folder has it.
there() { grep -rqE "$1" "$2"; }
gone() { ! grep -rqE "$1" "$2"; }

# A card with what must not get lost: a photo, groups with labels, a date without a year, and text that
# is none of ASCII's.
{
    printf '%s\r\n' BEGIN:VCARD VERSION:3.0 UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1 \
        'FN:Jürgen Groß' 'N:Groß;Jürgen;;;' 'item1.TEL:+43 1 234' 'item1.X-ABLabel:Büro' \
        'BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-02'
    printf 'PHOTO;ENCODING=b;TYPE=JPEG:%s\r\n' "$(head -c 100000 /dev/urandom | base64 -w 0)"
    printf '%s\r\n' END:VCARD
} >cards/friends/one.vcf
check "vdirsyncer discover" sync discover
check "khal new event" khal_ new -a work 2026-03-02 10:00 11:00 "Zahnarzt größer"
check "khal new recurring event" khal_ new -a work -r weekly 2026-03-03 08:00 09:00 "Every week"
check "todoman new task" todo_ new -l work "Buy nails"
check "vdirsyncer sync up" sync sync
check "vdirsyncer discover again" sync discover
check "vdirsyncer sync to the other side" sync sync
check "vdirsyncer the event is there" there "SUMMARY:Zahnarzt größer" other
check "vdirsyncer the task is there" there "SUMMARY:Buy nails" other
check "vdirsyncer the recurrence is there" there "RRULE:FREQ=WEEKLY" other
# A change on one side, a removal on the other.
event=$(grep -rl "Zahnarzt" other | head -n 1)
sed -i 's/SUMMARY:.*/SUMMARY:Arzt\r/' "$event"
rm "$(grep -rl 'Buy nails' calendars | head -n 1)"
check "vdirsyncer sync of changes" sync sync
check "vdirsyncer sync of changes, the other way" sync sync
check "vdirsyncer the change arrives" there "SUMMARY:Arzt" calendars
check "vdirsyncer the removal arrives" gone "Buy nails" other
check "khal lists the change" grep -q Arzt <(khal_ list 2026-03-01 2026-03-05)
# As Thunderbird does to undo: away with it, and back under the same UID.
uid=$(sed -nE 's/^UID:([^\r]*).*/\1/p' "$event" | head -n 1)
cp "$event" back.ics
rm "$event"
check "vdirsyncer sync of a removal" sync sync
check "vdirsyncer sync of a removal, the other way" sync sync
check "vdirsyncer the event is gone" gone "UID:$uid" calendars
cp back.ics "other/work/again.ics"
check "vdirsyncer sync of what comes back" sync sync
check "vdirsyncer sync of what comes back, the other way" sync sync
check "vdirsyncer the event is back" there "UID:$uid" calendars
if [ "$(files calendars/work)" = "$(files other/work)" ] && [ "$(files other/work)" = 2 ]; then
    ok "vdirsyncer both sides have the same"
else
    not_ok "vdirsyncer both sides have the same" "$(ls calendars/work other/work | tr '\n' ' ')"
fi
# A sync that would empty a side asks first.
rm calendars/work/*.ics
check "vdirsyncer sync of an emptied calendar" sync sync --force-delete
check "vdirsyncer the other side, too" sync sync --force-delete
check "vdirsyncer nothing is left" [ "$(files other/work)" = 0 ]
# Cards: the same bytes on the other side, a change back, a removal.
card=$(find other_cards/friends -name '*.vcf' | head -n 1)
same "vdirsyncer the card is the same" cards/friends/one.vcf "${card:-/dev/null}"
sed -i 's/+43 1 234/+43 1 567/' "$card"
check "vdirsyncer sync of a changed card" sync sync
check "vdirsyncer sync of a changed card, the other way" sync sync
same "vdirsyncer the changed card is the same" "$card" cards/friends/one.vcf
rm cards/friends/one.vcf
check "vdirsyncer sync of a removed card" sync sync --force-delete
check "vdirsyncer sync of a removed card, the other way" sync sync --force-delete
check "vdirsyncer the card is gone" [ "$(find other_cards/friends -name '*.vcf' | wc -l)" = 0 ]
check_store vdirsyncer
