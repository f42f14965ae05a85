-- Version 6. The modseq at which a mailbox was renamed to its path: what is in it is new there.
ALTER TABLE mailbox ADD COLUMN placed INTEGER NOT NULL DEFAULT 0;
