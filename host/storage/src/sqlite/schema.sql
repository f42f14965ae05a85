-- Version 1. A path is written with U+0001 behind every part.
CREATE TABLE store (tenant TEXT NOT NULL, created INTEGER NOT NULL) STRICT;

-- Whoever owns mailboxes; '' is the tenant. `counter` is the last modseq given, `modseq` the last
-- that everyone sees: private annotations move the former alone.
CREATE TABLE owner (
    owner TEXT NOT NULL PRIMARY KEY,
    counter INTEGER NOT NULL DEFAULT 0,
    modseq INTEGER NOT NULL DEFAULT 0,
    oldest INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    limited INTEGER NOT NULL DEFAULT 0,
    bytes_limit INTEGER,
    messages_limit INTEGER
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a handle to a deleted mailbox must never open another.
CREATE TABLE mailbox (
    mailbox INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    above TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES owner,
    modseq INTEGER NOT NULL,
    oldest INTEGER NOT NULL,
    uid_next INTEGER NOT NULL DEFAULT 1,
    messages INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX mailbox_above ON mailbox (above, path);
CREATE INDEX mailbox_owner ON mailbox (owner, type);

CREATE TABLE mailbox_removed (
    path TEXT NOT NULL PRIMARY KEY,
    above TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    modseq INTEGER NOT NULL,
    grants TEXT NOT NULL,
    removed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_removed_time ON mailbox_removed (removed);

-- Who may do what. kind: 0 anyone, 1 authenticated, 2 principal, 3 group.
CREATE TABLE acl (
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    negative INTEGER NOT NULL,
    rights INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind, name, negative)
) STRICT, WITHOUT ROWID;
CREATE INDEX acl_name ON acl (kind, name);

-- The bytes of messages, shared by copies. A body that is not in the row lies in the object store
-- under the digest of its messages.
CREATE TABLE content (
    content INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    header BLOB NOT NULL,
    body BLOB
) STRICT;

CREATE TABLE message (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    size INTEGER NOT NULL,
    header_size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    name TEXT,
    content_type TEXT NOT NULL,
    flags TEXT NOT NULL,
    shared INTEGER NOT NULL DEFAULT 0,
    private INTEGER NOT NULL DEFAULT 0,
    keys_version INTEGER NOT NULL,
    content INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX message_name ON message (mailbox, name) WHERE name IS NOT NULL;
CREATE INDEX message_modseq ON message (mailbox, modseq);
CREATE INDEX message_digest ON message (digest);

CREATE TABLE removed (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    modseq INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    name TEXT,
    removed INTEGER NOT NULL,
    PRIMARY KEY (mailbox, modseq, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_name ON removed (mailbox, name) WHERE name IS NOT NULL;
CREATE INDEX removed_time ON removed (removed);

-- uid 0 is the mailbox itself; principal '' is everyone.
CREATE TABLE annotation (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    uid INTEGER NOT NULL,
    name TEXT NOT NULL,
    principal TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (mailbox, uid, name, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX annotation_principal ON annotation (principal) WHERE principal <> '';

-- What moved for one principal alone. message.private counts these rows.
CREATE TABLE private_change (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    principal TEXT NOT NULL,
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX private_change_modseq ON private_change (mailbox, principal, modseq);
CREATE TABLE private_state (
    owner TEXT NOT NULL,
    principal TEXT NOT NULL,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (owner, principal)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_text (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, name, value, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_text_uid ON key_text (mailbox, uid, name);

CREATE TABLE key_number (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, name, value, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_number_uid ON key_number (mailbox, uid, name);

-- Intervals by the size of their length in bits: those of one class that overlap a window begin
-- less than twice that length before it, so each class is one short range of the key. An R*Tree
-- would round milliseconds to 32 bits, and PostgreSQL has none.
CREATE TABLE key_interval (
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    name TEXT NOT NULL,
    class INTEGER NOT NULL,
    value INTEGER NOT NULL,
    until INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, name, class, value, until, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_interval_uid ON key_interval (mailbox, uid, name);
CREATE TABLE interval_class (class INTEGER PRIMARY KEY, width REAL NOT NULL) STRICT;
WITH RECURSIVE n (class, width) AS (SELECT 0, 1.0 UNION ALL SELECT class + 1, width * 2 FROM n WHERE class < 64)
INSERT INTO interval_class SELECT class, width FROM n;

-- The text is kept in `words`, so that copies and repairs need not ask the module again.
CREATE TABLE key_words (
    words INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    uid INTEGER NOT NULL,
    name TEXT NOT NULL
) STRICT;
CREATE INDEX key_words_uid ON key_words (mailbox, uid, name);
CREATE VIRTUAL TABLE words USING fts5 (scope, text, tokenize = 'unicode61 remove_diacritics 2');
-- Two pieces of one size are enough to be merged: see words.rs.
INSERT INTO words (words, rank) VALUES ('usermerge', 2);

CREATE TABLE lock (
    token TEXT NOT NULL PRIMARY KEY,
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    name TEXT,
    exclusive INTEGER NOT NULL,
    deep INTEGER NOT NULL,
    owner BLOB NOT NULL,
    principal TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lock_mailbox ON lock (mailbox);
CREATE INDEX lock_principal ON lock (principal);
CREATE INDEX lock_expires ON lock (expires);

CREATE TABLE subscription (
    principal TEXT NOT NULL,
    mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
    PRIMARY KEY (principal, mailbox)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_mailbox ON subscription (mailbox);

-- Blobs that wait to be linked.
CREATE TABLE kept (
    principal TEXT NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    body BLOB,
    expires INTEGER NOT NULL,
    PRIMARY KEY (principal, digest)
) STRICT;
CREATE INDEX kept_digest ON kept (digest);
CREATE INDEX kept_expires ON kept (expires);

-- Bodies in the object store that lost their last link, and when.
CREATE TABLE unlinked (digest BLOB NOT NULL PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE parcel (parcel INTEGER PRIMARY KEY AUTOINCREMENT, message BLOB NOT NULL) STRICT;
CREATE TABLE delivery (
    delivery INTEGER PRIMARY KEY AUTOINCREMENT,
    parcel INTEGER NOT NULL REFERENCES parcel,
    module TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    purpose INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX delivery_due ON delivery (due);
CREATE INDEX delivery_parcel ON delivery (parcel);

CREATE TABLE timer (
    principal TEXT NOT NULL,
    module TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    token BLOB NOT NULL,
    PRIMARY KEY (principal, module, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due);

-- The directory. kind: 0 user, 1 group, 2 room, 3 resource. `folded` is what searches compare.
CREATE TABLE principal (
    id TEXT NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    display_name TEXT NOT NULL,
    folded TEXT NOT NULL,
    argon2id TEXT NOT NULL DEFAULT '',
    scram_sha_256 TEXT NOT NULL DEFAULT '',
    scram_sha_1 TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE TABLE address (
    folded TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    principal TEXT NOT NULL REFERENCES principal ON DELETE CASCADE,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX address_principal ON address (principal, position);
CREATE TABLE member (
    grp TEXT NOT NULL REFERENCES principal ON DELETE CASCADE,
    member TEXT NOT NULL REFERENCES principal ON DELETE CASCADE,
    PRIMARY KEY (grp, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_member ON member (member, grp);
