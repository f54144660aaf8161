import { expect, test } from 'bun:test';
import { generateKeyPair, SignJWT } from 'jose';
import { rejectionOf } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { AccessTokens, tokenParties } from './access-token.ts';

const KEY_HASH = 'ab'.repeat(32);
const clock = new ManualClock(1_800_000_000_000);
const parties = tokenParties('https://turnpike.example.com');
const { publicKey, privateKey } = await generateKeyPair('ES256');

function setUp() {
  const state = { lookUps: 0, isDatabaseDown: false };
  const tokens = new AccessTokens({
    ...{ parties, clock },
    async findPublicKey(kid) {
      state.lookUps += 1;
      if (state.isDatabaseDown) throw new Error('connection refused');
      return kid === 'ours' ? publicKey : null;
    },
  });
  return { tokens, state };
}

const sign = (jti = 'one') =>
  new SignJWT({ api_key_hash: KEY_HASH, jti })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'ours' })
    .setIssuer(parties.issuer)
    .setAudience(parties.audience)
    .setExpirationTime(clock.nowMs() / 1000 + 900)
    .sign(privateKey);

test('a token is verified once, and then known without a promise', async () => {
  const { tokens, state } = setUp();
  const token = await sign();
  expect(await tokens.keyHashOf(token)).toBe(KEY_HASH);
  expect(tokens.keyHashOf(token)).toBe(KEY_HASH);
  expect(state.lookUps).toBe(1);
});

test('what is known is bounded, and what was forgotten is verified again', async () => {
  const state = { lookUps: 0 };
  const tokens = new AccessTokens({
    ...{ parties, clock },
    maxHeld: 2,
    async findPublicKey() {
      state.lookUps += 1;
      return publicKey;
    },
  });
  const all = [await sign('one'), await sign('two'), await sign('three')];
  for (const token of all) await tokens.keyHashOf(token);
  expect(tokens.keyHashOf(all[2]!)).toBe(KEY_HASH);
  expect(tokens.keyHashOf(all[0]!)).toBeInstanceOf(Promise);
  await tokens.keyHashOf(all[0]!);
  expect(state.lookUps).toBeGreaterThan(3);
});

test('a database that does not answer is a 503, not a wrong token', async () => {
  const { tokens, state } = setUp();
  state.isDatabaseDown = true;
  expect(await rejectionOf(Promise.resolve(tokens.keyHashOf(await sign())))).toMatchObject({
    status: 503,
    code: 'unavailable',
  });
});
