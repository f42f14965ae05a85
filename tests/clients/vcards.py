"""Compares what readers find in cards: FOLDER, what other readers have found, and how many cards there are.

The first of them is the card in version 3.0 as vcf reads it; every other reader, and every other
version, must have the same.
"""

import json
import pathlib
import sys

import vobject

folder, others, expected = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2])), int(sys.argv[3])
# What all versions can say, and all readers know.
NAMES = ["fn", "n", "nickname", "email", "tel", "adr", "org", "title", "role", "note", "url", "categories"]
ORDER = {
    "n": ["family", "given", "additional", "prefix", "suffix"],
    "adr": ["box", "extended", "street", "city", "region", "code", "country"],
}


def join(value, by):
    return value if isinstance(value, str) else by.join(join(part, ",") for part in value)


def by_vobject(text):
    card = vobject.readOne(text)
    card.validate()
    found = []
    for line in card.getChildren():
        name = line.name.lower()
        value = line.value
        if name in ORDER:
            value = [getattr(value, part) for part in ORDER[name]]
        if isinstance(value, (str, list)):
            found.append([name, join(value, "," if name == "categories" else ";")])
    return found


def facts(found):
    """What is compared: names and values, in order, without what is only another way to write them."""
    told = []
    for name, value in found:
        name = name.lower()
        if name in NAMES:
            value = value.removeprefix("tel:").rstrip(";").replace("\r\n", "\n")
            # ical.js takes `\\;` and `\\:` for text.
            told.append((name, value.replace("\\;", ";").replace("\\:", ":")))
    return sorted(told)


def cut(found):
    """As vobject has it, which ends these at a comma."""
    ends = ["nickname", "url"]
    return [(name, value.split(",")[0] if name in ends else value) for name, value in found]


def compare(reader, file, found, judged):
    if judged and found == judged:
        print(f"ok vcards: {reader} reads {file}")
    else:
        missing = [fact for fact in judged if fact not in found]
        more = [fact for fact in found if fact not in judged]
        print(f"not ok vcards: {reader} reads {file}: not {missing}, but {more}")


count = 0
for first in sorted(folder.glob("*.3.0.vcf")):
    card = first.name.removesuffix(".3.0.vcf")
    count += 1
    judged = facts(others[first.name]["vcf"])
    compare("vobject", first.name, facts(by_vobject(first.read_text(encoding="utf-8"))), cut(judged))
    for file in [first.name, f"{card}.4.0.vcf", f"{card}.json"]:
        for reader, found in others[file].items():
            if (reader, file) != ("vcf", first.name):
                compare(reader, file, facts(found), judged)
print("ok vcards: all were read" if count == expected else f"not ok vcards: {count} of {expected}")
