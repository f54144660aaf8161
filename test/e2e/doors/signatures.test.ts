/** A model's own thoughts: given to a client of any door and sent back by it, they reach their vendor as it signed them. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ask, DOORS } from './doors.ts';
import type { Json } from './intent.ts';
import { openRig, type Rig } from './rig.ts';
import { bytesOf } from './vendors.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

/** The answer as a client of the door keeps it, before what it says next. */
const CONTINUED: Readonly<Record<string, (asked: Json, answer: Json) => Json>> = {
  chat: (asked, answer) => ({
    ...asked,
    messages: [
      ...(asked['messages'] as Json[]),
      (answer['choices'] as { message: Json }[])[0]?.message,
      ...(((answer['choices'] as { message: Json }[])[0]?.message['tool_calls'] ?? []) as Json[]).map(
        ({ id }) => ({
          ...{ role: 'tool', tool_call_id: id, content: 'sunny' },
        }),
      ),
      { role: 'user', content: 'go on' },
    ],
  }),
  messages: (asked, answer) => ({
    ...asked,
    messages: [
      ...(asked['messages'] as Json[]),
      { role: 'assistant', content: answer['content'] },
      {
        role: 'user',
        content: [
          ...(answer['content'] as Json[])
            .filter(({ type }) => type === 'tool_use')
            .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'sunny' })),
          { type: 'text', text: 'go on' },
        ],
      },
    ],
  }),
  responses: (asked, answer) => ({
    ...asked,
    input: [
      ...(asked['input'] as Json[]),
      ...(answer['output'] as Json[]),
      ...(answer['output'] as Json[])
        .filter(({ type }) => type === 'function_call')
        .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'sunny' })),
      { role: 'user', content: 'go on' },
    ],
  }),
  gemini: (asked, answer) => {
    const content = (answer['candidates'] as { content: { parts: Json[] } }[])[0]?.content;
    const calls = (content?.parts ?? []).flatMap(({ functionCall }) =>
      functionCall === undefined ? [] : [functionCall as Json],
    );
    const results = calls.map(({ id, name }) => ({
      functionResponse: { ...(id === undefined ? {} : { id }), name, response: { output: 'sunny' } },
    }));
    return {
      ...asked,
      contents: [
        ...(asked['contents'] as Json[]),
        content,
        { role: 'user', parts: [...results, { text: 'go on' }] },
      ],
    };
  },
};

/** Thoughts come only to those who ask for them, at the doors whose own API has it so. */
const WITH_THOUGHTS: Readonly<Record<string, Json>> = {
  responses: { include: ['reasoning.encrypted_content'] },
  gemini: { generationConfig: { thinkingConfig: { includeThoughts: true } } },
};

const SIGNED = [
  ['google', 'google/tools-signed.json', 'thoughtSignature'],
  ['bedrock', 'ai-sdk/bedrock-reasoning.json', 'signature'],
  ['anthropic', 'anthropic/redacted.json', 'data'],
] as const;

for (const [slug, recording, member] of SIGNED) {
  describe(`what ${slug} signed`, () => {
    const signature = new RegExp(`"${member}": ?"([^"]{30,})"`).exec(
      Buffer.from(bytesOf(recording)).toString(),
    )?.[1];
    test.each(DOORS.map((door) => [door.name, door] as const))('comes back to it by %s', async (_, door) => {
      const intent = { model: `${slug}/model`, text: 'hi' };
      const at = { url: rig.gateway.url, key: rig.gateway.apiKey };
      rig.vendors.play(recording);
      const thinking = (asked: Json) => ({ ...asked, ...WITH_THOUGHTS[door.name] });
      const first = await ask(door, at, intent, thinking);
      rig.vendors.play(recording);
      const second = await ask(
        door,
        at,
        intent,
        (asked) => CONTINUED[door.name]?.(thinking(asked), first.body) ?? {},
      );
      expect([second.status, second.status === 200 ? '' : second.raw]).toEqual([200, '']);
      expect(JSON.stringify(rig.vendors.asked[0]?.body)).toContain(signature ?? 'no signature');
    });
  });
}

describe('a model that thought before it called, of itself', () => {
  const UNASKED = [
    ['google', 'google/tools-signed.json', /"thoughtSignature": ?"([^"]{30,})"/],
    ['deepseek', 'openai-compatible/deepseek-tools.json', /"reasoning_content": ?"([^"]{30,}?)[\\"]/],
  ] as const;
  for (const [slug, recording, wanted] of UNASKED) {
    const word = wanted.exec(Buffer.from(bytesOf(recording)).toString())?.[1] ?? 'nothing recorded';
    // Google's door shows thoughts to whoever asks, and has no seal for those of a vendor that signs none.
    const doors = DOORS.filter(({ name }) => slug !== 'deepseek' || name !== 'gemini');
    test.each(doors.map((door) => [door.name, door] as const))(
      `${slug} gets back by %s what it wants beside the results`,
      async (_, door) => {
        const intent = { model: `${slug}/model`, text: 'hi', calls: [], results: [] };
        const at = { url: rig.gateway.url, key: rig.gateway.apiKey };
        rig.vendors.play(recording);
        const first = await ask(door, at, intent);
        expect(door.whole(first.body).finish).toBe('tool_calls');
        rig.vendors.play(recording);
        const second = await ask(
          door,
          at,
          intent,
          (asked) => CONTINUED[door.name]?.(asked, first.body) ?? {},
        );
        expect([second.status, second.status === 200 ? '' : second.raw]).toEqual([200, '']);
        expect(JSON.stringify(rig.vendors.asked[0]?.body)).toContain(word);
      },
    );
  }
});
