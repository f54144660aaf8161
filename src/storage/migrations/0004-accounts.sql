-- Users and how they sign in (the columns are better-auth's), and to which accounts they belong (ours).

CREATE TABLE "user" (
  id                          TEXT PRIMARY KEY,
  name                        TEXT NOT NULL,
  -- In lower case.
  email                       TEXT NOT NULL UNIQUE,
  email_verified              BOOLEAN NOT NULL,
  image                       TEXT,
  two_factor_enabled          BOOLEAN,
  created_at                  TIMESTAMPTZ NOT NULL,
  updated_at                  TIMESTAMPTZ NOT NULL
);

CREATE TABLE session (
  id                          TEXT PRIMARY KEY,
  token                       TEXT NOT NULL UNIQUE,
  user_id                     TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  ip_address                  TEXT,
  user_agent                  TEXT,
  expires_at                  TIMESTAMPTZ NOT NULL,
  created_at                  TIMESTAMPTZ NOT NULL,
  updated_at                  TIMESTAMPTZ NOT NULL
);

CREATE INDEX session_of_user ON session (user_id);

-- A password (hashed), or somebody's account at GitHub, Google or an OpenID provider.
CREATE TABLE sign_in_method (
  id                          TEXT PRIMARY KEY,
  account_id                  TEXT NOT NULL,
  provider_id                 TEXT NOT NULL,
  user_id                     TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  access_token                TEXT,
  refresh_token               TEXT,
  id_token                    TEXT,
  access_token_expires_at     TIMESTAMPTZ,
  refresh_token_expires_at    TIMESTAMPTZ,
  scope                       TEXT,
  password                    TEXT,
  created_at                  TIMESTAMPTZ NOT NULL,
  updated_at                  TIMESTAMPTZ NOT NULL,
  UNIQUE (provider_id, account_id)
);

CREATE INDEX sign_in_method_of_user ON sign_in_method (user_id);

CREATE TABLE verification (
  id                          TEXT PRIMARY KEY,
  identifier                  TEXT NOT NULL,
  value                       TEXT NOT NULL,
  expires_at                  TIMESTAMPTZ NOT NULL,
  created_at                  TIMESTAMPTZ NOT NULL,
  updated_at                  TIMESTAMPTZ NOT NULL
);

CREATE INDEX verification_identifier ON verification (identifier);

CREATE TABLE two_factor (
  id                          TEXT PRIMARY KEY,
  user_id                     TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  secret                      TEXT NOT NULL,
  backup_codes                TEXT NOT NULL,
  verified                    BOOLEAN,
  failed_verification_count   INTEGER,
  locked_until                TIMESTAMPTZ
);

CREATE INDEX two_factor_of_user ON two_factor (user_id);

CREATE TABLE passkey (
  id                          TEXT PRIMARY KEY,
  user_id                     TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  name                        TEXT,
  public_key                  TEXT NOT NULL,
  credential_id               TEXT NOT NULL UNIQUE,
  counter                     INTEGER NOT NULL,
  device_type                 TEXT NOT NULL,
  backed_up                   BOOLEAN NOT NULL,
  transports                  TEXT,
  aaguid                      TEXT,
  created_at                  TIMESTAMPTZ
);

CREATE INDEX passkey_of_user ON passkey (user_id);

-- Who belongs to which account, and what they may do there.
CREATE TABLE member (
  account_id                  TEXT NOT NULL REFERENCES account (id),
  user_id                     TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  role                        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  created_at_ms               BIGINT NOT NULL,
  PRIMARY KEY (account_id, user_id)
);

CREATE INDEX member_of_user ON member (user_id);

-- A way in: the setup link, which makes the first owner, and invitations. Its token is stored as a hash.
CREATE TABLE invitation (
  id                          TEXT PRIMARY KEY,
  token_hash                  TEXT NOT NULL UNIQUE,
  account_id                  TEXT NOT NULL REFERENCES account (id),
  -- Null: whoever has the link.
  email                       TEXT,
  role                        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  invited_by_user_id          TEXT,
  created_at_ms               BIGINT NOT NULL,
  expires_at_ms               BIGINT NOT NULL,
  used_at_ms                  BIGINT,
  used_by_user_id             TEXT
);

CREATE INDEX invitation_account ON invitation (account_id, created_at_ms);

-- How often somebody tried what must not be tried often, such as a password: by address and by account.
CREATE TABLE attempt_count (
  -- What is counted and for whom, as a keyed hash.
  subject                     TEXT PRIMARY KEY,
  attempts                    INTEGER NOT NULL,
  window_ends_at_ms           BIGINT NOT NULL
);

CREATE INDEX attempt_count_age ON attempt_count (window_ends_at_ms);
