-- Version 2. Messages without keys, and up to which version of the rule those of a type have some.
CREATE INDEX message_unindexed ON message (mailbox, uid) WHERE keys_version = 0;
CREATE INDEX mailbox_type ON mailbox (type);
CREATE TABLE indexed (type TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Messages on their way to the mail system, and to whom: a row for each who has not been served.
CREATE TABLE letter (
    letter INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    principal TEXT NOT NULL,
    sender TEXT NOT NULL,
    queued INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    message BLOB NOT NULL
) STRICT;
CREATE INDEX letter_principal ON letter (principal);
CREATE TABLE submission (
    submission INTEGER PRIMARY KEY AUTOINCREMENT,
    letter INTEGER NOT NULL REFERENCES letter ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX submission_due ON submission (due);
CREATE INDEX submission_letter ON submission (letter);
