-- The scopes that a generation counted in and that its row does not tell: budgets, which come and go. Its key and its account do
-- not need a row here.
CREATE TABLE generation_scope (
  generation_id    TEXT NOT NULL,
  scope_kind       TEXT NOT NULL,
  scope_id         TEXT NOT NULL,
  PRIMARY KEY (generation_id, scope_kind, scope_id)
);
