"""JMAP as a client of PyPI speaks it: jmapc, over plain HTTP. ORIGIN USER PASSWORD"""

import pathlib
import sys
import tempfile

import jmapc
import requests
from jmapc.methods import (
    CoreEcho,
    CustomMethod,
    EmailChanges,
    EmailGet,
    EmailQuery,
    EmailQueryChanges,
    EmailSet,
    IdentityGet,
    MailboxGet,
    MailboxQuery,
    SearchSnippetGet,
    ThreadGet,
)
from requests.adapters import HTTPAdapter

origin, user, password = sys.argv[1:]


class Plain(HTTPAdapter):
    """jmapc asks by TLS; the server under test has none."""

    def send(self, request, *args, **kwargs):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


def check(name, is_so, said=""):
    print(f"ok jmap {name}" if is_so else f"not ok jmap {name}: {said}")


client = jmapc.Client.create_with_password(origin.split("//")[1], user, password)
client.requests_session.mount("https://", Plain())

session = client.jmap_session
check("session", session.username == user and session.api_url.startswith(origin))
check("account", client.account_id == user)
echo = client.request(CoreEcho(data={"hello": [1, True, None]}))
check("Core/echo", echo.data == {"hello": [1, True, None]}, echo)

boxes = {box.role: box for box in client.request(MailboxGet(ids=None)).data}
roles = {"inbox", "drafts", "sent", "archive", "junk", "trash"}
check("Mailbox/get", roles <= set(boxes), boxes.keys())
inbox, drafts = boxes["inbox"].id, boxes["drafts"].id
found = client.request(
    MailboxQuery(filter=jmapc.MailboxQueryFilterCondition(role="drafts"))
)
check("Mailbox/query", found.ids == [drafts], found)

state = client.request(EmailGet(ids=[])).state
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "message.eml"
    path.write_bytes(
        b"From: Joe <joe@example.com>\r\nTo: alice@example.org\r\n"
        b"Subject: =?utf-8?q?Caf=C3=A9?= on Thursday\r\n"
        b"Message-ID: <one@example.com>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee you there.\r\n"
        b"--b\r\nContent-Type: application/pdf; name=menu.pdf\r\n"
        b"Content-Disposition: attachment; filename=menu.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n--b--\r\n"
    )
    blob = client.upload_blob(path)
    check("upload", blob.size == path.stat().st_size and blob.type == "message/rfc822", blob)

    method = CustomMethod(
        data={
            "accountId": client.account_id,
            "emails": {"k": {"blobId": blob.id, "mailboxIds": {inbox: True}}},
        }
    )
    method.jmap_method = "Email/import"
    method.using = {"urn:ietf:params:jmap:mail"}
    email = client.request(method).data["created"]["k"]["id"]

    results = client.request(
        [
            EmailQuery(
                filter=jmapc.EmailQueryFilterCondition(in_mailbox=inbox),
                sort=[jmapc.Comparator(property="receivedAt", is_ascending=False)],
                collapse_threads=True,
                limit=50,
            ),
            EmailGet(
                ids=jmapc.Ref("/ids"),
                properties=["threadId", "from", "subject", "preview", "attachments"],
            ),
            ThreadGet(ids=jmapc.Ref("/list/*/threadId")),
        ],
        raise_errors=True,
    )
    listed, read, threads = (result.response for result in results)
    check("Email/query", listed.ids == [email], listed)
    message = read.data[0]
    check("Email/get", message.subject == "Café on Thursday", message)
    check("Email/get from", message.mail_from[0].email == "joe@example.com", message)
    check("Email/get preview", message.preview == "See you there.", message)
    check("Thread/get", threads.data[0].email_ids == [email], threads)

    menu = pathlib.Path(folder) / "menu.pdf"
    client.download_attachment(message.attachments[0], menu)
    check("download", menu.read_bytes() == b"%PDF-1.4", menu.read_bytes())

changes = client.request(EmailChanges(since_state=state))
check("Email/changes", changes.created == [email] and not changes.updated, changes)
by_text = jmapc.EmailQueryFilterCondition(text="thursday")
found = client.request(EmailQuery(filter=by_text))
check("Email/query of text", found.ids == [email], found)
snippet = client.request(SearchSnippetGet(ids=[email], filter=by_text))
check("SearchSnippet/get", snippet.data[0].subject == "Café on <mark>Thursday</mark>", snippet)

told = client.request(EmailSet(update={email: {"keywords/$seen": True}}))
check("Email/set update", email in (told.updated or {}), told)
unread = client.request(MailboxGet(ids=[inbox])).data[0].unread_emails
check("unreadEmails", unread == 0, unread)
draft = jmapc.Email(
    mail_from=[jmapc.EmailAddress(name="Alice", email="alice@example.org")],
    to=[jmapc.EmailAddress(name="Joe", email="joe@example.com")],
    subject="Re: Café",
    keywords={"$draft": True, "$seen": True},
    mailbox_ids={drafts: True},
    body_values={"body": jmapc.EmailBodyValue(value="I will come.")},
    text_body=[jmapc.EmailBodyPart(part_id="body", type="text/plain")],
)
told = client.request(EmailSet(create={"draft": draft}))
check("Email/set create", told.created and told.created["draft"].id, told)
query_changes = client.request(
    EmailQueryChanges(since_query_state=listed.query_state, filter=by_text)
)
check("Email/queryChanges", email in [item.id for item in query_changes.added], query_changes)
told = client.request(EmailSet(destroy=[email]))
check("Email/set destroy", told.destroyed == [email], told)
gone = client.request(EmailGet(ids=[email]))
check("Email/get of what is gone", gone.not_found == [email], gone)
identities = client.request(IdentityGet())
check("Identity/get", isinstance(identities.data, list), identities)

anonymous = requests.get(f"{origin}/jmap/", timeout=10)
check("a stranger is asked to sign in", anonymous.status_code == 401, anonymous.status_code)
