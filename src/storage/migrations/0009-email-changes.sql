-- E-mail addresses that users want instead of the one they have, until the link in the mail to the new one is opened.

CREATE TABLE email_change (
  -- One for each: a newer wish takes the older one's place, and voids its link.
  user_id                     TEXT PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
  token_hash                  TEXT NOT NULL UNIQUE,
  -- In lower case. Somebody else may have it.
  email                       TEXT NOT NULL,
  expires_at_ms               BIGINT NOT NULL
);
