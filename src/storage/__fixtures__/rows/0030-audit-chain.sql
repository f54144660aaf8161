INSERT INTO audit_link (seq, event_id, hash) VALUES
  (1, 'event-2', '9b45a8bfd0b1b7d4bb6b9e7a9b0ad1e05a9c0b3c6c6b6a0d2f0f0c9a5f1f2e3d');
