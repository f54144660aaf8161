import { expect, test } from 'bun:test';
import type { FrameSink, FrameSource } from '../chat/frames.ts';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';
import { openAiText } from '../dialects/openai-text/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import { Client, turn } from './__fixtures__/answering.ts';
import { LateStream } from './late-stream.ts';

const HEAD = { id: 'gen-1', created: 5 };

/** A stream that writes down what it is told. */
function coming() {
  const heard: string[] = [];
  const sinks: FrameSink[] = [];
  const settled = Promise.withResolvers<void>();
  const stream: FrameSource = {
    keepAliveFrame: ': other\n\n',
    start: (sink) => {
      heard.push('start');
      sinks.push(sink);
    },
    resume: () => heard.push('resume'),
    onTick: (nowMs) => heard.push(`tick ${nowMs}`),
    cancel: () => {
      heard.push('cancel');
      return settled.promise;
    },
  };
  const begins = Promise.withResolvers<FrameSource>();
  return { begins, stream, heard, sinks, settled };
}

test('the stream starts when it has begun, for the client that waits', async () => {
  const { begins, stream, heard, sinks } = coming();
  const late = new LateStream(begins.promise, openAiChat, HEAD);
  const client = new Client();
  late.start(client);
  late.resume();
  expect([heard, late.keepAliveFrame]).toEqual([[], ': OPENROUTER PROCESSING\n\n']);
  begins.resolve(stream);
  await turn();
  expect([heard, sinks[0] === client]).toEqual([['start'], true]);
  late.resume();
  late.onTick(7);
  expect(heard).toEqual(['start', 'resume', 'tick 7']);
});

test('a comment goes out at once, and the head with it, while the provider is silent', () => {
  const client = new Client();
  new LateStream(new Promise(() => {}), openAiChat, HEAD).start(client);
  expect(client.text).toBe(openAiChat.earlyKeepAliveFrame);
});

test('a failure is its only event, in the dialect of the route and without a model', async () => {
  const failures: [unknown, number, string][] = [
    [new TurnpikeError('provider_timeout'), 504, 'Provider did not answer in time'],
    [new Error('the secret of a defect'), 500, 'Internal Server Error'],
  ];
  for (const dialect of [openAiChat, openAiText]) {
    for (const [thrown, code, message] of failures) {
      const client = new Client();
      new LateStream(Promise.reject(thrown), dialect, HEAD).start(client);
      await turn();
      const object = dialect === openAiChat ? 'chat.completion.chunk' : 'text_completion';
      expect(client.text).toStartWith(dialect.earlyKeepAliveFrame);
      client.text = client.text.slice(dialect.earlyKeepAliveFrame.length);
      const [event, ...rest] = client.events();
      expect(event).toMatchObject({ ...HEAD, object, model: '', error: { code, message } });
      expect([rest, 'provider' in event!, client.ends]).toEqual([[], false, 1]);
    }
  }
});

test('a client that left before the stream began is never written to, and the stream is cancelled', async () => {
  const { begins, stream, heard, settled } = coming();
  const late = new LateStream(begins.promise, openAiChat, HEAD);
  late.start(new Client());
  let isLeft = false;
  const leaving = late.cancel().then(() => {
    isLeft = true;
  });
  begins.resolve(stream);
  await turn();
  expect([heard, isLeft]).toEqual([['cancel'], false]);
  settled.resolve();
  await leaving;
});

test('a client that left hears nothing of a failure', async () => {
  const begins = Promise.withResolvers<FrameSource>();
  const late = new LateStream(begins.promise, openAiChat, HEAD);
  const client = new Client();
  late.start(client);
  const leaving = late.cancel();
  begins.reject(new TurnpikeError('client_closed_request'));
  await leaving;
  await turn();
  expect([client.text, client.ends]).toEqual([openAiChat.earlyKeepAliveFrame, 0]);
});

test('a client that leaves in mid-stream cancels it', async () => {
  const { begins, stream, heard, settled } = coming();
  const late = new LateStream(begins.promise, openAiChat, HEAD);
  late.start(new Client());
  begins.resolve(stream);
  await turn();
  settled.resolve();
  await late.cancel();
  expect(heard).toEqual(['start', 'cancel']);
});
