-- Credits that are bought. What an organisation is to the payment provider, and what it has settled about buying.
CREATE TABLE billing_account (
  account_id                  TEXT PRIMARY KEY REFERENCES account (id),
  -- The payment provider's names for it and for the card that it left there; null: none.
  customer_id                 TEXT UNIQUE,
  payment_method_id           TEXT,
  payment_method_label        TEXT,
  top_up_enabled              INTEGER NOT NULL CHECK (top_up_enabled IN (0, 1)),
  top_up_threshold_nano_usd   BIGINT NOT NULL CHECK (top_up_threshold_nano_usd >= 0),
  top_up_amount_nano_usd      BIGINT NOT NULL CHECK (top_up_amount_nano_usd > 0),
  -- Of credits bought so in a UTC month.
  top_up_cap_nano_usd         BIGINT NOT NULL CHECK (top_up_cap_nano_usd >= 0),
  -- Why it switched itself off; null: it did not.
  top_up_stopped_because      TEXT,
  top_up_stopped_at_ms        BIGINT,
  -- JSON: which parts of the credits, in percent, are told of when they are spent.
  alert_percents              TEXT NOT NULL,
  -- The credits when the account was last seen, and the balance when credits last came: what percents are of. Null: never yet.
  alert_credits_nano_usd      BIGINT,
  alert_base_nano_usd         BIGINT,
  -- The highest part that was told of since.
  alert_sent_percent          INTEGER NOT NULL
);

-- One order: made before the payment provider hears of it, so that nothing is paid that is not known here.
CREATE TABLE payment (
  id                          TEXT PRIMARY KEY,
  account_id                  TEXT NOT NULL REFERENCES account (id),
  kind                        TEXT NOT NULL CHECK (kind IN ('checkout', 'top_up')),
  state                       TEXT NOT NULL CHECK (state IN ('open', 'paid', 'failed', 'expired')),
  -- The credits, and what is paid on top of them; whole cents.
  amount_nano_usd             BIGINT NOT NULL CHECK (amount_nano_usd > 0),
  fee_nano_usd                BIGINT NOT NULL CHECK (fee_nano_usd >= 0),
  is_live                     INTEGER NOT NULL CHECK (is_live IN (0, 1)),
  saves_card                  INTEGER NOT NULL CHECK (saves_card IN (0, 1)),
  customer_id                 TEXT,
  checkout_session_id         TEXT UNIQUE,
  payment_intent_id           TEXT UNIQUE,
  -- Who bought; null: an automatic top-up.
  user_id                     TEXT,
  failure                     TEXT,
  -- What of it was given back at least, by what a charge says of all its refunds; and what of the credits was taken back in the ledger.
  refunded_nano_usd           BIGINT NOT NULL CHECK (refunded_nano_usd >= 0),
  taken_for_refunds_nano_usd  BIGINT NOT NULL CHECK (taken_for_refunds_nano_usd >= 0),
  taken_for_disputes_nano_usd BIGINT NOT NULL CHECK (taken_for_disputes_nano_usd >= 0),
  created_at_ms               BIGINT NOT NULL,
  -- When the payment provider was last asked about it.
  asked_at_ms                 BIGINT NOT NULL,
  paid_at_ms                  BIGINT
);

CREATE INDEX payment_listing ON payment (account_id, created_at_ms, id);

-- One automatic top-up at a time, however many nodes see that one is due.
CREATE UNIQUE INDEX payment_open_top_up ON payment (account_id) WHERE ((kind = 'top_up') AND (state = 'open'));

CREATE INDEX payment_open ON payment (created_at_ms) WHERE (state = 'open');

-- What was given back of a payment, each refund by itself: one may fail after it was announced.
CREATE TABLE payment_refund (
  id                          TEXT PRIMARY KEY,
  payment_id                  TEXT NOT NULL REFERENCES payment (id),
  amount_nano_usd             BIGINT NOT NULL CHECK (amount_nano_usd >= 0),
  state                       TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'undone'))
);

CREATE INDEX payment_refund_by_payment ON payment_refund (payment_id);

CREATE TABLE payment_dispute (
  id                          TEXT PRIMARY KEY,
  payment_id                  TEXT NOT NULL REFERENCES payment (id),
  amount_nano_usd             BIGINT NOT NULL CHECK (amount_nano_usd >= 0),
  state                       TEXT NOT NULL CHECK (state IN ('asked', 'held', 'lost', 'returned'))
);

CREATE INDEX payment_dispute_by_payment ON payment_dispute (payment_id);

-- Which transactions of the ledger a payment has made, in their order.
CREATE TABLE payment_movement (
  payment_id                  TEXT NOT NULL REFERENCES payment (id),
  number                      INTEGER NOT NULL,
  transaction_id              TEXT NOT NULL UNIQUE,
  PRIMARY KEY (payment_id, number)
);

-- What credits consist of, without the usage, of which there is a transaction a second.
CREATE INDEX ledger_entry_credits ON ledger_entry (account_id, book, created_at_ms) WHERE (kind <> 'usage');
