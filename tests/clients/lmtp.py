"""Delivers mail with Python's smtplib, and says how fast, for lmtp.sh."""

import smtplib
import sys
import threading
import time

place, count, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def ok(name):
    print(f"ok {name}", flush=True)


def not_ok(name, why):
    print(f"not ok {name}: {why}", flush=True)


def connect():
    if place.startswith("/"):
        return smtplib.LMTP(place)
    host, port = place.rsplit(":", 1)
    return smtplib.LMTP(host, int(port))


def check(name, found, expected):
    if found == expected:
        ok(name)
    else:
        not_ok(name, f"{found!r} is not {expected!r}")


def send(client, recipients, message):
    """What sendmail does, with an answer for each recipient, which it does not wait for."""
    client.ehlo_or_helo_if_needed()
    client.mail("sender@example.test")
    codes = {recipient: client.rcpt(recipient)[0] for recipient in recipients}
    taken = [recipient for recipient in recipients if codes[recipient] == 250]
    client.docmd("DATA")
    client.send(smtplib._quote_periods(message) + b".\r\n")
    for recipient in taken:
        codes[recipient] = client.getreply()[0]
    return codes


def codes(refused):
    return {address: code for address, (code, _) in refused.items()}


with connect() as client:
    client.ehlo_or_helo_if_needed()
    for extension in ("pipelining", "8bitmime", "smtputf8", "chunking", "enhancedstatuscodes", "size"):
        check(f"lmtp offers {extension}", client.has_extn(extension), True)
    message = b"Subject: one\r\n\r\n.\r\n..two\r\n"
    answers = send(client, ["alice", "bob", "nobody"], message)
    check("lmtp answers for each recipient", answers, {"alice": 250, "bob": 250, "nobody": 550})
    try:
        client.sendmail("sender@example.test", ["nobody"], message)
        not_ok("lmtp nobody", "it was taken")
    except smtplib.SMTPRecipientsRefused as error:
        check("lmtp nobody", codes(error.recipients), {"nobody": 550})
    refused = client.sendmail("", ["alice+Folder"], message)
    check("lmtp folder that is not there", refused, {})
    refused = client.sendmail(
        "j\u00f6rg@example.test", ["alice"], message, mail_options=["SMTPUTF8", "BODY=8BITMIME"]
    )
    check("lmtp smtputf8", refused, {})
    big = b"Subject: big\r\n\r\n" + (b"b" * 76 + b"\r\n") * 50_000
    check("lmtp 4 MB", client.sendmail("sender@example.test", ["alice"], big), {})

failed = []


def deliver(number):
    try:
        with connect() as client:
            for message in range(number, count, connections):
                text = f"Subject: {message}\r\nMessage-ID: <{message}@example.test>\r\n\r\n"
                body = text.encode() + b"some words of text\r\n" * 100
                client.sendmail("sender@example.test", ["bob"], body)
    except Exception as error:
        failed.append(repr(error))


began = time.monotonic()
threads = [threading.Thread(target=deliver, args=(number,)) for number in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took = time.monotonic() - began
check(f"lmtp {count} messages over {connections} connections", failed, [])
print(f"# {count / took:.0f} messages a second")
