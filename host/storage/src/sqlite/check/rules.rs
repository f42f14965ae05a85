//! What must hold between rows, as statements: one that finds what does not, one that repairs it.

/// One thing that must hold.
pub(super) struct Rule {
    /// Selects a sentence for each violation.
    pub(super) problem: &'static str,
    /// Repairs all of them; empty if that is beyond what rows can tell.
    pub(super) repair: &'static [&'static str],
    pub(super) repaired: &'static str,
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        problem: "SELECT 'message ' || m.uid || ' in ' || replace(b.path, char(1), '/')
                || ' has lost its bytes: restore it from a backup'
            FROM message m JOIN mailbox b USING (mailbox)
            WHERE NOT EXISTS (SELECT 1 FROM content c WHERE c.content = m.content)",
        repair: &[],
        repaired: "",
    },
    Rule {
        problem: "SELECT 'bytes ' || content || ' belong to no message' FROM content
            WHERE content NOT IN (SELECT content FROM message)",
        repair: &["DELETE FROM content WHERE content NOT IN (SELECT content FROM message)"],
        repaired: "removed bytes that belong to no message",
    },
    Rule {
        problem: "SELECT 'bytes ' || c.content || ' count ' || c.refs || ' links, but have '
                || count(*) FROM content c JOIN message m USING (content)
            GROUP BY c.content HAVING c.refs <> count(*)",
        repair: &["UPDATE content SET refs = (
            SELECT count(*) FROM message m WHERE m.content = content.content)"],
        repaired: "counted the links of bytes anew",
    },
    Rule {
        problem: "SELECT 'message ' || m.uid || ' in ' || replace(b.path, char(1), '/')
                || ' has other sizes than its bytes'
            FROM message m JOIN mailbox b USING (mailbox) JOIN content c USING (content)
            WHERE m.header_size <> length(c.header) OR m.size <> coalesce(length(c.body), m.size)",
        repair: &["UPDATE message SET header_size = length(c.header),
                size = coalesce(length(c.body), message.size)
            FROM content c WHERE c.content = message.content"],
        repaired: "measured the sizes of messages anew",
    },
    Rule {
        problem: "SELECT 'mailbox ' || replace(b.path, char(1), '/') || ' counts ' || b.messages
                || ' messages of ' || b.bytes || ' bytes, but has ' || count(m.uid) || ' of '
                || coalesce(sum(m.size + m.header_size), 0)
            FROM mailbox b LEFT JOIN message m USING (mailbox) GROUP BY b.mailbox
            HAVING b.messages <> count(m.uid)
                OR b.bytes <> coalesce(sum(m.size + m.header_size), 0)",
        repair: &["UPDATE mailbox SET messages = (
                SELECT count(*) FROM message m WHERE m.mailbox = mailbox.mailbox),
            bytes = (SELECT coalesce(sum(m.size + m.header_size), 0) FROM message m
                WHERE m.mailbox = mailbox.mailbox)"],
        repaired: "counted the messages of mailboxes anew",
    },
    Rule {
        problem: "SELECT 'owner ' || o.owner || ' uses ' || o.messages || ' messages of '
                || o.bytes || ' bytes, but has ' || coalesce(sum(b.messages), 0) || ' of '
                || coalesce(sum(b.bytes), 0)
            FROM owner o LEFT JOIN mailbox b USING (owner) GROUP BY o.owner
            HAVING o.messages <> coalesce(sum(b.messages), 0)
                OR o.bytes <> coalesce(sum(b.bytes), 0)",
        repair: &[
            "UPDATE owner SET messages = (SELECT coalesce(sum(b.messages), 0)
                FROM mailbox b WHERE b.owner = owner.owner),
            bytes = (SELECT coalesce(sum(b.bytes), 0) FROM mailbox b
                WHERE b.owner = owner.owner)",
        ],
        repaired: "counted what owners use anew",
    },
    Rule {
        problem: "SELECT 'mailbox ' || replace(path, char(1), '/')
                || ' has messages with uids that it would give again'
            FROM mailbox b WHERE uid_next <= (
                SELECT max(uid) FROM message m WHERE m.mailbox = b.mailbox)",
        repair: &["UPDATE mailbox SET uid_next = max(uid_next, 1 + coalesce((
            SELECT max(uid) FROM message m WHERE m.mailbox = mailbox.mailbox), 0))"],
        repaired: "raised the next uids of mailboxes",
    },
    Rule {
        problem: "SELECT 'mailbox ' || replace(path, char(1), '/')
                || ' has messages that changed after it'
            FROM mailbox b WHERE modseq < max(
                coalesce((SELECT max(modseq) FROM message m WHERE m.mailbox = b.mailbox), 0),
                coalesce((SELECT max(modseq) FROM removed r WHERE r.mailbox = b.mailbox), 0))",
        repair: &["UPDATE mailbox SET modseq = max(modseq,
            coalesce((SELECT max(modseq) FROM message m WHERE m.mailbox = mailbox.mailbox), 0),
            coalesce((SELECT max(modseq) FROM removed r WHERE r.mailbox = mailbox.mailbox), 0))"],
        repaired: "raised the modseqs of mailboxes",
    },
    Rule {
        problem: "SELECT 'owner ' || o.owner || ' has mailboxes that changed after its counter'
            FROM owner o WHERE o.modseq > o.counter
                OR o.modseq < (SELECT max(modseq) FROM mailbox b WHERE b.owner = o.owner)
                OR o.counter < (SELECT max(p.modseq) FROM private_change p
                    JOIN mailbox b USING (mailbox) WHERE b.owner = o.owner)",
        repair: &[
            "UPDATE owner SET modseq = max(modseq, coalesce((
                SELECT max(modseq) FROM mailbox b WHERE b.owner = owner.owner), 0))",
            "UPDATE owner SET counter = max(counter, modseq, coalesce((
                SELECT max(p.modseq) FROM private_change p JOIN mailbox b USING (mailbox)
                WHERE b.owner = owner.owner), 0))",
        ],
        repaired: "raised the counters of owners",
    },
    Rule {
        problem: "SELECT 'mailbox ' || replace(path, char(1), '/') || ' lies in none'
            FROM mailbox b WHERE above <> ''
                AND NOT EXISTS (SELECT 1 FROM mailbox a WHERE a.path = b.above)
                AND NOT (path LIKE 'user' || char(1) || '%'
                    AND length(path) - length(replace(path, char(1), '')) <= 3)",
        repair: &[],
        repaired: "",
    },
    Rule {
        problem: "SELECT 'mailbox ' || replace(path, char(1), '/') || ' is given to ' || owner
            FROM mailbox WHERE owner <> CASE WHEN path LIKE 'user' || char(1) || '_%'
                THEN substr(path, 6, instr(substr(path, 6), char(1)) - 1) ELSE '' END",
        repair: &[],
        repaired: "",
    },
    Rule {
        problem: "SELECT count(*) || ' keys belong to no message' FROM (
                SELECT mailbox, uid FROM key_text UNION ALL SELECT mailbox, uid FROM key_number
                UNION ALL SELECT mailbox, uid FROM key_interval
                UNION ALL SELECT mailbox, uid FROM key_words) k
            WHERE NOT EXISTS (SELECT 1 FROM message m
                WHERE m.mailbox = k.mailbox AND m.uid = k.uid) HAVING count(*) > 0",
        repair: &[
            "DELETE FROM key_text WHERE (mailbox, uid) NOT IN (SELECT mailbox, uid FROM message)",
            "DELETE FROM key_number WHERE (mailbox, uid) NOT IN (SELECT mailbox, uid FROM message)",
            "DELETE FROM key_interval WHERE (mailbox, uid) NOT IN (
                SELECT mailbox, uid FROM message)",
            "DELETE FROM key_words WHERE (mailbox, uid) NOT IN (SELECT mailbox, uid FROM message)",
        ],
        repaired: "removed keys that belong to no message",
    },
    Rule {
        problem: "SELECT 'words ' || words || ' belong to no key' FROM (
                SELECT rowid AS words FROM words UNION ALL SELECT words FROM new_words)
            WHERE words NOT IN (SELECT words FROM key_words)",
        repair: &[
            "DELETE FROM words WHERE rowid NOT IN (SELECT words FROM key_words)",
            "DELETE FROM new_words WHERE words NOT IN (SELECT words FROM key_words)",
        ],
        repaired: "removed words that belong to no key",
    },
    Rule {
        problem: "SELECT 'the words of message ' || uid || ' in mailbox ' || mailbox || ' are gone'
            FROM key_words WHERE words NOT IN (
                SELECT rowid FROM words UNION ALL SELECT words FROM new_words)",
        repair: &[
            // Version 0 makes the host ask the module for the keys again.
            "UPDATE message SET keys_version = 0 WHERE (mailbox, uid) IN (
                SELECT mailbox, uid FROM key_words WHERE words NOT IN (
                SELECT rowid FROM words UNION ALL SELECT words FROM new_words))",
            "DELETE FROM key_words WHERE words NOT IN (
                SELECT rowid FROM words UNION ALL SELECT words FROM new_words)",
        ],
        repaired: "marked messages whose words are gone to be indexed again",
    },
    Rule {
        problem: "SELECT 'annotation ' || name || ' belongs to no message' FROM annotation a
            WHERE uid > 0 AND NOT EXISTS (SELECT 1 FROM message m
                WHERE m.mailbox = a.mailbox AND m.uid = a.uid)",
        repair: &["DELETE FROM annotation WHERE uid > 0
            AND (mailbox, uid) NOT IN (SELECT mailbox, uid FROM message)"],
        repaired: "removed annotations that belong to no message",
    },
    Rule {
        problem: "SELECT 'message ' || m.uid || ' in ' || replace(b.path, char(1), '/')
                || ' miscounts its annotations'
            FROM message m JOIN mailbox b USING (mailbox)
            WHERE m.shared <> (SELECT count(*) FROM annotation a
                    WHERE a.mailbox = m.mailbox AND a.uid = m.uid AND a.principal = '')
                OR m.private <> (SELECT count(*) FROM private_change p
                    WHERE p.mailbox = m.mailbox AND p.uid = m.uid)",
        repair: &[
            "UPDATE message SET shared = (SELECT count(*) FROM annotation a
                WHERE a.mailbox = message.mailbox AND a.uid = message.uid AND a.principal = ''),
            private = (SELECT count(*) FROM private_change p
                WHERE p.mailbox = message.mailbox AND p.uid = message.uid)",
        ],
        repaired: "counted annotations anew",
    },
];
