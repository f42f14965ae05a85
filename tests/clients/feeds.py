"""Delivers mail by LMTP, and reads it from feeds. Called by feeds.sh."""

import base64
import html
import re
import smtplib
import sys
import urllib.error
import urllib.parse
import urllib.request
from email.message import EmailMessage

import feedparser

origin, user, password, lmtp = sys.argv[1:]
authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
COUNT = 45


def check(name, good, said=""):
    print(f"ok feeds {name}" if good else f"not ok feeds {name}: {said}", flush=True)


def get(path, **fields):
    fields = {"Authorization": authorization, **fields}
    request = urllib.request.Request(urllib.parse.urljoin(origin, path), headers=fields)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def messages():
    for number in range(COUNT):
        message = EmailMessage()
        message["From"] = "Jörg Müller <joerg@example.org>"
        message["To"] = f"{user}@example.org"
        message["Subject"] = f"Nachricht {number} — <b>&amp;"
        message["Date"] = "Tue, 01 Jul 2003 10:52:37 +0200"
        message["Message-ID"] = f"<{number}@example.org>"
        message.set_content(f"Grüße {number} < & \x02 ende\n" * 30)
        if number % 3 == 0:
            message.add_alternative(f"<p>Grüße <b>{number}</b><script>x</script>", subtype="html")
        if number % 5 == 0:
            message.add_attachment(
                bytes(range(256)) * 9, maintype="audio", subtype="mpeg", filename="ä & b.mp3"
            )
        yield message


with smtplib.LMTP("127.0.0.1", int(lmtp)) as client:
    for message in messages():
        client.sendmail("joerg@example.org", [user], message.as_bytes())

status, _, page = get("/rss/")
# What mail comes into is the first of one's own.
feeds = re.findall(r'<a href="(/rss/user/[^"?]*)"', page.decode())
check("the page of feeds", status == 200 and len(feeds) > 0, status)
feed_path = html.unescape(feeds[0]) if feeds else sys.exit(1)

for form in ("atom", "rss"):
    url, titles, pages, enclosures = f"{feed_path}?format={form}", [], 0, []
    while url:
        status, headers, body = get(url)
        feed = feedparser.parse(
            body, response_headers={"content-type": headers.get("content-type", "")}
        )
        said = feed.get("bozo_exception")
        check(f"{form} page {pages + 1} has no mistakes", status == 200 and not feed.bozo, said)
        version = {"atom": "atom10", "rss": "rss20"}[form]
        check(f"{form} page {pages + 1} is {version}", feed.version == version, feed.version)
        titles += [entry.title for entry in feed.entries]
        enclosures += [e for entry in feed.entries for e in entry.get("enclosures", [])]
        dated = all(entry.get("published_parsed") for entry in feed.entries)
        check(f"{form} page {pages + 1} has dates", dated)
        ids = {entry.id for entry in feed.entries}
        check(f"{form} page {pages + 1} has ids", len(ids) == len(feed.entries))
        following = [link.href for link in feed.feed.links if link.rel == "next"]
        url = following[0] if following else None
        pages += 1
    expected = [f"Nachricht {number} — <b>&amp;" for number in reversed(range(COUNT))]
    check(f"{form} has all messages", titles == expected, titles[:2])
    check(f"{form} has pages", pages == 3, pages)
    check(f"{form} has enclosures", len(enclosures) == COUNT // 5, len(enclosures))
    for enclosure in enclosures[:1]:
        status, headers, body = get(enclosure.href)
        check(f"{form} enclosure is decoded", body == bytes(range(256)) * 9, (status, len(body)))
        check(f"{form} enclosure has its type", headers["content-type"] == "audio/mpeg")
        check(f"{form} enclosure has its length", int(enclosure.length) == len(body))

status, headers, _ = get(feed_path)
status, _, _ = get(feed_path, **{"If-None-Match": headers["etag"]})
check("what has not changed is not sent", status == 304, status)
status, headers, page = get(f"{feed_path}/1.")
check("a message is a page", status == 200 and b"<script" not in page, status)
check("which nothing runs in", "sandbox" in (headers["content-security-policy"] or ""))
