/** Answers that filters look through while they are relayed. */
import { describe, expect, test } from 'bun:test';
import type { ChatEvent } from '../chat/event.ts';
import { NO_USAGE, type TokenUsage } from '../chat/usage.ts';
import type { AnswerEncoder } from '../dialects/dialect.ts';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { ProviderError } from '../providers/provider-error.ts';
import { counted, finished, said, started } from '../routing/__fixtures__/scripted.ts';
import { HEAD, streamOf, turn } from './__fixtures__/answering.ts';
import { AnswerRefused } from './answer-filters.ts';
import type { AnswerStreamOptions } from './answer-stream.ts';

const COUNT = { inputTokens: 3, outputTokens: 2 };
const USAGE: TokenUsage = { ...NO_USAGE, ...COUNT };
const GONE = new ProviderError('unreachable', { message: 'gone', fault: 'provider' });

describe('an answer that its filters look through in several turns', () => {
  /** Tells what came when it was asked three times, and of the rest says that it is the end. */
  const looking = (options: Partial<AnswerStreamOptions> = {}) => {
    const writing = openAiChat.encoder(HEAD);
    let left = 0;
    let kept: readonly ChatEvent[] = [];
    const filtering = {
      get busy() {
        return left > 0;
      },
      waitsFor: null,
      goOn: () => {
        left -= 1;
        return left > 0 ? '' : writing.events(kept);
      },
      end: () => {
        [left, kept] = [2, [said('!')]];
        return '';
      },
    };
    const events = (came: readonly ChatEvent[]) => {
      expect(left).toBe(0);
      [left, kept] = [2, came];
      return '';
    };
    return streamOf({ encoder: { ...bound(writing), events }, filtering, ...options });
  };
  const bound = (encoder: AnswerEncoder): AnswerEncoder => ({
    upstreamBody: (body) => encoder.upstreamBody(body),
    events: (events) => encoder.events(events),
    cutOff: () => encoder.cutOff(),
    finish: (bill) => encoder.finish(bill),
    fail: (error) => encoder.fail(error),
  });
  const turns = async (count: number) => {
    for (let at = 0; at < count; at += 1) await turn();
  };

  test('is told in order, with what came meanwhile, and ends behind what was kept back', async () => {
    const { answer, stream, client, ends } = looking();
    answer.start(client);
    stream.tell(started(), said('one '));
    stream.tell(said('two '), finished());
    stream.tell(counted(COUNT));
    stream.end();
    expect([client.said(), stream.heard, ends]).toEqual(['', ['readOn', 'pause'], []]);
    await turns(12);
    expect([client.said(), ends.length, client.ends]).toEqual(['one two !', 1, 1]);
    expect(ends[0]).toMatchObject({ reported: USAGE, finishReason: 'stop', cancelled: false });
    expect(client.events().at(-1)).toMatchObject({ usage: { completion_tokens: 2 } });
  });

  test('holds its provider up until then, also where its client catches up meanwhile', async () => {
    const { answer, stream, client } = looking();
    answer.start(client);
    stream.tell(started(), said('one'));
    answer.resume();
    expect(stream.heard).toEqual(['readOn', 'pause']);
    await turns(3);
    expect(stream.heard).toEqual(['readOn', 'pause', 'resume']);
  });

  test('ends at once with its client, its key, its gateway or its provider, and is settled once', async () => {
    for (const how of ['client', 'key', 'provider'] as const) {
      const { answer, stream, client, ends } = looking();
      answer.start(client);
      stream.tell(started(), said('one'));
      if (how === 'client') await answer.cancel();
      else if (how === 'key') answer.interrupt(new TurnpikeError('key_disabled'));
      else stream.fail(GONE);
      await turns(8);
      expect([ends.length, ends[0]?.seen.writtenBytes]).toEqual([1, 3]);
      expect(client.said()).toBe(how === 'provider' ? 'one' : '');
    }
  });

  test('is settled when its client leaves behind the end of a provider that leaving does not stop', async () => {
    for (const end of ['end', 'fail'] as const) {
      const { answer, stream, client, ends } = looking({ stopsWhenCancelled: false });
      answer.start(client);
      stream.tell(started(), said('one'), finished(), counted(COUNT));
      if (end === 'end') stream.end();
      else stream.fail(GONE);
      await Promise.race([answer.cancel(), turns(8)]);
      expect(ends).toMatchObject([{ cancelled: true, reported: USAGE, finishReason: 'stop' }]);
    }
  });
});

describe('an answer that a filter blocks', () => {
  const ended: ChatEvent = { type: 'block-end', choice: 0, block: 0 };
  const blocked = () => {
    const streaming = streamOf({
      encoder: {
        ...openAiChat.encoder(HEAD),
        events: () => {
          throw new AnswerRefused('', new TurnpikeError('content_blocked', { message: 'No.' }));
        },
        fail: ({ message }) => message,
      },
    });
    streaming.answer.start(streaming.client);
    return streaming;
  };

  test('is left at once in the middle of a text, and at its end only when its usage has come', async () => {
    for (const last of [said('x'), finished(), ended]) {
      const { stream, client, ends } = blocked();
      stream.tell(said('more'), last, { type: 'meta', upstreamId: 'up-1' });
      stream.tell(counted(COUNT));
      stream.end();
      await turn();
      const isCounted = last.type !== 'delta';
      expect([stream.cancelled, ends.length, client.text]).toEqual([isCounted ? 0 : 1, 1, 'No.']);
      expect(ends[0]).toMatchObject({ finishReason: 'content_filter', cancelled: false });
      expect(ends[0]?.reported).toEqual(isCounted ? USAGE : null);
    }
  });

  test('is left as soon as its provider goes on after all, in another block or for another choice', async () => {
    for (const more of [said('y', 1), { ...started(), block: 1 } as ChatEvent]) {
      const { stream, client, ends } = blocked();
      stream.tell(said('x'), ended);
      stream.tell(counted(COUNT), ended);
      expect(stream.cancelled).toBe(0);
      stream.tell(more);
      expect(stream.cancelled).toBe(1);
      await turn();
      expect([ends.length, client.text, client.ends]).toEqual([1, 'No.', 1]);
    }
  });

  test('is left when its provider takes too long to count', async () => {
    const { answer, stream, client, ends } = blocked();
    stream.tell(said('x'), finished());
    answer.onTick(performance.now() + 4000);
    expect([stream.cancelled, ends.length]).toEqual([0, 0]);
    answer.onTick(performance.now() + 6000);
    answer.onTick(performance.now() + 7000);
    await turn();
    expect([stream.cancelled, ends.length, client.text]).toEqual([1, 1, 'No.']);
  });
});
