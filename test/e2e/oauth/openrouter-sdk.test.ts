import { afterAll, beforeAll, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import { approve, type Bench, CALLBACK, codeByKey, MINUTE_MS, S256, startBench, VERIFIER } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

async function chatsWith(key: string): Promise<void> {
  const user = new OpenRouter({ apiKey: key, serverURL: bench.gateway.baseUrl });
  const messages = [{ role: 'user' as const, content: 'Hello there' }];
  const result = await user.chat.send({ chatRequest: { model: 'acme/small', messages } });
  expect(result).toMatchObject({ choices: [{ message: { content: 'Hello there' } }] });
}

test("the official client's address and challenge lead a user to a key for it", async () => {
  const client = new OpenRouter({ serverURL: bench.gateway.baseUrl });
  const { codeChallenge, codeVerifier } = await client.oAuth.createSHA256CodeChallenge();
  const url = new URL(
    await client.oAuth.createAuthorizationUrl({
      ...{ callbackUrl: CALLBACK, codeChallenge, codeChallengeMethod: 'S256', limit: 5 },
    }),
  );
  expect(`${url.origin}${url.pathname}`).toBe(`${bench.gateway.url}/auth`);
  expect((await fetch(url)).status).toBe(200);
  const back = await approve(bench, bench.owner, Object.fromEntries(url.searchParams));
  const { key, userId } = await client.oAuth.exchangeAuthCodeForAPIKey({
    requestBody: { code: back.searchParams.get('code') ?? '', codeVerifier, codeChallengeMethod: 'S256' },
  });
  expect(userId).toBe((await bench.owner.session())?.user.id ?? '');
  await chatsWith(key);
});

test('the official client asks for a code with its key, and exchanges codes with and without one', async () => {
  const { apiKey, baseUrl } = bench.gateway;
  const client = new OpenRouter({ apiKey, serverURL: baseUrl });
  const { codeChallenge, codeVerifier } = await client.oAuth.createSHA256CodeChallenge();
  const made = await client.oAuth.createAuthCode({
    requestBody: {
      ...{
        callbackUrl: CALLBACK,
        codeChallenge,
        codeChallengeMethod: 'S256',
        limit: 5,
        usageLimitType: 'daily',
      },
      expiresAt: new Date(bench.clock.nowMs() + 60 * MINUTE_MS),
    },
  });
  for (const [app, code, verifier] of [
    [client, made.data.id, codeVerifier],
    [new OpenRouter({ serverURL: baseUrl }), await codeByKey(bench.gateway, S256), VERIFIER],
  ] as const) {
    const minted = await app.oAuth.exchangeAuthCodeForAPIKey({
      requestBody: { code, codeVerifier: verifier, codeChallengeMethod: 'S256' },
    });
    await chatsWith(minted.key);
  }
});
