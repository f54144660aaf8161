/** What the Playground asks: chat by a session, which pays with one of its user's own keys and is held to all that holds the key. */
import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { type Answer, signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway } from '../../harness.ts';
import { codeOf, postJson, S256, VERIFIER } from '../oauth/bench.ts';

const MAX = { email: 'max@example.com', password: 'staple battery horse', name: 'Max' };
const BODY = { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] };

const chat = (visitor: Visitor, hash: string, body: object = BODY, options = {}) =>
  visitor.post(`/api/dashboard/chat/completions?api_key_hash=${hash}`, body, options);

const codeIn = ({ text }: Answer): string => JSON.parse(text).error?.metadata?.error_code;

async function keyOf(visitor: Visitor, body: object = {}): Promise<string> {
  const made = await visitor.post('/api/dashboard/keys', { name: 'Playground', ...body });
  expect(made.status).toBe(201);
  return String(made.body['hash']);
}

async function rows(visitor: Visitor, path: string): Promise<Record<string, unknown>[]> {
  for (;;) {
    const found = (await visitor.get(path)).body['list'] as Record<string, unknown>[];
    if (found.length > 0) return found;
    await Bun.sleep(20);
  }
}

describe.each(engines)('on $name', ({ name: engine }) => {
  test('it is charged to the key, recorded under its name, and bounded by its limit', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const hash = await keyOf(max, { limit: 1 });
    const headers = { 'http-referer': 'https://gateway.example.com/playground', 'x-title': 'Playground' };
    const answer = await chat(max, hash, BODY, { headers });
    expect(answer.status).toBe(200);
    const { id, usage } = JSON.parse(answer.text);
    expect(usage.cost).toBeGreaterThan(0);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [row] = await rows(max, '/api/dashboard/generations');
    expect(row).toMatchObject({
      ...{ id, total_cost: usage.cost, api_key_hash: hash, app_title: 'Playground' },
    });
    const key = await max.get(`/api/dashboard/keys/${hash}`);
    expect(key.body).toMatchObject({ usage: usage.cost, limit_remaining: 1 - usage.cost });

    const poor = await keyOf(max, { limit: 0.000001 });
    const refused = await chat(max, poor);
    expect([refused.status, codeIn(refused)]).toEqual([402, 'key_limit_exceeded']);
    expect(JSON.parse(refused.text).error.message).toContain('limit');
    const [refusal] = await rows(max, '/api/dashboard/refusals');
    expect(refusal).toMatchObject({ reason: 'key_limit_exceeded', api_key_hash: poor, status: 402 });
    expect(bench.provider.requests).toHaveLength(1);
  });

  test('another’s key, one of another kind and one that is none are not found; nothing is asked', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const theirs = await keyOf(max);
    await owner.send('PATCH', `/api/dashboard/keys/${theirs}`, { disabled: true });
    const { hash: nobodys } = await makeKey(bench);
    const management = await owner.post('/api/dashboard/management-keys', { name: 'pipeline' });
    const hashes = [theirs, nobodys, String(management.body['hash']), 'f'.repeat(64), 'x', ''];
    const answers = await Promise.all(hashes.map((hash) => chat(owner, hash)));
    const seen = answers.map((answer) => [answer.status, JSON.parse(answer.text).error]);
    for (const each of seen) expect(each).toEqual(seen[0] ?? []);
    expect(seen[0]?.[0]).toBe(404);
    // Its own user reads what became of it.
    expect(codeIn(await chat(max, theirs))).toBe('key_disabled');
    expect((await owner.post('/api/dashboard/chat/completions', BODY)).status).toBe(404);
    expect(bench.provider.requests).toHaveLength(0);
  });

  test('an app’s key is the app’s to spend by', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const query = { callback_url: 'https://your-app.com/cb', ...S256 };
    const code = await codeOf({ gateway: bench }, owner, query);
    const { json } = await postJson(bench, '/auth/keys', {
      ...{ code, code_verifier: VERIFIER, code_challenge_method: 'S256' },
    });
    const hash = createHash('sha256').update(json.key).digest('hex');
    const refused = await chat(owner, hash);
    expect([refused.status, codeIn(refused)]).toEqual([403, 'permission_denied']);
    expect(bench.provider.requests).toHaveLength(0);
  });
});

test('no page of another origin, and none without the session’s token, can have somebody spend', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const hash = await keyOf(owner);
  const foreign = await chat(owner, hash, BODY, { origin: 'https://evil.example.com' });
  expect([foreign.status, codeIn(foreign)]).toEqual([403, 'foreign_request']);
  const tokenless = await chat(owner, hash, BODY, { headers: { 'x-csrf-token': 'x' } });
  expect([tokenless.status, codeIn(tokenless)]).toEqual([403, 'foreign_request']);
  const path = `/api/dashboard/chat/completions?api_key_hash=${hash}`;
  const withoutSession = await fetch(bench.url + path, {
    method: 'POST',
    headers: { origin: bench.url, 'content-type': 'application/json' },
    body: JSON.stringify(BODY),
  });
  expect(withoutSession.status).toBe(401);
  expect(bench.provider.requests).toHaveLength(0);
});

test('a stream that is left is stopped at the provider, and charged for what it had said', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const hash = await keyOf(owner);
  const session = await owner.session();
  const leaving = new AbortController();
  const content = `!fake {"chunkDelayMs":50}\n${'word '.repeat(400)}`;
  const answer = await fetch(`${bench.url}/api/dashboard/chat/completions?api_key_hash=${hash}`, {
    method: 'POST',
    signal: leaving.signal,
    headers: {
      ...{ origin: bench.url, cookie: owner.cookieHeader, 'content-type': 'application/json' },
      'x-csrf-token': String(session?.csrf_token),
    },
    body: JSON.stringify({ model: 'acme/small', stream: true, messages: [{ role: 'user', content }] }),
  });
  expect(answer.headers.get('content-type')).toStartWith('text/event-stream');
  const reader = answer.body?.getReader();
  await reader?.read();
  await reader?.read();
  leaving.abort();
  while (bench.provider.stats.activeStreams > 0) await Bun.sleep(5);
  const [row] = await rows(owner, '/api/dashboard/generations');
  expect(row).toMatchObject({ cancelled: true, api_key_hash: hash, streamed: true });
  expect(row?.['tokens_completion']).toBeLessThan(200);
});
