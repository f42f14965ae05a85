"""Compares a report of caldav-server-tester with the page about it: REPORT PAGE.

A feature is to be full unless a row of the page says otherwise: | `feature` | result | why |. The page
also counts the results: | result | number |.
"""

import collections
import re
import sys

report, page = (open(path, encoding="utf-8").read() for path in sys.argv[1:])

# Its own words, and those of the page: a feature whose level is none has a value instead.
RESULTS = {"unknown": "not tried", "?": "value"}

found = dict(re.findall(r"^## (\S+)\nFeature support level found: (\S+)$", report, re.MULTILINE))
found = {feature: RESULTS.get(level, level) for feature, level in found.items()}
reasons = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE))
counts = {name: int(number) for name, number in re.findall(r"^\| ([^|`]+) \| (\d+) \|$", page, re.MULTILINE)}

for feature, result in sorted(found.items()):
    expected = reasons.get(feature, "full")
    if result == expected:
        print(f"ok caldav_server_tester: {feature}: {result}")
    else:
        print(f"not ok caldav_server_tester: {feature}: {result}, not {expected}")
for feature in sorted(reasons.keys() - found.keys()):
    print(f"not ok caldav_server_tester: {feature}: the page has it, and the report has not")
if found and counts == collections.Counter(found.values()):
    print("ok caldav_server_tester: the page counts as the report does")
else:
    count = dict(collections.Counter(found.values()))
    print(f"not ok caldav_server_tester: the page counts {counts}, the report {count}")
