"""Writes and reads files of mail with Python's mailbox module, for transfer.sh."""

import email.message
import mailbox
import os
import pathlib
import sys

what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
TIME = 1_000_000_000


def messages(count):
    for number in range(count):
        message = email.message.EmailMessage()
        message["Subject"] = f"Message {number}"
        message["Message-ID"] = f"<{number}@example.test>"
        lines = [f"Line {number}", "From here on", ">From there", ".", ""]
        message.set_content("\n".join(lines * (1 + number % 7)))
        yield message.as_bytes()


def make(count):
    folder.mkdir(parents=True)
    (folder / "eml").mkdir()
    maildir = mailbox.Maildir(folder / "maildir")
    mbox = (folder / "mbox").open("wb")
    for number, message in enumerate(messages(count)):
        entry = mailbox.MaildirMessage(message)
        entry.set_subdir("cur")
        if number % 2:
            entry.set_flags("FS")
        name = maildir.add(entry)
        for path in (folder / "maildir/cur").glob(f"{name}*"):
            os.utime(path, (TIME + number, TIME + number))
        (folder / "eml" / f"{number}.eml").write_bytes(message)
        # mailbox.mbox writes the older form, of which nobody can tell what was quoted.
        mbox.write(b"From - Thu Jan  1 00:00:00 1970\n")
        for line in message.splitlines(keepends=True):
            mbox.write(b">" * line.lstrip(b">").startswith(b"From ") + line)
        mbox.write(b"\n")


def result(name, fine, why=""):
    print(f"ok {name}" if fine else f"not ok {name}: {why}", flush=True)


def unquote(message):
    lines = message.splitlines(keepends=True)
    return b"".join(
        line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line
        for line in lines
    )


def compare(to, form):
    expected = sorted((folder / "eml" / name).read_bytes() for name in os.listdir(folder / "eml"))
    for source in ("maildir", "mbox", "eml"):
        if form == "maildir":
            box = mailbox.Maildir(to / f".{source}", create=False)
            found = [box.get_bytes(key) for key in box.keys()]
            if source == "maildir":
                flags = sum("".join(sorted(m.get_flags())) == "FS" for m in box)
                result("transfer flags", flags == len(expected) // 2, flags)
                dates = {int(m.get_date()) - TIME for m in box}
                result("transfer dates", dates == set(range(len(expected))), dates)
        elif form == "mbox":
            box = mailbox.mbox(to / source / "mbox", create=False)
            found = [unquote(box.get_bytes(key)) for key in box.keys()]
        else:
            files = [path for path in (to / source).iterdir() if path.is_file()]
            found = [path.read_bytes().replace(b"\r\n", b"\n") for path in files]
        found.sort()
        result(f"transfer {source} as {form}", found == expected, f"{len(found)} messages")


if what == "make":
    make(int(sys.argv[3]))
else:
    compare(pathlib.Path(sys.argv[3]), sys.argv[4])
