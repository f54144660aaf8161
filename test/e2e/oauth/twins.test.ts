/** A request that is sent twice, by a client that lost the answer, and one that a thief repeats. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines } from '../../databases.ts';
import {
  answerOf,
  type Bench,
  codeOf,
  INVALID,
  refusal,
  S256,
  startBench,
  statusWith,
  VERIFIER,
} from './bench.ts';

const HOME = '203.0.113.7';
const ELSEWHERE = '198.51.100.9';

for (const engine of engines) {
  describe(`a code that is sent again, on ${engine.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name, config: { trusted_proxies: ['127.0.0.1'] } });
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    const exchange = async (code: string, from: string) =>
      await answerOf(
        await fetch(`${bench.gateway.baseUrl}/auth/keys`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
          body: JSON.stringify({ code, code_verifier: VERIFIER }),
        }),
      );
    const newCode = () => codeOf(bench, bench.owner, { callback_url: 'https://your-app.com/cb', ...S256 });
    const exchanged = async (): Promise<{ code: string; key: string }> => {
      const code = await newCode();
      return { code, key: (await exchange(code, HOME)).json.key };
    };

    test('at once from the same place is refused, and the first key stays', async () => {
      const { code, key } = await exchanged();
      for (const waitMs of [0, 3000, 7000]) {
        bench.clock.advance(waitMs);
        expect(await exchange(code, HOME)).toMatchObject(refusal(403, INVALID));
        expect(await statusWith(bench.gateway, key)).toBe(200);
      }
      // The clients above came within ten seconds, all of them.
      bench.clock.advance(1);
      expect(await exchange(code, HOME)).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(bench.gateway, key)).toBe(401);
    });

    test('at once from another place takes the key away', async () => {
      const { code, key } = await exchanged();
      expect(await exchange(code, ELSEWHERE)).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(bench.gateway, key)).toBe(401);
    });

    test('eight times at the same moment makes one key, which stays', async () => {
      const code = await newCode();
      const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(code, HOME)));
      const [made, ...more] = answers.filter(({ status }) => status === 200);
      expect(more).toEqual([]);
      expect(answers.filter(({ status }) => status === 403)).toHaveLength(7);
      expect(await statusWith(bench.gateway, made?.json.key)).toBe(200);
    });
  });
}
