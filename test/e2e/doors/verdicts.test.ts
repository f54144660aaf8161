/** One key, one policy and one ledger behind every door: what one of them refuses or charges, all of them do. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { ask, DOORS, send } from './doors.ts';
import type { Heard, Intent, Json } from './intent.ts';
import { generationOf, openRig, type Rig } from './rig.ts';
import { VENDORS } from './vendors.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ request_body_bytes: 64 * 1024 });
});
afterAll(() => rig?.[Symbol.asyncDispose]());

const WHOLE = 'openai-compatible/openai-text.json';
const HI: Intent = { model: 'openai/model', text: 'hi', cap: 1000 };
const at = (key = rig.gateway.apiKey) => ({ url: rig.gateway.url, key });

async function heardAtEach(
  intent: Intent,
  key?: string,
  change?: (body: Json) => Json,
): Promise<Map<string, Heard>> {
  const heard = new Map<string, Heard>();
  for (const door of DOORS) heard.set(door.name, await ask(door, at(key), intent, change));
  return heard;
}

/** The same status at each, words in each one's own envelope, and nobody asked. */
function mustRefuse(heard: ReadonlyMap<string, Heard>, status: number): void {
  for (const door of DOORS) {
    const refused = heard.get(door.name);
    expect([door.name, refused?.status]).toEqual([door.name, status]);
    expect([door.name, typeof door.error(refused?.body ?? {})]).toEqual([door.name, 'string']);
  }
  expect(rig.vendors.asked).toEqual([]);
}

async function changeKey(hash: string, members: Json): Promise<void> {
  const answer = await fetch(`${rig.gateway.baseUrl}/keys/${hash}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${rig.gateway.managementKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(members),
  });
  expect(answer.status).toBe(200);
}

test('a request is charged alike at every door', async () => {
  rig.vendors.play(WHOLE);
  const costs: unknown[] = [];
  for (const { id, status } of (await heardAtEach(HI)).values()) {
    expect(status).toBe(200);
    const { total_cost, tokens_prompt, tokens_completion } = await generationOf(rig, id ?? '');
    costs.push([total_cost, tokens_prompt, tokens_completion]);
  }
  expect(costs).toEqual(DOORS.map(() => costs[0]));
});

describe('what a vendor says is wrong with a request', () => {
  test.each(VENDORS.map(({ slug }) => [slug] as const))(
    'reaches the caller by every door, and costs nothing: %s',
    async (slug) => {
      const { key, hash } = await makeKey(rig.gateway, { limit: 5 });
      for (const stream of [false, true]) {
        rig.vendors.refuseWith('top_p of this model is between nought and one');
        const heard = await heardAtEach({ ...HI, model: `${slug}/model`, stream }, key);
        expect(rig.vendors.asked).toHaveLength(DOORS.length);
        for (const door of DOORS) {
          const { status, body = {}, raw = '' } = heard.get(door.name) ?? {};
          expect([door.name, status, raw]).toEqual([door.name, 400, raw]);
          expect(String(door.error(body))).toContain('top_p of this model is between nought and one');
        }
      }
      const answer = await fetch(`${rig.gateway.baseUrl}/keys/${hash}`, {
        headers: { authorization: `Bearer ${rig.gateway.managementKey}` },
      });
      const { data } = (await answer.json()) as { data: { usage: number; limit_remaining: number } };
      expect([data.usage, data.limit_remaining]).toEqual([0, 5]);
    },
  );
});

test('thoughts are charged at their own price at every door', async () => {
  rig.vendors.play('google/text.sse');
  const heard = await heardAtEach({ model: 'google/model', text: 'how many?', cap: 1000, stream: true });
  // 9 tokens of prompt; 23 of text and 185 of thoughts.
  const cost = (9 * 2 + 23 * 12 + 185 * 10) / 1e6;
  for (const { id } of heard.values()) expect((await generationOf(rig, id ?? ''))['total_cost']).toBe(cost);
});

/** By Anthropic's door as by Anthropic: with a 400 Claude Code asks six times. */
const UNKNOWN_MODEL: Readonly<Record<string, number>> = {
  chat: 400,
  messages: 404,
  responses: 400,
  gemini: 400,
};

describe('is refused alike at every door', () => {
  test('a key whose money is spent, 402', async () => {
    rig.vendors.play(WHOLE);
    const { key } = await makeKey(rig.gateway, { limit: 0.0000001 });
    for (const stream of [false, true]) mustRefuse(await heardAtEach({ ...HI, stream }, key), 402);
  });

  test('a key that is disabled, 403', async () => {
    rig.vendors.play(WHOLE);
    const { key, hash } = await makeKey(rig.gateway);
    await changeKey(hash, { disabled: true });
    for (const stream of [false, true]) mustRefuse(await heardAtEach({ ...HI, stream }, key), 403);
  });

  test('a model that is not there', async () => {
    rig.vendors.play(WHOLE);
    const heard = await heardAtEach({ ...HI, model: 'nobody/nothing' });
    for (const door of DOORS) {
      const { status = 0, body = {} } = heard.get(door.name) ?? {};
      expect([door.name, status]).toEqual([door.name, UNKNOWN_MODEL[door.name] ?? 0]);
      expect(String(door.error(body))).toContain('nobody/nothing');
    }
    expect(rig.vendors.asked).toEqual([]);
  });

  test('what is too large, 413', async () => {
    rig.vendors.play(WHOLE);
    mustRefuse(await heardAtEach({ ...HI, text: 'x'.repeat(70_000) }), 413);
  });

  test('what is no JSON, 400', async () => {
    rig.vendors.play(WHOLE);
    const heard = new Map<string, Heard>();
    for (const door of DOORS)
      heard.set(door.name, await send(rig.gateway.url + door.path(HI), rig.gateway.apiKey, '{"model": '));
    mustRefuse(heard, 400);
  });

  test('paid work that has no price, under a limit', async () => {
    const { key } = await makeKey(rig.gateway, { limit: 10 });
    const tools: Readonly<Record<string, [string, Json]>> = {
      chat: ['openai', { service_tier: 'reserved' }],
      messages: ['anthropic', { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }],
      responses: ['openai', { service_tier: 'reserved' }],
      gemini: ['google', { tools: [{ codeExecution: {} }, { googleSearch: {} }] }],
    };
    rig.vendors.play(WHOLE);
    for (const door of DOORS) {
      const [vendor, members] = tools[door.name] ?? ['', {}];
      const intent = { ...HI, model: `${vendor}/model` };
      const heard = await ask(door, at(key), intent, (body) => ({ ...body, ...members }));
      expect([door.name, heard.status, heard.raw]).toEqual([door.name, 402, heard.raw]);
      expect([door.name, typeof door.error(heard.body)]).toEqual([door.name, 'string']);
    }
    expect(rig.vendors.asked).toEqual([]);
  });
});

test('a named cap of 128,000 tokens is held alike at every door, and what is left of it let go', async () => {
  // 128,000 tokens at 12 USD a million are 1.536 USD, and nothing is left for a longer answer.
  for (const vendor of VENDORS.filter(({ texts }) => texts.some((name) => name.endsWith('.json')))) {
    rig.vendors.play(vendor.texts.find((name) => name.endsWith('.json')) ?? '');
    const intent = { model: `${vendor.slug}/model`, text: 'hi', cap: 128_000 };
    for (const door of DOORS) {
      const poor = await makeKey(rig.gateway, { limit: 1.53 });
      const refused = await ask(door, at(poor.key), intent);
      expect([vendor.slug, door.name, refused.status]).toEqual([vendor.slug, door.name, 402]);
      const enough = await makeKey(rig.gateway, { limit: 1.6 });
      const first = await ask(door, at(enough.key), intent);
      // Its hold was 1.536: only when it is let go is there room for another one.
      const second = await ask(door, at(enough.key), intent);
      expect([
        vendor.slug,
        door.name,
        first.status,
        second.status,
        second.status === 200 ? '' : second.raw,
      ]).toEqual([...[vendor.slug, door.name, 200, 200, '']]);
    }
  }
});

/** One user message with it, in each door's words; null: the door has no word for it. */
const PARTS: Readonly<Record<string, Readonly<Record<string, Json | null>>>> = {
  'image input': {
    chat: { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    messages: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    responses: { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
    gemini: { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
  },
  'input audio': {
    chat: { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    messages: null,
    responses: { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    gemini: { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
  },
  'input video': {
    chat: { type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } },
    messages: null,
    responses: { type: 'input_video', video_url: 'data:video/mp4;base64,AAAA' },
    gemini: { fileData: { mimeType: 'video/mp4', fileUri: 'https://example.com/film.mp4' } },
  },
  'file input': {
    chat: { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    messages: {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
    },
    responses: {
      type: 'input_file',
      filename: 'a.pdf',
      file_data: 'data:application/pdf;base64,JVBERi0=',
    },
    gemini: { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
  },
};
const MESSAGE_OF: Readonly<Record<string, (part: Json) => Json>> = {
  chat: (part) => ({ messages: [{ role: 'user', content: [part] }] }),
  messages: (part) => ({ messages: [{ role: 'user', content: [part] }] }),
  responses: (part) => ({ input: [{ role: 'user', content: [part] }] }),
  gemini: (part) => ({ contents: [{ role: 'user', parts: [part] }] }),
};

describe.each(Object.entries(PARTS))('%s', (words, parts) => {
  const askedAt = async (model: string, stream: boolean) => {
    const heard = new Map<string, Heard>();
    for (const door of DOORS) {
      const part = parts[door.name] ?? null;
      if (part === null) continue;
      const intent = { ...HI, model, stream };
      const change = (body: Json) => ({ ...body, ...MESSAGE_OF[door.name]?.(part) });
      heard.set(door.name, await ask(door, at(), intent, change));
    }
    return heard;
  };

  test.each([[false], [true]])(
    'for a model that is known to take none is refused alike at every door, and nobody is asked (streamed: %p)',
    async (stream) => {
      rig.vendors.play(WHOLE);
      const heard = await askedAt('openai/blind', stream);
      expect(heard.size).toBeGreaterThanOrEqual(3);
      for (const door of DOORS) {
        const refused = heard.get(door.name);
        if (refused === undefined) continue;
        expect([door.name, refused.status, door.error(refused.body)]).toEqual([
          door.name,
          404,
          `No endpoints found that support ${words}`,
        ]);
      }
      expect(rig.vendors.asked).toEqual([]);
    },
  );

  test('reaches a model of which nobody has said what it takes', async () => {
    rig.vendors.play(WHOLE);
    const heard = await askedAt('openai/undeclared', false);
    for (const [door, { body }] of heard)
      expect([door, JSON.stringify(body).includes('No endpoints found')]).toEqual([door, false]);
    expect(rig.vendors.asked).toHaveLength(heard.size);
  });
});
