import { expect, test } from 'bun:test';
import { createReadiness } from './readiness.ts';

test('a node that is told to stop while a slow database is asked is not ready when that answers', async () => {
  let isRetiring = false;
  const database = Promise.withResolvers<void>();
  const readiness = createReadiness({
    isRetiring: () => isRetiring,
    journal: { failed: false },
    askDatabase: () => database.promise,
  });
  const asked = readiness();
  isRetiring = true;
  database.resolve();
  expect(await asked).toBe('stopping');
});
