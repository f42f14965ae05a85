-- Version 5. Timers that can't be fired: `next` is when it is tried, `attempts` how often it was in vain.
ALTER TABLE timer ADD COLUMN next INTEGER NOT NULL DEFAULT 0;
ALTER TABLE timer ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
UPDATE timer SET next = due;
DROP INDEX timer_due;
CREATE INDEX timer_next ON timer (next);
