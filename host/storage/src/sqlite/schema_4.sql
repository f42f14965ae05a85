-- Version 4. Endpoints: where what has changed is posted to. `due` is when something may be posted
-- next, and `slowed` by how much it then waits beyond what everyone does, in milliseconds.
CREATE TABLE endpoint (
    endpoint INTEGER PRIMARY KEY AUTOINCREMENT,
    principal TEXT NOT NULL,
    module TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    token BLOB NOT NULL,
    since INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL,
    first BLOB,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    slowed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (principal, module, name)
) STRICT;
CREATE INDEX endpoint_expires ON endpoint (expires);
-- Apart, so that the secrets are written once and never moved when the rest changes.
CREATE TABLE endpoint_target (
    endpoint INTEGER PRIMARY KEY REFERENCES endpoint ON DELETE CASCADE,
    url TEXT NOT NULL,
    content_type TEXT NOT NULL,
    public_key BLOB,
    auth_secret BLOB,
    server_key BLOB NOT NULL
) STRICT;
-- What it waits for. path '' is all of the owner; `seen` is the owner's counter when it was last told.
CREATE TABLE endpoint_topic (
    endpoint INTEGER NOT NULL REFERENCES endpoint ON DELETE CASCADE,
    owner TEXT NOT NULL,
    path TEXT NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (endpoint, owner, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoint_topic_owner ON endpoint_topic (owner);
