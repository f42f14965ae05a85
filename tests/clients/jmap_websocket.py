"""JMAP over WebSocket (RFC 8887) with clients of PyPI: websockets over HTTP/1.1, h2 over HTTP/2.
ORIGIN USER PASSWORD"""

import base64
import http.client
import json
import socket
import sys
import time
from urllib.parse import urlsplit

import h2.connection
import h2.events
import h2.settings
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

origin, user, password = sys.argv[1:]
basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"


def check(name, is_so, said=""):
    print(f"ok jmap_websocket {name}" if is_so else f"not ok jmap_websocket {name}: {said}")


def request(id, *calls, using=(CORE, MAIL)):
    return json.dumps({"@type": "Request", "id": id, "using": using, "methodCalls": calls})


session = requests.get(f"{origin}/jmap/", auth=(user, password), timeout=30).json()
capability = session["capabilities"]["urn:ietf:params:jmap:websocket"]
url = capability["url"]
check("session", url.startswith("ws://") and capability["supportsPush"], capability)


def opened(**more):
    more.setdefault("subprotocols", ["jmap"])
    more.setdefault("additional_headers", {"Authorization": basic})
    return connect(url, max_size=None, **more)


def refused(status, **more):
    try:
        opened(**more).close()
    except InvalidStatus as error:
        return error.response.status_code == status
    return False


def imported(body):
    """Imports a message by HTTP, as another client does."""
    auth = (user, password)
    message = f"Subject: {body}\r\n\r\n{body}\r\n".encode()
    upload = session["uploadUrl"].replace("{accountId}", user)
    blob = requests.post(upload, data=message, auth=auth, timeout=30).json()["blobId"]
    calls = [
        ["Mailbox/query", {"accountId": user, "filter": {"role": "inbox"}}, "0"],
    ]
    post = lambda calls: requests.post(
        session["apiUrl"], json={"using": [CORE, MAIL], "methodCalls": calls}, auth=auth, timeout=30
    ).json()["methodResponses"]
    inbox = post(calls)[0][1]["ids"][0]
    emails = {"k": {"blobId": blob, "mailboxIds": {inbox: True}}}
    return post([["Email/import", {"accountId": user, "emails": emails}, "0"]])[0][1]["created"]["k"]


check("a stranger is asked to sign in", refused(401, additional_headers={}))
check("another subprotocol is refused", refused(400, subprotocols=["chat"]))
check("a page of another origin is refused", refused(403, origin="https://evil.test"))
plain = requests.get(url.replace("ws://", "http://"), auth=(user, password), timeout=30)
check("426", plain.status_code == 426 and plain.headers["upgrade"] == "websocket", plain.headers)

with opened(origin=origin) as ws:
    check("handshake", ws.subprotocol == "jmap", ws.response.headers)
    check("no extension", not ws.protocol.extensions, ws.protocol.extensions)
    ws.send(request("R1", ["Core/echo", {"hello": True, "high": 5}, "b3ff"], using=[CORE]))
    answer = json.loads(ws.recv(30))
    echoed = [["Core/echo", {"hello": True, "high": 5}, "b3ff"]]
    check("Request", answer["@type"] == "Response" and answer["requestId"] == "R1", answer)
    check("Core/echo", answer["methodResponses"] == echoed, answer)
    ws.send("The quick brown fox jumps\n over the lazy dog.")
    answer = json.loads(ws.recv(30))
    kind = "urn:ietf:params:jmap:error:notJSON"
    check("RequestError", answer["@type"] == "RequestError" and answer["type"] == kind, answer)
    check("ping", ws.ping().wait(30))

    ids = [f"Q{n}" for n in range(40)]
    for id in ids:
        ws.send(request(id, ["Mailbox/get", {"accountId": user, "ids": None}, "0"]))
    answers = [json.loads(ws.recv(30)) for _ in ids]
    check("many at once", [answer["requestId"] for answer in answers] == ids)
    text = "x" * 3_000_000
    ws.send([request("big", ["Core/echo", {"text": text}, "0"], using=[CORE])])
    answer = json.loads(ws.recv(30))
    check("3 MB and back", answer["methodResponses"][0][1]["text"] == text)

with opened() as ws, opened() as silent:
    ws.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": ["Email", "Mailbox"]}))
    ws.send(request("sync", ["Core/echo", {}, "0"], using=[CORE]))
    check("push is enabled", json.loads(ws.recv(30))["requestId"] == "sync")
    imported("one")
    sent = time.monotonic()
    change = json.loads(ws.recv(30))
    took = time.monotonic() - sent
    check("StateChange", change["@type"] == "StateChange", change)
    check("types", set(change["changed"][user]) == {"Email", "Mailbox"}, change)
    check("within a second", took < 1, took)
    state = change["pushState"]
    try:
        while True:
            state = json.loads(ws.recv(0.5))["pushState"]
    except TimeoutError:
        pass
    ws.send(json.dumps({"@type": "WebSocketPushDisable"}))
    ws.send(request("sync", ["Core/echo", {}, "0"], using=[CORE]))
    check("push is disabled", json.loads(ws.recv(30))["requestId"] == "sync")
    imported("two")
    try:
        check("nothing more is told", False, ws.recv(1))
    except TimeoutError:
        check("nothing more is told", True)
    silent.send(json.dumps({"@type": "WebSocketPushEnable", "dataTypes": None, "pushState": state}))
    change = json.loads(silent.recv(30))
    check("pushState brings what was missed", "Email" in change["changed"][user], change)
    check("and no more than that", "Identity" not in change["changed"][user], change)


def closed(data, text=None):
    with opened() as ws:
        ws.send(data, text=text)
        try:
            return ws.recv(30)
        except ConnectionClosed as error:
            return error.rcvd and error.rcvd.code


check("1003 for what is binary", closed(b"\0") == 1003)
check("1007 for what is no UTF-8", closed(b"\xff", text=True) == 1007)


# Server-sent events over HTTP/1.1: the connection goes on when they end.
events = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=30)
target = session["eventSourceUrl"].replace(origin, "")
for name, value in {"types": "*", "closeafter": "state", "ping": "0"}.items():
    target = target.replace("{" + name + "}", value)
events.request("GET", target, headers={"Authorization": basic})
answer = events.getresponse()
kept = events.sock
imported("four")
body = answer.read().decode()
check("EventSource: one event", body.startswith("event: state\n") and body.count("event:") == 1, body)
events.request("GET", "/jmap/", headers={"Authorization": basic})
after = events.getresponse()
check("EventSource: the connection goes on", after.status == 200 and events.sock is kept)
after.read()
events.request("GET", target, headers={"Authorization": basic, "Connection": "close"})
answer = events.getresponse()
check("EventSource: or closes", answer.getheader("connection") == "close")
imported("five")
check("EventSource: and ends well", b"event: state" in answer.read())


class Http2:
    """A WebSocket by an extended CONNECT over plain HTTP/2. RFC 8441."""

    def __init__(self, path, protocol="websocket"):
        parts = urlsplit(origin)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self.connection = h2.connection.H2Connection()
        self.connection.initiate_connection()
        self.received, self.status, self.headers, self.ended = b"", None, {}, False
        while not self.allowed():
            self.pump()
        self.stream = self.connection.get_next_available_stream_id()
        headers = [
            (":method", "CONNECT"),
            (":protocol", protocol),
            (":scheme", "http"),
            (":path", path),
            (":authority", parts.netloc),
            ("authorization", basic),
            ("sec-websocket-protocol", "jmap"),
            ("sec-websocket-version", "13"),
        ]
        self.connection.send_headers(self.stream, headers)
        while self.status is None:
            self.pump()

    def allowed(self):
        return self.connection.remote_settings.enable_connect_protocol == 1

    def pump(self):
        self.socket.sendall(self.connection.data_to_send())
        data = self.socket.recv(65536)
        assert data, "the connection is closed"
        for event in self.connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                fields = [(bytes(name).decode(), bytes(value).decode()) if isinstance(name, bytes)
                          else (name, value) for name, value in event.headers]
                self.headers = dict(fields)
                self.status = int(self.headers[":status"])
            elif isinstance(event, h2.events.DataReceived):
                self.received += event.data
                self.connection.acknowledge_received_data(event.flow_controlled_length, self.stream)
            elif isinstance(event, h2.events.StreamEnded):
                self.ended = True
        self.socket.sendall(self.connection.data_to_send())

    def send(self, opcode, payload):
        frame = Frame(opcode, payload).serialize(mask=True)
        self.connection.send_data(self.stream, frame)

    def frame(self):
        """The next frame of the server: opcode and payload."""
        while True:
            if len(self.received) >= 2:
                len_of, begin = self.received[1], 2
                if len_of == 126 and len(self.received) >= 4:
                    len_of, begin = int.from_bytes(self.received[2:4], "big"), 4
                if len_of < 126 or begin == 4:
                    if len(self.received) >= begin + len_of:
                        opcode, payload = self.received[0] & 15, self.received[begin : begin + len_of]
                        self.received = self.received[begin + len_of :]
                        return opcode, payload
            self.pump()


path = urlsplit(url).path
http2 = Http2(path)
check("HTTP/2: 200", http2.status == 200, http2.status)
check("HTTP/2: subprotocol", http2.headers.get("sec-websocket-protocol") == "jmap", http2.headers)
http2.send(Opcode.TEXT, request("R2", ["Core/echo", {}, "0"], using=[CORE]).encode())
opcode, payload = http2.frame()
check("HTTP/2: Request", json.loads(payload)["requestId"] == "R2", payload)
enable = {"@type": "WebSocketPushEnable", "dataTypes": ["Email"]}
http2.send(Opcode.TEXT, json.dumps(enable).encode())
http2.send(Opcode.TEXT, request("R3", ["Core/echo", {}, "0"], using=[CORE]).encode())
check("HTTP/2: push is enabled", json.loads(http2.frame()[1])["requestId"] == "R3")
imported("three")
change = json.loads(http2.frame()[1])
check("HTTP/2: StateChange", "Email" in change["changed"][user], change)
http2.send(Opcode.CLOSE, (1000).to_bytes(2, "big"))
opcode, payload = http2.frame()
while opcode == Opcode.TEXT:
    opcode, payload = http2.frame()
check("HTTP/2: close", opcode == Opcode.CLOSE and payload[:2] == b"\x03\xe8", payload)
while not http2.ended:
    http2.pump()
check("HTTP/2: the stream ends", http2.ended)
check("HTTP/2: no other protocol", Http2(path, protocol="chat").status == 501)
check("HTTP/2: no WebSocket elsewhere", Http2("/jmap/").status == 501)
