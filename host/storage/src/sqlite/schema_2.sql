-- Version 2. Messages without keys, and up to which version of the rule those of a type have some.
CREATE INDEX message_unindexed ON message (mailbox, uid) WHERE keys_version = 0;
CREATE INDEX mailbox_type ON mailbox (type);
CREATE TABLE indexed (type TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
