"""Compares free-busy answers of a server with recurring_ical_events: freebusy.py ORIGIN USER PASSWORD.

Events are made up by a seeded generator, in several zones and with all kinds of rules, stored over
CalDAV, and asked for by free-busy URLs over ranges of a day to a year. Prints `ok NAME` or
`not ok NAME: reason`.
"""

import base64
import http.client
import random
import sys
import urllib.parse
from datetime import datetime, timedelta, timezone

import icalendar
import recurring_ical_events

UTC = timezone.utc
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
RULES = [
    None,
    "FREQ=DAILY;COUNT=40",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270101T000000Z",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYDAY=20MO",
]
STATES = ["", "STATUS:CONFIRMED", "STATUS:CANCELLED", "STATUS:TENTATIVE", "TRANSP:TRANSPARENT"]


def event(number, source):
    """A calendar object: its lines."""
    start = datetime(2026, 1, 1) + timedelta(minutes=15 * source.randrange(96 * 365))
    minutes = source.choice([15, 30, 60, 90, 600, 3000])
    rule, zone = source.choice(RULES), source.choice([*ZONES, "UTC"])
    text = f"{start:%Y%m%dT%H%M%S}"
    lines = [f"UID:{number}", "DTSTAMP:20260101T000000Z", f"DURATION:PT{minutes}M"]
    suffix = "" if zone == "UTC" else f";TZID={zone}"
    end = "Z" if zone == "UTC" else ""
    lines.append(f"DTSTART{suffix}:{text}{end}")
    if rule:
        lines.append(f"RRULE:{rule}")
        if source.random() < 0.3:
            lines.append(f"EXDATE{suffix}:{text}{end}")
    lines += [state for state in [source.choice(STATES)] if state]
    lines = ["BEGIN:VEVENT", *lines, "END:VEVENT"]
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test", *lines, "END:VCALENDAR", ""]
    )


def merge(periods):
    merged = []
    for start, end in sorted(periods):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def expected(objects, start, end):
    """The times that the judge takes for busy, by FBTYPE."""
    kinds = {"BUSY": [], "BUSY-TENTATIVE": []}
    for text in objects:
        calendar = icalendar.Calendar.from_ical(text)
        for instance in recurring_ical_events.of(calendar).between(start, end):
            status = instance.get("STATUS", "")
            if status == "CANCELLED" or instance.get("TRANSP") == "TRANSPARENT":
                continue
            first = instance["DTSTART"].dt.astimezone(UTC)
            # The duration is exact: RFC 5545 §3.3.6.
            last = first + icalendar.Calendar.from_ical(text).walk("VEVENT")[0]["DURATION"].dt
            first, last = max(first, start), min(last, end)
            if first < last:
                kinds["BUSY-TENTATIVE" if status == "TENTATIVE" else "BUSY"].append((first, last))
    return {kind: merge(periods) for kind, periods in kinds.items() if periods}


def answered(text):
    """The times of an answer, by FBTYPE."""
    kinds = {}
    for component in icalendar.Calendar.from_ical(text).walk("VFREEBUSY"):
        found = component.get("FREEBUSY", [])
        for line in found if isinstance(found, list) else [found]:
            periods = line if isinstance(line, (list, tuple)) else [line]
            for period in periods:
                start, end = period.dt
                end = start + end if isinstance(end, timedelta) else end
                kinds.setdefault(line.params["FBTYPE"], []).append((start, end))
    return kinds


def main():
    origin, user, password = sys.argv[1:]
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(origin).netloc)
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {token}", "content-type": "text/calendar"}

    def send(method, path, body=None):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()

    home = f"/dav/calendars/user/{user}/"
    send("PROPFIND", home)
    source = random.Random(7808)
    objects = [event(number, source) for number in range(120)]
    for number, text in enumerate(objects):
        status, said = send("PUT", f"{home}Default/{number}.ics", text)
        if status != 201:
            print(f"not ok freebusy: PUT: {status} {said[:200]}")
            return
    failed = 0
    for days in (1, 7, 31, 92, 366):
        for _ in range(6):
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=source.randrange(24 * 700))
            end = start + timedelta(days=days)
            query = f"start={start:%Y-%m-%dT%H:%M:%SZ}&end={end:%Y-%m-%dT%H:%M:%SZ}"
            status, text = send("GET", f"/freebusy/user/{user}?{query}")
            if status != 200:
                print(f"not ok freebusy: {query}: {status} {text[:200]}")
                failed += 1
                continue
            ours, theirs = answered(text), expected(objects, start, end)
            if ours != theirs:
                failed += 1
                kinds = {*ours, *theirs}
                differ = {k: set(ours.get(k, [])) ^ set(theirs.get(k, [])) for k in kinds}
                print(f"not ok freebusy: {query}: {str(differ)[:600]}")
    if not failed:
        print(f"ok freebusy: {len(objects)} events over 30 ranges")


main()
