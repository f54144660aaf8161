import { expect, test } from 'bun:test';
import { rejectionOf } from '../../../test/databases.ts';
import { PasswordHasher } from './password-hash.ts';

test('a password fits its own hash alone, and no two hashes are the same', async () => {
  const hasher = new PasswordHasher();
  const [one, two] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')]);
  expect(one).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
  expect(one).not.toBe(two);
  expect(await hasher.verify({ hash: one, password: 'correct horse' })).toBe(true);
  expect(await hasher.verify({ hash: one, password: 'correct horse ' })).toBe(false);
});

test('however many come, few are hashed at once, all get their turn, and a flood is sent away', async () => {
  const hasher = new PasswordHasher({ maxRunning: 2, maxWaiting: 8 });
  const seen: number[] = [];
  const admitted = Array.from({ length: 10 }, (_, index) =>
    hasher.hash(`password ${index}`).then(() => seen.push(hasher.running)),
  );
  const refusal = await rejectionOf(hasher.hash('one too many'));
  expect(refusal).toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 });
  await Promise.all(admitted);
  expect(Math.max(...seen)).toBeLessThanOrEqual(2);
  expect(hasher.running).toBe(0);
});
