INSERT INTO journal_position (node_id, seq, epoch) VALUES ('node-of-epoch', 0, 'epoch-1');
