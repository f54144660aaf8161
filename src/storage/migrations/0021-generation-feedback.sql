-- What callers think of an answer: the newest word of each author in each category.
CREATE TABLE generation_feedback (
  generation_id    TEXT NOT NULL,
  -- The hash of the key that it came with.
  key_hash         TEXT NOT NULL,
  category         TEXT NOT NULL,
  account_id       TEXT NOT NULL,
  comment          TEXT,
  created_at_ms    BIGINT NOT NULL,
  PRIMARY KEY (generation_id, key_hash, category)
);

CREATE INDEX generation_feedback_by_account ON generation_feedback (account_id, created_at_ms);
