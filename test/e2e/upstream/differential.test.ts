/**
 * Thousands of answers, read by our client and by `fetch`: where both give an answer it is the same, and where ours refuses what
 * `fetch` takes, the answer broke a rule that is named here.
 */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createUpstreamClient } from '../../../src/upstream/client.ts';
import { exchange, post, rawProvider } from '../../raw-provider.ts';

interface Generated {
  readonly bytes: Buffer;
  /** Our client may refuse it although `fetch` does not, or reads it in another way. */
  readonly breaks: string | null;
  /** Where the provider's writes end. */
  readonly cuts: readonly number[];
}

interface Read {
  readonly status: number | null;
  readonly body: string;
  readonly failure: string | null;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const body = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.constantFrom(
    '',
    '{"ok":true}',
    'data: {"a":1}\n\ndata: [DONE]\n\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    '0\r\n\r\n',
  ),
);
const fields = fc.array(
  fc.constantFrom(
    'Date: Fri, 21 Nov 2025 10:00:00 GMT\r\n',
    'content-type: text/event-stream; charset=utf-8\r\n',
    'Connection: keep-alive\r\n',
    'Connection: close\r\n',
    'Keep-Alive: timeout=5\r\n',
    'x-empty:\r\n',
    'X-Padded: \t a \t\r\n',
    'set-cookie: a=b; path=/\r\n',
    'set-cookie: c=d\r\n',
    'x-latin: \xe4\xf6\r\n',
  ),
  { maxLength: 5 },
);
const status = fc.constantFrom(
  '200 OK',
  '200',
  '200 ',
  '201 Created',
  '206 Partial',
  '301 Moved',
  '400 Bad Request',
  '401 Unauthorized',
  '404 Not Found',
  '429 Too Many Requests',
  '500 Internal Server Error',
  '503 Service Unavailable',
  '529 Overloaded',
);
const interim = fc.array(
  fc.constantFrom('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  {
    maxLength: 2,
  },
);

/** A chunked body with its sizes, extensions and trailers. */
const chunked = fc
  .tuple(
    body,
    fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 8 }),
    fc.constantFrom('', ';a=b', ';a="b c"'),
    fc.constantFrom('', 'x-sum: 1\r\n', 'x-sum: 1\r\nx-more: 2\r\n'),
  )
  .map(([text, sizes, extension, trailers]) => {
    let encoded = '';
    let at = 0;
    for (const size of [...sizes, text.length]) {
      const chunk = text.slice(at, at + size);
      at += size;
      if (chunk !== '') encoded += `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`;
    }
    return `transfer-encoding: chunked\r\n\r\n${encoded}0\r\n${trailers}\r\n`;
  });
const withLength = body.map((text) => `content-length: ${text.length}\r\n\r\n${text}`);
const untilClose = body.map((text) => `\r\n${text}`);
const cutShort = fc
  .tuple(body, fc.integer({ min: 1, max: 50 }))
  .map(([text, missing]) => `content-length: ${text.length + missing}\r\n\r\n${text}`);

const sound = fc
  .tuple(interim, status, fields, fc.oneof(withLength, chunked, untilClose, cutShort))
  .map(([before, line, lines, rest]) => ({
    text: `${before.join('')}HTTP/1.1 ${line}\r\n${lines.join('')}${rest}`,
    breaks: null,
  }));

/** Each breaks one rule of ours that `fetch` does not hold, or not in the same way. */
const unsound = fc.oneof(
  body.map((text) => ({
    text: `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    breaks: 'a repeated length',
  })),
  body.map((text) => ({
    text: `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\ntransfer-encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    breaks: 'both framings',
  })),
  body.map((text) => ({
    text: `HTTP/1.1 200 OK\ncontent-length: ${text.length}\n\n${text}`,
    breaks: 'line ends without CR',
  })),
  body.map((text) => ({
    text: `HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    breaks: 'a folded field',
  })),
  body.map((text) => ({
    text: `HTTP/1.1 200 OK\r\ncontent-length: +${text.length}\r\n\r\n${text}`,
    breaks: 'a length that is no number',
  })),
  body.map((text) => ({
    text: `HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n${text}`,
    breaks: 'an unknown coding',
  })),
);
/** One byte of a sound answer is another: it may still be sound, so that either may happen. */
const changed = fc.tuple(sound, fc.nat(), fc.nat(255)).map(([{ text }, place, byte]) => {
  const at = place % text.length;
  return {
    text: text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + 1),
    breaks: 'a changed byte',
  };
});

const generated: fc.Arbitrary<Generated> = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: sound },
      { weight: 2, arbitrary: unsound },
      { weight: 3, arbitrary: changed },
    ),
    fc.array(fc.nat(400), { maxLength: 4 }),
  )
  .map(([{ text, breaks }, cuts]) => ({ bytes: latin1(text), breaks, cuts: cuts.sort((a, b) => a - b) }));

async function readByFetch(url: string, index: number): Promise<Read> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: String(index),
      redirect: 'manual',
      keepalive: false,
      headers: { 'accept-encoding': 'identity' },
      signal: AbortSignal.timeout(3000),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, body: bytes.toString('latin1'), failure: null };
  } catch (thrown) {
    return { status: null, body: '', failure: String(thrown) };
  }
}

test('3,000 answers are read as fetch reads them, or are refused by a rule', async () => {
  let answers: readonly Generated[] = [];
  using provider = rawProvider({
    onRequest: (request, connection) => {
      const { bytes, cuts } = answers[Number(request.body.toString())]!;
      let from = 0;
      for (const cut of cuts) {
        if (cut <= from || cut >= bytes.length) continue;
        connection.write(bytes.subarray(from, cut));
        from = cut;
      }
      connection.write(bytes.subarray(from));
      connection.end();
    },
  });
  const client = createUpstreamClient({ environment: {} });
  let compared = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(generated, { minLength: 50, maxLength: 50 }), async (batch) => {
      answers = batch;
      const timeouts = { firstByteMs: 3000, idleMs: 3000, answerMs: 3000 };
      const ours = await Promise.all(
        batch.map(async (_, index): Promise<Read> => {
          const read = await exchange(client, post(provider.url, { body: String(index), timeouts }));
          return {
            status: read.status,
            body: read.body.toString('latin1'),
            failure: read.failure?.kind ?? null,
          };
        }),
      );
      const theirs = await Promise.all(batch.map((_, index) => readByFetch(provider.url, index)));
      for (const [index, { breaks, bytes }] of batch.entries()) {
        const own = ours[index]!;
        const other = theirs[index]!;
        const shown = JSON.stringify({ bytes: bytes.toString('latin1'), breaks, own, other });
        if (own.failure === null) {
          // A changed byte may make an answer that fetch, by its own rules, refuses or frames in another way.
          if (breaks !== null && (other.failure !== null || other.body !== own.body)) continue;
          if (other.failure !== null || other.status !== own.status || other.body !== own.body)
            throw new Error(shown);
          compared += 1;
        } else if (own.failure === 'closed') {
          if (other.failure === null && breaks === null) throw new Error(shown);
        } else {
          if (breaks === null) throw new Error(shown);
          refused += 1;
        }
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
  client.close();
  expect(compared).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(100);
}, 60_000);
