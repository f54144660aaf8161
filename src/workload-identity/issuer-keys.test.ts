import { describe, expect, test } from 'bun:test';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { rejectionOf } from '../../test/databases.ts';
import { ManualClock } from '../clock.ts';
import { EgressError } from '../egress/public-host.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { parseJwks, pinnedJwksFault } from './jwks.ts';

const ISSUER = 'https://idp.example.com/tenant/';
const DISCOVERY = 'https://idp.example.com/tenant/.well-known/openid-configuration';
const JWKS = 'https://keys.example.com/jwks';
const MINUTE_MS = 60_000;

const jwkOf = async (kid: string, alg = 'ES256'): Promise<JWK> => ({
  ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).publicKey)),
  kid,
});
const [first, second] = [await jwkOf('first'), await jwkOf('second')];

function setUp() {
  const clock = new ManualClock(1_800_000_000_000);
  const asked: string[] = [];
  const documents = new Map<string, unknown>([
    [DISCOVERY, { issuer: ISSUER, jwks_uri: JWKS }],
    [JWKS, { keys: [first] }],
  ]);
  const keys = new IssuerKeys({
    clock,
    async get(address) {
      asked.push(address);
      const document = documents.get(address);
      if (document === undefined) throw new EgressError('down');
      return typeof document === 'string' ? document : JSON.stringify(document);
    },
  });
  const source = { issuerUrl: ISSUER, jwksUrl: null, pinnedJwks: null };
  const find = async (kid: string, from = source) => {
    try {
      await keys.finder(from)({ alg: 'ES256', kid }, { payload: '', signature: '' });
      return 'found';
    } catch (thrown) {
      return thrown instanceof Error ? thrown.name : 'not an error';
    }
  };
  return { clock, asked, documents, find, source };
}

describe('keys that are fetched', () => {
  test('are found by discovery, and asked for once in ten minutes', async () => {
    const { clock, asked, find } = setUp();
    expect(await Promise.all([find('first'), find('first')])).toEqual(['found', 'found']);
    expect(asked).toEqual([DISCOVERY, JWKS]);
    clock.advance(10 * MINUTE_MS);
    expect(await find('first')).toBe('found');
    expect(asked).toHaveLength(2);
    clock.advance(1);
    expect(await find('first')).toBe('found');
    expect(asked).toHaveLength(4);
  });

  test('come from a JWKS URL without discovery', async () => {
    const { asked, find, source } = setUp();
    expect(await find('first', { ...source, jwksUrl: JWKS } as never)).toBe('found');
    expect(asked).toEqual([JWKS]);
  });

  test('are asked for anew when one is unknown, but once a minute however many unknown ones come', async () => {
    const { clock, asked, documents, find } = setUp();
    await find('first');
    documents.set(JWKS, { keys: [first, second] });
    expect(await find('second')).toBe('JWKSNoMatchingKey');
    clock.advance(MINUTE_MS);
    expect(await find('second')).toBe('found');
    expect(asked).toHaveLength(4);
    for (let round = 0; round < 10; round += 1) expect(await find('third')).toBe('JWKSNoMatchingKey');
    expect(asked).toHaveLength(4);
  });

  test('are refused once their issuer takes them back', async () => {
    const { clock, documents, find } = setUp();
    await find('first');
    documents.set(JWKS, { keys: [second] });
    clock.advance(10 * MINUTE_MS + 1);
    expect(await find('first')).toBe('JWKSNoMatchingKey');
  });

  test('serve for a day while the issuer is down, which is not asked all the time', async () => {
    const { clock, asked, documents, find } = setUp();
    await find('first');
    documents.clear();
    clock.advance(11 * MINUTE_MS);
    expect([await find('first'), await find('first')]).toEqual(['found', 'found']);
    expect(asked).toHaveLength(3);
    clock.advance(24 * 60 * MINUTE_MS);
    expect(await find('first')).toBe('IssuerUnavailable');
  });

  test('an unknown one is no wrong one while the issuer is down', async () => {
    const { clock, documents, find } = setUp();
    await find('first');
    documents.clear();
    clock.advance(2 * MINUTE_MS);
    expect(await find('second')).toBe('IssuerUnavailable');
    expect(await find('first')).toBe('found');
  });

  test('are asked for again ten seconds after a failure', async () => {
    const { clock, asked, documents, find } = setUp();
    const keySet = documents.get(JWKS);
    documents.delete(JWKS);
    expect([await find('first'), await find('first')]).toEqual(['IssuerUnavailable', 'IssuerUnavailable']);
    expect(asked).toEqual([DISCOVERY, JWKS]);
    documents.set(JWKS, keySet);
    clock.advance(10_000);
    expect(await find('first')).toBe('found');
  });

  test.each<[string, string, unknown]>([
    ['a discovery document of another issuer', DISCOVERY, { issuer: ISSUER.slice(0, -1), jwks_uri: JWKS }],
    ['one without a jwks_uri', DISCOVERY, { issuer: ISSUER }],
    ['one that is not JSON', DISCOVERY, '<html>'],
    ['one that is null', DISCOVERY, null],
    ['a key set that is not JSON', JWKS, '<html>'],
    ['one without keys', JWKS, {}],
    ['one with too many', JWKS, { keys: Array.from({ length: 101 }, () => first) }],
  ])('%s is as good as none', async (_case, address, document) => {
    const { documents, find } = setUp();
    documents.set(address, document);
    expect(await find('first')).toBe('IssuerUnavailable');
  });

  test('of other kinds beside them do no harm', async () => {
    const { documents, find } = setUp();
    const others = [{ kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: 'first' }, { kty: 'oct', k: 'AA' }, 1, null];
    documents.set(JWKS, { keys: [...others, { ...first, use: 'enc', kid: 'enc' }, first] });
    expect([await find('first'), await find('enc')]).toEqual(['found', 'JWKSNoMatchingKey']);
  });
});

test('pinned keys are the only ones, and nobody is asked', async () => {
  const { asked, find, source } = setUp();
  const pinned = { ...source, pinnedJwks: JSON.stringify({ keys: [second] }) } as never;
  expect([await find('second', pinned), await find('first', pinned)]).toEqual(['found', 'JWKSNoMatchingKey']);
  expect(asked).toEqual([]);
});

test('a pinned set holds public keys that can verify, and nothing else', async () => {
  expect(pinnedJwksFault({ keys: [first, await jwkOf('rsa', 'RS256')] })).toBeNull();
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  expect(pinnedJwksFault({ keys: [await exportJWK(privateKey)] })).toContain('public keys only');
  expect(pinnedJwksFault({ keys: [{ kty: 'oct', k: 'AA' }] })).toContain('public keys only');
  for (const value of [
    null,
    [],
    'x',
    {},
    { keys: {} },
    { keys: [] },
    { keys: [null] },
    { keys: [{ ...first, crv: 'P-384' }] },
  ])
    expect(pinnedJwksFault(value)).toBeString();
  expect(await rejectionOf(Promise.resolve().then(() => parseJwks('[]')))).toBeInstanceOf(Error);
});
