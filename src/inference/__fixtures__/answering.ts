/** A streamed answer between a scripted provider and a client that writes down what it gets. */
import { expect } from 'bun:test';
import type { FrameSink } from '../../chat/frames.ts';
import { completionTokensOf } from '../../chat/usage.ts';
import { openAiChat } from '../../dialects/openai-chat/dialect.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { countedUsage } from '../../metering/estimate.ts';
import type { Ending } from '../../metering/recorder.ts';
import { type Bill, FREE } from '../../pricing/cost.ts';
import { ScriptedStream } from '../../routing/__fixtures__/scripted.ts';
import { Stopping } from '../../routing/stopping.ts';
import { AnswerStream, type AnswerStreamOptions } from '../answer-stream.ts';

export const HEAD = {
  id: 'gen-1',
  created: 1,
  model: 'acme/small',
  provider: 'Acme',
  excludesReasoning: false,
  remembered: null,
};

/** A client that writes down what it gets, and can be slower than its source. */
export class Client implements FrameSink {
  text = '';
  isFull = false;
  ends = 0;

  write(frames: string): boolean {
    if (this.ends > 0) throw new Error('written after the end');
    this.text += frames;
    return !this.isFull;
  }

  end(): void {
    this.ends += 1;
  }

  /** What was in the frames of a stream that has ended. */
  events(): JsonObject[] {
    const events = this.text.trimEnd().split('\n\n');
    expect([events.pop(), this.ends]).toEqual(['data: [DONE]', 1]);
    return events.map((event) => JSON.parse(event.slice('data: '.length)));
  }

  /** What the model said. */
  said(): string {
    return [...this.text.matchAll(/"delta":\{(?:"role":"assistant",)?"content":"([^"]*)"/g)]
      .map(([, content]) => content)
      .join('');
  }
}

export function streamOf(options: Partial<AnswerStreamOptions> = {}) {
  const stream = new ScriptedStream();
  const client = new Client();
  const ends: Ending[] = [];
  const answer = new AnswerStream({
    stream,
    encoder: openAiChat.encoder(HEAD),
    filtering: null,
    keepAliveFrame: openAiChat.keepAliveFrame,
    firstFrames: '',
    promptBytes: 40,
    imageCount: 1,
    stopsWhenCancelled: true,
    maxTokens: null,
    onProgress: () => {},
    stopping: new Stopping(),
    describe: ({ message }) => new TurnpikeError('provider_unavailable', { message }),
    ...options,
    settle: (ending) => {
      ends.push(ending);
      const told: Promise<Bill | undefined> = options.settle?.(ending) ?? Promise.resolve(undefined);
      return told.then((bill) => bill ?? billOf(ending));
    },
  });
  return { answer, stream, client, ends };
}

/** As the recorder would make it, but without a price. */
const billOf = ({ reported, seen }: Ending): Bill => ({
  usage: countedUsage(reported, seen).usage,
  cost: { ...FREE, totalNanoUsd: 1_000_000_000n },
});
/** What is charged for: the provider's count, or ours. */
export const charged = (ending: Ending | undefined) => {
  if (ending === undefined) throw new Error('not settled');
  const { usage, estimated } = countedUsage(ending.reported, ending.seen);
  return { tokens: completionTokensOf(usage), estimated: estimated || ending.estimated };
};
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
