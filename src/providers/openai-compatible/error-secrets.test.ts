/** No provider's error shows the key that was sent, in whichever spelling and by whichever way it is told. */
import { describe, expect, test } from 'bun:test';
import { SPELLINGS } from '../__fixtures__/spellings.ts';
import {
  callOf,
  chunk,
  errorOf,
  FakeUpstream,
  played,
  SECRET,
  sse,
  Told,
  type Way,
} from '../__fixtures__/upstream.ts';
import type { ProviderError } from '../provider-error.ts';
import { openAiCompatible } from './adapter.ts';

const HI = chunk({ content: 'hi' });

/** Everything of an error that may reach anybody. */
function everythingOf(error: ProviderError): string {
  const { message, detail, providerCode, raw, retryAfterSeconds } = error;
  return JSON.stringify({
    message,
    detail,
    providerCode,
    raw,
    retryAfterSeconds,
    cause: String(error.cause),
  });
}

/** Every way in which a provider can tell of an error with this text in it. */
function waysOf(text: string): Record<string, Way> {
  const error = JSON.stringify({ error: { message: `bad key ${text}`, code: 500 } });
  const shapes: Record<string, unknown> = {
    message: { error: { message: text } },
    code: { error: { message: 'no', code: text } },
    type: { error: { message: 'no', type: text } },
    param: { error: { message: 'no', param: text, code: 400 } },
    text: { error: text },
    list: { error: [{ message: text }] },
    'error object': { object: 'error', message: text, code: 400 },
    detail: { detail: text },
    complaints: { detail: [{ loc: ['body', 'x'], msg: text }] },
    flat: { message: text, code: 'bad' },
    google: [{ error: { code: 400, message: text, status: 'INVALID_ARGUMENT' } }],
    errors: { errors: [{ message: text }] },
    fault: { fault: { faultstring: text } },
    spoken: { error_code: 17, error_msg: text },
    nested: { error: { message: JSON.stringify({ error: { message: text } }) } },
    router: { error: { message: 'Provider returned error', code: 400, metadata: { raw: text } } },
    unknown: { surprise: text },
    'a key of its own': { error: { [text]: 'x', message: 'no' } },
  };
  const ways: Record<string, Way> = {
    'first event': { body: sse(JSON.parse(error)) },
    'event: error': { body: `event: error\ndata: ${error}\n\n` },
    'event: error in words': { body: `event: error\ndata: oh ${text}\n\n` },
    'mid-stream': { body: `data: ${JSON.stringify(HI)}\n\ndata: ${error}\n\n` },
    'mid-stream nonsense': { body: `data: ${JSON.stringify(HI)}\n\ndata: {"oh ${text}\n\n` },
    'mid-stream JSON without data': { body: `data: ${JSON.stringify(HI)}\n\n${error}\n\n` },
    'a choice': { body: sse(chunk({}, { error: { message: text, code: 502 } })) },
    'a choice of a whole answer': {
      body: JSON.stringify({ choices: [{ index: 0, message: { content: '' }, error: { message: text } }] }),
      stream: false,
    },
    'JSON to a stream': { body: error },
    'JSON to a whole answer': { body: error, stream: false },
    'words to a whole answer': { body: `oh ${text}`, stream: false },
    HTML: { status: 400, body: `<html>${text}</html>` },
    'retry headers': { status: 429, body: '{}', headers: { 'retry-after': text, 'retry-after-ms': text } },
  };
  for (const status of [301, 400, 401, 402, 403, 404, 413, 422, 429, 500, 503]) {
    for (const [name, shape] of Object.entries(shapes)) {
      ways[`${status} ${name}`] = { status, body: JSON.stringify(shape) };
    }
  }
  for (const [name, shape] of Object.entries(shapes)) {
    ways[`200 ${name}`] = { body: sse(shape) };
    ways[`200 ${name} whole`] = { body: JSON.stringify(shape), stream: false };
  }
  return ways;
}

describe('the key that was sent', () => {
  test.each(Object.entries(SPELLINGS))('%s: reaches nobody on any way', (_name, spelling) => {
    for (const [way, told] of Object.entries(waysOf(spelling))) {
      const everything = everythingOf(errorOf(told));
      expect([way, everything.includes(spelling)]).toEqual([way, false]);
      expect([way, everything.includes(SECRET)]).toEqual([way, false]);
      expect([way, everything.includes(SECRET.slice(-4))]).toEqual([way, false]);
    }
  });

  test('is not shown by a choice that failed after it had said something', () => {
    const { body } = played(
      {
        body: JSON.stringify({
          choices: [
            { index: 0, message: { content: 'a' }, error: { message: `bad key ${SECRET}`, code: 400 } },
          ],
        }),
      },
      { stream: false },
    );
    expect(JSON.stringify(body)).not.toContain(SECRET);
    expect(body['choices']).toMatchObject([
      { finish_reason: 'error', error: { code: 400, message: 'bad key [redacted]' } },
    ]);
  });

  test('is no part of a failed connection', () => {
    const upstream = new FakeUpstream();
    const told = new Told();
    openAiCompatible(upstream).chat(callOf(), told);
    upstream.readers[0]?.onFailure({
      kind: 'unreachable',
      hasAnswered: false,
      neverSent: true,
      timeout: null,
      cause: null,
    });
    expect(told.error).toMatchObject({ failure: 'unreachable', neverSent: true, hasAnswered: false });
    expect(everythingOf(told.error as ProviderError)).not.toContain('canary');
  });
});
