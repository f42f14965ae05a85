"""Compares the time zones of a server with Python's zoneinfo: zones.py ORIGIN RELEASE.

Both have the same release of the IANA database, the one through iCalendar, jCal and TZif, all of it
and truncated from 2000 up to 2030, the other by itself. Onsets, the seconds before them, and a time
every few days from 1850 to 2100 are compared. Prints `ok NAME` or `not ok NAME: reason`.
"""

import bisect
import http.client
import io
import json
import re
import sys
import urllib.parse
import zoneinfo
from datetime import datetime, timedelta, timezone

import tzdata
from dateutil.rrule import rrulestr

EPOCH = datetime(1970, 1, 1)
PARTS = {
    "all": ("", 1850, 2100),
    "part": ("?start=2000-01-01T00:00:00Z&end=2030-01-01T00:00:00Z", 2000, 2030),
}


def seconds(moment):
    return (moment - EPOCH) // timedelta(seconds=1)


def moment(text):
    return datetime.strptime(re.sub("[-:Z]", "", text), "%Y%m%dT%H%M%S")


def offset(text):
    sign, digits = (-1 if text[0] == "-" else 1), text[1:].replace(":", "").ljust(6, "0")
    return sign * (int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:]))


def read_icalendar(text):
    """The properties of the VTIMEZONE and of its parts."""
    zone, parts = {}, []
    current = None
    for line in text.replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        if name == "BEGIN":
            current = {"kind": value, "RDATE": []}
            if value in ("STANDARD", "DAYLIGHT"):
                parts.append(current)
            elif value == "VTIMEZONE":
                zone = current
        elif name == "RDATE":
            current[name].append(moment(value))
        elif name == "DTSTART":
            current[name] = moment(value)
        elif name not in ("END", ""):
            current[name] = value
    return zone, parts


def read_jcal(text):
    """The same, of jCal: RFC 7265."""

    def properties(component):
        read = {"kind": component[0].upper(), "RDATE": []}
        for name, _, kind, *values in component[1]:
            value = values[0]
            if name == "rdate":
                read["RDATE"] = [moment(value) for value in values]
            elif name == "dtstart":
                read["DTSTART"] = moment(value)
            elif kind == "date-time":
                read[name.upper()] = re.sub("[-:]", "", value)
            elif kind == "utc-offset":
                read[name.upper()] = value.replace(":", "")
            elif kind == "recur":
                rule = []
                for part in ("freq", "until", "bymonth", "bymonthday", "byyearday", "byday"):
                    if part in value:
                        item = value[part]
                        item = ",".join(map(str, item)) if isinstance(item, list) else str(item)
                        item = re.sub("[-:]", "", item) if part == "until" else item
                        rule.append(f"{part.upper()}={item}")
                read["RRULE"] = ";".join(rule)
            else:
                read[name.upper()] = value
        return read

    kind, _, components = json.loads(text)
    assert kind == "vcalendar"
    return properties(components[0]), [properties(part) for part in components[0][2]]


def onsets(parts):
    """When each observance begins, in UTC, with the offsets and the name."""
    found = []
    for part in parts:
        before, after = offset(part["TZOFFSETFROM"]), offset(part["TZOFFSETTO"])
        locals_ = {part["DTSTART"], *part["RDATE"]}
        if "RRULE" in part:
            rule, until = part["RRULE"], re.search(r"UNTIL=(\w+)", part["RRULE"])
            if until:
                local = moment(until[1]) + timedelta(seconds=before)
                rule = rule.replace(until[0], f"UNTIL={local:%Y%m%dT%H%M%S}")
            rule = rrulestr(rule, dtstart=part["DTSTART"])
            assert rule[0] == part["DTSTART"], "DTSTART is not the first of the rule"
            locals_.update(rule.between(part["DTSTART"], datetime(2101, 1, 1)))
        found += [(seconds(local) - before, after, part["TZNAME"], before) for local in locals_]
    found.sort()
    for one, other in zip(found, found[1:]):
        assert one[0] < other[0] and one[1] == other[3], f"{one}, then {other}"
    return found


def compare(get, name, part):
    query, first, last = PARTS[part]
    path = f"/tzdist/zones/{urllib.parse.quote(name, safe='')}{query}"
    zone, parts = read_icalendar(get(path, "text/calendar").decode())
    assert (zone, parts) == read_jcal(get(path, "application/calendar+json")), "jCal differs"
    assert zone["TZID"] == name, zone["TZID"]
    compiled = get(path, "application/tzif")
    compiled = zoneinfo.ZoneInfo.from_file(io.BytesIO(compiled))
    judge = zoneinfo.ZoneInfo.no_cache(name)
    found = onsets(parts)
    times = [onset[0] for onset in found]
    start, end = seconds(datetime(first, 1, 1)), seconds(datetime(last, 1, 1))
    if part == "part":
        assert zone["TZUNTIL"] == "20300101T000000Z" and times[-1] < end
        assert times[0] == start, "the first observance is not at the start"
    else:
        assert "TZUNTIL" not in zone
    moments = set(range(start, end, 5 * 86_400 + 7_777))
    moments.update(near for time in times for near in (time - 1, time, time + 1))
    for time in moments:
        if start <= time < end:
            utc = datetime.fromtimestamp(time, timezone.utc)
            local, other = utc.astimezone(judge), utc.astimezone(compiled)
            _, ours, title, _ = found[bisect.bisect_right(times, time) - 1]
            wanted = (local.utcoffset() // timedelta(seconds=1), local.tzname())
            assert (ours, title) == wanted, f"at {utc}: {ours} {title}, not {wanted}"
            assert (local.utcoffset(), local.tzname()) == (other.utcoffset(), other.tzname()), (
                f"TZif at {utc}: {other}"
            )


def main():
    origin, release = sys.argv[1:]
    assert tzdata.IANA_VERSION == release, f"PyPI's is {tzdata.IANA_VERSION}"
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(origin).netloc)

    def get(path, accept="application/json"):
        connection.request("GET", path, headers={"accept": accept})
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, f"{path}: {response.status} {body[:200]}"
        return body

    zones = json.loads(get("/tzdist/zones"))["timezones"]
    names = {name for zone in zones for name in [zone["tzid"], *zone.get("aliases", [])]}
    for part in PARTS:
        failed = 0
        for name in sorted(names):
            try:
                compare(get, name, part)
            except AssertionError as error:
                failed += 1
                print(f"not ok zones: {name} ({part}): {error}")
        if not failed:
            print(f"ok zones: {len(names)} of release {release}, {part}")
    missing = zoneinfo.available_timezones() ^ names
    print(f"not ok zones: names differ: {sorted(missing)}" if missing else "ok zones: names")


main()
