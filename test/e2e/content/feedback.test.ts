/** What callers say of answers: stored once an author and category, for generations of their own account alone. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askDoor, DOOR_CASES, type DoorCase } from './rig.ts';

const CHAT = DOOR_CASES[0] as DoorCase;

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let id: string;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    ({ id } = await askDoor(gateway, CHAT, 'hello'));
  });
  afterAll(() => gateway?.stop());

  const send = async (key: string, body: unknown) => {
    const answer = await fetch(`${gateway.baseUrl}/generation/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const list = async (query = '') => {
    const headers = { authorization: `Bearer ${gateway.managementKey}` };
    const answer = await fetch(`${gateway.baseUrl}/generation/feedback${query}`, { headers });
    return ((await answer.json()) as { data: Record<string, unknown>[] }).data;
  };

  test('the official SDK’s feedback is read back, from a management key and from an API key', async () => {
    for (const apiKey of [gateway.managementKey, gateway.apiKey]) {
      const client = new OpenRouter({ apiKey, serverURL: gateway.baseUrl });
      const { data } = await client.generations.submitFeedback({
        submitGenerationFeedbackRequest: {
          generationId: id,
          category: 'incorrect_response',
          comment: 'Twice the same. Ä 🚀',
        },
      });
      expect(data).toEqual({ success: true });
    }
    const rows = await list(`?generation_id=${id}`);
    expect(rows.map(({ category, comment }) => [category, comment])).toEqual([
      ['incorrect_response', 'Twice the same. Ä 🚀'],
      ['incorrect_response', 'Twice the same. Ä 🚀'],
    ]);
  });

  test('whoever says it again in a category replaces it', async () => {
    const before = (await list()).length;
    for (const comment of ['slow', 'very slow'])
      expect((await send(gateway.apiKey, { generation_id: id, category: 'latency', comment })).status).toBe(
        200,
      );
    const rows = await list('?category=latency');
    expect(rows).toMatchObject([{ comment: 'very slow', generation_id: id }]);
    expect((await list()).length).toBe(before + 1);
    expect(await list('?limit=1')).toHaveLength(1);
  });

  test('of a workspace is what was said of its answers, by whomever', async () => {
    const headers = { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' };
    const made = await fetch(`${gateway.baseUrl}/workspaces`, {
      ...{ method: 'POST', headers, body: JSON.stringify({ name: 'Research', slug: 'research' }) },
    });
    const { data: research } = (await made.json()) as { data: { id: string } };
    const ofResearch = await makeKey(gateway, { workspace_id: research.id });
    const other = (await askDoor(gateway, CHAT, 'hello', { key: ofResearch.key })).id;
    const before = (await list()).length;
    await send(gateway.managementKey, { generation_id: other, category: 'other', comment: 'There' });
    await send(ofResearch.key, { generation_id: id, category: 'other', comment: 'Here' });
    // Figures of keys bring what is settled into the database.
    await fetch(`${gateway.baseUrl}/keys`, { headers });
    expect(await list(`?workspace_id=${research.id}`)).toMatchObject([{ comment: 'There' }]);
    const workspaces = await fetch(`${gateway.baseUrl}/workspaces?limit=1`, { headers });
    const [first] = ((await workspaces.json()) as { data: { id: string }[] }).data;
    const ofDefault = await list(`?workspace_id=${first?.id.toUpperCase()}`);
    expect(ofDefault).toHaveLength(before + 1);
    expect(ofDefault[0]).toMatchObject({ comment: 'Here' });
    const refused = await fetch(`${gateway.baseUrl}/generation/feedback?workspace_id=research`, { headers });
    expect([refused.status, (await refused.text()).includes('workspace_id')]).toEqual([400, true]);
  });

  test.each([
    [{ category: 'latency' }, 'generation_id'],
    [{ generation_id: '', category: 'latency' }, 'generation_id'],
    [{ generation_id: 'gen-1', category: 'bad' }, 'category'],
    [{ generation_id: 'gen-1', category: 'other', comment: 'x'.repeat(1001) }, 'comment'],
    [{ generation_id: 'gen-1', category: 'other', comment: 'nul \0' }, 'comment'],
    [[], 'object'],
  ])('%j is a 400 that names %s', async (body, name) => {
    const { status, text } = await send(gateway.managementKey, body);
    expect([status, text.includes(name)]).toEqual([400, true]);
  });

  test('an unknown generation is a 404, and an API key reads nobody’s feedback', async () => {
    const unknown = id.replace(/.{4}$/, (end) => (end === '0000' ? '1111' : '0000'));
    const body = { generation_id: unknown, category: 'other' };
    expect((await send(gateway.managementKey, body)).status).toBe(404);
    const headers = { authorization: `Bearer ${gateway.apiKey}` };
    expect((await fetch(`${gateway.baseUrl}/generation/feedback`, { headers })).status).toBe(403);
  });
});
