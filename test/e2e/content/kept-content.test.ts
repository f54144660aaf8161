/** Prompts and answers: nowhere unless a workspace asks for them, and then sealed, whole, and for those who may read them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import { ManualClock } from '../../../src/clock.ts';
import { forgetOldContent } from '../../../src/content/keep-content.ts';
import { signUpMember, signUpOwner } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askDoor, contentOf, DOOR_CASES, type DoorCase, everyByte, keep, spellings } from './rig.ts';

const CANARY = 'canary-7f3a9c5e-of-what-was-said';
const CHAT = DOOR_CASES[0] as DoorCase;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('with nothing switched on, what is said is in no row, no file and no line of the log', async () => {
    await using gateway = await startGateway({ engine });
    for (const door of DOOR_CASES) {
      for (const stream of [false, true]) {
        const { id, status, text } = await askDoor(gateway, door, CANARY, { stream });
        expect([door.name, status, text.includes('canary')]).toEqual([door.name, 200, true]);
        expect(await contentOf(gateway, id)).toBeNull();
      }
    }
    const bytes = await everyByte(gateway);
    expect(bytes.includes('gen-')).toBe(true);
    for (const spelling of spellings(CANARY))
      expect([spelling, bytes.includes(spelling)]).toEqual([spelling, false]);
  });

  test('with it switched on, every door’s prompt and answer are read back, and are nowhere in the clear', async () => {
    await using gateway = await startGateway({ engine });
    expect((await keep(gateway)).status).toBe(200);
    for (const door of DOOR_CASES) {
      for (const stream of [false, true]) {
        const asked = await askDoor(gateway, door, CANARY, { stream });
        expect([door.name, asked.status]).toEqual([door.name, 200]);
        const kept = await contentOf(gateway, asked.id);
        expect([door.name, stream, kept?.input]).toEqual([door.name, stream, door.input(CANARY)]);
        expect([door.name, stream, kept?.output.completion]).toEqual([
          ...[door.name, stream],
          expect.stringContaining(CANARY),
        ]);
        expect(kept?.error).toBeNull();
        expect(kept?.request.body).toMatchObject(door.body(CANARY));
      }
    }
    const bytes = await everyByte(gateway);
    for (const spelling of spellings(CANARY))
      expect([spelling, bytes.includes(spelling)]).toEqual([spelling, false]);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('turnpike_content_waiting_bytes 0\n');
  });

  test('what is switched off, or forgotten, while another part of the setting is changed stays off', async () => {
    await using gateway = await startGateway({ engine });
    const change = (method: string, body?: object) =>
      fetch(`${gateway.baseUrl}/content-logging`, {
        method,
        headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    for (let round = 0; round < 20; round += 1) {
      await keep(gateway);
      const off = round % 2 === 0 ? change('PATCH', { enabled: false }) : change('DELETE');
      const others = [0.5, 0.25].map((sampling_rate) => change('PATCH', { sampling_rate }));
      for (const answer of await Promise.all([off, ...others])) expect(answer.status).toBe(200);
      const { data } = (await (await change('GET')).json()) as { data: { enabled: boolean } };
      expect(data.enabled).toBe(false);
    }
  });

  test('the official SDK reads the content, and that of a failure', async () => {
    await using gateway = await startGateway({ engine });
    await keep(gateway);
    const client = new OpenRouter({ apiKey: gateway.managementKey, serverURL: gateway.baseUrl });
    const good = await askDoor(gateway, CHAT, CANARY);
    const { data } = await client.generations.listGenerationContent({ id: good.id });
    expect(data.input).toEqual({ messages: [{ role: 'user', content: CANARY }] });
    expect(data.output.completion).toContain(CANARY);
    gateway.provider.script({ match: { contains: 'fails' }, behaviour: { status: 500 } });
    const bad = await askDoor(gateway, CHAT, 'this fails');
    expect(bad.status).toBe(502);
    const failure = await client.generations.listGenerationContent({ id: bad.id });
    expect(failure.data.output).toEqual({ completion: null, reasoning: null });
    expect(failure.data.error).toMatchObject({ status: 502, providerName: 'Acme' });
  });

  test('content goes with the generations at the latest, however long its workspace would keep it', async () => {
    const clock = new ManualClock(Date.parse('2026-11-29T12:00:00Z'));
    await using gateway = await startGateway({ engine, clock });
    const { database } = gateway;
    await keep(gateway, { retention_days: 90 });
    const { id } = await askDoor(gateway, CHAT, CANARY);
    clock.advance(7 * 24 * 3_600_000);
    await forgetOldContent({ database, clock, generationsDays: 7 });
    expect(await contentOf(gateway, id)).not.toBeNull();
    clock.advance(24 * 3_600_000);
    await forgetOldContent({ database, clock, generationsDays: null });
    expect(await contentOf(gateway, id)).not.toBeNull();
    await forgetOldContent({ database, clock, generationsDays: 7 });
    expect(await contentOf(gateway, id)).toBeNull();
  });

  test('content goes when its time is over, and at once when its workspace says so', async () => {
    const clock = new ManualClock(Date.parse('2026-11-29T12:00:00Z'));
    await using gateway = await startGateway({ engine, clock });
    const { database } = gateway;
    await keep(gateway, { retention_days: 2 });
    const old = await askDoor(gateway, CHAT, CANARY);
    expect(await contentOf(gateway, old.id)).not.toBeNull();
    clock.advance(2 * 24 * 3_600_000);
    const later = await askDoor(gateway, CHAT, CANARY);
    await forgetOldContent({ database, clock });
    expect(await contentOf(gateway, old.id)).not.toBeNull();
    clock.advance(24 * 3_600_000);
    await forgetOldContent({ database, clock });
    expect(await contentOf(gateway, old.id)).toBeNull();
    expect(await contentOf(gateway, later.id)).not.toBeNull();
    expect(await database.db.selectFrom('content_record').select('generation_id').execute()).toEqual([
      { generation_id: later.id },
    ]);
    const removed = await fetch(`${gateway.baseUrl}/content-logging`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${gateway.managementKey}` },
    });
    expect(await removed.json()).toEqual({ deleted: true });
    expect(await contentOf(gateway, later.id)).toBeNull();
    const after = await askDoor(gateway, CHAT, CANARY);
    expect(await contentOf(gateway, after.id)).toBeNull();
    await forgetOldContent({ database, clock });
    expect(await database.db.selectFrom('content_record').selectAll().execute()).toEqual([]);
    expect(await database.db.selectFrom('content_key').selectAll().execute()).toEqual([]);
  });

  test('what is switched on again after everything was deleted can be read', async () => {
    await using gateway = await startGateway({ engine });
    await keep(gateway);
    const first = await askDoor(gateway, CHAT, CANARY);
    await contentOf(gateway, first.id);
    await fetch(`${gateway.baseUrl}/content-logging`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${gateway.managementKey}` },
    });
    await keep(gateway);
    const second = await askDoor(gateway, CHAT, CANARY);
    expect((await contentOf(gateway, second.id))?.output.completion).toContain(CANARY);
    expect(await contentOf(gateway, first.id)).toBeNull();
  });
});

describe('who may read, and what is kept', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
    await keep(gateway);
  });
  afterAll(() => gateway?.stop());

  test('an organisation’s content is for management keys and admins; a reading is written down', async () => {
    const { id } = await askDoor(gateway, CHAT, CANARY);
    const withKey = await fetch(`${gateway.baseUrl}/generation/content?id=${id}`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    expect(withKey.status).toBe(403);
    const owner = await signUpOwner(gateway);
    const member = await signUpMember(gateway, owner, {
      ...{ email: 'm@example.com', password: 'a long enough password', role: 'member' },
    });
    expect((await member.get(`/api/dashboard/generations/${id}/content`)).status).toBe(403);
    const seen = await owner.get(`/api/dashboard/generations/${id}/content`);
    expect(seen.body['output']).toMatchObject({ completion: expect.stringContaining(CANARY) });
    const readings = await gateway.database.db
      .selectFrom('audit_event')
      .select(['actor_kind', 'target'])
      .where('action', '=', 'content.read')
      .execute();
    expect(readings).toEqual([{ actor_kind: 'user', target: id }]);
  });

  test('an id that is missing is a 400, and one that is unknown a 404', async () => {
    const read = async (query: string) => {
      const headers = { authorization: `Bearer ${gateway.managementKey}` };
      return (await fetch(`${gateway.baseUrl}/generation/content${query}`, { headers })).status;
    };
    expect(
      await Promise.all(['', '?id=', '?id=gen-1', '?id=gen-1795176000-00000000000000000000'].map(read)),
    ).toEqual([...[400, 400, 404, 404]]);
  });

  test('a request that reached no provider leaves nothing', async () => {
    const before = await gateway.database.db.selectFrom('content_record').select('generation_id').execute();
    expect((await askDoor(gateway, CHAT, CANARY, { body: { model: 'acme/unknown' } })).status).toBe(400);
    const { id } = await askDoor(gateway, CHAT, 'the next one');
    await contentOf(gateway, id);
    const after = await gateway.database.db.selectFrom('content_record').select('generation_id').execute();
    expect(after.length).toBe(before.length + 1);
  });

  test('calls of tools and thoughts are kept, whole and streamed', async () => {
    const tool = {
      type: 'function',
      function: { name: 'find', parameters: { type: 'object', properties: {} } },
    };
    for (const stream of [false, true]) {
      const called = await askDoor(gateway, CHAT, 'hello', {
        ...{ stream, body: { tools: [tool], tool_choice: 'required' } },
      });
      const kept = await contentOf(gateway, called.id);
      expect(kept?.output).toMatchObject({
        tool_calls: [{ name: 'find', arguments: expect.stringMatching(/^\{/) }],
      });
      const thought = await askDoor(gateway, CHAT, 'think', { stream, body: { model: 'acme/reason' } });
      expect((await contentOf(gateway, thought.id))?.output.reasoning).toEqual(expect.any(String));
    }
  });

  test('a client that leaves is kept with what it had got', async () => {
    gateway.provider.script({
      match: { contains: 'leave me' },
      behaviour: { chunks: 50, chunkDelayMs: 5, chunkText: 'word ', hang: 'mid-stream', hangAfterChunks: 10 },
    });
    const leaving = new AbortController();
    const answer = await fetch(gateway.url + CHAT.path, {
      method: 'POST',
      signal: leaving.signal,
      headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...CHAT.body('leave me'), stream: true }),
    });
    await answer.body?.getReader().read();
    leaving.abort();
    const id = answer.headers.get('x-generation-id') ?? '';
    let kept = await contentOf(gateway, id);
    for (let tries = 0; kept === null && tries < 200; tries++) {
      await Bun.sleep(20);
      kept = await contentOf(gateway, id);
    }
    expect(kept?.output.completion).toMatch(/word/);
  });

  test('only the keys that are named are kept, and only the share that is asked for', async () => {
    const named = await makeKey(gateway);
    await keep(gateway, { api_key_hashes: [named.hash] });
    const other = await askDoor(gateway, CHAT, CANARY);
    const theirs = await askDoor(gateway, CHAT, CANARY, { key: named.key });
    expect(await contentOf(gateway, theirs.id)).not.toBeNull();
    expect(await contentOf(gateway, other.id)).toBeNull();
    await keep(gateway, { api_key_hashes: null, sampling_rate: 0.0001 });
    const ids = await Promise.all(
      Array.from({ length: 40 }, async () => (await askDoor(gateway, CHAT, CANARY)).id),
    );
    const kept = await Promise.all(ids.map((id) => contentOf(gateway, id)));
    // Forty in ten thousandths: that one of them is kept happens once in 250 runs, that three are, never.
    expect(kept.filter((content) => content !== null).length).toBeLessThan(3);
    await keep(gateway, { sampling_rate: 1 });
  });

  test.each([
    [{ enabled: 'yes' }, 'enabled'],
    [{ sampling_rate: 0 }, 'sampling_rate'],
    [{ sampling_rate: 1.5 }, 'sampling_rate'],
    [{ retention_days: 0 }, 'retention_days'],
    [{ retention_days: 1.5 }, 'retention_days'],
    [{ api_key_hashes: [] }, 'api_key_hashes'],
    [{ api_key_hashes: ['x'] }, 'api_key_hashes'],
    [{ retention: 9 }, 'retention'],
  ])('the setting %j is refused by its name and changes nothing', async (body, name) => {
    const read = async () => {
      const headers = { authorization: `Bearer ${gateway.managementKey}` };
      return await (await fetch(`${gateway.baseUrl}/content-logging`, { headers })).json();
    };
    const before = await read();
    const answer = await keep(gateway, body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(name);
    expect(await read()).toEqual(before);
  });

  test('another account’s workspace is as unknown as none', async () => {
    const answer = await fetch(`${gateway.baseUrl}/content-logging?workspace_id=${crypto.randomUUID()}`, {
      headers: { authorization: `Bearer ${gateway.managementKey}` },
    });
    expect(answer.status).toBe(404);
  });
});

test('where the operator forbids it, nobody can switch it on', async () => {
  await using gateway = await startGateway({ config: { content_logging: { allowed: false } } });
  expect((await keep(gateway)).status).toBe(403);
  const { id } = await askDoor(gateway, CHAT, CANARY);
  expect(await contentOf(gateway, id)).toBeNull();
});

test('what is too large, or more than memory has room for, is dropped and counted, and the answer comes all the same', async () => {
  await using gateway = await startGateway({
    config: { content_logging: { max_record_bytes: 2048, memory_bytes: 1024 * 1024 } },
  });
  await keep(gateway);
  const large = await askDoor(gateway, CHAT, 'x'.repeat(4000), { stream: true });
  expect([large.status, await contentOf(gateway, large.id)]).toEqual([200, null]);
  const small = await askDoor(gateway, CHAT, 'small');
  expect(await contentOf(gateway, small.id)).not.toBeNull();
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('turnpike_content_dropped_total{reason="too_large"} 1\n');
  expect(metrics).toContain('turnpike_content_waiting_bytes 0\n');
});
