/** What a vendor counted, bucket by bucket, is what every door shows and what is charged. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { ask, DOORS } from './doors.ts';
import type { Heard, Json } from './intent.ts';
import { generationOf, openRig, PRICING, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

interface Buckets {
  readonly input: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly cacheWrite1h?: number;
  readonly output: number;
  readonly reasoning?: number;
}

/** In USD, in whole nano-USD rounded up, from the prices that the gateway was given. */
function costOf({
  input,
  cacheRead = 0,
  cacheWrite = 0,
  cacheWrite1h = 0,
  output,
  reasoning = 0,
}: Buckets): number {
  const picoUsd = (price: string) => BigInt(Math.round(Number(price) * 1e12));
  const sum =
    BigInt(input) * picoUsd(PRICING.prompt) +
    BigInt(cacheRead) * picoUsd(PRICING.input_cache_read) +
    BigInt(cacheWrite) * picoUsd(PRICING.input_cache_write) +
    BigInt(cacheWrite1h) * picoUsd(PRICING.input_cache_write_1h) +
    BigInt(output) * picoUsd(PRICING.completion) +
    BigInt(reasoning) * picoUsd(PRICING.internal_reasoning);
  return Number((sum + 999n) / 1000n) / 1e9;
}

/** Of the whole prompt: what a cache served, what was stored; each in the words of its door. Gemini has none for what is stored. */
const SHOWN: Readonly<Record<string, (usage: Json) => Json>> = {
  chat: ({ prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details }) => ({
    prompt: prompt_tokens,
    completion: completion_tokens,
    cached: (prompt_tokens_details as Json)['cached_tokens'],
    written: (prompt_tokens_details as Json)['cache_write_tokens'] ?? 0,
    reasoning: (completion_tokens_details as Json)['reasoning_tokens'],
  }),
  messages: (usage) => {
    const [cached, written] = [
      Number(usage['cache_read_input_tokens']),
      Number(usage['cache_creation_input_tokens']),
    ];
    const thinking = usage['output_tokens_details'] as Json | null;
    return {
      prompt: Number(usage['input_tokens']) + cached + written,
      completion: usage['output_tokens'],
      ...{ cached, written, reasoning: thinking?.['thinking_tokens'] ?? 0 },
    };
  },
  responses: ({ input_tokens, output_tokens, input_tokens_details, output_tokens_details }) => ({
    prompt: input_tokens,
    completion: output_tokens,
    cached: (input_tokens_details as Json)['cached_tokens'],
    written: (input_tokens_details as Json)['cache_write_tokens'] ?? 0,
    reasoning: (output_tokens_details as Json)['reasoning_tokens'],
  }),
  gemini: (usage) => ({
    prompt: usage['promptTokenCount'],
    completion: Number(usage['candidatesTokenCount']) + Number(usage['thoughtsTokenCount'] ?? 0),
    cached: usage['cachedContentTokenCount'] ?? 0,
    reasoning: usage['thoughtsTokenCount'] ?? 0,
  }),
};

/** The last that an answer says of it; Anthropic's stream begins with one, and adds to it. */
function usageOf(door: string, { body, events }: Heard): Json {
  let usage: Json = {};
  for (const event of events.length > 0 ? events : [body]) {
    const inside = (event['message'] ?? event['response'] ?? event) as Json;
    usage = { ...usage, ...((inside[door === 'gemini' ? 'usageMetadata' : 'usage'] as Json | null) ?? {}) };
  }
  return usage;
}

interface Case {
  readonly name: string;
  readonly vendor: string;
  readonly recording: string;
  readonly members?: Json;
  readonly buckets: Buckets;
}

const CASES: readonly Case[] = [
  {
    name: 'DeepSeek’s cached prompt and thoughts, which it counts within the others',
    ...{ vendor: 'openai', recording: 'openai-compatible/deepseek-tools.sse' },
    buckets: { input: 19, cacheRead: 320, output: 44, reasoning: 39 },
  },
  {
    name: 'Anthropic’s reads and writes, the writes kept for minutes',
    ...{ vendor: 'anthropic', recording: 'anthropic/cache-writes.sse' },
    buckets: { input: 6, cacheRead: 6289, cacheWrite: 3337, output: 198 },
  },
  {
    // The documented answer of a request that stores for both times (prompt caching, "Mixing different TTLs").
    name: 'Anthropic’s writes that are kept for an hour beside those for minutes',
    ...{ vendor: 'anthropic', recording: 'anthropic/text.json' },
    members: {
      usage: {
        ...{ input_tokens: 2048, cache_read_input_tokens: 1800, cache_creation_input_tokens: 248 },
        output_tokens: 503,
        cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
      },
    },
    buckets: { input: 2048, cacheRead: 1800, cacheWrite: 148, cacheWrite1h: 100, output: 503 },
  },
  {
    name: 'Google’s cached prompt, which is part of its count, and thoughts, which are not',
    ...{ vendor: 'google', recording: 'google/text-whole.json' },
    members: {
      usageMetadata: {
        ...{ promptTokenCount: 3000, cachedContentTokenCount: 2048, candidatesTokenCount: 20 },
        ...{ thoughtsTokenCount: 70, totalTokenCount: 3090 },
      },
    },
    buckets: { input: 952, cacheRead: 2048, output: 20, reasoning: 70 },
  },
  {
    name: 'Bedrock’s reads and writes, which lie beside its count',
    ...{ vendor: 'bedrock', recording: 'ai-sdk/bedrock-reasoning.json' },
    members: {
      usage: {
        ...{ inputTokens: 51, outputTokens: 78, totalTokens: 5129 },
        ...{ cacheReadInputTokens: 4000, cacheWriteInputTokens: 1000 },
      },
    },
    buckets: { input: 51, cacheRead: 4000, cacheWrite: 1000, output: 78 },
  },
  {
    name: 'Cohere’s billed units, which are fewer than its tokens',
    ...{ vendor: 'cohere', recording: 'ai-sdk/cohere-text.json' },
    buckets: { input: 12, output: 7 },
  },
];

test.each(CASES.map((one) => [one.name, one] as const))(
  '%s',
  async (_, { vendor, recording, members, buckets }) => {
    const { input, cacheRead = 0, cacheWrite = 0, cacheWrite1h = 0, output, reasoning = 0 } = buckets;
    const written = cacheWrite + cacheWrite1h;
    for (const door of DOORS) {
      if (members === undefined) rig.vendors.play(recording);
      else rig.vendors.playWhole(recording, members);
      const stream = !recording.endsWith('.json');
      const intent = { model: `${vendor}/model`, text: 'hi', cap: 4096, stream };
      const heard = await ask(door, { url: rig.gateway.url, key: rig.gateway.apiKey }, intent);
      const usage = usageOf(door.name, heard);
      const { written: shownWritten = written, ...shown } = SHOWN[door.name]?.(usage) ?? {};
      expect([door.name, shown, shownWritten, usage['cost']]).toEqual([
        door.name,
        {
          ...{ prompt: input + cacheRead + written, completion: output + reasoning },
          ...{ cached: cacheRead, reasoning },
        },
        written,
        costOf(buckets),
      ]);
      if (door.name === 'messages')
        expect(usage['cache_creation']).toEqual({
          ephemeral_5m_input_tokens: cacheWrite,
          ephemeral_1h_input_tokens: cacheWrite1h,
        });
      const generation = await generationOf(rig, heard.id ?? '');
      expect([door.name, generation['total_cost']]).toEqual([door.name, costOf(buckets)]);
    }
  },
);
