/** Answers at whose end something of ours fails. */
import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { said, started } from '../routing/__fixtures__/scripted.ts';
import { HEAD, streamOf, turn } from './__fixtures__/answering.ts';

const GONE = new ProviderError('unreachable', { message: 'gone', fault: 'provider' });

test('a record that cannot be kept ends the stream with an error, not with a usage', async () => {
  for (const thrown of [new Error('disk'), new TurnpikeError('unavailable', { message: 'disk' })]) {
    const { answer, stream, client, ends } = streamOf({ settle: () => Promise.reject(thrown) });
    answer.start(client);
    stream.tell(said('x'));
    stream.end();
    await turn();
    expect(client.events().at(-1)).toMatchObject({
      error: { code: thrown instanceof TurnpikeError ? 503 : 500 },
      choices: [{ finish_reason: 'error' }],
    });
    expect([client.text.includes('usage'), ends.length]).toEqual([false, 1]);
  }
});

test('a failure stays one when even its record cannot be kept', async () => {
  const { answer, stream, client, ends } = streamOf({ settle: () => Promise.reject(new Error('disk')) });
  answer.start(client);
  stream.fail(GONE);
  await turn();
  expect(client.events().at(-1)).toMatchObject({ error: { message: 'gone' } });
  expect(ends).toHaveLength(1);
});

test('events that cannot be written down end the stream as a failure of ours, and let go of the provider', async () => {
  const encoder = openAiChat.encoder(HEAD);
  spyOn(encoder, 'events').mockImplementation(() => {
    throw new TypeError('the secret of a defect');
  });
  const { answer, stream, client, ends } = streamOf({ encoder });
  answer.start(client);
  stream.tell(started(), said('x'));
  stream.tell(said('y'));
  await turn();
  expect(client.events()).toMatchObject([{ error: { code: 500, message: 'Internal Server Error' } }]);
  expect([stream.cancelled, ends.length, ends[0]?.finishReason]).toEqual([1, 1, 'error']);
});

describe('where something of ours fails at the end', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(() => void process.off('unhandledRejection', note));
  const broken = (): never => {
    throw new Error('a defect');
  };
  const encoderWith = (members: object) => Object.assign(openAiChat.encoder(HEAD), members);

  test.each([
    ['at once', broken],
    ['later', async () => broken()],
  ])(
    'a settling that fails %s ends the client’s answer with an error, whichever way it came to its end',
    async (_, settle) => {
      const ways: ((bench: ReturnType<typeof streamOf>) => unknown)[] = [
        ({ stream }) => stream.end(),
        ({ stream }) => stream.fail(GONE),
        ({ answer }) => answer.interrupt(new TurnpikeError('key_disabled')),
        ({ stream }) => stream.tell(said('x'.repeat(10_000))),
      ];
      for (const end of ways) {
        const bench = streamOf({ maxTokens: 1, settle });
        bench.answer.start(bench.client);
        bench.stream.tell(said('x'));
        end(bench);
        await turn();
        expect([bench.ends.length, bench.client.ends]).toEqual([1, 1]);
        expect(bench.client.text).toContain('"error"');
      }
      const left = streamOf({ stopsWhenCancelled: false, settle });
      left.answer.start(left.client);
      const cancelled = left.answer.cancel();
      left.stream.end();
      await cancelled;
      expect(left.ends).toHaveLength(1);
      await turn();
      expect(unhandled).toEqual([]);
    },
  );

  test('what cannot be written for the client is settled all the same, once, and its connection ends', async () => {
    const cases: [object, (stream: ReturnType<typeof streamOf>['stream']) => void][] = [
      [{ cutOff: broken }, (stream) => stream.tell(said('x'.repeat(10_000)))],
      [{ finish: broken, fail: broken }, (stream) => stream.end()],
      [{ fail: broken }, (stream) => stream.fail(GONE)],
    ];
    for (const [members, end] of cases) {
      const { answer, stream, client, ends } = streamOf({ maxTokens: 1, encoder: encoderWith(members) });
      answer.start(client);
      stream.tell(said('x'));
      end(stream);
      await turn();
      expect([ends.length, client.ends]).toEqual([1, 1]);
    }
    const undescribed = streamOf({ describe: broken });
    undescribed.answer.start(undescribed.client);
    undescribed.stream.fail(GONE);
    await turn();
    expect([undescribed.ends.length, undescribed.client.ends]).toEqual([1, 1]);
    expect(unhandled).toEqual([]);
  });
});
