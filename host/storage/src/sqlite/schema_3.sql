-- Version 3. Texts that `words` is still to learn; see words.rs.
CREATE TABLE new_words (
    words INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
