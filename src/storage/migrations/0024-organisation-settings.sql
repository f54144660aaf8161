-- Where the days of an organisation's figures begin: an IANA zone.
ALTER TABLE account ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';

-- The picture of an organisation, as we drew it anew from what was uploaded.
CREATE TABLE account_logo (
  account_id       TEXT PRIMARY KEY REFERENCES account (id),
  -- SHA-256 of the picture: names this version of it.
  hash             TEXT NOT NULL,
  -- A PNG, in base64.
  png              TEXT NOT NULL,
  updated_at_ms    BIGINT NOT NULL
);
