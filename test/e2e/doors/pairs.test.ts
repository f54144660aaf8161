/** Every door with every provider format: one conversation, the same answer and the same bill whichever way it was asked. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ask, DOORS, read } from './doors.ts';
import type { Intent, Json } from './intent.ts';
import { generationOf, openRig, type Rig } from './rig.ts';
import { bytesOf, isStream, VENDORS } from './vendors.ts';

/** One white pixel. */
const IMAGE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const PDF = 'JVBERi0xLjQKJSVFT0YK';
const SCHEMA = {
  type: 'object',
  properties: { celsius_in_both: { type: 'array', items: { type: 'number' } } },
  required: ['celsius_in_both'],
  additionalProperties: false,
};

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

function conversation(members: Partial<Intent> & Pick<Intent, 'model'>): Intent {
  return {
    ...{ system: 'Be-brief-and-exact', text: 'Which-is-warmer' },
    calls: [
      { id: 'toolu_01aaaaaaaaaaaaaaaaaaaaaa', name: 'weather', args: { location: 'Oslo-of-the-first' } },
      { id: 'toolu_01bbbbbbbbbbbbbbbbbbbbbb', name: 'weather', args: { location: 'Rome-of-the-second' } },
    ],
    results: ['first-result-4', 'second-result-21'],
    ...members,
  };
}

/** Whatever the format: each of these stands in the request, in this order. */
function mustCarry(body: unknown, words: readonly string[]): void {
  const text = JSON.stringify(body);
  const places = words.map((word) => text.indexOf(word));
  expect(Object.fromEntries(words.map((word, index) => [word, (places[index] ?? -1) >= 0]))).toEqual(
    Object.fromEntries(words.map((word) => [word, true])),
  );
  expect(places).toEqual([...places].sort((one, other) => one - other));
}

/** Some were recorded by clients that did not ask for counts. */
function isCounted(recording: string): boolean {
  return /"usage": ?\{|"usageMetadata"|billed_units/.test(Buffer.from(bytesOf(recording)).toString('latin1'));
}

for (const vendor of VENDORS) {
  describe(`what ${vendor.slug} says`, () => {
    test.each([...vendor.calls, ...vendor.texts].map((name) => [name] as const))(
      'is the same through every door: %s',
      async (recording) => {
        const told: Record<string, unknown> = {};
        for (const door of DOORS) {
          rig.vendors.play(recording);
          const intent = conversation({
            ...{ model: `${vendor.slug}/model`, stream: isStream(recording), image: IMAGE },
            ...{ schema: SCHEMA, thinks: true, cap: 4096 },
          });
          const heard = await ask(door, { url: rig.gateway.url, key: rig.gateway.apiKey }, intent);
          expect([door.name, heard.status, heard.status === 200 ? '' : heard.raw]).toEqual([
            door.name,
            200,
            '',
          ]);
          expect(rig.vendors.asked).toHaveLength(1);
          const body = rig.vendors.asked[0]?.body;
          mustCarry(body, ['Be-brief-and-exact']);
          mustCarry(body, ['celsius_in_both']);
          mustCarry(body, [
            ...['Which-is-warmer', IMAGE],
            ...['Oslo-of-the-first', 'Rome-of-the-second', 'first-result-4', 'second-result-21'],
          ]);
          const answer = read(door, heard);
          if (isStream(recording)) expect([door.name, door.endings(heard)]).toEqual([door.name, 1]);
          const generation = await generationOf(rig, heard.id ?? '');
          expect([door.name, generation['total_cost']]).toEqual([door.name, answer.usage.cost]);
          expect(answer.text.length + answer.calls.length).toBeGreaterThan(0);
          // A prompt that its vendor did not count is estimated by what each door's client wrote.
          const { output, input } = answer.usage;
          expect([door.name, input > 0, output > 0]).toEqual([door.name, true, true]);
          told[door.name] = isCounted(recording) ? answer : { ...answer, usage: { output } };
        }
        expect(told).toEqual(Object.fromEntries(DOORS.map(({ name }) => [name, told['chat']])));
      },
    );
  });
}

describe('an answer in a form', () => {
  for (const vendor of VENDORS) {
    const recording = vendor.texts.at(-1) ?? '';
    test.each(DOORS.map((door) => [door.name, door] as const))(
      `%s tells ${vendor.slug} its schema`,
      async (_, door) => {
        rig.vendors.play(recording);
        const intent = { model: `${vendor.slug}/model`, text: 'hi', schema: SCHEMA };
        const heard = await ask(door, { url: rig.gateway.url, key: rig.gateway.apiKey }, intent);
        expect([heard.status, heard.status === 200 ? '' : heard.raw]).toEqual([200, '']);
        mustCarry(rig.vendors.asked[0]?.body, ['celsius_in_both']);
      },
    );
  }
});

/** A PDF of one user message, in each door's words. */
const WITH_FILE: Readonly<Record<string, Json>> = {
  chat: {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } },
        ],
      },
    ],
  },
  messages: {
    messages: [
      {
        role: 'user',
        content: [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } }],
      },
    ],
  },
  responses: {
    input: [
      {
        role: 'user',
        content: [{ type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` }],
      },
    ],
  },
  gemini: {
    contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'application/pdf', data: PDF } }] }],
  },
};

test('a file for a provider that takes none is refused in words at every door, and nobody is asked', async () => {
  rig.vendors.play('ai-sdk/cohere-text.json');
  for (const door of DOORS) {
    const intent = { model: 'cohere/model', text: 'hi' };
    const heard = await ask(door, { url: rig.gateway.url, key: rig.gateway.apiKey }, intent, (body) => ({
      ...body,
      ...WITH_FILE[door.name],
    }));
    expect([door.name, heard.status]).toEqual([door.name, 400]);
    expect(String(door.error(heard.body))).toMatch(/file/i);
  }
  expect(rig.vendors.asked).toEqual([]);
});
