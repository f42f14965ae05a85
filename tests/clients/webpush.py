"""A device with push subscriptions, and its push service. ORIGIN USER PASSWORD FOLDER BINARY

What comes is decrypted by http_ece and verified by py_vapid: RFC 8291, RFC 8292.
"""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import queue
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time

import http_ece
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

origin, user, password, folder, binary = sys.argv[1:]
folder = pathlib.Path(folder)
conf = folder / "chapar.conf"
VAPID = "urn:ietf:params:jmap:webpush-vapid"
WAIT = 60


def check(name, is_so, said=""):
    print(f"ok webpush {name}" if is_so else f"not ok webpush {name}: {said}", flush=True)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Service(http.server.ThreadingHTTPServer):
    """The push service: each path has a queue of what came, and answers that are to be given."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "push.pem", folder / "push.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.came, self.answers = {}, {}
        self.origin = f"https://localhost:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def at(self, path):
        return self.came.setdefault(path, queue.Queue())

    def next(self, path):
        return self.at(path).get(timeout=WAIT)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answers = self.server.answers.get(self.path)
        status, headers = answers.pop(0) if answers else (201, {})
        self.server.at(self.path).put((self.headers, body, time.monotonic()))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def server():
    port = int(origin.rsplit(":", 1)[1])
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen([binary, "serve", "-C", conf], stdout=log, stderr=log)
    for _ in range(600):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        time.sleep(0.1)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def call(method, arguments):
    using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
    answer = requests.post(
        f"{origin}/jmap/",
        auth=(user, password),
        json={"using": using, "methodCalls": [[method, arguments, "0"]]},
        timeout=30,
    )
    return answer.json()["methodResponses"][0][1]


def subscribe(path, **more):
    url = service.origin + path
    create = {"k": {"deviceClientId": "device" + path, "url": url, **more}}
    return call("PushSubscription/set", {"create": create})


def verify(path, read=lambda message: json.loads(message[1])):
    told = read(service.next(path))
    code = {"verificationCode": told["verificationCode"]}
    answer = call("PushSubscription/set", {"update": {told["pushSubscriptionId"]: code}})
    return told, answer


def deliver(subject):
    message = f"From: Joe <joe@example.com>\r\nSubject: {subject}\r\n\r\nHello.\r\n"
    with smtplib.LMTP(str(folder / "lmtp")) as lmtp:
        lmtp.sendmail("joe@example.com", [user], message.encode())


def state():
    return call("Email/get", {"accountId": user, "ids": []})["state"]


def until(what):
    for _ in range(WAIT * 10):
        if what():
            return True
        time.sleep(0.1)
    return False


service = Service()
device = ec.generate_private_key(ec.SECP256R1())
point = device.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
)
auth = os.urandom(16)
keys = {"p256dh": encode(point), "auth": encode(auth)}


def decrypt(message):
    text = http_ece.decrypt(message[1], private_key=device, auth_secret=auth)
    return json.loads(text)


def claims(message):
    field = message[0]["authorization"]
    assert Vapid02.verify(field), field
    token = field.split("t=", 1)[1].split(",")[0]
    return json.loads(decode(token.split(".")[1]))


with server():
    session = requests.get(f"{origin}/jmap/", auth=(user, password), timeout=30).json()
    key = session["capabilities"].get(VAPID, {}).get("applicationServerKey", "")
    check("RFC 9749: the key is told", len(decode(key)) == 65 and decode(key)[0] == 4, session)
    mode = (folder / "state" / "vapid.key").stat().st_mode & 0o777
    check("the key's file is nobody else's", mode == 0o600, oct(mode))
    refused = call(
        "PushSubscription/set",
        {"create": {"k": {"deviceClientId": "d", "url": service.origin.replace("https", "http")}}},
    )
    check("http is refused", refused["notCreated"]["k"]["properties"] == ["url"], refused)

    created = subscribe("/one", keys=keys)
    check("created", "id" in (created["created"] or {}).get("k", {}), created)
    first = service.next("/one")
    told = decrypt(first)
    check("RFC 8291: the verification is decrypted", told["@type"] == "PushVerification", told)
    check("of this subscription", told["pushSubscriptionId"] == created["created"]["k"]["id"])
    said = claims(first)
    check("RFC 8292: aud is the origin", said["aud"] == service.origin, said)
    check("RFC 8292: exp is within 24 hours", 0 < said["exp"] - time.time() <= 86400, said)
    check("RFC 8292: sub is the contact", said["sub"] == "mailto:push@example.org", said)
    check("RFC 8292: k is the key told", f"k={key}" in first[0]["authorization"])
    check("RFC 8030: TTL", first[0]["ttl"].isdigit() and first[0]["urgency"] == "high", first[0])
    check("content", first[0]["content-type"] == "application/json", first[0])
    check("coding", first[0]["content-encoding"] == "aes128gcm", first[0])

    deliver("before")
    wrong = {told["pushSubscriptionId"]: {"verificationCode": "0" * 32}}
    answer = call("PushSubscription/set", {"update": wrong})
    check("a wrong code is refused", answer["notUpdated"], answer)
    check("nothing is told before the right one", service.at("/one").empty())
    right = {told["pushSubscriptionId"]: {"verificationCode": told["verificationCode"]}}
    answer = call("PushSubscription/set", {"update": right})
    check("the right one is taken", answer["notUpdated"] is None, answer)
    began = time.monotonic()
    deliver("one")
    came = service.next("/one")
    change = decrypt(came)
    check("a StateChange is decrypted", change["@type"] == "StateChange", change)
    check("with the state of Email/get", change["changed"][user]["Email"] == state(), change)
    check("and is verified", claims(came)["aud"] == service.origin)
    print(f"# {came[2] - began:.2f} s from the delivery to the push service", flush=True)

with server():
    # The same subscription and the same key after a restart.
    deliver("two")
    came = service.next("/one")
    change = decrypt(came)
    check("after a restart", change["changed"][user]["Email"] == state(), change)
    check("with the same key", f"k={key}" in came[0]["authorization"])

# What comes while the server is down is told when it is up again.
(folder / "three.mbox").write_text(
    "From joe@example.com Thu Jan  1 00:00:00 2026\n"
    "From: Joe <joe@example.com>\nSubject: three\n\nHello.\n"
)
imported = subprocess.run(
    [binary, "import", "-C", conf, "--user", user, folder / "three.mbox"],
    capture_output=True,
    text=True,
)
check("import", imported.returncode == 0, imported.stderr)
with server():
    change = decrypt(service.next("/one"))
    check("what came meanwhile is told", change["changed"][user]["Email"] == state(), change)

    # A service that asks for a pause gets one, and then what is new by then.
    service.answers["/one"] = [(429, {"retry-after": "12"})]
    deliver("four")
    early = service.next("/one")
    deliver("five")
    late = service.next("/one")
    check("RFC 8620 §7.2: 429 and Retry-After", late[2] - early[2] >= 11.5, late[2] - early[2])
    change = decrypt(late)
    check("coalesced", change["changed"][user]["Email"] == state(), change)

    # A subscription without keys, for one type, at a place that is gone soon.
    created = subscribe("/two", types=["Mailbox"])
    check("without keys", (created["created"] or {}).get("k"), created)
    _, answer = verify("/two")
    check("verified", answer["notUpdated"] is None, answer)
    service.answers["/two"] = [(410, {})]
    deliver("six")
    change = json.loads(service.next("/two")[1])
    check("types", list(change["changed"][user]) == ["Mailbox"], change)

    def left():
        return call("PushSubscription/get", {"ids": None})["list"]

    check("RFC 8030: 410 ends it", until(lambda: len(left()) == 1), left())
    check("the other one stays", left()[0]["deviceClientId"] == "device/one", left())
    gone = call("PushSubscription/set", {"destroy": [left()[0]["id"]]})
    check("destroyed", gone["destroyed"] and not left(), gone)

conf.write_text(conf.read_text().replace("push_destinations: any", "push_destinations: public"))
with server():
    for url in ["https://127.0.0.1/push", "https://[::1]/push", "https://localhost/push"]:
        create = {"k": {"deviceClientId": "d", "url": url}}
        answer = call("PushSubscription/set", {"create": create})
        refused = (answer["notCreated"] or {}).get("k", {})
        check(f"{url} is not public", refused.get("properties") == ["url"], answer)
