-- What was done, in the order in which it was taken note of: each link holds a hash of its event and of the link before.
CREATE TABLE audit_link (
  seq              BIGINT PRIMARY KEY,
  event_id         TEXT NOT NULL UNIQUE,
  -- SHA-256 in hex.
  hash             TEXT NOT NULL
);

-- The newest link; one row, which whoever adds links holds meanwhile.
CREATE TABLE audit_head (
  id               BIGINT PRIMARY KEY,
  seq              BIGINT NOT NULL,
  hash             TEXT NOT NULL,
  -- When the newest event that has a link happened.
  at_ms            BIGINT NOT NULL
);

INSERT INTO audit_head (id, seq, hash, at_ms) VALUES (1, 0, '', 0);

CREATE INDEX audit_event_by_time ON audit_event (at_ms);
