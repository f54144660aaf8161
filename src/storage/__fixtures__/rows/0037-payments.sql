INSERT INTO billing_account (
  account_id, customer_id, payment_method_id, payment_method_label, top_up_enabled, top_up_threshold_nano_usd, top_up_amount_nano_usd,
  top_up_cap_nano_usd, top_up_stopped_because, top_up_stopped_at_ms, alert_percents, alert_credits_nano_usd, alert_base_nano_usd,
  alert_sent_percent
) VALUES
  ('account-org', 'cus_NffrFeUfNV2Hib', 'pm_1MqLiJLkdIwHu7ixUEgbFdYF', 'visa ending in 4242', 1, 10000000000, 25000000000, 100000000000,
   NULL, NULL, '[50,80,100]', 9007199254740993, -1, 100),
  ('account-personal', NULL, NULL, NULL, 0, 0, 1, 0, 'the card was refused (card_declined)', 1795176000000, '[]', NULL, NULL, 0);

INSERT INTO payment (
  id, account_id, kind, state, amount_nano_usd, fee_nano_usd, is_live, saves_card, customer_id, checkout_session_id, payment_intent_id,
  user_id, failure, refunded_nano_usd, taken_for_refunds_nano_usd, taken_for_disputes_nano_usd, created_at_ms, asked_at_ms, paid_at_ms
) VALUES
  ('0190c000-0000-7000-8000-000000000001', 'account-org', 'checkout', 'paid', 20000000000, 1100000000, 1, 1, 'cus_NffrFeUfNV2Hib',
   'cs_live_a1', 'pi_3MtwBwLkdIwHu7ix28a3tqPa', 'user-1', NULL, 5000000000, 5000000000, 15000000000, 1795176000000, 1795176000001,
   1795176000002),
  ('0190c000-0000-7000-8000-000000000002', 'account-org', 'top_up', 'open', 25000000000, 0, 0, 0, 'cus_NffrFeUfNV2Hib', NULL, NULL, NULL,
   NULL, 0, 0, 0, 1795176000000, 1795176000000, NULL),
  ('0190c000-0000-7000-8000-000000000003', 'account-org', 'top_up', 'failed', 25000000000, 0, 0, 0, 'cus_NffrFeUfNV2Hib', NULL, 'pi_failed',
   NULL, 'the card was refused (card_declined)', 0, 0, 0, 1600000000000, 1600000000000, NULL),
  ('0190c000-0000-7000-8000-000000000004', 'account-personal', 'checkout', 'expired', 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0,
   1600000000000, 1600000000000, NULL);

INSERT INTO payment_refund (id, payment_id, amount_nano_usd, state) VALUES
  ('re_1', '0190c000-0000-7000-8000-000000000001', 5000000000, 'succeeded'),
  ('re_2', '0190c000-0000-7000-8000-000000000001', 1000000000, 'undone');

INSERT INTO payment_dispute (id, payment_id, amount_nano_usd, state) VALUES
  ('du_1', '0190c000-0000-7000-8000-000000000001', 21100000000, 'held');

INSERT INTO ledger_entry (transaction_id, book, account_id, kind, amount_nano_usd, reason, created_at_ms) VALUES
  ('bought-1', 'customer_balance', 'account-org', 'purchase', 20000000000, 'purchase', 1795176000002),
  ('bought-1', 'stripe_clearing', 'account-org', 'purchase', -21100000000, 'purchase', 1795176000002),
  ('bought-1', 'purchase_fees', 'account-org', 'purchase', 1100000000, 'fee of the purchase', 1795176000002),
  ('bought-2', 'customer_balance', 'account-org', 'refund', -5000000000, 'refund', 1795176000003),
  ('bought-2', 'stripe_clearing', 'account-org', 'refund', 5000000000, 'refund', 1795176000003),
  ('bought-3', 'customer_balance', 'account-org', 'dispute', -15000000000, 'dispute of the payment', 1795176000004),
  ('bought-3', 'stripe_clearing', 'account-org', 'dispute', 15000000000, 'dispute of the payment', 1795176000004);

INSERT INTO payment_movement (payment_id, number, transaction_id) VALUES
  ('0190c000-0000-7000-8000-000000000001', 1, 'bought-1'),
  ('0190c000-0000-7000-8000-000000000001', 2, 'bought-2'),
  ('0190c000-0000-7000-8000-000000000001', 3, 'bought-3');
