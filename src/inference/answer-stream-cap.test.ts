/** Where a limit depends on the output cap, an answer ends there, whatever its provider does. */
import { expect, test } from 'bun:test';
import type { ChatEvent } from '../chat/event.ts';
import { NO_USAGE, type TokenUsage } from '../chat/usage.ts';
import { counted, finished, said, started } from '../routing/__fixtures__/scripted.ts';
import { charged, streamOf, turn } from './__fixtures__/answering.ts';

const COUNT = { inputTokens: 3, outputTokens: 2 };
const USAGE: TokenUsage = { ...NO_USAGE, ...COUNT };

const WITHIN_CAP = 'The quick brown fox jumps over the lazy dog, and on.';

/** Plays each list of events, and ends. */
async function played(script: readonly (readonly ChatEvent[])[], maxTokens: number) {
  const world = streamOf({ maxTokens });
  world.answer.start(world.client);
  world.stream.tell(started());
  for (const events of script) world.stream.tell(...events);
  world.stream.end();
  await turn();
  return world;
}

test('an answer within its cap is not cut off, however small its deltas or how seldom its counts', async () => {
  const count = (outputTokens: number) => counted({ inputTokens: 3, outputTokens });
  const scripts: Record<string, ChatEvent[][]> = {
    characters: [...WITHIN_CAP].map((character) => [said(character)]),
    // Text that compresses well: 32 bytes a token.
    atOnce: [[said(' '.repeat(13 * 32))]],
    counted: Array.from({ length: 13 }, (_, at) => [said('word '), count(at + 1)]),
    nothing: Array.from({ length: 50 }, () => [said('')]),
  };
  for (const [how, script] of Object.entries(scripts)) {
    const { stream, ends } = await played([...script, [finished()], [count(13)]], 13);
    expect([how, stream.cancelled, ends[0]?.finishReason, charged(ends[0])]).toEqual([
      how,
      0,
      'stop',
      { tokens: 13, estimated: false },
    ]);
  }
});

test('a last count beyond the cap is kept as it is: the hold bounds the charge, and the difference goes on record', async () => {
  const { stream, ends } = await played([[said('Hello')], [counted(COUNT)]], 1);
  expect([stream.cancelled, ends[0]?.reported, ends[0]?.estimated]).toEqual([0, USAGE, false]);
});

test('an answer that goes on beyond its cap is cut off, whether tokens, bytes or the provider’s own counts tell', async () => {
  const many = (text: string) => Array.from({ length: 30 }, () => [said(text)]);
  const scripts: Record<string, ChatEvent[][]> = {
    tokens: many('0123456789'),
    bytes: many('x'.repeat(100)),
    counts: Array.from({ length: 30 }, (_, at) => [
      said('word '),
      counted({ inputTokens: 3, outputTokens: at + 1 }),
    ]),
    countedOnce: [[counted({ inputTokens: 3 })], ...many('0123456789')],
    zeros: Array.from({ length: 30 }, () => [
      said('0123456789'),
      counted({ inputTokens: 0, outputTokens: 0 }),
    ]),
  };
  for (const [how, script] of Object.entries(scripts)) {
    const { stream, client, ends } = await played([...script, [finished()]], 13);
    expect([how, stream.cancelled, charged(ends[0])]).toEqual([how, 1, { tokens: 13, estimated: true }]);
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ finishReason: 'length', nativeFinishReason: null, cancelled: false });
    const events = client.events();
    expect(events.at(-2)?.['choices']).toMatchObject([{ finish_reason: 'length' }]);
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 13 } });
  }
});

test('an answer that is cut off keeps the prompt that its provider counted, bucket by bucket', async () => {
  const prompt = { inputTokens: 3, cacheReadTokens: 20, cacheWriteTokens: 100, searches: 1 };
  const sofar = { outputTokens: 1, reasoningTokens: 2, outputAudioTokens: 3, outputImageTokens: 4 };
  const { ends } = await played([[counted({ ...prompt, ...sofar })], [said('x'.repeat(1000))]], 13);
  expect(ends[0]?.reported).toMatchObject({ ...NO_USAGE, ...prompt, outputTokens: 13 });
});
