import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { jwtVerify } from 'jose';
import { engines, rejectionOf, type TestDatabase } from '../../test/databases.ts';
import { tokenParties } from '../auth/access-token.ts';
import { ManualClock } from '../clock.ts';
import { VaultError } from '../vault/seal.ts';
import { mintAccessToken } from './mint.ts';
import { SigningKeys } from './signing-keys.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const parties = tokenParties('https://turnpike.example.com');

describe.each(engines)('$name', (engine) => {
  const masterKey = crypto.getRandomValues(new Uint8Array(32));
  const clock = new ManualClock(1_800_000_000_000);
  let opened: TestDatabase;
  beforeAll(async () => {
    opened = await engine.open();
  });
  afterAll(() => opened.dispose());

  const node = () => new SigningKeys({ database: opened.database, clock, masterKey });
  const kidsOf = async (keys: SigningKeys) => (await keys.published()).map(({ kid }) => kid);

  test('nodes that start at once agree on one key, and each knows what the other signed', async () => {
    const nodes = [node(), node(), node(), node()];
    const early = node();
    expect(await early.findPublicKey('unknown')).toBeNull();
    const signers = await Promise.all(nodes.map((each) => each.signer()));
    const [signer] = signers;
    expect(new Set(signers.map(({ kid }) => kid)).size).toBe(1);
    const issuedAt = clock.nowMs() / 1000;
    const { token } = await mintAccessToken(signer!, parties, {
      ...{ subject: 's', policyId: 'p', issuerId: 'i', targetKeyHash: 'h' },
      ...{ issuedAt, expiresAt: issuedAt + 900 },
    });
    const publicKey = await early.findPublicKey(signer!.kid);
    const currentDate = new Date(clock.nowMs());
    expect((await jwtVerify(token, publicKey!, { currentDate })).payload.sub).toBe('s');
  });

  test('what is shown has the seven members that clients read, and nothing of the private key', async () => {
    const shown = await node().published();
    expect(shown).toHaveLength(1);
    expect(Object.keys(shown[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(shown[0]).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' });
    const rows = await opened.database.db.selectFrom('signing_key').selectAll().execute();
    expect(rows[0]?.sealed_private_jwk).toStartWith('v1.');
    expect(JSON.stringify(rows)).not.toContain('"d"');
  });

  test('another master key opens nothing', async () => {
    const stranger = new SigningKeys({ database: opened.database, clock, masterKey: new Uint8Array(32) });
    expect(await rejectionOf(stranger.signer())).toBeInstanceOf(VaultError);
  });

  test('keys follow one another: shown a day before, gone when the last token is dead, the same on every node', async () => {
    const [one, other] = [node(), node()];
    const [old] = await kidsOf(one);
    clock.advance(29 * DAY_MS + 1000);
    await Promise.all([one.maintain(), other.maintain()]);
    const both = await kidsOf(one);
    expect(both).toHaveLength(2);
    expect(await kidsOf(other)).toEqual(both);
    expect((await one.signer()).kid).toBe(old!);
    clock.advance(DAY_MS);
    expect((await one.signer()).kid).toBe(both[1]!);
    expect(await other.findPublicKey(old!)).not.toBeNull();
    clock.advance(17 * 60_000);
    expect(await kidsOf(other)).toEqual([both[1]!]);
    expect(await other.findPublicKey(old!)).toBeNull();
    clock.advance(8 * DAY_MS);
    await one.maintain();
    const rows = await opened.database.db.selectFrom('signing_key').select('kid').execute();
    expect(rows).toEqual([{ kid: both[1]! }]);
  });

  test('after a long sleep there is a key to sign with at once', async () => {
    clock.advance(400 * DAY_MS);
    const signers = await Promise.all([node().signer(), node().signer()]);
    expect(signers[0]?.kid).toBe(signers[1]!.kid);
  });
});

test('a gateway whose tokens nobody wants makes no keys', async () => {
  const opened = await engines[0]!.open();
  const clock = new ManualClock(1_800_000_000_000);
  await new SigningKeys({ database: opened.database, clock, masterKey: new Uint8Array(32) }).maintain();
  const rows = await opened.database.db.selectFrom('signing_key').select('kid').execute();
  expect(rows).toEqual([]);
  await opened.dispose();
});
