/** A conversation on a key with little left: what its last turn was counted for bounds the next one, where bytes would refuse it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { type Bench, chat, getJson, type Json, PROMPT_NANO_USD, startBench } from '../faults/bench.ts';

/** Four bytes a token, as the provider counts. */
const BYTES = 20_000;
const COUNTED = BYTES / 4;
const LIMIT_USD = 0.05;
const TEXT = 'a small word or two, '.repeat(BYTES / 21);
const FIRST = { role: 'user', content: TEXT };
const ENOUGH_TURNS = 20;

interface Turned {
  readonly statuses: readonly number[];
  readonly refusal: Json;
  readonly key: string;
}

/** Goes on with the conversation until it is refused. */
async function converse(
  bench: Bench,
  ask: Json,
  nextMessages: (said: Json[], turn: number) => Json[],
): Promise<Turned> {
  const { key } = await makeKey(bench, { limit: LIMIT_USD });
  const statuses: number[] = [];
  let messages: Json[] = [FIRST];
  for (let turn = 0; turn < ENOUGH_TURNS; turn++) {
    const answer = await chat(bench, { key, ...ask, body: { max_tokens: 50, messages, ...ask.body } });
    const text = await answer.text();
    statuses.push(answer.status);
    if (answer.status !== 200) return { statuses, refusal: JSON.parse(text), key };
    messages = nextMessages(
      [...messages, { role: 'assistant', content: 'yes' }, { role: 'user', content: 'go on' }],
      turn,
    );
  }
  throw new Error('it was never refused');
}

const served = ({ statuses }: Turned) => statuses.filter((status) => status === 200).length;
/** Until less is left than the first turn's bytes cost. */
const BY_BYTES = 6;

for (const engine of ['sqlite', 'postgres'] as const) {
  describe(engine, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await startBench({ engine });
    });
    afterEach(() => {
      bench.one.clearScripts();
      bench.two.clearScripts();
      bench.one.clearRequests();
      bench.two.clearRequests();
    });
    afterAll(() => bench?.stop());

    const scripted = () => {
      const behaviour = {
        chunks: 2,
        usage: { prompt_tokens: COUNTED, completion_tokens: 2, total_tokens: COUNTED + 2 },
      };
      for (const provider of [bench.one, bench.two]) provider.script({ times: 'always', behaviour });
    };

    test.each([
      ['whole', {}],
      ['streamed', { stream: true }],
    ])('a conversation goes on down to what its next turn can cost, %s, and never beyond', async (_, ask) => {
      scripted();
      const turned = await converse(bench, ask, (messages) => messages);
      expect(served(turned)).toBe(9);
      expect([turned.statuses.at(-1), turned.refusal.error.metadata.error_code]).toEqual([
        402,
        'key_limit_exceeded',
      ]);
      const { data } = await getJson(bench, '/key', turned.key);
      expect(data.usage).toBeLessThanOrEqual(LIMIT_USD);
      expect(data.limit_remaining).toBeLessThan((1.2 * COUNTED * PROMPT_NANO_USD) / 1e9);
    });

    test('one that tells its beginning otherwise each time is bound by its bytes', async () => {
      scripted();
      const turned = await converse(bench, {}, ([, ...rest], turn) => [
        { role: 'user', content: `${turn} ${TEXT}` },
        ...rest,
      ]);
      expect(served(turned)).toBe(BY_BYTES);
    });

    test('a turn that only its last provider can bound goes to no other, not even when that one fails', async () => {
      scripted();
      const { key } = await makeKey(bench, { limit: 0.021 });
      const ask = (messages: Json[], more: Json = {}) =>
        chat(bench, { key, model: 'test/pair', body: { max_tokens: 50, messages, ...more } });
      const first = await ask([FIRST], { provider: { only: ['one'] } });
      expect(first.status).toBe(200);
      const added = [FIRST, { role: 'assistant', content: 'yes' }, { role: 'user', content: 'go on' }];
      const second = await ask(added);
      expect([second.status, ((await second.json()) as Json).provider]).toEqual([200, 'one']);
      bench.one.clearScripts();
      bench.one.script({ times: 'always', behaviour: { status: 503 } });
      const third = await ask(added);
      expect(third.status).toBeGreaterThanOrEqual(500);
      expect(bench.two.requests).toHaveLength(0);
    });
  });
}
